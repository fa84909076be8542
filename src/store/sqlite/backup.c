#include "store/sqlite/internal.h"

#include "store/sqlite/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static lb_err copy_database(sqlite3 *from, const char *path, struct lb_reason *reason)
{
    sqlite3 *to = NULL;
    sqlite3_vfs *vfs = lb_pages_vfs(NULL);
    int code = sqlite3_open_v2(path, &to, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                               vfs ? vfs->zName : NULL);
    if (code == SQLITE_OK)
        code = lb_pages_reserve(to);
    sqlite3_backup *backup = NULL;
    if (code == SQLITE_OK)
        backup = sqlite3_backup_init(to, "main", from, "main");
    if (backup) {
        /* In one step, so that the copy is one snapshot however much is written meanwhile. */
        int step = sqlite3_backup_step(backup, -1);
        code = sqlite3_backup_finish(backup);
        if (code == SQLITE_OK && step != SQLITE_DONE)
            code = step; /* locked, which finishing does not tell */
    } else if (code == SQLITE_OK) {
        code = sqlite3_errcode(to);
    }
    /* A copy needs no log of its own beside it. */
    if (code == SQLITE_OK)
        code = sqlite3_exec(to, "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
    if (code != SQLITE_OK)
        lb_fail(reason, lb_sqlite_error(code), "cannot write %s: %s", path,
                to ? sqlite3_errmsg(to) : sqlite3_errstr(code));
    sqlite3_close(to);
    return code == SQLITE_OK ? LB_OK : lb_sqlite_error(code);
}

lb_err lb_sqlite_backup(struct lb_store_reader *reader, const char *path, uint64_t *out_bytes,
                        struct lb_reason *reason)
{
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0)
        return lb_fail(reason, LB_ERR_BAD_REQUEST, "cannot create %s: %s", path, strerror(errno));
    close(fd);
    lb_err err = copy_database(reader->db, path, reason);
    struct stat info = {0};
    if (!err && (!lb_disk_sync(path) || stat(path, &info) != 0))
        err = lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot sync %s: %s", path,
                      strerror(errno));
    if (err) {
        unlink(path);
        return err;
    }
    *out_bytes = (uint64_t)info.st_size;
    return LB_OK;
}
