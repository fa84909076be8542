/* Counts different people exactly, in bounded memory: what does not fit is written to a spool, and
 * read again in as many passes as it takes.
 *
 * A person stands by 63 bits of a hash. Threads: one. */
#ifndef LB_IMPORT_TALLY_H
#define LB_IMPORT_TALLY_H

#include "import/spool.h"

#define LB_TALLY_HELD ((size_t)1 << 20) /* hashes in memory: 8 MiB */

/* All zero but for spool.all is one without people. */
struct lb_tally {
    struct lb_spool spool;
    uint64_t *held;
    size_t count; /* in memory */
};

/* Adds a person. `marked`: it belongs to those that are also counted alone. LB_ERR_OVERLOADED when
 * out of memory; otherwise as lb_spool_append. */
lb_err lb_tally_add(struct lb_tally *tally, uint64_t hash, bool marked);

/* How many different people were added, and how many of them marked, at least once. Called once;
 * then there is nothing left but lb_tally_fini. LB_ERR_STORAGE_UNAVAILABLE when the spool cannot be
 * read. */
lb_err lb_tally_count(struct lb_tally *tally, uint64_t *out_different, uint64_t *out_marked);

void lb_tally_fini(struct lb_tally *tally);

#endif
