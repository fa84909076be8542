/* Finds the route of a request in a table.
 *
 * A pattern is a path such as "/v1/campaigns/{campaignId}/blocked-leads"; a {placeholder} is a
 * whole segment, and matches one that is not empty. The router works on the raw path and decodes
 * each matched segment once, so %2F in a segment stays part of it. Literal segments match byte for
 * byte; where a literal and a placeholder both match, the literal wins, in any order of the table,
 * among the routes that have the method. A trailing slash does not match. Of two routes with the
 * same method and pattern the first one counts. The table is made into a tree of segments once, so
 * that a look-up takes as long as its path has segments, and not as long as the table. Threads: a
 * router does not change after it was made. */
#ifndef LB_HTTP_ROUTER_H
#define LB_HTTP_ROUTER_H

#include "http/request.h"

struct lb_call; /* the application's own view of a request */

struct lb_route {
    enum lb_method method; /* not LB_METHOD_OTHER */
    const char *pattern;
    enum lb_progress (*handle)(struct lb_call *call); /* once the body is complete */
    unsigned flags;                                   /* the application's own */
};

struct lb_router;

/* The table must outlive the router. NULL when out of memory. */
struct lb_router *lb_router_create(const struct lb_route *routes, size_t count);
void lb_router_destroy(struct lb_router *router);

/* Looks among the first `count` routes of the table. Sets req->route and req->params.
 * LB_ERR_NOT_FOUND: no such path. LB_ERR_METHOD_NOT_ALLOWED: other methods have it; `allow` (at
 * least 64 bytes) then holds the value of the Allow header, such as "GET, HEAD, POST".
 * LB_ERR_BAD_REQUEST: a segment's percent-encoding is broken or decodes to a NUL. */
lb_err lb_router_find(const struct lb_router *router, size_t count, struct lb_request *req,
                      char allow[64], struct lb_reason *reason);

#endif
