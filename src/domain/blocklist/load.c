/* At start the whole log is read into memory. */
#include "domain/blocklist/replay.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/blocklist/gone.h"
#include "store/log_items.h"

#include <stdlib.h>

#define SCAN_IDS 1000000 /* entry ids of one scan: bounds how long a snapshot is held */
/* How long workspaces that cannot be read hold up the start of the others. */
#define REFUSED_MS   3000
#define FAILURES_MAX 2 /* of questions for many logs; then each workspace is asked for alone */
/* What one question asks for of a shared store: logs of several workspaces with so many numbers in
 * all, or of one workspace that has more. */
#define STREAM_NUMBERS 20000

/* Numbers of a workspace grow, and no two rows share an id: entries would be looked up in the wrong
 * row. What chains would say of it, `leadblock verify` does. */
static lb_err check_place(const struct lb_replay *replay, const struct lb_workspace *workspace,
                          const struct lb_log_row *row)
{
    const char *what = NULL;
    if (row->unsealed)
        what = "its digest has the wrong length";
    else if (row->id < replay->next_id)
        what = "its entries' ids are those of the row before";
    else if (workspace && row->number <= workspace->log.last)
        what = "its number is not above those before it";
    if (!what)
        return LB_OK;
    lb_log(LB_LOG_ERROR, "damage",
           "row %llu (number %llu) of the blocklist log is wrong: %s; leadblock verify tells more",
           (unsigned long long)row->id, (unsigned long long)row->number, what);
    return LB_ERR_STORAGE_UNAVAILABLE;
}

/* The same at start, where what is read is what memory has. */
static lb_err load_row(void *context, const struct lb_log_row *row)
{
    struct lb_replay *replay = context;
    struct lb_workspace *workspace =
        lb_directory_workspace_no(replay->blocklist->directory, row->list.workspace);
    uint64_t items = lb_log_items_count(row->items);
    lb_err err = check_place(replay, workspace, row);
    replay->next_id = row->id + items;
    lb_log_extent_add(&replay->all, row);
    if (row->id <= replay->blocklist->store->recorded.last_id)
        replay->found = replay->all;
    if (!err)
        err = lb_replay_row(replay, row, items);
    if (err || !workspace)
        return err;
    struct lb_log_mark mark = lb_log_mark_after(row, items);
    lb_blocklist_set_mark(workspace, &mark);
    return LB_OK;
}

/* --- Of several nodes ------------------------------------------------------------------------- */

/* The logs of workspaces that one question asks for, in order. */
struct stream {
    struct lb_replay *replay;
    const struct lb_workspace_version *latest; /* of the workspace whose rows come */
    const struct lb_workspace_version *end;
};

/* Memory has the rows up to the last one that came, if nothing of it was left out. */
static lb_err end_log(struct lb_replay *replay, struct lb_workspace *workspace)
{
    lb_err err = lb_replay_forget_links(replay, workspace);
    if (!err && !lb_gone_publish(replay->blocklist, workspace->row.no))
        err = LB_ERR_INTERNAL;
    if (!err)
        lb_blocklist_set_mark(workspace, &replay->last);
    return err;
}

/* The workspaces before this one have no more rows. */
static lb_err go_to(struct stream *stream, uint32_t workspace)
{
    struct lb_replay *replay = stream->replay;
    lb_err err = LB_OK;
    while (!err && stream->latest < stream->end && stream->latest->workspace < workspace) {
        struct lb_workspace *done =
            lb_directory_workspace_no(replay->blocklist->directory, stream->latest->workspace);
        if (done && replay->last.row)
            err = end_log(replay, done);
        replay->last = (struct lb_log_mark){0};
        stream->latest++;
    }
    return err;
}

