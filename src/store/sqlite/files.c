/* The files of the store: found and judged before SQLite opens them, watched while it has them. */
#include "store/sqlite/internal.h"

#include "base/log.h"
#include "store/sqlite/log_scan.h"
#include "store/sqlite/vfs_file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

#define RESTART_WAIT_MS 100

static lb_err out_of_memory(struct lb_reason *reason)
{
    return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
}

lb_err lb_sqlite_watch(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    static const char *const suffixes[LB_WATCHED_FILES] = {"", LB_LOG_SUFFIX, LB_MARK_SUFFIX};
    lb_err err = LB_OK;
    for (int i = 0; !err && i < LB_WATCHED_FILES; i++) {
        char *path = sqlite3_mprintf("%s%s", sqlite->path, suffixes[i]);
        err = path ? lb_watched_file_begin(&sqlite->watched[i], path) : LB_ERR_INTERNAL;
        sqlite3_free(path);
    }
    return err ? out_of_memory(reason) : LB_OK;
}

static lb_err check_watched(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    lb_err err = LB_OK;
    for (int i = 0; !err && i < LB_WATCHED_FILES; i++)
        err = lb_watched_file_check(&sqlite->watched[i], reason);
    return err;
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
    lb_err err = lb_sqlite_watch(sqlite, reason);
    if (!err)
        err = lb_start_check(&check, &sqlite->found, reason);
    sqlite->store.recorded = lb_synced_mark_now(sqlite->mark)->log;
    return err;
}

static sqlite3_file *log_of(struct lb_sqlite *sqlite)
{
    sqlite3_file *file = NULL;
    sqlite3_file_control(sqlite->writer.db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);
    return file && file->pMethods ? file : NULL;
}

/* Asked by the only connection there is. What the question drops comes back before it is committed,
 * so it may do so where nothing is to be written yet. */
static bool is_consistent(struct lb_sqlite *sqlite)
{
    sqlite3 *db = sqlite->writer.db;
    sqlite3_exec(db, "PRAGMA query_only = OFF", NULL, NULL, NULL);
    bool consistent = lb_sqlite_is_consistent(db);
    if (!sqlite->log_begun)
        sqlite3_exec(db, "PRAGMA query_only = ON", NULL, NULL, NULL);
    return consistent;
}

lb_err lb_sqlite_check_what_is_left(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    return is_consistent(sqlite)
               ? LB_OK
               : lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                         "what is left in %s is not consistent; restore a backup", sqlite->path);
}

bool lb_sqlite_has_room(const struct lb_sqlite *sqlite, uint64_t bytes)
{
    struct statvfs room;
    return statvfs(sqlite->path, &room) != 0 || (uint64_t)room.f_bavail * room.f_frsize >= bytes;
}

/* What a database takes that is begun or brought to this version: the log is preallocated. */
static unsigned room_mib(const struct lb_sqlite *sqlite)
{
    uint64_t log_bytes =
        (uint64_t)lb_wal_offset(sqlite->checkpoint_pages + 1, LB_SQLITE_PAGE_BYTES);
    return (unsigned)((sqlite->found.database_bytes + log_bytes) >> 20) + 1;
}

lb_err lb_sqlite_refuse(struct lb_sqlite *sqlite, int code, const char *what,
                        struct lb_reason *reason)
{
    if (atomic_load(&sqlite->damage.found))
        return lb_sqlite_intact(&sqlite->store, reason);
    if ((code & 0xff) == SQLITE_FULL)
        return lb_fail(reason, LB_ERR_STORAGE_FULL,
                       "cannot %s: the disk of %s is full; free at least %u MiB and start again",
                       what, sqlite->path, room_mib(sqlite));
    if ((code & 0xff) == SQLITE_READONLY)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                       "cannot %s: the file system of %s is read-only; make it writable and start "
                       "again",
                       what, sqlite->path);
    return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                   "cannot open %s: cannot %s: %s (SQLite error %d)", sqlite->path, what,
                   sqlite3_errstr(code), code);
}

/* The database has an id, and the mark the same. */
static int join_mark(struct lb_sqlite *sqlite)
{
    struct lb_mark *now = lb_synced_mark_now(sqlite->mark);
    now->id = now->id ? now->id : sqlite->found.id;
    while (!now->id)
        sqlite3_randomness(sizeof now->id, &now->id);
    int code = lb_pages_set_id(sqlite->writer.db, now->id);
    return code == SQLITE_OK ? lb_synced_mark_put(sqlite->mark, true) : code;
}

