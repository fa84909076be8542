/* Why a lead will or will not be contacted next. */
#include "api/by.h"
#include "api/handlers.h"
#include "api/ids.h"
#include "api/body_items.h"
#include "api/outreach/leads.h"
#include "api/outreach/steps.h"
#include "api/blocklist/entry_json.h"
#include "base/clock.h"
#include "domain/blocklist/entry.h"
#include "domain/outreach/exclusion.h"
#include "domain/outreach/lead_keys.h"
#include "domain/outreach/restraint.h"
#include "domain/outreach/schedule.h"
#include "json/encode.h"
#include "store/names.h"

/* Of who was contacted, in one question. */
#define LOOK_UPS_MAX 4000

#define NAMES_MAX  (2 * LB_PERSON_NAMES_MAX + LB_LEAD_KEYS_MAX)
#define BLOCKS_MAX 32 /* that are shown */

/* A block that excludes the lead, with its own copies of what the store's row says. */
struct block {
    enum lb_scope scope;
    struct lb_str key; /* whom */
    int64_t at;
    uint32_t actor;
    struct lb_buf reason;
    bool has_reason;
};

struct explaining {
    struct lb_call *call;
    struct lb_store_reader *reader;
    struct lb_lead_row lead;
    struct lb_str names[NAMES_MAX]; /* keys, copied */
    size_t name_count;
    struct lb_kept kept; /* where they are */
    struct lb_campaign_state state;
    struct lb_sequence sequence;
    struct lb_due due;
    struct block blocks[BLOCKS_MAX];
    size_t block_count;
    struct lb_restraint restraint;
};

static lb_err add_block(struct explaining *explaining, enum lb_scope scope, struct lb_str key,
                        uint64_t id)
{
    if (explaining->block_count == BLOCKS_MAX)
        return LB_OK;
    struct block *block = &explaining->blocks[explaining->block_count];
    struct lb_store *store = explaining->call->app->store;
    struct lb_entry entry;
    store->ops->reader_rest(explaining->reader); /* memory may know more than an older snapshot */
    lb_err err =
        lb_blocklist_entry(store, explaining->reader, explaining->call->list.workspace, id, &entry);
    if (err && !(err == LB_ERR_NOT_FOUND && entry.erased)) /* just now */
        return err == LB_ERR_NOT_FOUND ? LB_ERR_STORAGE_UNAVAILABLE : err;
    *block = (struct block){.scope = scope,
                            .key = key,
                            .at = entry.at,
                            .actor = entry.actor,
                            .has_reason = entry.reason.ptr != NULL};
    lb_buf_append_str(&block->reason, entry.reason);
    explaining->block_count++;
    return block->reason.failed ? LB_ERR_STORAGE_UNAVAILABLE : LB_OK;
}

/* A workspace is not told why and by whom. */
static void add_installation_block(struct explaining *explaining, struct lb_str key, uint64_t id)
{
    const struct lb_blocklist *blocklist = explaining->call->app->blocklist;
    if (explaining->block_count < BLOCKS_MAX)
        explaining->blocks[explaining->block_count++] =
            (struct block){.scope = LB_SCOPE_INSTALLATION,
                           .key = key,
                           .at = lb_blocklist_installation_at(blocklist, id)};
}

/* Adds the blocks in one of the lists that count, by any of the lead's names. */
static lb_err find_blocks(struct explaining *explaining, enum lb_scope scope)
{
    const struct lb_blocklist *blocklist = explaining->call->app->blocklist;
    struct lb_list list = {.workspace = LB_INSTALLATION_NO};
    lb_err err = LB_OK;
    if (scope != LB_SCOPE_INSTALLATION)
        list.workspace = explaining->lead.workspace;
    if (scope == LB_SCOPE_CAMPAIGN)
        list.campaign = explaining->lead.campaign;
    for (size_t i = 0; !err && i < explaining->name_count; i++) {
        struct lb_str name = explaining->names[i];
        uint64_t id = lb_blocklist_find(blocklist, list, name);
        if (id && scope == LB_SCOPE_INSTALLATION)
            add_installation_block(explaining, name, id);
        else if (id)
            err = add_block(explaining, scope, name, id);
    }
    return err;
}

static lb_err keep_name(void *context, struct lb_str key)
{
    struct explaining *explaining = context;
    if (explaining->name_count == NAMES_MAX)
        return LB_OK; /* which no lead has more of */
    if (!lb_keep(explaining->call, &explaining->kept, &key))
        return LB_ERR_OVERLOADED;
    explaining->names[explaining->name_count++] = key;
    return LB_OK;
}

