/* Ending the histories of people who are not blocked any more (setting log-retention): rows of the
 * log lose their names, as by an erasure (erase.h), when the person is blocked by none of their
 * names in any list, and the log says nothing of them since the day from which it is kept. Links
 * between names stay.
 *
 * Round after round all workspaces have their turn, in small writes. First the names of which the
 * log says something since that day are gathered, in a filter of bounded size: it may take a name
 * for one of them that is not, whose history then stays; a filter of another process mixes up
 * other names. Then older rows are looked at; what was recorded meanwhile is gathered first, each
 * time. Of several nodes one does it: the one that has the store's lock for it.
 *
 * Threads: one at a time prepares steps, submits them and waits; they are applied on the
 * writer's. */
#ifndef LB_DOMAIN_BLOCKLIST_RETENTION_H
#define LB_DOMAIN_BLOCKLIST_RETENTION_H

#include "domain/blocklist/change.h"

struct lb_retention;

/* NULL when out of memory. `keep_ms`: for so long the log is kept. */
struct lb_retention *lb_retention_create(struct lb_blocklist *blocklist,
                                         struct lb_directory *directory, struct lb_store *store,
                                         int64_t keep_ms);
void lb_retention_destroy(struct lb_retention *retention);

/* Is there something to do? Then `*out` is to be submitted, and waited for. */
bool lb_retention_due(struct lb_retention *retention, struct lb_write **out);

#endif
