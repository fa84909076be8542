#include "api/cors.h"

#include <strings.h>

#define EXPOSED                                                                                    \
    "Content-Disposition, Link, Preference-Applied, Retry-After, X-Change-Id, X-Checked-Columns, " \
    "X-Request-Id, X-Total-Count, X-Unchecked-Columns"
#define ACCEPTED "Content-Type, Last-Event-ID, Prefer, X-Api-Key, X-Request-Id"

/* What needs a session, or makes one: it is the dashboard's, and no other page's. */
static bool is_of_sessions(struct lb_str path)
{
    static const struct lb_str parts[] = {LB_STR("/v1/session"),     LB_STR("/v1/sessions"),
                                          LB_STR("/v1/users"),       LB_STR("/v1/workspaces"),
                                          LB_STR("/v1/workspace"),   LB_STR("/v1/keys"),
                                          LB_STR("/v1/installation")};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t len = parts[i].len;
        if (path.len >= len && memcmp(path.ptr, parts[i].ptr, len) == 0 &&
            (path.len == len || path.ptr[len] == '/'))
            return true;
    }
    return false;
}

static bool is_of_api(const struct lb_call *call)
{
    struct lb_str path = call->req->path;
    return path.len > 4 && memcmp(path.ptr, "/v1/", 4) == 0 && !is_of_sessions(path) &&
           !call->req->local;
}

/* The setting's own text, which is safe in a header; NULL when it does not name the origin. */
static const char *find_origin(const struct lb_config_list *origins, struct lb_str origin)
{
    for (size_t i = 0; i < origins->count; i++)
        if (lb_str_equal(origin, lb_str(origins->items[i])))
            return origins->items[i];
    return NULL;
}

void lb_cors_begin(struct lb_call *call)
{
    const struct lb_config_list *origins = &call->app->config->cors_origin;
    struct lb_reply *reply = &call->req->reply;
    if (!origins->count)
        return;
    const char *origin = find_origin(origins, lb_request_header(call->req, "Origin"));
    call->from_page = origin != NULL;
    if (!is_of_api(call))
        return;
    /* Also of answers to others: a cache must not give theirs to the page. */
    lb_reply_header(reply, "Vary", "Origin");
    if (!origin)
        return;
    lb_reply_header(reply, "Access-Control-Allow-Origin", origin);
    lb_reply_header(reply, "Access-Control-Expose-Headers", EXPOSED);
}

bool lb_cors_preflight(struct lb_call *call, const char *methods)
{
    struct lb_request *req = call->req;
    if (req->method != LB_OPTIONS || !call->from_page || !is_of_api(call) ||
        !lb_request_header(req, "Access-Control-Request-Method").len)
        return false;
    lb_reply_json(&req->reply, 200);
    lb_reply_header(&req->reply, "Access-Control-Allow-Methods", methods);
    lb_reply_header(&req->reply, "Access-Control-Allow-Headers", ACCEPTED);
    lb_reply_header(&req->reply, "Access-Control-Max-Age", "600");
    return true;
}
