/* Who was contacted by another campaign, and companies of which a person has replied. */
#include "store/postgres/internal.h"

LB_PG_STATEMENT(LEAD_SET_CONTACTED, ONE, "nnbn",
                "UPDATE leadblock.lead SET set_aside = $3, contacted_at = $4"
                " WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_lead_set_contacted(struct lb_store *store, const struct lb_lead_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_forget_lead(&lb_postgres_of(store)->writer, row->workspace, row->no);
    lb_pg_forget_queue(&lb_postgres_of(store)->writer, row);
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, (int64_t)row->no);
    lb_pg_add_flag(&params, row->set_aside);
    lb_pg_add_number_or_null(&params, row->contacted_at);
    return lb_pg_write(store, PG_LEAD_SET_CONTACTED, &params);
}

/* Asks about many texts at once, within two bounds that may be NULL; the first column of the result
 * is the place of one among them. */
static lb_err ask_about(struct lb_store_reader *reader, enum lb_pg_statement statement,
                        struct lb_list list, const struct lb_str *texts, size_t count,
                        const int64_t *bounds, PGresult **out)
{
    struct lb_pg_params params = {0};
    struct lb_buf array = {0};
    lb_pg_array_of_texts(&array, texts, count);
    lb_pg_add_number(&params, list.workspace);
    lb_pg_add_array(&params, &array);
    lb_pg_add_number(&params, list.campaign);
    for (int i = 0; bounds && i < 2; i++)
        lb_pg_add_number(&params, bounds[i]);
    *out = NULL;
    lb_err err = array.failed ? LB_ERR_INTERNAL : lb_pg_query(reader, statement, &params, out);
    lb_buf_fini(&array);
    return err;
}

/* Looked up as in LEADS_OF_NUMBERS (lead.c): name by name, lead by lead. A name is looked up only
 * when those before it have left look-ups, which a recursive question is there for: one of sets
 * would read all names first. What is no contact is read, too, and counted. */
LB_PG_STATEMENT(
    CONTACTS, ONE, "nTnnn",
    "WITH RECURSIVE walk (place, looked, latest) AS (SELECT 0, 0::bigint, NULL::bigint[]"
    " UNION ALL SELECT walk.place + 1, walk.looked + 1 + found.looked, found.latest"
    " FROM walk CROSS JOIN LATERAL (SELECT count(*) AS looked,"
    " max(ARRAY[a.claimed_at, n.campaign::bigint]) FILTER (WHERE a.claimed_at > $4"
    " AND (a.state <> 4 OR a.completed_at IS NULL)"
    " AND (SELECT s.type <> 'visit_profile' FROM leadblock.step s"
    " WHERE s.workspace_id = $1 AND s.no = a.step)"
    " AND (SELECT c.deleted_at IS NULL FROM leadblock.campaign c"
    " WHERE c.workspace_id = $1 AND c.no = n.campaign)) AS latest FROM"
    " (SELECT campaign, lead FROM leadblock.lead_name"
    " WHERE workspace_id = $1 AND name = ($2::text[])[walk.place + 1] AND campaign <> $3 UNION ALL"
    " SELECT campaign, no FROM leadblock.lead WHERE workspace_id = $1"
    " AND identifier = ($2::text[])[walk.place + 1] AND gave_way AND campaign <> $3 OFFSET 0) AS n"
    " LEFT JOIN LATERAL (SELECT step, claimed_at, state, completed_at FROM leadblock.activity"
    " WHERE workspace_id = $1 AND lead = n.lead OFFSET 0) AS a ON true) AS found"
    " WHERE walk.place < cardinality($2::text[]) AND (walk.place = 0 OR walk.looked < $5))"
    " SELECT place, latest[2], latest[1], looked FROM walk WHERE place > 0");

lb_err lb_pg_contacts(struct lb_store_reader *reader, struct lb_list list, int64_t since,
                      const struct lb_str *names, size_t count, size_t *left,
                      struct lb_contact *out, size_t *out_count)
{
    int64_t bounds[] = {since, *left < INT32_MAX ? (int64_t)*left : INT32_MAX};
    size_t looked = 0;
    PGresult *result;
    *out_count = 0;
    memset(out, 0, count * sizeof *out);
    lb_err err =
        count ? ask_about(reader, PG_CONTACTS, list, names, count, bounds, &result) : LB_OK;
    if (!count || err)
        return err;
    for (int i = 0; i < PQntuples(result); i++) {
        size_t place = (size_t)lb_pg_number(result, i, 0) - 1;
        size_t so_far = (size_t)lb_pg_number(result, i, 3);
        looked = so_far > looked ? so_far : looked;
        if (place < count && !PQgetisnull(result, i, 2))
            out[place] = (struct lb_contact){.campaign = (uint32_t)lb_pg_number(result, i, 1),
                                             .at = lb_pg_number(result, i, 2)};
    }
    *out_count = (size_t)PQntuples(result);
    *left -= looked < *left ? looked : *left;
    PQclear(result);
    return LB_OK;
}

