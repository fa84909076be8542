#include "store/sqlite/internal.h"

#include "store/names.h"

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
    lb_sqlite_bind_str(stmt, 4, lb_str(lb_campaign_status_name(row->status)));
    sqlite3_bind_int64(stmt, 5, row->created_at);
    sqlite3_step(stmt);
    int code = sqlite3_reset(stmt);
    if (code == SQLITE_CONSTRAINT_UNIQUE)
        return LB_ERR_ALREADY_EXISTS;
    row->no = (uint32_t)sqlite3_last_insert_rowid(lb_sqlite_of(store)->writer.db);
    return code == SQLITE_OK ? LB_OK : lb_sqlite_error(code);
}

lb_err lb_sqlite_campaign_set_status(struct lb_store *store, uint32_t workspace, uint32_t no,
                                     enum lb_campaign_status status)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_CAMPAIGN_SET_STATUS,
                                            "UPDATE campaign SET status = ?2 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    lb_sqlite_bind_str(stmt, 2, lb_str(lb_campaign_status_name(status)));
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_campaign_delete(struct lb_store *store, uint32_t workspace, uint32_t no,
                                 int64_t at)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_CAMPAIGN_DELETE,
                                            "UPDATE campaign SET deleted_at = ?2 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    sqlite3_bind_int64(stmt, 2, at);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_campaign_end_list(struct lb_store *store, uint32_t workspace, uint32_t no,
                                   int64_t at)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_CAMPAIGN_END_LIST,
                                            "UPDATE campaign SET list_ended_at = ?2 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    sqlite3_bind_int64(stmt, 2, at);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_campaign_revive(struct lb_store *store, const struct lb_campaign_row *row)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_CAMPAIGN_REVIVE,
        "UPDATE campaign SET name = ?2, status = ?3, created_at = ?4, deleted_at = NULL,"
        " activated_at = NULL, variables = NULL, leads_waiting = 0, leads_active = 0,"
        " leads_paused = 0, leads_completed = 0, leads_error = 0, leads_set_aside = 0,"
        " leads_invited = 0, leads_accepted = 0, leads_contacted = 0, leads_replied = 0,"
        " leads_skipped = 0, block_on_reply = 0, skip_contacted_days = 0, stop_colleagues = 0"
        " WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->no);
    lb_sqlite_bind_str(stmt, 2, lb_str(row->name));
    lb_sqlite_bind_str(stmt, 3, lb_str(lb_campaign_status_name(row->status)));
    sqlite3_bind_int64(stmt, 4, row->created_at);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_campaign_kept(struct lb_store_reader *reader, uint32_t workspace, struct lb_str id,
                               uint32_t *out_no, int64_t *out_created_at)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_CAMPAIGN_KEPT,
                           "SELECT no, created_at FROM campaign WHERE workspace = ?1 AND id = ?2"
                           " AND deleted_at IS NOT NULL AND list_ended_at IS NULL");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_reset(stmt);
    sqlite3_bind_int64(stmt, 1, workspace);
    lb_sqlite_bind_str(stmt, 2, id);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        *out_no = (uint32_t)sqlite3_column_int64(stmt, 0);
        *out_created_at = sqlite3_column_int64(stmt, 1);
    }
    return lb_sqlite_end_row(stmt, code);
}

lb_err lb_sqlite_load_campaigns(struct lb_store *store, void *context,
                                lb_err (*each)(void *, const struct lb_campaign_row *))
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(lb_sqlite_of(store)->writer.db,
                                  "SELECT no, workspace, id, name, status, created_at,"
                                  " EXISTS (SELECT 1 FROM lead WHERE campaign = campaign.no),"
                                  " deleted_at IS NOT NULL FROM campaign"
                                  " WHERE deleted_at IS NULL OR list_ended_at IS NULL"
                                  " ORDER BY created_at, no",
                                  -1, &stmt, NULL);
    lb_err err = LB_OK;
    while (code == SQLITE_OK && !err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_campaign_row row = {.no = (uint32_t)sqlite3_column_int64(stmt, 0),
                                      .workspace = (uint32_t)sqlite3_column_int64(stmt, 1),
                                      .status =
                                          lb_campaign_status_stored(lb_sqlite_column_str(stmt, 4)),
                                      .created_at = sqlite3_column_int64(stmt, 5),
                                      .has_leads = sqlite3_column_int(stmt, 6) != 0,
                                      .deleted = sqlite3_column_int(stmt, 7) != 0};
        lb_str_copy(lb_sqlite_column_str(stmt, 2), row.id, sizeof row.id);
        lb_str_copy(lb_sqlite_column_str(stmt, 3), row.name, sizeof row.name);
        err = each(context, &row);
        code = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    return err || code == SQLITE_OK || code == SQLITE_DONE ? err : lb_sqlite_error(code);
}

lb_err lb_sqlite_load_deleted_campaigns(struct lb_store *store, void *context,
                                        lb_err (*each)(void *, uint32_t workspace,
                                                       uint32_t campaign))
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(lb_sqlite_of(store)->writer.db,
                                  "SELECT workspace, no FROM campaign WHERE deleted_at IS NOT NULL"
                                  " AND (EXISTS (SELECT 1 FROM lead WHERE campaign = campaign.no)"
                                  " OR EXISTS (SELECT 1 FROM step WHERE campaign = campaign.no))",
                                  -1, &stmt, NULL);
    lb_err err = LB_OK;
    while (code == SQLITE_OK && !err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        err = each(context, (uint32_t)sqlite3_column_int64(stmt, 0),
                   (uint32_t)sqlite3_column_int64(stmt, 1));
        code = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    return err || code == SQLITE_OK || code == SQLITE_DONE ? err : lb_sqlite_error(code);
}

