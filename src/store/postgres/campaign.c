#include "store/postgres/internal.h"

#include "store/names.h"

lb_err lb_pg_campaign_insert(struct lb_store *store, struct lb_campaign_row *row)
{
    struct lb_pg_params params = {0};
    uint64_t version;
    PGresult *result;
    lb_err err = lb_pg_touch_access(lb_postgres_of(store), row->workspace, &version);
    if (err)
        return err;
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_text(&params, lb_str(row->id));
    lb_pg_add_text(&params, lb_str(row->name));
    lb_pg_add_text(&params, lb_str(lb_campaign_status_name(row->status)));
    lb_pg_add_number(&params, row->created_at);
    lb_pg_add_number(&params, (int64_t)version);
    err = lb_pg_query(&lb_postgres_of(store)->writer, PG_CAMPAIGN_INSERT, &params, &result);
    if (!err && PQntuples(result) == 0)
        err = LB_ERR_ALREADY_EXISTS;
    if (!err)
        row->no = (uint32_t)lb_pg_number(result, 0, 0);
    PQclear(result);
    return err;
}

lb_err lb_pg_campaign_set_status(struct lb_store *store, uint32_t workspace, uint32_t no,
                                 enum lb_campaign_status status)
{
    struct lb_pg_params params = {0};
    uint64_t version = 0;
    lb_err err = lb_pg_touch_access(lb_postgres_of(store), workspace, &version);
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, no);
    lb_pg_add_text(&params, lb_str(lb_campaign_status_name(status)));
    lb_pg_add_number(&params, (int64_t)version);
    return err ? err : lb_pg_write(store, PG_CAMPAIGN_SET_STATUS, &params);
}

lb_err lb_pg_campaign_delete(struct lb_store *store, uint32_t workspace, uint32_t no, int64_t at)
{
    struct lb_pg_params params = {0};
    uint64_t version = 0;
    lb_err err = lb_pg_touch_access(lb_postgres_of(store), workspace, &version);
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, no);
    lb_pg_add_number(&params, at);
    lb_pg_add_number(&params, (int64_t)version);
    return err ? err : lb_pg_write(store, PG_CAMPAIGN_DELETE, &params);
}

lb_err lb_pg_campaign_activated(struct lb_store *store, uint32_t workspace, uint32_t no, int64_t at)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, no);
    lb_pg_add_number(&params, at);
    return lb_pg_write(store, PG_CAMPAIGN_ACTIVATED, &params);
}

lb_err lb_pg_campaign_set_variables(struct lb_store *store, uint32_t workspace, uint32_t no,
                                    struct lb_str variables)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, no);
    lb_pg_add_text(&params, variables);
    return lb_pg_write(store, PG_CAMPAIGN_SET_VARIABLES, &params);
}

/* The order in which the statements name the columns. */
#define TALLY_NUMBERS(counts)                                                                      \
    {                                                                                              \
        &(counts)->leads[LB_LEAD_WAITING], &(counts)->leads[LB_LEAD_ACTIVE],                       \
            &(counts)->leads[LB_LEAD_PAUSED], &(counts)->leads[LB_LEAD_COMPLETED],                 \
            &(counts)->leads[LB_LEAD_ERROR], &(counts)->set_aside, &(counts)->invited,             \
            &(counts)->accepted, &(counts)->contacted, &(counts)->replied                          \
    }
#define TALLY_COUNT 10

lb_err lb_pg_campaign_count(struct lb_store *store, uint32_t workspace, uint32_t no,
                            const struct lb_counts *change)
{
    struct lb_pg_params params = {0};
    const int64_t *numbers[TALLY_COUNT] = TALLY_NUMBERS(change);
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, no);
    for (int i = 0; i < TALLY_COUNT; i++)
        lb_pg_add_number(&params, *numbers[i]);
    return lb_pg_write(store, PG_CAMPAIGN_COUNT, &params);
}

lb_err lb_pg_campaign_state(struct lb_store_reader *reader, uint32_t workspace, uint32_t no,
                            struct lb_campaign_state *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, no);
    lb_err err = lb_pg_query_row(reader, PG_CAMPAIGN_STATE, &params, LB_PG_HELD_STATE, &result);
    if (err)
        return err;
    int64_t *numbers[TALLY_COUNT] = TALLY_NUMBERS(&out->counts);
    for (int i = 0; i < TALLY_COUNT; i++)
        *numbers[i] = lb_pg_number(result, 0, i);
    out->status = lb_campaign_status_stored(lb_pg_text(result, 0, TALLY_COUNT));
    out->activated_at = lb_pg_number(result, 0, TALLY_COUNT + 1);
    out->variables = lb_pg_text(result, 0, TALLY_COUNT + 2);
    return LB_OK;
}

static void read_campaign(const PGresult *result, int i, struct lb_campaign_row *row)
{
    *row = (struct lb_campaign_row){.no = (uint32_t)lb_pg_number(result, i, 0),
                                    .workspace = (uint32_t)lb_pg_number(result, i, 1),
                                    .status = lb_campaign_status_stored(lb_pg_text(result, i, 4)),
                                    .created_at = lb_pg_number(result, i, 5),
                                    .has_leads = lb_pg_flag(result, i, 6)};
    lb_str_copy(lb_pg_text(result, i, 2), row->id, sizeof row->id);
    lb_str_copy(lb_pg_text(result, i, 3), row->name, sizeof row->name);
}

lb_err lb_pg_load_campaigns(struct lb_store *store, void *context,
                            lb_err (*each)(void *, const struct lb_campaign_row *))
{
    PGresult *result;
    lb_err err = lb_pg_query(&lb_postgres_of(store)->writer, PG_CAMPAIGNS, NULL, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_campaign_row row;
        read_campaign(result, i, &row);
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}

lb_err lb_pg_campaigns_since(struct lb_store_reader *reader, uint32_t workspace, uint64_t version,
                             void *context,
                             lb_err (*each)(void *, const struct lb_campaign_row *, bool))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)version);
    lb_err err = lb_pg_query(reader, PG_CAMPAIGNS_SINCE, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_campaign_row row;
        read_campaign(result, i, &row);
        err = each(context, &row, !PQgetisnull(result, i, 7));
    }
    PQclear(result);
    return err;
}

lb_err lb_pg_load_deleted_campaigns(struct lb_store *store, void *context,
                                    lb_err (*each)(void *, uint32_t workspace, uint32_t campaign))
{
    PGresult *result;
    lb_err err = lb_pg_query(&lb_postgres_of(store)->writer, PG_REMAINS, NULL, &result);
    for (int i = 0; !err && i < PQntuples(result); i++)
        err = each(context, (uint32_t)lb_pg_number(result, i, 0),
                   (uint32_t)lb_pg_number(result, i, 1));
    PQclear(result);
    return err;
}
