/* Looks through the chains of a store's blocklist log from the first row of each workspace: does
 * every row have the digest that it had when it was written, after the one before it (chain.h)?
 * Bounded memory: some bytes a workspace.
 *
 * Threads: the one that opened the store, before others use it. A store that is being written to by
 * others is read up to where each workspace stood. */
#ifndef LB_STORE_VERIFY_H
#define LB_STORE_VERIFY_H

#include "store/store.h"

struct lb_verify {
    struct lb_store *store;
    void *context;
    /* Now and then, with entry ids read so far and in all; NULL: not called. False ends it with
     * LB_ERR_STORAGE_UNAVAILABLE. */
    bool (*progress)(void *context, uint64_t done, uint64_t all);
    void *take_context;
    /* Each row whose digest is right, in the order of its workspace; NULL: not called. Its failure
     * ends it. */
    lb_err (*take)(void *context, const char *workspace_id, const struct lb_log_row *row);
    /* Results. */
    uint64_t workspaces;
    uint64_t rows;
    uint64_t entries;
};

/* LB_ERR_CONFLICT, with a reason that names the first row that is wrong. */
lb_err lb_verify_log(struct lb_verify *verify, struct lb_reason *reason);

/* Has the log all rows up to where it is known to end: by the mark beside an embedded store, by
 * each workspace's row of a shared one? A chain that lacks its last rows looks right by itself.
 * Reads all rows of an embedded store, without their digests being made anew.
 * LB_ERR_STORAGE_UNAVAILABLE or LB_ERR_CONFLICT, with a reason that says what is lost at most. */
lb_err lb_verify_end(struct lb_store *store, struct lb_reason *reason);

#endif