/* Reads the lead, if it is in the campaign, and copies its names. */
static lb_err read_names(struct explaining *explaining, uint64_t no)
{
    struct lb_call *call = explaining->call;
    struct lb_lead_row *lead = &explaining->lead;
    lb_err err = call->app->store->ops->lead(explaining->reader, call->list.workspace, no, lead);
    if (!err && lead->campaign != call->list.campaign)
        err = LB_ERR_NOT_FOUND;
    const struct lb_exclusion exclusion = {.blocklist = call->app->blocklist,
                                           .workspace = call->workspace};
    return err ? err : lb_exclusion_each(&exclusion, lead, explaining, keep_name);
}

static lb_err read_restraint(struct explaining *explaining, uint64_t no)
{
    const struct lb_call *call = explaining->call;
    size_t known;
    const struct lb_restraint_question question = {
        .outreach = call->app->outreach,
        .reader = explaining->reader,
        .list = call->list,
        .settings = explaining->state.settings,
        .exclusion = {.blocklist = call->app->blocklist, .workspace = call->workspace},
        .now = lb_clock_wall_ms(),
        .look_ups_max = LOOK_UPS_MAX};
    return lb_restrains(&question.settings)
               ? lb_restraints_find(&question, &no, 1, &explaining->restraint, &known)
               : LB_OK;
}

static lb_err read_all(struct explaining *explaining, uint64_t no)
{
    struct lb_store *store = explaining->call->app->store;
    struct lb_store_reader *reader = explaining->reader;
    struct lb_list list = explaining->call->list;
    lb_err err = read_names(explaining, no);
    if (!err) /* the first wins over the others */
        err = find_blocks(explaining, LB_SCOPE_INSTALLATION);
    if (!err)
        err = find_blocks(explaining, LB_SCOPE_WORKSPACE);
    if (!err)
        err = find_blocks(explaining, LB_SCOPE_CAMPAIGN);
    store->ops->reader_rest(reader);
    if (!err)
        err = store->ops->campaign_state(reader, list.workspace, list.campaign, &explaining->state);
    if (!err)
        err = read_restraint(explaining, no);
    if (!err)
        err = store->ops->lead(reader, list.workspace, no, &explaining->lead);
    if (!err)
        err = lb_sequence_load(store, reader, list, false, &explaining->sequence);
    if (!err)
        err = lb_due_find(store, reader, &explaining->sequence, &explaining->state,
                          &explaining->lead, &explaining->due);
    return err;
}

/* --- Words --- */

static const char *status_words(enum lb_lead_status status)
{
    switch (status) {
    case LB_LEAD_PAUSED:
        return "The lead is paused";
    case LB_LEAD_COMPLETED:
        return "The lead is completed";
    default:
        return "The lead is in error; its last activity says why. Set its status to active to try "
               "again";
    }
}

static const char *campaign_words(enum lb_campaign_status status)
{
    switch (status) {
    case LB_CAMPAIGN_DRAFT:
        return "The campaign has not been activated yet";
    case LB_CAMPAIGN_PAUSED:
        return "The campaign is paused";
    case LB_CAMPAIGN_COMPLETED:
        return "The campaign is completed";
    default:
        return "The campaign is in error";
    }
}

/* Who it is that is blocked, when it is not the person by a LinkedIn name. */
static const char *type_words(enum lb_name_type type)
{
    switch (type) {
    case LB_NAME_EMAIL:
        return "The e-mail address ";
    case LB_NAME_PHONE:
        return "The phone number ";
    case LB_NAME_DOMAIN:
        return "The domain ";
    case LB_NAME_COMPANY_PAGE:
        return "The company page ";
    case LB_NAME_COMPANY:
        return "The company ";
    default:
        return "";
    }
}

/* Is it a LinkedIn name that the lead does not have itself, but its person? */
static bool is_other_name(const struct explaining *explaining, struct lb_str key)
{
    struct lb_exclusion_names own;
    bool other = lb_key_is_linkedin(key);
    lb_exclusion_names(&explaining->lead, &own);
    for (size_t i = 0; other && i < own.count; i++)
        other = !lb_str_equal(own.names[i], key);
    return other;
}

static void put_blocked_words(struct lb_buf *out, const struct explaining *explaining)
{
    const struct block *block = &explaining->blocks[0];
    char at[LB_TIME_TEXT_SIZE];
    struct lb_str name = lb_key_value(block->key);
    lb_time_format(block->at, at);
    lb_buf_printf(out, "%s%.*s%s is blocked in the %s since %s",
                  type_words(lb_key_type(block->key)), (int)name.len, name.ptr,
                  is_other_name(explaining, block->key) ? ", another name of the person," : "",
                  lb_scope_name(block->scope), at);
}

