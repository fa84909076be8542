#include "store/postgres/internal.h"

#include "store/names.h"

LB_PG_STATEMENT(
    CAMPAIGN_INSERT, ONE, "ntttnn",
    "INSERT INTO leadblock.campaign (workspace_id, no, id, name, status, created_at, version)"
    " VALUES ($1, nextval('leadblock.campaign_no'), $2, $3, $4, $5, $6)"
    " ON CONFLICT (workspace_id, id) WHERE deleted_at IS NULL DO NOTHING RETURNING no");

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

/* A text of the campaign, with its new version: $1 and $2 say which, $3 is the text, $4 the
 * version. */
static lb_err write_text(struct lb_store *store, enum lb_pg_statement statement, uint32_t workspace,
                         uint32_t no, struct lb_str text)
{
    struct lb_pg_params params = {0};
    uint64_t version = 0;
    lb_err err = lb_pg_touch_access(lb_postgres_of(store), workspace, &version);
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, no);
    lb_pg_add_text(&params, text);
    lb_pg_add_number(&params, (int64_t)version);
    return err ? err : lb_pg_write(store, statement, &params);
}

LB_PG_STATEMENT(CAMPAIGN_SET_STATUS, ONE, "nntn",
                "UPDATE leadblock.campaign SET status = $3, version = $4"
                " WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_campaign_set_status(struct lb_store *store, uint32_t workspace, uint32_t no,
                                 enum lb_campaign_status status)
{
    return write_text(store, PG_CAMPAIGN_SET_STATUS, workspace, no,
                      lb_str(lb_campaign_status_name(status)));
}

LB_PG_STATEMENT(CAMPAIGN_SET_NAME, ONE, "nntn",
                "UPDATE leadblock.campaign SET name = $3, version = $4"
                " WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_campaign_set_name(struct lb_store *store, uint32_t workspace, uint32_t no,
                               struct lb_str name)
{
    return write_text(store, PG_CAMPAIGN_SET_NAME, workspace, no, name);
}

LB_PG_STATEMENT(CAMPAIGN_DELETE, ONE, "nnnn",
                "UPDATE leadblock.campaign SET deleted_at = $3, version = $4"
                " WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_campaign_delete(struct lb_store *store, uint32_t workspace, uint32_t no, int64_t at)
{
    return lb_pg_write_access_time(store, PG_CAMPAIGN_DELETE, workspace, no, at);
}

LB_PG_STATEMENT(CAMPAIGN_END_LIST, ONE, "nnnn",
                "UPDATE leadblock.campaign SET list_ended_at = $3, version = $4"
                " WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_campaign_end_list(struct lb_store *store, uint32_t workspace, uint32_t no, int64_t at)
{
    return lb_pg_write_access_time(store, PG_CAMPAIGN_END_LIST, workspace, no, at);
}

LB_PG_STATEMENT(CAMPAIGN_REVIVE, ONE, "nnttnn",
                "UPDATE leadblock.campaign SET name = $3, status = $4, created_at = $5,"
                " deleted_at = NULL, activated_at = NULL, variables = NULL, leads_waiting = 0,"
                " leads_active = 0, leads_paused = 0, leads_completed = 0, leads_error = 0,"
                " leads_set_aside = 0, leads_invited = 0, leads_accepted = 0, leads_contacted = 0,"
                " leads_replied = 0, leads_skipped = 0, block_on_reply = false,"
                " skip_contacted_days = 0, stop_colleagues = false, version = $6 WHERE "
                "workspace_id = $1 AND no = $2");

lb_err lb_pg_campaign_revive(struct lb_store *store, const struct lb_campaign_row *row)
{
    struct lb_pg_params params = {0};
    uint64_t version = 0;
    lb_err err = lb_pg_touch_access(lb_postgres_of(store), row->workspace, &version);
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, row->no);
    lb_pg_add_text(&params, lb_str(row->name));
    lb_pg_add_text(&params, lb_str(lb_campaign_status_name(row->status)));
    lb_pg_add_number(&params, row->created_at);
    lb_pg_add_number(&params, (int64_t)version);
    return err ? err : lb_pg_write(store, PG_CAMPAIGN_REVIVE, &params);
}

LB_PG_STATEMENT(CAMPAIGN_KEPT, ONE, "nt",
                "SELECT no, created_at FROM leadblock.campaign WHERE workspace_id = $1 AND id = $2"
                " AND deleted_at IS NOT NULL AND list_ended_at IS NULL");

lb_err lb_pg_campaign_kept(struct lb_store_reader *reader, uint32_t workspace, struct lb_str id,
                           uint32_t *out_no, int64_t *out_created_at)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_text(&params, id);
    lb_err err = lb_pg_query_one(reader, PG_CAMPAIGN_KEPT, &params, &result);
    if (!err) {
        *out_no = (uint32_t)lb_pg_number(result, 0, 0);
        *out_created_at = lb_pg_number(result, 0, 1);
    }
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(
    CAMPAIGN_ACTIVATED, ONE, "nnn",
    "UPDATE leadblock.campaign SET activated_at = $3 WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_campaign_activated(struct lb_store *store, uint32_t workspace, uint32_t no, int64_t at)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, no);
    lb_pg_add_number(&params, at);
    return lb_pg_write(store, PG_CAMPAIGN_ACTIVATED, &params);
}

LB_PG_STATEMENT(CAMPAIGN_SET_VARIABLES, ONE, "nnt",
                "UPDATE leadblock.campaign SET variables = $3 WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_campaign_set_variables(struct lb_store *store, uint32_t workspace, uint32_t no,
                                    struct lb_str variables)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, no);
    lb_pg_add_text(&params, variables);
    return lb_pg_write(store, PG_CAMPAIGN_SET_VARIABLES, &params);
}

