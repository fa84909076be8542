#include "daemon/folder.h"

#include "base/log.h"
#include "daemon/database.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define NODE_MARK "postgresql"

/* The folder too: the file may be removed, and the next process would make and lock another one.
 * Some network file systems lock no folders. */
static bool take_locks(const struct lb_folder *folder)
{
    if (flock(folder->fd, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        return false;
    return flock(folder->lock_fd, LOCK_EX | LOCK_NB) == 0;
}

static lb_err lock(struct lb_folder *folder, const char *path, struct lb_reason *reason)
{
    folder->lock_fd = openat(folder->fd, "lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (folder->lock_fd < 0 && errno == EROFS) { /* a lock needs no writing */
        folder->lock_fd = openat(folder->fd, "lock", O_RDONLY | O_CLOEXEC);
        errno = EROFS;
    }
    if (folder->lock_fd < 0)
        return lb_fail(reason, LB_ERR_INTERNAL, "cannot write into the data folder %s: %s%s", path,
                       strerror(errno), errno == ENOSPC ? "; free disk space and start again" : "");
    if (take_locks(folder))
        return LB_OK;
    if (errno == EWOULDBLOCK)
        return lb_fail(reason, LB_ERR_ALREADY_EXISTS,
                       "another leadblock holds the data folder %s; stop it, or choose another "
                       "folder with --data",
                       path);
    return lb_fail(reason, LB_ERR_INTERNAL, "cannot lock the data folder %s: %s", path,
                   strerror(errno));
}

static lb_err watch(struct lb_folder *folder, struct lb_reason *reason)
{
    char lock_path[sizeof folder->path + 8];
    snprintf(lock_path, sizeof lock_path, "%s/lock", folder->path);
    if (lb_watched_file_begin(&folder->watched_folder, folder->path) ||
        lb_watched_file_begin(&folder->watched_lock, lock_path))
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    return LB_OK;
}

static void warn_if_open(const struct lb_folder *folder, const char *path)
{
    struct stat info;
    if (fstat(folder->fd, &info) == 0 && info.st_mode & (S_IRWXG | S_IRWXO))
        lb_log(LB_LOG_WARN, "folder",
               "the data folder %s is open to other users (mode %03o); close it: chmod 700", path,
               (unsigned)info.st_mode & 0777);
}

/* Who can write into the folder can replace the database. */
static lb_err check_owner(const struct lb_folder *folder, const char *path,
                          struct lb_reason *reason)
{
    struct stat info;
    if (fstat(folder->fd, &info) != 0)
        return lb_fail(reason, LB_ERR_INTERNAL, "cannot look at the data folder %s: %s", path,
                       strerror(errno));
    if (info.st_uid != geteuid())
        return lb_fail(reason, LB_ERR_INTERNAL,
                       "the data folder %s belongs to another user (%u); run as that user, or "
                       "choose another folder with --data",
                       path, (unsigned)info.st_uid);
    if (info.st_mode & (S_IWGRP | S_IWOTH))
        return lb_fail(reason, LB_ERR_INTERNAL,
                       "other users may write into the data folder %s (mode %03o); close it: "
                       "chmod 700, or choose a folder inside it with --data",
                       path, (unsigned)info.st_mode & 0777);
    return LB_OK;
}

/* NULL when the path does not lead into the folder. */
static char *inside(const char *path, const char *folder)
{
    char *target = realpath(path, NULL);
    char *home = realpath(folder, NULL);
    size_t length = home ? strlen(home) : 0;
    if (target && (!home || strncmp(target, home, length) != 0 || target[length] != '/')) {
        free(target);
        target = NULL;
    }
    free(home);
    return target;
}

static lb_err check_link(const char *file, const char *folder, const char *do_what,
                         struct lb_reason *reason)
{
    struct stat info;
    if (lstat(file, &info) != 0 || !S_ISLNK(info.st_mode))
        return LB_OK;
    char *target = inside(file, folder);
    free(target);
    return target ? LB_OK
                  : lb_fail(reason, LB_ERR_INTERNAL,
                            "%s is a symbolic link out of the data folder; %s", file, do_what);
}

/* What is written would be outside, where other users may change it. SQLite's files lie beside what
 * a link to the database leads to. */
static lb_err check_links(const struct lb_folder *folder, const char *path,
                          struct lb_reason *reason)
{
    static const char move[] = "move the database into the folder, or name the folder that has it "
                               "with --data";
    static const char *const suffixes[] = {"-wal", "-mark", "-shm", "-journal"};
    char name[PATH_MAX + 16];
    lb_err err = check_link(folder->database, path, move, reason);
    char *database = err ? NULL : inside(folder->database, path);
    for (size_t i = 0; !err && i < sizeof suffixes / sizeof *suffixes; i++) {
        snprintf(name, sizeof name, "%s%s", database ? database : folder->database, suffixes[i]);
        err = check_link(name, path, "put the file itself in its place", reason);
    }
    free(database);
    snprintf(name, sizeof name, "%s/lock", path);
    return err ? err : check_link(name, path, "remove the link", reason);
}

lb_err lb_folder_open(const char *path, struct lb_folder *out, struct lb_reason *reason)
{
    *out = (struct lb_folder){.fd = -1, .lock_fd = -1, .control_fd = -1};
    umask(S_IRWXG | S_IRWXO);
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return lb_fail(reason, LB_ERR_INTERNAL, "cannot make the data folder %s: %s", path,
                       strerror(errno));
    out->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (out->fd < 0)
        return lb_fail(reason, LB_ERR_INTERNAL, "cannot open the data folder %s: %s%s", path,
                       strerror(errno), errno == EACCES ? "; run this as the server's user" : "");
    int len = snprintf(out->database, sizeof out->database, "%s/leadblock.db", path);
    snprintf(out->path, sizeof out->path, "%s", path);
    lb_err err = len < (int)sizeof out->database
                     ? check_owner(out, path, reason)
                     : lb_fail(reason, LB_ERR_INTERNAL, "the path of the data folder is too long");
    if (!err)
        err = check_links(out, path, reason);
    if (!err)
        err = lock(out, path, reason);
    if (!err)
        err = watch(out, reason);
    if (err)
        lb_folder_close(out);
    else
        warn_if_open(out, path);
    return err;
}

/* The address of the control socket. A Unix address holds about 100 bytes, too few for some paths:
 * the descriptor of the folder takes the place of its path. */
static struct sockaddr_un address_of(const struct lb_folder *folder)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", folder->fd,
             folder->socket);
    return address;
}

