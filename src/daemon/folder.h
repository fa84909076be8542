/* The data folder: made when it is missing, for its owner only, and held by one process at a time
 * through a lock on the file `lock` in it. Threads: one. */
#ifndef LB_DAEMON_FOLDER_H
#define LB_DAEMON_FOLDER_H

#include "base/err.h"

struct lb_folder {
    int fd;              /* of the folder */
    int lock_fd;         /* its lock goes when it is closed */
    int control_fd;      /* listening Unix socket `control.sock`, or -1 */
    char database[4096]; /* path of the database file in it */
};

/* Makes, locks and fills `*out`. LB_ERR_ALREADY_EXISTS: another process holds the folder;
 * LB_ERR_INTERNAL: it cannot be used; both with a reason. */
lb_err lb_folder_open(const char *path, struct lb_folder *out, struct lb_reason *reason);

/* Makes the control socket, which only the owner can open. */
lb_err lb_folder_listen(struct lb_folder *folder, struct lb_reason *reason);

void lb_folder_close(struct lb_folder *folder);

#endif
