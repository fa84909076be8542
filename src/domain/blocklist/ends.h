/* Entries that have an end, in the order in which they are due. What is here is what the log says
 * of each; whether an entry is still in force is for who takes it out to see. Threads: the
 * writer's, or before the threads start. */
#ifndef LB_DOMAIN_BLOCKLIST_ENDS_H
#define LB_DOMAIN_BLOCKLIST_ENDS_H

#include "index/membership.h"
#include "store/rows.h"

struct lb_due {
    int64_t end;
    uint64_t id;
    struct lb_list list;
    struct lb_fingerprint fingerprint;
};

/* All zero: none. */
struct lb_ends {
    struct lb_due
        *heap;    /* binary, the first due on top; then those of the open batch, in no order */
    size_t count; /* of the heap */
    size_t added; /* by the open batch */
    size_t capacity;
    struct lb_due *taken; /* whose ends are being written */
    size_t taken_count;
};

void lb_ends_fini(struct lb_ends *ends);

/* Adds an entry of the open batch. False when out of memory. */
bool lb_ends_add(struct lb_ends *ends, const struct lb_due *due);

/* What was added since the last commit is final, or was never there. */
void lb_ends_commit(struct lb_ends *ends);
void lb_ends_roll_back(struct lb_ends *ends);

/* When entry `id` ends; 0: never. Looks at all of them, and so is not for every day. */
int64_t lb_ends_of(const struct lb_ends *ends, uint64_t id);

/* The one that is due first; NULL: there is none. Between batches. */
const struct lb_due *lb_ends_first(const struct lb_ends *ends);
void lb_ends_drop_first(struct lb_ends *ends);

#endif
