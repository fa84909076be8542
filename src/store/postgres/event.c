#include "store/postgres/internal.h"

#define COLUMNS "number, log, epoch, at, type, campaign, lead, key, detail"

/* The writer holds the workspace's lock: no other node takes the number, and an event that is seen
 * has none before it that is not. */
LB_PG_STATEMENT(EVENT_NUMBER, ONE, "n",
                "SELECT coalesce(max(number), 0) FROM leadblock.event WHERE workspace_id = $1");
LB_PG_STATEMENT(EVENT_APPEND, ONE, "nnnnnnnnnn",
                "INSERT INTO leadblock.event (workspace_id, " COLUMNS
                ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)");

/* The next number of the workspace: asked for once in a transaction. */
static lb_err take_number(struct lb_postgres *postgres, uint32_t workspace, uint64_t *out)
{
    struct lb_pg_touched *touched = lb_pg_touch(postgres, workspace);
    if (!touched)
        return LB_ERR_INTERNAL;
    if (!touched->last_event_known) {
        struct lb_pg_params params = {0};
        PGresult *result;
        lb_pg_add_number(&params, workspace);
        lb_err err = lb_pg_query(&postgres->writer, PG_EVENT_NUMBER, &params, &result);
        if (!err) {
            touched->last_event = (uint64_t)lb_pg_number(result, 0, 0);
            touched->last_event_known = true;
        }
        PQclear(result);
        if (err)
            return err;
    }
    *out = ++touched->last_event;
    return LB_OK;
}

lb_err lb_pg_event_append(struct lb_store *store, const struct lb_event_row *row)
{
    struct lb_pg_params params = {0};
    uint64_t version, number;
    lb_err err = lb_pg_touch_access(lb_postgres_of(store), row->workspace, &version);
    if (!err)
        err = take_number(lb_postgres_of(store), row->workspace, &number);
    if (err)
        return err;
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, (int64_t)number);
    lb_pg_add_number(&params, (int64_t)row->log);
    lb_pg_add_number(&params, (int64_t)row->epoch);
    lb_pg_add_number(&params, row->at);
    lb_pg_add_number(&params, row->type);
    lb_pg_add_number(&params, row->campaign);
    lb_pg_add_number(&params, (int64_t)row->lead);
    lb_pg_add_number(&params, row->actor);
    lb_pg_add_number(&params, (int64_t)row->detail);
    return lb_pg_write(store, PG_EVENT_APPEND, &params);
}

LB_PG_STATEMENT(EVENTS_DROP, ONE, "nnn",
                "DELETE FROM leadblock.event WHERE workspace_id = $1 AND number <"
                " (SELECT max(number) FROM (SELECT number, at FROM leadblock.event"
                " WHERE workspace_id = $1 ORDER BY number LIMIT $3) AS first WHERE at < $2)"
                " RETURNING 1::bigint");

lb_err lb_pg_events_drop(struct lb_store *store, uint32_t workspace, int64_t before, size_t max,
                         size_t *out_count)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, before);
    lb_pg_add_number(&params, (int64_t)max);
    lb_err err = lb_pg_query(&lb_postgres_of(store)->writer, PG_EVENTS_DROP, &params, &result);
    *out_count = err ? 0 : (size_t)PQntuples(result);
    PQclear(result);
    return err;
}

static struct lb_event_row read_event(const PGresult *result, int row, uint32_t workspace)
{
    return (struct lb_event_row){.workspace = workspace,
                                 .number = (uint64_t)lb_pg_number(result, row, 0),
                                 .log = (uint64_t)lb_pg_number(result, row, 1),
                                 .epoch = (uint64_t)lb_pg_number(result, row, 2),
                                 .at = lb_pg_number(result, row, 3),
                                 .type = (uint32_t)lb_pg_number(result, row, 4),
                                 .campaign = (uint32_t)lb_pg_number(result, row, 5),
                                 .lead = (uint64_t)lb_pg_number(result, row, 6),
                                 .actor = (uint32_t)lb_pg_number(result, row, 7),
                                 .detail = (uint64_t)lb_pg_number(result, row, 8)};
}

LB_PG_STATEMENT(EVENT, ONE, "nn",
                "SELECT " COLUMNS " FROM leadblock.event"
                " WHERE workspace_id = $1 AND number <= $2 ORDER BY number DESC LIMIT 1");

lb_err lb_pg_event(struct lb_store_reader *reader, uint32_t workspace, uint64_t number,
                   struct lb_event_row *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, number > INT64_MAX ? INT64_MAX : (int64_t)number);
    lb_err err = lb_pg_query_one(reader, PG_EVENT, &params, &result);
    if (!err)
        *out = read_event(result, 0, workspace);
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(EVENTS_PAGE, ONE, "nnnn",
                "SELECT " COLUMNS " FROM leadblock.event"
                " WHERE workspace_id = $1 AND number > $2 AND log <= $3 ORDER BY number LIMIT $4");

lb_err lb_pg_events_page(struct lb_store_reader *reader, uint32_t workspace, uint64_t above,
                         uint64_t log, size_t take, void *context,
                         lb_err (*each)(void *, const struct lb_event_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)above);
    lb_pg_add_number(&params, (int64_t)log);
    lb_pg_add_number(&params, (int64_t)take);
    lb_err err = lb_pg_query(reader, PG_EVENTS_PAGE, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_event_row row = read_event(result, i, workspace);
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}