/* The lock is ours: what there is was left by a process that was killed. False: it stays, for the
 * file system is read-only. */
static bool remove_socket(const struct lb_folder *folder, const char *name)
{
    return unlinkat(folder->fd, name, 0) == 0 || errno != EROFS;
}

static bool no_room_for_socket(bool removed)
{
    return errno == ENOSPC || errno == EDQUOT || errno == EROFS ||
           (errno == EADDRINUSE && !removed);
}

lb_err lb_folder_listen(struct lb_folder *folder, const char *name, struct lb_reason *reason)
{
    folder->socket = name;
    struct sockaddr_un address = address_of(folder);
    bool removed = remove_socket(folder, LB_FOLDER_SERVER_SOCKET);
    removed &= remove_socket(folder, LB_FOLDER_COMMAND_SOCKET);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    mode_t before = umask(0177);
    bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    umask(before);
    if (bound && listen(fd, 16) == 0) {
        folder->control_fd = fd;
        return LB_OK;
    }
    lb_err err = no_room_for_socket(removed) ? LB_ERR_STORAGE_FULL : LB_ERR_INTERNAL;
    lb_fail(reason, err, "cannot make the control socket in the data folder: %s", strerror(errno));
    if (fd >= 0)
        close(fd);
    return err;
}

void lb_folder_mark_node(const struct lb_folder *folder)
{
    static const char text[] = "The server of this folder stores in PostgreSQL.\n";
    int fd = openat(folder->fd, NODE_MARK, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, text, sizeof text - 1) < 0)
        lb_log(LB_LOG_WARN, "start", "cannot write %s into the data folder: %s", NODE_MARK,
               strerror(errno));
    if (fd >= 0)
        close(fd);
}

