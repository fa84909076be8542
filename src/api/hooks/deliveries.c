/* What was sent to a subscriber: the list, a test, and an event once more. */
#include "api/hooks/hooks.h"

#include "api/events/event_json.h"
#include "api/handlers.h"
#include "api/ids.h"
#include "api/query.h"

#include "base/clock.h"
#include "json/encode.h"

#include <stdio.h>

#define TAKE_DEFAULT 50
#define TAKE_MAX     100

static void put_delivery(struct lb_buf *body, const struct lb_delivery_row *row)
{
    static const char *const kinds[] = {"event", "test", "retry"};
    static const char *const states[] = {"delivered", "failed", "given_up"};
    lb_buf_printf(
        body, "{\"id\":\"" LB_DELIVERY_PREFIX "%llu\",\"eventId\":", (unsigned long long)row->no);
    lb_json_put_string(body, lb_str(row->event));
    lb_buf_printf(body, ",\"kind\":\"%s\",\"status\":\"%s\",\"tries\":%u,\"firstTryAt\":",
                  kinds[row->kind], states[row->state], row->tries);
    lb_json_put_time(body, row->first_at);
    lb_buf_append_lit(body, ",\"lastTryAt\":");
    lb_json_put_time(body, row->last_at);
    if (row->status)
        lb_buf_printf(body, ",\"responseStatus\":%u", row->status);
    else
        lb_buf_append_lit(body, ",\"responseStatus\":null");
    lb_buf_printf(body, ",\"durationMs\":%u,\"bytes\":%llu,\"error\":", row->duration_ms,
                  (unsigned long long)row->bytes);
    lb_json_put_string_or_null(body, row->error[0] ? lb_str(row->error) : (struct lb_str){0});
    lb_buf_append_lit(body, "}");
}

void lb_hooks_put_event(void *context, struct lb_store_reader *reader,
                        const struct lb_workspace *workspace, const struct lb_feed_event *event,
                        struct lb_buf *out)
{
    struct lb_event_json json = {.app = context, .reader = reader, .workspace = workspace};
    lb_event_json_put(&json, out, event);
    lb_event_json_fini(&json);
}

/* --- The list --------------------------------------------------------------------------------- */

struct listing {
    uint64_t take;
    uint64_t below;
    struct lb_buf *body;
    size_t count;
    uint64_t last;
};

static lb_err put_listed(void *context, const struct lb_delivery_row *row)
{
    struct listing *listing = context;
    if (listing->count++ == listing->take) /* one more than was asked for: there is a next page */
        return LB_OK;
    if (listing->count > 1)
        lb_buf_append_lit(listing->body, ",");
    put_delivery(listing->body, row);
    listing->last = row->no;
    return LB_OK;
}

static enum lb_turn run_list(struct lb_call *call, struct lb_store_reader *reader)
{
    struct listing *listing = call->state;
    struct lb_hook_row row;
    if (!lb_hooks_find(call, reader, &row)) {
        lb_request_complete(call->req);
        return LB_TURN_LAST;
    }
    listing->body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(listing->body, "[");
    lb_err err = call->app->store->ops->deliveries_page(reader, call->workspace->row.no,
                                                        lb_str(row.id), listing->below,
                                                        listing->take + 1, listing, put_listed);
    lb_buf_append_lit(listing->body, "]");
    if (listing->count > listing->take && listing->take)
        lb_query_put_link(call, "take=%llu&cursor=" LB_DELIVERY_PREFIX "%llu",
                          (unsigned long long)listing->take, (unsigned long long)listing->last);
    if (err)
        lb_call_refuse(call, err, NULL);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static uint64_t delivery_number(struct lb_str id)
{
    return lb_id_number(id, LB_STR(LB_DELIVERY_PREFIX), LB_ID_NUMBER_MAX);
}

enum lb_progress lb_hooks_deliveries(struct lb_call *call)
{
    struct listing *listing = lb_call_alloc(call, sizeof *listing);
    struct lb_str cursor;
    if (!listing ||
        !lb_query_number(call, "take", "limit", TAKE_DEFAULT, TAKE_MAX, &listing->take) ||
        !lb_query_text(call, "cursor", &cursor))
        return LB_DONE;
    listing->below = cursor.ptr ? delivery_number(cursor) : 0;
    if (cursor.ptr && !listing->below) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                       "The parameter 'cursor' must come from the Link header of an earlier page.");
        return LB_DONE;
    }
    call->state = listing;
    return lb_call_read(call, run_list);
}

/* --- Sending once ----------------------------------------------------------------------------- */

struct sending {
    struct lb_hook_job job;
    struct lb_buf body;
    struct lb_events_page page;
    uint64_t no; /* of the delivery that is repeated */
};

static void release(struct lb_call *call)
{
    struct sending *sending = call->state;
    lb_buf_fini(&sending->body);
    lb_events_page_fini(&sending->page);
}

static void reply_sent(struct lb_request *req)
{
    struct lb_call *call = lb_call_of(req);
    const struct sending *sending = call->state;
    const struct lb_delivery_row *delivery = &sending->job.delivery;
    if (req->reply.status)
        return;
    if (sending->job.result) {
        lb_call_refuse(call, sending->job.result, &sending->job.reason);
        return;
    }
    bool done = delivery->state == LB_DELIVERY_DONE;
    struct lb_buf *body = lb_reply_json(&req->reply, 200);
    lb_buf_printf(body, "{\"success\":%s,\"message\":", done ? "true" : "false");
    lb_json_put_string(body, done ? LB_STR("Delivered")
                                  : LB_STR("Not delivered: see the delivery's error"));
    lb_buf_append_lit(body, ",\"delivery\":");
    put_delivery(body, delivery);
    lb_buf_append_lit(body, "}");
}

