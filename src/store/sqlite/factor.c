#include "store/sqlite/internal.h"

#define COLUMNS "account, sealed, created_at, confirmed_at, last_step, wrong, wrong_at, recovery"

/* False when the bytes are not what was stored. */
static bool read_factor(sqlite3_stmt *stmt, struct lb_factor_row *out)
{
    size_t recovery_size = (size_t)sqlite3_column_bytes(stmt, 7);
    *out = (struct lb_factor_row){
        .user = (uint32_t)sqlite3_column_int64(stmt, 0),
        .created_at = sqlite3_column_int64(stmt, 2),
        .confirmed_at = sqlite3_column_int64(stmt, 3),
        .last_step = sqlite3_column_int64(stmt, 4),
        .wrong = (uint32_t)sqlite3_column_int64(stmt, 5),
        .wrong_at = sqlite3_column_int64(stmt, 6),
        .recovery_count = (uint32_t)(recovery_size / LB_SECRET_HASH_SIZE),
    };
    if (sqlite3_column_bytes(stmt, 1) != sizeof out->sealed ||
        recovery_size % LB_SECRET_HASH_SIZE != 0 || recovery_size > sizeof out->recovery)
        return false;
    memcpy(out->sealed, sqlite3_column_blob(stmt, 1), sizeof out->sealed);
    if (recovery_size)
        memcpy(out->recovery, sqlite3_column_blob(stmt, 7), recovery_size);
    return true;
}

lb_err lb_sqlite_factor(struct lb_store_reader *reader, uint32_t user, struct lb_factor_row *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_FACTOR, "SELECT " COLUMNS " FROM second_factor WHERE account = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, user);
    int code = sqlite3_step(stmt);
    bool whole = code == SQLITE_ROW && read_factor(stmt, out);
    lb_err err = lb_sqlite_end_row(stmt, code);
    return err || whole ? err : LB_ERR_STORAGE_UNAVAILABLE;
}

/* The transaction is the lock: nothing else writes. */
lb_err lb_sqlite_factor_lock(struct lb_store *store, uint32_t user, struct lb_factor_row *out)
{
    return lb_sqlite_factor(&lb_sqlite_of(store)->writer, user, out);
}

static void bind_time(sqlite3_stmt *stmt, int index, int64_t at)
{
    if (at)
        sqlite3_bind_int64(stmt, index, at);
    else
        sqlite3_bind_null(stmt, index);
}

lb_err lb_sqlite_factor_put(struct lb_store *store, const struct lb_factor_row *row)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_FACTOR_PUT,
                                            "INSERT OR REPLACE INTO second_factor (" COLUMNS
                                            ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->user);
    sqlite3_bind_blob(stmt, 2, row->sealed, sizeof row->sealed, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, row->created_at);
    bind_time(stmt, 4, row->confirmed_at);
    sqlite3_bind_int64(stmt, 5, row->last_step);
    sqlite3_bind_int64(stmt, 6, row->wrong);
    bind_time(stmt, 7, row->wrong_at);
    sqlite3_bind_blob(stmt, 8, row->recovery, (int)(row->recovery_count * LB_SECRET_HASH_SIZE),
                      SQLITE_STATIC);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_factor_delete(struct lb_store *store, uint32_t user)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_FACTOR_DELETE,
                                            "DELETE FROM second_factor WHERE account = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, user);
    return lb_sqlite_run(stmt);
}
