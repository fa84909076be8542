#include "store/sqlite/internal.h"

#include "store/sqlite/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
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
        lb_fail(reason, lb_sqlite_error(code), "cannot write the backup: %s",
                to ? sqlite3_errmsg(to) : sqlite3_errstr(code));
    sqlite3_close(to);
    return code == SQLITE_OK ? LB_OK : lb_sqlite_error(code);
}

/* What a person can do about it; the server writes the file, whoever asked. */
static lb_err cannot_create(const char *path, int error, struct lb_reason *reason)
{
    const char *advice =
        error == EEXIST ? ". A backup replaces no file: give a name that is free, or a folder"
        : error == ENOENT
            ? ". Make the folder first, where the server sees it (a service has a /tmp of its own) "
              "and its user may write"
        : error == EACCES ? ". The server's user must be allowed to write there"
        : error == EROFS
            ? ". A service or container may write only where it is told so, such as its "
              "data folder"
            : "";
    return lb_fail(reason, LB_ERR_BAD_REQUEST, "cannot create %s: %s%s", path, strerror(error),
                   advice);
}

/* Makes an empty file beside `path`, for what is not a backup yet. */
static lb_err make_part(const char *path, char part[PATH_MAX], struct lb_reason *reason)
{
    struct stat info;
    if (lstat(path, &info) == 0)
        return cannot_create(path, EEXIST, reason);
    int len = snprintf(part, PATH_MAX, "%s.part-XXXXXX", path);
    int fd = len < PATH_MAX ? mkostemp(part, O_CLOEXEC) : -1;
    if (len >= PATH_MAX)
        errno = ENAMETOOLONG;
    if (fd < 0)
        return cannot_create(path, errno, reason);
    close(fd);
    return LB_OK;
}

/* The file, and what SQLite may have made beside it. */
static void remove_part(const char *part)
{
    static const char *const endings[] = {"", "-journal", "-wal", "-shm"};
    char name[PATH_MAX + 16];
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        snprintf(name, sizeof name, "%s%s", part, endings[i]);
        unlink(name);
    }
}

/* Gives it the name of a backup, which no file has. Some file systems know no hard links. */
static bool give_name(const char *part, const char *path)
{
    if (renameat2(AT_FDCWD, part, AT_FDCWD, path, RENAME_NOREPLACE) == 0)
        return lb_disk_sync(path);
    if (errno != EINVAL && errno != ENOSYS)
        return false;
    return link(part, path) == 0 && unlink(part) == 0 && lb_disk_sync(path);
}

/* A copy reads pages that nothing uses, too. Damage there loses nothing; in a page that is used,
 * the server's own reading comes across it now, and ends it. Asking again would end the next one:
 * no error that clients repeat. */
static lb_err explain_damage(struct lb_store_reader *reader, const struct lb_page_damage *damage,
                             struct lb_reason *reason)
{
    return lb_sqlite_is_consistent(reader->db)
               ? lb_fail(reason, LB_ERR_INTERNAL,
                         "no backup was written: %s, which holds no data: nothing is lost, and the "
                         "server goes on. Stop it and copy the data into a new folder, which "
                         "leaves such pages out: leadblock copy",
                         damage->where)
               : lb_fail(reason, LB_ERR_INTERNAL,
                         "no backup was written, the database is damaged: %s. The server ends; "
                         "restore an earlier backup, and look at what it has with leadblock verify",
                         damage->where);
}

static lb_err copy_noting_damage(struct lb_store_reader *reader, const char *path,
                                 struct lb_reason *reason)
{
    struct lb_page_damage damage = {.claimed = false};
    struct lb_page_damage *before = lb_pages_report(reader->db, &damage);
    lb_err err = copy_database(reader->db, path, reason);
    lb_pages_report(reader->db, before);
    return err && atomic_load(&damage.found) ? explain_damage(reader, &damage, reason) : err;
}

/* Under another name until it is whole: what a failure or the end of the process leaves is never
 * taken for a backup. */
lb_err lb_sqlite_backup(struct lb_store_reader *reader, const char *path, uint64_t *out_bytes,
                        struct lb_reason *reason)
{
    char part[PATH_MAX];
    struct stat info = {0};
    lb_err err = make_part(path, part, reason);
    if (err)
        return err;
    err = copy_noting_damage(reader, part, reason);
    if (!err && (!lb_disk_sync(part) || stat(part, &info) != 0 || !give_name(part, path)))
        err = lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot write %s: %s", path,
                      strerror(errno));
    if (err)
        remove_part(part);
    *out_bytes = (uint64_t)info.st_size;
    return err;
}