/* Rows that came after the version are left for later: memory may not know their campaigns. */
static lb_err stream_row(void *context, const struct lb_log_row *row)
{
    struct stream *stream = context;
    struct lb_replay *replay = stream->replay;
    uint64_t items = lb_log_items_count(row->items);
    lb_err err = go_to(stream, row->list.workspace);
    const struct lb_workspace_version *latest = stream->latest;
    if (err || latest == stream->end || latest->workspace != row->list.workspace ||
        row->id > latest->log.row)
        return err;
    err = lb_replay_row(replay, row, items);
    if (!err)
        replay->last = lb_log_mark_after(row, items);
    return err;
}

/* Several logs by one question. What it leaves out is read workspace by workspace. */
static lb_err stream_logs(struct lb_replay *replay, const struct lb_workspace_version *first,
                          size_t count)
{
    struct lb_store *store = replay->blocklist->store;
    struct stream stream = {replay, first, first + count};
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < count; i++) /* some may be younger than what was read of them */
        err = lb_replay_refresh_access(replay, &first[i]);
    if (err)
        return err;
    replay->details = store->ops->writer_reader(store);
    replay->last = (struct lb_log_mark){0};
    replay->known = 0;
    err = store->shared->logs_scan(replay->details, first->workspace, first[count - 1].workspace,
                                   &stream, stream_row);
    lb_err kept = lb_replay_insert_group(replay);
    if (!kept)
        kept = go_to(&stream, err ? stream.latest->workspace + 1 : UINT32_MAX);
    return kept ? kept : err;
}

/* How many of them one question asks for. */
static size_t some(const struct lb_workspace_version *first, size_t count)
{
    uint64_t numbers = 0;
    size_t taken = 0;
    while (taken < count && (numbers += first[taken].log.last) <= STREAM_NUMBERS)
        taken++;
    return taken;
}

static int by_workspace(const void *one, const void *other)
{
    const struct lb_workspace_version *a = one, *b = other;
    return (a->workspace > b->workspace) - (a->workspace < b->workspace);
}

/* Each workspace up to its version, with which memory is compared from then on: many small ones at
 * once, then what is still lacking, one by one. */
static lb_err load_versions(struct lb_replay *replay, struct lb_workspace_versions *versions)
{
    struct lb_workspace_version *all = versions->array;
    int failures = 0;
    lb_err err = LB_OK;
    if (versions->count)
        qsort(all, versions->count, sizeof *all, by_workspace);
    for (size_t i = 0, count = 0; failures < FAILURES_MAX && i < versions->count;
         i += count + !count) {
        count = some(all + i, versions->count - i);
        if (count > 1)
            err = stream_logs(replay, all + i, count);
        if (err == LB_ERR_INTERNAL)
            return err;
        failures += err != LB_OK;
        err = LB_OK;
        lb_rcu_quiescent();
    }
    for (size_t i = 0; !err && i < versions->count; i++) {
        err = lb_replay_refresh(replay, &all[i]);
        lb_rcu_quiescent();
    }
    return err;
}

static lb_err load_workspaces(struct lb_replay *replay)
{
    struct lb_store *store = replay->blocklist->store;
    struct lb_workspace_versions versions = {0};
    lb_err err = lb_nodes_versions(store, store->ops->writer_reader(store), NULL, 0, &versions);
    replay->rests = true;
    if (!err)
        err = load_versions(replay, &versions);
    lb_workspace_versions_fini(&versions);
    return err;
}

/* --- While a part of the store is away -------------------------------------------------------- */

static lb_err load_one(struct lb_replay *replay, struct lb_store_reader *asker, uint32_t no)
{
    struct lb_store *store = replay->blocklist->store;
    struct lb_workspace_versions versions = {0};
    lb_err err = lb_nodes_versions(store, asker, &no, 1, &versions);
    if (!err && versions.count) /* else it never was */
        err = lb_replay_refresh(replay, &versions.array[0]);
    lb_workspace_versions_fini(&versions);
    lb_rcu_quiescent();
    return err;
}

/* Each workspace alone, by a reader that hurries. Those that were silent for long together leave
 * the rest for later. */