lb_err lb_sqlite_campaign_activated(struct lb_store *store, uint32_t workspace, uint32_t no,
                                    int64_t at)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_CAMPAIGN_ACTIVATED,
                                            "UPDATE campaign SET activated_at = ?2 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    sqlite3_bind_int64(stmt, 2, at);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_campaign_set_name(struct lb_store *store, uint32_t workspace, uint32_t no,
                                   struct lb_str name)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_CAMPAIGN_SET_NAME,
                                            "UPDATE campaign SET name = ?2 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    lb_sqlite_bind_str(stmt, 2, name);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_campaign_set_variables(struct lb_store *store, uint32_t workspace, uint32_t no,
                                        struct lb_str variables)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_CAMPAIGN_SET_VARIABLES,
                           "UPDATE campaign SET variables = ?2 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    lb_sqlite_bind_str(stmt, 2, variables);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_campaign_set_settings(struct lb_store *store, uint32_t workspace, uint32_t no,
                                       const struct lb_campaign_settings *settings)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_CAMPAIGN_SET_SETTINGS,
                           "UPDATE campaign SET block_on_reply = ?2, stop_colleagues = ?3,"
                           " skip_contacted_days = ?4 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, no);
    sqlite3_bind_int(stmt, 2, settings->block_on_reply);
    sqlite3_bind_int(stmt, 3, settings->stop_colleagues);
    sqlite3_bind_int64(stmt, 4, settings->skip_contacted_days);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_campaign_count(struct lb_store *store, uint32_t workspace, uint32_t no,
                                const struct lb_counts *change)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_CAMPAIGN_COUNT,
        "UPDATE campaign SET leads_waiting = leads_waiting + ?1, leads_active = leads_active + ?2,"
        " leads_paused = leads_paused + ?3, leads_completed = leads_completed + ?4,"
        " leads_error = leads_error + ?5, leads_set_aside = leads_set_aside + ?6,"
        " leads_invited = leads_invited + ?7, leads_accepted = leads_accepted + ?8,"
        " leads_contacted = leads_contacted + ?9, leads_replied = leads_replied + ?10,"
        " leads_skipped = leads_skipped + ?11 WHERE no = ?12");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    const int64_t *numbers[LB_COUNTS_FIELDS] = LB_COUNTS_IN_ORDER(change);
    for (int i = 0; i < LB_COUNTS_FIELDS; i++)
        sqlite3_bind_int64(stmt, i + 1, *numbers[i]);
    sqlite3_bind_int64(stmt, LB_COUNTS_FIELDS + 1, no);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_campaign_state(struct lb_store_reader *reader, uint32_t workspace, uint32_t no,
                                struct lb_campaign_state *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_CAMPAIGN_STATE,
        "SELECT leads_waiting, leads_active, leads_paused, leads_completed, leads_error,"
        " leads_set_aside, leads_invited, leads_accepted, leads_contacted, leads_replied,"
        " leads_skipped, status, activated_at, variables, block_on_reply, stop_colleagues,"
        " skip_contacted_days FROM campaign WHERE no = ?1 AND deleted_at IS NULL");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_reset(stmt);
    sqlite3_bind_int64(stmt, 1, no);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        int64_t *numbers[LB_COUNTS_FIELDS] = LB_COUNTS_IN_ORDER(&out->counts);
        for (int i = 0; i < LB_COUNTS_FIELDS; i++)
            *numbers[i] = sqlite3_column_int64(stmt, i);
        out->status = lb_campaign_status_stored(lb_sqlite_column_str(stmt, LB_COUNTS_FIELDS));
        out->activated_at = sqlite3_column_int64(stmt, LB_COUNTS_FIELDS + 1);
        out->variables = lb_sqlite_column_str(stmt, LB_COUNTS_FIELDS + 2);
        out->settings = (struct lb_campaign_settings){
            .block_on_reply = sqlite3_column_int(stmt, LB_COUNTS_FIELDS + 3) != 0,
            .stop_colleagues = sqlite3_column_int(stmt, LB_COUNTS_FIELDS + 4) != 0,
            .skip_contacted_days = (uint32_t)sqlite3_column_int64(stmt, LB_COUNTS_FIELDS + 5)};
        return LB_OK;
    }
    return lb_sqlite_end_row(stmt, code);
}

lb_err lb_sqlite_leads_total(struct lb_store_reader *reader, uint32_t workspace, uint64_t *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_LEADS_TOTAL,
        "SELECT total(leads_waiting + leads_active + leads_paused + leads_completed + leads_error)"
        " FROM campaign WHERE workspace = ?1 AND deleted_at IS NULL");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_reset(stmt);
    sqlite3_bind_int64(stmt, 1, workspace);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *out = (uint64_t)sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return code == SQLITE_ROW ? LB_OK : lb_sqlite_error(code);
}
