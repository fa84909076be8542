/* The first operator: who starts a new server is offered a link to become it. */
#ifndef LB_DAEMON_SET_UP_H
#define LB_DAEMON_SET_UP_H

#include "daemon/parts.h"

/* While there is no operator, prints a one-time link on standard error; nothing when there is one,
 * or no dashboard. */
lb_err lb_set_up_offer(struct lb_parts *parts, struct lb_reason *reason);

#endif
