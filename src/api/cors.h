/* Pages of other origins that may call the API from a browser: none, unless the setting cors-origin
 * names them. They call it with a key, never with the session of a signed-in user, and not at all
 * what only a session may do. Source: the Fetch standard (fetch.spec.whatwg.org), CORS protocol.
 * I/O thread. */
#ifndef LB_API_CORS_H
#define LB_API_CORS_H

#include "api/call.h"

/* First of all: adds the headers that let the page read the answer, if it may, and `Vary`, and
 * notes whether the request comes from such a page (call->from_page). */
void lb_cors_begin(struct lb_call *call);

/* Does a browser ask whether such a page may send a request? Then sets the reply, which names
 * `methods`, those of the path. */
bool lb_cors_preflight(struct lb_call *call, const char *methods);

#endif
