/* Entries of lists that have ended leave memory, some at a time. */
#include "domain/blocklist/internal.h"

#include "base/array.h"
#include "domain/blocklist/entry.h"

/* Entries of ended lists that one upkeep turn takes out of memory: about a millisecond's worth. */
#define SWEEP_ENTRIES 500

bool lb_blocklist_reserve_end(struct lb_blocklist *blocklist)
{
    return lb_array_reserve(blocklist->ended, blocklist->ended_capacity,
                            blocklist->ended_count + ++blocklist->ending);
}

void lb_blocklist_end_list(struct lb_blocklist *blocklist, struct lb_list list)
{
    blocklist->ended[blocklist->ended_count++] = list;
}

static void forget_entry(struct lb_blocklist *blocklist, struct lb_list list, uint64_t order,
                         uint64_t id)
{
    struct lb_store *store = blocklist->store;
    struct lb_entry entry;
    lb_blocklist_count_removal(blocklist);
    if (lb_blocklist_entry(store, store->ops->writer_reader(store), list.workspace, id, &entry) ==
        LB_OK) {
        struct lb_fingerprint fingerprint = lb_blocklist_hash(blocklist, list, entry.key);
        lb_index_remove(blocklist->index, fingerprint, id);
        lb_twins_drop(&blocklist->twins, fingerprint);
    }
    lb_list_orders_remove(blocklist->orders, order, id);
    struct lb_workspace *workspace =
        lb_directory_workspace_no(blocklist->directory, list.workspace);
    if (workspace)
        lb_blocklist_count_entry(workspace, order, -1);
}

/* The last of the list's orders that holds any; the first when none does. */
static uint64_t last_order(struct lb_blocklist *blocklist, struct lb_list list)
{
    int type = LB_NAME_TYPES - 1;
    while (type > LB_NAME_MEMBER_ID &&
           !lb_list_orders_count(blocklist->orders, lb_order_number(list, (enum lb_name_type)type)))
        type--;
    return lb_order_number(list, (enum lb_name_type)type);
}

bool lb_blocklist_sweep(struct lb_blocklist *blocklist)
{
    if (blocklist->ended_count == 0)
        return false;
    struct lb_list list = blocklist->ended[blocklist->ended_count - 1];
    uint64_t ids[SWEEP_ENTRIES];
    uint64_t order = last_order(blocklist, list);
    size_t count = lb_list_orders_page(blocklist->orders, order, true, 0, SWEEP_ENTRIES, ids);
    const struct lb_store_ops *ops = blocklist->store->ops;
    struct lb_store_reader *reader = ops->writer_reader(blocklist->store);
    ops->prefetch_entries(reader, list.workspace, ids, count);
    for (size_t i = 0; i < count; i++)
        forget_entry(blocklist, list, order, ids[i]);
    ops->reader_rest(reader);
    if (count < SWEEP_ENTRIES && !lb_order_is_typed(order))
        blocklist->ended_count--;
    return blocklist->ended_count > 0;
}
