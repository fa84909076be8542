/* The log is replayed into memory: row by row, and what other nodes have added; load.c does it at
 * start. */
#include "domain/blocklist/entry.h"
#include "domain/blocklist/gone.h"
#include "domain/blocklist/item.h"
#include "domain/blocklist/internal.h"
#include "domain/blocklist/links.h"
#include "domain/blocklist/replay.h"

#include "base/clock.h"
#include "base/fatal.h"
#include "base/log.h"
#include "store/log_items.h"

#include <stdlib.h>
#include <time.h>

#define PROGRESS_EVERY_MS 1000
#define LOOKS             3 /* at what cannot be, before the process ends for it */
#define LOOK_PAUSE_MS     100
/* Numbers of one step where others wait meanwhile: about ten milliseconds' worth. */
#define STEP_NUMBERS 10000

lb_err lb_replay_insert_group(struct lb_replay *replay)
{
    bool done = lb_index_insert_many(replay->blocklist->index, replay->fingerprints, replay->ids,
                                     replay->count);
    replay->count = 0;
    return done ? LB_OK : LB_ERR_INTERNAL;
}

lb_err lb_replay_report(struct lb_replay *replay, uint64_t done)
{
    uint64_t now = lb_clock_mono_ms();
    if (!replay->progress || now - replay->progress_at_ms < PROGRESS_EVERY_MS)
        return LB_OK;
    replay->progress_at_ms = now;
    uint64_t all = replay->turns ? replay->turns : replay->blocklist->next_id;
    return replay->progress(replay->context, replay->turns ? replay->turn : done, all)
               ? LB_OK
               : LB_ERR_STORAGE_UNAVAILABLE;
}

static void count_entries(struct lb_workspace *workspace, int64_t change)
{
    atomic_fetch_add_explicit(&workspace->entries, (uint64_t)change, memory_order_relaxed);
}

static uint64_t entries_of(const struct lb_workspace *workspace)
{
    return atomic_load_explicit(&workspace->entries, memory_order_relaxed);
}

/* Puts an entry where readers look, or lets it wait when an older one of the same person is there.
 */
static lb_err place(struct lb_replay *replay, struct lb_workspace *workspace, uint64_t order,
                    struct lb_fingerprint fingerprint, uint64_t id)
{
    struct lb_blocklist *blocklist = replay->blocklist;
    if (lb_twins_is_held(&blocklist->twins, fingerprint, id))
        return lb_twins_let_go(&blocklist->twins, fingerprint, id) ? LB_OK : LB_ERR_INTERNAL;
    uint64_t there = lb_index_find(blocklist->index, fingerprint);
    if (there && there < id)
        return lb_twins_add(&blocklist->twins, fingerprint, id) ? LB_OK : LB_ERR_INTERNAL;
    if (!lb_index_insert(blocklist->index, fingerprint, id) ||
        !lb_list_orders_insert(blocklist->orders, order, id))
        return LB_ERR_INTERNAL;
    lb_blocklist_count_entry(workspace, order, !there);
    if (!there || there == id)
        return LB_OK;
    lb_blocklist_count_removal(blocklist);
    lb_index_remove(blocklist->index, fingerprint, there);
    lb_list_orders_remove(blocklist->orders, order, there);
    return lb_twins_add(&blocklist->twins, fingerprint, there) ? LB_OK : LB_ERR_INTERNAL;
}

static bool is_in_index(const struct lb_blocklist *blocklist, struct lb_fingerprint fingerprint,
                        uint64_t id)
{
    uint64_t cursor = 0, found;
    do
        found = lb_index_find_next(blocklist->index, fingerprint, &cursor);
    while (found && found != id);
    return found != 0;
}

/* Takes an entry out, in whose place the next of the same person comes, if one waits. */
static lb_err displace(struct lb_replay *replay, struct lb_workspace *workspace, uint64_t order,
                       struct lb_fingerprint fingerprint, uint64_t id)
{
    struct lb_blocklist *blocklist = replay->blocklist;
    struct lb_twins *twins = &blocklist->twins;
    if (lb_twins_waits(twins, fingerprint, id))
        return lb_twins_remove(twins, fingerprint, id) ? LB_OK : LB_ERR_INTERNAL;
    if (!is_in_index(blocklist, fingerprint, id))
        return lb_twins_hold(twins, fingerprint, id) ? LB_OK : LB_ERR_INTERNAL;
    uint64_t next = lb_twins_oldest(twins, fingerprint);
    if (next && !(lb_twins_remove(twins, fingerprint, next) &&
                  lb_index_insert(blocklist->index, fingerprint, next) &&
                  lb_list_orders_insert(blocklist->orders, order, next)))
        return LB_ERR_INTERNAL;
    lb_blocklist_count_removal(blocklist);
    lb_index_remove(blocklist->index, fingerprint, id);
    lb_list_orders_remove(blocklist->orders, order, id);
    lb_blocklist_count_entry(workspace, order, next ? 0 : -1);
    return LB_OK;
}

