#include "store/postgres/internal.h"

#define NEW_LEAD_COLUMNS                                                                           \
    "no, workspace_id, campaign, identifier, member_id, first_name, last_name, company_name,"      \
    " variables, added_at, status, set_aside, queue, step, since, marks, email, phone, headline,"  \
    " website, company_url"
#define LEAD_COLUMNS NEW_LEAD_COLUMNS ", contacted_at, gave_way"

/* The columns of the fields, by enum lb_lead_field, among LEAD_COLUMNS. */
static const int field_columns[LB_LEAD_FIELD_COUNT] = {5, 6, 7, 16, 17, 18, 19, 20};

LB_PG_STATEMENT(LEAD_NAME_INSERT, ONE, "ntnn",
                "INSERT INTO leadblock.lead_name (workspace_id, name, campaign, lead)"
                " VALUES ($1, $2, $3, $4)");

static lb_err insert_name(struct lb_store *store, const struct lb_lead_row *row, struct lb_str name)
{
    struct lb_pg_params params = {0};
    lb_pg_forget_name(&lb_postgres_of(store)->writer, row->workspace, name);
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_text(&params, name);
    lb_pg_add_number(&params, row->campaign);
    lb_pg_add_number(&params, (int64_t)row->no);
    return lb_pg_write(store, PG_LEAD_NAME_INSERT, &params);
}

static void add_lead(struct lb_pg_params *params, const struct lb_lead_row *row)
{
    lb_pg_add_number(params, (int64_t)row->no);
    lb_pg_add_number(params, row->workspace);
    lb_pg_add_number(params, row->campaign);
    lb_pg_add_text(params, row->identifier);
    lb_pg_add_text(params, row->member_id);
    for (int i = 0; i < LB_LEAD_EMAIL; i++)
        lb_pg_add_text(params, row->fields[i]);
    lb_pg_add_text(params, row->variables);
    lb_pg_add_number(params, row->added_at);
    lb_pg_add_number(params, (int64_t)row->status);
    lb_pg_add_flag(params, row->set_aside);
    lb_pg_add_number(params, (int64_t)row->queue);
    lb_pg_add_number(params, (int64_t)row->step);
    lb_pg_add_number(params, row->since);
    lb_pg_add_number(params, row->marks);
    for (int i = LB_LEAD_EMAIL; i < LB_LEAD_FIELD_COUNT; i++)
        lb_pg_add_text(params, row->fields[i]);
    for (int i = 0; i < LB_LEAD_FORM_COUNT; i++)
        lb_pg_add_text(params, row->forms[i]);
}

LB_PG_STATEMENT(LEAD_INSERT, ONE, "nnnttttttnnbnnnnttttttttttt",
                "INSERT INTO leadblock.lead (" NEW_LEAD_COLUMNS
                ", email_form, phone_form, page_form,"
                " company_form, mail_host, site_host, formed) VALUES"
                " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18,"
                " $19, $20, $21, $22, $23, $24, $25, $26, $27, true)");

lb_err lb_pg_lead_insert(struct lb_store *store, struct lb_lead_row *row)
{
    struct lb_postgres *postgres = lb_postgres_of(store);
    struct lb_pg_params params = {0};
    struct lb_pg_touched *touched;
    lb_err err = lb_pg_touch_locked(postgres, row->workspace, &touched);
    if (err)
        return err;
    touched->leads_added |= !touched->has_leads;
    touched->has_leads = true;
    err = lb_pg_next_number(postgres, row->workspace, &row->no);
    if (err)
        return err;
    lb_pg_forget_lead(&postgres->writer, row->workspace, row->no);
    lb_pg_forget_queue(&postgres->writer, row);
    add_lead(&params, row);
    err = lb_pg_write(store, PG_LEAD_INSERT, &params);
    if (!err)
        err = insert_name(store, row, row->identifier);
    if (!err && row->member_id.ptr)
        err = insert_name(store, row, row->member_id);
    return err;
}