lb_err lb_sqlite_announce_log(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    if (sqlite->found.has_mark || sqlite->found.accepted)
        return LB_OK;
    lb_log(LB_LOG_INFO, "store", "writing a new mark of how far the log was synced");
    int code = lb_synced_mark_put(sqlite->mark, true);
    return code == SQLITE_OK ? LB_OK : lb_sqlite_refuse(sqlite, code, "write its mark", reason);
}

/* The mark says where the log ends. */
static lb_err mark_log(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    sqlite3_file *log = log_of(sqlite);
    sqlite3_int64 bytes = 0;
    if (!log)
        return lb_sqlite_refuse(sqlite, SQLITE_CANTOPEN, "open its log", reason);
    /* A killed process may not have come to sync what it wrote. */
    int code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    if (code == SQLITE_OK)
        code = log->pMethods->xFileSize(log, &bytes);
    if (code != SQLITE_OK)
        return lb_sqlite_refuse(sqlite, code, "sync its log", reason);
    lb_synced_mark_now(sqlite->mark)->log_bytes = (uint64_t)bytes;
    code = join_mark(sqlite);
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_FULL)
        return lb_sqlite_refuse(sqlite, code, "write its mark", reason);
    return LB_OK;
}

/* What a crash has left in the log must not stand after new frames: until it can be written back,
 * and no other program reads it there, nothing is written. */
static void leave_log(struct lb_sqlite *sqlite, lb_err refusal)
{
    if (refusal == LB_ERR_STORAGE_FULL)
        lb_log(LB_LOG_WARN, "store",
               "the disk of %s is full: what a crash left in the log cannot be written back, so "
               "nothing is recorded until there is room; checks are answered",
               sqlite->path);
    else
        lb_log(LB_LOG_WARN, "store",
               "another program reads %s, and a crash left something in the log: nothing is "
               "recorded until that program has ended its reading; checks are answered",
               sqlite->path);
    sqlite->log_left = true;
    sqlite->store.refusal = refusal;
}

/* As a stop leaves the log, and a kill between two commits. */
static bool crash_left_nothing(struct lb_sqlite *sqlite)
{
    sqlite3_file *log = log_of(sqlite);
    bool ends = false;
    return sqlite->found.ends_at_mark && log &&
           lb_log_ends(log, lb_synced_mark_now(sqlite->mark), &ends) == SQLITE_OK && ends;
}

/* Waits for readers a moment only: it is tried again. */
static int restart_log(struct lb_sqlite *sqlite)
{
    sqlite3 *db = sqlite->writer.db;
    sqlite3_busy_timeout(db, RESTART_WAIT_MS);
    int code = sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    sqlite3_busy_timeout(db, LB_SQLITE_BUSY_MS);
    return code;
}

/* What is asked for first may be a write of a command that does not read the blocklist log. */
static lb_err begin_before_write(struct lb_sqlite *sqlite)
{
    struct lb_reason reason;
    lb_err err = lb_sqlite_compare_rows(sqlite, &reason);
    if (err)
        lb_log(LB_LOG_ERROR, "store", "nothing is written: %s", reason.text);
    return err;
}

lb_err lb_sqlite_resume_log(struct lb_sqlite *sqlite)
{
    if (!sqlite->log_begun && !sqlite->store.read_only) {
        lb_err err = begin_before_write(sqlite);
        if (err)
            return err;
    }
    if (!sqlite->log_left)
        return LB_OK;
    int code = restart_log(sqlite);
    if (code != SQLITE_OK)
        return lb_sqlite_error(code);
    sqlite->log_left = false;
    if (sqlite->store.refusal == LB_ERR_STORAGE_FULL)
        lb_log(LB_LOG_INFO, "store", "there is room again: %s is written", sqlite->path);
    else
        lb_log(LB_LOG_INFO, "store", "no other program reads %s any more: it is written",
               sqlite->path);
    return LB_OK;
}

/* Neither log nor mark can be written, and nothing can be that they would have to tell of. */
static void begin_read_only(struct lb_sqlite *sqlite)
{
    lb_log(LB_LOG_WARN, "store",
           "%s cannot be written, its file system is read-only: nothing is recorded; checks are "
           "answered. Make it writable and restart",
           sqlite->path);
    sqlite->store.read_only = true;
    sqlite->store.refusal = LB_ERR_STORAGE_UNAVAILABLE;
}

