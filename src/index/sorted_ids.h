/* One ascending list of ids, in blocks of 32-bit offsets; the part of index/list_order.h that knows
 * no lists and no locks. Threads: the caller sees to it that one thread at a time uses a list and
 * its pool. */
#ifndef LB_INDEX_SORTED_IDS_H
#define LB_INDEX_SORTED_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LB_SORTED_IDS_BLOCK 512 /* ids in a block at most */
#define LB_SORTED_IDS_GROUP 256 /* blocks whose counts are summed up */

/* Accounts for memory, and keeps the blocks that a reservation set aside. */
struct lb_sorted_ids_pool {
    uint64_t bytes;
    uint64_t max_bytes; /* 0: no bound */
    void *spares;       /* full-size blocks, linked through their first bytes */
    size_t spare_count;
    bool promised; /* while true, no room is given back */
};

void *lb_sorted_ids_pool_alloc(struct lb_sorted_ids_pool *pool, size_t bytes);
void lb_sorted_ids_pool_free(struct lb_sorted_ids_pool *pool, void *memory, size_t bytes);

/* Brings the number of spare blocks to `count` or more; false when out of memory. */
bool lb_sorted_ids_pool_fill(struct lb_sorted_ids_pool *pool, size_t count);
/* Frees spares beyond `keep`. */
void lb_sorted_ids_pool_trim(struct lb_sorted_ids_pool *pool, size_t keep);

struct lb_sorted_ids_block {
    uint64_t base; /* not above the first id, and above all ids of the block before */
    uint32_t *offsets;
    uint16_t count; /* never 0 */
    uint16_t capacity;
};

/* All zeros is an empty list. */
struct lb_sorted_ids {
    uint64_t count;
    struct lb_sorted_ids_block *blocks;
    uint32_t *group_counts; /* ids in blocks i * LB_SORTED_IDS_GROUP and following */
    size_t block_count;
    size_t block_capacity;
};

void lb_sorted_ids_fini(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool);

/* False when out of memory, and then the same ids are in the list as before. */
bool lb_sorted_ids_insert(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool, uint64_t id);
bool lb_sorted_ids_remove(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool, uint64_t id);

/* Room for `extra` more blocks in the directory and for `tail` ids in the last block. */
bool lb_sorted_ids_reserve(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool, size_t extra,
                           size_t tail);

/* The largest id; the list must not be empty. */
uint64_t lb_sorted_ids_last(const struct lb_sorted_ids *ids);

/* How many ids are below `id`. */
uint64_t lb_sorted_ids_rank(const struct lb_sorted_ids *ids, uint64_t id);

/* Copies up to `take` ids, the first being the one with rank `rank` (below the count), going up or
 * down. Returns how many. */
size_t lb_sorted_ids_copy(const struct lb_sorted_ids *ids, uint64_t rank, bool descending,
                          size_t take, uint64_t *out);

#endif
