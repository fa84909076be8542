#include "store/postgres/internal.h"

#define ACTIVITY_COLUMNS                                                                           \
    "lead, step, workspace_id, campaign, state, attempts, retries, lease_token, lease_until,"      \
    " claimed_at, completed_at, changed_at, detail, variant"

LB_PG_STATEMENT(
    ACTIVITY_PUT, ONE, "nnnnnnntnnnntn",
    "INSERT INTO leadblock.activity (" ACTIVITY_COLUMNS ") VALUES"
    " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)"
    " ON CONFLICT (workspace_id, lead, step) DO UPDATE SET campaign = EXCLUDED.campaign,"
    " state = EXCLUDED.state, attempts = EXCLUDED.attempts, retries = EXCLUDED.retries,"
    " lease_token = EXCLUDED.lease_token, lease_until = EXCLUDED.lease_until,"
    " claimed_at = EXCLUDED.claimed_at, completed_at = EXCLUDED.completed_at,"
    " changed_at = EXCLUDED.changed_at, detail = EXCLUDED.detail, variant = EXCLUDED.variant");

lb_err lb_pg_activity_put(struct lb_store *store, const struct lb_activity_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_forget_activity(&lb_postgres_of(store)->writer, row->workspace, row->lead, row->step);
    lb_pg_add_number(&params, (int64_t)row->lead);
    lb_pg_add_number(&params, (int64_t)row->step);
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, row->campaign);
    lb_pg_add_number(&params, (int64_t)row->state);
    lb_pg_add_number(&params, row->attempts);
    lb_pg_add_number(&params, row->retries);
    lb_pg_add_text(&params, lb_str(row->lease_token[0] ? row->lease_token : NULL));
    lb_pg_add_number_or_null(&params, row->lease_until);
    lb_pg_add_number_or_null(&params, row->claimed_at);
    lb_pg_add_number_or_null(&params, row->completed_at);
    lb_pg_add_number(&params, row->changed_at);
    lb_pg_add_text(&params, row->detail);
    lb_pg_add_number_or_null(&params, (int64_t)row->variant);
    return lb_pg_write(store, PG_ACTIVITY_PUT, &params);
}

static void read_activity(const PGresult *result, int row, struct lb_activity_row *out)
{
    *out = (struct lb_activity_row){.lead = (uint64_t)lb_pg_number(result, row, 0),
                                    .step = (uint64_t)lb_pg_number(result, row, 1),
                                    .workspace = (uint32_t)lb_pg_number(result, row, 2),
                                    .campaign = (uint32_t)lb_pg_number(result, row, 3),
                                    .state = (enum lb_activity_state)lb_pg_number(result, row, 4),
                                    .attempts = (uint32_t)lb_pg_number(result, row, 5),
                                    .retries = (uint32_t)lb_pg_number(result, row, 6),
                                    .lease_until = lb_pg_number(result, row, 8),
                                    .claimed_at = lb_pg_number(result, row, 9),
                                    .completed_at = lb_pg_number(result, row, 10),
                                    .changed_at = lb_pg_number(result, row, 11),
                                    .detail = lb_pg_text(result, row, 12),
                                    .variant = (uint64_t)lb_pg_number(result, row, 13)};
    lb_str_copy(lb_pg_text(result, row, 7), out->lease_token, sizeof out->lease_token);
}

/* Sent by prefetch.c. Looked up as in LEADS_OF_NUMBERS (lead.c). */
LB_PG_STATEMENT(ACTIVITIES_PREFETCH, ONE, "nNn",
                "SELECT activity.* FROM unnest($2::bigint[]) AS wanted (number)"
                " CROSS JOIN LATERAL (SELECT " ACTIVITY_COLUMNS
                " FROM leadblock.activity WHERE workspace_id = $1 AND lead = wanted.number"
                " AND step = $3 OFFSET 0) AS activity");

LB_PG_STATEMENT(ACTIVITY, ONE, "nnn",
                "SELECT " ACTIVITY_COLUMNS
                " FROM leadblock.activity WHERE workspace_id = $1 AND lead = $2 AND step = $3");

lb_err lb_pg_activity(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead,
                      uint64_t step, struct lb_activity_row *out)
{
    struct lb_pg_params params = {0};
    const PGresult *cached;
    PGresult *result;
    int row;
    if (lb_pg_cached_activity(reader, workspace, lead, step, &cached, &row)) {
        if (cached)
            read_activity(cached, row, out);
        return cached ? LB_OK : LB_ERR_NOT_FOUND;
    }
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)lead);
    lb_pg_add_number(&params, step);
    lb_err err = lb_pg_query_row(reader, PG_ACTIVITY, &params, LB_PG_HELD_ACTIVITY, &result);
    if (!err)
        read_activity(result, 0, out);
    return err;
}

/* Of a state, or nothing when its bit is not set; in the order of the index, as far as the page can
 * reach. */
#define ACTIVITIES_IN(state)                                                                       \
    "(SELECT " ACTIVITY_COLUMNS " FROM leadblock.activity"                                         \
    " WHERE workspace_id = $1 AND campaign = $2 AND state = " #state " AND ($3 >> " #state         \
    ") & 1 = 1"                                                                                    \
    " ORDER BY changed_at DESC, lead DESC, step DESC LIMIT $4 + $5)"
#define OR_ACTIVITIES_IN(state) " UNION ALL " ACTIVITIES_IN(state)
#define ACTIVITIES_IN_ALL_STATES                                                                   \
    ACTIVITIES_IN(0) OR_ACTIVITIES_IN(1) OR_ACTIVITIES_IN(2) OR_ACTIVITIES_IN(3) OR_ACTIVITIES_IN(4)

LB_PG_STATEMENT(ACTIVITIES_PAGE, ONE, "nnnnn",
                ACTIVITIES_IN_ALL_STATES
                " ORDER BY changed_at DESC, lead DESC, step DESC LIMIT $5 OFFSET $4");

lb_err lb_pg_activities_page(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                             unsigned states, uint64_t skip, size_t take, void *context,
                             lb_err (*each)(void *, const struct lb_activity_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, campaign);
    lb_pg_add_number(&params, states);
    lb_pg_add_number(&params, (int64_t)skip);
    lb_pg_add_number(&params, (int64_t)take);
    lb_err err = lb_pg_query(reader, PG_ACTIVITIES_PAGE, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) { /* whose leads are looked at next */
        uint64_t lead = (uint64_t)lb_pg_number(result, i, 0);
        lb_pg_prefetch_leads(reader, workspace, &lead, 1, 0);
    }
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_activity_row row;
        read_activity(result, i, &row);
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}
