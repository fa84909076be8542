/* One request with what the server needs to know about it, and a pool of them. For src/http only.
 *
 * Threads: an exchange belongs to its loop; while its request is pending, `req` belongs to the one
 * that will complete it. */
#ifndef LB_HTTP_EXCHANGE_H
#define LB_HTTP_EXCHANGE_H

#include "http/body.h"
#include "http/head.h"
#include "http/request.h"
#include "http/server.h"

#define LB_EXCHANGE_INLINE 4096 /* bytes of memory that cost no allocation */

struct lb_exchange {
    struct lb_request req;
    struct lb_exchange *next; /* in the pool, or in a connection's output */
    struct lb_buf collected;  /* the body, when it does not lie in the input in one piece */
    struct lb_buf out;        /* the response: its head, and its body when that is small */
    struct lb_str tail;       /* the body when it is large; it stays where it is */
    size_t room;              /* memory that the application has reserved for it */
    uint64_t taken;           /* bytes of the body so far */
    bool giving;              /* reply.give has more; the exchange stays in the output */
    struct lb_body body;      /* how much of it has come */
    bool known;               /* the application hears of its end */
    struct lb_head head;      /* from here on nothing is cleared for the next request */
    _Alignas(max_align_t) char inline_space[LB_EXCHANGE_INLINE];
};

struct lb_exchange_pool {
    struct lb_exchange *spare;
    size_t count; /* of these */
    size_t taken;
};

static inline struct lb_exchange *lb_exchange_of(struct lb_request *req)
{
    return (struct lb_exchange *)(void *)((char *)req - offsetof(struct lb_exchange, req));
}

/* An exchange with an empty request and an empty head; NULL when out of memory. */
struct lb_exchange *lb_exchange_take(struct lb_exchange_pool *pool);

/* Fills in the request from its whole head: method, target, id, client. LB_ERR_BAD_REQUEST (path)
 * or LB_ERR_INVALID_PARAMETER (query) with a reason when it holds an encoded NUL; the framing is
 * sound, so the connection may go on. */
lb_err lb_exchange_open(struct lb_exchange *exchange, struct lb_connection *connection,
                        struct lb_reason *reason);

/* Releases what the request held; keeps the exchange, and its buffers when they are small. */
void lb_exchange_give(struct lb_exchange_pool *pool, struct lb_exchange *exchange);

void lb_exchange_pool_fini(struct lb_exchange_pool *pool);

/* Has the application reserve memory; false: the reply is set. `had`: bytes that the request has
 * for this already. */
bool lb_exchange_reserve(struct lb_exchange *exchange, size_t had, size_t bytes,
                         enum lb_memory what);

/* The reply is set: frees what it does not need, and reserves the memory of a large one. */
void lb_exchange_replied(struct lb_exchange *exchange);

/* Gives all of it back: the request is over. */
void lb_exchange_unreserve(struct lb_exchange *exchange);

/* Frees what lb_request_alloc took beyond the inline space. */
void lb_arena_fini(struct lb_arena *arena);

#endif
