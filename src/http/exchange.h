/* One request with what the server needs to know about it, and a pool of them. For src/http only.
 *
 * Threads: an exchange belongs to its loop; while its request is pending, `req` belongs to the one
 * that will complete it. */
#ifndef LB_HTTP_EXCHANGE_H
#define LB_HTTP_EXCHANGE_H

#include "http/request.h"

#define LB_EXCHANGE_INLINE 4096 /* bytes of memory that cost no allocation */

struct lb_exchange {
    struct lb_request req;
    struct lb_exchange *next; /* in the pool */
    struct lb_buf body;       /* of the request */
    struct lb_buf farewell;   /* a response that the server writes itself */
    size_t farewell_sent;
    uint64_t content_length; /* 0 when chunked or none */
    size_t header_bytes;
    size_t room;        /* of the body, taken from the server's bound on all of them */
    size_t discarded;   /* bytes of a refused body */
    const char *target; /* where the request target began in the connection's memory */
    size_t target_len;
    const char *target_copy; /* NUL-terminated */
    bool chunked;
    bool expects_continue;
    bool known; /* the application hears of its end */
    _Alignas(max_align_t) char inline_space[LB_EXCHANGE_INLINE];
};

struct lb_exchange_pool {
    struct lb_exchange *spare;
    size_t count;
};

static inline struct lb_exchange *lb_exchange_of(struct lb_request *req)
{
    return (struct lb_exchange *)(void *)((char *)req - offsetof(struct lb_exchange, req));
}

/* An exchange with an empty request; NULL when out of memory. */
struct lb_exchange *lb_exchange_take(struct lb_exchange_pool *pool);

/* Releases what the request held; keeps the exchange, and its buffers when they are small. */
void lb_exchange_give(struct lb_exchange_pool *pool, struct lb_exchange *exchange);

void lb_exchange_pool_fini(struct lb_exchange_pool *pool);

/* Frees what lb_request_alloc took beyond the inline space. */
void lb_arena_fini(struct lb_arena *arena);

#endif
