#include "store/sqlite/internal.h"

#define LEAD_COLUMNS                                                                               \
    "no, workspace, campaign, identifier, member_id, first_name, last_name, company_name,"         \
    " variables, added_at, status, set_aside, queue, step, since, marks, email, phone, headline,"  \
    " website, company_url, contacted_at, gave_way"

/* The columns of the fields, by enum lb_lead_field, among LEAD_COLUMNS. */
static const int field_columns[LB_LEAD_FIELD_COUNT] = {5, 6, 7, 16, 17, 18, 19, 20};

static lb_err insert_name(struct lb_store *store, const struct lb_lead_row *row, struct lb_str name)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_LEAD_NAME_INSERT,
                           "INSERT INTO lead_name (workspace, name, campaign, lead)"
                           " VALUES (?1, ?2, ?3, ?4)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->workspace);
    lb_sqlite_bind_str(stmt, 2, name);
    sqlite3_bind_int64(stmt, 3, row->campaign);
    sqlite3_bind_int64(stmt, 4, (int64_t)row->no);
    return lb_sqlite_run(stmt);
}

static void bind_lead(sqlite3_stmt *stmt, const struct lb_lead_row *row)
{
    sqlite3_bind_int64(stmt, 1, row->workspace);
    sqlite3_bind_int64(stmt, 2, row->campaign);
    lb_sqlite_bind_str(stmt, 3, row->identifier);
    lb_sqlite_bind_str(stmt, 4, row->member_id);
    for (int i = 0; i < LB_LEAD_FIELD_COUNT; i++)
        lb_sqlite_bind_str(stmt, field_columns[i], row->fields[i]);
    lb_sqlite_bind_str(stmt, 8, row->variables);
    sqlite3_bind_int64(stmt, 9, row->added_at);
    sqlite3_bind_int(stmt, 10, (int)row->status);
    sqlite3_bind_int(stmt, 11, row->set_aside);
    sqlite3_bind_int(stmt, 12, (int)row->queue);
    sqlite3_bind_int64(stmt, 13, (int64_t)row->step);
    sqlite3_bind_int64(stmt, 14, row->since);
    sqlite3_bind_int64(stmt, 15, row->marks);
    for (int i = 0; i < LB_LEAD_FORM_COUNT; i++)
        lb_sqlite_bind_str(stmt, 21 + i, row->forms[i]);
}

lb_err lb_sqlite_lead_insert(struct lb_store *store, struct lb_lead_row *row)
{
    struct lb_sqlite *sqlite = lb_sqlite_of(store);
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &sqlite->writer, STMT_LEAD_INSERT,
        "INSERT INTO lead (workspace, campaign, identifier, member_id, first_name, last_name,"
        " company_name, variables, added_at, status, set_aside, queue, step, since, marks, email,"
        " phone, headline, website, company_url, email_form, phone_form, page_form, company_form,"
        " mail_host, site_host, no, formed)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18,"
        " ?19, ?20, ?21, ?22, ?23, ?24, ?25, ?26, ?27, 1)");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    bind_lead(stmt, row);
    lb_err err = lb_sqlite_insert_numbered(sqlite, stmt, 27, row->workspace, &row->no);
    if (!err)
        err = insert_name(store, row, row->identifier);
    if (!err && row->member_id.ptr)
        err = insert_name(store, row, row->member_id);
    return err;
}

lb_err lb_sqlite_lead_learn(struct lb_store *store, const struct lb_lead_row *row,
                            struct lb_str name)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_LEAD_LEARN,
                           "UPDATE lead SET identifier = ?2, member_id = ?3 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)row->no);
    lb_sqlite_bind_str(stmt, 2, row->identifier);
    lb_sqlite_bind_str(stmt, 3, row->member_id);
    lb_err err = lb_sqlite_run(stmt);
    return err ? err : insert_name(store, row, name);
}

lb_err lb_sqlite_lead_move(struct lb_store *store, const struct lb_lead_row *row)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_LEAD_MOVE,
                           "UPDATE lead SET status = ?2, set_aside = ?3, queue = ?4, step = ?5,"
                           " since = ?6, marks = ?7 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)row->no);
    sqlite3_bind_int(stmt, 2, (int)row->status);
    sqlite3_bind_int(stmt, 3, row->set_aside);
    sqlite3_bind_int(stmt, 4, (int)row->queue);
    sqlite3_bind_int64(stmt, 5, (int64_t)row->step);
    sqlite3_bind_int64(stmt, 6, row->since);
    sqlite3_bind_int64(stmt, 7, row->marks);
    return lb_sqlite_run(stmt);
}

