/* A workspace's share of a bounded queue: how much of it the workspace has in there now.
 * Threads: any; taking and giving back are atomic. */
#ifndef LB_BASE_QUOTA_H
#define LB_BASE_QUOTA_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lb_quota {
    _Atomic uint64_t taken;
};

/* Takes `amount` unless that would exceed `limit`; false then, and nothing is taken. */
static inline bool lb_quota_take(struct lb_quota *share, uint64_t amount, uint64_t limit)
{
    uint64_t before = atomic_load_explicit(&share->taken, memory_order_relaxed);
    do {
        if (amount > limit || before > limit - amount)
            return false;
    } while (!atomic_compare_exchange_weak(&share->taken, &before, before + amount));
    return true;
}

static inline void lb_quota_give(struct lb_quota *share, uint64_t amount)
{
    atomic_fetch_sub(&share->taken, amount);
}

#endif
