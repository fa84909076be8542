/* Subscribing to events, and what can be done with a subscription. */
#include "api/body_items.h"
#include "api/by.h"
#include "api/gate.h"
#include "api/handlers.h"
#include "api/hooks/hooks.h"
#include "api/query.h"

#include "base/array.h"
#include "hooks/signature.h"
#include "hooks/subscription.h"
#include "json/encode.h"

#include <stdio.h>

static const char *const state_names[LB_HOOK_STATE_COUNT] = {"active", "paused", "failing", "gone"};

/* The fields of WaLead, without a brace at the end. */
static void put_hook(struct lb_buf *body, const struct lb_hook_row *row)
{
    lb_buf_append_lit(body, "{\"id\":");
    lb_json_put_string(body, lb_str(row->id));
    lb_buf_append_lit(body, ",\"url\":");
    lb_json_put_string(body, lb_str(row->url));
    lb_buf_printf(body, ",\"type\":\"%s\",\"campaignId\":",
                  lb_event_type_name((enum lb_event_type)row->type));
    lb_json_put_string_or_null(body,
                               row->campaign_id[0] ? lb_str(row->campaign_id) : (struct lb_str){0});
    lb_buf_append_lit(body, ",\"createdAt\":");
    lb_json_put_time(body, row->created_at);
    lb_buf_printf(body, ",\"status\":\"%s\"", state_names[row->state]);
}

static void put_secret(struct lb_buf *body, const struct lb_hook_row *row)
{
    char secret[LB_HOOK_SECRET_TEXT_SIZE];
    lb_hook_secret_write(row->secret, secret);
    lb_buf_append_lit(body, ",\"secret\":");
    lb_json_put_string(body, lb_str(secret));
}

bool lb_hooks_pass_rate(struct lb_call *call)
{
    if (lb_hooks_take_request(call->workspace, call->req->started_ns))
        return true;
    lb_reply_header(&call->req->reply, "Retry-After", "1");
    lb_reply_error(
        &call->req->reply, LB_ERR_RATE_LIMITED,
        "This workspace has subscribed, resumed, tested or repeated too often: 30 at once, and "
        "then one a second. Try again in a moment.");
    return false;
}

bool lb_hooks_find(struct lb_call *call, struct lb_store_reader *reader, struct lb_hook_row *out)
{
    struct lb_str id = call->req->params[0];
    lb_err err = call->app->store->ops->hook(reader, call->workspace->row.no, id, out);
    struct lb_reason reason = {""};
    if (err == LB_ERR_NOT_FOUND)
        err = lb_fail(&reason, LB_ERR_HOOK_NOT_FOUND, "This workspace has no subscription '%.*s'.",
                      id.len > 64 ? 64 : (int)id.len, id.ptr);
    if (err)
        lb_call_refuse(call, err, &reason);
    return !err;
}

static struct lb_hook_change *begin_change(struct lb_call *call)
{
    struct lb_hook_change *change = lb_call_alloc(call, sizeof *change);
    if (!change)
        return NULL;
    change->standing = lb_call_standing(call, false);
    change->standing.campaign_id = (struct lb_str){0};
    change->hooks = call->app->hooks;
    change->events = call->app->events;
    change->max_hooks = call->app->config->max_workspace_hooks;
    return change;
}

/* --- Subscribing ------------------------------------------------------------------------------ */

struct subscribing {
    struct lb_hook_change *change;
    struct lb_hook_job probe;
};

static bool refuse_type(struct lb_call *call)
{
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "\"type\" must be lead_blocked, lead_unblocked, lead_opted_out, "
                   "campaign_completed, campaign_without_leads, connection_request_accepted or "
                   "message_received. WaLead's other types need a LinkedIn account, which "
                   "leadblock does not have.");
    return false;
}

/* "url" and "type", which name what is subscribed to, and unsubscribed from. */
static bool read_url_and_type(struct lb_call *call, struct lb_hook_row *row)
{
    enum lb_event_type type;
    struct lb_str url = lb_json_string(lb_json_member(call->body, "url"));
    if (!url.ptr || url.len == 0 || memchr(url.ptr, '\0', url.len) ||
        !lb_str_copy(url, row->url, sizeof row->url)) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                       "\"url\" must be a URL of at most %d characters.", LB_HOOK_URL_SIZE - 1);
        return false;
    }
    if (!lb_event_type_parse(lb_json_string(lb_json_member(call->body, "type")), &type))
        return refuse_type(call);
    row->type = type;
    return true;
}