static lb_err delete_name(struct lb_store *store, const struct lb_lead_row *row, struct lb_str name)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_LEAD_NAME_DELETE,
        "DELETE FROM lead_name WHERE workspace = ?1 AND name = ?2 AND campaign = ?3 AND lead = ?4");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->workspace);
    lb_sqlite_bind_str(stmt, 2, name);
    sqlite3_bind_int64(stmt, 3, row->campaign);
    sqlite3_bind_int64(stmt, 4, (int64_t)row->no);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_lead_give_way(struct lb_store *store, const struct lb_lead_row *row)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_LEAD_GIVE_WAY,
                                            "UPDATE lead SET gave_way = 1 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)row->no);
    lb_err err = lb_sqlite_run(stmt);
    return err ? err : delete_name(store, row, row->identifier);
}

static lb_err delete_by_lead(struct lb_store *store, enum lb_sqlite_statement which,
                             const char *sql, uint64_t no)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, which, sql);
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)no);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_lead_delete(struct lb_store *store, const struct lb_lead_row *row)
{
    lb_sqlite_enlarge_cache(&lb_sqlite_of(store)->writer);
    lb_err err = delete_name(store, row, row->identifier);
    if (!err && row->member_id.ptr)
        err = delete_name(store, row, row->member_id);
    if (!err)
        err = delete_by_lead(store, STMT_LEAD_ACTIVITIES_DELETE,
                             "DELETE FROM activity WHERE lead = ?1", row->no);
    if (!err)
        err = delete_by_lead(store, STMT_LEAD_DELETE, "DELETE FROM lead WHERE no = ?1", row->no);
    return err;
}

static void read_lead(sqlite3_stmt *stmt, struct lb_lead_row *out)
{
    *out = (struct lb_lead_row){.no = (uint64_t)sqlite3_column_int64(stmt, 0),
                                .workspace = (uint32_t)sqlite3_column_int64(stmt, 1),
                                .campaign = (uint32_t)sqlite3_column_int64(stmt, 2),
                                .identifier = lb_sqlite_column_str(stmt, 3),
                                .member_id = lb_sqlite_column_str(stmt, 4),
                                .variables = lb_sqlite_column_str(stmt, 8),
                                .added_at = sqlite3_column_int64(stmt, 9),
                                .status = (enum lb_lead_status)sqlite3_column_int(stmt, 10),
                                .set_aside = sqlite3_column_int(stmt, 11) != 0,
                                .queue = (enum lb_lead_queue)sqlite3_column_int(stmt, 12),
                                .step = (uint64_t)sqlite3_column_int64(stmt, 13),
                                .since = sqlite3_column_int64(stmt, 14),
                                .marks = (unsigned)sqlite3_column_int(stmt, 15),
                                .contacted_at = sqlite3_column_int64(stmt, 21),
                                .gave_way = sqlite3_column_int(stmt, 22) != 0};
    for (int i = 0; i < LB_LEAD_FIELD_COUNT; i++)
        out->fields[i] = lb_sqlite_column_str(stmt, field_columns[i]);
}

/* A string that could not be read, because memory was short, must not look like a missing one. */
static bool is_complete(sqlite3_stmt *stmt, const struct lb_lead_row *row)
{
    for (int i = 0; i < LB_LEAD_FIELD_COUNT; i++)
        if (!row->fields[i].ptr && sqlite3_column_type(stmt, field_columns[i]) != SQLITE_NULL)
            return false;
    return row->identifier.ptr &&
           (row->member_id.ptr || sqlite3_column_type(stmt, 4) == SQLITE_NULL) &&
           (row->variables.ptr || sqlite3_column_type(stmt, 8) == SQLITE_NULL);
}

lb_err lb_sqlite_lead(struct lb_store_reader *reader, uint32_t workspace, uint64_t no,
                      struct lb_lead_row *out)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_LEAD, "SELECT " LEAD_COLUMNS " FROM lead WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_reset(stmt);
    sqlite3_bind_int64(stmt, 1, (int64_t)no);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        read_lead(stmt, out);
        return is_complete(stmt, out) ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
    }
    return lb_sqlite_end_row(stmt, code);
}

