/* A hash table of records by a text key within a scope (a workspace's number), read without
 * locks. A thin layer over liburcu's cds_lfht; records embed a node. The table grows in a
 * thread of its own and never shrinks.
 *
 * Threads: find from any thread that is registered with RCU and online; add and remove from the
 * writer thread, or before other threads start. A removed record may be freed only through
 * lb_rcu_defer. */
#ifndef LB_BASE_REGISTRY_H
#define LB_BASE_REGISTRY_H

#include "base/str.h"

#include <urcu/urcu-qsbr.h>
#include <urcu/rculfhash.h>

struct lb_registry_node {
    struct cds_lfht_node node;
    struct lb_str key; /* must live as long as the record */
    uint32_t scope;
    /* For its owner's lists while it is not in the registry; the registry's while it is destroyed.
     */
    struct lb_registry_node *next;
};

struct lb_registry;

/* NULL when out of memory. */
struct lb_registry *lb_registry_create(void);

/* The registry's own memory only; needs a registered, online thread. Records that are still in it
 * are given to `each` first. */
void lb_registry_destroy(struct lb_registry *registry, void (*each)(struct lb_registry_node *node));

/* NULL when there is none. */
struct lb_registry_node *lb_registry_find(const struct lb_registry *registry, uint32_t scope,
                                          struct lb_str key);

/* The next one of the same key after `node`, which was found: see lb_registry_add. */
struct lb_registry_node *lb_registry_find_next(const struct lb_registry *registry,
                                               struct lb_registry_node *node);

/* The caller has made sure that the key is not in the registry yet, or removes the other record
 * next: until then either is found. */
void lb_registry_add(struct lb_registry *registry, struct lb_registry_node *node);
void lb_registry_remove(struct lb_registry *registry, struct lb_registry_node *node);

/* All records, one after the other, in no order; NULL after the last. */
struct lb_registry_node *lb_registry_first(const struct lb_registry *registry);
struct lb_registry_node *lb_registry_after(const struct lb_registry *registry,
                                           struct lb_registry_node *node);

#endif
