#include "store/sqlite/internal.h"

lb_err lb_sqlite_lead_set_forms(struct lb_store *store, const struct lb_lead_row *row)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_LEAD_SET_FORMS,
        "UPDATE lead SET email_form = ?2, phone_form = ?3, page_form = ?4, company_form = ?5,"
        " mail_host = ?6, site_host = ?7, formed = 1 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)row->no);
    for (int i = 0; i < LB_LEAD_FORM_COUNT; i++)
        lb_sqlite_bind_str(stmt, 2 + i, row->forms[i]);
    return lb_sqlite_run(stmt);
}

/* The rest of one form, then the forms after it. To compare (form, no) with a row would be shorter,
 * but SQLite seeks by the form alone then: the number is the row's id and no column of the index. A
 * walk through a company's leads, which have one form, would read all before the place each time.
 */
#define BY_FORM(form, index)                                                                       \
    "SELECT * FROM (SELECT campaign, no, " form " FROM lead INDEXED BY " index                     \
    " WHERE workspace = ?1 AND " form " = ?2 AND no > ?4 ORDER BY no LIMIT ?5)"                    \
    " UNION ALL "                                                                                  \
    "SELECT * FROM (SELECT campaign, no, " form " FROM lead INDEXED BY " index                     \
    " WHERE workspace = ?1 AND " form " > ?2 AND " form " <= ?3"                                   \
    " ORDER BY " form ", no LIMIT ?5) LIMIT ?5"

static const char *const by_form[LB_LEAD_FORM_COUNT] = {
    BY_FORM("email_form", "lead_by_email"),    BY_FORM("phone_form", "lead_by_phone"),
    BY_FORM("page_form", "lead_by_page"),      BY_FORM("company_form", "lead_by_company"),
    BY_FORM("mail_host", "lead_by_mail_host"), BY_FORM("site_host", "lead_by_site_host"),
};

static bool take_place(sqlite3_stmt *stmt, uint64_t no, struct lb_lead_place *place)
{
    struct lb_str form = lb_sqlite_column_str(stmt, 2);
    if (!form.ptr || form.len > sizeof place->form)
        return false;
    memcpy(place->form, form.ptr, form.len);
    place->len = form.len;
    place->no = no;
    return true;
}

lb_err lb_sqlite_leads_by_form(struct lb_store_reader *reader, uint32_t workspace,
                               enum lb_lead_form form, struct lb_str last,
                               struct lb_lead_place *place, size_t max, struct lb_lead_ref *out,
                               size_t *out_count)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(reader, STMT_LEADS_BY_FORM + (int)form, by_form[form]);
    *out_count = 0;
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_enlarge_cache(reader);
    sqlite3_bind_int64(stmt, 1, workspace);
    lb_sqlite_bind_str(stmt, 2, (struct lb_str){place->form, place->len});
    lb_sqlite_bind_str(stmt, 3, last);
    sqlite3_bind_int64(stmt, 4, (int64_t)place->no);
    sqlite3_bind_int64(stmt, 5, (int64_t)max);
    int code;
    lb_err err = LB_OK;
    struct lb_lead_place reached = *place; /* the bound form is that of `place` */
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        struct lb_lead_ref ref = {.campaign = (uint32_t)sqlite3_column_int64(stmt, 0),
                                  .lead = (uint64_t)sqlite3_column_int64(stmt, 1)};
        out[(*out_count)++] = ref;
        err = take_place(stmt, ref.lead, &reached) ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
    }
    err = lb_sqlite_end_scan(stmt, err, code);
    *place = reached;
    return err;
}

/* Leads of deleted campaigns, which go soon, do not count. A row has to be read to know its
 * campaign, so beyond the first thousand of a workspace those that go are counted instead, of which
 * there are few, and the others by the index alone. */
#define LIVE                                                                                       \
    " AND (?2 = 0 OR l.campaign = ?2)"                                                             \
    " AND EXISTS (SELECT 1 FROM campaign c WHERE c.no = l.campaign AND c.deleted_at IS NULL)"
#define FEW(where)                                                                                 \
    "SELECT count(*) AS n FROM (SELECT 1 FROM lead l WHERE " where LIVE " LIMIT 1001)"
#define GOING(where)                                                                               \
    "(SELECT count(*) FROM campaign c CROSS JOIN lead l ON l.campaign = c.no"                      \
    " WHERE c.workspace = ?1 AND c.deleted_at IS NOT NULL AND " where ")"
#define COUNT(where, all)                                                                          \
    "SELECT CASE WHEN n <= 1000 THEN n"                                                            \
    " WHEN ?2 <> 0 THEN (SELECT count(*) FROM lead l WHERE " where LIVE ")"                        \
    " ELSE " all " - " GOING(where) " END FROM (" FEW(where) ")"

#define IN(column)    "l." column " >= ?3 AND l." column " <= ?4"
#define BY(column)    "l.workspace = ?1 AND " IN(column)
#define ALL_BY(where) "(SELECT count(*) FROM lead l WHERE " where ")"

#define COUNT_BY(column) COUNT(BY(column), ALL_BY(BY(column)))

/* By either host, once. */
#define BY_HOST       "l.workspace = ?1 AND (" IN("mail_host") " OR " IN("site_host") ")"
#define BY_SITE_ALONE BY("site_host") " AND coalesce(l.mail_host < ?3 OR l.mail_host > ?4, 1)"
#define COUNT_BY_HOST COUNT(BY_HOST, "(" ALL_BY(BY("mail_host")) " + " ALL_BY(BY_SITE_ALONE) ")")

static const char *const count_by_form[LB_LEAD_FORM_COUNT] = {
    COUNT_BY("email_form"),   COUNT_BY("phone_form"), COUNT_BY("page_form"),
    COUNT_BY("company_form"), COUNT_BY_HOST,          COUNT_BY_HOST,
};

