/* One HTTP request as the application sees it.
 *
 * Life: the server creates it when the headers are complete and calls `begin`; when `begin` lets it
 * pass and the body is complete it calls `handle`; when the response is sent or the connection is
 * gone it calls `end` and frees it. A request that is pending is never freed: it lives until it was
 * completed with lb_request_complete().
 * Threads: it belongs to its loop's thread; while pending, to the one that will complete it. Header
 * and query look-ups are allowed in both phases (the connection is at rest while a request is
 * pending), but not in `end`, when path, query, headers and body are gone.
 */
#ifndef LB_HTTP_REQUEST_H
#define LB_HTTP_REQUEST_H

#include "base/buf.h"
#include "base/err.h"
#include "base/mailbox.h"
#include "http/reply.h"

#include <netinet/in.h>

enum lb_method {
    LB_GET,
    LB_HEAD,
    LB_POST,
    LB_PUT,
    LB_PATCH,
    LB_DELETE,
    LB_OPTIONS,
    LB_METHOD_OTHER
};

struct lb_str lb_method_text(enum lb_method method);
static inline const char *lb_method_name(enum lb_method method)
{
    return lb_method_text(method).ptr;
}

#define LB_REQUEST_ID_MAX 64 /* bytes; longer ids of clients are replaced */
#define LB_PARAMS_MAX     3  /* {placeholders} in one route */

enum lb_progress {
    LB_DONE,   /* the reply is set */
    LB_PENDING /* lb_request_complete will be called, or already was */
};

/* What became of a piece of a body. */
enum lb_taken {
    LB_TAKEN,
    LB_TAKE_LATER,  /* lb_request_complete will be called, or already was: then the piece is shown
                       once more, and the client waits meanwhile */
    LB_TAKE_REFUSED /* the reply is set; no more of the body is shown */
};

struct lb_connection; /* the server's own */
struct lb_route;

/* Memory of one request. All zero is an empty one. */
struct lb_arena {
    char *free;
    size_t left;
    size_t taken; /* bytes of the blocks */
    struct lb_arena_block *blocks;
};

struct lb_request {
    enum lb_method method;        /* LB_HEAD is routed as LB_GET; the server leaves out the body */
    struct lb_str path;           /* raw, without the query */
    struct lb_str query;          /* raw, what follows the first '?'; lb_request_query decodes it */
    const struct lb_route *route; /* set by the router, NULL before */
    struct lb_str params[LB_PARAMS_MAX]; /* decoded once; valid UTF-8 is not promised */
    struct lb_str body;                  /* complete in `handle`; NUL bytes possible */
    bool has_body;                       /* a Content-Length other than 0, or chunked */
    /* It has waited since it was admitted, so what was true then may have ended: for its body, or
     * for what the application had to ask, which then sets this. */
    bool waited;
    size_t body_max;   /* set in `begin`: less than the server's own limit, or with `take` also
                          more; 0: that limit */
    bool caller_known; /* set in `begin`: when it is refused, more of its body is read away, so
                          that the client sees why */
    /* Set in `begin`, for bodies that are too large to be collected, such as files: takes the body
     * in pieces as they come, none of them empty, each only valid during the call. `handle` is
     * called after the last one, with an empty `body`. */
    enum lb_taken (*take)(struct lb_request *req, struct lb_str piece);
    bool local;             /* came through the control socket of the data folder */
    bool delivered;         /* known in `end`: the whole response was written to the socket */
    struct in6_addr client; /* the peer, or what a trusted proxy says; IPv4 is mapped; the
                               control socket: ::1 */
    char client_text[INET6_ADDRSTRLEN]; /* see lb_request_client */
    size_t client_len;                  /* 0: not asked for yet */
    char id[LB_REQUEST_ID_MAX + 1];     /* the client's X-Request-Id if sane, else one of ours */
    size_t id_len;
    uint64_t started_ns; /* monotonic; when the headers were complete */
    struct lb_reply reply;
    void *context; /* the application's own, see lb_request_alloc */
    /* Set before a request is completed elsewhere: called on its loop's thread when it comes back,
     * to fill the reply there. NULL: the reply is set already. */
    void (*before_reply)(struct lb_request *req);
    /* The same, but with LB_PENDING the request goes on waiting, to be completed once more. Called
     * once, in place of before_reply. */
    enum lb_progress (*resume)(struct lb_request *req);

    struct lb_task task; /* the server's, to complete it on its loop */
    struct lb_connection *connection;
    struct lb_arena arena;
};

/* The value of a header (name in any case, of letters, digits and hyphens) without white space at
 * its ends, or {NULL, 0}. Of several headers of one name this is the first. */
struct lb_str lb_request_find_header(const struct lb_request *req, struct lb_str name);

/* Here, so that the compiler knows the length of a literal. */
static inline struct lb_str lb_request_header(const struct lb_request *req, const char *name)
{
    return lb_request_find_header(req, lb_str(name));
}

/* The same from header line `*at` on, which is set to the line after it: 0 at first. */
struct lb_str lb_request_next_header(const struct lb_request *req, const char *name, unsigned *at);

/* The client's address as text, made once; lives as long as the request. On the thread that the
 * request belongs to. */
struct lb_str lb_request_client(struct lb_request *req);

/* Looks up a query parameter. LB_OK with `*out` = {NULL, 0} when it is missing. The value is
 * percent-decoded ('+' is a space), lives as long as the request and may hold any byte but NUL.
 * LB_ERR_INVALID_PARAMETER when it is given twice or cannot be decoded, LB_ERR_OVERLOADED when
 * there is no memory. */
lb_err lb_request_query(struct lb_request *req, const char *name, struct lb_str *out,
                        struct lb_reason *reason);

/* Takes the next parameter off `*rest`, the request's query at first, and gives its name, decoded
 * ({NULL, 0} when it cannot be). False when none is left. */
bool lb_request_next_parameter(struct lb_request *req, struct lb_str *rest,
                               struct lb_str *out_name);

/* Percent-decodes `raw` once ('+' becomes a space when `plus_is_space`); what needs no decoding is
 * borrowed. LB_ERR_BAD_REQUEST when it is broken or holds a NUL, LB_ERR_OVERLOADED when there is no
 * memory. */
lb_err lb_request_decode(struct lb_request *req, struct lb_str raw, bool plus_is_space,
                         struct lb_str *out, struct lb_reason *reason);

/* Memory that is zeroed, aligned for any type, and lives as long as the request. NULL when out of
 * memory, or when the application reserves none. */
void *lb_request_alloc(struct lb_request *req, size_t size);

/* Has the client of a pending request closed its side of the connection, so that nobody may be left
 * who wants the answer? Any thread. */
bool lb_request_hung_up(const struct lb_request *req);

/* Completes a pending request: its reply is set. Any thread; the caller may not touch it again. */
void lb_request_complete(struct lb_request *req);

/* Like lb_request_complete, for the owner of many: returns the request's task and its mailbox, so
 * that a batch can be pushed with one wake-up. */
struct lb_task *lb_request_completion(struct lb_request *req, struct lb_mailbox **out_home);

#endif
