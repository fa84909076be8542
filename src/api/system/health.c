/* For load balancers and monitoring. */
#include "api/handlers.h"
#include "api/system/metrics.h"

#include "api/query.h"

enum lb_progress lb_health_live(struct lb_call *call)
{
    lb_buf_append_lit(lb_reply_json(&call->req->reply, 200), "{\"status\":\"alive\"}");
    return LB_DONE;
}

/* Whether only checks are asked about. False when the reply is set. */
static bool ask_for_checks(struct lb_call *call, bool *out)
{
    struct lb_str what;
    if (!lb_query_text(call, "for", &what))
        return false;
    *out = what.ptr != NULL;
    if (!*out || lb_str_equal(what, LB_STR("checks")))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'for' must be 'checks', or be left out.");
    return false;
}

/* Why checks are not answered; NULL: they are. */
static const char *no_checks(const struct lb_app *app)
{
    if (atomic_load(&app->stopping))
        return "The server is stopping.";
    if (!lb_writer_healthy(app->writer) || (app->freshness && !lb_freshness_ready(app->freshness)))
        return "The storage has failed; neither checks nor writes are possible.";
    return NULL;
}

/* Why nothing is recorded, although checks are answered. */
static const char *no_writes(const struct lb_app *app)
{
    if (app->store->read_only)
        return "The data folder is read-only: nothing can be recorded. Checks are answered.";
    switch (lb_writer_refusal(app->writer)) {
    case LB_OK:
        return NULL;
    case LB_ERR_STORAGE_FULL:
        return "The disk is full: nothing can be recorded until there is room. Checks are "
               "answered.";
    default:
        return "The storage takes no writes. Checks are answered.";
    }
}

enum lb_progress lb_health_ready(struct lb_call *call)
{
    bool checks;
    if (!ask_for_checks(call, &checks))
        return LB_DONE;
    const char *why = no_checks(call->app);
    if (!why && !checks)
        why = no_writes(call->app);
    if (why)
        lb_reply_error(&call->req->reply, LB_ERR_STORAGE_UNAVAILABLE, "%s", why);
    else
        lb_buf_append_lit(lb_reply_json(&call->req->reply, 200), "{\"status\":\"ready\"}");
    return LB_DONE;
}

static bool may_read_metrics(const struct lb_app *app, const struct lb_request *req)
{
    if (req->local) /* `leadblock top` */
        return true;
    for (size_t i = 0; i < app->metrics_allow_count; i++)
        if (lb_cidr_contains(&app->metrics_allow[i], &req->client))
            return true;
    return false;
}

enum lb_progress lb_health_metrics(struct lb_call *call)
{
    if (!may_read_metrics(call->app, call->req)) {
        lb_reply_error(
            &call->req->reply, LB_ERR_FORBIDDEN,
            "This address is not allowed to read the metrics; see the setting metrics-allow.");
        return LB_DONE;
    }
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    call->req->reply.content_type = "text/plain; version=0.0.4; charset=utf-8";
    lb_metrics_write(call->app, body);
    return LB_DONE;
}
