/* For every list, the ids of its live entries in ascending order, with access by rank: page N of a
 * list costs the same as page 1, and the count is known. In memory, about 4 bytes an entry.
 *
 * Threads: one writer at a time, readers on any thread; a mutex inside is held for microseconds and
 * never across I/O.
 * Order: what a call changed is seen by every call that starts after it returned. */
#ifndef LB_INDEX_LIST_ORDER_H
#define LB_INDEX_LIST_ORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lb_list_orders;

struct lb_list_entry {
    uint64_t list; /* workspace number << 32 | campaign number */
    uint64_t id;   /* below 2^40 */
};

struct lb_list_orders_stats {
    uint64_t lists;
    uint64_t entries;
    uint64_t bytes; /* asked of the allocator */
};

/* `max_bytes`: more than this is treated as out of memory; 0 means no bound. NULL when out of
 * memory. */
struct lb_list_orders *lb_list_orders_create(uint64_t max_bytes);

/* No other thread may use it any more. NULL is fine. */
void lb_list_orders_destroy(struct lb_list_orders *orders);

/* Changes the bound; what is held already stays, and what was promised stays promised. Any thread.
 */
void lb_list_orders_set_max_bytes(struct lb_list_orders *orders, uint64_t max_bytes);

/* Adds an id; one that is there already stays. O(1) at the end of a list, where new ids belong;
 * elsewhere a few microseconds. False when out of memory, and then nothing changed. Writer. */
bool lb_list_orders_insert(struct lb_list_orders *orders, uint64_t list, uint64_t id);

/* The same with many, in this order, for less. False when one of them could not be added. */
bool lb_list_orders_insert_many(struct lb_list_orders *orders, const struct lb_list_entry *entries,
                                size_t n);

/* Makes room for these entries, so that inserting them, in this order and mixed with removals,
 * cannot fail. Replaces what an earlier call promised. False when out of memory; nothing is then
 * promised. Writer. */
bool lb_list_orders_reserve(struct lb_list_orders *orders, const struct lb_list_entry *entries,
                            size_t n);

/* False when the list does not hold the id. Writer. */
bool lb_list_orders_remove(struct lb_list_orders *orders, uint64_t list, uint64_t id);

uint64_t lb_list_orders_count(struct lb_list_orders *orders, uint64_t list);

/* The `take` ids after the first `skip`, from the smallest up or the largest down; returns how many
 * there were. */
size_t lb_list_orders_page(struct lb_list_orders *orders, uint64_t list, bool descending,
                           uint64_t skip, size_t take, uint64_t *out);

/* The next `take` ids greater than `cursor` (smaller, when descending), in that direction; returns
 * how many there were. The cursor itself may be gone, or never have been there. */
size_t lb_list_orders_after(struct lb_list_orders *orders, uint64_t list, bool descending,
                            uint64_t cursor, size_t take, uint64_t *out);

struct lb_list_orders_stats lb_list_orders_stats(struct lb_list_orders *orders);

#endif
