#include "store/sqlite/internal.h"

lb_err lb_sqlite_variant_insert(struct lb_store *store, struct lb_variant_row *row)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&sqlite->writer, STMT_VARIANT_INSERT,
                           "INSERT INTO step_variant (workspace, campaign, step, body, icp,"
                           " disabled, done, accepted, replied, no)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->workspace);
    sqlite3_bind_int64(stmt, 2, row->campaign);
    sqlite3_bind_int64(stmt, 3, (int64_t)row->step);
    lb_sqlite_bind_str(stmt, 4, row->body);
    lb_sqlite_bind_str(stmt, 5, row->icp);
    sqlite3_bind_int(stmt, 6, row->disabled);
    sqlite3_bind_int64(stmt, 7, row->counts.done);
    sqlite3_bind_int64(stmt, 8, row->counts.accepted);
    sqlite3_bind_int64(stmt, 9, row->counts.replied);
    return lb_sqlite_insert_numbered(sqlite, stmt, 10, row->workspace, &row->no);
}

lb_err lb_sqlite_variant_update(struct lb_store *store, const struct lb_variant_row *row)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_VARIANT_UPDATE,
                           "UPDATE step_variant SET body = ?2, icp = ?3, disabled = ?4"
                           " WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)row->no);
    lb_sqlite_bind_str(stmt, 2, row->body);
    lb_sqlite_bind_str(stmt, 3, row->icp);
    sqlite3_bind_int(stmt, 4, row->disabled);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_variant_delete(struct lb_store *store, uint32_t workspace, uint64_t no)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_VARIANT_DELETE,
                                            "DELETE FROM step_variant WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)no);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_variant_count(struct lb_store *store, uint32_t workspace, uint64_t no,
                               const struct lb_variant_counts *more)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_VARIANT_COUNT,
                           "UPDATE step_variant SET done = done + ?2, accepted = accepted + ?3,"
                           " replied = replied + ?4 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)no);
    sqlite3_bind_int64(stmt, 2, more->done);
    sqlite3_bind_int64(stmt, 3, more->accepted);
    sqlite3_bind_int64(stmt, 4, more->replied);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_variants_drop(struct lb_store *store, uint32_t workspace, uint32_t campaign,
                               uint64_t step)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_VARIANTS_DROP,
                           "DELETE FROM step_variant WHERE campaign = ?1 AND ?2 IN (0, step)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, campaign);
    sqlite3_bind_int64(stmt, 2, (int64_t)step);
    return lb_sqlite_run(stmt);
}

/* A string that could not be read, because memory was short, must not look like a missing one. */
static bool is_complete(sqlite3_stmt *stmt, const struct lb_variant_row *row, int64_t texts)
{
    if (texts != LB_TEXTS_ALL && texts != (int64_t)row->step)
        return true;
    return row->body.ptr && (row->icp.ptr || sqlite3_column_type(stmt, 4) == SQLITE_NULL);
}

lb_err lb_sqlite_variants(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                          int64_t texts, void *context,
                          lb_err (*each)(void *, const struct lb_variant_row *))
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_VARIANTS,
                           "SELECT no, workspace, step, CASE WHEN ?2 IN (step, ?3) THEN body END,"
                           " CASE WHEN ?2 IN (step, ?3) THEN icp END, disabled, done, accepted,"
                           " replied FROM step_variant WHERE campaign = ?1 ORDER BY step, no");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, campaign);
    sqlite3_bind_int64(stmt, 2, texts);
    sqlite3_bind_int64(stmt, 3, LB_TEXTS_ALL);
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_variant_row row = {.no = (uint64_t)sqlite3_column_int64(stmt, 0),
                                     .workspace = (uint32_t)sqlite3_column_int64(stmt, 1),
                                     .campaign = campaign,
                                     .step = (uint64_t)sqlite3_column_int64(stmt, 2),
                                     .body = lb_sqlite_column_str(stmt, 3),
                                     .icp = lb_sqlite_column_str(stmt, 4),
                                     .disabled = sqlite3_column_int(stmt, 5) != 0,
                                     .counts = {sqlite3_column_int64(stmt, 6),
                                                sqlite3_column_int64(stmt, 7),
                                                sqlite3_column_int64(stmt, 8)}};
        err = is_complete(stmt, &row, texts) ? each(context, &row) : LB_ERR_STORAGE_UNAVAILABLE;
    }
    return lb_sqlite_end_scan(stmt, err, code);
}
