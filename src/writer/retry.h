/* When a write of the server's own that failed is tried again: soon when it was refused, or another
 * transaction was in the way; a minute later when it has waited for what is silent, and all other
 * writes with it, or sooner: when all workspaces were asked for since it began and have answered
 * (`answered_ms` of the store), nothing is silent any more. If it waits once more all the same,
 * what is silent is silent for writes alone, and the minute passes. Threads: its owner's. */
#ifndef LB_WRITER_RETRY_H
#define LB_WRITER_RETRY_H

#include "base/clock.h"
#include "store/store.h"

#include <stdatomic.h>

#define LB_RETRY_SOON_MS 1000
#define LB_RETRY_LATE_MS 60000
/* Two failures that are further apart than this have nothing to do with each other. */
#define LB_RETRY_LATELY_MS (UINT64_C(3) * LB_RETRY_LATE_MS)

/* All zero: nothing has failed. */
struct lb_retry {
    uint64_t at_ms;
    uint64_t began_ms;  /* these two: it waited for what is silent */
    uint64_t silent_ms; /* when it had done so; 0: it has not */
    bool hoped;         /* and was tried since all had answered after that */
    bool in_vain;
};

/* It has waited for what is silent, since then. */
static inline void lb_retry_put_off(struct lb_retry *retry, uint64_t began_ms)
{
    uint64_t now = lb_clock_mono_ms();
    bool lately = now - retry->silent_ms < LB_RETRY_LATELY_MS;
    *retry = (struct lb_retry){.at_ms = now + LB_RETRY_LATE_MS,
                               .began_ms = began_ms,
                               .silent_ms = now,
                               .in_vain = lately && retry->hoped};
}

/* How it has ended. `began_ms`: when it was applied, or submitted if it never was: what it waits
 * for in the queue is not its own. */
static inline void lb_retry_note(struct lb_retry *retry, lb_err err, uint64_t began_ms)
{
    uint64_t now = lb_clock_mono_ms();
    bool lost = err == LB_ERR_STORAGE_UNAVAILABLE || err == LB_ERR_OUTCOME_UNKNOWN;
    if (lost && now - began_ms >= LB_RETRY_SOON_MS)
        lb_retry_put_off(retry, began_ms);
    else
        *retry = (struct lb_retry){.at_ms = err ? now + LB_RETRY_SOON_MS : 0};
}

/* False: it is tried now. */
static inline bool lb_retry_waits(struct lb_retry *retry, const struct lb_store *store)
{
    uint64_t now = lb_clock_mono_ms();
    bool hopes = retry->silent_ms && atomic_load(&store->answered_ms) > retry->began_ms;
    bool early = hopes && !retry->in_vain && now >= retry->silent_ms + LB_RETRY_SOON_MS;
    if (now < retry->at_ms && !early)
        return true;
    /* An answer from while it waited may be from before what is silent was. */
    retry->hoped = hopes && atomic_load(&store->answered_ms) > retry->silent_ms;
    return false;
}

#endif
