#include "index/sorted_ids.h"

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES  (LB_SORTED_IDS_BLOCK * sizeof(uint32_t))
#define BLOCK_FIRST  4
#define MERGE_BELOW  (LB_SORTED_IDS_BLOCK / 4)
#define GROUPS_OF(n) (((n) + LB_SORTED_IDS_GROUP - 1) / LB_SORTED_IDS_GROUP)

/* ---- memory ---- */

static bool within_bound(const struct lb_sorted_ids_pool *pool, size_t more)
{
    return pool->max_bytes == 0 || pool->bytes + more <= pool->max_bytes;
}

void *lb_sorted_ids_pool_alloc(struct lb_sorted_ids_pool *pool, size_t bytes)
{
    void *memory = within_bound(pool, bytes) ? calloc(1, bytes) : NULL;
    if (memory)
        pool->bytes += bytes;
    return memory;
}

static void *pool_realloc(struct lb_sorted_ids_pool *pool, void *old, size_t old_bytes,
                          size_t bytes)
{
    if (bytes > old_bytes && !within_bound(pool, bytes - old_bytes))
        return NULL;
    void *memory = realloc(old, bytes);
    if (memory)
        pool->bytes += bytes - old_bytes;
    return memory;
}

void lb_sorted_ids_pool_free(struct lb_sorted_ids_pool *pool, void *memory, size_t bytes)
{
    if (!memory)
        return;
    pool->bytes -= bytes;
    free(memory);
}

static void spare_push(struct lb_sorted_ids_pool *pool, void *memory)
{
    memcpy(memory, &pool->spares, sizeof(pool->spares));
    pool->spares = memory;
    pool->spare_count++;
}

static void *spare_pop(struct lb_sorted_ids_pool *pool)
{
    void *memory = pool->spares;
    if (memory) {
        memcpy(&pool->spares, memory, sizeof(pool->spares));
        pool->spare_count--;
    }
    return memory;
}

bool lb_sorted_ids_pool_fill(struct lb_sorted_ids_pool *pool, size_t count)
{
    while (pool->spare_count < count) {
        void *memory = lb_sorted_ids_pool_alloc(pool, BLOCK_BYTES);
        if (!memory)
            return false;
        spare_push(pool, memory);
    }
    return true;
}

void lb_sorted_ids_pool_trim(struct lb_sorted_ids_pool *pool, size_t keep)
{
    while (pool->spare_count > keep)
        lb_sorted_ids_pool_free(pool, spare_pop(pool), BLOCK_BYTES);
}

/* `*capacity` is what is wanted, then what it is. */
static uint32_t *offsets_alloc(struct lb_sorted_ids_pool *pool, size_t *capacity)
{
    uint32_t *offsets = lb_sorted_ids_pool_alloc(pool, *capacity * sizeof(*offsets));
    if (!offsets && (offsets = spare_pop(pool)))
        *capacity = LB_SORTED_IDS_BLOCK;
    return offsets;
}

static void offsets_free(struct lb_sorted_ids_pool *pool, struct lb_sorted_ids_block *block)
{
    if (pool->promised && block->capacity == LB_SORTED_IDS_BLOCK)
        spare_push(pool, block->offsets);
    else
        lb_sorted_ids_pool_free(pool, block->offsets, block->capacity * sizeof(uint32_t));
}

/* ---- blocks ---- */

static bool block_grow(struct lb_sorted_ids_pool *pool, struct lb_sorted_ids_block *block,
                       size_t need)
{
    size_t capacity = block->capacity;
    if (need <= capacity)
        return true;
    while (capacity < need)
        capacity *= 2;
    if (capacity > LB_SORTED_IDS_BLOCK)
        capacity = LB_SORTED_IDS_BLOCK;
    uint32_t *offsets = pool_realloc(pool, block->offsets, block->capacity * sizeof(*offsets),
                                     capacity * sizeof(*offsets));
    if (!offsets) {
        offsets = spare_pop(pool);
        if (!offsets)
            return false;
        memcpy(offsets, block->offsets, block->count * sizeof(*offsets));
        offsets_free(pool, block);
        capacity = LB_SORTED_IDS_BLOCK;
    }
    block->offsets = offsets;
    block->capacity = (uint16_t)capacity;
    return true;
}

