#include "domain/blocklist/gone.h"

static struct lb_fingerprint hash(const struct lb_blocklist *blocklist, uint32_t workspace,
                                  uint64_t id)
{
    return lb_index_fingerprint(blocklist->gone, workspace,
                                (struct lb_str){(const char *)&id, sizeof id});
}

bool lb_gone_has(const struct lb_blocklist *blocklist, uint32_t workspace, uint64_t id)
{
    return atomic_load_explicit(&blocklist->has_gone, memory_order_acquire) &&
           lb_index_find(blocklist->gone, hash(blocklist, workspace, id)) != 0;
}

bool lb_gone_add(struct lb_blocklist *blocklist, uint32_t workspace, uint64_t id)
{
    struct lb_fingerprint fingerprint = hash(blocklist, workspace, id);
    if (lb_gone_has(blocklist, workspace, id)) /* taken back twice: see twins.h */
        return lb_twins_hold(&blocklist->twins, fingerprint, id);
    lb_blocklist_count_removal(blocklist);
    if (!lb_index_insert(blocklist->gone, fingerprint, id))
        return false;
    atomic_store_explicit(&blocklist->has_gone, true, memory_order_release);
    return true;
}

bool lb_gone_take_back(struct lb_blocklist *blocklist, uint32_t workspace, uint64_t id)
{
    struct lb_fingerprint fingerprint = hash(blocklist, workspace, id);
    if (lb_twins_is_held(&blocklist->twins, fingerprint, id))
        return lb_twins_let_go(&blocklist->twins, fingerprint, id);
    lb_index_remove(blocklist->gone, fingerprint, id);
    return true;
}

/* The next that is there, or that waits there; 0 after the last. */
static uint64_t find_next(const struct lb_blocklist *blocklist, uint32_t workspace,
                          struct lb_fingerprint fingerprint, bool waiting)
{
    uint64_t cursor = 0, id;
    do
        id = waiting ? lb_twins_next(&blocklist->twins, fingerprint, &cursor)
                     : lb_index_find_next(blocklist->index, fingerprint, &cursor);
    while (id && !lb_gone_has(blocklist, workspace, id));
    return id;
}

void lb_gone_make_room(struct lb_blocklist *blocklist, uint32_t workspace,
                       struct lb_fingerprint fingerprint)
{
    uint64_t id;
    if (!atomic_load_explicit(&blocklist->has_gone, memory_order_relaxed))
        return;
    while ((id = find_next(blocklist, workspace, fingerprint, false)) != 0)
        lb_index_remove(blocklist->index, fingerprint, id);
    while ((id = find_next(blocklist, workspace, fingerprint, true)) != 0)
        if (!lb_twins_remove(&blocklist->twins, fingerprint, id))
            return; /* if it comes into the index, it counts as not there, either */
}