static lb_err load_numbers(struct lb_replay *replay, struct lb_store_reader *asker,
                           uint32_t highest, struct lb_unread *unread)
{
    uint64_t refused_ms = 0;
    replay->turns = highest;
    for (uint64_t no = 1; no <= highest; no++) {
        uint64_t began_ms = lb_clock_mono_ms();
        replay->turn = no;
        lb_err err = lb_replay_report(replay, 0);
        if (err) /* told to stop */
            return err;
        err = LB_ERR_STORAGE_UNAVAILABLE;
        if (refused_ms < REFUSED_MS) {
            unread->asked = (uint32_t)no;
            err = load_one(replay, asker, (uint32_t)no);
        }
        if (err == LB_ERR_INTERNAL || (err && !lb_id_set_add(&unread->numbers, (uint32_t)no)))
            return LB_ERR_INTERNAL;
        refused_ms += err ? lb_clock_mono_ms() - began_ms : 0;
    }
    return LB_OK;
}

static lb_err load_others(struct lb_replay *replay, struct lb_unread *unread)
{
    struct lb_store *store = replay->blocklist->store;
    struct lb_store_reader *asker = NULL;
    uint32_t highest = 0;
    lb_err err = lb_nodes_highest_workspace(store, store->ops->writer_reader(store), &highest);
    if (!err)
        err = lb_nodes_open_hurried(store, &asker, NULL);
    if (!err)
        err = load_numbers(replay, asker, highest, unread);
    if (asker)
        store->ops->reader_close(asker);
    return err;
}

lb_err lb_blocklist_load_each(struct lb_blocklist *blocklist, void *context,
                              bool (*progress)(void *context, uint64_t done, uint64_t all),
                              struct lb_unread *unread)
{
    struct lb_store *store = blocklist->store;
    struct lb_replay *replay = lb_replay_create(blocklist, context, progress);
    struct lb_workspace *workspace = lb_directory_workspaces(blocklist->directory);
    if (!replay)
        return LB_ERR_INTERNAL;
    replay->rests = blocklist->partly = true;
    for (; workspace; workspace = lb_rcu_load(&workspace->next)) /* none counts as read before */
        atomic_store(&workspace->access_version, 0);
    lb_err err = load_one(replay, store->ops->writer_reader(store), LB_INSTALLATION_NO);
    if (!err)
        err = load_others(replay, unread);
    free(replay);
    return err;
}

/* --- Of one ----------------------------------------------------------------------------------- */

/* The whole log in its order. */
static lb_err load_log(struct lb_replay *replay, struct lb_reason *reason)
{
    struct lb_blocklist *blocklist = replay->blocklist;
    struct lb_store *store = blocklist->store;
    struct lb_store_reader *scan = store->ops->writer_reader(store);
    lb_err err = store->ops->reader_open(store, &replay->details);
    replay->alone = true;
    for (uint64_t first = 0; !err && first < blocklist->next_id; first += SCAN_IDS) {
        err = store->ops->log_scan(scan, 0, first, first + SCAN_IDS, replay, load_row);
        lb_rcu_quiescent(); /* or the tables that growth replaced pile up */
    }
    if (!err)
        err = lb_replay_insert_group(replay);
    if (replay->details)
        store->ops->reader_close(replay->details);
    return err ? err : store->ops->log_loaded(store, &replay->found, &replay->all, reason);
}

lb_err lb_blocklist_load(struct lb_blocklist *blocklist, void *context,
                         bool (*progress)(void *context, uint64_t done, uint64_t all),
                         struct lb_reason *reason)
{
    struct lb_replay *replay = lb_replay_create(blocklist, context, progress);
    reason->text[0] = '\0';
    if (!replay)
        return LB_ERR_INTERNAL;
    lb_err err = lb_nodes_memory_may_lag(blocklist->store) ? load_workspaces(replay)
                                                           : load_log(replay, reason);
    free(replay);
    return err;
}
