/* What the control socket's handlers share. Its contract is between one version of the program and
 * itself: the command line speaks to the server of the same data folder. */
#ifndef LB_API_ADMIN_H
#define LB_API_ADMIN_H

#include "api/call.h"
#include "domain/admin.h"

/* Finds the workspace of the path by id, or by its name when just one has it, and sets
 * call->workspace. False when the reply is set. */
bool lb_admin_find_workspace(struct lb_call *call);

/* Makes the change of a call; NULL when the reply is set. */
struct lb_admin_change *lb_admin_begin(struct lb_call *call);

/* In a `finish`: the change that is done, or NULL when it failed and the reply is set. */
struct lb_admin_change *lb_admin_done(struct lb_request *req);

/* Reads an optional time of the body: missing or null is 0. False when the reply is set. */
bool lb_admin_read_time(struct lb_call *call, const char *name, int64_t *out);

/* Appends a time, or null for 0. */
void lb_admin_put_time(struct lb_buf *body, int64_t at);

#endif
