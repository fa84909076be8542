#include "store/postgres/internal.h"

LB_PG_STATEMENT(LEAD_SET_FORMS, ONE, "nntttttt",
                "UPDATE leadblock.lead SET email_form = $3, phone_form = $4, page_form = $5,"
                " company_form = $6, mail_host = $7, site_host = $8, formed = true"
                " WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_lead_set_forms(struct lb_store *store, const struct lb_lead_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, (int64_t)row->no);
    for (int i = 0; i < LB_LEAD_FORM_COUNT; i++)
        lb_pg_add_text(&params, row->forms[i]);
    return lb_pg_write(store, PG_LEAD_SET_FORMS, &params);
}

/* The rest of one form, then the forms after it, which are not looked for when that is enough. As
 * one range, PostgreSQL would read all leads of the workspace each time, and sort them, as long as
 * it has no statistics of the table. */
#define BY_FORM(form)                                                                              \
    "(SELECT campaign, no, " form " FROM leadblock.lead WHERE workspace_id = $1 AND " form         \
    " = $2 AND no > $4 ORDER BY " form ", no LIMIT $5)"                                            \
    " UNION ALL "                                                                                  \
    "(SELECT campaign, no, " form " FROM leadblock.lead WHERE workspace_id = $1 AND " form         \
    " > $2 AND " form " <= $3 ORDER BY " form ", no LIMIT $5) LIMIT $5"

LB_PG_STATEMENT(LEADS_BY_EMAIL, ONE, "nttnn", BY_FORM("email_form"));
LB_PG_STATEMENT(LEADS_BY_PHONE, ONE, "nttnn", BY_FORM("phone_form"));
LB_PG_STATEMENT(LEADS_BY_PAGE, ONE, "nttnn", BY_FORM("page_form"));
LB_PG_STATEMENT(LEADS_BY_COMPANY, ONE, "nttnn", BY_FORM("company_form"));
LB_PG_STATEMENT(LEADS_BY_MAIL_HOST, ONE, "nttnn", BY_FORM("mail_host"));
LB_PG_STATEMENT(LEADS_BY_SITE_HOST, ONE, "nttnn", BY_FORM("site_host"));

static const enum lb_pg_statement by_form[LB_LEAD_FORM_COUNT] = {
    PG_LEADS_BY_EMAIL,   PG_LEADS_BY_PHONE,     PG_LEADS_BY_PAGE,
    PG_LEADS_BY_COMPANY, PG_LEADS_BY_MAIL_HOST, PG_LEADS_BY_SITE_HOST,
};

static bool take_place(const PGresult *result, int row, struct lb_lead_place *place)
{
    struct lb_str form = lb_pg_text(result, row, 2);
    if (!form.ptr || form.len > sizeof place->form)
        return false;
    memcpy(place->form, form.ptr, form.len);
    place->len = form.len;
    place->no = (uint64_t)lb_pg_number(result, row, 1);
    return true;
}

lb_err lb_pg_leads_by_form(struct lb_store_reader *reader, uint32_t workspace,
                           enum lb_lead_form form, struct lb_str last, struct lb_lead_place *place,
                           size_t max, struct lb_lead_ref *out, size_t *out_count)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    *out_count = 0;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_text(&params, (struct lb_str){place->form, place->len});
    lb_pg_add_text(&params, last);
    lb_pg_add_number(&params, (int64_t)place->no);
    lb_pg_add_number(&params, (int64_t)max);
    lb_err err = lb_pg_query(reader, by_form[form], &params, &result);
    for (int i = 0; !err && i < PQntuples(result) && *out_count < max; i++) {
        out[(*out_count)++] = (struct lb_lead_ref){.campaign = (uint32_t)lb_pg_number(result, i, 0),
                                                   .lead = (uint64_t)lb_pg_number(result, i, 1)};
        err = take_place(result, i, place) ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
    }
    PQclear(result);
    return err;
}

/* See lead_form.c of SQLite's. */
#define LIVE                                                                                       \
    " AND ($2 = 0 OR l.campaign = $2)"                                                             \
    " AND EXISTS (SELECT 1 FROM leadblock.campaign c WHERE c.workspace_id = $1"                    \
    " AND c.no = l.campaign AND c.deleted_at IS NULL)"
