/* Entries that have an end, in the order in which they are due. What is here is what the log says
 * of each; whether an entry is still in force is for who takes it out to see. Threads: the
 * writer's, or before the threads start. */
#ifndef LB_DOMAIN_BLOCKLIST_ENDS_H
#define LB_DOMAIN_BLOCKLIST_ENDS_H

#include "index/membership.h"
#include "store/rows.h"

struct lb_due_entry {
    int64_t end; /* ms since 1970 */
    uint64_t id;
    struct lb_list list;
    struct lb_fingerprint fingerprint;
};

/* When an entry ends, once, however often it is due: an undo may bring it back, and back again. */
struct lb_ends_slot {
    uint64_t key; /* of fingerprint and id; 0: free */
    int64_t end;
    uint32_t times; /* that it is due */
};

/* A table with open addressing. There are many, so that none takes long to grow. */
#define LB_ENDS_SHARDS 256
struct lb_ends_shard {
    struct lb_ends_slot *slots;
    size_t count;
    size_t capacity; /* a power of two, or 0 */
};

/* All zero: none. */
struct lb_ends {
    struct lb_due_entry
        *heap;    /* binary, the first due on top; then those of the open batch, in no order */
    size_t count; /* of the heap */
    size_t added; /* by the open batch */
    size_t capacity;
    struct lb_due_entry *taken; /* whose ends are being written */
    size_t taken_count;
    struct lb_ends_shard shards[LB_ENDS_SHARDS]; /* the same but for those, by entry */
};

void lb_ends_fini(struct lb_ends *ends);

/* Adds an entry of the open batch. False when out of memory; one that was dropped since the last
 * was added has its room still. */
bool lb_ends_add(struct lb_ends *ends, const struct lb_due_entry *due);

/* What was added since the last commit is final, or was never there. */
void lb_ends_commit(struct lb_ends *ends);
void lb_ends_roll_back(struct lb_ends *ends);

/* When this entry ends; 0: never. Costs the same however many there are. */
int64_t lb_ends_of(const struct lb_ends *ends, struct lb_fingerprint fingerprint, uint64_t id);

/* The one that is due first; NULL: there is none. Between batches. */
const struct lb_due_entry *lb_ends_first(const struct lb_ends *ends);
void lb_ends_drop_first(struct lb_ends *ends);

#endif
