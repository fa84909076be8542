/* The leads of a campaign, as they are listed. */
#include "api/handlers.h"
#include "api/ids.h"
#include "api/outreach/leads.h"
#include "api/query.h"
#include "api/outreach/variables.h"
#include "domain/blocklist/identifier.h"
#include "domain/outreach/counts.h"
#include "domain/outreach/exclusion.h"
#include "domain/outreach/lead_search.h"
#include "json/encode.h"
#include "store/names.h"

#define TAKE_DEFAULT 10
#define TAKE_MAX     100

/* Leads that a search, or a filter by what blocks them, looks at before others have their turn:
 * some five milliseconds. */
#define LOOK_AT_MOST 1000

/* And those that one request looks at: a tenth of a second. Its page ends there, full or not,
 * and the next one goes on. */
#define LOOK_IN_ALL (20 * LOOK_AT_MOST)

void lb_leads_put_names(struct lb_buf *body, struct lb_str identifier, struct lb_str member_id)
{
    struct lb_identifier today;
    lb_buf_append_lit(body, "\"publicIdentifier\":");
    lb_json_put_string(body, lb_identifier_held(identifier, &today));
    lb_buf_append_lit(body, ",\"memberId\":");
    lb_json_put_string_or_null(body, member_id);
}

void lb_leads_put_person(struct lb_buf *body, const struct lb_new_lead *lead)
{
    lb_leads_put_names(body, lead->identifier, lead->member_id);
    for (int i = 0; i < LB_LEAD_FIELD_COUNT; i++) {
        lb_buf_printf(body, ",\"%s\":", lb_lead_field_name((enum lb_lead_field)i));
        lb_json_put_string_or_null(body, lead->fields[i]);
    }
    lb_buf_append_lit(body, ",\"variables\":");
    lb_variables_put(body, lead->variables);
}

static lb_err look_up_scope(void *context, struct lb_list list, struct lb_str name,
                            enum lb_scope *out)
{
    *out = lb_blocklist_check(context, list, name).scope;
    return LB_OK;
}

lb_err lb_leads_scope(const struct lb_call *call, const struct lb_lead_row *lead,
                      enum lb_scope *out)
{
    const struct lb_exclusion exclusion = {.blocklist = call->app->blocklist,
                                           .workspace = call->workspace};
    return lb_exclusion_scope(&exclusion, lead, look_up_scope, call->app->blocklist, out);
}

lb_err lb_leads_put(struct lb_call *call, struct lb_buf *body, const struct lb_lead_row *lead)
{
    struct lb_new_lead person = {
        .identifier = lead->identifier, .member_id = lead->member_id, .variables = lead->variables};
    memcpy(person.fields, lead->fields, sizeof person.fields);
    enum lb_scope scope;
    lb_err err = lb_leads_scope(call, lead, &scope);
    if (err)
        return err;
    lb_buf_append_lit(body, "\"id\":\"" LB_LEAD_PREFIX);
    lb_id_put_row(body, lead->no);
    lb_buf_append_lit(body, "\",");
    lb_leads_put_person(body, &person);
    lb_buf_printf(body, ",\"status\":\"%s\",\"createdAt\":", lb_lead_status_name(lead->status));
    lb_json_put_time(body, lead->added_at);
    if (scope == LB_SCOPE_NONE)
        lb_buf_append_lit(body, ",\"blocked\":false");
    else
        lb_buf_printf(body, ",\"blocked\":true,\"blockedScope\":\"%s\"", lb_scope_name(scope));
    if (lead->contacted_at && lb_lead_open(lead->status))
        lb_buf_append_lit(body, ",\"skippedContacted\":true");
    return LB_OK;
}

/* A page on its way. */
struct listing {
    struct lb_call *call;
    struct lb_buf *body;
    int status;  /* -1: any */
    int blocked; /* 0 or 1, -1: any */
    uint64_t skip;
    uint64_t take;
    uint64_t below; /* the cursor */
    size_t given;
    uint64_t last;
    struct lb_str term; /* what is searched for, as it was sent; ptr NULL: nothing */
    struct lb_lead_search search;
    size_t looked_at;     /* in this turn */
    size_t looked_in_all; /* in the turns before it */
    uint64_t skipped;
};

