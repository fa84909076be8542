/* Who was contacted by another campaign, and companies of which a person has replied. */
#include "store/sqlite/internal.h"

lb_err lb_sqlite_lead_set_contacted(struct lb_store *store, const struct lb_lead_row *row)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_LEAD_SET_CONTACTED,
                           "UPDATE lead SET set_aside = ?2, contacted_at = ?3 WHERE no = ?1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, (int64_t)row->no);
    sqlite3_bind_int(stmt, 2, row->set_aside);
    if (row->contacted_at)
        sqlite3_bind_int64(stmt, 3, row->contacted_at);
    else
        sqlite3_bind_null(stmt, 3);
    return lb_sqlite_run(stmt);
}

/* The campaign is that of the latest: with max() SQLite takes the other columns from that row.
 * Source: https://www.sqlite.org/lang_select.html (bare columns). What is no contact is read, too,
 * and counted. */
static const char find_contact[] =
    "SELECT n.campaign, max(CASE WHEN a.claimed_at > ?4"
    " AND (a.state <> 4 OR a.completed_at IS NULL)"
    " AND EXISTS (SELECT 1 FROM step s WHERE s.no = a.step AND s.type <> 'visit_profile')"
    " AND EXISTS (SELECT 1 FROM campaign c WHERE c.no = n.campaign AND c.deleted_at IS NULL)"
    " THEN a.claimed_at END), count(*) FROM"
    " (SELECT campaign, lead FROM lead_name WHERE workspace = ?1 AND name = ?2 UNION ALL"
    " SELECT campaign, no FROM lead INDEXED BY lead_gave_way"
    " WHERE workspace = ?1 AND identifier = ?2 AND gave_way = 1) n"
    " LEFT JOIN activity a ON a.lead = n.lead WHERE n.campaign <> ?3";

/* One name. */
static lb_err find_latest(sqlite3_stmt *stmt, struct lb_contact *out, size_t *out_looked)
{
    int code = sqlite3_step(stmt);
    *out = (struct lb_contact){0};
    *out_looked = 1;
    if (code == SQLITE_ROW) {
        *out_looked += (size_t)sqlite3_column_int64(stmt, 2);
        if (sqlite3_column_type(stmt, 1) != SQLITE_NULL)
            *out = (struct lb_contact){.campaign = (uint32_t)sqlite3_column_int64(stmt, 0),
                                       .at = sqlite3_column_int64(stmt, 1)};
        code = SQLITE_DONE;
    }
    return lb_sqlite_end_scan(stmt, LB_OK, code);
}

lb_err lb_sqlite_contacts(struct lb_store_reader *reader, struct lb_list list, int64_t since,
                          const struct lb_str *names, size_t count, size_t *left,
                          struct lb_contact *out, size_t *out_count)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(reader, STMT_CONTACT, find_contact);
    lb_err err = LB_OK;
    size_t done = 0;
    *out_count = 0;
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_sqlite_enlarge_cache(reader);
    while (!err && done < count && (*left || !done)) {
        size_t looked;
        sqlite3_bind_int64(stmt, 1, list.workspace);
        lb_sqlite_bind_str(stmt, 2, names[done]);
        sqlite3_bind_int64(stmt, 3, list.campaign);
        sqlite3_bind_int64(stmt, 4, since);
        err = find_latest(stmt, &out[done++], &looked);
        *left -= looked < *left ? looked : *left;
    }
    *out_count = done;
    return err;
}

/* Numbers of campaigns are of all workspaces. */
lb_err lb_sqlite_campaign_skipping(struct lb_store_reader *reader, struct lb_list after,
                                   int64_t now, struct lb_list *out_list, int64_t *out_over)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_CAMPAIGN_SKIPPING,
        "SELECT c.workspace, c.no, ?1 - c.skip_contacted_days * 86400000 FROM campaign c"
        " WHERE c.leads_skipped > 0 AND c.deleted_at IS NULL AND c.no > ?2"
        " AND EXISTS (SELECT 1 FROM lead l INDEXED BY lead_contacted WHERE l.campaign = c.no"
        " AND l.contacted_at IS NOT NULL"
        " AND l.contacted_at <= ?1 - c.skip_contacted_days * 86400000)"
        " ORDER BY c.no LIMIT 1");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, now);
    sqlite3_bind_int64(stmt, 2, after.campaign);
    int code = sqlite3_step(stmt);
    bool found = code == SQLITE_ROW;
    if (found) {
        *out_list = (struct lb_list){(uint32_t)sqlite3_column_int64(stmt, 0),
                                     (uint32_t)sqlite3_column_int64(stmt, 1)};
        *out_over = sqlite3_column_int64(stmt, 2);
        code = SQLITE_DONE;
    }
    lb_err err = lb_sqlite_end_scan(stmt, LB_OK, code);
    return err || found ? err : LB_ERR_NOT_FOUND;
}