/* What memory has of an entry. */
struct place {
    struct lb_fingerprint fingerprint;
    uint64_t order;
    int64_t end;
    bool erased; /* nothing of the above is known any more */
};

/* Where a stored name belongs, under the form of today. */
static lb_err find_place(struct lb_replay *replay, struct lb_workspace *workspace,
                         struct lb_list list, struct lb_str stored, struct place *out)
{
    struct lb_blocklist *blocklist = replay->blocklist;
    struct lb_item item;
    if (!lb_item_read(stored, &item))
        return LB_ERR_STORAGE_UNAVAILABLE;
    out->fingerprint = lb_blocklist_hash(blocklist, list, item.key);
    out->order = lb_order_of_key(list, item.key);
    out->end = item.end;
    lb_blocklist_note_list(blocklist, list);
    if (lb_order_is_typed(out->order))
        lb_workspace_note_typed(workspace);
    bool noted = item.key.ptr == stored.ptr ||
                 lb_twins_note(&blocklist->twins, out->fingerprint, list, item.key);
    return noted ? LB_OK : LB_ERR_INTERNAL;
}

static lb_err add_end(struct lb_replay *replay, struct lb_list list, const struct place *at,
                      uint64_t id)
{
    const struct lb_due_entry due = {at->end, id, list, at->fingerprint};
    return lb_ends_add(&replay->blocklist->ends, &due) ? LB_OK : LB_ERR_INTERNAL;
}

/* Once the entry of an erased name is there, the name is looked for under its tag. */
static lb_err note_tag(struct lb_replay *replay, struct lb_workspace *workspace,
                       struct lb_str stored)
{
    struct lb_erased *erased = replay->blocklist->erased;
    struct lb_str key = lb_item_stored_key(stored);
    if (!lb_erased_is_key(key))
        return LB_OK;
    lb_err err = lb_erased_load(erased, replay->details);
    return err || lb_erased_note(erased, workspace->row.no, key) ? err : LB_ERR_INTERNAL;
}

/* A request to block people: new ones, or such as are blocked already. */
static lb_err replay_block(struct lb_replay *replay, struct lb_workspace *workspace,
                           const struct lb_log_row *row)
{
    struct lb_blocklist *blocklist = replay->blocklist;
    struct lb_str rest = row->items;
    struct lb_str item;
    uint64_t id = row->id;
    int64_t alone = 0; /* entries that have no twins */
    lb_err err = LB_OK;
    for (; !err && lb_log_items_next(&rest, &item); id++) {
        struct place at;
        if (lb_chain_is_bare(item)) /* a later row says what became of it */
            continue;
        err = find_place(replay, workspace, row->list, item, &at);
        if (!err)
            lb_gone_make_room(blocklist, workspace->row.no, at.fingerprint);
        if (!err && at.end)
            err = add_end(replay, row->list, &at, id);
        if (err)
            break;
        if (row->kind != LB_LOG_BLOCK || lb_order_is_typed(at.order) || item.ptr[0] == '~' ||
            lb_twins_possible(&blocklist->twins, at.fingerprint)) {
            err = lb_replay_insert_group(replay);
            if (!err)
                err = place(replay, workspace, at.order, at.fingerprint, id);
            if (!err)
                err = note_tag(replay, workspace, item);
            continue;
        }
        replay->fingerprints[replay->count] = at.fingerprint;
        replay->ids[replay->count++] = id;
        if (!lb_list_orders_insert(blocklist->orders, at.order, id))
            return LB_ERR_INTERNAL;
        alone++;
        if (replay->count == LB_REPLAY_GROUP)
            err = lb_replay_insert_group(replay);
    }
    count_entries(workspace, alone);
    return err;
}

/* The entries that a row takes out or puts back. */
struct references {
    uint64_t numbers[LB_ROW_ITEMS_MAX];
    uint64_t ids[LB_ROW_ITEMS_MAX];
    struct place places[LB_ROW_ITEMS_MAX];
    size_t count;
};