/* One more than the page has is asked for: it tells whether there is a next page. */
static lb_err take_lead(void *context, const struct lb_lead_row *lead)
{
    struct listing *listing = context;
    if (listing->given++ == listing->take)
        return LB_OK;
    if (listing->given > 1)
        lb_buf_append_lit(listing->body, ",");
    lb_buf_append_lit(listing->body, "{");
    lb_err err = lb_leads_put(listing->call, listing->body, lead);
    lb_buf_append_lit(listing->body, "}");
    listing->last = lead->no;
    return err;
}

static lb_err is_wanted(struct listing *listing, const struct lb_lead_row *lead, bool *out)
{
    enum lb_scope scope;
    *out = !listing->term.ptr || lb_lead_search_matches(&listing->search, lead);
    if (listing->search.folded.failed) /* which says nothing about the lead */
        return LB_ERR_STORAGE_UNAVAILABLE;
    if (!*out || listing->blocked < 0)
        return LB_OK;
    lb_err err = lb_leads_scope(listing->call, lead, &scope);
    *out = listing->blocked == (scope != LB_SCOPE_NONE);
    return err;
}

/* One that is looked at for the search or because of what blocks it. */
static lb_err look_at(void *context, const struct lb_lead_row *lead)
{
    struct listing *listing = context;
    bool wanted = false;
    lb_err err = LB_OK;
    listing->looked_at++;
    listing->below = lead->no;
    if (listing->given <= listing->take)
        err = is_wanted(listing, lead, &wanted);
    if (err || !wanted)
        return err;
    if (listing->skipped == listing->skip)
        return take_lead(listing, lead);
    listing->skipped++;
    return LB_OK;
}

static void put_headers(struct listing *listing, const struct lb_counts *counts)
{
    struct lb_call *call = listing->call;
    bool any = listing->status < 0;
    lb_query_put_total(call,
                       (uint64_t)(any ? lb_counts_total(counts) : counts->leads[listing->status]));
    if (listing->given <= listing->take || listing->take == 0)
        return;
    char last[LB_ID_ROW_SIZE];
    lb_query_put_link(
        call, "take=%llu%s%s&cursor=c%s", (unsigned long long)listing->take,
        any ? "" : "&status=", any ? "" : lb_lead_status_name((enum lb_lead_status)listing->status),
        lb_id_write_row(last, listing->last));
}

/* The next page begins after the last lead of this one, or, when this one ended before it was full
 * (`early`), where the looking ended. */
static void put_search_link(const struct listing *listing, bool early)
{
    struct lb_buf link = {0};
    if ((!early && listing->given <= listing->take) || listing->take == 0)
        return;
    lb_query_begin_link(listing->call, &link);
    lb_buf_printf(&link, "take=%llu%s%s", (unsigned long long)listing->take,
                  listing->status < 0 ? "" : "&status=",
                  listing->status < 0 ? ""
                                      : lb_lead_status_name((enum lb_lead_status)listing->status));
    if (listing->blocked >= 0)
        lb_buf_printf(&link, "&blocked=%s", listing->blocked ? "true" : "false");
    if (listing->term.ptr) {
        lb_buf_append_lit(&link, "&search=");
        lb_query_put_escaped(&link, listing->term);
    }
    if (listing->skipped < listing->skip)
        lb_buf_printf(&link, "&skip=%llu", (unsigned long long)(listing->skip - listing->skipped));
    lb_buf_append_lit(&link, "&cursor=c");
    lb_id_put_row(&link, early ? listing->below : listing->last);
    lb_query_end_link(listing->call, &link);
}

