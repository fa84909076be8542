/* The memory of requests: bodies that come in, what they are parsed into, what handlers take for
 * them, and large answers that are being sent. All of it is taken out of one amount for the whole
 * server before it is allocated; of that a workspace has a share, and so have those who have shown
 * no key or session.
 *
 * Threads: any; a request is asked for by the thread that it belongs to. */
#ifndef LB_API_MEMORY_H
#define LB_API_MEMORY_H

#include "base/err.h"
#include "base/quota.h"
#include "http/server.h"

struct lb_call;

struct lb_request_memory {
    struct lb_quota all;
    struct lb_quota strangers;
    struct lb_quota operators; /* of no workspace; bounded by what all have */
    _Atomic uint64_t most;     /* that was taken at once since lb_memory_peak */
};

/* Takes `bytes` for a call. LB_ERR_OVERLOADED or LB_ERR_WORKSPACE_OVERLOADED: it may not have
 * them; call->refused says so, too, to callers that learn only that they get no memory.
 */
lb_err lb_memory_take(struct lb_call *call, size_t bytes);

void lb_memory_give(struct lb_call *call, size_t bytes);

/* As struct lb_http_app wants them. */
bool lb_memory_reserve(void *context, struct lb_request *req, size_t bytes, enum lb_memory what);
void lb_memory_unreserve(void *context, struct lb_request *req, size_t bytes);

/* The most that was taken at once since the last time. */
uint64_t lb_memory_peak(struct lb_request_memory *memory);

#endif
