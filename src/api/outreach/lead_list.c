/* The leads of a campaign, as they are listed. */
#include "api/handlers.h"
#include "api/ids.h"
#include "api/outreach/leads.h"
#include "api/query.h"
#include "api/outreach/variables.h"
#include "domain/blocklist/identifier.h"
#include "domain/outreach/counts.h"
#include "domain/outreach/exclusion.h"
#include "json/encode.h"
#include "store/names.h"

#define TAKE_DEFAULT 10
#define TAKE_MAX     100

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
    lb_buf_append_lit(body, ",\"firstName\":");
    lb_json_put_string_or_null(body, lead->first_name);
    lb_buf_append_lit(body, ",\"lastName\":");
    lb_json_put_string_or_null(body, lead->last_name);
    lb_buf_append_lit(body, ",\"companyName\":");
    lb_json_put_string_or_null(body, lead->company_name);
    lb_buf_append_lit(body, ",\"variables\":");
    lb_variables_put(body, lead->variables);
}

static lb_err look_up_scope(void *context, struct lb_list list, struct lb_str name,
                            enum lb_scope *out)
{
    *out = lb_blocklist_check(context, list, name).scope;
    return LB_OK;
}

enum lb_scope lb_leads_scope(struct lb_blocklist *blocklist, const struct lb_lead_row *lead)
{
    enum lb_scope scope;
    lb_exclusion_scope(lead, look_up_scope, blocklist, &scope);
    return scope;
}

const char *lb_leads_scope_name(enum lb_scope scope)
{
    return scope == LB_SCOPE_WORKSPACE ? "workspace" : "campaign";
}

void lb_leads_put(struct lb_call *call, struct lb_buf *body, const struct lb_lead_row *lead)
{
    struct lb_new_lead person = {lead->identifier, lead->member_id,    lead->first_name,
                                 lead->last_name,  lead->company_name, lead->variables};
    enum lb_scope scope = lb_leads_scope(call->app->blocklist, lead);
    lb_buf_append_lit(body, "\"id\":\"" LB_LEAD_PREFIX);
    lb_buf_append_u64(body, lead->no);
    lb_buf_append_lit(body, "\",");
    lb_leads_put_person(body, &person);
    lb_buf_printf(body, ",\"status\":\"%s\",\"createdAt\":", lb_lead_status_name(lead->status));
    lb_json_put_time(body, lead->added_at);
    if (scope == LB_SCOPE_NONE)
        lb_buf_append_lit(body, ",\"blocked\":false");
    else
        lb_buf_printf(body, ",\"blocked\":true,\"blockedScope\":\"%s\"",
                      lb_leads_scope_name(scope));
}

/* A page on its way. */
struct listing {
    struct lb_call *call;
    struct lb_buf *body;
    int status; /* -1: any */
    uint64_t skip;
    uint64_t take;
    uint64_t below; /* the cursor */
    size_t given;
    uint64_t last;
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
    lb_leads_put(listing->call, listing->body, lead);
    lb_buf_append_lit(listing->body, "}");
    listing->last = lead->no;
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
    lb_query_put_link(
        call, "take=%llu%s%s&cursor=c%llu", (unsigned long long)listing->take,
        any ? "" : "&status=", any ? "" : lb_lead_status_name((enum lb_lead_status)listing->status),
        (unsigned long long)listing->last);
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

enum lb_progress lb_leads_list(struct lb_call *call)
{
    struct listing *listing = lb_call_alloc(call, sizeof *listing);
    if (!listing)
        return LB_DONE;
    listing->call = call;
    call->state = listing;
    if (!lb_query_number(call, "skip", "offset", 0, UINT32_MAX, &listing->skip) ||
        !lb_query_number(call, "take", "limit", TAKE_DEFAULT, TAKE_MAX, &listing->take) ||
        !read_status(call, &listing->status) || !lb_query_cursor(call, &listing->below))
        return LB_DONE;
    return lb_call_read(call, read_leads);
}
