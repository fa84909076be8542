/* Numbers in ascending order, each once, in an array: for small sets. All zero is an empty one.
 * Threads: those of its owner. */
#ifndef LB_BASE_ID_SET_H
#define LB_BASE_ID_SET_H

#include "base/array.h"

#include <stdint.h>

struct lb_id_set {
    uint32_t *ids;
    size_t count;
    size_t capacity;
};

/* The place of a number in an ascending array, or where it belongs. */
static inline size_t lb_ids_place(const uint32_t *ids, size_t count, uint32_t id)
{
    size_t low = 0;
    size_t high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ids[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* Adds a number, unless it is there, to an array that has room for it. */
static inline void lb_ids_add(uint32_t *ids, size_t *count, uint32_t id)
{
    size_t at = lb_ids_place(ids, *count, id);
    if (at < *count && ids[at] == id)
        return;
    memmove(&ids[at + 1], &ids[at], (*count - at) * sizeof ids[0]);
    ids[at] = id;
    ++*count;
}

static inline bool lb_id_set_holds(const struct lb_id_set *set, uint32_t id)
{
    size_t at = lb_ids_place(set->ids, set->count, id);
    return at < set->count && set->ids[at] == id;
}

/* False when out of memory, and then nothing changed. */
static inline bool lb_id_set_add(struct lb_id_set *set, uint32_t id)
{
    if (!lb_array_reserve(set->ids, set->capacity, set->count + 1))
        return false;
    lb_ids_add(set->ids, &set->count, id);
    return true;
}

static inline void lb_id_set_fini(struct lb_id_set *set)
{
    free(set->ids);
    *set = (struct lb_id_set){0};
}

#endif
