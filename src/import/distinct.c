#include "import/distinct.h"

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define FIRST_CAPACITY 16

/* Not 0, which is a free slot. */
static uint64_t hash_of(const struct lb_distinct *all, struct lb_str name)
{
    uint64_t hash = XXH3_64bits_withSeed(name.ptr, name.len, all->seed);
    return hash + (hash == 0);
}

static bool is_kept(const struct lb_distinct *all, uint64_t hash)
{
    return (hash & ((1ull << all->level) - 1)) == 0;
}

/* The place of a hash: its own or a free one. By the high bits, as the low ones are zeros. */
static size_t place_of(const struct lb_distinct_set *set, uint64_t hash)
{
    size_t mask = set->capacity - 1;
    size_t at = (size_t)(hash >> 32) & mask;
    while (set->slots[at] && set->slots[at] != hash)
        at = (at + 1) & mask;
    return at;
}

/* Moves the hashes that are kept to a table of the given capacity. */
static bool move(struct lb_distinct *all, struct lb_distinct_set *set, size_t capacity)
{
    struct lb_distinct_set larger = {calloc(capacity, sizeof *larger.slots), capacity, 0};
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < set->capacity; i++) {
        if (!set->slots[i] || !is_kept(all, set->slots[i]))
            continue;
        larger.slots[place_of(&larger, set->slots[i])] = set->slots[i];
        larger.count++;
    }
    all->kept -= set->count - larger.count;
    all->bytes += (capacity - set->capacity) * sizeof *larger.slots;
    free(set->slots);
    *set = larger;
    return true;
}

enum lb_distinct_outcome lb_distinct_add(struct lb_distinct *all, struct lb_distinct_set *set,
                                         struct lb_str name)
{
    uint64_t hash = hash_of(all, name);
    if (!is_kept(all, hash))
        return LB_DISTINCT_DONE;
    if (4 * (set->count + 1) > 3 * set->capacity &&
        !move(all, set, set->capacity ? 2 * set->capacity : FIRST_CAPACITY))
        return LB_DISTINCT_NO_MEMORY;
    size_t at = place_of(set, hash);
    if (set->slots[at])
        return LB_DISTINCT_DONE;
    set->slots[at] = hash;
    set->count++;
    return ++all->kept > LB_DISTINCT_MAX ? LB_DISTINCT_THIN : LB_DISTINCT_DONE;
}

void lb_distinct_raise(struct lb_distinct *all)
{
    all->level++;
}

bool lb_distinct_thin(struct lb_distinct *all, struct lb_distinct_set *set)
{
    size_t capacity = set->capacity;
    /* Chance may leave more than half of them. */
    size_t smaller = 2 * set->count < capacity ? capacity / 2 : capacity;
    return !capacity || move(all, set, smaller > FIRST_CAPACITY ? smaller : FIRST_CAPACITY);
}

uint64_t lb_distinct_count(const struct lb_distinct *all, const struct lb_distinct_set *set)
{
    return (uint64_t)set->count << all->level;
}

uint64_t lb_distinct_count_apart(const struct lb_distinct *all, const struct lb_distinct_set *set,
                                 const struct lb_distinct_set *other)
{
    uint64_t apart = 0;
    for (size_t i = 0; i < set->capacity; i++)
        apart +=
            set->slots[i] && (!other->capacity || !other->slots[place_of(other, set->slots[i])]);
    return apart << all->level;
}

bool lb_distinct_may_have(const struct lb_distinct *all, const struct lb_distinct_set *set,
                          struct lb_str name)
{
    uint64_t hash = hash_of(all, name);
    return !is_kept(all, hash) || (set->capacity && set->slots[place_of(set, hash)]);
}

void lb_distinct_set_fini(struct lb_distinct_set *set)
{
    free(set->slots);
    *set = (struct lb_distinct_set){0};
}