/* Reads all of them before any is applied: a row is replayed whole or not at all. */
static lb_err read_references(struct lb_replay *replay, const struct lb_workspace *workspace,
                              const struct lb_log_row *row, struct references *out)
{
    struct lb_blocklist *blocklist = replay->blocklist;
    struct lb_store *store = blocklist->store;
    struct lb_str rest = row->items;
    struct lb_str item;
    out->count = 0;
    while (out->count < LB_ROW_ITEMS_MAX && lb_log_items_next(&rest, &item)) {
        uint64_t *number = &out->numbers[out->count];
        if (!lb_str_to_u64(item, LB_ENTRY_ID_MAX, number))
            return LB_ERR_STORAGE_UNAVAILABLE;
        out->ids[out->count++] = lb_row_times_id_of(workspace->row_times, *number);
    }
    store->ops->prefetch_entries(replay->details, row->list.workspace, out->ids, out->count);
    lb_err err = LB_OK;
    size_t read = out->count;
    out->count = 0;
    for (size_t i = 0; !err && i < read; i++) {
        struct lb_entry entry;
        err = lb_blocklist_entry(store, replay->details, row->list.workspace, out->ids[i], &entry);
        if (err == LB_ERR_NOT_FOUND && entry.erased && entry.number == out->numbers[i]) {
            err = LB_OK;
            if (out->numbers[i] > replay->known)
                continue; /* memory never had it */
            out->ids[out->count] = out->ids[i];
            out->places[out->count++] = (struct place){.erased = true};
            continue;
        }
        if (!err &&
            (entry.number != out->numbers[i] || entry.list.workspace != row->list.workspace))
            err = LB_ERR_NOT_FOUND;
        if (!err) {
            out->ids[out->count] = out->ids[i];
            out->places[out->count++] =
                (struct place){.fingerprint = lb_blocklist_hash(blocklist, row->list, entry.key),
                               .order = lb_order_of_key(row->list, entry.key),
                               .end = entry.ends_at};
        }
    }
    return err == LB_ERR_NOT_FOUND ? LB_ERR_STORAGE_UNAVAILABLE : err;
}

/* An unblock takes entries out, a restore puts them back. */
static lb_err replay_references(struct lb_replay *replay, struct lb_workspace *workspace,
                                const struct lb_log_row *row)
{
    struct lb_blocklist *blocklist = replay->blocklist;
    struct references references;
    lb_err err = lb_replay_insert_group(replay);
    if (!err)
        err = read_references(replay, workspace, row, &references);
    for (size_t i = 0; !err && i < references.count; i++) {
        uint64_t id = references.ids[i];
        struct lb_fingerprint fingerprint = references.places[i].fingerprint;
        uint64_t order = references.places[i].order;
        if (references.places[i].erased) {
            bool done = row->kind == LB_LOG_RESTORE
                            ? lb_gone_take_back(blocklist, workspace->row.no, id)
                            : lb_gone_add(blocklist, workspace->row.no, id);
            err = done ? LB_OK : LB_ERR_INTERNAL;
        } else if (row->kind == LB_LOG_RESTORE) {
            if (references.places[i].end)
                err = add_end(replay, row->list, &references.places[i], id);
            lb_gone_make_room(blocklist, workspace->row.no, fingerprint);
            if (!err)
                err = place(replay, workspace, order, fingerprint, id);
        } else if (lb_twins_possible(&blocklist->twins, fingerprint)) {
            err = displace(replay, workspace, order, fingerprint, id);
        } else {
            lb_blocklist_count_removal(blocklist);
            if (!lb_index_remove(blocklist->index, fingerprint, id)) {
                err = lb_twins_hold(&blocklist->twins, fingerprint, id) ? LB_OK : LB_ERR_INTERNAL;
                continue;
            }
            lb_list_orders_remove(blocklist->orders, order, id);
            lb_blocklist_count_entry(workspace, order, -1);
        }
    }
    return err;
}

/* Entries whose names are erased leave the orders of their list. What the index of another node has
 * of them stays until the next start: nothing looks for it, as the name has a tag, or was unblocked
 * before, which gone.h is about. */
