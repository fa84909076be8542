#include "api/memory.h"

#include "api/call.h"
#include "api/routes.h"

#define STRANGERS_PART 8 /* of all */

static struct lb_quota *share_of(struct lb_call *call)
{
    struct lb_request_memory *memory = &call->app->memory;
    if (call->workspace)
        return &call->workspace->memory;
    return call->req->local || (call->signed_in && !call->signed_in->result && !call->unproven)
               ? &memory->operators
               : &memory->strangers;
}

static uint64_t limit_of(const struct lb_call *call)
{
    uint64_t all = call->app->config->request_memory;
    if (call->memory_share == &call->app->memory.operators)
        return all;
    if (call->memory_share == &call->app->memory.strangers)
        return all / STRANGERS_PART;
    return all / 100 * call->app->config->workspace_share_percent;
}

static void note_peak(struct lb_request_memory *memory)
{
    uint64_t now = atomic_load_explicit(&memory->all.taken, memory_order_relaxed);
    uint64_t most = atomic_load_explicit(&memory->most, memory_order_relaxed);
    while (now > most && !atomic_compare_exchange_weak(&memory->most, &most, now))
        ;
}

lb_err lb_memory_take(struct lb_call *call, size_t bytes)
{
    struct lb_request_memory *memory = &call->app->memory;
    if (!call->memory_share) /* it gives back to where it took from */
        call->memory_share = share_of(call);
    bool is_workspace = call->workspace && call->memory_share == &call->workspace->memory;
    lb_err err = LB_OK;
    if (!lb_quota_take(call->memory_share, bytes, limit_of(call))) {
        err = is_workspace ? LB_ERR_WORKSPACE_OVERLOADED : LB_ERR_OVERLOADED;
    } else if (!lb_quota_take(&memory->all, bytes, call->app->config->request_memory)) {
        lb_quota_give(call->memory_share, bytes);
        err = LB_ERR_OVERLOADED;
    }
    if (err)
        call->refused = err;
    else
        note_peak(memory);
    return err;
}

void lb_memory_give(struct lb_call *call, size_t bytes)
{
    if (!bytes)
        return;
    lb_quota_give(call->memory_share, bytes);
    lb_quota_give(&call->app->memory.all, bytes);
}

static void refuse(struct lb_call *call, lb_err err)
{
    struct lb_reply *reply = &call->req->reply;
    if (err == LB_ERR_WORKSPACE_OVERLOADED)
        lb_reply_error(reply, err,
                       "The requests of this workspace hold all the memory that they may at this "
                       "moment; nothing was recorded. Send fewer of them at a time, and try again "
                       "in a moment.");
    else
        lb_reply_error(reply, err,
                       "The server has no memory for more large requests at this moment; nothing "
                       "was recorded. Try again in a moment.");
}

/* The answer to a change says what was recorded: it is there already, and counts. */
static void count_reply(struct lb_call *call, size_t bytes)
{
    if (!call->memory_share)
        call->memory_share = share_of(call);
    atomic_fetch_add(&call->memory_share->taken, bytes);
    atomic_fetch_add(&call->app->memory.all.taken, bytes);
}

bool lb_memory_reserve(void *context, struct lb_request *req, size_t bytes, enum lb_memory what)
{
    struct lb_call *call = lb_call_of(req);
    if (!call) /* refused before it became a call */
        return true;
    bool must = what == LB_MEMORY_REPLY && req->route && (req->route->flags & LB_ROUTE_CSRF);
    lb_err err = lb_memory_take(call, bytes);
    if (err && must) {
        count_reply(call, bytes);
        return true;
    }
    if (err && what == LB_MEMORY_REPLY)
        lb_buf_fini(&req->reply.body);
    if (err)
        refuse(call, err);
    return !err;
}

void lb_memory_unreserve(void *context, struct lb_request *req, size_t bytes)
{
    lb_memory_give(lb_call_of(req), bytes);
}

uint64_t lb_memory_peak(struct lb_request_memory *memory)
{
    return atomic_exchange(&memory->most, 0);
}
