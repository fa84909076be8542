/* What signing in, the second factor and the users' own routes share. */
#ifndef LB_API_ACCESS_SESSIONS_H
#define LB_API_ACCESS_SESSIONS_H

#include "api/call.h"

/* The call's state while a password is looked at and the change waits for the writer. */
struct lb_signing_in {
    struct lb_account_change change;
    char email[LB_EMAIL_SIZE];
    struct lb_str given_email; /* as it was typed: a copy */
    struct lb_str password;    /* copies, wiped when they have been used */
    struct lb_str new_password;
};

/* The state of a call, with what the settings say. NULL when the reply is set. */
struct lb_signing_in *lb_sessions_begin(struct lb_call *call);

/* Reads the "email" of the body. False when the reply is set. */
bool lb_sessions_read_email(struct lb_call *call, char out[LB_EMAIL_SIZE]);

/* A string of the body, copied. False when the reply is set. */
bool lb_sessions_read_text(struct lb_call *call, const char *name, struct lb_str *out);

/* True when the reply is set: there were too many failures already. `email`: the account that it is
 * about; NULL or "": a one-time link. */
bool lb_sessions_has_to_wait(struct lb_call *call, const char *email);
void lb_sessions_count_failure(struct lb_call *call, const char *email);

/* Looks at a password on a reader's thread, unless too many wait for that already. */
enum lb_progress lb_sessions_queue_password(struct lb_call *call, const char *email,
                                            enum lb_turn (*run)(struct lb_call *,
                                                                struct lb_store_reader *));

/* On a reader's thread: is `password` of the state the one of the user who is signed in? False when
 * the reply is set. */
bool lb_sessions_password_is_right(struct lb_call *call);

/* On a reader's thread, as its last turn: hands the change to the writer, or refuses. */
enum lb_turn lb_sessions_submit(struct lb_call *call, void (*finish)(struct lb_call *call));
enum lb_turn lb_sessions_refuse(struct lb_call *call, lb_err err, const char *message);

/* In a `finish`: replies with the session that has begun, its cookie as well. */
struct lb_buf *lb_sessions_reply_begun(struct lb_call *call);

#endif
