#include "daemon/backup_check.h"

#include "daemon/database.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PIECE ((size_t)1 << 24)

/* In the kernel, where it can: on some file systems the two then share their blocks. */
static bool copy_bytes(int from, int to)
{
    static char buffer[1 << 16];
    ssize_t got;
    do
        got = copy_file_range(from, NULL, to, NULL, PIECE, 0);
    while (got > 0);
    if (got == 0)
        return true;
    if (errno != EXDEV && errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP)
        return false;
    while ((got = read(from, buffer, sizeof buffer)) > 0) {
        for (ssize_t done = 0; done < got;) {
            ssize_t put = write(to, buffer + done, (size_t)(got - done));
            if (put < 0)
                return false;
            done += put;
        }
    }
    return got == 0;
}

lb_err lb_backup_copy_into(const char *path, const char *folder, struct lb_reason *reason)
{
    char target[PATH_MAX + 16];
    snprintf(target, sizeof target, "%s/leadblock.db", folder);
    int from = open(path, O_RDONLY | O_CLOEXEC);
    if (from < 0)
        return lb_fail(reason, LB_ERR_NOT_FOUND, "cannot read %s: %s", path, strerror(errno));
    /* Not from memory: what is on the disk is what counts. */
    posix_fadvise(from, 0, 0, POSIX_FADV_DONTNEED);
    int to = open(target, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool done = to >= 0 && copy_bytes(from, to) && fsync(to) == 0;
    int why = errno;
    close(from);
    if (to >= 0)
        close(to);
    return done ? LB_OK
                : lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot copy %s to %s: %s", path,
                          target, strerror(why));
}

void lb_backup_remove_folder(const char *folder)
{
    static const char *const names[] = {
        "leadblock.db", "leadblock.db-wal", "leadblock.db-shm", "leadblock.db-mark",
        "lock",         "command.sock"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[PATH_MAX + 32];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
}

lb_err lb_backup_check(const char *path, struct lb_verify *verify, struct lb_reason *reason)
{
    char folder[PATH_MAX];
    char copy[PATH_MAX + 32];
    int len = snprintf(folder, sizeof folder, "%s.check-XXXXXX", path);
    if (len >= (int)sizeof folder || !mkdtemp(folder))
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                       "cannot make a folder beside %s to read it back in: %s", path,
                       strerror(errno));
    lb_err err = lb_backup_copy_into(path, folder, reason);
    snprintf(copy, sizeof copy, "%s/leadblock.db", folder);
    if (!err && lb_database_is_blank(copy))
        err = lb_fail(reason, LB_ERR_CONFLICT, "it is empty");
    if (!err)
        err = lb_daemon_verify(folder, NULL, verify, reason);
    if (err && strncmp(reason->text, "damage", 6) == 0)
        err = LB_ERR_CONFLICT;
    lb_backup_remove_folder(folder);
    return err;
}
