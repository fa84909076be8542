#include "support/outreach.h"

#include "domain/outreach/variant.h"

#include "store/sqlite/internal.h"
#include "store/sqlite/pages.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
/* After the above. */
#include <cmocka.h>

lb_err outreach_add(struct engine *engine, const char *campaign, const struct lb_new_lead *leads,
                    size_t count, struct added *out)
{
    struct lb_lead_change change = {.outreach = engine->outreach,
                                    .standing = engine_standing(engine, campaign),
                                    .leads = leads,
                                    .count = count};
    lb_lead_add(&change);
    lb_err err = engine_submit(engine, &change.write);
    if (out)
        *out = (struct added){change.added, change.duplicates, change.blocked};
    return err;
}

lb_err outreach_add_one(struct engine *engine, const char *campaign, const char *identifier,
                        const char *member_id)
{
    struct lb_new_lead lead = {.identifier = lb_str(identifier), .member_id = lb_str(member_id)};
    return outreach_add(engine, campaign, &lead, 1, NULL);
}

/* Through the file, since readers belong to threads. */
uint64_t outreach_lead(struct engine *engine, const char *campaign, const char *identifier)
{
    struct lb_list list = engine_list(engine, campaign);
    struct lb_store_reader *reader;
    struct lb_lead_ref ref = {0};
    size_t count = 0;
    if (engine->store->ops->reader_open(engine->store, &reader))
        return 0;
    engine->store->ops->leads_named(reader, list.workspace, lb_str(identifier), list.campaign - 1,
                                    1, &ref, &count);
    engine->store->ops->reader_close(reader);
    return count && ref.campaign == list.campaign ? ref.lead : 0;
}

/* --- Steps --- */

static struct lb_step_change step_change(struct engine *engine, const char *campaign)
{
    return (struct lb_step_change){.outreach = engine->outreach,
                                   .standing = engine_standing(engine, campaign)};
}

lb_err outreach_add_step(struct engine *engine, const char *campaign, struct lb_step_row step,
                         uint32_t order, uint64_t *out_no)
{
    struct lb_step_change change = step_change(engine, campaign);
    change.row = step;
    change.order = order;
    lb_step_add(&change);
    lb_err err = engine_submit(engine, &change.write);
    if (out_no)
        *out_no = change.row.no;
    return err;
}

lb_err outreach_move_step(struct engine *engine, const char *campaign, uint64_t step,
                          uint32_t order)
{
    struct lb_step_change change = step_change(engine, campaign);
    change.step = step;
    change.order = order;
    lb_step_replace(&change);
    return engine_submit(engine, &change.write);
}

lb_err outreach_remove_step(struct engine *engine, const char *campaign, uint64_t step)
{
    struct lb_step_change change = step_change(engine, campaign);
    change.step = step;
    lb_step_remove(&change);
    lb_err err = engine_submit(engine, &change.write);
    lb_step_change_fini(&change);
    return err;
}

lb_err outreach_add_variant(struct engine *engine, const char *campaign, uint64_t step,
                            const char *body)
{
    struct lb_variant_change change = {.outreach = engine->outreach,
                                       .standing = engine_standing(engine, campaign),
                                       .step = step,
                                       .row.body = lb_str(body)};
    lb_variant_add(&change);
    lb_err err = engine_submit(engine, &change.write);
    lb_variant_change_fini(&change);
    return err;
}

/* --- Campaigns --- */

static lb_err change_campaign(struct engine *engine, const char *campaign,
                              void (*prepare)(struct lb_campaign_change *))
{
    struct lb_campaign_change change = {.standing = engine_standing(engine, campaign),
                                        .blocklist = engine->blocklist,
                                        .outreach = engine->outreach};
    prepare(&change);
    lb_err err = engine_submit(engine, &change.write);
    lb_campaign_change_fini(&change);
    return err;
}

lb_err outreach_activate(struct engine *engine, const char *campaign)
{
    return change_campaign(engine, campaign, lb_campaign_activate);
}