#define FEW(where)                                                                                 \
    "SELECT count(*) AS n FROM (SELECT FROM leadblock.lead l WHERE " where LIVE " LIMIT 1001) few"
#define GOING(where)                                                                               \
    "(SELECT count(*) FROM leadblock.campaign c JOIN leadblock.lead l"                             \
    " ON l.workspace_id = $1 AND l.campaign = c.no"                                                \
    " WHERE c.workspace_id = $1 AND c.deleted_at IS NOT NULL AND " where ")"
#define COUNT(where, all)                                                                          \
    "SELECT CASE WHEN n <= 1000 THEN n"                                                            \
    " WHEN $2 <> 0 THEN (SELECT count(*) FROM leadblock.lead l WHERE " where LIVE ")"              \
    " ELSE " all " - " GOING(where) " END FROM (" FEW(where) ") counted"

#define IN(column)    "l." column " >= $3 AND l." column " <= $4"
#define BY(column)    "l.workspace_id = $1 AND " IN(column)
#define ALL_BY(where) "(SELECT count(*) FROM leadblock.lead l WHERE " where ")"

#define COUNT_BY(column) COUNT(BY(column), ALL_BY(BY(column)))

/* By either host, once. */
#define BY_HOST       "l.workspace_id = $1 AND (" IN("mail_host") " OR " IN("site_host") ")"
#define BY_SITE_ALONE BY("site_host") " AND coalesce(l.mail_host < $3 OR l.mail_host > $4, true)"
#define COUNT_BY_HOST COUNT(BY_HOST, "(" ALL_BY(BY("mail_host")) " + " ALL_BY(BY_SITE_ALONE) ")")

LB_PG_STATEMENT(EMAIL_COUNT, ONE, "nntt", COUNT_BY("email_form"));
LB_PG_STATEMENT(PHONE_COUNT, ONE, "nntt", COUNT_BY("phone_form"));
LB_PG_STATEMENT(PAGE_COUNT, ONE, "nntt", COUNT_BY("page_form"));
LB_PG_STATEMENT(COMPANY_COUNT, ONE, "nntt", COUNT_BY("company_form"));
LB_PG_STATEMENT(HOST_COUNT, ONE, "nntt", COUNT_BY_HOST);

static const enum lb_pg_statement count_by_form[LB_LEAD_FORM_COUNT] = {
    PG_EMAIL_COUNT, PG_PHONE_COUNT, PG_PAGE_COUNT, PG_COMPANY_COUNT, PG_HOST_COUNT, PG_HOST_COUNT,
};

lb_err lb_pg_leads_by_form_count(struct lb_store_reader *reader, struct lb_list list,
                                 enum lb_lead_form form, struct lb_str first, struct lb_str last,
                                 uint64_t *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    *out = 0;
    lb_pg_add_number(&params, list.workspace);
    lb_pg_add_number(&params, list.campaign);
    lb_pg_add_text(&params, first);
    lb_pg_add_text(&params, last);
    lb_err err = lb_pg_query(reader, count_by_form[form], &params, &result);
    if (!err)
        *out = (uint64_t)lb_pg_number(result, 0, 0);
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(LEADS_WITHOUT_FORMS, ALL, "n",
                "SELECT workspace_id, no FROM leadblock.lead WHERE NOT formed"
                " AND (email IS NOT NULL OR phone IS NOT NULL OR website IS NOT NULL"
                " OR company_url IS NOT NULL OR company_name IS NOT NULL)"
                " ORDER BY workspace_id, no LIMIT $1");

lb_err lb_pg_leads_without_forms(struct lb_store_reader *reader, size_t max,
                                 uint32_t *out_workspace, uint64_t *out, size_t *out_count)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    *out_count = 0;
    lb_pg_add_number(&params, (int64_t)max);
    lb_err err = lb_pg_query(reader, PG_LEADS_WITHOUT_FORMS, &params, &result);
    for (int i = 0; !err && i < PQntuples(result) && *out_count < max; i++) {
        uint32_t workspace = (uint32_t)lb_pg_number(result, i, 0);
        if (!*out_count)
            *out_workspace = workspace;
        if (workspace == *out_workspace)
            out[(*out_count)++] = (uint64_t)lb_pg_number(result, i, 1);
    }
    PQclear(result);
    return err;
}

