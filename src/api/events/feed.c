/* The feed of a workspace's events: a page of it, at once or when there is something (a long poll);
 * or all that comes, as a stream of server-sent events. */
#include "api/events/event_json.h"
#include "api/events/waits.h"
#include "api/gate.h"
#include "api/handlers.h"
#include "api/query.h"

#include "base/clock.h"
#include "http/negotiate.h"

#define TAKE_DEFAULT      100
#define WAIT_MAX_S        60
#define WAITS_MAX         16 /* of a workspace at once */
#define WAITS_OF_USER_MAX 4
#define HEARTBEAT_MS      15000
#define STREAM_EVENTS     50 /* that are made at a time, unless the first few are so large: */
#define STREAM_BYTES      ((size_t)64 << 10)
#define TRIES_WHILE_BUSY  300
#define STREAM_TYPE       "text/event-stream"

struct feeding {
    struct lb_events_page page;
    struct lb_event_json json;
    struct lb_event_wait wait;
    struct lb_quota *place; /* taken, to be given back; NULL: none */
    uint64_t until_ms;      /* of a long poll; 0: it does not wait */
    bool from_now;
    bool crowded; /* too many of its user began to wait before it */
    /* Of a stream. */
    struct lb_buf piece;
    uint64_t sent_ms; /* when something was sent last */
    bool asked;       /* memory is as the other nodes' */
    bool begun;
    bool ended;
    bool failed;
    unsigned tries;
};

static void release(struct lb_call *call)
{
    struct feeding *feeding = call->state;
    lb_event_wait_end(call->app->event_waits, &feeding->wait);
    lb_events_page_fini(&feeding->page);
    lb_event_json_fini(&feeding->json);
    lb_buf_fini(&feeding->piece);
    if (feeding->place)
        lb_quota_give(feeding->place, 1);
}

/* --- Reading ---------------------------------------------------------------------------------- */

static lb_err read_page(struct lb_call *call, struct lb_store_reader *reader)
{
    struct feeding *feeding = call->state;
    struct lb_events *events = call->app->events;
    feeding->json.reader = reader;
    if (feeding->from_now) {
        feeding->from_now = false;
        lb_err err = lb_events_head(events, reader, call->workspace, &feeding->page.after);
        if (err)
            return err;
    }
    return lb_events_read(events, reader, &feeding->page);
}

static void refuse_another_of_user(struct lb_call *call)
{
    lb_reply_error(&call->req->reply, LB_ERR_WORKSPACE_OVERLOADED,
                   "%d requests of yours wait for events. Close some of their pages.",
                   WAITS_OF_USER_MAX);
}

static bool begin_wait(struct lb_call *call)
{
    struct feeding *feeding = call->state;
    feeding->crowded =
        !lb_event_wait_begin(call->app->event_waits, &feeding->wait, call, WAITS_OF_USER_MAX);
    return !feeding->crowded;
}

static void refuse(struct lb_call *call, lb_err err)
{
    struct lb_reason reason = {""};
    if (err == LB_ERR_CURSOR_GONE)
        lb_fail(&reason, err,
                "Events after this cursor are no longer kept, or the server was restored from a "
                "backup since. Read your lists again, then go on with after=now; after=0 begins "
                "with the oldest event that is kept.");
    lb_call_refuse(call, err, &reason);
}

/* --- A page ----------------------------------------------------------------------------------- */

static void reply_page(struct lb_call *call)
{
    struct feeding *feeding = call->state;
    const struct lb_events_page *page = &feeding->page;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    char cursor[LB_EVENT_CURSOR_SIZE];
    lb_buf_append_lit(body, "{\"events\":[");
    for (size_t i = 0; i < page->count; i++) {
        if (i)
            lb_buf_append_lit(body, ",");
        lb_event_json_put(&feeding->json, body, &page->events[i]);
    }
    lb_event_cursor_write(&page->cursor, cursor);
    lb_buf_printf(body, "],\"cursor\":\"%s\",\"more\":%s}", cursor, page->more ? "true" : "false");
}

