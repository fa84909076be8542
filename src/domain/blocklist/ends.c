#include "domain/blocklist/ends.h"

#include "base/array.h"

#include <stdlib.h>

void lb_ends_fini(struct lb_ends *ends)
{
    free(ends->heap);
    free(ends->taken);
    *ends = (struct lb_ends){0};
}

bool lb_ends_add(struct lb_ends *ends, const struct lb_due *due)
{
    if (!lb_array_reserve(ends->heap, ends->capacity, ends->count + ends->added + 1))
        return false;
    ends->heap[ends->count + ends->added++] = *due;
    return true;
}

static void swap(struct lb_due *a, struct lb_due *b)
{
    struct lb_due kept = *a;
    *a = *b;
    *b = kept;
}

/* The last one of the heap goes up to where it belongs. */
static void rise(struct lb_ends *ends)
{
    for (size_t at = ends->count - 1; at && ends->heap[at].end < ends->heap[(at - 1) / 2].end;
         at = (at - 1) / 2)
        swap(&ends->heap[at], &ends->heap[(at - 1) / 2]);
}

void lb_ends_commit(struct lb_ends *ends)
{
    for (; ends->added; ends->added--) {
        ends->count++;
        rise(ends);
    }
}

void lb_ends_roll_back(struct lb_ends *ends)
{
    ends->added = 0;
}

int64_t lb_ends_of(const struct lb_ends *ends, uint64_t id)
{
    for (size_t i = 0; i < ends->count + ends->added; i++)
        if (ends->heap[i].id == id)
            return ends->heap[i].end;
    for (size_t i = 0; i < ends->taken_count; i++)
        if (ends->taken[i].id == id)
            return ends->taken[i].end;
    return 0;
}

const struct lb_due *lb_ends_first(const struct lb_ends *ends)
{
    return ends->count ? ends->heap : NULL;
}

void lb_ends_drop_first(struct lb_ends *ends)
{
    struct lb_due *heap = ends->heap;
    size_t at = 0, next;
    heap[0] = heap[--ends->count];
    while ((next = 2 * at + 1) < ends->count) {
        next += next + 1 < ends->count && heap[next + 1].end < heap[next].end;
        if (heap[at].end <= heap[next].end)
            return;
        swap(&heap[at], &heap[next]);
        at = next;
    }
}
