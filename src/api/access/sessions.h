/* What signing in and the users' own routes share. */
#ifndef LB_API_ACCESS_SESSIONS_H
#define LB_API_ACCESS_SESSIONS_H

#include "api/call.h"

/* Reads the "email" of the body. False when the reply is set. */
bool lb_sessions_read_email(struct lb_call *call, char out[LB_EMAIL_SIZE]);

#endif
