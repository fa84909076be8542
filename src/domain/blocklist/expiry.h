/* Ends the blocks whose time has come: each gets a row of the log that says so, in small writes of
 * their own, for one workspace at a time. With several nodes the first one does it, and the others
 * find it done. An end cannot be undone. Threads: the writer's. */
#ifndef LB_DOMAIN_BLOCKLIST_EXPIRY_H
#define LB_DOMAIN_BLOCKLIST_EXPIRY_H

#include "domain/blocklist/blocklist.h"

struct lb_ending;

void lb_ending_destroy(struct lb_ending *ending); /* NULL is fine; no write is under way */

/* Between batches, once a second at least: hands a write to the writer when something is due. True:
 * there may be more to do at once. NULL is fine. */
bool lb_ending_upkeep(struct lb_ending *ending);

#endif