bool lb_folder_is_of_node(const struct lb_folder *folder)
{
    return faccessat(folder->fd, NODE_MARK, F_OK, 0) == 0 &&
           faccessat(folder->fd, "leadblock.db", F_OK, 0) != 0;
}

bool lb_folder_was_used(const char *path)
{
    static const char *const names[] = {"leadblock.db", "lock", NODE_MARK};
    bool used = false;
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; fd >= 0 && i < sizeof names / sizeof *names; i++)
        used |= faccessat(fd, names[i], F_OK, 0) == 0 || errno != ENOENT;
    if (fd < 0)
        return errno != ENOENT; /* another error is explained by who opens it */
    close(fd);
    return used;
}

static const char has_data[] = "The data folder has a database, leadblock.db.\n";

void lb_folder_mark_data(const struct lb_folder *folder)
{
    struct stat info;
    if (fstat(folder->lock_fd, &info) == 0 && info.st_size > 0)
        return;
    if (pwrite(folder->lock_fd, has_data, sizeof has_data - 1, 0) < 0 ||
        fsync(folder->lock_fd) != 0)
        lb_log(LB_LOG_WARN, "start", "cannot write into %s/lock: %s", folder->path,
               strerror(errno));
}

static bool has_bytes(int folder, const char *name)
{
    struct stat info;
    return fstatat(folder, name, &info, 0) == 0 && info.st_size > 0;
}

/* Is the database absent, or empty without anything beside it that would say so? */
static const char *what_is_lost(int folder, const char *path)
{
    struct stat info;
    if (fstatat(folder, "leadblock.db", &info, 0) != 0)
        return errno == ENOENT ? "absent, and the folder had one" : NULL;
    return lb_database_folder_is_blank(path) ? "empty, and it had data" : NULL;
}

static lb_err check_data(int folder, const char *path, struct lb_reason *reason)
{
    const char *lost = what_is_lost(folder, path);
    if (!lost || !has_bytes(folder, "lock"))
        return LB_OK;
    return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                   "damage: %s/leadblock.db is %s; restore a backup, or look for the file. To "
                   "begin without data, remove %s/lock",
                   path, lost, path);
}

lb_err lb_folder_check_data(const struct lb_folder *folder, struct lb_reason *reason)
{
    return check_data(folder->fd, folder->path, reason);
}

lb_err lb_folder_look_for_data(const char *path, struct lb_reason *reason)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    bool looks = fd >= 0 && faccessat(fd, NODE_MARK, F_OK, 0) != 0; /* else it is in PostgreSQL */
    lb_err err = looks ? check_data(fd, path, reason) : LB_OK;
    if (fd >= 0)
        close(fd);
    return err;
}

lb_err lb_folder_intact(struct lb_folder *folder, struct lb_reason *reason)
{
    lb_err err = lb_watched_file_check(&folder->watched_folder, reason);
    return err ? err : lb_watched_file_check(&folder->watched_lock, reason);
}

void lb_folder_close(struct lb_folder *folder)
{
    lb_watched_file_end(&folder->watched_folder);
    lb_watched_file_end(&folder->watched_lock);
    if (folder->control_fd >= 0) {
        close(folder->control_fd);
        unlinkat(folder->fd, folder->socket, 0);
    }
    if (folder->lock_fd >= 0)
        close(folder->lock_fd);
    if (folder->fd >= 0)
        close(folder->fd);
    *folder = (struct lb_folder){.fd = -1, .lock_fd = -1, .control_fd = -1};
}
