/* What the handlers for operators share: those of the dashboard, and those of the control socket,
 * whose contract is between one version of the program and itself, as the command line speaks to
 * the server of the same data folder. */
#ifndef LB_API_ACCESS_ADMIN_H
#define LB_API_ACCESS_ADMIN_H

#include "api/call.h"
#include "domain/access/admin.h"

/* A workspace by id, or by its name when just one has it. NULL when the reply is set. */
struct lb_workspace *lb_admin_named_workspace(struct lb_call *call, struct lb_str wanted);

/* Makes sure that call->workspace is set: it is the one of who is signed in, or the path names it.
 * False when the reply is set. */
bool lb_admin_find_workspace(struct lb_call *call);

/* Makes the change of a call; NULL when the reply is set. */
struct lb_admin_change *lb_admin_begin(struct lb_call *call);

/* Reads an optional end date of the body: missing or null is 0; one in the past is refused. False
 * when the reply is set. */
bool lb_admin_read_time(struct lb_call *call, const char *name, int64_t *out);

#endif
