#include "store/sqlite/internal.h"

#include <stdlib.h>

/* SQLite's locks are on bytes from here on, and it never writes their page. Source:
 * https://www.sqlite.org/fileformat2.html, 1.4. */
#define LOCKED_BYTE (INT64_C(1) << 30)

/* Or the file may have older pages than the log. */
static bool is_written_back(sqlite3 *db)
{
    int in_log = -1;
    int written = 0;
    return sqlite3_wal_checkpoint_v2(db, NULL, SQLITE_CHECKPOINT_PASSIVE, &in_log, &written) ==
               SQLITE_OK &&
           in_log == written;
}

static int read_pages(sqlite3_file *file, int bytes, sqlite3_int64 count)
{
    uint8_t *page = malloc((size_t)bytes);
    int code = page ? SQLITE_OK : SQLITE_NOMEM;
    for (sqlite3_int64 at = 0; code == SQLITE_OK && at < count * bytes; at += bytes)
        if (at != LOCKED_BYTE)
            code = file->pMethods->xRead(file, page, bytes, at);
    free(page);
    return code;
}

int lb_sqlite_read_free_pages(sqlite3 *db)
{
    sqlite3_file *file = NULL;
    sqlite3_stmt *stmt = NULL;
    if (!is_written_back(db))
        return SQLITE_OK;
    int code = sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file);
    if (code == SQLITE_OK)
        code = sqlite3_prepare_v2(db,
                                  "SELECT page_size, page_count FROM pragma_page_size,"
                                  " pragma_page_count",
                                  -1, &stmt, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        code = read_pages(file, sqlite3_column_int(stmt, 0), sqlite3_column_int64(stmt, 1));
    sqlite3_finalize(stmt);
    return code;
}