static bool read_campaign(struct lb_call *call, struct lb_hook_row *row)
{
    const struct lb_json *value = lb_json_member(call->body, "campaignId");
    if (lb_json_type(value) == LB_JSON_MISSING || lb_json_type(value) == LB_JSON_NULL)
        return true;
    struct lb_str id = lb_json_string(value);
    const struct lb_campaign *campaign =
        id.ptr ? lb_directory_campaign(call->app->directory, call->workspace->row.no, id) : NULL;
    if (!id.ptr)
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                       "\"campaignId\" must be the id of a campaign, or left out.");
    else if (!campaign)
        lb_reply_error(&call->req->reply, LB_ERR_CAMPAIGN_NOT_FOUND,
                       "No campaign '%.*s' in this workspace.", id.len > 64 ? 64 : (int)id.len,
                       id.ptr);
    if (!campaign)
        return false;
    row->campaign = campaign->row.no;
    memcpy(row->campaign_id, campaign->row.id, sizeof row->campaign_id);
    return true;
}

/* The subscription as it is now; its secret, if that was made. */
static void reply_with(struct lb_call *call, const struct lb_hook_change *change)
{
    if (!lb_call_written(call))
        return;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    put_hook(body, &change->row);
    if (change->made)
        put_secret(body, &change->row);
    lb_buf_append_lit(body, "}");
}

static void reply_subscribed(struct lb_call *call)
{
    const struct subscribing *subscribing = call->state;
    reply_with(call, subscribing->change);
}

static enum lb_progress subscribe(struct lb_call *call)
{
    const struct subscribing *subscribing = call->state;
    lb_hook_subscribe(subscribing->change);
    return lb_call_write(call, &subscribing->change->write, sizeof *subscribing->change,
                         reply_subscribed);
}

/* The name's addresses were asked for. One that cannot be resolved now is taken. */
static enum lb_progress probed(struct lb_request *req)
{
    struct lb_call *call = lb_call_of(req);
    const struct subscribing *subscribing = call->state;
    if (subscribing->probe.result)
        return lb_call_refuse(call, subscribing->probe.result, &subscribing->probe.reason);
    return lb_gate_still_passes(call) ? subscribe(call) : LB_DONE;
}

enum lb_progress lb_hooks_subscribe(struct lb_call *call)
{
    struct subscribing *subscribing = lb_call_alloc(call, sizeof *subscribing);
    struct lb_hook_url url;
    struct lb_reason reason;
    if (!subscribing || !lb_call_parse_body(call, LB_JSON_OBJECT))
        return LB_DONE;
    call->state = subscribing;
    subscribing->change = begin_change(call);
    if (!subscribing->change || !read_url_and_type(call, &subscribing->change->row) ||
        !read_campaign(call, &subscribing->change->row))
        return LB_DONE;
    const struct lb_hook_row *row = &subscribing->change->row;
    lb_err err =
        lb_hook_url_read(lb_hooks_guard(call->app->hooks), lb_str(row->url), &url, &reason);
    if (err)
        return lb_call_refuse(call, err, &reason);
    if (!lb_hooks_pass_rate(call))
        return LB_DONE;
    if (url.literal)
        return subscribe(call);
    struct lb_hook_job *probe = &subscribing->probe;
    probe->kind = LB_HOOK_JOB_PROBE;
    probe->workspace = call->workspace;
    memcpy(probe->hook.url, row->url, sizeof row->url);
    call->req->resume = probed;
    probe->completion = lb_request_completion(call->req, &probe->home);
    err = lb_hooks_submit(call->app->hooks, probe);
    if (!err)
        return LB_PENDING;
    call->req->resume = NULL;
    return lb_call_refuse(call, err, NULL);
}

/* --- Unsubscribing ---------------------------------------------------------------------------- */

static void reply_unsubscribed(struct lb_call *call)
{
    if (lb_call_written(call))
        lb_buf_append_lit(lb_reply_json(&call->req->reply, 200),
                          "{\"message\":\"Webhook unsubscribed successfully\"}");
}

enum lb_progress lb_hooks_unsubscribe(struct lb_call *call)
{
    struct lb_hook_change *change = begin_change(call);
    if (!change || !lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !read_url_and_type(call, &change->row))
        return LB_DONE;
    lb_hook_unsubscribe(change);
    return lb_call_write(call, &change->write, sizeof *change, reply_unsubscribed);
}

/* --- The list --------------------------------------------------------------------------------- */

struct listing {
    int type; /* -1: all */
    struct lb_str campaign;
    struct lb_by by;
    struct lb_by_places places;
    size_t capacity;
    struct lb_buf *body;
    bool failed;
};

