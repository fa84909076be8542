/* Blocklists of campaigns that were deleted: they are kept under the number of the campaign, which
 * a new campaign of the same id gets with the list. So nothing moves when that happens: a row of
 * the log says that it did. Threads: the writer's. */
#ifndef LB_DOMAIN_BLOCKLIST_KEPT_H
#define LB_DOMAIN_BLOCKLIST_KEPT_H

#include "domain/blocklist/change.h"

/* How many entries a list has, of all types, with what the open batch has changed. */
uint64_t lb_kept_count(const struct lb_blocklist *blocklist, struct lb_list list);

/* Records that the list has a campaign again; nothing when it is empty. `carried` is filled like
 * any change, and has no items; its results tell the change. `*out_people`: how many there are. */
lb_err lb_kept_carry_over(struct lb_change *carried, struct lb_store *store, struct lb_list list,
                          uint64_t *out_people);

#endif
