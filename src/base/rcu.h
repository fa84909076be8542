/* Read-copy-update: memory that readers use without locks and that the writer replaces and frees
 * later. A thin layer over liburcu's QSBR flavour.
 *
 * Threads: every thread that reads such memory, or calls lb_rcu_defer, registers first and is then
 * online. A pointer got with lb_rcu_load is valid until the thread's next lb_rcu_quiescent,
 * lb_rcu_offline or lb_rcu_barrier. An online thread that neither says
 * quiescent nor goes offline holds up every release of memory, so a thread goes offline around each
 * wait, and says quiescent once per turn of a long loop.
 * Order: what the writer wrote before lb_rcu_publish is seen by a reader that loads that pointer;
 * what a reader did before it became quiescent has happened before the deferred function runs.
 *
 * ThreadSanitizer cannot see the order that liburcu makes; this module tells it exactly the edges
 * above and no others. */
#ifndef LB_BASE_RCU_H
#define LB_BASE_RCU_H

#include <stdatomic.h>
#include <urcu-qsbr.h>

/* Embedded in what is to be freed. */
struct lb_rcu_head {
    struct rcu_head head;
    void (*run)(struct lb_rcu_head *head);
};

void lb_rcu_thread_register(void);
void lb_rcu_thread_unregister(void);

/* Around a wait: offline, wait, online. */
void lb_rcu_offline(void);
void lb_rcu_online(void);

/* "I hold no pointers from lb_rcu_load." */
void lb_rcu_quiescent(void);

/* Calls `run(head)` on a thread of liburcu's once no reader can hold what was unpublished before
 * this call. Never waits. `run` must not wait for the caller. */
void lb_rcu_defer(struct lb_rcu_head *head, void (*run)(struct lb_rcu_head *head));

/* Waits until every function deferred before has run. Counts as quiescent. */
void lb_rcu_barrier(void);

/* `slot` is the address of an `_Atomic(type *)`. */
#define lb_rcu_publish(slot, pointer) atomic_store_explicit((slot), (pointer), memory_order_release)
#define lb_rcu_load(slot)             atomic_load_explicit((slot), memory_order_acquire)

#endif
