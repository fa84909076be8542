/* The files of the store: found and judged before SQLite opens them, watched while it has them. */
#include "store/sqlite/internal.h"

#include "base/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static lb_err out_of_memory(struct lb_reason *reason)
{
    return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
}

lb_err lb_sqlite_find_files(struct lb_sqlite *sqlite, const struct lb_sqlite_settings *settings,
                            struct lb_reason *reason)
{
    sqlite3_initialize();
    sqlite3_vfs *pages = lb_pages_vfs(settings->vfs);
    if (!pages)
        return lb_fail(reason, LB_ERR_INTERNAL, "cannot open the database: no such SQLite VFS");
    sqlite3_vfs *base = pages->pAppData;
    sqlite->vfs = pages->zName;
    /* SQLite's file names end in more than one NUL. */
    sqlite->path = calloc(1, (size_t)base->mxPathname + 8);
    if (!sqlite->path)
        return out_of_memory(reason);
    if ((base->xFullPathname(base, settings->path, base->mxPathname, sqlite->path) & 0xff) !=
        SQLITE_OK)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot open %s: no such path",
                       settings->path);
    sqlite->mark = lb_synced_mark_create(base, sqlite->path);
    if (!sqlite->mark)
        return out_of_memory(reason);
    struct lb_start_check check = {.vfs = base,
                                   .path = sqlite->path,
                                   .accept_loss = settings->accept_loss,
                                   .mark = sqlite->mark};
    return lb_start_check(&check, &sqlite->found, reason);
}

static sqlite3_file *log_of(struct lb_sqlite *sqlite)
{
    sqlite3_file *file = NULL;
    sqlite3_file_control(sqlite->writer.db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
    return file && file->pMethods ? file : NULL;
}

static void watch(struct lb_sqlite *sqlite, int which, const char *suffix)
{
    struct stat info;
    struct lb_watched_file *file = &sqlite->watched[which];
    size_t size = strlen(sqlite->path) + strlen(suffix) + 1;
    char *path = malloc(size);
    if (path)
        snprintf(path, size, "%s%s", sqlite->path, suffix);
    if (!path || stat(path, &info) != 0) {
        free(path); /* a file of a test's VFS, or no memory to watch it */
        return;
    }
    free(file->path);
    file->path = path;
    file->device = info.st_dev;
    file->inode = info.st_ino;
}

/* After a loss was accepted, what is left may be no state that the database ever had. */
static lb_err check_consistency(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(sqlite->writer.db, "PRAGMA integrity_check(1)", -1, &stmt, NULL);
    bool good = code == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW &&
                strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
    sqlite3_finalize(stmt);
    return good ? LB_OK
                : lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                          "what is left in %s is not consistent; restore a backup", sqlite->path);
}

static lb_err refuse(struct lb_sqlite *sqlite, int code, const char *what, struct lb_reason *reason)
{
    if (atomic_load(&sqlite->damage.found))
        return lb_sqlite_intact(&sqlite->store, reason);
    return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                   "cannot open %s: cannot %s: %s (SQLite error %d)", sqlite->path, what,
                   sqlite3_errstr(code), code);
}

/* The mark says where the log ends. */
static lb_err mark_log(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    sqlite3_file *log = log_of(sqlite);
    sqlite3_int64 bytes = 0;
    if (!log)
        return refuse(sqlite, SQLITE_CANTOPEN, "open its log", reason);
    /* A killed process may not have come to sync what it wrote. */
    int code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    if (code == SQLITE_OK)
        code = log->pMethods->xFileSize(log, &bytes);
    if (code != SQLITE_OK)
        return refuse(sqlite, code, "sync its log", reason);
    lb_synced_mark_now(sqlite->mark)->log_bytes = (uint64_t)bytes;
    if (!sqlite->found.marked)
        lb_log(LB_LOG_INFO, "store", "writing a new mark of how far the log was synced");
    code = lb_synced_mark_put(sqlite->mark, true);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_FULL)
        return refuse(sqlite, code, "write its mark", reason);
    return LB_OK;
}

lb_err lb_sqlite_begin_log(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    sqlite3 *db = sqlite->writer.db;
    lb_err err = sqlite->found.accepted ? check_consistency(sqlite, reason) : LB_OK;
    if (!err)
        err = mark_log(sqlite, reason);
    if (err)
        return err;
    lb_pages_keep_mark(db, sqlite->mark);
    sqlite->log_begun = true;
    int code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_FULL && (code & 0xff) != SQLITE_BUSY)
        return refuse(sqlite, code, "write its log back", reason);
    if (code != SQLITE_OK)
        lb_log(LB_LOG_WARN, "store", "checkpoint failed: %s", sqlite3_errmsg(db));
    watch(sqlite, LB_WATCHED_DATABASE, "");
    watch(sqlite, LB_WATCHED_LOG, "-wal");
    watch(sqlite, LB_WATCHED_MARK, "-mark");
    return LB_OK;
}

void lb_sqlite_end_log(struct lb_sqlite *sqlite)
{
    int in_log = -1;
    int written = 0;
    if (!sqlite->log_begun)
        return;
    int code = sqlite3_wal_checkpoint_v2(sqlite->writer.db, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                         &in_log, &written);
    if (code == SQLITE_OK && in_log == written)
        lb_synced_mark_now(sqlite->mark)->whole = true;
    if (code == SQLITE_OK)
        lb_synced_mark_put(sqlite->mark, true);
}

void lb_sqlite_forget_files(struct lb_sqlite *sqlite)
{
    for (int i = 0; i < LB_WATCHED_FILES; i++)
        free(sqlite->watched[i].path);
    lb_synced_mark_destroy(sqlite->mark);
    free(sqlite->path);
}

static bool is_there(const struct lb_watched_file *file)
{
    struct stat info;
    return !file->path || (stat(file->path, &info) == 0 && info.st_dev == file->device &&
                           info.st_ino == file->inode && info.st_nlink > 0);
}

lb_err lb_sqlite_intact(struct lb_store *store, struct lb_reason *reason)
{
    const struct lb_sqlite *sqlite = lb_sqlite_of(store);
    if (atomic_load(&sqlite->damage.found))
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "damage: %s; restore a backup",
                       sqlite->damage.where);
    for (int i = 0; i < LB_WATCHED_FILES; i++)
        if (!is_there(&sqlite->watched[i]))
            return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                           "%s was removed or replaced under the running server",
                           sqlite->watched[i].path);
    return LB_OK;
}