/* Asks all parts of the database; LEADS_SKIPPED then asks the one that has the workspace. */
LB_PG_STATEMENT(CAMPAIGN_SKIPPING, ALL, "nnn",
                "SELECT c.workspace_id, c.no, $1 - c.skip_contacted_days * 86400000"
                " FROM leadblock.campaign c"
                " WHERE c.leads_skipped > 0 AND c.deleted_at IS NULL"
                " AND (c.workspace_id, c.no) > ($2, $3) AND EXISTS"
                " (SELECT 1 FROM leadblock.lead l WHERE l.workspace_id = c.workspace_id"
                " AND l.campaign = c.no"
                " AND l.contacted_at <= $1 - c.skip_contacted_days * 86400000)"
                " ORDER BY 1, 2 LIMIT 1");

lb_err lb_pg_campaign_skipping(struct lb_store_reader *reader, struct lb_list after, int64_t now,
                               struct lb_list *out_list, int64_t *out_over)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, now);
    lb_pg_add_number(&params, after.workspace);
    lb_pg_add_number(&params, after.campaign);
    lb_err err = lb_pg_query(reader, PG_CAMPAIGN_SKIPPING, &params, &result);
    if (!err && PQntuples(result) == 0)
        err = LB_ERR_NOT_FOUND;
    if (!err) {
        *out_list = (struct lb_list){(uint32_t)lb_pg_number(result, 0, 0),
                                     (uint32_t)lb_pg_number(result, 0, 1)};
        *out_over = lb_pg_number(result, 0, 2);
    }
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(LEADS_SKIPPED, ONE, "nnnnnn",
                "SELECT no, contacted_at FROM leadblock.lead"
                " WHERE workspace_id = $1 AND campaign = $2 AND contacted_at <= $3"
                " AND (contacted_at, no) > ($4, $5) ORDER BY contacted_at, no LIMIT $6");

lb_err lb_pg_leads_skipped(struct lb_store_reader *reader, struct lb_list list, int64_t over,
                           size_t max, struct lb_skipped_place *place, uint64_t *out,
                           size_t *out_count)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    *out_count = 0;
    lb_pg_add_number(&params, list.workspace);
    lb_pg_add_number(&params, list.campaign);
    lb_pg_add_number(&params, over);
    lb_pg_add_number(&params, place->at);
    lb_pg_add_number(&params, (int64_t)place->lead);
    lb_pg_add_number(&params, (int64_t)max);
    lb_err err = lb_pg_query(reader, PG_LEADS_SKIPPED, &params, &result);
    for (int i = 0; !err && i < PQntuples(result) && *out_count < max; i++) {
        *place = (struct lb_skipped_place){lb_pg_number(result, i, 1),
                                           (uint64_t)lb_pg_number(result, i, 0)};
        out[(*out_count)++] = place->lead;
    }
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(STOPPED_COMPANY_PUT, ONE, "nntnn",
                "INSERT INTO leadblock.stopped_company (workspace_id, campaign, key, lead, at)"
                " VALUES ($1, $2, $3, $4, $5)"
                " ON CONFLICT (workspace_id, campaign, key) DO NOTHING");

lb_err lb_pg_stopped_company_put(struct lb_store *store, const struct lb_stopped_company_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, row->list.workspace);
    lb_pg_add_number(&params, row->list.campaign);
    lb_pg_add_text(&params, row->key);
    lb_pg_add_number(&params, (int64_t)row->lead);
    lb_pg_add_number(&params, row->at);
    return lb_pg_write(store, PG_STOPPED_COMPANY_PUT, &params);
}

LB_PG_STATEMENT(STOPPED_COMPANIES_DROP, ONE, "nn",
                "DELETE FROM leadblock.stopped_company WHERE workspace_id = $1 AND campaign = $2");

lb_err lb_pg_stopped_companies_drop(struct lb_store *store, struct lb_list list)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, list.workspace);
    lb_pg_add_number(&params, list.campaign);
    return lb_pg_write(store, PG_STOPPED_COMPANIES_DROP, &params);
}

LB_PG_STATEMENT(STOPPED_COMPANIES, ONE, "nTn",
                "SELECT wanted.place, found.lead"
                " FROM unnest($2::text[]) WITH ORDINALITY AS wanted (key, place)"
                " CROSS JOIN LATERAL (SELECT lead FROM leadblock.stopped_company"
                " WHERE workspace_id = $1 AND campaign = $3 AND key = wanted.key OFFSET 0) found");

lb_err lb_pg_stopped_companies(struct lb_store_reader *reader, struct lb_list list,
                               const struct lb_str *keys, size_t count, uint64_t *out)
{
    PGresult *result;
    memset(out, 0, count * sizeof *out);
    lb_err err =
        count ? ask_about(reader, PG_STOPPED_COMPANIES, list, keys, count, NULL, &result) : LB_OK;
    if (!count || err)
        return err;
    for (int i = 0; i < PQntuples(result); i++) {
        size_t place = (size_t)lb_pg_number(result, i, 0) - 1;
        if (place < count)
            out[place] = (uint64_t)lb_pg_number(result, i, 1);
    }
    PQclear(result);
    return LB_OK;
}