static enum lb_turn refuse(struct lb_call *call, lb_err err, const struct lb_reason *reason)
{
    lb_call_refuse(call, err, reason);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* Hands it to the thread that sends. */
static enum lb_turn submit(struct lb_call *call)
{
    struct sending *sending = call->state;
    struct lb_hook_job *job = &sending->job;
    if (sending->body.failed)
        return refuse(call, LB_ERR_OVERLOADED, NULL);
    job->kind = LB_HOOK_JOB_SEND;
    job->workspace = call->workspace;
    job->body = lb_buf_str(&sending->body);
    job->completion = lb_request_completion(call->req, &job->home);
    lb_err err = lb_hooks_submit(call->app->hooks, job);
    if (err)
        return refuse(call, err, NULL);
    return LB_TURN_LAST;
}

static enum lb_progress begin(struct lb_call *call,
                              enum lb_turn (*run)(struct lb_call *call,
                                                  struct lb_store_reader *reader),
                              uint64_t no)
{
    struct sending *sending = lb_call_alloc(call, sizeof *sending);
    if (!sending || !lb_hooks_pass_rate(call))
        return LB_DONE;
    sending->no = no;
    call->state = sending;
    call->release = release;
    call->req->before_reply = reply_sent;
    return lb_call_read(call, run);
}

/* A made-up event of the subscription's type. */
static enum lb_turn run_test(struct lb_call *call, struct lb_store_reader *reader)
{
    struct sending *sending = call->state;
    struct lb_hook_job *job = &sending->job;
    const struct lb_event_lead lead = {.key = LB_STR("jane-doe-example"),
                                       .fields = {[LB_LEAD_FIRST_NAME] = LB_STR("Jane"),
                                                  [LB_LEAD_LAST_NAME] = LB_STR("Doe"),
                                                  [LB_LEAD_COMPANY_NAME] = LB_STR("Example")},
                                       .reason = LB_STR("a test")};
    if (!lb_hooks_find(call, reader, &job->hook)) {
        lb_request_complete(call->req);
        return LB_TURN_LAST;
    }
    const struct lb_feed_event event = {.type = (enum lb_event_type)job->hook.type,
                                        .at = lb_clock_wall_ms(),
                                        .campaign = job->hook.campaign,
                                        .leads = &lead,
                                        .lead_count = 1};
    struct lb_buf plain = {0};
    lb_hooks_put_event(call->app, reader, call->workspace, &event, &plain);
    sending->body.failed = plain.failed;
    lb_buf_append_lit(&sending->body, "{\"test\":true,");
    if (plain.len)
        lb_buf_append(&sending->body, plain.ptr + 1, plain.len - 1);
    lb_buf_fini(&plain);
    job->delivery.kind = LB_DELIVERY_TEST;
    snprintf(job->delivery.event, sizeof job->delivery.event, "test-%llx",
             (unsigned long long)lb_clock_mono_ns());
    return submit(call);
}

enum lb_progress lb_hooks_test(struct lb_call *call)
{
    return begin(call, run_test, 0);
}

static lb_err read_event(struct lb_call *call, struct lb_store_reader *reader,
                         const struct lb_delivery_row *delivery)
{
    struct sending *sending = call->state;
    struct lb_events_page *page = &sending->page;
    char id[LB_EVENT_CURSOR_SIZE] = "";
    page->workspace = call->workspace;
    page->types = 1u << sending->job.hook.type;
    page->campaign = sending->job.hook.campaign;
    page->max = 1;
    page->fresh = true;
    if (!delivery->place[0] || !lb_event_cursor_parse(lb_str(delivery->place), &page->after))
        return LB_ERR_CURSOR_GONE;
    lb_err err = LB_OK;
    do { /* a turn that finds nothing goes on where it came to */
        err = lb_events_read(call->app->events, reader, page);
        page->after = page->cursor;
    } while (!err && page->count == 0 && page->more);
    if (err)
        return err;
    if (page->count)
        lb_event_cursor_write(&page->events[0].cursor, id);
    if (strcmp(id, delivery->event) != 0)
        return LB_ERR_CURSOR_GONE;
    lb_hooks_put_event(call->app, reader, call->workspace, &page->events[0], &sending->body);
    return LB_OK;
}

static enum lb_turn run_retry(struct lb_call *call, struct lb_store_reader *reader)
{
    struct sending *sending = call->state;
    struct lb_hook_job *job = &sending->job;
    struct lb_delivery_row delivery;
    struct lb_reason reason = {""};
    if (!lb_hooks_find(call, reader, &job->hook)) {
        lb_request_complete(call->req);
        return LB_TURN_LAST;
    }
    lb_err err = call->app->store->ops->delivery(reader, call->workspace->row.no,
                                                 lb_str(job->hook.id), sending->no, &delivery);
    if (err == LB_ERR_NOT_FOUND)
        return refuse(call,
                      lb_fail(&reason, LB_ERR_DELIVERY_NOT_FOUND,
                              "This subscription has no such delivery; the latest %d are kept.",
                              LB_DELIVERIES_KEPT),
                      &reason);
    if (!err)
        err = read_event(call, reader, &delivery);
    if (err == LB_ERR_CURSOR_GONE)
        lb_fail(&reason, err, "The event of this delivery is no longer kept, or it was a test.");
    if (err)
        return refuse(call, err, &reason);
    job->delivery.kind = LB_DELIVERY_RETRY;
    memcpy(job->delivery.event, delivery.event, sizeof delivery.event);
    memcpy(job->delivery.place, delivery.place, sizeof delivery.place);
    return submit(call);
}

enum lb_progress lb_hooks_retry(struct lb_call *call)
{
    return begin(call, run_retry, delivery_number(call->req->params[1]));
}
