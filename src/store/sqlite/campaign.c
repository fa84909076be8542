#include "store/sqlite/internal.h"

static const char *const status_names[] = {"draft", "active", "paused", "completed", "error"};

lb_err lb_sqlite_campaign_insert(struct lb_store *store, struct lb_campaign_row *row)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_CAMPAIGN_INSERT,
                           "INSERT INTO campaign (workspace, id, name, status, created_at)"
                           " VALUES (?1, ?2, ?3, ?4, ?5)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->workspace);
    lb_sqlite_bind_str(stmt, 2, lb_str(row->id));
    lb_sqlite_bind_str(stmt, 3, lb_str(row->name));
    lb_sqlite_bind_str(stmt, 4, lb_str(status_names[row->status]));
    sqlite3_bind_int64(stmt, 5, row->created_at);
    sqlite3_step(stmt);
    int code = sqlite3_reset(stmt);
    if (code == SQLITE_CONSTRAINT_UNIQUE)
        return LB_ERR_ALREADY_EXISTS;
    row->no = (uint32_t)sqlite3_last_insert_rowid(lb_sqlite_of(store)->writer.db);
    return code == SQLITE_OK ? LB_OK : lb_sqlite_error(code);
}

lb_err lb_sqlite_campaign_set_status(struct lb_store *store, uint32_t no,
                                     enum lb_campaign_status status)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_CAMPAIGN_SET_STATUS,
                                            "UPDATE campaign SET status = ?2 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    lb_sqlite_bind_str(stmt, 2, lb_str(status_names[status]));
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_campaign_delete(struct lb_store *store, uint32_t no, int64_t at)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_CAMPAIGN_DELETE,
                                            "UPDATE campaign SET deleted_at = ?2 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    sqlite3_bind_int64(stmt, 2, at);
    return lb_sqlite_run(stmt);
}

static enum lb_campaign_status status_of(struct lb_str name)
{
    for (int status = LB_CAMPAIGN_DRAFT; status < LB_CAMPAIGN_ERROR; status++)
        if (lb_str_equal(name, lb_str(status_names[status])))
            return (enum lb_campaign_status)status;
    return LB_CAMPAIGN_ERROR;
}

lb_err lb_sqlite_load_campaigns(struct lb_store *store, void *context,
                                lb_err (*each)(void *, const struct lb_campaign_row *))
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(lb_sqlite_of(store)->writer.db,
                                  "SELECT no, workspace, id, name, status, created_at"
                                  " FROM campaign WHERE deleted_at IS NULL ORDER BY no",
                                  -1, &stmt, NULL);
    lb_err err = LB_OK;
    while (code == SQLITE_OK && !err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_campaign_row row = {.no = (uint32_t)sqlite3_column_int64(stmt, 0),
                                      .workspace = (uint32_t)sqlite3_column_int64(stmt, 1),
                                      .status = status_of(lb_sqlite_column_str(stmt, 4)),
                                      .created_at = sqlite3_column_int64(stmt, 5)};
        lb_str_copy(lb_sqlite_column_str(stmt, 2), row.id, sizeof row.id);
        lb_str_copy(lb_sqlite_column_str(stmt, 3), row.name, sizeof row.name);
        err = each(context, &row);
        code = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    return err || code == SQLITE_OK || code == SQLITE_DONE ? err : lb_sqlite_error(code);
}
