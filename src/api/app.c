#include "api/app.h"

#include "api/call.h"
#include "api/gate.h"
#include "api/csv_answer.h"
#include "api/request_counts.h"
#include "api/routes.h"
#include "api/stream.h"
#include "api/upload.h"
#include "base/clock.h"

/* Some hundred names, of which each byte may cost a microsecond, take as long as a long text. */
#define HEAVY_LIST_BYTES (2 << 10)

/* A session whose request's body took longer is looked up once more: it may have been ended. */
#define PROVEN_NS UINT64_C(1000000000)

/* Asks the store whether memory lacks something; false when the reply is set. */
static bool ask_store(struct lb_call *call)
{
    struct lb_fresh *fresh = &call->fresh;
    fresh->workspace = call->workspace;
    fresh->completion = lb_request_completion(call->req, &fresh->home);
    lb_err err = lb_freshness_ask(call->app->freshness, fresh);
    if (err)
        lb_call_refuse(call, err, NULL);
    return !err;
}

/* A call that has not passed: what does it wait for, if anything? */
static enum lb_admission wait_for(struct lb_call *call)
{
    if (call->unproven)
        return lb_gate_look_up_session(call) == LB_PENDING ? LB_UNDECIDED : LB_REFUSED;
    return call->doubtful && ask_store(call) ? LB_UNDECIDED : LB_REFUSED;
}

static enum lb_admission admit(struct lb_call *call)
{
    bool is_file = call->req->route->flags & LB_ROUTE_FILE;
    return !is_file || lb_upload_begin(call) ? LB_ADMITTED : LB_REFUSED;
}

static enum lb_admission begin(void *context, struct lb_request *req)
{
    struct lb_call *call = lb_request_alloc(req, sizeof *call);
    if (!call) {
        lb_reply_error(&req->reply, LB_ERR_OVERLOADED,
                       "The server is out of memory. Try again in a moment.");
        return LB_REFUSED;
    }
    call->app = context;
    call->req = req;
    call->still_passes = lb_gate_still_passes;
    req->context = call;
    return lb_gate_pass(call) ? admit(call) : wait_for(call);
}

/* The session of a call was looked up; or memory had refused it, and has now all that the store had
 * when it came. */
static enum lb_admission decide(void *context, struct lb_request *req)
{
    struct lb_call *call = lb_call_of(req);
    call->unproven = false;
    call->doubtful = false;
    if (req->reply.status) /* the server is stopping */
        return LB_REFUSED;
    if (call->fresh.result) {
        lb_call_refuse(call, call->fresh.result, NULL);
        return LB_REFUSED;
    }
    return lb_gate_pass_again(call) ? admit(call) : wait_for(call);
}

static enum lb_turn run_heavy(struct lb_call *call, struct lb_store_reader *reader)
{
    if (call->req->route->handle(call) == LB_DONE)
        lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static enum lb_progress start_handler(struct lb_call *call)
{
    const struct lb_request *req = call->req;
    size_t heavy = req->route->flags & LB_ROUTE_LARGE ? HEAVY_LIST_BYTES : LB_HEAVY_BYTES;
    if (req->body.len > heavy && !(req->route->flags & LB_ROUTE_FILE))
        return lb_call_read(call, run_heavy);
    return req->route->handle(call);
}

/* Memory has all that the store had when the request came. */
static enum lb_progress resume(struct lb_request *req)
{
    struct lb_call *call = lb_call_of(req);
    if (call->fresh.result)
        return lb_call_refuse(call, call->fresh.result, NULL);
    return lb_gate_pass_fresh(call) ? start_handler(call) : LB_DONE;
}

static enum lb_progress ask_first(struct lb_call *call)
{
    call->req->resume = resume;
    call->fresh.key_id = (struct lb_str){0};
    if (ask_store(call))
        return LB_PENDING;
    call->req->resume = NULL;
    return LB_DONE;
}

static enum lb_progress start(struct lb_call *call)
{
    const struct lb_request *req = call->req;
    if (call->app->freshness && !(req->route->flags & (LB_ROUTE_OPEN | LB_ROUTE_OWN)))
        return ask_first(call);
    return !req->waited || lb_gate_still_passes(call) ? start_handler(call) : LB_DONE;
}

static enum lb_progress start_proven(struct lb_request *req)
{
    struct lb_call *call = lb_call_of(req);
    return !req->reply.status && lb_gate_session_lives(call) ? start(call) : LB_DONE;
}

static enum lb_progress handle(void *context, struct lb_request *req)
{
    struct lb_call *call = lb_call_of(req);
    (void)context;
    if (!call->signed_in || !req->has_body || lb_clock_mono_ns() - req->started_ns < PROVEN_NS)
        return start(call);
    req->resume = start_proven;
    req->waited = true;
    if (lb_gate_look_up_session(call) == LB_PENDING)
        return LB_PENDING;
    req->resume = NULL;
    return LB_DONE;
}

/* What a proxy or an engine of containers asks several times a second would hide the rest. */
static enum lb_log_level level_of(const struct lb_request *req)
{
    bool probe = req->route && (req->route->flags & LB_ROUTE_PROBE);
    return probe && req->reply.status == 200 ? LB_LOG_DEBUG : LB_LOG_INFO;
}

static void log_request(struct lb_request *req, uint64_t ns)
{
    const struct lb_call *call = lb_call_of(req);
    struct lb_log_line line;
    lb_log_begin(&line, level_of(req), "request");
    /* set_id in exchange.c sees to that */
    lb_log_add_plain(&line, "id", (struct lb_str){req->id, req->id_len});
    lb_log_add_plain(&line, "client", req->local ? LB_STR("local") : lb_request_client(req));
    lb_log_add_plain(&line, "method", lb_method_text(req->method));
    lb_log_add_plain(&line, "route", req->route ? lb_str(req->route->pattern) : LB_STR("-"));
    lb_log_add_u64(&line, "status", req->reply.status);
    if (req->reply.code)
        lb_log_add_plain(&line, "code", lb_str(req->reply.code));
    if (call && call->key)
        lb_log_add_plain(&line, "key", lb_str(call->key->row.id));
    if (call && call->signed_in && !call->signed_in->result)
        lb_log_add(&line, "user", lb_str(call->signed_in->user.id));
    lb_log_add_u64(&line, "us", ns / 1000);
    if (!req->delivered)
        lb_log_add_plain(&line, "sent", LB_STR("no"));
    lb_log_end(&line);
}

static void replied(void *context, struct lb_request *req)
{
    if (lb_call_of(req))
        lb_call_free_body(lb_call_of(req));
}

static void end(void *context, struct lb_request *req)
{
    struct lb_app *app = context;
    struct lb_call *call = lb_call_of(req);
    uint64_t ns = req->started_ns ? lb_clock_mono_ns() - req->started_ns : 0;
    size_t route = req->route ? (size_t)(req->route - lb_routes) : lb_route_count;
    lb_request_counts_add(app->counts, route, req->reply.status, ns);
    if (lb_log_enabled(level_of(req)))
        log_request(req, ns);
    if (call) {
        lb_attempts_leave(app->attempts, call->password_place);
        lb_call_free_body(call);
        if (call->release)
            call->release(call);
        lb_upload_release(call);
        lb_csv_answer_release(call);
        lb_stream_release(call);
    }
}

struct lb_http_app lb_api_app(struct lb_app *app)
{
    return (struct lb_http_app){.context = app,
                                .begin = begin,
                                .decide = decide,
                                .handle = handle,
                                .end = end,
                                .reserve = lb_memory_reserve,
                                .unreserve = lb_memory_unreserve,
                                .replied = replied};
}
