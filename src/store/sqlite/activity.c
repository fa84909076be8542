#include "store/sqlite/internal.h"

#define ACTIVITY_COLUMNS                                                                           \
    "lead, step, workspace, campaign, state, attempts, retries, lease_token, lease_until,"         \
    " claimed_at, completed_at, changed_at, detail, variant"

lb_err lb_sqlite_activity_put(struct lb_store *store, const struct lb_activity_row *row)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_ACTIVITY_PUT,
                           "REPLACE INTO activity (" ACTIVITY_COLUMNS ")"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)row->lead);
    sqlite3_bind_int64(stmt, 2, (int64_t)row->step);
    sqlite3_bind_int64(stmt, 3, row->workspace);
    sqlite3_bind_int64(stmt, 4, row->campaign);
    sqlite3_bind_int(stmt, 5, (int)row->state);
    sqlite3_bind_int64(stmt, 6, row->attempts);
    sqlite3_bind_int64(stmt, 7, row->retries);
    lb_sqlite_bind_str(stmt, 8, lb_str(row->lease_token[0] ? row->lease_token : NULL));
    lb_sqlite_bind_number(stmt, 9, row->lease_until);
    lb_sqlite_bind_number(stmt, 10, row->claimed_at);
    lb_sqlite_bind_number(stmt, 11, row->completed_at);
    sqlite3_bind_int64(stmt, 12, row->changed_at);
    lb_sqlite_bind_str(stmt, 13, row->detail);
    lb_sqlite_bind_number(stmt, 14, (int64_t)row->variant);
    return lb_sqlite_run(stmt);
}

static void read_activity(sqlite3_stmt *stmt, struct lb_activity_row *out)
{
    *out = (struct lb_activity_row){.lead = (uint64_t)sqlite3_column_int64(stmt, 0),
                                    .step = (uint64_t)sqlite3_column_int64(stmt, 1),
                                    .workspace = (uint32_t)sqlite3_column_int64(stmt, 2),
                                    .campaign = (uint32_t)sqlite3_column_int64(stmt, 3),
                                    .state = (enum lb_activity_state)sqlite3_column_int(stmt, 4),
                                    .attempts = (uint32_t)sqlite3_column_int64(stmt, 5),
                                    .retries = (uint32_t)sqlite3_column_int64(stmt, 6),
                                    .lease_until = sqlite3_column_int64(stmt, 8),
                                    .claimed_at = sqlite3_column_int64(stmt, 9),
                                    .completed_at = sqlite3_column_int64(stmt, 10),
                                    .changed_at = sqlite3_column_int64(stmt, 11),
                                    .detail = lb_sqlite_column_str(stmt, 12),
                                    .variant = (uint64_t)sqlite3_column_int64(stmt, 13)};
    lb_str_copy(lb_sqlite_column_str(stmt, 7), out->lease_token, sizeof out->lease_token);
}

lb_err lb_sqlite_activity(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead,
                          uint64_t step, struct lb_activity_row *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(reader, STMT_ACTIVITY,
                                            "SELECT " ACTIVITY_COLUMNS
                                            " FROM activity WHERE lead = ?1 AND step = ?2");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_reset(stmt);
    sqlite3_bind_int64(stmt, 1, (int64_t)lead);
    sqlite3_bind_int64(stmt, 2, (int64_t)step);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        read_activity(stmt, out);
        return LB_OK;
    }
    return lb_sqlite_end_row(stmt, code);
}

/* Of one state, or nothing when its bit is not set; merged by the order of the index. */
#define ACTIVITIES_IN(state)                                                                       \
    "SELECT " ACTIVITY_COLUMNS " FROM activity"                                                    \
    " WHERE campaign = ?1 AND state = " #state " AND (?2 >> " #state " & 1)"

lb_err lb_sqlite_activities_page(struct lb_store_reader *reader, uint32_t workspace,
                                 uint32_t campaign, unsigned states, uint64_t skip, size_t take,
                                 void *context,
                                 lb_err (*each)(void *, const struct lb_activity_row *))
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_ACTIVITIES_PAGE,
        ACTIVITIES_IN(0) " UNION ALL " ACTIVITIES_IN(1) " UNION ALL " ACTIVITIES_IN(
            2) " UNION ALL " ACTIVITIES_IN(3) " UNION ALL " ACTIVITIES_IN(4) " ORDER BY changed_at "
                                                                             "DESC, lead DESC, "
                                                                             "step DESC LIMIT ?4 "
                                                                             "OFFSET ?3");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, campaign);
    sqlite3_bind_int64(stmt, 2, states);
    sqlite3_bind_int64(stmt, 3, (int64_t)skip);
    sqlite3_bind_int64(stmt, 4, (int64_t)take);
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_activity_row row;
        read_activity(stmt, &row);
        err = each(context, &row);
    }
    return lb_sqlite_end_scan(stmt, err, code);
}