LB_PG_STATEMENT(LEAD_LEARN, ONE, "nntt",
                "UPDATE leadblock.lead SET identifier = $3, member_id = $4"
                " WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_lead_learn(struct lb_store *store, const struct lb_lead_row *row, struct lb_str name)
{
    struct lb_pg_params params = {0};
    lb_pg_forget_lead(&lb_postgres_of(store)->writer, row->workspace, row->no);
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, (int64_t)row->no);
    lb_pg_add_text(&params, row->identifier);
    lb_pg_add_text(&params, row->member_id);
    lb_err err = lb_pg_write(store, PG_LEAD_LEARN, &params);
    return err ? err : insert_name(store, row, name);
}

LB_PG_STATEMENT(
    LEAD_MOVE, ONE, "nnnbnnnn",
    "UPDATE leadblock.lead SET status = $3, set_aside = $4, queue = $5, step = $6, since = $7,"
    " marks = $8 WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_lead_move(struct lb_store *store, const struct lb_lead_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_forget_lead(&lb_postgres_of(store)->writer, row->workspace, row->no);
    lb_pg_forget_queue(&lb_postgres_of(store)->writer, row);
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, (int64_t)row->no);
    lb_pg_add_number(&params, (int64_t)row->status);
    lb_pg_add_flag(&params, row->set_aside);
    lb_pg_add_number(&params, (int64_t)row->queue);
    lb_pg_add_number(&params, (int64_t)row->step);
    lb_pg_add_number(&params, row->since);
    lb_pg_add_number(&params, row->marks);
    return lb_pg_write(store, PG_LEAD_MOVE, &params);
}

LB_PG_STATEMENT(LEAD_NAME_DELETE, ONE, "ntnn",
                "DELETE FROM leadblock.lead_name"
                " WHERE workspace_id = $1 AND name = $2 AND campaign = $3 AND lead = $4");

static lb_err delete_name(struct lb_store *store, const struct lb_lead_row *row, struct lb_str name)
{
    struct lb_pg_params params = {0};
    lb_pg_forget_name(&lb_postgres_of(store)->writer, row->workspace, name);
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_text(&params, name);
    lb_pg_add_number(&params, row->campaign);
    lb_pg_add_number(&params, (int64_t)row->no);
    return lb_pg_write(store, PG_LEAD_NAME_DELETE, &params);
}

LB_PG_STATEMENT(LEAD_GIVE_WAY, ONE, "nn",
                "UPDATE leadblock.lead SET gave_way = true WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_lead_give_way(struct lb_store *store, const struct lb_lead_row *row)
{
    struct lb_pg_params params = {0};
    lb_pg_forget_lead(&lb_postgres_of(store)->writer, row->workspace, row->no);
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, (int64_t)row->no);
    lb_err err = lb_pg_write(store, PG_LEAD_GIVE_WAY, &params);
    return err ? err : delete_name(store, row, row->identifier);
}

LB_PG_STATEMENT(LEAD_ACTIVITIES_DELETE, ONE, "nn",
                "DELETE FROM leadblock.activity WHERE workspace_id = $1 AND lead = $2");
