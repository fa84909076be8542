#include "domain/blocklist/gone.h"

#include "base/array.h"

static bool any(const struct lb_blocklist *blocklist)
{
    return atomic_load_explicit(&blocklist->has_gone, memory_order_acquire);
}

static struct lb_fingerprint hash(const struct lb_index *index, uint32_t workspace, uint64_t id)
{
    return lb_index_fingerprint(index, workspace, (struct lb_str){(const char *)&id, sizeof id});
}

static bool has(const struct lb_index *index, uint32_t workspace, uint64_t id)
{
    return lb_index_find(index, hash(index, workspace, id)) != 0;
}

bool lb_gone_has(const struct lb_blocklist *blocklist, uint32_t workspace, uint64_t id)
{
    return any(blocklist) && has(blocklist->gone_for_all, workspace, id);
}

bool lb_gone_add(struct lb_blocklist *blocklist, uint32_t workspace, uint64_t id)
{
    struct lb_fingerprint fingerprint = hash(blocklist->gone, workspace, id);
    if (has(blocklist->gone, workspace, id)) /* once more: see twins.h */
        return lb_twins_hold(&blocklist->twins, fingerprint, id);
    if (!lb_array_reserve(blocklist->going, blocklist->going_capacity,
                          blocklist->going_count + 1) ||
        !lb_index_insert(blocklist->gone, fingerprint, id))
        return false;
    blocklist->going[blocklist->going_count++] = (struct lb_going){workspace, id};
    atomic_store_explicit(&blocklist->has_gone, true, memory_order_release);
    return true;
}

bool lb_gone_take_back(struct lb_blocklist *blocklist, uint32_t workspace, uint64_t id)
{
    struct lb_fingerprint fingerprint = hash(blocklist->gone, workspace, id);
    if (lb_twins_is_held(&blocklist->twins, fingerprint, id))
        return lb_twins_let_go(&blocklist->twins, fingerprint, id);
    lb_index_remove(blocklist->gone, fingerprint, id);
    lb_index_remove(blocklist->gone_for_all, hash(blocklist->gone_for_all, workspace, id), id);
    return true;
}

bool lb_gone_publish(struct lb_blocklist *blocklist, uint32_t workspace)
{
    struct lb_index *index = blocklist->gone_for_all;
    size_t kept = 0;
    bool done = true;
    for (size_t i = 0; i < blocklist->going_count; i++) {
        const struct lb_going *going = &blocklist->going[i];
        if (going->workspace != workspace) {
            blocklist->going[kept++] = *going;
            continue;
        }
        if (!has(blocklist->gone, workspace, going->id)) /* it was put back */
            continue;
        lb_blocklist_count_removal(blocklist);
        done &= lb_index_insert(index, hash(index, workspace, going->id), going->id);
    }
    blocklist->going_count = kept;
    return done;
}

/* The next that is there, or that waits there; 0 after the last. */
static uint64_t find_next(const struct lb_blocklist *blocklist, uint32_t workspace,
                          struct lb_fingerprint fingerprint, bool waiting)
{
    uint64_t cursor = 0, id;
    do
        id = waiting ? lb_twins_next(&blocklist->twins, fingerprint, &cursor)
                     : lb_index_find_next(blocklist->index, fingerprint, &cursor);
    while (id && !has(blocklist->gone, workspace, id));
    return id;
}

void lb_gone_make_room(struct lb_blocklist *blocklist, uint32_t workspace,
                       struct lb_fingerprint fingerprint)
{
    uint64_t id;
    if (!any(blocklist))
        return;
    while ((id = find_next(blocklist, workspace, fingerprint, false)) != 0)
        lb_index_remove(blocklist->index, fingerprint, id);
    while ((id = find_next(blocklist, workspace, fingerprint, true)) != 0)
        if (!lb_twins_remove(&blocklist->twins, fingerprint, id))
            return; /* if it comes into the index, it counts as not there, either */
}
