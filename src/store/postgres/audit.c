#include "store/postgres/internal.h"

#include "store/row_number.h"

LB_PG_STATEMENT(
    AUDIT_APPEND, ONE, "nnnnttt",
    "INSERT INTO leadblock.audit_log (workspace_id, id, key, at, action, target, source)"
    " VALUES ($1, $2, $3, $4, $5, $6, $7)");

lb_err lb_pg_audit_append(struct lb_store *store, const struct lb_audit_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, (int64_t)lb_row_number_of_time(row->at));
    lb_pg_add_number(&params, row->actor);
    lb_pg_add_number(&params, row->at);
    lb_pg_add_text(&params, row->action);
    lb_pg_add_text(&params, row->target);
    lb_pg_add_text(&params, row->source);
    return lb_pg_write(store, PG_AUDIT_APPEND, &params);
}

LB_PG_STATEMENT(AUDIT_PAGE, ONE, "nnn",
                "SELECT id, key, at, action, target, source FROM leadblock.audit_log"
                " WHERE workspace_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3");

lb_err lb_pg_audit_page(struct lb_store_reader *reader, uint32_t workspace, uint64_t below,
                        size_t take, void *context,
                        lb_err (*each)(void *, const struct lb_audit_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, below ? (int64_t)below : INT64_MAX);
    lb_pg_add_number(&params, (int64_t)take);
    lb_err err = lb_pg_query(reader, PG_AUDIT_PAGE, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_audit_row row = {.id = (uint64_t)lb_pg_number(result, i, 0),
                                   .workspace = workspace,
                                   .actor = (uint32_t)lb_pg_number(result, i, 1),
                                   .at = lb_pg_number(result, i, 2),
                                   .action = lb_pg_text(result, i, 3),
                                   .target = lb_pg_text(result, i, 4),
                                   .source = lb_pg_text(result, i, 5)};
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(IMPORT_CHANGES, ONE, "ntnn",
                "SELECT id FROM leadblock.blocklist_log WHERE workspace_id = $1 AND import = $2"
                " AND NOT continues AND id < $3 ORDER BY id DESC LIMIT $4");

lb_err lb_pg_import_changes(struct lb_store_reader *reader, uint32_t workspace, struct lb_str id,
                            uint64_t below, size_t max, uint64_t *out, size_t *out_count)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_text(&params, id);
    lb_pg_add_number(&params, below > INT64_MAX ? INT64_MAX : (int64_t)below);
    lb_pg_add_number(&params, (int64_t)max);
    lb_err err = lb_pg_query(reader, PG_IMPORT_CHANGES, &params, &result);
    *out_count = err ? 0 : (size_t)PQntuples(result);
    for (size_t i = 0; i < *out_count; i++)
        out[i] = (uint64_t)lb_pg_number(result, (int)i, 0);
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(USER_EVER, ONE, "t",
                "SELECT no, id, email FROM leadblock.account WHERE workspace_id = 0 AND id = $1");

lb_err lb_pg_user_ever(struct lb_store_reader *reader, struct lb_str id, struct lb_user_row *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_text(&params, id);
    lb_err err = lb_pg_query_one(reader, PG_USER_EVER, &params, &result);
    *out = (struct lb_user_row){0};
    if (!err) {
        out->no = (uint32_t)lb_pg_number(result, 0, 0);
        lb_str_copy(lb_pg_text(result, 0, 1), out->id, sizeof out->id);
        lb_str_copy(lb_pg_text(result, 0, 2), out->email, sizeof out->email);
    }
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(CHECKS_ADD, ONE, "nnnn",
                "INSERT INTO leadblock.check_count AS c (workspace_id, day, checks, blocked)"
                " VALUES ($1, $2, $3, $4) ON CONFLICT (workspace_id, day) DO UPDATE"
                " SET checks = c.checks + EXCLUDED.checks, blocked = c.blocked + EXCLUDED.blocked");

lb_err lb_pg_checks_add(struct lb_store *store, const struct lb_checks_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, row->day);
    lb_pg_add_number(&params, (int64_t)row->checks);
    lb_pg_add_number(&params, (int64_t)row->blocked);
    return lb_pg_write(store, PG_CHECKS_ADD, &params);
}

LB_PG_STATEMENT(CHECKS, ONE, "nn",
                "SELECT day, checks, blocked FROM leadblock.check_count"
                " WHERE workspace_id = $1 AND day >= $2 ORDER BY day");

lb_err lb_pg_checks(struct lb_store_reader *reader, uint32_t workspace, uint32_t first_day,
                    void *context, lb_err (*each)(void *, const struct lb_checks_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, first_day);
    lb_err err = lb_pg_query(reader, PG_CHECKS, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_checks_row row = {.workspace = workspace,
                                    .day = (uint32_t)lb_pg_number(result, i, 0),
                                    .checks = (uint64_t)lb_pg_number(result, i, 1),
                                    .blocked = (uint64_t)lb_pg_number(result, i, 2)};
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}