static int64_t skipped_until(const struct explaining *explaining)
{
    return explaining->restraint.contact.at + lb_skip_contacted_ms(&explaining->state.settings);
}

/* The id of the campaign that has contacted the person; "": it was deleted this very moment. */
static const char *contacting_campaign(const struct explaining *explaining, char out[LB_ID_SIZE])
{
    const struct lb_call *call = explaining->call;
    bool deleted;
    out[0] = '\0';
    lb_directory_list_id(call->app->directory, call->workspace,
                         explaining->restraint.contact.campaign, out, &deleted);
    return out;
}

static void put_contact_words(struct lb_buf *out, const struct explaining *explaining)
{
    const struct lb_contact *contact = &explaining->restraint.contact;
    char campaign[LB_ID_SIZE];
    char at[LB_TIME_TEXT_SIZE], until[LB_TIME_TEXT_SIZE];
    lb_time_format(contact->at, at);
    lb_time_format(skipped_until(explaining), until);
    lb_buf_printf(out,
                  "The campaign '%s' has contacted the person at %s, so that this one skips the "
                  "lead until %s",
                  contacting_campaign(explaining, campaign), at, until);
}

static void put_due_words(struct lb_buf *out, const struct explaining *explaining, int64_t now)
{
    char at[LB_TIME_TEXT_SIZE];
    lb_time_format(explaining->due.at, at);
    bool past = explaining->due.at <= now;
    if (explaining->lead.queue == LB_QUEUE_CLAIMED && !past)
        lb_buf_printf(out, "A sender has claimed the activity; its lease ends at %s", at);
    else if (explaining->lead.queue == LB_QUEUE_CLAIMED)
        lb_buf_printf(
            out, "A sender had claimed the activity; its lease ended at %s, so it is offered again",
            at);
    else if (past)
        lb_buf_append_lit(out, "Due now: the next claim can hand it out");
    else if (explaining->lead.queue == LB_QUEUE_RETRY)
        lb_buf_printf(out, "A sender reported retry; the activity is offered again at %s", at);
    else
        lb_buf_printf(out, "Due at %s, after the delay of the step", at);
}

/* Appends why, in words; returns whether the lead will be contacted. */
static bool put_because(struct lb_buf *out, const struct explaining *explaining)
{
    int64_t now = lb_clock_wall_ms();
    const struct lb_lead_row *lead = &explaining->lead;
    if (explaining->block_count) {
        put_blocked_words(out, explaining);
    } else if (lead->status != LB_LEAD_WAITING && lead->status != LB_LEAD_ACTIVE) {
        lb_buf_append_str(out, lb_str(status_words(lead->status)));
    } else if (explaining->restraint.colleague) {
        char colleague[LB_ID_ROW_SIZE];
        lb_buf_printf(out,
                      "The lead " LB_LEAD_PREFIX "%s of the same company has replied, which ends "
                      "the sequence for colleagues",
                      lb_id_write_row(colleague, explaining->restraint.colleague));
    } else if (explaining->restraint.contact.at) {
        put_contact_words(out, explaining);
    } else if (explaining->due.step == LB_SEQUENCE_NONE) {
        lb_buf_append_lit(out, "No step is left for the lead");
    } else if (explaining->state.status != LB_CAMPAIGN_ACTIVE) {
        lb_buf_append_str(out, lb_str(campaign_words(explaining->state.status)));
    } else if (lb_workspace_license(explaining->call->workspace, now)) {
        lb_buf_append_lit(out, "Handing out activities needs a valid Pro or Agency license");
    } else if (lead->contacted_at) { /* contacted.c has not come to it yet */
        lb_buf_append_lit(out, "The contact by another campaign counts no longer: the lead comes "
                               "back shortly");
        return true;
    } else {
        put_due_words(out, explaining, now);
        return true;
    }
    return false;
}

/* --- The reply --- */

static void put_key(struct lb_buf *body, const struct lb_directory *directory, uint32_t no)
{
    const struct lb_key *key = no ? lb_directory_key_no(directory, no) : NULL;
    if (!key) {
        lb_buf_append_lit(body, "null");
        return;
    }
    lb_buf_append_lit(body, "{\"id\":");
    lb_json_put_string(body, lb_str(key->row.id));
    lb_buf_append_lit(body, ",\"name\":");
    lb_json_put_string(body, lb_str(key->row.name));
    lb_buf_append_lit(body, "}");
}

