/* Who is signed in: the session's cookie in place of an API key, looked up in the store for each
 * request, so that no node believes in a session that has ended. */
#ifndef LB_API_ACCESS_SESSION_COOKIE_H
#define LB_API_ACCESS_SESSION_COOKIE_H

#include "domain/access/account.h"
#include "http/request.h"

struct lb_call;

/* Lives as long as its request. */
struct lb_signed_in {
    struct lb_str token; /* of the cookie */
    uint8_t token_hash[LB_SECRET_HASH_SIZE];
    lb_err result; /* LB_ERR_INVALID_SESSION, or why it could not be looked up */
    struct lb_session_row session;
    struct lb_user_row user;
};

/* The token of the request's cookie; ptr NULL: there is none. */
struct lb_str lb_session_cookie_token(const struct lb_request *req);

/* Looks the session of call->person up, and completes the request. LB_OK, or why there will be no
 * look-up. */
lb_err lb_session_look_up(struct lb_call *call);

/* Sets the cookie of a session that has begun, or takes it back. */
void lb_session_cookie_set(struct lb_call *call, const char *token);
void lb_session_cookie_clear(struct lb_call *call);

#endif
