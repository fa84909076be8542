/* Pairs of names that are no links of a workspace, the latest ones. Whether a pair is among them is
 * asked for each pair of a request, so it is answered without a look at all of them.
 * Threads: the owner's lock. */
#ifndef LB_DOMAIN_BLOCKLIST_CONFLICTS_H
#define LB_DOMAIN_BLOCKLIST_CONFLICTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LB_CONFLICTS_MAX  1000 /* of a workspace */
#define LB_CONFLICT_SIEVE 8192 /* a power of two */

struct lb_conflict {
    uint64_t number; /* of what says so in the log */
    uint64_t pair;   /* a hash of the two */
};

/* All zero: none. */
struct lb_conflicts {
    size_t count;
    struct lb_conflict list[LB_CONFLICTS_MAX]; /* in the order in which they came */
    uint16_t sieve[LB_CONFLICT_SIEVE];         /* how many have a pair with these last bits */
};

bool lb_conflicts_has(const struct lb_conflicts *conflicts, uint64_t pair);

/* When there are as many as there may be, the oldest goes. */
void lb_conflicts_add(struct lb_conflicts *conflicts, struct lb_conflict conflict);

/* One that is not there does no harm. */
void lb_conflicts_drop(struct lb_conflicts *conflicts, uint64_t number);
void lb_conflicts_drop_pair(struct lb_conflicts *conflicts, uint64_t pair);

#endif