static lb_err put_listed(void *context, const struct lb_hook_row *row)
{
    struct listing *listing = context;
    struct lb_buf *body = listing->body;
    if ((listing->type >= 0 && row->type != (uint32_t)listing->type) ||
        (listing->campaign.ptr && !lb_str_equal(listing->campaign, lb_str(row->campaign_id))))
        return LB_OK;
    if (!lb_array_grow(&listing->places.places, &listing->capacity, listing->places.count + 1,
                       sizeof *listing->places.places))
        return LB_ERR_OVERLOADED;
    if (body->len > 1)
        lb_buf_append_lit(body, ",");
    put_hook(body, row);
    lb_buf_printf(body, ",\"failedTries\":%u,\"failingSince\":", row->tries);
    lb_json_put_time_or_null(body, row->failing_since);
    lb_buf_append_lit(body, ",\"nextTryAt\":");
    lb_json_put_time_or_null(body, row->state == LB_HOOK_ACTIVE ? row->next_at : 0);
    lb_buf_printf(body, ",\"missed\":%llu", (unsigned long long)row->missed);
    listing->places.places[listing->places.count++] =
        (struct lb_by_place){.at = body->len, .actor = row->actor};
    lb_buf_append_lit(body, "}");
    return LB_OK;
}

static enum lb_turn run_list(struct lb_call *call, struct lb_store_reader *reader)
{
    struct listing *listing = call->state;
    listing->by = (struct lb_by){.call = call, .reader = reader};
    listing->body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(listing->body, "[");
    lb_err err = call->app->store->ops->hooks(reader, call->workspace->row.no, listing, put_listed);
    lb_buf_append_lit(listing->body, "]");
    if (!err && !lb_by_fill_in(&listing->by, listing->body, &listing->places))
        err = LB_ERR_OVERLOADED;
    if (err)
        lb_call_refuse(call, err, NULL);
    lb_by_fini(&listing->by);
    free(listing->places.places);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_hooks_list(struct lb_call *call)
{
    struct listing *listing = lb_call_alloc(call, sizeof *listing);
    struct lb_str type;
    enum lb_event_type wanted = LB_EVENT_LEAD_BLOCKED;
    if (!listing || !lb_query_text(call, "type", &type) ||
        !lb_query_text(call, "campaignId", &listing->campaign))
        return LB_DONE;
    if (type.ptr && !lb_event_type_parse(type, &wanted)) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                       "The parameter 'type' must be a type of events, such as lead_blocked.");
        return LB_DONE;
    }
    listing->type = type.ptr ? (int)wanted : -1;
    call->state = listing;
    return lb_call_read(call, run_list);
}

/* --- Changing --------------------------------------------------------------------------------- */

static bool change_named(struct lb_call *call, struct lb_hook_change *change)
{
    struct lb_str id = call->req->params[0];
    if (lb_str_copy(id, change->row.id, sizeof change->row.id))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_HOOK_NOT_FOUND,
                   "This workspace has no subscription '%.*s'.", 64, id.ptr);
    return false;
}

static void reply_changed(struct lb_call *call)
{
    reply_with(call, call->state);
}

enum lb_progress lb_hooks_put(struct lb_call *call)
{
    struct lb_hook_change *change = begin_change(call);
    if (!change || !change_named(call, change) || !lb_call_parse_body(call, LB_JSON_OBJECT))
        return LB_DONE;
    struct lb_str action = lb_json_string(lb_json_member(call->body, "action"));
    if (lb_str_equal(action, LB_STR("pause"))) {
        lb_hook_pause(change);
    } else if (lb_str_equal(action, LB_STR("resume"))) {
        if (!lb_hooks_pass_rate(call)) /* else it would be a way around the pauses between tries */
            return LB_DONE;
        lb_hook_resume(change);
    } else if (lb_str_equal(action, LB_STR("rotate"))) {
        lb_hook_rotate(change);
    } else {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                       "\"action\" must be pause, resume or rotate.");
        return LB_DONE;
    }
    call->state = change;
    return lb_call_write(call, &change->write, sizeof *change, reply_changed);
}

static void reply_removed(struct lb_call *call)
{
    const struct lb_hook_change *change = call->state;
    if (lb_call_written(call))
        lb_call_reply_done(call, 200, "Subscription %s removed", change->row.id);
}

enum lb_progress lb_hooks_delete(struct lb_call *call)
{
    struct lb_hook_change *change = begin_change(call);
    if (!change || !change_named(call, change))
        return LB_DONE;
    call->state = change;
    lb_hook_remove(change);
    return lb_call_write(call, &change->write, sizeof *change, reply_removed);
}
