#include "store/sqlite/internal.h"

#include "store/row_number.h"

lb_err lb_sqlite_audit_append(struct lb_store *store, const struct lb_audit_row *row)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_AUDIT_APPEND,
                           "INSERT INTO audit_log (workspace, key, at, action, target, source, id)"
                           " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->workspace);
    sqlite3_bind_int64(stmt, 2, row->actor);
    sqlite3_bind_int64(stmt, 3, row->at);
    lb_sqlite_bind_str(stmt, 4, row->action);
    lb_sqlite_bind_str(stmt, 5, row->target);
    lb_sqlite_bind_str(stmt, 6, row->source);
    sqlite3_bind_int64(stmt, 7, (int64_t)lb_row_number_of_time(row->at));
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_audit_page(struct lb_store_reader *reader, uint32_t workspace, uint64_t below,
                            size_t take, void *context,
                            lb_err (*each)(void *, const struct lb_audit_row *))
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_AUDIT_PAGE,
                           "SELECT id, key, at, action, target, source FROM audit_log"
                           " WHERE workspace = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_reader_rest(reader);
    sqlite3_bind_int64(stmt, 1, workspace);
    sqlite3_bind_int64(stmt, 2, below ? (int64_t)below : INT64_MAX);
    sqlite3_bind_int64(stmt, 3, (int64_t)take);
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_audit_row row = {.id = (uint64_t)sqlite3_column_int64(stmt, 0),
                                   .workspace = workspace,
                                   .actor = (uint32_t)sqlite3_column_int64(stmt, 1),
                                   .at = sqlite3_column_int64(stmt, 2),
                                   .action = lb_sqlite_column_str(stmt, 3),
                                   .target = lb_sqlite_column_str(stmt, 4),
                                   .source = lb_sqlite_column_str(stmt, 5)};
        err = each(context, &row);
    }
    return lb_sqlite_end_scan(stmt, err, code);
}

lb_err lb_sqlite_import_changes(struct lb_store_reader *reader, uint32_t workspace,
                                struct lb_str id, uint64_t below, size_t max, uint64_t *out,
                                size_t *out_count)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_IMPORT_CHANGES,
        "SELECT number FROM blocklist_log WHERE workspace = ?1 AND import = ?2 AND continues = 0"
        " AND number < ?3 ORDER BY number DESC LIMIT ?4");
    *out_count = 0;
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, workspace);
    lb_sqlite_bind_str(stmt, 2, id);
    sqlite3_bind_int64(stmt, 3, below > INT64_MAX ? INT64_MAX : (int64_t)below);
    sqlite3_bind_int64(stmt, 4, (int64_t)max);
    int code = SQLITE_ROW;
    while (*out_count < max && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        out[(*out_count)++] = (uint64_t)sqlite3_column_int64(stmt, 0);
    return lb_sqlite_end_scan(stmt, LB_OK, *out_count == max ? SQLITE_DONE : code);
}

lb_err lb_sqlite_user_ever(struct lb_store_reader *reader, struct lb_str id,
                           struct lb_user_row *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(reader, STMT_USER_EVER,
                                            "SELECT no, id, email FROM account WHERE id = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_bind_str(stmt, 1, id);
    int code = sqlite3_step(stmt);
    *out = (struct lb_user_row){0};
    if (code == SQLITE_ROW) {
        out->no = (uint32_t)sqlite3_column_int64(stmt, 0);
        lb_str_copy(lb_sqlite_column_str(stmt, 1), out->id, sizeof out->id);
        lb_str_copy(lb_sqlite_column_str(stmt, 2), out->email, sizeof out->email);
    }
    return lb_sqlite_end_row(stmt, code);
}

lb_err lb_sqlite_checks_add(struct lb_store *store, const struct lb_checks_row *row)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_CHECKS_ADD,
        "INSERT INTO check_count (workspace, day, checks, blocked) VALUES (?1, ?2, ?3, ?4)"
        " ON CONFLICT (workspace, day) DO UPDATE SET checks = checks + excluded.checks,"
        " blocked = blocked + excluded.blocked");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->workspace);
    sqlite3_bind_int64(stmt, 2, row->day);
    sqlite3_bind_int64(stmt, 3, (int64_t)row->checks);
    sqlite3_bind_int64(stmt, 4, (int64_t)row->blocked);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_checks(struct lb_store_reader *reader, uint32_t workspace, uint32_t first_day,
                        void *context, lb_err (*each)(void *, const struct lb_checks_row *))
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(reader, STMT_CHECKS,
                                            "SELECT day, checks, blocked FROM check_count"
                                            " WHERE workspace = ?1 AND day >= ?2 ORDER BY day");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_reader_rest(reader);
    sqlite3_bind_int64(stmt, 1, workspace);
    sqlite3_bind_int64(stmt, 2, first_day);
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_checks_row row = {.workspace = workspace,
                                    .day = (uint32_t)sqlite3_column_int64(stmt, 0),
                                    .checks = (uint64_t)sqlite3_column_int64(stmt, 1),
                                    .blocked = (uint64_t)sqlite3_column_int64(stmt, 2)};
        err = each(context, &row);
    }
    return lb_sqlite_end_scan(stmt, err, code);
}
