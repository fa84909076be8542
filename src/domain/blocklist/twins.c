#include "domain/blocklist/twins.h"

#include "base/array.h"

#include <stdlib.h>

void lb_twins_fini(struct lb_twins *twins)
{
    lb_index_destroy(twins->renamed);
    free(twins->waiting);
    *twins = (struct lb_twins){0};
}

bool lb_twins_note(struct lb_twins *twins, struct lb_fingerprint fingerprint)
{
    const struct lb_index_settings small = {.shards = 1};
    if (!twins->renamed)
        twins->renamed = lb_index_create_with(&small);
    return twins->renamed && lb_index_insert(twins->renamed, fingerprint, 1);
}

bool lb_twins_possible(const struct lb_twins *twins, struct lb_fingerprint fingerprint)
{
    return twins->renamed && lb_index_find(twins->renamed, fingerprint) != 0;
}

bool lb_twins_wait(struct lb_twins *twins, struct lb_fingerprint fingerprint, uint64_t id)
{
    if (!lb_array_reserve(twins->waiting, twins->capacity, twins->count + 1))
        return false;
    size_t at = twins->count++;
    for (; at > 0 && twins->waiting[at - 1].id > id; at--)
        twins->waiting[at] = twins->waiting[at - 1];
    twins->waiting[at] = (struct lb_twin){fingerprint, id, false};
    return true;
}

static bool is_of(const struct lb_twin *twin, struct lb_fingerprint fingerprint)
{
    return !twin->leaving && twin->fingerprint.high == fingerprint.high &&
           twin->fingerprint.low == fingerprint.low;
}

struct lb_twin *lb_twins_find(struct lb_twins *twins, struct lb_fingerprint fingerprint,
                              uint64_t id)
{
    for (size_t i = 0; i < twins->count; i++)
        if (is_of(&twins->waiting[i], fingerprint) && (!id || twins->waiting[i].id == id))
            return &twins->waiting[i];
    return NULL;
}

size_t lb_twins_count(const struct lb_twins *twins, struct lb_fingerprint fingerprint)
{
    size_t found = 0;
    for (size_t i = 0; i < twins->count; i++)
        found += is_of(&twins->waiting[i], fingerprint);
    return found;
}

void lb_twins_settle(struct lb_twins *twins, bool committed)
{
    size_t kept = 0;
    for (size_t i = 0; i < twins->count; i++) {
        struct lb_twin twin = twins->waiting[i];
        if (twin.leaving && committed)
            continue;
        twin.leaving = false;
        twins->waiting[kept++] = twin;
    }
    twins->count = kept;
}
