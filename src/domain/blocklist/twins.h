/* People who are in a list more than once: two names that were stored as two people's became one
 * when the rules for names changed (identifier.h). The oldest of their entries is in the index and
 * in the order of its list, as for everybody; the others wait here, and hold when that one is taken
 * back by an undo. Nothing new gets here: who is blocked is not blocked again.
 *
 * Threads: the writer's, or before the threads start. */
#ifndef LB_DOMAIN_BLOCKLIST_TWINS_H
#define LB_DOMAIN_BLOCKLIST_TWINS_H

#include "index/membership.h"
#include "store/store.h"

struct lb_twin {
    struct lb_fingerprint fingerprint; /* of list and name */
    uint64_t id;
    bool leaving; /* if the open batch is committed */
};

/* All zero: none. */
struct lb_twins {
    struct lb_index *renamed; /* fingerprints of people who are stored under an old form */
    struct lb_twin *waiting;  /* the oldest first */
    size_t count;
    size_t capacity;
};

void lb_twins_fini(struct lb_twins *twins);

/* Someone is stored under an old form. False when out of memory. */
bool lb_twins_note(struct lb_twins *twins, struct lb_fingerprint fingerprint);

/* May more than one entry be this person's? Nearly always false, and then nothing else here needs
 * to be asked. */
bool lb_twins_possible(const struct lb_twins *twins, struct lb_fingerprint fingerprint);

/* Lets an entry wait. False when out of memory. */
bool lb_twins_wait(struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id);

/* The oldest entry of this person that waits and is not leaving, NULL when none does. With an `id`
 * that one alone. */
struct lb_twin *lb_twins_find(struct lb_twins *twins, struct lb_fingerprint fingerprint,
                              uint64_t id);

/* How many wait for this person. */
size_t lb_twins_count(const struct lb_twins *twins, struct lb_fingerprint fingerprint);

/* The batch was committed, or not. */
void lb_twins_settle(struct lb_twins *twins, bool committed);

#endif