LB_PG_STATEMENT(LEAD_DELETE, ONE, "nn",
                "DELETE FROM leadblock.lead WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_lead_delete(struct lb_store *store, const struct lb_lead_row *row)
{
    struct lb_pg_params params = {0};
    struct lb_store_reader *writer = &lb_postgres_of(store)->writer;
    lb_pg_forget_lead(writer, row->workspace, row->no);
    lb_pg_forget_activities(writer, row->workspace, row->no);
    lb_pg_add_number(&params, row->workspace);
    lb_pg_add_number(&params, (int64_t)row->no);
    lb_err err = delete_name(store, row, row->identifier);
    if (!err && row->member_id.ptr)
        err = delete_name(store, row, row->member_id);
    if (!err)
        err = lb_pg_write(store, PG_LEAD_ACTIVITIES_DELETE, &params);
    if (!err)
        err = lb_pg_write(store, PG_LEAD_DELETE, &params);
    return err;
}

static void read_lead(const PGresult *result, int row, struct lb_lead_row *out)
{
    *out = (struct lb_lead_row){.no = (uint64_t)lb_pg_number(result, row, 0),
                                .workspace = (uint32_t)lb_pg_number(result, row, 1),
                                .campaign = (uint32_t)lb_pg_number(result, row, 2),
                                .identifier = lb_pg_text(result, row, 3),
                                .member_id = lb_pg_text(result, row, 4),
                                .variables = lb_pg_text(result, row, 8),
                                .added_at = lb_pg_number(result, row, 9),
                                .status = (enum lb_lead_status)lb_pg_number(result, row, 10),
                                .set_aside = lb_pg_flag(result, row, 11),
                                .queue = (enum lb_lead_queue)lb_pg_number(result, row, 12),
                                .step = (uint64_t)lb_pg_number(result, row, 13),
                                .since = lb_pg_number(result, row, 14),
                                .marks = (unsigned)lb_pg_number(result, row, 15),
                                .contacted_at = lb_pg_number(result, row, 21),
                                .gave_way = lb_pg_flag(result, row, 22)};
    for (int i = 0; i < LB_LEAD_FIELD_COUNT; i++)
        out->fields[i] = lb_pg_text(result, row, field_columns[i]);
}

/* Each lead whose number is in the result of a query, looked up by itself. With `no = ANY (...)`,
 * or a join, PostgreSQL reads all leads of the workspace as long as it has no statistics of the
 * table: until autovacuum has seen what was imported, and a prepared statement may keep that plan.
 * OFFSET 0 keeps the look-up from being turned into a join. */
#define LEADS_OF_NUMBERS(numbers)                                                                  \
    "SELECT lead.* FROM (" numbers ") AS wanted (number) CROSS JOIN LATERAL"                       \
    " (SELECT " LEAD_COLUMNS                                                                       \
    " FROM leadblock.lead WHERE workspace_id = $1 AND no = wanted.number OFFSET 0) AS lead"

/* Sent by prefetch.c. */
LB_PG_STATEMENT(LEADS_PREFETCH, ONE, "nN", LEADS_OF_NUMBERS("SELECT unnest($2::bigint[])"));

LB_PG_STATEMENT(LEAD, ONE, "nn",
                "SELECT " LEAD_COLUMNS " FROM leadblock.lead WHERE workspace_id = $1 AND no = $2");

lb_err lb_pg_lead(struct lb_store_reader *reader, uint32_t workspace, uint64_t no,
                  struct lb_lead_row *out)
{
    struct lb_pg_params params = {0};
    const PGresult *cached;
    PGresult *result;
    int row;
    if (lb_pg_cached_lead(reader, workspace, no, &cached, &row)) {
        if (cached)
            read_lead(cached, row, out);
        return cached ? LB_OK : LB_ERR_NOT_FOUND;
    }
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, (int64_t)no);
    lb_err err = lb_pg_query_row(reader, PG_LEAD, &params, LB_PG_HELD_LEAD, &result);
    if (!err)
        read_lead(result, 0, out);
    return err;
}

static void read_refs(const PGresult *result, int first, int count, uint32_t after, size_t max,
                      struct lb_lead_ref *out, size_t *out_count)
{
    for (int i = first; i < first + count && *out_count < max; i++) {
        struct lb_lead_ref ref = {.campaign = (uint32_t)lb_pg_number(result, i, 0),
                                  .lead = (uint64_t)lb_pg_number(result, i, 1)};
        if (ref.campaign > after)
            out[(*out_count)++] = ref;
    }
}

