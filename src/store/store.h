/* A storage backend: tables of methods, which methods.h lists with what each does and when it may
 * be called, over the rows of rows.h. Domain code cannot tell the backends apart.
 *
 * Threads: see methods.h. */
#ifndef LB_STORE_STORE_H
#define LB_STORE_STORE_H

#include "base/err.h"
#include "base/str.h"
#include "store/hook_rows.h"

struct lb_store;
struct lb_store_reader;
struct lb_store_copy;

struct lb_store_ops {
#define LB_METHOD(type, name, ...) type (*name)(__VA_ARGS__);
#include "store/methods.h"
};

/* What a store that several nodes share offers in addition. There, `no`s come in no particular
 * order, and entry ids are numbers in the workspace, which the transaction that locks it counts on.
 * Nothing depends on the lock alone: a commit compares the version of each workspace that it
 * changes with what it was when it was locked, and the key of the log (workspace, number) is the
 * last guard. Either way two transactions that had the same lock at once are a conflict, and one is
 * tried again. A commit whose outcome is unknown does not end the process: the versions of the
 * workspaces tell whether it was recorded. */
struct lb_store_shared {
#define LB_SHARED_METHOD(type, name, ...) type (*name)(__VA_ARGS__);
#include "store/methods.h"
};

/* Embedded in each backend's own struct, as its first member. */
struct lb_store {
    const struct lb_store_ops *ops;
    const struct lb_store_shared *shared; /* NULL: this process is the only one */
    const struct lb_store_copy *copy;     /* see store/copy.h */
    lb_err refusal; /* LB_OK, or why the store takes no writes yet since it was opened: the writer
                       asks it by `probe` until it does */
    bool read_only; /* its files cannot be written, as long as this process has them open */
    _Atomic uint64_t answered_ms;  /* of a shared one: when all its workspaces were asked for last
                                      that have answered; 0: they have not yet. Any thread */
    struct lb_log_extent recorded; /* what its log was known to have when it was last written, for
                                      loading to compare; zeros: not known */
};

/* Is each look-up a round trip? Then what is needed soon is fetched ahead, many rows at once. */
static inline bool lb_store_is_remote(const struct lb_store *store)
{
    return store->shared != NULL;
}

/* Can a writer go on after a commit whose outcome is unknown? It can when the store tells later,
 * by the versions of the workspaces, whether the commit was recorded. */
static inline bool lb_store_tells_outcomes(const struct lb_store *store)
{
    return store->shared != NULL;
}
#endif
