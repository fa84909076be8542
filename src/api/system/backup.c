#include "api/call.h"
#include "api/handlers.h"

#include "base/rcu.h"

static enum lb_turn run_backup(struct lb_call *call, struct lb_store_reader *reader)
{
    const char *path = call->state;
    uint64_t bytes = 0;
    struct lb_reason reason = {0};
    lb_rcu_offline(); /* it may take minutes */
    lb_err err = call->app->store->ops->backup(reader, path, &bytes, &reason);
    lb_rcu_online();
    if (err) {
        lb_call_refuse(call, err, &reason);
    } else {
        lb_call_reply_done(call, 200, "Copied to %s", path);
        struct lb_buf *body = &call->req->reply.body;
        body->len--; /* reopen the object */
        lb_buf_printf(body, ",\"bytes\":%llu}", (unsigned long long)bytes);
    }
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_admin_backup(struct lb_call *call)
{
    if (!lb_call_parse_body(call, LB_JSON_OBJECT))
        return LB_DONE;
    struct lb_str path = lb_json_string(lb_json_member(call->body, "path"));
    char *copy = path.len ? lb_request_alloc(call->req, path.len + 1) : NULL;
    if (!copy || path.ptr[0] != '/' || memchr(path.ptr, 0, path.len)) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                       "\"path\" must be an absolute path.");
        return LB_DONE;
    }
    memcpy(copy, path.ptr, path.len);
    call->state = copy;
    return lb_call_read(call, run_backup);
}