/* Sent by prefetch.c. Looked up as in LEADS_OF_NUMBERS. */
LB_PG_STATEMENT(NAMES_PREFETCH, ONE, "nT",
                "SELECT found.campaign, found.lead, found.name"
                " FROM (SELECT DISTINCT unnest($2::text[])) AS wanted (name) CROSS JOIN LATERAL"
                " (SELECT campaign, lead, name FROM leadblock.lead_name"
                " WHERE workspace_id = $1 AND name = wanted.name OFFSET 0) AS found"
                " ORDER BY found.name, found.campaign");

LB_PG_STATEMENT(
    LEADS_NAMED, ONE, "ntnn",
    "SELECT campaign, lead FROM leadblock.lead_name"
    " WHERE workspace_id = $1 AND name = $2 AND campaign > $3 ORDER BY campaign LIMIT $4");

lb_err lb_pg_leads_named(struct lb_store_reader *reader, uint32_t workspace, struct lb_str name,
                         uint32_t after, size_t max, struct lb_lead_ref *out, size_t *out_count)
{
    struct lb_pg_params params = {0};
    const PGresult *cached;
    PGresult *result;
    int first, count;
    *out_count = 0;
    if (lb_pg_cached_name(reader, workspace, name, &cached, &first, &count)) {
        read_refs(cached, first, count, after, max, out, out_count);
        return LB_OK;
    }
    lb_pg_add_number(&params, workspace);
    lb_pg_add_text(&params, name);
    lb_pg_add_number(&params, after);
    lb_pg_add_number(&params, (int64_t)max);
    lb_err err = lb_pg_query(reader, PG_LEADS_NAMED, &params, &result);
    if (!err)
        read_refs(result, 0, PQntuples(result), after, max, out, out_count);
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(
    LEADS_THAT_GAVE_WAY, ONE, "ntnnn",
    "SELECT campaign, no FROM leadblock.lead WHERE workspace_id = $1 AND identifier = $2"
    " AND gave_way AND (campaign, no) > ($3, $4) ORDER BY campaign, no LIMIT $5");

lb_err lb_pg_leads_that_gave_way(struct lb_store_reader *reader, uint32_t workspace,
                                 struct lb_str name, struct lb_lead_ref after, size_t max,
                                 struct lb_lead_ref *out, size_t *out_count)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    *out_count = 0;
    lb_pg_add_number(&params, workspace);
    lb_pg_add_text(&params, name);
    lb_pg_add_number(&params, after.campaign);
    lb_pg_add_number(&params, (int64_t)after.lead);
    lb_pg_add_number(&params, (int64_t)max);
    lb_err err = lb_pg_query(reader, PG_LEADS_THAT_GAVE_WAY, &params, &result);
    if (!err)
        read_refs(result, 0, PQntuples(result), 0, max, out, out_count);
    PQclear(result);
    return err;
}

static lb_err each_name(PGresult *result, lb_err err, void *context,
                        lb_err (*each)(void *, uint32_t workspace, struct lb_str name))
{
    for (int i = 0; !err && i < PQntuples(result); i++)
        err = each(context, (uint32_t)lb_pg_number(result, i, 0), lb_pg_text(result, i, 1));
    PQclear(result);
    return err;
}

LB_PG_STATEMENT(LEAD_NAMES, ALL, "", "SELECT workspace_id, name FROM leadblock.old_lead_name");

lb_err lb_pg_load_lead_names(struct lb_store *store, void *context,
                             lb_err (*each)(void *, uint32_t workspace, struct lb_str name))
{
    PGresult *result;
    lb_err err = lb_pg_query(&lb_postgres_of(store)->writer, PG_LEAD_NAMES, NULL, &result);
    return each_name(result, err, context, each);
}

LB_PG_STATEMENT(LEAD_NAMES_OF, ONE, "n",
                "SELECT workspace_id, name FROM leadblock.old_lead_name WHERE workspace_id = $1");