lb_err lb_sqlite_leads_by_form_count(struct lb_store_reader *reader, struct lb_list list,
                                     enum lb_lead_form form, struct lb_str first,
                                     struct lb_str last, uint64_t *out)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_LEADS_BY_FORM_COUNT + (int)form, count_by_form[form]);
    *out = 0;
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, list.workspace);
    sqlite3_bind_int64(stmt, 2, list.campaign);
    lb_sqlite_bind_str(stmt, 3, first);
    lb_sqlite_bind_str(stmt, 4, last);
    int code = sqlite3_step(stmt);
    if (code == SQLITE_ROW) {
        *out = (uint64_t)sqlite3_column_int64(stmt, 0);
        code = SQLITE_DONE;
    }
    return lb_sqlite_end_scan(stmt, LB_OK, code);
}

lb_err lb_sqlite_leads_without_forms(struct lb_store_reader *reader, size_t max,
                                     uint32_t *out_workspace, uint64_t *out, size_t *out_count)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_LEADS_WITHOUT_FORMS,
        "SELECT workspace, no FROM lead INDEXED BY lead_without_forms WHERE formed = 0"
        " AND (email IS NOT NULL OR phone IS NOT NULL OR website IS NOT NULL"
        " OR company_url IS NOT NULL OR company_name IS NOT NULL) ORDER BY workspace LIMIT ?1");
    *out_count = 0;
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)max);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        uint32_t workspace = (uint32_t)sqlite3_column_int64(stmt, 0);
        if (!*out_count)
            *out_workspace = workspace;
        if (workspace == *out_workspace)
            out[(*out_count)++] = (uint64_t)sqlite3_column_int64(stmt, 1);
    }
    return lb_sqlite_end_scan(stmt, LB_OK, code);
}

static lb_err change_pending(struct lb_store *store, enum lb_sqlite_statement which,
                             const char *sql, const struct lb_pending_row *row)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(&lb_sqlite_of(store)->writer, which, sql);
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->list.workspace);
    sqlite3_bind_int64(stmt, 2, row->list.campaign);
    lb_sqlite_bind_str(stmt, 3, (struct lb_str){row->key, row->len});
    sqlite3_bind_int64(stmt, 4, (int64_t)row->token);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_lead_pending_put(struct lb_store *store, const struct lb_pending_row *row)
{
    return change_pending(store, STMT_PENDING_PUT,
                          "INSERT OR REPLACE INTO lead_pending (workspace, campaign, key, token)"
                          " VALUES (?1, ?2, ?3, ?4)",
                          row);
}

lb_err lb_sqlite_lead_pending_drop(struct lb_store *store, const struct lb_pending_row *row)
{
    return change_pending(store, STMT_PENDING_DROP,
                          "DELETE FROM lead_pending"
                          " WHERE workspace = ?1 AND campaign = ?2 AND key = ?3 AND token = ?4",
                          row);
}

static lb_err read_pending(sqlite3_stmt *stmt, struct lb_pending_row *out)
{
    struct lb_str key = lb_sqlite_column_str(stmt, 2);
    out->list = (struct lb_list){(uint32_t)sqlite3_column_int64(stmt, 0),
                                 (uint32_t)sqlite3_column_int64(stmt, 1)};
    out->token = (uint64_t)sqlite3_column_int64(stmt, 3);
    out->len = key.len;
    return key.ptr && lb_str_copy(key, out->key, sizeof out->key) ? LB_OK
                                                                  : LB_ERR_STORAGE_UNAVAILABLE;
}

/* In the order of the table's key, so that one row is read, however many there are. */
static lb_err next_pending(struct lb_store_reader *reader, bool links, uint32_t after,
                           struct lb_pending_row *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_PENDING_NEXT,
        "SELECT workspace, campaign, key, token FROM lead_pending WHERE workspace > ?2"
        " AND (key = '~links') = ?1 ORDER BY workspace, campaign, key LIMIT 1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int(stmt, 1, links);
    sqlite3_bind_int64(stmt, 2, after);
    int code = sqlite3_step(stmt);
    bool found = code == SQLITE_ROW;
    lb_err err = LB_OK;
    if (found) {
        err = read_pending(stmt, out);
        code = SQLITE_DONE;
    }
    err = lb_sqlite_end_scan(stmt, err, code);
    return err || found ? err : LB_ERR_NOT_FOUND;
}

static lb_err next_in_turn(struct lb_store_reader *reader, bool links, uint32_t after,
                           struct lb_pending_row *out)
{
    lb_err err = next_pending(reader, links, after, out);
    return err == LB_ERR_NOT_FOUND && after ? next_pending(reader, links, 0, out) : err;
}

lb_err lb_sqlite_lead_pending_next(struct lb_store_reader *reader, uint32_t after,
                                   struct lb_pending_row *out)
{
    lb_err err = next_in_turn(reader, false, after, out);
    return err == LB_ERR_NOT_FOUND ? next_in_turn(reader, true, after, out) : err;
}

lb_err lb_sqlite_lead_pending_everywhere(struct lb_store_reader *reader, size_t max,
                                         struct lb_pending_row *out, size_t *out_count)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(reader, STMT_PENDING_EVERYWHERE,
                           "SELECT workspace, campaign, key, token FROM lead_pending"
                           " WHERE workspace = 0 AND campaign = 0 ORDER BY key LIMIT ?1");
    *out_count = 0;
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)max);
    int code;
    lb_err err = LB_OK;
    while (!err && (code = sqlite3_step(stmt)) == SQLITE_ROW)
        err = read_pending(stmt, &out[(*out_count)++]);
    return lb_sqlite_end_scan(stmt, err, code);
}
