#include "store/sqlite/internal.h"

lb_err lb_sqlite_signing_key_insert(struct lb_store *store, const struct lb_signing_key_row *row)
{
    struct lb_store_reader *writer = &lb_sqlite_of(store)->writer;
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        writer, STMT_SIGNING_KEY_INSERT,
        "INSERT INTO signing_key (no, seed, created_at) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_blob(stmt, 1, row->seed, sizeof row->seed, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, row->created_at);
    lb_err err = lb_sqlite_run(stmt);
    if (err)
        return err;
    return sqlite3_changes(writer->db) ? LB_OK : LB_ERR_ALREADY_EXISTS;
}

lb_err lb_sqlite_signing_key(struct lb_store_reader *reader, struct lb_signing_key_row *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_SIGNING_KEY, "SELECT seed, created_at FROM signing_key WHERE no = 1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    int code = sqlite3_step(stmt);
    bool whole = code == SQLITE_ROW && sqlite3_column_bytes(stmt, 0) == sizeof out->seed;
    if (whole) {
        memcpy(out->seed, sqlite3_column_blob(stmt, 0), sizeof out->seed);
        out->created_at = sqlite3_column_int64(stmt, 1);
    }
    lb_err err = lb_sqlite_end_row(stmt, code);
    return err || whole ? err : LB_ERR_STORAGE_UNAVAILABLE;
}