lb_err lb_pg_lead_names(struct lb_store_reader *reader, uint32_t workspace, void *context,
                        lb_err (*each)(void *, uint32_t workspace, struct lb_str name))
{
    struct lb_pg_params params = {0};
    PGresult *result;
    lb_pg_add_number(&params, workspace);
    lb_err err = lb_pg_query(reader, PG_LEAD_NAMES_OF, &params, &result);
    return each_name(result, err, context, each);
}

LB_PG_STATEMENT(
    LEADS_DUE, ONE, "nnnnnn",
    "SELECT no FROM leadblock.lead WHERE NOT set_aside AND status <= 1 AND workspace_id = $1"
    " AND campaign = $2 AND queue = $3 AND step = $4 AND since <= $5"
    " ORDER BY since, no LIMIT $6");

LB_PG_STATEMENT(
    LEADS_AHEAD, ONE, "nnnnnn",
    "SELECT no FROM leadblock.lead WHERE NOT set_aside AND status <= 1 AND workspace_id = $1"
    " AND campaign = $2 AND queue = $3 AND step = $4 AND since > $5"
    " ORDER BY since DESC, no DESC LIMIT $6");

static lb_err find_waiting(struct lb_store_reader *reader, const struct lb_pg_queue *queue,
                           size_t max, uint64_t *out, size_t *out_count)
{
    struct lb_pg_params params = {0};
    PGresult *result;
    *out_count = 0;
    if (lb_pg_cached_none(reader, queue))
        return LB_OK;
    lb_pg_add_number(&params, queue->workspace);
    lb_pg_add_number(&params, queue->campaign);
    lb_pg_add_number(&params, (int64_t)queue->queue);
    lb_pg_add_number(&params, (int64_t)queue->step);
    lb_pg_add_number(&params, queue->since);
    lb_pg_add_number(&params, (int64_t)max);
    lb_err err = lb_pg_query_in_order(reader, queue->ahead ? PG_LEADS_AHEAD : PG_LEADS_DUE, &params,
                                      &result);
    for (int i = 0; !err && i < PQntuples(result) && *out_count < max; i++)
        out[(*out_count)++] = (uint64_t)lb_pg_number(result, i, 0);
    PQclear(result);
    return err;
}

lb_err lb_pg_leads_due(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                       enum lb_lead_queue queue, uint64_t step, int64_t before, size_t max,
                       uint64_t *out, size_t *out_count)
{
    const struct lb_pg_queue due = {workspace, campaign, step, before, queue, false};
    return find_waiting(reader, &due, max, out, out_count);
}

lb_err lb_pg_leads_ahead(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                         enum lb_lead_queue queue, uint64_t step, int64_t after, size_t max,
                         uint64_t *out, size_t *out_count)
{
    const struct lb_pg_queue ahead = {workspace, campaign, step, after, queue, true};
    return find_waiting(reader, &ahead, max, out, out_count);
}

void lb_pg_prefetch_due(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                        enum lb_lead_queue queue, uint64_t step, int64_t before)
{
    const struct lb_pg_queue due = {workspace, campaign, step, before, queue, false};
    lb_pg_prefetch_queue(reader, &due);
}

void lb_pg_prefetch_ahead(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                          enum lb_lead_queue queue, uint64_t step, int64_t after)
{
    const struct lb_pg_queue ahead = {workspace, campaign, step, after, queue, true};
    lb_pg_prefetch_queue(reader, &ahead);
}

/* The rows are all here before the first is handed out: `each` may ask for more. */
static lb_err each_lead(struct lb_store_reader *reader, enum lb_pg_statement statement,
                        const struct lb_pg_params *params, void *context,
                        lb_err (*each)(void *, const struct lb_lead_row *))
{
    PGresult *result;
    lb_err err = lb_pg_query(reader, statement, params, &result);
    for (int i = 0; !err && i < PQntuples(result); i++) {
        struct lb_lead_row row;
        read_lead(result, i, &row);
        err = each(context, &row);
    }
    PQclear(result);
    return err;
}

