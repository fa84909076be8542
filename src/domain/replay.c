/* Start-up: the log is replayed into memory. */
#include "domain/blocklist_internal.h"

#include "base/clock.h"
#include "base/log.h"
#include "store/items.h"

#include <stdlib.h>

#define GROUP             4096    /* entries hashed before they go into the index together */
#define SCAN_IDS          1000000 /* entry ids of one scan: bounds how long a snapshot is held */
#define PROGRESS_EVERY_MS 1000

struct replay {
    struct lb_blocklist *blocklist;
    struct lb_store_reader *details; /* for the rows that later rows refer to */
    void *context;
    bool (*progress)(void *context, uint64_t done, uint64_t all);
    uint64_t progress_at_ms;
    size_t count;
    struct lb_fingerprint fingerprints[GROUP];
    uint64_t ids[GROUP];
};

static lb_err insert_group(struct replay *replay)
{
    bool done = lb_index_insert_many(replay->blocklist->index, replay->fingerprints, replay->ids,
                                     replay->count);
    replay->count = 0;
    return done ? LB_OK : LB_ERR_INTERNAL;
}

static lb_err report(struct replay *replay, uint64_t done)
{
    uint64_t now = lb_clock_mono_ms();
    if (now - replay->progress_at_ms < PROGRESS_EVERY_MS)
        return LB_OK;
    replay->progress_at_ms = now;
    return replay->progress(replay->context, done, replay->blocklist->next_id)
               ? LB_OK
               : LB_ERR_STORAGE_UNAVAILABLE;
}

static void count_entries(struct lb_workspace *workspace, int64_t change)
{
    atomic_fetch_add_explicit(&workspace->entries, (uint64_t)change, memory_order_relaxed);
}

static lb_err replay_block(struct replay *replay, struct lb_workspace *workspace,
                           const struct lb_log_row *row)
{
    struct lb_blocklist *blocklist = replay->blocklist;
    struct lb_str rest = row->items;
    struct lb_str item;
    uint64_t id = row->id;
    struct lb_stamp stamp = {row->at, row->reason.ptr != NULL};
    lb_err err = lb_stamps_append(blocklist->stamps, id, stamp) ? LB_OK : LB_ERR_INTERNAL;
    while (!err && lb_items_next(&rest, &item)) {
        replay->fingerprints[replay->count] = lb_blocklist_hash(blocklist, row->list, item);
        replay->ids[replay->count++] = id;
        if (!lb_orders_insert(blocklist->orders, lb_list_number(row->list), id++))
            return LB_ERR_INTERNAL;
        if (replay->count == GROUP)
            err = insert_group(replay);
    }
    count_entries(workspace, (int64_t)(id - row->id));
    return err;
}

/* An unblock takes entries out, a restore puts them back. */
static lb_err replay_reference(struct replay *replay, struct lb_workspace *workspace,
                               const struct lb_log_row *row, uint64_t id)
{
    struct lb_blocklist *blocklist = replay->blocklist;
    struct lb_entry entry;
    lb_err err =
        lb_blocklist_entry(blocklist->store, replay->details, row->list.workspace, id, &entry);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_ERR_STORAGE_UNAVAILABLE : err;
    struct lb_fingerprint fingerprint = lb_blocklist_hash(blocklist, row->list, entry.identifier);
    uint64_t list = lb_list_number(row->list);
    if (row->kind == LB_LOG_UNBLOCK) {
        lb_index_remove(blocklist->index, fingerprint, id);
        lb_orders_remove(blocklist->orders, list, id);
        count_entries(workspace, -1);
        return LB_OK;
    }
    count_entries(workspace, 1);
    return lb_index_insert(blocklist->index, fingerprint, id) &&
                   lb_orders_insert(blocklist->orders, list, id)
               ? LB_OK
               : LB_ERR_INTERNAL;
}

static lb_err replay_row(void *context, const struct lb_log_row *row)
{
    struct replay *replay = context;
    struct lb_access *access = replay->blocklist->access;
    struct lb_workspace *workspace = lb_access_workspace_no(access, row->list.workspace);
    lb_err err = report(replay, row->id);
    if (err || !workspace ||
        (row->list.campaign && !lb_access_campaign_no(access, row->list.campaign)))
        return err; /* lists of deleted campaigns are history only */
    if (row->kind == LB_LOG_BLOCK)
        return replay_block(replay, workspace, row);
    err = insert_group(replay);
    struct lb_str rest = row->items;
    struct lb_str item;
    uint64_t id;
    while (!err && lb_items_next(&rest, &item))
        err = lb_str_to_u64(item, LB_ENTRY_ID_MAX, &id)
                  ? replay_reference(replay, workspace, row, id)
                  : LB_ERR_STORAGE_UNAVAILABLE;
    return err;
}

lb_err lb_blocklist_load(struct lb_blocklist *blocklist, void *context,
                         bool (*progress)(void *context, uint64_t done, uint64_t all))
{
    struct lb_store *store = blocklist->store;
    struct replay *replay = calloc(1, sizeof *replay);
    if (!replay)
        return LB_ERR_INTERNAL;
    replay->blocklist = blocklist;
    replay->context = context;
    replay->progress = progress;
    replay->progress_at_ms = lb_clock_mono_ms();
    struct lb_store_reader *scan = store->ops->writer_reader(store);
    lb_err err = store->ops->reader_open(store, &replay->details);
    for (uint64_t first = 0; !err && first < blocklist->next_id; first += SCAN_IDS) {
        err = store->ops->log_scan(scan, 0, first, first + SCAN_IDS, replay, replay_row);
        lb_rcu_quiescent(); /* or the tables that growth replaced pile up */
    }
    if (!err)
        err = insert_group(replay);
    if (replay->details)
        store->ops->reader_close(replay->details);
    free(replay);
    return err;
}