lb_err lb_sqlite_check_opened(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    /* Those that were judged must be those that SQLite has opened. Without a mark there was nothing
     * to judge, and SQLite may have begun them anew. */
    lb_err err =
        sqlite->found.marked ? check_watched(sqlite, reason) : lb_sqlite_watch(sqlite, reason);
    if (!err && sqlite->found.accepted)
        err = lb_sqlite_check_what_is_left(sqlite, reason);
    if (!err && sqlite3_db_readonly(sqlite->writer.db, "main") == 1)
        begin_read_only(sqlite);
    return err;
}

lb_err lb_sqlite_begin_log(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    sqlite3 *db = sqlite->writer.db;
    lb_sqlite_reader_rest(&sqlite->writer); /* a row in use would keep it from being written back */
    sqlite3_exec(db, "PRAGMA query_only = OFF", NULL, NULL, NULL);
    lb_sqlite_preallocate_wal(sqlite);
    lb_err err = mark_log(sqlite, reason);
    if (err)
        return err;
    lb_pages_keep_mark(db, sqlite->mark);
    sqlite->log_begun = true;
    int code = restart_log(sqlite);
    bool busy = (code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED;
    if ((code & 0xff) == SQLITE_FULL)
        leave_log(sqlite, LB_ERR_STORAGE_FULL);
    else if (busy && !crash_left_nothing(sqlite))
        leave_log(sqlite, LB_ERR_STORAGE_UNAVAILABLE);
    else if (code != SQLITE_OK && !busy)
        return lb_sqlite_refuse(sqlite, code, "write its log back", reason);
    if (!sqlite->as_it_is && lb_sqlite_is_current(db))
        lb_sqlite_overwrite_at_start(sqlite);
    return check_watched(sqlite, reason); /* some may be new */
}

/* When files were taken away, the next start is told which database belongs to the log and the
 * mark. Damage alone may be followed by a copy of all files to another disk. */
static void mark_taken(struct lb_sqlite *sqlite)
{
    struct lb_reason reason;
    if (check_watched(sqlite, &reason))
        lb_synced_mark_now(sqlite->mark)->taken_inode = sqlite->watched[LB_WATCHED_DATABASE].inode;
    lb_synced_mark_put(sqlite->mark, true);
}

void lb_sqlite_end_log(struct lb_sqlite *sqlite)
{
    struct lb_reason reason;
    int in_log = -1;
    int written = 0;
    if (!sqlite->log_begun)
        return;
    if (lb_sqlite_intact(&sqlite->store, &reason)) {
        mark_taken(sqlite);
        return;
    }
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
        lb_watched_file_end(&sqlite->watched[i]);
    lb_synced_mark_destroy(sqlite->mark);
    free(sqlite->path);
}

lb_err lb_sqlite_intact(struct lb_store *store, struct lb_reason *reason)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    if (atomic_load(&sqlite->damage.found))
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "damage: %s; restore a backup",
                       sqlite->damage.where);
    int code = lb_synced_mark_failure(sqlite->mark);
    if (code != SQLITE_OK)
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                       "cannot write %s" LB_MARK_SUFFIX ": %s (SQLite error %d)", sqlite->path,
                       sqlite3_errstr(code), code);
    return check_watched(sqlite, reason);
}

/* SQLite's check has read the pages that are in use. */
static lb_err check_free_pages(struct lb_sqlite *sqlite, struct lb_reason *reason)
{
    int code = lb_sqlite_read_free_pages(sqlite->writer.db);
    if (code == SQLITE_OK)
        return LB_OK;
    if (!atomic_load(&sqlite->damage.found))
        return lb_fail(reason, LB_ERR_CONFLICT, "cannot read all pages of %s: %s (SQLite error %d)",
                       sqlite->path, sqlite3_errstr(code), code);
    return lb_fail(reason, LB_ERR_CONFLICT,
                   "damage: %s; it is a free page: nothing is lost, but no backup can be made. "
                   "Use a copy made by `leadblock copy`, or restore a backup",
                   sqlite->damage.where);
}

lb_err lb_sqlite_check_files(struct lb_store *store, struct lb_reason *reason)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    if (is_consistent(sqlite))
        return check_free_pages(sqlite, reason);
    if (atomic_load(&sqlite->damage.found))
        lb_sqlite_intact(store, reason);
    else
        lb_fail(reason, LB_ERR_CONFLICT, "%s is damaged: SQLite's integrity_check fails",
                sqlite->path);
    return LB_ERR_CONFLICT;
}