static lb_err replay_erased(struct lb_replay *replay, struct lb_workspace *workspace,
                            const struct lb_log_row *row)
{
    struct lb_blocklist *blocklist = replay->blocklist;
    struct lb_str rest = row->items;
    struct lb_str item;
    lb_err err = lb_replay_insert_group(replay);
    while (!err && lb_log_items_next(&rest, &item)) {
        uint64_t number;
        struct lb_entry entry;
        if (!lb_str_to_u64(item, LB_ENTRY_ID_MAX, &number))
            return LB_ERR_STORAGE_UNAVAILABLE;
        uint64_t id = lb_row_times_id_of(workspace->row_times, number);
        err =
            lb_blocklist_entry(blocklist->store, replay->details, row->list.workspace, id, &entry);
        bool erased = err == LB_ERR_NOT_FOUND && entry.erased;
        err = err == LB_ERR_NOT_FOUND ? LB_OK : err;
        for (int type = LB_NAME_MEMBER_ID; erased && type < LB_NAME_TYPES; type++) {
            uint64_t order = lb_order_number(row->list, (enum lb_name_type)type);
            if (lb_list_orders_remove(blocklist->orders, order, id))
                lb_blocklist_count_entry(workspace, order, -1);
        }
    }
    return err;
}

/* What is remembered of every row, also when its list was deleted. */
static lb_err replay_time(struct lb_replay *replay, struct lb_workspace *workspace,
                          const struct lb_log_row *row, uint64_t people)
{
    struct lb_row_time row_time = {row->at, row->reason.ptr != NULL, row->continues, row->number};
    uint32_t count = (uint32_t)people;
    lb_directory_count_day(replay->blocklist->directory, workspace, row->at,
                           lb_log_kind_adds(row->kind) ? count : 0,
                           lb_log_kind_frees(row->kind) ? count : 0);
    bool added = !row->epoch || lb_epochs_add(&workspace->epochs, row->number, row->epoch);
    lb_epochs_publish(&workspace->epochs);
    return added && lb_row_times_append(workspace->row_times, row->id, row_time) ? LB_OK
                                                                                 : LB_ERR_INTERNAL;
}

/* The blocklist of the campaign is worth to be kept. */
static void note_listed(const struct lb_directory *directory, struct lb_list list)
{
    struct lb_campaign *campaign = lb_directory_campaign_no(directory, list.campaign);
    if (campaign)
        campaign->listed = true;
}

/* The erased ones of the rows so far. */
lb_err lb_replay_forget_links(struct lb_replay *replay, struct lb_workspace *workspace)
{
    return lb_links_forget_erased(replay->blocklist, workspace, &replay->unlinked)
               ? LB_OK
               : LB_ERR_INTERNAL;
}

/* Erased links that memory may have are forgotten before it learns others of the same names: a
 * pair that it has already would not count again. That looks at all people, so not for each row. */
static lb_err replay_links(struct lb_replay *replay, struct lb_workspace *workspace,
                           const struct lb_log_row *row)
{
    const struct lb_erased_links *unlinked = &replay->unlinked;
    lb_err err = lb_replay_insert_group(replay);
    if (!err && unlinked->count && unlinked->lowest <= replay->known)
        err = lb_replay_forget_links(replay, workspace);
    if (!err)
        err = replay_time(replay, workspace, row, 0);
    return err ? err : lb_links_replay(replay->blocklist, replay->details, workspace, row);
}

static lb_err replay_entries(struct lb_replay *replay, struct lb_workspace *workspace,
                             const struct lb_log_row *row, uint64_t items)
{
    struct lb_directory *directory = replay->blocklist->directory;
    bool ended = row->list.campaign && !lb_directory_has_list(directory, row->list.campaign);
    if (ended) /* it is history only */
        return replay_time(replay, workspace, row, items);
    note_listed(directory, row->list);
    if (row->kind == LB_LOG_CARRIED_OVER || row->kind == LB_LOG_LEFT_OUT)
        /* The number of the list is what it was; and memory has left out what there was too much
         * of. */
        return replay_time(replay, workspace, row, 0);
    if (lb_log_kind_links(row->kind))
        return replay_links(replay, workspace, row);
    if (lb_log_kind_blocks(row->kind)) {
        /* The time of the row first: a reader that finds an entry looks for it. */
        lb_err err = replay_time(replay, workspace, row, items);
        return err ? err : replay_block(replay, workspace, row);
    }
    if (row->kind == LB_LOG_ERASED) {
        lb_err err = replay_erased(replay, workspace, row);
        if (!err && !replay->alone)
            err = lb_links_note_erased(replay->blocklist, replay->details, workspace, row,
                                       &replay->unlinked);
        return err ? err : replay_time(replay, workspace, row, 0);
    }
    uint64_t before = entries_of(workspace);
    lb_err err = replay_references(replay, workspace, row);
    uint64_t after = entries_of(workspace); /* people, of each of whom the row may have several */
    uint64_t people = after > before ? after - before : before - after;
    return err ? err : replay_time(replay, workspace, row, people);
}

