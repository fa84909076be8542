/* Entries that another node unblocked, and whose names were erased before this node learnt of it:
 * its index has them, and nothing says any more under which name. They count as if they were not
 * there. An entry whose name was erased while it was in force is not counted: the name has a tag
 * (erased.h).
 *
 * Threads: asking on any thread that is registered with RCU and online; the rest is the writer's,
 * or before the threads start. */
#ifndef LB_DOMAIN_BLOCKLIST_GONE_H
#define LB_DOMAIN_BLOCKLIST_GONE_H

#include "domain/blocklist/internal.h"

/* Is this entry one of them, and published? */
bool lb_gone_has(const struct lb_blocklist *blocklist, uint32_t workspace, uint64_t id);

/* A row takes the entry out (it is gone) or puts it back (it is not). False when out of
 * memory. */
bool lb_gone_add(struct lb_blocklist *blocklist, uint32_t workspace, uint64_t id);
bool lb_gone_take_back(struct lb_blocklist *blocklist, uint32_t workspace, uint64_t id);

/* The log of the workspace was read to its end: those that were added count as not there for
 * others, too. Not before: the name may still be blocked by another entry, under a tag that only a
 * later row has. False when out of memory. */
bool lb_gone_publish(struct lb_blocklist *blocklist, uint32_t workspace);

/* Before an entry of a workspace goes into the index: those that are there under the same name
 * would be found in its place. */
void lb_gone_make_room(struct lb_blocklist *blocklist, uint32_t workspace,
                       struct lb_fingerprint fingerprint);

#endif
