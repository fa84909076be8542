/* Whether a change holds. An undo is a change as well, and can be undone, and so on: each undo of
 * such a chain takes back the change before it, which it names in `undoes`, and the last one holds.
 * So a change is undone when the number of undos that follow it is odd; when it is even, what the
 * change did holds again, and can be taken back again, by an undo of the last of the chain.
 *
 * Threads: those of the reader. */
#ifndef LB_DOMAIN_BLOCKLIST_UNDONE_H
#define LB_DOMAIN_BLOCKLIST_UNDONE_H

#include "store/store.h"

/* So many undos of one another are followed. */
#define LB_UNDONE_MAX 100

struct lb_undone {
    uint64_t last; /* of the chain, by its number; the change itself when nothing undid it */
    bool undone;   /* the change is, by that one */
    bool too_long; /* the chain is longer than LB_UNDONE_MAX: neither is known */
};

lb_err lb_undone_find(struct lb_store *store, struct lb_store_reader *reader, uint32_t workspace,
                      uint64_t change, struct lb_undone *out);

#endif
