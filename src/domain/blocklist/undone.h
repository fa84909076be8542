/* Whether a change holds. An undo is a change as well, and can be undone, and so on: each undo of
 * such a chain takes back the change before it, which it names in `undoes`, and the last one holds.
 * So a change is undone when the number of undos that follow it is odd; when it is even, what the
 * change did holds again, and can be taken back again, by an undo of the last of the chain.
 *
 * Threads: those of the reader. */
#ifndef LB_DOMAIN_BLOCKLIST_UNDONE_H
#define LB_DOMAIN_BLOCKLIST_UNDONE_H

#include "store/store.h"

/* So many undos are followed at once, as each is a question to the database: a chain may be as long
 * as a tenant likes. Who asks goes on in another turn. */
#define LB_UNDONE_STEPS 100

/* A chain, as far as it was followed: from .last = the change. */
struct lb_undone {
    uint64_t last; /* by its number */
    bool undone;   /* the change is, by that one */
    bool goes_on;  /* beyond that one: neither is known until it was followed further */
};

lb_err lb_undone_follow(struct lb_store *store, struct lb_store_reader *reader, uint32_t workspace,
                        struct lb_undone *chain);

#endif