lb_err outreach_pause(struct engine *engine, const char *campaign)
{
    return change_campaign(engine, campaign, lb_campaign_pause);
}

lb_err outreach_delete_campaign(struct engine *engine, const char *campaign)
{
    return change_campaign(engine, campaign, lb_campaign_delete);
}

/* --- Activities --- */

static void copy_text(const struct lb_claim *claim, struct lb_claimed_text text, char *out)
{
    lb_str_copy(lb_claim_text(claim, text), out, CLAIMED_TEXT_SIZE);
}

size_t outreach_claimed(const struct lb_claim *claim, struct claimed *out)
{
    for (size_t i = 0; i < claim->count; i++) {
        const struct lb_claimed *item = &claim->items[i];
        out[i] = (struct claimed){.lead = item->lead,
                                  .step = item->step,
                                  .order = item->order,
                                  .attempt = item->attempt,
                                  .type = item->type};
        memcpy(out[i].token, item->lease_token, sizeof out[i].token);
        copy_text(claim, item->identifier, out[i].identifier);
        copy_text(claim, item->message, out[i].message);
    }
    return claim->count;
}

lb_err outreach_claim(struct engine *engine, const char *campaign, size_t max, uint32_t lease_s,
                      struct claimed *out, size_t *out_count)
{
    struct lb_claim claim = {.outreach = engine->outreach,
                             .standing = engine_standing(engine, campaign),
                             .max = max,
                             .lease_s = lease_s};
    claim.standing.needs_license = true;
    lb_claim_activities(&claim);
    lb_err err = engine_submit(engine, &claim.write);
    *out_count = err ? 0 : outreach_claimed(&claim, out);
    lb_claim_fini(&claim);
    return err;
}

lb_err outreach_complete(struct engine *engine, const struct claimed *claimed,
                         enum lb_result result, const char *detail, struct reported *out)
{
    struct lb_report completion = {.outreach = engine->outreach,
                                   .standing = engine_standing(engine, NULL),
                                   .lead = claimed->lead,
                                   .step = claimed->step,
                                   .lease_token = lb_str(claimed->token),
                                   .result = result,
                                   .detail = lb_str(detail)};
    struct lb_opt_out opt_out = {.change.blocklist = engine->blocklist};
    if (result == LB_RESULT_OPTED_OUT)
        completion.opt_out = &opt_out;
    lb_activity_complete(&completion);
    lb_err err = engine_submit(engine, &completion.write);
    if (out)
        *out = (struct reported){completion.status, completion.blocked};
    return err;
}

lb_err outreach_set_status(struct engine *engine, uint64_t lead, enum lb_lead_status wanted,
                           enum lb_lead_status *out)
{
    struct lb_lead_change change = {.outreach = engine->outreach,
                                    .standing = engine_standing(engine, NULL),
                                    .lead = lead,
                                    .wanted = wanted};
    lb_lead_set_status(&change);
    lb_err err = engine_submit(engine, &change.write);
    if (out)
        *out = change.status;
    return err;
}

lb_err outreach_delete_lead(struct engine *engine, uint64_t lead)
{
    struct lb_lead_change change = {
        .outreach = engine->outreach, .standing = engine_standing(engine, NULL), .lead = lead};
    lb_lead_delete(&change);
    return engine_submit(engine, &change.write);
}

/* --- The file --- */

static int64_t ask(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    int64_t value = -1;
    int code = sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(stmt)) == SQLITE_ROW) {
        value = sqlite3_column_int64(stmt, 0);
        code = SQLITE_DONE;
    }
    sqlite3_finalize(stmt);
    return code == SQLITE_DONE ? value : -2;
}

struct sql_write {
    struct lb_write write;
    const char *sql;
    int64_t value;
};

static lb_err apply_sql(struct lb_write *write, struct lb_store *store)
{
    struct sql_write *change = (struct sql_write *)write;
    write->touched = true;
    change->value = ask(lb_sqlite_of(store)->writer.db, change->sql);
    return LB_OK;
}

