/* A workspace's share of a bounded queue: how much of it the workspace has in there now.
 * Threads: any; taking and giving back are atomic. */
#ifndef LB_BASE_SHARE_H
#define LB_BASE_SHARE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lb_share {
    _Atomic uint64_t taken;
};

/* Takes `amount` unless that would exceed `limit`; false then, and nothing is taken. */
static inline bool lb_share_take(struct lb_share *share, uint64_t amount, uint64_t limit)
{
    uint64_t before = atomic_fetch_add_explicit(&share->taken, amount, memory_order_relaxed);
    if (before + amount <= limit)
        return true;
    atomic_fetch_sub_explicit(&share->taken, amount, memory_order_relaxed);
    return false;
}

static inline void lb_share_give(struct lb_share *share, uint64_t amount)
{
    atomic_fetch_sub_explicit(&share->taken, amount, memory_order_relaxed);
}

#endif
