/* The first operator: who starts a new server is offered a link to become it. Threads: the main
 * one. */
#ifndef LB_DAEMON_SET_UP_H
#define LB_DAEMON_SET_UP_H

#include "daemon/parts.h"

/* While there is no operator, prints a one-time link on standard error; nothing when there is one,
 * or no dashboard. The link is a write: when the store takes none, the server goes on without it,
 * since checks are answered all the same. */
void lb_set_up_offer(struct lb_parts *parts);

/* To be called now and then: makes the link that could not be made, and looks whether another node
 * has made the first user. */
void lb_set_up_offer_again(struct lb_parts *parts);

#endif
