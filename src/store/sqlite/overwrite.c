/* After texts were erased: what the files still have of them is overwritten. The log is written
 * back and begun anew, and what is in it after its new frames is zeroed: the old frames. In the
 * database SQLite writes zeros over what is deleted, and pages.c over the rest of each page that is
 * written. A note in the database says that this is still to be done, for the next start. */
#include "store/sqlite/internal.h"

#include "base/clock.h"
#include "base/log.h"

#include <stdlib.h>

#define ZEROS_BYTES      (64 << 10)
#define TRY_AGAIN_MS     50
#define COMMIT_PAGES_MAX 4 /* of a commit of one row */

static int run(struct lb_sqlite *sqlite, const char *sql)
{
    return sqlite3_exec(sqlite->writer.db, sql, NULL, NULL, NULL);
}

/* All of it is in the database and no reader needs it: the next commit begins it anew. */
static int restart_log(struct lb_sqlite *sqlite)
{
    sqlite3_busy_timeout(sqlite->writer.db, 0); /* others write meanwhile */
    int code =
        sqlite3_wal_checkpoint_v2(sqlite->writer.db, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
    sqlite3_busy_timeout(sqlite->writer.db, 5000);
    return code;
}

/* Zeros are no frames (lb_sqlite_preallocate_wal). What was zeroed before and not written since
 * still is. */
static int zero_old_frames(struct lb_sqlite *sqlite)
{
    sqlite3_file *log = NULL;
    sqlite3_int64 size = 0, written = lb_pages_log_end(sqlite->writer.db);
    int code = sqlite3_file_control(sqlite->writer.db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
    if (code != SQLITE_OK || !log || !log->pMethods)
        return code == SQLITE_OK ? SQLITE_CANTOPEN : code;
    code = log->pMethods->xFileSize(log, &size);
    char *zeros = calloc(1, ZEROS_BYTES);
    const sqlite3_int64 from = lb_wal_offset((uint32_t)sqlite->wal_pages + 1, LB_SQLITE_PAGE_BYTES);
    sqlite3_int64 at = from;
    size = written < size ? written : size;
    while (zeros && code == SQLITE_OK && at < size) {
        int amount = size - at < ZEROS_BYTES ? (int)(size - at) : ZEROS_BYTES;
        if (amount == LB_SQLITE_PAGE_BYTES || amount == LB_WAL_FRAME_HEADER_BYTES)
            amount /= 2; /* pages.c would take it for a part of a frame */
        code = log->pMethods->xWrite(log, zeros, amount, at);
        at += amount;
    }
    if (!zeros)
        return SQLITE_NOMEM;
    free(zeros);
    if (code == SQLITE_OK)
        code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL);
    if (code == SQLITE_OK)
        lb_pages_log_zeroed(sqlite->writer.db, from);
    return code;
}

/* The first commit takes the place of the first old frames. It leaves the note, which the second
 * takes back when the others are gone. */
static int overwrite(struct lb_sqlite *sqlite)
{
    int code = restart_log(sqlite);
    if (code == SQLITE_OK)
        code = run(sqlite, "UPDATE erasure_key SET overwrite = 2 - (overwrite = 2) WHERE no = 1");
    if (code == SQLITE_OK && sqlite->wal_pages > COMMIT_PAGES_MAX)
        code = SQLITE_BUSY; /* a reader was quicker: it did not begin anew */
    if (code == SQLITE_OK)
        code = zero_old_frames(sqlite);
    if (code == SQLITE_OK)
        code = run(sqlite, "UPDATE erasure_key SET overwrite = 0 WHERE no = 1");
    return code;
}

lb_err lb_sqlite_overwrite(struct lb_store *store)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    if (!sqlite->overwrites)
        return LB_OK;
    lb_sqlite_reader_rest(&sqlite->writer);
    int code = overwrite(sqlite);
    sqlite->overwrites = code != SQLITE_OK;
    sqlite->overwrite_at_ms = sqlite->overwrites ? lb_clock_mono_ms() + TRY_AGAIN_MS : 0;
    sqlite->wal_pages_tried = 0;
    if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
        lb_log(LB_LOG_WARN, "store", "cannot overwrite what was erased: %s",
               sqlite3_errmsg(sqlite->writer.db));
    if (code == SQLITE_OK)
        return LB_OK;
    return (code & 0xff) == SQLITE_BUSY ? LB_ERR_OVERLOADED : lb_sqlite_error(code);
}

void lb_sqlite_overwrite_later(struct lb_sqlite *sqlite)
{
    if (sqlite->overwrites && lb_clock_mono_ms() >= sqlite->overwrite_at_ms)
        lb_sqlite_overwrite(&sqlite->store);
}

void lb_sqlite_overwrite_at_start(struct lb_sqlite *sqlite)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&sqlite->writer, STMT_ERASURE_NOTED,
                                            "SELECT 1 FROM erasure_key WHERE overwrite <> 0");
    sqlite->overwrites = stmt && sqlite3_step(stmt) == SQLITE_ROW;
    if (stmt)
        sqlite3_reset(stmt);
    if (sqlite->overwrites && !sqlite->store.read_only && !sqlite->log_left)
        lb_sqlite_overwrite(&sqlite->store);
}
