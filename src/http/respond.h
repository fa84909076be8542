/* Turns a reply into a response. For src/http only. Threads: the request's loop. */
#ifndef LB_HTTP_RESPOND_H
#define LB_HTTP_RESPOND_H

#include "http/request.h"

struct MHD_Connection;

/* Hands the reply to libmicrohttpd; the reply must stay until the request's end. `close`: closes
 * the connection after it, as does reply.close. False when it was not accepted (out of memory). */
bool lb_respond(struct MHD_Connection *mhd, struct lb_request *req, bool close);

/* The whole response as text, with Connection: close. */
void lb_respond_raw(struct lb_request *req, struct lb_buf *out);

/* The reply 431. */
void lb_reply_headers_too_large(struct lb_reply *reply);

#endif
