#include "store/sqlite/internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/sqlite/disk.h"
#include "store/sqlite/vfs_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define NEW_SUFFIX       ".new"
#define SPARE_BYTES      (16 << 20)
#define STEP_SPARE_BYTES (4 << 20)
#define STEPS_AT_ONCE    1000000 /* of SQLite's machine, between two looks at the clock */
#define REPORT_EVERY_MS  10000

static lb_err fail(struct lb_sqlite *sqlite, struct lb_reason *reason, const char *why)
{
    return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                   "cannot add checksums to the pages of %s, which is as it was: %s", sqlite->path,
                   why);
}

/* What the migrations take that follow, after which the old version cannot use the database either:
 * the new log, and the write-ahead log. */
static uint64_t room_for_later(const struct lb_sqlite *sqlite)
{
    uint64_t log_bytes =
        (uint64_t)lb_wal_offset(sqlite->checkpoint_pages + 1, LB_SQLITE_PAGE_BYTES);
    return lb_sqlite_chain_bytes(sqlite->writer.db) + sqlite->found.database_bytes / 64 +
           log_bytes + STEP_SPARE_BYTES;
}

static lb_err check_room(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    uint64_t needed = sqlite->found.database_bytes + sqlite->found.database_bytes / 8 +
                      sqlite->found.log_bytes + SPARE_BYTES;
    uint64_t later = room_for_later(sqlite);
    char why[96];
    if (later > needed)
        needed = later;
    if (lb_sqlite_has_room(sqlite, needed))
        return LB_OK;
    snprintf(why, sizeof why, "that needs %llu MiB of free disk space",
             (unsigned long long)(needed >> 20) + 1);
    return fail(sqlite, reason, why);
}

struct progress {
    const struct lb_sqlite *sqlite;
    uint64_t begun_ms, reported_ms;
};

/* Not 0: it ends. */
static int go_on(void *context)
{
    struct progress *progress = context;
    const struct lb_sqlite *sqlite = progress->sqlite;
    uint64_t now = lb_clock_mono_ms();
    if (now - progress->reported_ms >= REPORT_EVERY_MS) {
        lb_log(LB_LOG_INFO, "migration", "still adding checksums to the pages of %s, since %llu s",
               sqlite->path, (unsigned long long)(now - progress->begun_ms) / 1000);
        progress->reported_ms = now;
    }
    return sqlite->keep_going && !sqlite->keep_going();
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
    char *log = sqlite3_mprintf("%s" LB_LOG_SUFFIX, sqlite->path);
    bool removed = log && access(log, F_OK) != 0;
    sqlite3_free(log);
    return removed ? LB_OK : fail(sqlite, reason, "another program uses it; stop that");
}

/* The new file has the number of the schema with checksums before it takes the old one's place: an
 * older version must never write to it. The rest is done in its place, step by step. */
static lb_err migrate_new(struct lb_sqlite *sqlite, const char *path, struct lb_reason *reason)
{
    sqlite3 *db = NULL;
    int code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, sqlite->vfs);
    lb_err err = code == SQLITE_OK
                     ? lb_sqlite_migrate(db, LB_SQLITE_SCHEMA_CHECKSUMS, sqlite->keep_going, reason)
                     : fail(sqlite, reason, sqlite3_errstr(code));
    sqlite3_close(db);
    return err;
}

static lb_err write_new(struct lb_sqlite *sqlite, const char *path, struct lb_reason *reason)
{
    char *sql = sqlite3_mprintf("VACUUM INTO %Q", path);
    lb_err err = sql ? execute(sqlite, sql, reason) : fail(sqlite, reason, "out of memory");
    sqlite3_free(sql);
    return err ? err : migrate_new(sqlite, path, reason);
}

static lb_err replace(struct lb_sqlite *sqlite, const char *path, struct lb_reason *reason)
{
    if (!lb_disk_sync(path) || rename(path, sqlite->path) != 0)
        return fail(sqlite, reason, strerror(errno));
    return lb_disk_sync_folder_of(path)
               ? LB_OK
               : lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot sync the folder of %s: %s",
                         sqlite->path, strerror(errno));
}

static void forget(const char *path)
{
    char *journal = sqlite3_mprintf("%s" LB_JOURNAL_SUFFIX, path);
    unlink(path);
    if (journal)
        unlink(journal);
    sqlite3_free(journal);
}

/* What is damaged already would have valid checksums from then on. */
static lb_err check_old(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    if (sqlite->keep_going && !sqlite->keep_going())
        return fail(sqlite, reason, "told to stop");
    return lb_sqlite_is_consistent(sqlite->writer.db)
               ? LB_OK
               : fail(sqlite, reason, "it is damaged already; restore a backup");
}

static lb_err add(struct lb_sqlite *sqlite, const char *path, struct lb_reason *reason)
{
    uint64_t now = lb_clock_mono_ms();
    struct progress progress = {sqlite, now, now};
    lb_err err = check_room(sqlite, reason);
    if (!err)
        err = check_old(sqlite, reason);
    if (err)
        return err;
    sqlite3_progress_handler(sqlite->writer.db, STEPS_AT_ONCE, go_on, &progress);
    forget(path); /* what an interrupted attempt left */
    err = remove_log(sqlite, reason);
    if (!err)
        err = write_new(sqlite, path, reason);
    lb_sqlite_disconnect(&sqlite->writer);
    if (!err)
        err = replace(sqlite, path, reason);
    if (err)
        forget(path);
    return err;
}

lb_err lb_sqlite_add_checksums(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    uint64_t start_ms = lb_clock_mono_ms();
    char *path = sqlite3_mprintf("%s" NEW_SUFFIX, sqlite->path);
    lb_log(LB_LOG_INFO, "migration", "adding checksums to the pages of %s, %llu MiB", sqlite->path,
           (unsigned long long)(sqlite->found.database_bytes >> 20));
    lb_err err =
        path ? add(sqlite, path, reason) : lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    if (!err)
        err = lb_sqlite_watch(sqlite, reason);
    if (!err) {
        *lb_synced_mark_now(sqlite->mark) = (struct lb_mark){.whole = true}; /* no log any more */
        err = lb_sqlite_connect(sqlite, false, &sqlite->writer);
        if (err)
            fail(sqlite, reason, sqlite3_errmsg(sqlite->writer.db));
    }
    if (!err)
        lb_log(LB_LOG_INFO, "migration", "added checksums to the pages of %s in %llu ms",
               sqlite->path, (unsigned long long)(lb_clock_mono_ms() - start_ms));
    sqlite3_free(path);
    return err;
}