int64_t outreach_sql(struct engine *engine, const char *sql)
{
    struct sql_write change = {.write.apply = apply_sql, .sql = sql};
    return engine_submit(engine, &change.write) == LB_OK ? change.value : -2;
}

int64_t outreach_ask(const char *path, const char *vfs, const char *sql)
{
    sqlite3 *db = NULL;
    int64_t value = -2;
    if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, lb_pages_vfs(vfs)->zName) == SQLITE_OK) {
        sqlite3_busy_timeout(db, 10000);
        value = ask(db, sql);
    }
    sqlite3_close(db);
    return value;
}

#define COUNTED(column, condition)                                                                 \
    " OR " column " <> (SELECT count(*) FROM lead WHERE campaign = c.no AND " condition ")"

/* But for one that was out, or given back, when its step was deleted. */
#define LET_GO(more)                                                                               \
    " AND NOT (" more "a.state = 0"                                                                \
    " AND EXISTS (SELECT 1 FROM step s WHERE s.no = a.step AND s.deleted_at IS NOT NULL))"

/* Each asks for the number of things that are wrong. */
static const struct {
    const char *what;
    const char *sql;
} questions[] = {
    {"a campaign's counts and its leads",
     "SELECT count(*) FROM campaign c WHERE deleted_at IS NULL AND (0" COUNTED("leads_waiting",
                                                                               "status = 0")
         COUNTED("leads_active", "status = 1") COUNTED("leads_paused", "status = 2")
             COUNTED("leads_completed", "status = 3") COUNTED("leads_error", "status = 4") COUNTED(
                 "leads_set_aside", "set_aside = 1 AND contacted_at IS NULL AND status <= 2")
                 COUNTED("leads_skipped", "contacted_at IS NOT NULL AND status <= 2")
                     COUNTED("leads_invited", "marks & 1") COUNTED("leads_accepted", "marks & 2")
                         COUNTED("leads_contacted", "marks & 4")
                             COUNTED("leads_replied", "marks & 8") ")"},
    {"leads and their names",
     "SELECT (SELECT count(*) FROM (SELECT workspace, campaign, no, identifier FROM lead"
     "  UNION SELECT workspace, campaign, no, member_id FROM lead WHERE member_id IS NOT NULL"
     "  EXCEPT SELECT workspace, campaign, lead, name FROM lead_name))"
     " + (SELECT count(*) FROM (SELECT workspace, campaign, lead, name FROM lead_name"
     "  EXCEPT SELECT workspace, campaign, no, identifier FROM lead"
     "  EXCEPT SELECT workspace, campaign, no, member_id FROM lead))"},
    {"who is set aside and who is blocked",
     "WITH RECURSIVE linked AS (SELECT w.no AS workspace, m.identifier AS member, n.identifier AS "
     "name"
     "  FROM link_history m JOIN workspace w ON w.id = m.workspace_id"
     "  JOIN link_history n ON n.workspace_id = m.workspace_id AND n.entry = m.entry + 1"
     "  LEFT JOIN link_history e ON e.event = 'link_end' AND e.workspace_id = m.workspace_id"
     "   AND e.link = m.link WHERE m.event = 'link' AND m.entry = m.link AND e.link IS NULL),"
     " pair AS (SELECT workspace, member AS one, name AS other FROM linked"
     "  UNION SELECT workspace, name, member FROM linked),"
     " same AS (SELECT workspace, one AS name, one AS other FROM pair"
     "  UNION SELECT s.workspace, s.name, p.other FROM same s"
     "   JOIN pair p ON p.workspace = s.workspace AND p.one = s.other),"
     " blocked AS (SELECT DISTINCT w.no AS workspace, c.no AS campaign, b.identifier, b.type"
     "  FROM blocklist_live b JOIN workspace w ON w.id = b.workspace_id"
     "  LEFT JOIN campaign c ON c.id = b.campaign_id AND c.workspace = w.no"
     "   AND c.list_ended_at IS NULL),"
     " aside AS (SELECT DISTINCT n.lead FROM blocked b JOIN lead_name n"
     "  ON n.workspace = b.workspace AND n.name = b.identifier AND b.type = 'linkedin'"
     "  AND (b.campaign IS NULL OR b.campaign = n.campaign)"
     "  UNION SELECT n.lead FROM blocked b JOIN same s ON s.workspace = b.workspace"
     "   AND s.other = b.identifier AND b.type = 'linkedin'"
     "   JOIN lead_name n ON n.workspace = s.workspace AND n.name = s.name"
     "   AND (b.campaign IS NULL OR b.campaign = n.campaign)"
     "  UNION SELECT l.no FROM (SELECT *, (SELECT group_concat(value, '.') || '.%' FROM"
     "    (SELECT value FROM json_each('[\"' || replace(identifier, '.', '\",\"') || '\"]')"
     "      ORDER BY key DESC)) AS host FROM blocked WHERE type <> 'linkedin') t"
     "   JOIN lead l ON l.workspace = t.workspace AND (t.campaign IS NULL OR t.campaign = "
     "l.campaign)"
     "   WHERE CASE t.type WHEN 'email' THEN l.email_form = t.identifier"
     "    WHEN 'phone' THEN l.phone_form = t.identifier"
     "    WHEN 'company_page' THEN l.page_form = t.identifier"
     "    WHEN 'company' THEN l.company_form = t.identifier"
     "    ELSE l.mail_host LIKE t.host OR l.site_host LIKE t.host END)"
     " SELECT count(*) FROM lead l JOIN campaign c ON c.no = l.campaign AND c.deleted_at IS NULL"
     " LEFT JOIN aside a ON a.lead = l.no WHERE l.set_aside <> (a.lead IS NOT NULL)"},
    {"leads that are out and their activities",
     "SELECT (SELECT count(*) FROM lead l LEFT JOIN activity a ON a.lead = l.no AND a.step = l.step"
     "  WHERE (l.queue = 1) <> (coalesce(a.state, -1) = 1)"
     "  OR ((l.queue = 2) <> (coalesce(a.state, -1) = 0)" LET_GO(
         "l.queue = 0 AND ") "))"
                             " + (SELECT count(*) FROM activity a LEFT JOIN lead l ON l.no = "
                             "a.lead AND l.step = a.step"
                             "  WHERE a.state <= 1 AND l.no IS NULL" LET_GO(
                                 "") ")"
                                     " + (SELECT count(*) FROM activity a LEFT JOIN lead l ON l.no "
                                     "= a.lead"
                                     "  AND l.campaign = a.campaign AND l.workspace = a.workspace "
                                     "WHERE l.no IS NULL)"},
    {"a campaign's status and who is left",
     "SELECT count(*) FROM campaign WHERE deleted_at IS NULL AND ("
     " (status = 'active' AND leads_waiting + leads_active + leads_paused ="
     "  leads_set_aside + leads_skipped"
     "  AND leads_waiting + leads_active + leads_paused + leads_completed + leads_error > 0)"
     " OR (status = 'completed'"
     "  AND leads_waiting + leads_active + leads_paused >"
     "  leads_set_aside + leads_skipped))"},
};

bool outreach_consistent(const char *path, const char *vfs, const char **out)
{
    sqlite3 *db = NULL;
    bool good =
        sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, lb_pages_vfs(vfs)->zName) == SQLITE_OK;
    *out = "the file cannot be opened";
    if (good)
        sqlite3_busy_timeout(db, 10000);
    for (size_t i = 0; good && i < sizeof questions / sizeof *questions; i++) {
        *out = questions[i].what;
        good = ask(db, questions[i].sql) == 0;
    }
    sqlite3_close(db);
    return good;
}

int outreach_end(struct engine *engine, const struct engine_place *place)
{
    const char *why;
    bool good = outreach_consistent(place->path, NULL, &why);
    if (!good)
        print_error("the file disagrees about %s\n", why);
    return engine_end(engine, place) || !good;
}
