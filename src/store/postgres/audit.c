#include "store/postgres/internal.h"

lb_err lb_pg_audit_append(struct lb_store *store, const struct lb_audit_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, row->actor);
    lb_pg_add_number(&params, row->at);
    lb_pg_add_text(&params, row->action);
    lb_pg_add_text(&params, row->target);
    lb_pg_add_text(&params, row->source);
    return lb_pg_write(store, PG_AUDIT_APPEND, &params);
}

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

lb_err lb_pg_checks_add(struct lb_store *store, const struct lb_checks_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, row->day);
    lb_pg_add_number(&params, (int64_t)row->checks);
    lb_pg_add_number(&params, (int64_t)row->blocked);
    return lb_pg_write(store, PG_CHECKS_ADD, &params);
}

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