lb_err lb_sqlite_leads_skipped(struct lb_store_reader *reader, struct lb_list list, int64_t over,
                               size_t max, struct lb_skipped_place *place, uint64_t *out,
                               size_t *out_count)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_LEADS_SKIPPED,
        "SELECT no, contacted_at FROM lead INDEXED BY lead_contacted WHERE campaign = ?1"
        " AND contacted_at IS NOT NULL AND contacted_at <= ?2"
        " AND (contacted_at, no) > (?3, ?4) ORDER BY contacted_at, no LIMIT ?5");
    *out_count = 0;
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, list.campaign);
    sqlite3_bind_int64(stmt, 2, over);
    sqlite3_bind_int64(stmt, 3, place->at);
    sqlite3_bind_int64(stmt, 4, (int64_t)place->lead);
    sqlite3_bind_int64(stmt, 5, (int64_t)max);
    int code;
    while ((code = sqlite3_step(stmt)) == SQLITE_ROW) {
        *place = (struct lb_skipped_place){sqlite3_column_int64(stmt, 1),
                                           (uint64_t)sqlite3_column_int64(stmt, 0)};
        out[(*out_count)++] = place->lead;
    }
    return lb_sqlite_end_scan(stmt, LB_OK, code);
}

lb_err lb_sqlite_stopped_company_put(struct lb_store *store,
                                     const struct lb_stopped_company_row *row)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        &lb_sqlite_of(store)->writer, STMT_STOPPED_COMPANY_PUT,
        "INSERT INTO stopped_company (workspace, campaign, key, lead, at)"
        " VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (workspace, campaign, key) DO NOTHING");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, row->list.workspace);
    sqlite3_bind_int64(stmt, 2, row->list.campaign);
    lb_sqlite_bind_str(stmt, 3, row->key);
    sqlite3_bind_int64(stmt, 4, (int64_t)row->lead);
    sqlite3_bind_int64(stmt, 5, row->at);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_stopped_companies_drop(struct lb_store *store, struct lb_list list)
{
    sqlite3_stmt *stmt =
        lb_sqlite_prepared(&lb_sqlite_of(store)->writer, STMT_STOPPED_COMPANIES_DROP,
                           "DELETE FROM stopped_company WHERE workspace = ?1 AND campaign = ?2");
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    sqlite3_bind_int64(stmt, 1, list.workspace);
    sqlite3_bind_int64(stmt, 2, list.campaign);
    return lb_sqlite_run(stmt);
}

lb_err lb_sqlite_stopped_companies(struct lb_store_reader *reader, struct lb_list list,
                                   const struct lb_str *keys, size_t count, uint64_t *out)
{
    sqlite3_stmt *stmt = lb_sqlite_prepared(
        reader, STMT_STOPPED_COMPANY,
        "SELECT lead FROM stopped_company WHERE workspace = ?1 AND campaign = ?2 AND key = ?3");
    lb_err err = LB_OK;
    if (!stmt)
        return LB_ERR_STORAGE_UNAVAILABLE;
    for (size_t i = 0; !err && i < count; i++) {
        out[i] = 0;
        sqlite3_bind_int64(stmt, 1, list.workspace);
        sqlite3_bind_int64(stmt, 2, list.campaign);
        lb_sqlite_bind_str(stmt, 3, keys[i]);
        int code = sqlite3_step(stmt);
        if (code == SQLITE_ROW) {
            out[i] = (uint64_t)sqlite3_column_int64(stmt, 0);
            code = SQLITE_DONE;
        }
        err = lb_sqlite_end_scan(stmt, LB_OK, code);
    }
    return err;
}
