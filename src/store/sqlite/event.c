#include "store/sqlite/internal.h"

#define COLUMNS "number, log, epoch, at, type, campaign, lead, key, detail"

lb_err lb_sqlite_event_append(struct lb_store *store, const struct lb_event_row *row)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_EVENT_APPEND,
                           "INSERT INTO event (workspace, " COLUMNS
                           ") SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3,"
                           " ?4, ?5, ?6, ?7, ?8, ?9 FROM event WHERE workspace = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->workspace);
    sqlite3_bind_int64(stmt, 2, (int64_t)row->log);
    sqlite3_bind_int64(stmt, 3, (int64_t)row->epoch);
    sqlite3_bind_int64(stmt, 4, row->at);
    sqlite3_bind_int64(stmt, 5, row->type);
    sqlite3_bind_int64(stmt, 6, row->campaign);
    sqlite3_bind_int64(stmt, 7, (int64_t)row->lead);
    sqlite3_bind_int64(stmt, 8, row->actor);
    sqlite3_bind_int64(stmt, 9, (int64_t)row->detail);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_events_drop(struct lb_store *store, uint32_t workspace, int64_t before, size_t max,
                             size_t *out_count)
{
    *out_count = 0;
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_EVENTS_DROP,
        "DELETE FROM event WHERE workspace = ?1 AND number < (SELECT max(number) FROM"
        " (SELECT number, at FROM event WHERE workspace = ?1 ORDER BY number LIMIT ?3)"
        " WHERE at < ?2)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, workspace);
    sqlite3_bind_int64(stmt, 2, before);
    sqlite3_bind_int64(stmt, 3, (int64_t)max);
    lb_err err = lb_sqlite_run(stmt);
    if (!err)
        *out_count = (size_t)sqlite3_changes(lb_sqlite_of(store)->writer.db);
    return err;
}

static struct lb_event_row read_event(sqlite3_stmt *stmt, uint32_t workspace)
{
    return (struct lb_event_row){.workspace = workspace,
                                 .number = (uint64_t)sqlite3_column_int64(stmt, 0),
                                 .log = (uint64_t)sqlite3_column_int64(stmt, 1),
                                 .epoch = (uint64_t)sqlite3_column_int64(stmt, 2),
                                 .at = sqlite3_column_int64(stmt, 3),
                                 .type = (uint32_t)sqlite3_column_int64(stmt, 4),
                                 .campaign = (uint32_t)sqlite3_column_int64(stmt, 5),
                                 .lead = (uint64_t)sqlite3_column_int64(stmt, 6),
                                 .actor = (uint32_t)sqlite3_column_int64(stmt, 7),
                                 .detail = (uint64_t)sqlite3_column_int64(stmt, 8)};
}

lb_err lb_sqlite_event(struct lb_store_reader *reader, uint32_t workspace, uint64_t number,
                       struct lb_event_row *out)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_EVENT,
                           "SELECT " COLUMNS " FROM event WHERE workspace = ?1 AND number <= ?2"
                           " ORDER BY number DESC LIMIT 1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, workspace);
    sqlite3_bind_int64(stmt, 2, number > INT64_MAX ? INT64_MAX : (int64_t)number);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW)
        *out = read_event(stmt, workspace);
    return lb_sqlite_end_row(stmt, code);
}

lb_err lb_sqlite_events_page(struct lb_store_reader *reader, uint32_t workspace, uint64_t above,
                             uint64_t log, size_t take, void *context,
                             lb_err (*each)(void *, const struct lb_event_row *))
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_EVENTS_PAGE,
                           "SELECT " COLUMNS " FROM event WHERE workspace = ?1 AND number > ?2"
                           " AND log <= ?3 ORDER BY number LIMIT ?4");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_reader_rest(reader);
    sqlite3_bind_int64(stmt, 1, workspace);
    sqlite3_bind_int64(stmt, 2, (int64_t)above);
    sqlite3_bind_int64(stmt, 3, (int64_t)log);
    sqlite3_bind_int64(stmt, 4, (int64_t)take);
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_event_row row = read_event(stmt, workspace);
        err = each(context, &row);
    }
    return lb_sqlite_end_scan(stmt, err, code);
}
