#include "store/sqlite/internal.h"

lb_err lb_sqlite_erasure_key_insert(struct lb_store *store, const struct lb_erasure_key_row *row)
{
    struct lb_store_reader *writer = &lb_sqlite_of(store)->writer;
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        writer, STMT_ERASURE_KEY_INSERT,
        "INSERT INTO erasure_key (no, key, created_at) VALUES (1, ?1, ?2) ON CONFLICT DO NOTHING");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_blob(stmt, 1, row->key, sizeof row->key, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 2, row->created_at);
    lb_err err = lb_sqlite_run(stmt);
    if (err)
        return err;
    return sqlite3_changes(writer->db) ? LB_OK : LB_ERR_ALREADY_EXISTS;
}

lb_err lb_sqlite_erasure_key(struct lb_store_reader *reader, struct lb_erasure_key_row *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(reader, STMT_ERASURE_KEY,
                                            "SELECT key, created_at FROM erasure_key WHERE no = 1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    int code = sqlite3_step(stmt);
    bool whole = code == SQLITE_ROW && sqlite3_column_bytes(stmt, 0) == sizeof out->key;
    if (whole) {
        memcpy(out->key, sqlite3_column_blob(stmt, 0), sizeof out->key);
        out->created_at = sqlite3_column_int64(stmt, 1);
    }
    lb_err err = lb_sqlite_end_row(stmt, code);
    return err || whole ? err : LB_ERR_STORAGE_UNAVAILABLE;
}

lb_err lb_sqlite_erased_name_put(struct lb_store *store, const struct lb_erased_name_row *row)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_ERASED_NAME_PUT,
                                            "INSERT INTO erased_name (workspace, tag, at)"
                                            " VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->workspace);
    sqlite3_bind_blob(stmt, 2, row->tag, sizeof row->tag, SQLITE_STATIC);
    sqlite3_bind_int64(stmt, 3, row->at);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_erased_names(struct lb_store_reader *reader, uint32_t workspace, void *context,
                              lb_err (*each)(void *, const struct lb_erased_name_row *))
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_ERASED_NAMES,
                           "SELECT tag, at FROM erased_name WHERE workspace = ?1 ORDER BY tag");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_reader_rest(reader);
    sqlite3_bind_int64(stmt, 1, workspace);
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_erased_name_row row = {.workspace = workspace,
                                         .at = sqlite3_column_int64(stmt, 1)};
        if (sqlite3_column_bytes(stmt, 0) != sizeof row.tag)
            err = LB_ERR_STORAGE_UNAVAILABLE;
        else
            memcpy(row.tag, sqlite3_column_blob(stmt, 0), sizeof row.tag);
        if (!err)
            err = each(context, &row);
    }
    return lb_sqlite_end_scan(stmt, err, code);
}

/* What stands in place of a seed. */
static void bind_seal(sqlite3_stmt *stmt, int index, const struct lb_log_row *row)
{
    uint8_t seal[LB_DIGEST_SIZE + LB_SEED_SIZE * (3 + LB_ROW_ITEMS_MAX)];
    size_t len = LB_DIGEST_SIZE + row->salts.len;
    memcpy(seal, row->digest, LB_DIGEST_SIZE);
    memcpy(seal + LB_DIGEST_SIZE, row->salts.ptr, row->salts.len);
    sqlite3_bind_blob(stmt, index, seal, (int)len, SQLITE_TRANSIENT);
}

lb_err lb_sqlite_log_rewrite(struct lb_store *store, const struct lb_log_row *row)
{
    struct lb_store_reader *writer = &lb_sqlite_of(store)->writer;
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        writer, STMT_LOG_REWRITE,
        "UPDATE blocklist_log SET reason = ?2, items = ?3, source = ?4, import = ?5, seal = ?6"
        " WHERE id = ?1");
    lb_err err = lb_sqlite_pending_insert(writer);
    if (err || !stmt)
        return err ? err : LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_reader_rest(writer);
    sqlite3_bind_int64(stmt, 1, (int64_t)row->id);
    lb_sqlite_bind_str(stmt, 2, row->reason);
    lb_sqlite_bind_str(stmt, 3, row->items);
    lb_sqlite_bind_str(stmt, 4, row->source);
    lb_sqlite_bind_str(stmt, 5, row->import);
    bind_seal(stmt, 6, row);
    err = lb_sqlite_run(stmt);
    if (!err && sqlite3_changes(writer->db) != 1)
        err = LB_ERR_STORAGE_UNAVAILABLE;
    return err ? err : lb_sqlite_erasure_note(store);
}

static lb_err forget(sqlite3_stmt *stmt, uint32_t workspace, struct lb_str key)
{
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, workspace);
    lb_sqlite_bind_str(stmt, 2, key);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_name_forget(struct lb_store *store, uint32_t workspace, struct lb_str key,
                             struct lb_str value, bool ids)
{
    struct lb_store_reader *writer = &lb_sqlite_of(store)->writer;
    lb_err err =
        forget(lb_sqlite_prepared(writer, STMT_PENDING_FORGET,
                                  "DELETE FROM lead_pending WHERE workspace = ?1 AND key = ?2"),
               workspace, key);
    if (err)
        return err;
    sqlite3_stmt *imports = lb_sqlite_prepared(
        writer, STMT_IMPORTS_FORGET,
        "UPDATE blocklist_import SET"
        " id = CASE WHEN ?3 AND lower(id) = ?2 THEN 'erased-' || no ELSE id END,"
        " column_name = CASE WHEN lower(column_name) = ?2"
        " OR instr(lower(column_name), '/in/' || ?2) THEN NULL ELSE column_name END"
        " WHERE workspace = ?1 AND ((?3 AND lower(id) = ?2) OR lower(column_name) = ?2"
        " OR instr(lower(column_name), '/in/' || ?2))");
    if (imports)
        sqlite3_bind_int(imports, 3, ids);
    return forget(imports, workspace, value);
}

lb_err lb_sqlite_erasure_note(struct lb_store *store)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    sqlite->overwrites = true;
    return lb_sqlite_run(lb_sqlite_prepared(&sqlite->writer, STMT_ERASURE_NOTE,
                                            "UPDATE erasure_key SET overwrite = 1"
                                            " WHERE no = 1 AND overwrite = 0"));
}

/* One process has the database. */
lb_err lb_sqlite_retention_lock(struct lb_store *store)
{
    return LB_OK;
}