LB_PG_STATEMENT(CAMPAIGN_SET_SETTINGS, ONE, "nnbbn",
                "UPDATE leadblock.campaign SET block_on_reply = $3, stop_colleagues = $4,"
                " skip_contacted_days = $5 WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_campaign_set_settings(struct lb_store *store, uint32_t workspace, uint32_t no,
                                   const struct lb_campaign_settings *settings)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, no);
    lb_pg_add_flag(&params, settings->block_on_reply);
    lb_pg_add_flag(&params, settings->stop_colleagues);
    lb_pg_add_number(&params, settings->skip_contacted_days);
    return lb_pg_write(store, PG_CAMPAIGN_SET_SETTINGS, &params);
}

LB_PG_STATEMENT(CAMPAIGN_COUNT, ONE, "nnnnnnnnnnnnn",
                "UPDATE leadblock.campaign SET leads_waiting = leads_waiting + $3,"
                " leads_active = leads_active + $4, leads_paused = leads_paused + $5,"
                " leads_completed = leads_completed + $6, leads_error = leads_error + $7,"
                " leads_set_aside = leads_set_aside + $8, leads_invited = leads_invited + $9,"
                " leads_accepted = leads_accepted + $10, leads_contacted = leads_contacted + $11,"
                " leads_replied = leads_replied + $12, leads_skipped = leads_skipped + $13"
                " WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_campaign_count(struct lb_store *store, uint32_t workspace, uint32_t no,
                            const struct lb_counts *change)
{
    struct lb_pg_params params = {0};
    const int64_t *numbers[LB_COUNTS_FIELDS] = LB_COUNTS_IN_ORDER(change);
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, no);
    for (int i = 0; i < LB_COUNTS_FIELDS; i++)
        lb_pg_add_number(&params, *numbers[i]);
    return lb_pg_write(store, PG_CAMPAIGN_COUNT, &params);
}

LB_PG_STATEMENT(CAMPAIGN_STATE, ONE, "nn",
                "SELECT leads_waiting, leads_active, leads_paused, leads_completed, leads_error,"
                " leads_set_aside, leads_invited, leads_accepted, leads_contacted, leads_replied,"
                " leads_skipped, status, activated_at, variables, block_on_reply, stop_colleagues,"
                " skip_contacted_days FROM leadblock.campaign"
                " WHERE workspace_id = $1 AND no = $2 AND deleted_at IS NULL");

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
    int64_t *numbers[LB_COUNTS_FIELDS] = LB_COUNTS_IN_ORDER(&out->counts);
    for (int i = 0; i < LB_COUNTS_FIELDS; i++)
        *numbers[i] = lb_pg_number(result, 0, i);
    out->status = lb_campaign_status_stored(lb_pg_text(result, 0, LB_COUNTS_FIELDS));
    out->activated_at = lb_pg_number(result, 0, LB_COUNTS_FIELDS + 1);
    out->variables = lb_pg_text(result, 0, LB_COUNTS_FIELDS + 2);
    out->settings = (struct lb_campaign_settings){
        .block_on_reply = lb_pg_flag(result, 0, LB_COUNTS_FIELDS + 3),
        .stop_colleagues = lb_pg_flag(result, 0, LB_COUNTS_FIELDS + 4),
        .skip_contacted_days = (uint32_t)lb_pg_number(result, 0, LB_COUNTS_FIELDS + 5)};
    return LB_OK;
}