static lb_err change_pending(struct lb_store *store, enum lb_pg_statement statement,
                             const struct lb_pending_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, row->list.workspace);
    lb_pg_add_number(&params, row->list.campaign);
    lb_pg_add_text(&params, (struct lb_str){row->key, row->len});
    lb_pg_add_number(&params, (int64_t)row->token);
    return lb_pg_write(store, statement, &params);
}

LB_PG_STATEMENT(PENDING_PUT, ONE, "nntn",
                "INSERT INTO leadblock.lead_pending (workspace_id, campaign, key, token)"
                " VALUES ($1, $2, $3, $4)"
                " ON CONFLICT (workspace_id, campaign, key) DO UPDATE SET token = excluded.token");

lb_err lb_pg_lead_pending_put(struct lb_store *store, const struct lb_pending_row *row)
{
    return change_pending(store, PG_PENDING_PUT, row);
}

LB_PG_STATEMENT(PENDING_DROP, ONE, "nntn",
                "DELETE FROM leadblock.lead_pending"
                " WHERE workspace_id = $1 AND campaign = $2 AND key = $3 AND token = $4");

lb_err lb_pg_lead_pending_drop(struct lb_store *store, const struct lb_pending_row *row)
{
    return change_pending(store, PG_PENDING_DROP, row);
}

static lb_err read_pending(const PGresult *result, int row, struct lb_pending_row *out)
{
    struct lb_str key = lb_pg_text(result, row, 2);
    out->list = (struct lb_list){(uint32_t)lb_pg_number(result, row, 0),
                                 (uint32_t)lb_pg_number(result, row, 1)};
    out->token = (uint64_t)lb_pg_number(result, row, 3);
    out->len = key.len;
    return lb_str_copy(key, out->key, sizeof out->key) ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
}

LB_PG_STATEMENT(PENDING_NEXT, ALL, "nn",
                "SELECT workspace_id, campaign, key, token FROM leadblock.lead_pending"
                " WHERE workspace_id > $2 AND (key = '~links') = ($1 = 1)"
                " ORDER BY workspace_id, campaign, key LIMIT 1");

/* In the order of the table's key, so that one row is read, however many there are. */
static lb_err next_pending(struct lb_store_reader *reader, bool links, uint32_t after,
                           struct lb_pending_row *out)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, links);
    lb_pg_add_number(&params, after);
    lb_err err = lb_pg_query_one(reader, PG_PENDING_NEXT, &params, &result);
    if (!err)
        err = read_pending(result, 0, out);
    PQclear(result);
    return err;
}

static lb_err next_in_turn(struct lb_store_reader *reader, bool links, uint32_t after,
                           struct lb_pending_row *out)
{
    lb_err err = next_pending(reader, links, after, out);
    return err == LB_ERR_NOT_FOUND && after ? next_pending(reader, links, 0, out) : err;
}

lb_err lb_pg_lead_pending_next(struct lb_store_reader *reader, uint32_t after,
                               struct lb_pending_row *out)
{
    lb_err err = next_in_turn(reader, false, after, out);
    return err == LB_ERR_NOT_FOUND ? next_in_turn(reader, true, after, out) : err;
}

LB_PG_STATEMENT(PENDING_EVERYWHERE, ONE, "n",
                "SELECT workspace_id, campaign, key, token FROM leadblock.lead_pending"
                " WHERE workspace_id = 0 AND campaign = 0 ORDER BY key LIMIT $1");

lb_err lb_pg_lead_pending_everywhere(struct lb_store_reader *reader, size_t max,
                                     struct lb_pending_row *out, size_t *out_count)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, (int64_t)max);
    lb_err err = lb_pg_query(reader, PG_PENDING_EVERYWHERE, &params, &result);
    *out_count = 0;
    for (int i = 0; !err && i < PQntuples(result); i++)
        err = read_pending(result, i, &out[(*out_count)++]);
    PQclear(result);
    return err;
}