lb_err lb_replay_row(struct lb_replay *replay, const struct lb_log_row *row, uint64_t items)
{
    struct lb_blocklist *blocklist = replay->blocklist;
    struct lb_workspace *workspace =
        lb_directory_workspace_no(blocklist->directory, row->list.workspace);
    lb_err err = lb_replay_report(replay, row->id);
    if (!err && workspace)
        err = replay_entries(replay, workspace, row, items);
    lb_twins_commit(&blocklist->twins);
    lb_ends_commit(&blocklist->ends);
    return err;
}

struct lb_replay *lb_replay_create(struct lb_blocklist *blocklist, void *context,
                                   bool (*progress)(void *, uint64_t done, uint64_t all))
{
    struct lb_replay *replay = calloc(1, sizeof *replay);
    if (!replay)
        return NULL;
    replay->blocklist = blocklist;
    replay->context = context;
    replay->progress = progress;
    replay->progress_at_ms = lb_clock_mono_ms();
    return replay;
}

/* --- What other nodes have added --- */

/* Does a log end in the same row, or is it empty in both? */
static bool ends_alike(const struct lb_log_mark *one, const struct lb_log_mark *other)
{
    return one->row == other->row && (!one->row || memcmp(one, other, sizeof *one) == 0);
}

/* The first row that is read is the last one that memory has: it must be the same. */
static lb_err take_new_row(void *context, const struct lb_log_row *row)
{
    struct lb_replay *replay = context;
    uint64_t items = lb_log_items_count(row->items);
    struct lb_log_mark mark = lb_log_mark_after(row, items);
    if (!replay->agrees) {
        replay->agrees = memcmp(&mark, &replay->last, sizeof mark) == 0;
        return replay->agrees ? LB_OK : LB_ERR_NOT_FOUND;
    }
    lb_err err = lb_replay_row(replay, row, items);
    if (replay->rests)
        lb_rcu_quiescent(); /* or the tables that growth replaced pile up */
    if (!err)
        replay->last = mark;
    return err;
}

/* Where the next reading ends. */
static uint64_t end_of_reading(struct lb_replay *replay, uint64_t from, uint64_t all)
{
    replay->cut = replay->step && all > from && replay->step < all - from;
    return replay->cut ? from + replay->step : all;
}

/* Reads the log of a workspace from what memory has of it to its end, or a piece of it.
 * `*out_wrong`: NULL, or why what was read and the version are not of one log. */
static lb_err read_new_rows(struct lb_replay *replay, struct lb_workspace *workspace,
                            const struct lb_workspace_version *latest, const char **out_wrong)
{
    struct lb_store *store = replay->blocklist->store;
    struct lb_log_mark from = workspace->log;
    replay->details = store->ops->writer_reader(store);
    replay->last = from;
    replay->known = from.last;
    replay->agrees = from.row == 0;
    lb_err err = store->ops->log_scan(replay->details, latest->workspace, from.row,
                                      end_of_reading(replay, from.row, latest->log.row + 1), replay,
                                      take_new_row);
    bool was_read = !err || err == LB_ERR_NOT_FOUND;
    bool to_the_end = was_read && !replay->cut;
    *out_wrong = NULL;
    if (!err && to_the_end && replay->agrees && !ends_alike(&replay->last, &latest->log))
        *out_wrong = "the blocklist log of a workspace does not end where the workspace says: "
                     "its last rows are absent, or are others (leadblock verify)";
    if (was_read && !replay->agrees)
        *out_wrong = "the database has lost blocks that it had acknowledged, as a failover to "
                     "a standby that was not synchronous does";
    /* Those of the rows before a failure too: these count as read. */
    lb_err kept = lb_replay_insert_group(replay);
    if (!kept)
        kept = lb_replay_forget_links(replay, workspace);
    if (to_the_end && !lb_gone_publish(replay->blocklist, workspace->row.no))
        kept = LB_ERR_INTERNAL;
    if (kept || was_read)
        err = kept;
    replay->fruitless = replay->cut && replay->last.row == from.row;
    if (replay->fruitless) /* a longer step finds some */
        replay->step *= 2;
    if (err == LB_ERR_INTERNAL)
        lb_end_process("out of memory while reading what other nodes have blocked");
    lb_blocklist_set_mark(workspace, &replay->last); /* how far it came, in any case */
    return err;
}

