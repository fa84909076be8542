#include "store/sqlite/internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdio.h>

/* A checkpoint is worth its fsyncs for this part of a full WAL. */
#define STEPS        8
#define TRY_AGAIN_MS 1000

lb_err lb_sqlite_begin(struct lb_store *store)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    lb_err err = lb_sqlite_resume_log(sqlite);
    sqlite->numbers_count = 0;
    return err ? err
               : lb_sqlite_run(lb_sqlite_prepared(&sqlite->writer, STMT_BEGIN, "BEGIN IMMEDIATE"));
}

lb_err lb_sqlite_commit(struct lb_store *store)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    lb_err err = lb_sqlite_pending_insert(&sqlite->writer);
    if (!err)
        err = lb_sqlite_numbers_write(sqlite);
    sqlite3_stmt *stmt = lb_sqlite_prepared(&sqlite->writer, STMT_COMMIT, "COMMIT");
    if (err || !stmt)
        return err ? err : LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_step(stmt);
    int code = sqlite3_reset(stmt);
    if (code == SQLITE_OK) {
        sqlite->committed = sqlite->appended;
        return LB_OK;
    }
    sqlite->appended = sqlite->committed;
    lb_log(LB_LOG_ERROR, "store", "commit failed: %s (SQLite error %d)",
           sqlite3_errmsg(sqlite->writer.db), code);
    /* A full disk refuses the frames of the log before the one that commits is whole. Anything else
     * may have failed after that one was written: the next start may find it, or not. */
    return (code & 0xff) == SQLITE_FULL ? LB_ERR_STORAGE_FULL : LB_ERR_OUTCOME_UNKNOWN;
}

void lb_sqlite_rollback(struct lb_store *store)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    lb_sqlite_pending_drop(&sqlite->writer);
    sqlite->appended = sqlite->committed;
    lb_sqlite_reader_rest(&sqlite->writer); /* a row in use would keep checkpoints from finishing */
    if (!sqlite3_get_autocommit(sqlite->writer.db))
        lb_sqlite_run(lb_sqlite_prepared(&sqlite->writer, STMT_ROLLBACK, "ROLLBACK"));
}

lb_err lb_sqlite_probe(struct lb_store *store)
{
    sqlite3 *db = lb_sqlite_of(store)->writer.db;
    char set[64];
    sqlite3_stmt *stmt = NULL;
    lb_err err = lb_sqlite_resume_log(lb_sqlite_of(store));
    if (err)
        return err;
    int code = sqlite3_prepare_v2(db, "PRAGMA user_version", -1, &stmt, NULL);
    if (code == SQLITE_OK && sqlite3_step(stmt) == SQLITE_ROW)
        snprintf(set, sizeof set, "PRAGMA user_version = %d", sqlite3_column_int(stmt, 0));
    else
        set[0] = '\0';
    sqlite3_finalize(stmt);
    if (!set[0])
        return LB_ERR_STORAGE_UNAVAILABLE;
    code = sqlite3_exec(db, set, NULL, NULL, NULL);
    return code == SQLITE_OK ? LB_OK : lb_sqlite_error(code);
}

/* PASSIVE waits for no reader, but writes until it is done: some milliseconds for a full WAL, most
 * of them one fsync. So it is done in pauses, while there are some before the WAL is full, and else
 * after the acknowledgements of a batch. When it could not write all back, for a reader or for a
 * failure, it is tried again when the WAL has grown, or each commit would wait for two fsyncs more,
 * and in pauses once a second. */
void lb_sqlite_maintain(struct lb_store *store, bool idle)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    lb_synced_mark_settle(sqlite->mark);
    lb_sqlite_overwrite_later(sqlite);
    int full = (int)sqlite->checkpoint_pages, worth_it = full / STEPS;
    bool grown = sqlite->wal_pages - sqlite->wal_pages_tried >= worth_it;
    bool again = idle && sqlite->try_again_ms && lb_clock_mono_ms() >= sqlite->try_again_ms;
    if ((!grown && !again) || (!idle && sqlite->wal_pages < full))
        return;
    int in_wal = 0, written = 0;
    int code = sqlite3_wal_checkpoint_v2(sqlite->writer.db, NULL, SQLITE_CHECKPOINT_PASSIVE,
                                         &in_wal, &written);
    sqlite->wal_pages_tried = sqlite->wal_pages;
    bool all = code == SQLITE_OK && written == in_wal;
    sqlite->try_again_ms = all ? 0 : lb_clock_mono_ms() + TRY_AGAIN_MS;
    /* A failed checkpoint loses nothing: the WAL keeps what it could not write back. */
    if (code != SQLITE_OK && code != SQLITE_BUSY)
        lb_log(LB_LOG_WARN, "store", "checkpoint failed: %s", sqlite3_errmsg(sqlite->writer.db));
}