LB_PG_STATEMENT(LEADS_TOTAL, ONE, "n",
                "SELECT coalesce(sum(leads_waiting + leads_active + leads_paused +"
                " leads_completed + leads_error), 0)::bigint FROM leadblock.campaign"
                " WHERE workspace_id = $1 AND deleted_at IS NULL");

lb_err lb_pg_leads_total(struct lb_store_reader *reader, uint32_t workspace, uint64_t *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_err err = lb_pg_query(reader, PG_LEADS_TOTAL, &params, &result);
    if (!err)
        *out = (uint64_t)lb_pg_number(result, 0, 0);
    PQclear(result);
    return err;
}

/* Is there any? Asked for in the order of an index, or the planner, which believes that a campaign
 * has many, would look for the first one in all of the table. */
#define ANY_LEAD(workspace)                                                                        \
    "(SELECT l.no FROM leadblock.lead l WHERE l.workspace_id = " workspace                         \
    " AND l.campaign = c.no ORDER BY l.status, l.no LIMIT 1) IS NOT NULL"
#define ANY_STEP                                                                                   \
    "(SELECT s.no FROM leadblock.step s WHERE s.workspace_id = c.workspace_id"                     \
    " AND s.campaign = c.no ORDER BY s.position LIMIT 1) IS NOT NULL"
/* `workspace` names that of the campaigns: a parameter, where there is one, shows the planner that
 * it is one workspace. */
#define SELECT_CAMPAIGNS(workspace)                                                                \
    "SELECT c.no, c.workspace_id, c.id, c.name, c.status, c.created_at, " ANY_LEAD(                \
        workspace) ", c.deleted_at, c.list_ended_at FROM leadblock.campaign c"

static void read_campaign(const PGresult *result, int i, struct lb_campaign_row *row)
{
    *row = (struct lb_campaign_row){.no = (uint32_t)lb_pg_number(result, i, 0),
                                    .workspace = (uint32_t)lb_pg_number(result, i, 1),
                                    .status = lb_campaign_status_stored(lb_pg_text(result, i, 4)),
                                    .created_at = lb_pg_number(result, i, 5),
                                    .has_leads = lb_pg_flag(result, i, 6),
                                    .deleted = !PQgetisnull(result, i, 7),
                                    .list_ended = !PQgetisnull(result, i, 8)};
    lb_str_copy(lb_pg_text(result, i, 2), row->id, sizeof row->id);
    lb_str_copy(lb_pg_text(result, i, 3), row->name, sizeof row->name);
}

LB_PG_STATEMENT(CAMPAIGNS, ALL, "",
                SELECT_CAMPAIGNS("c.workspace_id") " WHERE c.deleted_at IS NULL"
                                                   " OR c.list_ended_at IS NULL"
                                                   " ORDER BY c.created_at, c.no");

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

LB_PG_STATEMENT(
    CAMPAIGNS_SINCE, ONE, "nn",
    SELECT_CAMPAIGNS("$1") " WHERE c.workspace_id = $1 AND c.version > $2 ORDER BY c.no");

lb_err lb_pg_campaigns_since(struct lb_store_reader *reader, uint32_t workspace, uint64_t version,
                             void *context, lb_err (*each)(void *, const struct lb_campaign_row *))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)version);
    lb_err err = lb_pg_query(reader, PG_CAMPAIGNS_SINCE, &params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_campaign_row row;
        read_campaign(result, i, &row);
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(
    CAMPAIGNS_DELETED, ALL, "",
    "SELECT c.workspace_id, c.no FROM leadblock.campaign c WHERE c.deleted_at IS NOT NULL"
    " AND (" ANY_LEAD("c.workspace_id") " OR " ANY_STEP ")");

lb_err lb_pg_load_deleted_campaigns(struct lb_store *store, void *context,
                                    lb_err (*each)(void *, uint32_t workspace, uint32_t campaign))
{
    PGresult *result;
    lb_err err = lb_pg_query(&lb_postgres_of(store)->writer, PG_CAMPAIGNS_DELETED, NULL, &result);
    for (int i = 0; !err && i < PQntuples(result); i++)
        err = each(context, (uint32_t)lb_pg_number(result, i, 0),
                   (uint32_t)lb_pg_number(result, i, 1));
    PQclear(result);
    return err;
}
