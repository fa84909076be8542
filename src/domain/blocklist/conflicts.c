#include "domain/blocklist/conflicts.h"

#include <string.h>

static size_t place_of(uint64_t pair)
{
    return pair & (LB_CONFLICT_SIEVE - 1);
}

bool lb_conflicts_has(const struct lb_conflicts *conflicts, uint64_t pair)
{
    if (!conflicts->sieve[place_of(pair)])
        return false;
    for (size_t i = conflicts->count; i-- > 0;)
        if (conflicts->list[i].pair == pair)
            return true;
    return false;
}

static void remove_at(struct lb_conflicts *conflicts, size_t at)
{
    conflicts->sieve[place_of(conflicts->list[at].pair)]--;
    memmove(&conflicts->list[at], &conflicts->list[at + 1],
            (--conflicts->count - at) * sizeof *conflicts->list);
}

void lb_conflicts_add(struct lb_conflicts *conflicts, struct lb_conflict conflict)
{
    if (conflicts->count == LB_CONFLICTS_MAX)
        remove_at(conflicts, 0);
    conflicts->list[conflicts->count++] = conflict;
    conflicts->sieve[place_of(conflict.pair)]++;
}

void lb_conflicts_drop(struct lb_conflicts *conflicts, uint64_t number)
{
    for (size_t i = conflicts->count; i-- > 0;)
        if (conflicts->list[i].number == number)
            remove_at(conflicts, i);
}

void lb_conflicts_drop_pair(struct lb_conflicts *conflicts, uint64_t pair)
{
    for (size_t i = conflicts->count; conflicts->sieve[place_of(pair)] && i-- > 0;)
        if (conflicts->list[i].pair == pair)
            remove_at(conflicts, i);
}