/* The numbers of a status, in the order of the index, as far as the page can reach. */
#define LEADS_OF(status)                                                                           \
    "(SELECT no FROM leadblock.lead"                                                               \
    " WHERE workspace_id = $1 AND campaign = $2 AND no < $3 AND status = " #status                 \
    " ORDER BY no DESC LIMIT $4 + $5)"
#define OR_LEADS_OF(status) " UNION ALL " LEADS_OF(status)
#define LEADS_OF_ALL_STATUSES                                                                      \
    LEADS_OF(0) OR_LEADS_OF(1) OR_LEADS_OF(2) OR_LEADS_OF(3) OR_LEADS_OF(4)

LB_PG_STATEMENT(
    LEADS_PAGE, ONE, "nnnnn",
    LEADS_OF_NUMBERS("SELECT no FROM (" LEADS_OF_ALL_STATUSES
                     ") AS page ORDER BY no DESC LIMIT $5 OFFSET $4") " ORDER BY lead.no DESC");
LB_PG_STATEMENT(LEADS_PAGE_BY_STATUS, ONE, "nnnnnn",
                "SELECT " LEAD_COLUMNS
                " FROM leadblock.lead WHERE workspace_id = $1 AND campaign = $2"
                " AND no < $3 AND status = $6 ORDER BY no DESC LIMIT $5 OFFSET $4");

lb_err lb_pg_leads_page(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                        int status, uint64_t below, uint64_t skip, size_t take, void *context,
                        lb_err (*each)(void *, const struct lb_lead_row *))
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, campaign);
    lb_pg_add_number(&params, below ? (int64_t)below : INT64_MAX);
    lb_pg_add_number(&params, (int64_t)skip);
    lb_pg_add_number(&params, (int64_t)take);
    if (status >= 0)
        lb_pg_add_number(&params, status);
    return each_lead(reader, status < 0 ? PG_LEADS_PAGE : PG_LEADS_PAGE_BY_STATUS, &params, context,
                     each);
}

LB_PG_STATEMENT(LEADS_SCHEDULED, ONE, "nnnn",
                "SELECT " LEAD_COLUMNS " FROM leadblock.lead WHERE NOT set_aside AND status <= 1"
                " AND workspace_id = $1 AND campaign = $2 AND queue <> 1"
                " ORDER BY queue, step, since, no LIMIT $4 OFFSET $3");

lb_err lb_pg_leads_scheduled(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                             uint64_t skip, size_t take, void *context,
                             lb_err (*each)(void *, const struct lb_lead_row *))
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, campaign);
    lb_pg_add_number(&params, (int64_t)skip);
    lb_pg_add_number(&params, (int64_t)take);
    return each_lead(reader, PG_LEADS_SCHEDULED, &params, context, each);
}

LB_PG_STATEMENT(LEADS_SET_ASIDE, ONE, "nnnnb",
                "SELECT " LEAD_COLUMNS " FROM leadblock.lead WHERE set_aside AND status <= 2"
                " AND workspace_id = $1 AND campaign = $2 AND (contacted_at IS NOT NULL) = $5"
                " ORDER BY no DESC LIMIT $4 OFFSET $3");

lb_err lb_pg_leads_set_aside(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                             bool contacted, uint64_t skip, size_t take, void *context,
                             lb_err (*each)(void *, const struct lb_lead_row *))
{
    struct lb_pg_params params = {0};
    lb_pg_add_number(&params, workspace);
    lb_pg_add_number(&params, campaign);
    lb_pg_add_number(&params, (int64_t)skip);
    lb_pg_add_number(&params, (int64_t)take);
    lb_pg_add_flag(&params, contacted);
    return each_lead(reader, PG_LEADS_SET_ASIDE, &params, context, each);
}