static void put_skipped(struct lb_buf *body, const struct explaining *explaining)
{
    const struct lb_contact *contact = &explaining->restraint.contact;
    if (!contact->at)
        return;
    char campaign[LB_ID_SIZE];
    lb_buf_append_lit(body, ",\"skippedContacted\":{\"campaignId\":");
    lb_json_put_string(body, lb_str(contacting_campaign(explaining, campaign)));
    lb_buf_append_lit(body, ",\"contactedAt\":");
    lb_json_put_time(body, contact->at);
    lb_buf_append_lit(body, ",\"until\":");
    lb_json_put_time(body, skipped_until(explaining));
    lb_buf_append_lit(body, "}");
}

/* Last of the reply: it ends the strings of the lead. */
static void put_blocks(struct lb_buf *body, const struct explaining *explaining)
{
    struct lb_by actors = {.call = explaining->call, .reader = explaining->reader};
    lb_buf_append_lit(body, "[");
    for (size_t i = 0; i < explaining->block_count; i++) {
        const struct block *block = &explaining->blocks[i];
        lb_buf_printf(body, "%s{\"scope\":\"%s\",", i ? "," : "", lb_scope_name(block->scope));
        lb_entry_json_put_who(body, block->key);
        lb_buf_append_lit(body, ",\"since\":");
        lb_json_put_time(body, block->at);
        lb_buf_append_lit(body, ",\"reason\":");
        if (block->has_reason)
            lb_json_put_string(body, lb_buf_str(&block->reason));
        else
            lb_buf_append_lit(body, "null");
        lb_buf_append_lit(body, ",\"key\":");
        put_key(body, explaining->call->app->directory, block->actor);
        lb_buf_append_lit(body, ",\"by\":");
        lb_by_put(&actors, body, block->actor);
        lb_buf_append_lit(body, "}");
    }
    lb_buf_append_lit(body, "]");
    lb_by_fini(&actors);
}

static void reply_explained(const struct explaining *explaining)
{
    const struct lb_lead_row *lead = &explaining->lead;
    struct lb_buf *body = lb_reply_json(&explaining->call->req->reply, 200);
    struct lb_buf because = {0};
    bool contact = put_because(&because, explaining);
    bool waits = lead->status == LB_LEAD_WAITING || lead->status == LB_LEAD_ACTIVE ||
                 lead->status == LB_LEAD_PAUSED;
    lb_buf_append_lit(body, "{\"leadId\":\"" LB_LEAD_PREFIX);
    lb_id_put_row(body, lead->no);
    lb_buf_append_lit(body, "\",");
    lb_leads_put_names(body, lead->identifier, lead->member_id);
    lb_buf_printf(body, ",\"status\":\"%s\",\"campaignStatus\":\"%s\",\"contact\":%s,\"because\":",
                  lb_lead_status_name(lead->status),
                  lb_campaign_status_name(explaining->state.status), contact ? "true" : "false");
    lb_json_put_string(body, lb_buf_str(&because));
    lb_buf_append_lit(body, ",\"nextStep\":");
    lb_steps_put_brief(body, &explaining->sequence,
                       waits ? explaining->due.step : LB_SEQUENCE_NONE);
    lb_buf_append_lit(body, ",\"dueAt\":");
    lb_json_put_time_or_null(body, contact ? explaining->due.at : 0);
    put_skipped(body, explaining);
    lb_buf_printf(body, ",\"blocked\":%s,\"blocks\":", explaining->block_count ? "true" : "false");
    put_blocks(body, explaining);
    lb_buf_append_lit(body, "}");
    body->failed |= because.failed;
    lb_buf_fini(&because);
}

static enum lb_turn explain_lead(struct lb_call *call, struct lb_store_reader *reader)
{
    struct explaining explaining = {.call = call, .reader = reader};
    lb_err err = read_all(&explaining, lb_id_lead(call->req->params[1]));
    if (!err)
        reply_explained(&explaining);
    else if (err == LB_ERR_NOT_FOUND)
        lb_reply_error(&call->req->reply, LB_ERR_LEAD_NOT_FOUND,
                       "This campaign has no lead with this id.");
    else
        lb_call_refuse(call, err, NULL);
    lb_sequence_fini(&explaining.sequence);
    for (size_t i = 0; i < explaining.block_count; i++)
        lb_buf_fini(&explaining.blocks[i].reason);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_leads_explain(struct lb_call *call)
{
    return lb_call_read(call, explain_lead);
}