/* Campaigns and numbers. */
static lb_err read_refs(sqlite3_stmt *stmt, struct lb_lead_ref *out, size_t *out_count)
{
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        out[(*out_count)++] =
            (struct lb_lead_ref){.campaign = (uint32_t)sqlite3_column_int64(stmt, 0),
                                 .lead = (uint64_t)sqlite3_column_int64(stmt, 1)};
    return lb_sqlite_end_scan(stmt, LB_OK, code);
}

lb_err lb_sqlite_leads_named(struct lb_store_reader *reader, uint32_t workspace, struct lb_str name,
                             uint32_t after, size_t max, struct lb_lead_ref *out, size_t *out_count)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_LEADS_NAMED,
        "SELECT campaign, lead FROM lead_name WHERE workspace = ?1 AND name = ?2 AND campaign > ?3"
        " ORDER BY campaign LIMIT ?4");
    *out_count = 0;
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_enlarge_cache(reader);
    sqlite3_bind_int64(stmt, 1, workspace);
    lb_sqlite_bind_str(stmt, 2, name);
    sqlite3_bind_int64(stmt, 3, after);
    sqlite3_bind_int64(stmt, 4, (int64_t)max);
    return read_refs(stmt, out, out_count);
}

lb_err lb_sqlite_leads_that_gave_way(struct lb_store_reader *reader, uint32_t workspace,
                                     struct lb_str name, struct lb_lead_ref after, size_t max,
                                     struct lb_lead_ref *out, size_t *out_count)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_LEADS_THAT_GAVE_WAY,
        "SELECT campaign, no FROM lead INDEXED BY lead_gave_way"
        " WHERE workspace = ?1 AND identifier = ?2 AND gave_way = 1 AND (campaign, no) > (?3, ?4)"
        " ORDER BY campaign, no LIMIT ?5");
    *out_count = 0;
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, workspace);
    lb_sqlite_bind_str(stmt, 2, name);
    sqlite3_bind_int64(stmt, 3, after.campaign);
    sqlite3_bind_int64(stmt, 4, (int64_t)after.lead);
    sqlite3_bind_int64(stmt, 5, (int64_t)max);
    return read_refs(stmt, out, out_count);
}

lb_err lb_sqlite_load_lead_names(struct lb_store *store, void *context,
                                 lb_err (*each)(void *, uint32_t workspace, struct lb_str name))
{
    sqlite3_stmt *stmt = NULL;
    int code = sqlite3_prepare_v2(lb_sqlite_of(store)->writer.db,
                                  "SELECT workspace, name FROM old_lead_name", -1, &stmt, NULL);
    lb_err err = LB_OK;
    while (code == SQLITE_OK && !err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_str name = lb_sqlite_column_str(stmt, 1);
        err = name.ptr ? each(context, (uint32_t)sqlite3_column_int64(stmt, 0), name)
                       : LB_ERR_STORAGE_UNAVAILABLE;
        code = SQLITE_OK;
    }
    sqlite3_finalize(stmt);
    return err || code == SQLITE_OK || code == SQLITE_DONE ? err : lb_sqlite_error(code);
}

#define LEADS_WAITING                                                                              \
    "SELECT no FROM lead INDEXED BY lead_queue"                                                    \
    " WHERE set_aside = 0 AND status <= 1 AND campaign = ?1 AND queue = ?2 AND step = ?3"

static lb_err find_waiting(sqlite3_stmt *stmt, uint32_t campaign, enum lb_lead_queue queue,
                           uint64_t step, int64_t since, size_t max, uint64_t *out,
                           size_t *out_count)
{
    *out_count = 0;
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, campaign);
    sqlite3_bind_int(stmt, 2, (int)queue);
    sqlite3_bind_int64(stmt, 3, (int64_t)step);
    sqlite3_bind_int64(stmt, 4, since);
    sqlite3_bind_int64(stmt, 5, (int64_t)max);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW)
        out[(*out_count)++] = (uint64_t)sqlite3_column_int64(stmt, 0);
    return lb_sqlite_end_scan(stmt, LB_OK, code);
}

lb_err lb_sqlite_leads_due(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                           enum lb_lead_queue queue, uint64_t step, int64_t before, size_t max,
                           uint64_t *out, size_t *out_count)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_LEADS_DUE, LEADS_WAITING " AND since <= ?4 ORDER BY since, no LIMIT ?5");
    return find_waiting(stmt, campaign, queue, step, before, max, out, out_count);
}

