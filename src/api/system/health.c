/* For load balancers and monitoring. */
#include "api/handlers.h"
#include "api/system/metrics.h"

#include "api/call.h"

enum lb_progress lb_health_live(struct lb_call *call)
{
    lb_buf_append_lit(lb_reply_json(&call->req->reply, 200), "{\"status\":\"alive\"}");
    return LB_DONE;
}

enum lb_progress lb_health_ready(struct lb_call *call)
{
    if (atomic_load(&call->app->stopping))
        lb_reply_error(&call->req->reply, LB_ERR_STORAGE_UNAVAILABLE, "The server is stopping.");
    else if (!lb_writer_ready(call->app->writer) ||
             (call->app->freshness && !lb_freshness_ready(call->app->freshness)))
        lb_reply_error(&call->req->reply, LB_ERR_STORAGE_UNAVAILABLE,
                       "The storage has failed; writes are not possible.");
    else
        lb_buf_append_lit(lb_reply_json(&call->req->reply, 200), "{\"status\":\"ready\"}");
    return LB_DONE;
}

static bool may_read_metrics(const struct lb_app *app, const struct lb_request *req)
{
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
