#include "store/sqlite/internal.h"

#include "base/array.h"
#include "store/row_number.h"

#include <stdlib.h>

/* Two workspaces may draw the same epoch for the same count; so may one after a restore. */
#define TRIES 8

static struct lb_sqlite_numbers *find(struct lb_sqlite *sqlite, uint32_t workspace)
{
    for (size_t i = sqlite->numbers_count; i > 0; i--)
        if (sqlite->numbers[i - 1].workspace == workspace)
            return &sqlite->numbers[i - 1];
    return NULL;
}

/* How many were given out, as the transaction sees it. */
static lb_err load(struct lb_sqlite *sqlite, uint32_t workspace, struct lb_sqlite_numbers **out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&sqlite->writer, STMT_NUMBERS,
                                            "SELECT numbers FROM workspace WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    if (!lb_array_reserve(sqlite->numbers, sqlite->numbers_capacity, sqlite->numbers_count + 1))
        return LB_ERR_STORAGE_UNAVAILABLE;
    struct lb_sqlite_numbers *numbers = &sqlite->numbers[sqlite->numbers_count];
    *numbers = (struct lb_sqlite_numbers){.workspace = workspace};
    sqlite3_bind_int64(stmt, 1, workspace);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        numbers->count = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return lb_sqlite_error(code);
    sqlite->numbers_count++;
    *out = numbers;
    return LB_OK;
}

lb_err lb_sqlite_insert_numbered(struct lb_sqlite *sqlite, sqlite3_stmt *stmt, int parameter,
                                 uint32_t workspace, uint64_t *out)
{
    struct lb_sqlite_numbers *numbers = find(sqlite, workspace);
    int code = SQLITE_CONSTRAINT_PRIMARYKEY;
    lb_err err = numbers ? LB_OK : load(sqlite, workspace, &numbers);
    if (!numbers)
        return err;
    for (int i = 0; code == SQLITE_CONSTRAINT_PRIMARYKEY && i < TRIES; i++) {
        *out = lb_row_number_next(&numbers->count);
        if (!*out)
            return LB_ERR_LIMIT_REACHED;
        sqlite3_bind_int64(stmt, parameter, (int64_t)*out);
        sqlite3_step(stmt);
        code = sqlite3_reset(stmt);
    }
    return code == SQLITE_OK ? LB_OK : lb_sqlite_error(code);
}

lb_err lb_sqlite_numbers_write(struct lb_sqlite *sqlite)
{
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < sqlite->numbers_count; i++) {
        sqlite3_stmt *stmt = lb_sqlite_prepared(&sqlite->writer, STMT_NUMBERS_SET,
                                                "UPDATE workspace SET numbers = ?2 WHERE no = ?1");
        if (!stmt)
            return LB_ERR_STORAGE_UNAVAILABLE;
        sqlite3_bind_int64(stmt, 1, sqlite->numbers[i].workspace);
        sqlite3_bind_int64(stmt, 2, (int64_t)sqlite->numbers[i].count);
        err = lb_sqlite_run(stmt);
    }
    return err;
}
