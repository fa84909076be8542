#include "store/sqlite/internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define NEW_SUFFIX  ".new"
#define SPARE_BYTES (16 << 20)

static lb_err fail(struct lb_sqlite *sqlite, struct lb_reason *reason, const char *why)
{
    return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                   "cannot add checksums to the pages of %s, which is as it was: %s", sqlite->path,
                   why);
}

/* The folder of the database, to be freed. */
static char *folder_of(const struct lb_sqlite *sqlite)
{
    char *folder = strdup(sqlite->path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        slash[slash == folder] = '\0';
    return folder;
}

static lb_err check_room(struct lb_sqlite *sqlite, const char *folder, struct lb_reason *reason)
{
    struct statvfs room;
    uint64_t needed = sqlite->found.database_bytes + sqlite->found.database_bytes / 8 +
                      sqlite->found.log_bytes + SPARE_BYTES;
    char why[96];
    if (statvfs(folder, &room) != 0)
        return fail(sqlite, reason, strerror(errno));
    if ((uint64_t)room.f_bavail * room.f_frsize >= needed)
        return LB_OK;
    snprintf(why, sizeof why, "that needs %llu MiB of free disk space",
             (unsigned long long)(needed >> 20) + 1);
    return fail(sqlite, reason, why);
}

static lb_err execute(struct lb_sqlite *sqlite, const char *sql, struct lb_reason *reason)
{
    sqlite3 *db = sqlite->writer.db;
    return sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK
               ? LB_OK
               : fail(sqlite, reason, sqlite3_errmsg(db));
}

/* Writes the log back and removes it: beside the new file it would be taken for that file's. */
static lb_err remove_log(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    int persist = 0;
    sqlite3_file_control(sqlite->writer.db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    sqlite3_db_config(sqlite->writer.db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
    lb_err err = execute(sqlite, "PRAGMA journal_mode = DELETE", reason);
    if (err)
        return err;
    char *log = sqlite3_mprintf("%s-wal", sqlite->path);
    bool removed = log && access(log, F_OK) != 0;
    sqlite3_free(log);
    return removed ? LB_OK : fail(sqlite, reason, "another program uses it; stop that");
}

static lb_err write_new(struct lb_sqlite *sqlite, const char *path, struct lb_reason *reason)
{
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", path);
    lb_err err = sql ? execute(sqlite, sql, reason) : fail(sqlite, reason, "out of memory");
    sqlite3_free(sql);
    return err;
}

static bool sync_path(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

static lb_err replace(struct lb_sqlite *sqlite, const char *path, const char *folder,
                      struct lb_reason *reason)
{
    if (sync_path(path) && rename(path, sqlite->path) == 0 && sync_path(folder))
        return LB_OK;
    return fail(sqlite, reason, strerror(errno));
}

static void forget(const char *path)
{
    char *journal = sqlite3_mprintf("%s-journal", path);
    unlink(path);
    if (journal)
        unlink(journal);
    sqlite3_free(journal);
}

static lb_err add(struct lb_sqlite *sqlite, const char *path, const char *folder,
                  struct lb_reason *reason)
{
    lb_err err = check_room(sqlite, folder, reason);
    if (err)
        return err;
    forget(path); /* what an interrupted attempt left */
    err = remove_log(sqlite, reason);
    if (!err)
        err = write_new(sqlite, path, reason);
    lb_sqlite_disconnect(&sqlite->writer);
    if (!err)
        err = replace(sqlite, path, folder, reason);
    if (err)
        forget(path);
    return err;
}

lb_err lb_sqlite_add_checksums(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    uint64_t start_ms = lb_clock_mono_ms();
    char *folder = folder_of(sqlite);
    char *path = sqlite3_mprintf("%s" NEW_SUFFIX, sqlite->path);
    lb_log(LB_LOG_INFO, "migration", "adding checksums to the pages of %s, %llu MiB", sqlite->path,
           (unsigned long long)(sqlite->found.database_bytes >> 20));
    lb_err err = folder && path ? add(sqlite, path, folder, reason)
                                : lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    if (!err) {
        *lb_synced_mark_now(sqlite->mark) = (struct lb_mark){.whole = true}; /* no log any more */
        err = lb_sqlite_connect(sqlite, false, &sqlite->writer);
        if (err)
            fail(sqlite, reason, sqlite3_errmsg(sqlite->writer.db));
    }
    if (!err)
        lb_log(LB_LOG_INFO, "migration", "added checksums to the pages of %s in %llu ms",
               sqlite->path, (unsigned long long)(lb_clock_mono_ms() - start_ms));
    free(folder);
    sqlite3_free(path);
    return err;
}