/* The version and the rows are two answers. While an engine moves rows from server to server they
 * may be of two states, so the process ends only for what stands when both were asked again. */
static lb_err read_until_right(struct lb_replay *replay, struct lb_workspace *workspace,
                               const struct lb_workspace_version *latest)
{
    static const struct timespec pause = {.tv_nsec = LOOK_PAUSE_MS * 1000000L};
    struct lb_store *store = replay->blocklist->store;
    struct lb_workspace_versions now = {0};
    const char *wrong;
    lb_err err = read_new_rows(replay, workspace, latest, &wrong);
    for (int looks = 1; !err && wrong; looks++) {
        if (looks == LOOKS)
            lb_end_process(wrong);
        nanosleep(&pause, NULL);
        err =
            lb_nodes_versions(store, store->ops->writer_reader(store), &latest->workspace, 1, &now);
        if (!err && now.count)
            err = read_new_rows(replay, workspace, &now.array[0], &wrong);
    }
    lb_workspace_versions_fini(&now);
    return err;
}

static lb_err campaign_ended(void *context, struct lb_list campaign)
{
    struct lb_blocklist *blocklist = context;
    blocklist->ending = 0;
    if (!lb_blocklist_reserve_end(blocklist))
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_blocklist_end_list(blocklist, campaign);
    return LB_OK;
}

lb_err lb_replay_refresh_access(struct lb_replay *replay, const struct lb_workspace_version *latest)
{
    struct lb_blocklist *blocklist = replay->blocklist;
    const struct lb_nodes_listener listener = {blocklist, campaign_ended};
    return lb_nodes_refresh_access(blocklist->directory, blocklist->store, latest, &listener);
}

/* What a start reads of all workspaces at once, unless a part of the store is away. */
static lb_err greet(struct lb_blocklist *blocklist, uint32_t no)
{
    const struct lb_workspace *workspace = lb_directory_workspace_no(blocklist->directory, no);
    const struct lb_blocklist_follower *follower = &blocklist->follower;
    bool is_known = workspace && atomic_load(&workspace->access_version);
    return is_known || !blocklist->partly || !follower->context
               ? LB_OK
               : follower->arrives(follower->context, no);
}

lb_err lb_replay_refresh(struct lb_replay *replay, const struct lb_workspace_version *latest)
{
    struct lb_blocklist *blocklist = replay->blocklist;
    lb_err err = greet(blocklist, latest->workspace);
    if (!err)
        err = lb_replay_refresh_access(replay, latest);
    struct lb_workspace *workspace =
        lb_directory_workspace_no(blocklist->directory, latest->workspace);
    if (err || !workspace || lb_nodes_up_to(workspace, latest))
        return err;
    return read_until_right(replay, workspace, latest);
}

/* Piece by piece, at least one, until `until_ms`; 0: all at once. */
static lb_err refresh_until(struct lb_replay *replay, const struct lb_workspace_version *latest,
                            uint64_t until_ms)
{
    lb_err err;
    replay->step = until_ms ? STEP_NUMBERS : 0;
    do
        err = lb_replay_refresh(replay, latest);
    while (!err && replay->cut && (replay->fruitless || lb_clock_mono_ms() < until_ms));
    return err;
}

lb_err lb_blocklist_refresh(struct lb_blocklist *blocklist,
                            const struct lb_workspace_version *latest)
{
    bool all;
    return lb_blocklist_refresh_some(blocklist, latest, 0, &all);
}

lb_err lb_blocklist_refresh_some(struct lb_blocklist *blocklist,
                                 const struct lb_workspace_version *latest, uint64_t until_ms,
                                 bool *out_all)
{
    struct lb_workspace *workspace =
        lb_directory_workspace_no(blocklist->directory, latest->workspace);
    *out_all = true;
    if (workspace)
        workspace->has_leads |= latest->has_leads; /* which no version counts */
    if (workspace && lb_nodes_up_to(workspace, latest))
        return LB_OK;
    struct lb_replay *replay = lb_replay_create(blocklist, NULL, NULL);
    if (!replay)
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_err err = refresh_until(replay, latest, until_ms);
    *out_all = !replay->cut;
    free(replay);
    if (!err && !*out_all)
        return LB_OK;
    if (!workspace)
        workspace = lb_directory_workspace_no(blocklist->directory, latest->workspace);
    const struct lb_blocklist_listener *listener = &blocklist->listener;
    if (!err && workspace && listener->context)
        listener->recorded(listener->context, workspace);
    return err;
}
