/* The data folder: made when it is missing, for its owner only, and held by one process at a time
 * through locks on it and on the file `lock` in it. Threads: one, before any other makes files. */
#ifndef LB_DAEMON_FOLDER_H
#define LB_DAEMON_FOLDER_H

#include "base/watched_file.h"

struct lb_folder {
    int fd;              /* of the folder; its lock goes when it is closed, too */
    int lock_fd;         /* its lock goes when it is closed */
    int control_fd;      /* listening Unix socket, or -1 */
    const char *socket;  /* its name in the folder */
    char path[4096];     /* as it was given */
    char database[4096]; /* path of the database file in it */
    struct lb_watched_file watched_folder;
    struct lb_watched_file watched_lock;
};

/* Names of the socket: of a server, and of a command that serves the folder for itself. They
 * differ, so that no other command asks one that is about to end. */
#define LB_FOLDER_SERVER_SOCKET  "control.sock"
#define LB_FOLDER_COMMAND_SOCKET "command.sock"

/* Makes, locks and fills `*out`, and warns when others than the owner can look into a folder that
 * was there before. Refused is a folder that belongs to another user or that others may write to,
 * and a database that is a symbolic link out of it. From now on the whole process makes files for
 * its owner only (umask).
 * LB_ERR_ALREADY_EXISTS: another process holds the folder; LB_ERR_INTERNAL: it cannot be used; both
 * with a reason. */
lb_err lb_folder_open(const char *path, struct lb_folder *out, struct lb_reason *reason);

/* Makes the control socket, which only the owner can open. `name`: one of the two above.
 * LB_ERR_STORAGE_FULL: the folder has no room for it, or cannot be written; LB_ERR_INTERNAL. */
lb_err lb_folder_listen(struct lb_folder *folder, const char *name, struct lb_reason *reason);

/* Notes in the folder that its server stores in PostgreSQL; failing is harmless. */
void lb_folder_mark_node(const struct lb_folder *folder);

/* Is it such a folder, without an embedded database? An empty one that is made by mistake would
 * say that no one is blocked. */
bool lb_folder_is_of_node(const struct lb_folder *folder);

/* Is there a folder, with anything in it that a server leaves there? */
bool lb_folder_was_used(const char *path);

/* Notes in the file `lock` that the folder has an embedded database; failing is harmless. */
void lb_folder_mark_data(const struct lb_folder *folder);

/* LB_ERR_STORAGE_UNAVAILABLE with a reason: the folder had a database, which is absent. A new one
 * would say that no one is blocked. */
lb_err lb_folder_check_data(const struct lb_folder *folder, struct lb_reason *reason);

/* The same of a folder that is only read. One that cannot be opened is explained by who does. */
lb_err lb_folder_look_for_data(const char *path, struct lb_reason *reason);

/* Are the folder and the file `lock` still where they were? Otherwise LB_ERR_STORAGE_UNAVAILABLE
 * with a reason. */
lb_err lb_folder_intact(struct lb_folder *folder, struct lb_reason *reason);

void lb_folder_close(struct lb_folder *folder);

#endif
