#include "domain/blocklist/ends.h"

#include "base/array.h"

#include <stdlib.h>

#define SLOTS_FIRST 8

void lb_ends_fini(struct lb_ends *ends)
{
    for (size_t i = 0; i < LB_ENDS_SHARDS; i++)
        free(ends->shards[i].slots);
    free(ends->heap);
    free(ends->taken);
    memset(ends, 0, sizeof *ends);
}

/* --- By entry --------------------------------------------------------------------------------- */

/* Ids of different workspaces may be the same; fingerprints are keyed, so that no client chooses
 * what is near to what. */
static uint64_t key_of(struct lb_fingerprint fingerprint, uint64_t id)
{
    uint64_t key = fingerprint.high ^ id * UINT64_C(0xff51afd7ed558ccd);
    key *= UINT64_C(0x9e3779b97f4a7c15);
    key ^= key >> 32;
    return key ? key : 1;
}

static struct lb_ends_shard *shard_of(struct lb_ends *ends, uint64_t key)
{
    return &ends->shards[key >> 56];
}

static size_t next_of(const struct lb_ends_shard *shard, size_t at)
{
    return (at + 1) & (shard->capacity - 1);
}

/* Where it is, or the free slot where it belongs. The table is never full. */
static size_t place_of(const struct lb_ends_shard *shard, uint64_t key)
{
    size_t at = key & (shard->capacity - 1);
    while (shard->slots[at].key && shard->slots[at].key != key)
        at = next_of(shard, at);
    return at;
}

static bool grow(struct lb_ends_shard *shard)
{
    struct lb_ends_shard larger = {.count = shard->count,
                                   .capacity = shard->capacity ? shard->capacity * 2 : SLOTS_FIRST};
    larger.slots = calloc(larger.capacity, sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < shard->capacity; i++)
        if (shard->slots[i].key)
            larger.slots[place_of(&larger, shard->slots[i].key)] = shard->slots[i];
    free(shard->slots);
    *shard = larger;
    return true;
}

static bool note(struct lb_ends *ends, const struct lb_due_entry *due)
{
    uint64_t key = key_of(due->fingerprint, due->id);
    struct lb_ends_shard *shard = shard_of(ends, key);
    bool is_new = !shard->count || !shard->slots[place_of(shard, key)].key;
    if (is_new && (shard->count + 1) * 4 > shard->capacity * 3 && !grow(shard))
        return false;
    struct lb_ends_slot *slot = &shard->slots[place_of(shard, key)];
    shard->count += is_new;
    *slot = (struct lb_ends_slot){key, due->end, slot->times + 1};
    return true;
}

/* Those after it that would not be found over the free slot move up. */
static void free_slot(struct lb_ends_shard *shard, size_t hole)
{
    size_t mask = shard->capacity - 1;
    for (size_t at = next_of(shard, hole); shard->slots[at].key; at = next_of(shard, at)) {
        size_t home = shard->slots[at].key & mask;
        if (((at - home) & mask) < ((at - hole) & mask))
            continue;
        shard->slots[hole] = shard->slots[at];
        hole = at;
    }
    shard->slots[hole] = (struct lb_ends_slot){0};
    shard->count--;
}

static void forget(struct lb_ends *ends, const struct lb_due_entry *due)
{
    uint64_t key = key_of(due->fingerprint, due->id);
    struct lb_ends_shard *shard = shard_of(ends, key);
    size_t at = place_of(shard, key);
    if (--shard->slots[at].times == 0)
        free_slot(shard, at);
}

static bool is_of(const struct lb_due_entry *due, struct lb_fingerprint fingerprint, uint64_t id)
{
    return due->id == id && due->fingerprint.high == fingerprint.high;
}

int64_t lb_ends_of(const struct lb_ends *ends, struct lb_fingerprint fingerprint, uint64_t id)
{
    uint64_t key = key_of(fingerprint, id);
    const struct lb_ends_shard *shard = &ends->shards[key >> 56];
    int64_t end = shard->count ? shard->slots[place_of(shard, key)].end : 0;
    for (size_t i = 0; !end && i < ends->taken_count; i++)
        if (is_of(&ends->taken[i], fingerprint, id))
            end = ends->taken[i].end;
    return end;
}

/* --- By time ---------------------------------------------------------------------------------- */

bool lb_ends_add(struct lb_ends *ends, const struct lb_due_entry *due)
{
    if (!lb_array_reserve(ends->heap, ends->capacity, ends->count + ends->added + 1) ||
        !note(ends, due))
        return false;
    ends->heap[ends->count + ends->added++] = *due;
    return true;
}

static void swap(struct lb_due_entry *a, struct lb_due_entry *b)
{
    struct lb_due_entry kept = *a;
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
    for (; ends->added; ends->added--)
        forget(ends, &ends->heap[ends->count + ends->added - 1]);
}

const struct lb_due_entry *lb_ends_first(const struct lb_ends *ends)
{
    return ends->count ? ends->heap : NULL;
}

void lb_ends_drop_first(struct lb_ends *ends)
{
    struct lb_due_entry *heap = ends->heap;
    size_t at = 0, next;
    forget(ends, &heap[0]);
    heap[0] = heap[--ends->count];
    while ((next = 2 * at + 1) < ends->count) {
        next += next + 1 < ends->count && heap[next + 1].end < heap[next].end;
        if (heap[at].end <= heap[next].end)
            return;
        swap(&heap[at], &heap[next]);
        at = next;
    }
}