/* Looks through the campaign, some leads in each turn. The page's total is not known. */
static enum lb_turn search_leads(struct lb_call *call, struct lb_store_reader *reader)
{
    struct listing *listing = call->state;
    if (!listing->body) {
        listing->body = lb_reply_json(&call->req->reply, 200);
        lb_buf_append_lit(listing->body, "[");
    }
    listing->looked_at = 0;
    lb_err err = call->app->store->ops->leads_page(
        reader, call->list.workspace, call->list.campaign, listing->status, listing->below, 0,
        LOOK_AT_MOST, listing, look_at);
    bool failed = listing->search.folded.failed;
    bool unfinished = listing->looked_at == LOOK_AT_MOST && listing->given <= listing->take;
    listing->looked_in_all += listing->looked_at;
    if (!err && !failed && unfinished && listing->looked_in_all < LOOK_IN_ALL)
        return LB_TURN_MORE;
    lb_buf_append_lit(listing->body, "]");
    if (err || failed)
        lb_call_refuse(call, err ? err : LB_ERR_OVERLOADED, NULL);
    else
        put_search_link(listing, unfinished);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static enum lb_turn read_leads(struct lb_call *call, struct lb_store_reader *reader)
{
    struct listing *listing = call->state;
    const struct lb_store_ops *ops = call->app->store->ops;
    struct lb_campaign_state state;
    listing->body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(listing->body, "[");
    lb_err err = ops->campaign_state(reader, call->list.workspace, call->list.campaign, &state);
    if (!err)
        err = ops->leads_page(reader, call->list.workspace, call->list.campaign, listing->status,
                              listing->below, listing->skip, listing->take + 1, listing, take_lead);
    lb_buf_append_lit(listing->body, "]");
    if (err == LB_ERR_NOT_FOUND)
        lb_call_campaign_not_found(call);
    else if (err)
        lb_call_refuse(call, err, NULL);
    else
        put_headers(listing, &state.counts);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static bool read_status(struct lb_call *call, int *out)
{
    struct lb_str wanted;
    enum lb_lead_status status;
    *out = -1;
    if (!lb_query_text(call, "status", &wanted))
        return false;
    if (!wanted.ptr)
        return true;
    if (lb_lead_status_parse(wanted, &status)) {
        *out = (int)status;
        return true;
    }
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'status' must be waiting, active, paused, completed or error.");
    return false;
}

static bool read_blocked(struct lb_call *call, int *out)
{
    struct lb_str wanted;
    *out = -1;
    if (!lb_query_text(call, "blocked", &wanted))
        return false;
    if (!wanted.ptr)
        return true;
    *out = lb_str_equal(wanted, LB_STR("true"));
    if (*out || lb_str_equal(wanted, LB_STR("false")))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'blocked' must be true or false.");
    return false;
}

static void release_search(struct lb_call *call)
{
    struct listing *listing = call->state;
    lb_lead_search_fini(&listing->search);
}

static bool read_search(struct lb_call *call, struct listing *listing)
{
    if (!lb_query_text(call, "search", &listing->term))
        return false;
    if (listing->term.len == 0) {
        listing->term = (struct lb_str){0};
        return true;
    }
    call->release = release_search;
    if (lb_lead_search_begin(&listing->search, listing->term))
        return true;
    if (listing->search.text.failed || listing->search.name.failed)
        return lb_call_no_memory(call);
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'search' is too long or not valid UTF-8.");
    return false;
}

enum lb_progress lb_leads_list(struct lb_call *call)
{
    struct listing *listing = lb_call_alloc(call, sizeof *listing);
    if (!listing)
        return LB_DONE;
    listing->call = call;
    call->state = listing;
    if (!lb_query_only(call, "skip offset take limit status blocked search cursor") ||
        !lb_query_number(call, "skip", "offset", 0, UINT32_MAX, &listing->skip) ||
        !lb_query_number(call, "take", "limit", TAKE_DEFAULT, TAKE_MAX, &listing->take) ||
        !read_status(call, &listing->status) || !read_blocked(call, &listing->blocked) ||
        !lb_query_cursor_of_lead(call, &listing->below) || !read_search(call, listing))
        return LB_DONE;
    bool looks = listing->term.ptr || listing->blocked >= 0;
    return lb_call_read(call, looks ? search_leads : read_leads);
}

/* --- One lead --- */

static enum lb_turn read_lead(struct lb_call *call, struct lb_store_reader *reader)
{
    struct lb_lead_row lead;
    char campaign[LB_ID_SIZE];
    uint32_t workspace = call->list.workspace;
    lb_err err =
        call->app->store->ops->lead(reader, workspace, lb_id_lead(call->req->params[0]), &lead);
    bool deleted = false;
    bool found = !err && lead.workspace == workspace &&
                 lb_directory_list_id(call->app->directory, call->workspace, lead.campaign,
                                      campaign, &deleted) &&
                 !deleted;
    if (found) {
        struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
        lb_buf_append_lit(body, "{");
        err = lb_leads_put(call, body, &lead);
        lb_buf_append_lit(body, ",\"campaignId\":");
        lb_json_put_string(body, lb_str(campaign));
        lb_buf_append_lit(body, "}");
    }
    if (!found && (!err || err == LB_ERR_NOT_FOUND))
        lb_reply_error(&call->req->reply, LB_ERR_LEAD_NOT_FOUND,
                       "No lead with this id in this workspace.");
    else if (err)
        lb_call_refuse(call, err, NULL);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_leads_get(struct lb_call *call)
{
    return lb_call_read(call, read_lead);
}
