#include "store/sqlite/internal.h"

#include "store/names.h"

/* What insert and update have in common. */
static void bind_step(sqlite3_stmt *stmt, const struct lb_step_row *row)
{
    sqlite3_bind_int64(stmt, 2, row->position);
    lb_sqlite_bind_str(stmt, 3, lb_str(lb_step_type_name(row->type)));
    sqlite3_bind_int64(stmt, 4, row->delay_hours);
    sqlite3_bind_int(stmt, 5, row->stop_on_reply);
    lb_sqlite_bind_str(stmt, 6, row->body);
    lb_sqlite_bind_number(stmt, 7, row->deleted_at);
}

lb_err lb_sqlite_step_insert(struct lb_store *store, struct lb_step_row *row)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&sqlite->writer, STMT_STEP_INSERT,
                           "INSERT INTO step (workspace, position, type, delay_hours,"
                           " stop_on_reply, body, deleted_at, campaign, no)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->workspace);
    bind_step(stmt, row);
    sqlite3_bind_int64(stmt, 8, row->campaign);
    return lb_sqlite_insert_numbered(sqlite, stmt, 9, row->workspace, &row->no);
}

lb_err lb_sqlite_step_update(struct lb_store *store, const struct lb_step_row *row)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_STEP_UPDATE,
                           "UPDATE step SET position = ?2, type = ?3, delay_hours = ?4,"
                           " stop_on_reply = ?5, body = ?6, deleted_at = ?7 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)row->no);
    bind_step(stmt, row);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_step_place(struct lb_store *store, uint32_t workspace, uint64_t no,
                            uint32_t position)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_STEP_PLACE,
                                            "UPDATE step SET position = ?2 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)no);
    sqlite3_bind_int64(stmt, 2, position);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_steps_drop(struct lb_store *store, uint32_t workspace, uint32_t campaign)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_STEPS_DROP,
                                            "DELETE FROM step WHERE campaign = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, campaign);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_steps(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                       int64_t texts, void *context,
                       lb_err (*each)(void *, const struct lb_step_row *))
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_STEPS,
                           "SELECT no, workspace, position, type, delay_hours, stop_on_reply,"
                           " CASE WHEN ?2 IN (no, ?3) THEN body END, deleted_at"
                           " FROM step WHERE campaign = ?1 ORDER BY position, no");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, campaign);
    sqlite3_bind_int64(stmt, 2, texts);
    sqlite3_bind_int64(stmt, 3, LB_TEXTS_ALL);
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_step_row row = {.no = (uint64_t)sqlite3_column_int64(stmt, 0),
                                  .workspace = (uint32_t)sqlite3_column_int64(stmt, 1),
                                  .campaign = campaign,
                                  .position = (uint32_t)sqlite3_column_int64(stmt, 2),
                                  .type = lb_step_type_stored(lb_sqlite_column_str(stmt, 3)),
                                  .delay_hours = (uint32_t)sqlite3_column_int64(stmt, 4),
                                  .stop_on_reply = sqlite3_column_int(stmt, 5) != 0,
                                  .body = lb_sqlite_column_str(stmt, 6),
                                  .deleted_at = sqlite3_column_int64(stmt, 7)};
        err = each(context, &row);
    }
    return lb_sqlite_end_scan(stmt, err, code);
}
