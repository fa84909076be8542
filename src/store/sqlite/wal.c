#include "store/sqlite/internal.h"

#include "base/log.h"

#include <stdlib.h>

/* The unix VFS writes less than 128 KiB at a time. */
#define ZEROS_BYTES (64 << 10)

static int write_zeros(sqlite3_file *file, sqlite3_int64 from, sqlite3_int64 to)
{
    char *zeros = calloc(1, ZEROS_BYTES);
    int code = zeros ? SQLITE_OK : SQLITE_NOMEM;
    while (code == SQLITE_OK && from < to) {
        int amount = to - from < ZEROS_BYTES ? (int)(to - from) : ZEROS_BYTES;
        code = file->pMethods->xWrite(file, zeros, amount, from);
        from += amount;
    }
    free(zeros);
    return code == SQLITE_OK ? file->pMethods->xSync(file, SQLITE_SYNC_NORMAL) : code;
}

/* Checksums tell frames from what comes after them: zeros are no frames, whether the log is read
 * while it is used or after a crash. */
void lb_sqlite_preallocate_wal(struct lb_sqlite *sqlite)
{
    sqlite3 *db = sqlite->writer.db;
    int persist = 1;
    sqlite3_file_control(db, "main", SQLITE_FCNTL_PERSIST_WAL, &persist);
    /* A first read opens the log's file. */
    if (sqlite3_exec(db, "SELECT count(*) FROM sqlite_master", NULL, NULL, NULL) != SQLITE_OK)
        return;
    sqlite3_file *file = NULL;
    sqlite3_int64 size = 0;
    sqlite3_int64 wanted = lb_wal_offset(sqlite->checkpoint_pages + 1, LB_SQLITE_PAGE_BYTES);
    if (sqlite3_file_control(db, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file) != SQLITE_OK ||
        !file || !file->pMethods || file->pMethods->xFileSize(file, &size) != SQLITE_OK ||
        size >= wanted)
        return;
    if (write_zeros(file, size, wanted) != SQLITE_OK) {
        lb_log(LB_LOG_WARN, "store",
               "cannot preallocate the write-ahead log: no room, or a write failed");
        file->pMethods->xTruncate(file, size);
    }
}
