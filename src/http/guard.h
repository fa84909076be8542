/* Refuses requests whose framing two HTTP implementations could read in two ways (RFC 9112,
 * sections 2.2, 5.1, 6.1 to 6.3 and 11.2): libmicrohttpd lets most of them through. For src/http
 * only.
 *
 * Threads: called on the loop's thread, in the first handler call of a request. */
#ifndef LB_HTTP_GUARD_H
#define LB_HTTP_GUARD_H

#include "http/exchange.h"

struct MHD_Connection;

/* Checks the request line and the headers, and fills in the exchange's content_length, chunked,
 * expects_continue and header_bytes. LB_ERR_BAD_REQUEST with a reason: the framing cannot be
 * trusted, the connection must be closed and nothing more read from it. */
lb_err lb_guard_check(struct MHD_Connection *mhd, const char *method, const char *version,
                      struct lb_exchange *exchange, struct lb_reason *reason);

/* Looks for encoded NULs in the path (LB_ERR_BAD_REQUEST) and the query (LB_ERR_INVALID_PARAMETER);
 * the framing is sound, so the connection may go on. */
lb_err lb_guard_target(const struct lb_request *req, struct lb_reason *reason);

#endif