lb_err lb_sqlite_leads_ahead(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                             enum lb_lead_queue queue, uint64_t step, int64_t after, size_t max,
                             uint64_t *out, size_t *out_count)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_LEADS_AHEAD,
                           LEADS_WAITING " AND since > ?4 ORDER BY since DESC, no DESC LIMIT ?5");
    return find_waiting(stmt, campaign, queue, step, after, max, out, out_count);
}

static lb_err each_lead(sqlite3_stmt *stmt, void *context,
                        lb_err (*each)(void *, const struct lb_lead_row *))
{
    lb_err err = LB_OK;
    int code = SQLITE_ROW;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_lead_row row;
        read_lead(stmt, &row);
        err = is_complete(stmt, &row) ? each(context, &row) : LB_ERR_STORAGE_UNAVAILABLE;
    }
    return lb_sqlite_end_scan(stmt, err, code);
}

#define LEADS_OF(status)                                                                           \
    "SELECT no FROM lead WHERE campaign = ?1 AND status = " status " AND no < ?2"

lb_err lb_sqlite_leads_page(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                            int status, uint64_t below, uint64_t skip, size_t take, void *context,
                            lb_err (*each)(void *, const struct lb_lead_row *))
{
    /* The numbers are found in the index, merged when all statuses are wanted; then the rows. */
    sqlite3_stmt *stmt =
        status < 0
            ? lb_sqlite_prepared(
                  reader, STMT_LEADS_PAGE,
                  "SELECT " LEAD_COLUMNS
                  " FROM lead WHERE no IN (SELECT no FROM (" LEADS_OF("0") " UNION ALL " LEADS_OF("1") " UNION ALL " LEADS_OF(
                      "2") " UNION ALL " LEADS_OF("3") " UNION ALL " LEADS_OF("4") " ORDER BY no "
                                                                                   "DESC LIMIT ?4 "
                                                                                   "OFFSET ?3))"
                                                                                   " ORDER BY no "
                                                                                   "DESC")
            : lb_sqlite_prepared(reader, STMT_LEADS_PAGE_BY_STATUS,
                                 "SELECT " LEAD_COLUMNS " FROM lead WHERE no IN (" LEADS_OF(
                                     "?5") " ORDER BY no DESC LIMIT ?4 OFFSET ?3)"
                                           " ORDER BY no DESC");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, campaign);
    sqlite3_bind_int64(stmt, 2, below ? (int64_t)below : INT64_MAX);
    sqlite3_bind_int64(stmt, 3, (int64_t)skip);
    sqlite3_bind_int64(stmt, 4, (int64_t)take);
    if (status >= 0)
        sqlite3_bind_int(stmt, 5, status);
    return each_lead(stmt, context, each);
}

lb_err lb_sqlite_leads_scheduled(struct lb_store_reader *reader, uint32_t workspace,
                                 uint32_t campaign, uint64_t skip, size_t take, void *context,
                                 lb_err (*each)(void *, const struct lb_lead_row *))
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_LEADS_SCHEDULED,
        "SELECT " LEAD_COLUMNS " FROM lead INDEXED BY lead_queue"
        " WHERE set_aside = 0 AND status <= 1 AND campaign = ?1 AND queue IN (0, 2)"
        " ORDER BY queue, step, since, no LIMIT ?3 OFFSET ?2");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, campaign);
    sqlite3_bind_int64(stmt, 2, (int64_t)skip);
    sqlite3_bind_int64(stmt, 3, (int64_t)take);
    return each_lead(stmt, context, each);
}

lb_err lb_sqlite_leads_set_aside(struct lb_store_reader *reader, uint32_t workspace,
                                 uint32_t campaign, bool contacted, uint64_t skip, size_t take,
                                 void *context, lb_err (*each)(void *, const struct lb_lead_row *))
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_LEADS_SET_ASIDE,
        "SELECT " LEAD_COLUMNS " FROM lead INDEXED BY lead_set_aside"
        " WHERE set_aside = 1 AND status <= 2 AND campaign = ?1"
        " AND (contacted_at IS NOT NULL) = ?4 ORDER BY no DESC LIMIT ?3 OFFSET ?2");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, campaign);
    sqlite3_bind_int64(stmt, 2, (int64_t)skip);
    sqlite3_bind_int64(stmt, 3, (int64_t)take);
    sqlite3_bind_int(stmt, 4, contacted);
    return each_lead(stmt, context, each);
}