static void block_shrink(struct lb_sorted_ids_pool *pool, struct lb_sorted_ids_block *block)
{
    size_t capacity = block->capacity / 2;
    if (block->count > capacity / 2 || capacity < BLOCK_FIRST)
        return;
    uint32_t *offsets = pool_realloc(pool, block->offsets, block->capacity * sizeof(*offsets),
                                     capacity * sizeof(*offsets));
    if (offsets) {
        block->offsets = offsets;
        block->capacity = (uint16_t)capacity;
    }
}

static uint64_t block_last(const struct lb_sorted_ids_block *block)
{
    return block->base + block->offsets[block->count - 1];
}

/* How many offsets are below `offset`. */
static size_t block_rank(const struct lb_sorted_ids_block *block, uint64_t offset)
{
    size_t low = 0, high = block->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (block->offsets[middle] < offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Lowers the base to `id`, if the last offset can bear it. */
static bool block_rebase(struct lb_sorted_ids_block *block, uint64_t id)
{
    uint64_t difference = block->base - id;
    if (block->offsets[block->count - 1] + difference > UINT32_MAX)
        return false;
    for (size_t i = 0; i < block->count; i++)
        block->offsets[i] += (uint32_t)difference;
    block->base = id;
    return true;
}

/* ---- the directory ---- */

static void sum_groups_from(struct lb_sorted_ids *ids, size_t block)
{
    for (size_t g = block / LB_SORTED_IDS_GROUP; g < GROUPS_OF(ids->block_count); g++) {
        size_t end = (g + 1) * LB_SORTED_IDS_GROUP;
        if (end > ids->block_count)
            end = ids->block_count;
        uint32_t sum = 0;
        for (size_t i = g * LB_SORTED_IDS_GROUP; i < end; i++)
            sum += ids->blocks[i].count;
        ids->group_counts[g] = sum;
    }
}

static bool directory_grow(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool, size_t need)
{
    if (need <= ids->block_capacity)
        return true;
    size_t old = ids->block_capacity;
    size_t capacity = old + old / 2 > need ? old + old / 2 : need;
    uint32_t *groups = pool_realloc(pool, ids->group_counts, GROUPS_OF(old) * sizeof(*groups),
                                    GROUPS_OF(capacity) * sizeof(*groups));
    if (!groups)
        return false;
    ids->group_counts = groups;
    struct lb_sorted_ids_block *blocks =
        pool_realloc(pool, ids->blocks, old * sizeof(*blocks), capacity * sizeof(*blocks));
    if (!blocks) {
        /* Keeps the accounts right: the larger array stays, and counts as the old. */
        pool->bytes -= (GROUPS_OF(capacity) - GROUPS_OF(old)) * sizeof(*groups);
        return false;
    }
    ids->blocks = blocks;
    ids->block_capacity = capacity;
    return true;
}

/* A new block at `at`, with one id. */
static bool block_open(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool, size_t at,
                       uint64_t id)
{
    /* Small lists stay small, and long lists start with whole blocks. */
    size_t capacity = ids->count / 4;
    if (capacity < BLOCK_FIRST)
        capacity = BLOCK_FIRST;
    if (capacity > LB_SORTED_IDS_BLOCK)
        capacity = LB_SORTED_IDS_BLOCK;
    if (!directory_grow(ids, pool, ids->block_count + 1))
        return false;
    uint32_t *offsets = offsets_alloc(pool, &capacity);
    if (!offsets)
        return false;
    memmove(ids->blocks + at + 1, ids->blocks + at, (ids->block_count - at) * sizeof(*ids->blocks));
    offsets[0] = 0;
    ids->blocks[at] = (struct lb_sorted_ids_block){id, offsets, 1, (uint16_t)capacity};
    ids->block_count++;
    ids->count++;
    sum_groups_from(ids, at);
    return true;
}

static void block_close(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool, size_t at)
{
    offsets_free(pool, &ids->blocks[at]);
    ids->block_count--;
    memmove(ids->blocks + at, ids->blocks + at + 1, (ids->block_count - at) * sizeof(*ids->blocks));
    sum_groups_from(ids, at);
}

/* Moves the upper half of block `at` into a new block after it. */
static bool block_split(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool, size_t at)
{
    if (!directory_grow(ids, pool, ids->block_count + 1))
        return false;
    size_t half = ids->blocks[at].count / 2, moved = ids->blocks[at].count - half;
    size_t capacity = moved + moved / 4;
    uint32_t *offsets = offsets_alloc(pool, &capacity);
    if (!offsets)
        return false;
    struct lb_sorted_ids_block *block = &ids->blocks[at];
    uint32_t first = block->offsets[half];
    for (size_t i = 0; i < moved; i++)
        offsets[i] = block->offsets[half + i] - first;
    memmove(block + 2, block + 1, (ids->block_count - at - 1) * sizeof(*block));
    block[1] = (struct lb_sorted_ids_block){block->base + first, offsets, (uint16_t)moved,
                                            (uint16_t)capacity};
    block->count = (uint16_t)half;
    ids->block_count++;
    sum_groups_from(ids, at);
    return true;
}

/* Takes the ids of block `at + 1` into block `at` when both are small. */
static void block_merge(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool, size_t at)
{
    if (at + 1 >= ids->block_count)
        return;
    struct lb_sorted_ids_block *low = &ids->blocks[at], *high = low + 1;
    uint64_t difference = high->base - low->base;
    if (low->count > MERGE_BELOW || high->count > MERGE_BELOW ||
        difference + high->offsets[high->count - 1] > UINT32_MAX ||
        !block_grow(pool, low, (size_t)low->count + high->count))
        return;
    for (size_t i = 0; i < high->count; i++)
        low->offsets[low->count + i] = high->offsets[i] + (uint32_t)difference;
    low->count = (uint16_t)(low->count + high->count);
    block_close(ids, pool, at + 1);
    sum_groups_from(ids, at);
}

/* The last block whose base is not above `id`, or the first block. The list is not empty. */
static size_t locate(const struct lb_sorted_ids *ids, uint64_t id)
{
    size_t low = 0, high = ids->block_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (ids->blocks[middle].base <= id)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* ---- lists ---- */

void lb_sorted_ids_fini(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool)
{
    for (size_t i = 0; i < ids->block_count; i++)
        lb_sorted_ids_pool_free(pool, ids->blocks[i].offsets,
                                ids->blocks[i].capacity * sizeof(uint32_t));
    lb_sorted_ids_pool_free(pool, ids->blocks, ids->block_capacity * sizeof(*ids->blocks));
    lb_sorted_ids_pool_free(pool, ids->group_counts,
                            GROUPS_OF(ids->block_capacity) * sizeof(*ids->group_counts));
    *ids = (struct lb_sorted_ids){0};
}

bool lb_sorted_ids_reserve(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool, size_t extra,
                           size_t tail)
{
    if (!directory_grow(ids, pool, ids->block_count + extra))
        return false;
    return ids->block_count == 0 || block_grow(pool, &ids->blocks[ids->block_count - 1], tail);
}

uint64_t lb_sorted_ids_last(const struct lb_sorted_ids *ids)
{
    return block_last(&ids->blocks[ids->block_count - 1]);
}

static void count_one(struct lb_sorted_ids *ids, size_t block)
{
    ids->blocks[block].count++;
    ids->group_counts[block / LB_SORTED_IDS_GROUP]++;
    ids->count++;
}

static bool append(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool, uint64_t id)
{
    size_t at = ids->block_count - 1;
    struct lb_sorted_ids_block *block = &ids->blocks[at];
    if (block->count == LB_SORTED_IDS_BLOCK || id - block->base > UINT32_MAX)
        return block_open(ids, pool, at + 1, id);
    if (!block_grow(pool, block, block->count + (size_t)1))
        return false;
    block->offsets[block->count] = (uint32_t)(id - block->base);
    count_one(ids, at);
    return true;
}

static bool insert_into(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool, size_t at,
                        uint64_t id)
{
    struct lb_sorted_ids_block *block = &ids->blocks[at];
    size_t rank = block_rank(block, id - block->base);
    if (rank < block->count && block->offsets[rank] == id - block->base)
        return true;
    if (block->count == LB_SORTED_IDS_BLOCK) {
        if (!block_split(ids, pool, at))
            return false;
        at += ids->blocks[at + 1].base <= id;
        block = &ids->blocks[at];
        rank = block_rank(block, id - block->base);
    }
    if (!block_grow(pool, block, block->count + (size_t)1))
        return false;
    memmove(block->offsets + rank + 1, block->offsets + rank,
            (block->count - rank) * sizeof(*block->offsets));
    block->offsets[rank] = (uint32_t)(id - block->base);
    count_one(ids, at);
    return true;
}

bool lb_sorted_ids_insert(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool, uint64_t id)
{
    if (ids->block_count == 0)
        return block_open(ids, pool, 0, id);
    if (id > lb_sorted_ids_last(ids))
        return append(ids, pool, id);
    size_t at = locate(ids, id);
    struct lb_sorted_ids_block *block = &ids->blocks[at];
    if (id < block->base) {
        if (!block_rebase(block, id))
            return block_open(ids, pool, 0, id);
    } else if (id - block->base > UINT32_MAX) {
        /* After all of this block, and not the largest: there is a next one. */
        at++;
        if (!block_rebase(&ids->blocks[at], id))
            return block_open(ids, pool, at, id);
    }
    return insert_into(ids, pool, at, id);
}

bool lb_sorted_ids_remove(struct lb_sorted_ids *ids, struct lb_sorted_ids_pool *pool, uint64_t id)
{
    if (ids->block_count == 0)
        return false;
    size_t at = locate(ids, id);
    struct lb_sorted_ids_block *block = &ids->blocks[at];
    if (id < block->base)
        return false;
    size_t rank = block_rank(block, id - block->base);
    if (rank == block->count || block->offsets[rank] != id - block->base)
        return false;
    block->count--;
    memmove(block->offsets + rank, block->offsets + rank + 1,
            (block->count - rank) * sizeof(*block->offsets));
    ids->group_counts[at / LB_SORTED_IDS_GROUP]--;
    ids->count--;
    if (block->count == 0) {
        block_close(ids, pool, at);
    } else if (!pool->promised) {
        block_shrink(pool, block);
        block_merge(ids, pool, at);
        if (at)
            block_merge(ids, pool, at - 1);
    }
    return true;
}

uint64_t lb_sorted_ids_rank(const struct lb_sorted_ids *ids, uint64_t id)
{
    if (ids->block_count == 0)
        return 0;
    size_t at = locate(ids, id);
    const struct lb_sorted_ids_block *block = &ids->blocks[at];
    uint64_t rank = id < block->base ? 0 : block_rank(block, id - block->base);
    for (size_t g = 0; g < at / LB_SORTED_IDS_GROUP; g++)
        rank += ids->group_counts[g];
    for (size_t i = at / LB_SORTED_IDS_GROUP * LB_SORTED_IDS_GROUP; i < at; i++)
        rank += ids->blocks[i].count;
    return rank;
}

size_t lb_sorted_ids_copy(const struct lb_sorted_ids *ids, uint64_t rank, bool descending,
                          size_t take, uint64_t *out)
{
    uint64_t available = descending ? rank + 1 : ids->count - rank;
    if (take > available)
        take = (size_t)available;
    size_t g = 0;
    while (rank >= ids->group_counts[g])
        rank -= ids->group_counts[g++];
    size_t at = g * LB_SORTED_IDS_GROUP;
    while (rank >= ids->blocks[at].count)
        rank -= ids->blocks[at++].count;
    for (size_t i = 0; i < take; i++) {
        out[i] = ids->blocks[at].base + ids->blocks[at].offsets[rank];
        if (i + 1 == take)
            break;
        if (descending && rank-- == 0)
            rank = ids->blocks[--at].count - 1;
        else if (!descending && ++rank == ids->blocks[at].count) {
            rank = 0;
            at++;
        }
    }
    return take;
}