static enum lb_progress wake_up(struct lb_request *req);

/* Nothing came: may the call wait for it? True: it does, or looks once more (`*out_again`). The
 * first time it looks again, as what came before it was on the list of those who wait woke none.
 */
static bool waits(struct lb_call *call, bool *out_again)
{
    struct feeding *feeding = call->state;
    *out_again = false;
    if (lb_clock_mono_ms() >= feeding->until_ms || atomic_load(&call->app->stopping) ||
        lb_request_hung_up(call->req))
        return false;
    *out_again = true;
    if (!feeding->wait.call)
        return begin_wait(call);
    call->req->resume = wake_up;
    *out_again = !lb_event_wait_sleep(&feeding->wait, feeding->until_ms);
    return true;
}

static enum lb_turn run_page(struct lb_call *call, struct lb_store_reader *reader)
{
    struct feeding *feeding = call->state;
    bool again;
    call->req->resume = NULL;
    lb_event_wait_look(&feeding->wait);
    lb_err err = read_page(call, reader);
    feeding->page.after = feeding->page.cursor;
    if (!err && !feeding->page.count && feeding->page.more)
        return LB_TURN_MORE;
    if (!err && !feeding->page.count && waits(call, &again))
        return again ? LB_TURN_MORE : LB_TURN_LAST;
    call->req->resume = NULL;
    if (err)
        refuse(call, err);
    else if (feeding->crowded)
        refuse_another_of_user(call);
    else
        reply_page(call);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static enum lb_progress read_again(struct lb_request *req)
{
    struct lb_call *call = lb_call_of(req);
    if (call->fresh.result)
        return lb_call_refuse(call, call->fresh.result, NULL);
    return lb_call_read(call, run_page);
}

/* Asks what other nodes have committed; false when that cannot be asked. */
static lb_err ask_nodes(struct lb_call *call)
{
    struct lb_fresh *fresh = &call->fresh;
    fresh->workspace = call->workspace;
    fresh->key_id = (struct lb_str){0};
    fresh->completion = lb_request_completion(call->req, &fresh->home);
    return lb_freshness_ask(call->app->freshness, fresh);
}

/* On the request's loop. */
static enum lb_progress wake_up(struct lb_request *req)
{
    struct lb_call *call = lb_call_of(req);
    if (!call->app->freshness)
        return lb_call_read(call, run_page);
    req->resume = read_again;
    lb_err err = ask_nodes(call);
    if (!err)
        return LB_PENDING;
    req->resume = NULL;
    return lb_call_refuse(call, err, NULL);
}

/* --- A stream --------------------------------------------------------------------------------- */

static void put_stream_event(struct feeding *feeding, const struct lb_feed_event *event)
{
    struct lb_buf *piece = &feeding->piece;
    char id[LB_EVENT_CURSOR_SIZE];
    lb_event_cursor_write(&event->cursor, id);
    lb_buf_printf(piece, "id: %s\nevent: %s\ndata: ", id, lb_event_type_name(event->type));
    lb_event_json_put(&feeding->json, piece, event);
    lb_buf_append_lit(piece, "\n\n");
}

static lb_err fill(struct lb_call *call, struct lb_store_reader *reader)
{
    struct feeding *feeding = call->state;
    struct lb_events_page *page = &feeding->page;
    lb_event_wait_look(&feeding->wait);
    lb_err err = read_page(call, reader);
    if (err)
        return err;
    page->after = page->cursor;
    for (size_t i = 0; i < page->count; i++) {
        if (feeding->piece.len > STREAM_BYTES) { /* the rest comes with the next piece */
            page->after = page->events[i - 1].cursor;
            page->more = true;
            break;
        }
        put_stream_event(feeding, &page->events[i]);
    }
    uint64_t now_ms = lb_clock_mono_ms();
    if (!page->count && now_ms - feeding->sent_ms >= HEARTBEAT_MS)
        lb_buf_append_lit(&feeding->piece, ":\n\n");
    if (feeding->piece.len)
        feeding->sent_ms = now_ms;
    feeding->begun = true;
    return feeding->piece.failed ? LB_ERR_OVERLOADED : LB_OK;
}

static struct lb_call *call_of(struct lb_read *read)
{
    return (struct lb_call *)((char *)read - offsetof(struct lb_call, read));
}

static enum lb_turn run_more(struct lb_read *read, struct lb_store *store,
                             struct lb_store_reader *reader)
{
    struct lb_call *call = call_of(read);
    struct feeding *feeding = call->state;
    if (!lb_gate_still_holds(call, reader))
        feeding->ended = true;
    else
        feeding->failed = fill(call, reader) != LB_OK;
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static void cancel_more(struct lb_read *read)
{
    struct lb_call *call = call_of(read);
    struct feeding *feeding = call->state;
    feeding->ended = true;
    lb_request_complete(call->req);
}

static enum lb_given ask_for_more(struct lb_call *call)
{
    struct feeding *feeding = call->state;
    if (call->app->freshness && !feeding->asked) {
        feeding->asked = true;
        return ask_nodes(call) ? LB_GIVE_FAILED : LB_GIVE_LATER;
    }
    if (call->fresh.result)
        return LB_GIVE_FAILED;
    call->read.run = run_more;
    call->read.cancel = cancel_more;
    unsigned tries = feeding->tries;
    feeding->tries = 0;
    feeding->asked = false;
    feeding->begun = false;
    lb_err err = lb_readers_submit(call->app->readers, &call->read);
    if (!err)
        return LB_GIVE_LATER; /* all that is the reader's now */
    feeding->asked = true;
    feeding->tries = tries + 1;
    bool busy = err == LB_ERR_OVERLOADED || err == LB_ERR_WORKSPACE_OVERLOADED;
    return busy && tries < TRIES_WHILE_BUSY ? LB_GIVE_SOON : LB_GIVE_FAILED;
}

/* A stream that waits, for hours as a rule, keeps nothing of what it has sent. */
static bool sleep_light(struct feeding *feeding, struct lb_buf *out)
{
    lb_buf_fini(out);
    lb_buf_fini(&feeding->piece);
    lb_events_page_fini(&feeding->page);
    return lb_event_wait_sleep(&feeding->wait, feeding->sent_ms + HEARTBEAT_MS);
}

static enum lb_given give(struct lb_request *req, struct lb_buf *out)
{
    struct lb_call *call = lb_call_of(req);
    struct feeding *feeding = call->state;
    if (feeding->failed)
        return LB_GIVE_FAILED;
    if (feeding->ended || atomic_load(&call->app->stopping) || lb_request_hung_up(req))
        return LB_GIVEN_ALL;
    if (feeding->piece.len) {
        lb_buf_append_str(out, lb_buf_str(&feeding->piece));
        feeding->piece.len = 0;
        return LB_GIVEN;
    }
    if (feeding->begun && !feeding->page.more) {
        feeding->begun = false; /* when it is asked again, something woke it */
        if (sleep_light(feeding, out))
            return LB_GIVE_LATER;
    }
    return ask_for_more(call);
}

static enum lb_turn run_first(struct lb_call *call, struct lb_store_reader *reader)
{
    struct feeding *feeding = call->state;
    struct lb_reply *reply = &call->req->reply;
    lb_buf_append_lit(&feeding->piece, ":\n\n"); /* so that the client knows that it is connected */
    lb_err err = begin_wait(call) ? fill(call, reader) : LB_OK;
    if (err) {
        refuse(call, err);
    } else if (feeding->crowded) {
        refuse_another_of_user(call);
    } else {
        lb_reply_json(reply, 200);
        reply->content_type = STREAM_TYPE;
        reply->give = give;
        lb_reply_header(reply, "X-Accel-Buffering", "no"); /* nginx would hold it back */
    }
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* --- The request ------------------------------------------------------------------------------ */

static bool take_cursor(struct lb_call *call, bool stream)
{
    struct feeding *feeding = call->state;
    struct lb_str after =
        stream ? lb_request_header(call->req, "Last-Event-ID") : (struct lb_str){0};
    if (!after.len && !lb_query_text(call, "after", &after))
        return false;
    feeding->from_now = after.ptr && lb_str_equal(after, LB_STR("now"));
    feeding->page.from_oldest = !after.ptr || lb_str_equal(after, LB_STR("0"));
    if (feeding->page.from_oldest || feeding->from_now ||
        lb_event_cursor_parse(after, &feeding->page.after))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'after' must be the cursor of an earlier answer, the id of an "
                   "event, 0 or now.");
    return false;
}

static bool take_types(struct lb_call *call)
{
    struct feeding *feeding = call->state;
    struct lb_str rest;
    feeding->page.types = LB_EVENT_TYPES_ALL;
    if (!lb_query_text(call, "types", &rest))
        return false;
    if (!rest.ptr || !rest.len)
        return true;
    feeding->page.types = 0;
    while (rest.ptr) {
        const char *comma = memchr(rest.ptr, ',', rest.len);
        struct lb_str name = {rest.ptr, comma ? (size_t)(comma - rest.ptr) : rest.len};
        enum lb_event_type type;
        if (!lb_event_type_parse(name, &type)) {
            lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                           "The parameter 'types' must be names of event types, separated by "
                           "commas; '%.*s' is not one.",
                           name.len > 64 ? 64 : (int)name.len, name.ptr);
            return false;
        }
        feeding->page.types |= 1u << type;
        rest = comma ? (struct lb_str){comma + 1, rest.len - name.len - 1} : (struct lb_str){0};
    }
    return true;
}

/* Takes the place of one that may wait; false when the reply is set. Users have places of their
 * own, of which the tabs of one do not take all: that is looked at again when the wait begins. */
static bool take_place(struct lb_call *call)
{
    struct feeding *feeding = call->state;
    struct lb_quota *places =
        call->signed_in ? &call->workspace->watching : &call->workspace->listening;
    if (call->signed_in &&
        lb_event_waits_of_user(call->app->event_waits, call) >= WAITS_OF_USER_MAX) {
        refuse_another_of_user(call);
        return false;
    }
    if (lb_quota_take(places, 1, WAITS_MAX)) {
        feeding->place = places;
        return true;
    }
    lb_reply_error(&call->req->reply, LB_ERR_WORKSPACE_OVERLOADED,
                   "%d requests of this workspace wait for events. Send 'wait' with fewer at once.",
                   WAITS_MAX);
    return false;
}

enum lb_progress lb_events_get(struct lb_call *call)
{
    struct feeding *feeding = lb_call_alloc(call, sizeof *feeding);
    uint64_t take, wait_s;
    bool stream = call->req->method == LB_GET &&
                  lb_negotiate_type(lb_request_header(call->req, "Accept"), STREAM_TYPE);
    if (!feeding)
        return LB_DONE;
    call->state = feeding;
    call->release = release;
    if (!lb_query_only(call, "after types take limit wait") || !take_cursor(call, stream) ||
        !take_types(call) ||
        !lb_query_number(call, "take", "limit", TAKE_DEFAULT, LB_EVENTS_PAGE_MAX, &take) ||
        !lb_query_number(call, "wait", NULL, 0, WAIT_MAX_S, &wait_s))
        return LB_DONE;
    feeding->page.workspace = call->workspace;
    feeding->page.max = stream ? STREAM_EVENTS : take ? take : 1;
    feeding->page.fresh = true;
    feeding->json.app = call->app;
    feeding->json.workspace = call->workspace;
    feeding->sent_ms = lb_clock_mono_ms();
    if (wait_s && !stream)
        feeding->until_ms = feeding->sent_ms + wait_s * 1000;
    if ((stream || wait_s) && !take_place(call))
        return LB_DONE;
    return lb_call_read(call, stream ? run_first : run_page);
}
