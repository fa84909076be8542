/* The reply to one request, as the application fills it. Owned by its request. Threads: the
 * request's. */
#ifndef LB_HTTP_REPLY_H
#define LB_HTTP_REPLY_H

#include "base/buf.h"
#include "base/err.h"

struct lb_request;

#define LB_GIVE_BYTES ((size_t)32 << 10)

/* How much of a reply's body was given. */
enum lb_given {
    LB_GIVEN,      /* there is more */
    LB_GIVEN_ALL,  /* that was the end, which may be empty */
    LB_GIVE_LATER, /* nothing was appended: lb_request_complete will be called, or already was, and
                      then it is asked again. Before a long time the buffer may be freed. */
    LB_GIVE_SOON,  /* nothing was appended, and nothing is under way: it is asked again after a
                      moment, as what makes the next piece is busy */
    LB_GIVE_FAILED /* the connection is cut, so that the client does not take it for the whole */
};

struct lb_reply {
    unsigned status;          /* 0: not set yet */
    const char *content_type; /* static; NULL: application/json */
    const char *code;         /* code of an error body, for the log; NULL when none */
    bool close;               /* close the connection after it */
    bool has_cache_control;
    bool has_retry_after;
    struct lb_buf body;
    struct lb_str fixed_body; /* when set: in place of `body`, and of static storage */
    /* When set: in place of both, for bodies that are too large to be held, such as exports. Called
     * on the request's loop whenever what it gave before was sent; appends some LB_GIVE_BYTES. */
    enum lb_given (*give)(struct lb_request *req, struct lb_buf *out);
    struct lb_buf headers; /* lines beyond those that the server writes itself */
};

void lb_reply_fini(struct lb_reply *reply);

/* Adds a header line; name and value are copied. Control characters in the value and an empty value
 * are mistakes of ours and are refused by an assertion. A Cache-Control takes the place of the
 * server's own "no-store". */
void lb_reply_put_header(struct lb_reply *reply, struct lb_str name, struct lb_str value);

/* Here, so that the compiler compares a literal. */
static inline void lb_reply_header(struct lb_reply *reply, const char *name, const char *value)
{
    lb_reply_put_header(reply, lb_str(name), lb_str(value));
    reply->has_cache_control |= strcmp(name, "Cache-Control") == 0;
    reply->has_retry_after |= strcmp(name, "Retry-After") == 0;
}

/* Starts a reply with this status and returns its body, to be filled with JSON. The status, code
 * and body of an earlier call are dropped; headers stay. When the body could not be allocated
 * (`failed`), the server sends a 503 in its place. So it does for a header line. */
struct lb_buf *lb_reply_json(struct lb_reply *reply, unsigned status);

/* Starts a reply of a type (static) that sends these bytes (static) without copying them. With 304
 * they are not sent: their length is that of what the client has. */
void lb_reply_fixed(struct lb_reply *reply, unsigned status, const char *content_type,
                    struct lb_str body);

/* What is sent: the body or the fixed one. */
struct lb_str lb_reply_body(const struct lb_reply *reply);

/* The contract's error body, {"success":false,"code":"...","message":"..."}; the message may quote
 * anything, it is escaped. Statuses 429 and 503 get Retry-After: 1 unless one was added before. */
void lb_reply_error(struct lb_reply *reply, lb_err err, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
