/* The cookie that holds a session, in place of an API key. Threads: the request's. */
#ifndef LB_API_SESSION_COOKIE_H
#define LB_API_SESSION_COOKIE_H

#include "api/app.h"

/* The token of the request's cookie; ptr NULL: there is none. With an https `public-url` the
 * cookie's name begins with __Host-, which browsers take from this host and over https alone; a
 * cookie of the other name is not looked at. */
struct lb_str lb_session_cookie_token(const struct lb_app *app, const struct lb_request *req);

/* Sets the cookie of a session that has begun, or takes it back. */
void lb_session_cookie_set(const struct lb_app *app, struct lb_request *req, const char *token);
void lb_session_cookie_clear(const struct lb_app *app, struct lb_request *req);

#endif
