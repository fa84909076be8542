#include "domain/blocklist/internal.h"

#include "base/fatal.h"
#include "domain/blocklist/entry.h"
#include "domain/blocklist/expiry.h"
#include "domain/blocklist/gone.h"

#include <sodium.h>
#include <stdlib.h>

#define CHECK_GROUP 128

static void draw_epochs(struct lb_blocklist *blocklist)
{
    randombytes_buf(blocklist->epoch_seed, sizeof blocklist->epoch_seed);
    blocklist->last_epoch.epoch = 0;
}

struct lb_blocklist *lb_blocklist_create(const struct lb_blocklist_settings *settings)
{
    struct lb_blocklist *blocklist = calloc(1, sizeof *blocklist);
    if (!blocklist)
        return NULL;
    blocklist->directory = settings->directory;
    blocklist->store = settings->store;
    blocklist->max_workspace_entries = settings->max_workspace_entries;
    blocklist->max_daily_rows = settings->max_daily_rows ? settings->max_daily_rows : UINT64_MAX;
    blocklist->max_daily_bytes = settings->max_daily_bytes ? settings->max_daily_bytes : UINT64_MAX;
    blocklist->next_id = settings->store->ops->log_next_id(settings->store);
    blocklist->twins.ends = &blocklist->ends;
    draw_epochs(blocklist);
    blocklist->index = lb_index_create(blocklist->next_id);
    blocklist->gone = lb_index_create_with(&(struct lb_index_settings){.shards = 64});
    blocklist->gone_for_all = lb_index_create_with(&(struct lb_index_settings){.shards = 64});
    blocklist->orders = lb_list_orders_create(0);
    blocklist->people = lb_persons_create();
    blocklist->erased = lb_erased_create(settings->directory, settings->store);
    if (blocklist->next_id && blocklist->index && blocklist->gone && blocklist->gone_for_all &&
        blocklist->orders && blocklist->people && blocklist->erased)
        return blocklist;
    lb_blocklist_destroy(blocklist);
    return NULL;
}

void lb_blocklist_destroy(struct lb_blocklist *blocklist)
{
    if (!blocklist)
        return;
    lb_index_destroy(blocklist->index);
    lb_index_destroy(blocklist->gone);
    lb_index_destroy(blocklist->gone_for_all);
    free(blocklist->going);
    lb_list_orders_destroy(blocklist->orders);
    lb_persons_destroy(blocklist->people);
    lb_erased_destroy(blocklist->erased);
    lb_overlay_fini(&blocklist->batch);
    lb_twins_fini(&blocklist->twins);
    lb_ending_destroy(blocklist->ending_soon);
    lb_ends_fini(&blocklist->ends);
    lb_locked_fini(&blocklist->locked);
    lb_buf_fini(&blocklist->row_items);
    lb_buf_fini(&blocklist->copied_row);
    free(blocklist->ended);
    free(blocklist->outcomes);
    free(blocklist->with_events);
    free(blocklist);
}

void lb_blocklist_stats(const struct lb_blocklist *blocklist, struct lb_blocklist_stats *out)
{
    *out =
        (struct lb_blocklist_stats){.index = lb_index_stats(blocklist->index),
                                    .order_bytes = lb_list_orders_stats(blocklist->orders).bytes};
    struct lb_workspace *workspace = lb_directory_workspaces(blocklist->directory);
    for (; workspace; workspace = lb_rcu_load(&workspace->next))
        out->stamp_bytes += lb_row_times_bytes(workspace->row_times);
    workspace = lb_directory_installation(blocklist->directory);
    if (workspace)
        out->stamp_bytes += lb_row_times_bytes(workspace->row_times);
}

uint64_t lb_blocklist_name_hash(const struct lb_blocklist *blocklist, struct lb_str identifier)
{
    return lb_index_hash(blocklist->index, identifier).low;
}

const char *lb_scope_name(enum lb_scope scope)
{
    static const char *const names[] = {[LB_SCOPE_CAMPAIGN] = "campaign",
                                        [LB_SCOPE_WORKSPACE] = "workspace",
                                        [LB_SCOPE_INSTALLATION] = "installation"};
    return names[scope];
}

static const struct lb_list installation = {.workspace = LB_INSTALLATION_NO};

static struct lb_verdict verdict(uint64_t in_workspace, uint64_t in_campaign)
{
    if (in_workspace)
        return (struct lb_verdict){LB_SCOPE_WORKSPACE, in_workspace};
    if (in_campaign)
        return (struct lb_verdict){LB_SCOPE_CAMPAIGN, in_campaign};
    return (struct lb_verdict){LB_SCOPE_NONE, 0};
}

/* Two lists cannot be looked into at the same moment. When nothing was taken out of the index from
 * before the first look until after the last, "in neither" holds for the moment before; otherwise
 * a lead that was blocked all the time, in one list and then in the other, may have been missed,
 * and the look is repeated. */
static uint64_t removals(const struct lb_blocklist *blocklist)
{
    return atomic_load_explicit(&blocklist->removals, memory_order_acquire);
}

void lb_blocklist_count_removal(struct lb_blocklist *blocklist)
{
    atomic_fetch_add_explicit(&blocklist->removals, 1, memory_order_relaxed);
}

void lb_blocklist_retire_people(struct lb_blocklist *blocklist)
{
    if (lb_persons_replaces_any(blocklist->people))
        lb_blocklist_count_removal(blocklist);
    lb_persons_retire(blocklist->people);
}

uint64_t lb_blocklist_removals(const struct lb_blocklist *blocklist)
{
    return removals(blocklist);
}

static uint64_t find(const struct lb_blocklist *blocklist, uint32_t workspace,
                     struct lb_fingerprint fingerprint)
{
    uint64_t id = lb_index_find(blocklist->index, fingerprint);
    return id && lb_gone_has(blocklist, workspace, id) ? 0 : id;
}

static struct lb_verdict look(const struct lb_blocklist *blocklist, uint32_t workspace,
                              struct lb_fingerprint of_workspace, struct lb_fingerprint of_campaign)
{
    for (;;) {
        uint64_t before = removals(blocklist);
        uint64_t in_workspace = find(blocklist, workspace, of_workspace);
        if (in_workspace)
            return verdict(in_workspace, 0);
        uint64_t in_campaign = find(blocklist, workspace, of_campaign);
        if (in_campaign || removals(blocklist) == before)
            return verdict(0, in_campaign);
    }
}

/* In three lists, as `look` in two. `hash`: of the key under which the workspace has the name. */
static struct lb_verdict look_everywhere(const struct lb_blocklist *blocklist, struct lb_list list,
                                         struct lb_index_hash name, struct lb_index_hash hash)
{
    const struct lb_list own = {.workspace = list.workspace};
    const struct lb_fingerprint wanted[] = {
        lb_index_fingerprint_in(name, lb_list_number(installation)),
        lb_index_fingerprint_in(hash, lb_list_number(own)),
        lb_index_fingerprint_in(hash, lb_list_number(list))};
    static const enum lb_scope scopes[] = {LB_SCOPE_INSTALLATION, LB_SCOPE_WORKSPACE,
                                           LB_SCOPE_CAMPAIGN};
    size_t count = list.campaign ? 3 : list.workspace ? 2 : 1;
    for (;;) {
        uint64_t before = removals(blocklist);
        for (size_t i = 0; i < count; i++) {
            uint64_t entry = find(blocklist, i ? list.workspace : LB_INSTALLATION_NO, wanted[i]);
            if (entry)
                return (struct lb_verdict){scopes[i], entry};
        }
        if (removals(blocklist) == before)
            return (struct lb_verdict){LB_SCOPE_NONE, 0};
    }
}

/* `key`: the one under which the workspace has the name; the installation has the name itself. */
static struct lb_verdict check(const struct lb_blocklist *blocklist, struct lb_list list,
                               struct lb_str name, struct lb_str key)
{
    struct lb_list own = {.workspace = list.workspace};
    struct lb_index_hash hash = lb_index_hash(blocklist->index, key);
    if (lb_blocklist_has_installation(blocklist)) {
        bool same = key.ptr == name.ptr;
        return look_everywhere(blocklist, list, same ? hash : lb_index_hash(blocklist->index, name),
                               hash);
    }
    struct lb_fingerprint of_workspace = lb_index_fingerprint_in(hash, lb_list_number(own));
    if (list.campaign == 0)
        return verdict(find(blocklist, list.workspace, of_workspace), 0);
    return look(blocklist, list.workspace, of_workspace,
                lb_index_fingerprint_in(hash, lb_list_number(list)));
}

/* When a name is erased, its block moves to another key: who looked under the name just before may
 * miss it, and looks again. */
struct lb_verdict lb_blocklist_check(const struct lb_blocklist *blocklist, struct lb_list list,
                                     struct lb_str identifier)
{
    for (;;) {
        unsigned erased = lb_erased_count(blocklist->erased, list.workspace);
        struct lb_str key =
            erased ? lb_erased_find(blocklist->erased, list.workspace, identifier) : identifier;
        struct lb_verdict found = check(blocklist, list, identifier, key);
        if (found.scope || erased == lb_erased_count(blocklist->erased, list.workspace))
            return found;
    }
}

struct lb_persons *lb_blocklist_persons(const struct lb_blocklist *blocklist)
{
    return blocklist->people;
}

/* Nothing was taken out of the index, no name erased and no link ended, while all names were looked
 * for, and so none was blocked when they were found: else the look is repeated, as in `look`. */
struct lb_verdict lb_blocklist_check_person(const struct lb_blocklist *blocklist,
                                            const struct lb_workspace *workspace,
                                            struct lb_list list, struct lb_str name,
                                            struct lb_str *out_by)
{
    struct lb_verdict best;
    uint64_t before;
    unsigned erased;
    do {
        struct lb_other_names others = {0};
        erased = lb_erased_count_of(workspace);
        before = removals(blocklist);
        best = lb_blocklist_check(blocklist, list, name);
        *out_by = name;
        if (lb_persons_any(workspace) && best.scope != LB_SCOPE_INSTALLATION)
            lb_persons_others(blocklist->people, list.workspace, name, LB_PERSON_ASKED, &others);
        for (size_t i = 0; i < others.count && best.scope != LB_SCOPE_INSTALLATION; i++) {
            struct lb_verdict other = lb_blocklist_check(blocklist, list, others.names[i]);
            if (other.scope <= best.scope)
                continue;
            best = other;
            *out_by = others.names[i];
        }
    } while (best.scope == LB_SCOPE_NONE &&
             (removals(blocklist) != before || erased != lb_erased_count_of(workspace)));
    return best;
}

int64_t lb_blocklist_installation_at(const struct lb_blocklist *blocklist, uint64_t entry)
{
    const struct lb_workspace *workspace = lb_directory_installation(blocklist->directory);
    struct lb_row_time time = {0};
    if (workspace)
        lb_row_times_find(workspace->row_times, entry, &time);
    return time.at;
}

bool lb_blocklist_asks_all(const struct lb_blocklist *blocklist,
                           const struct lb_workspace *workspace)
{
    if (atomic_load_explicit(&workspace->has_typed, memory_order_acquire))
        return true;
    if (!lb_blocklist_has_installation(blocklist))
        return false;
    workspace = lb_directory_installation(blocklist->directory);
    return workspace && atomic_load_explicit(&workspace->has_typed, memory_order_acquire);
}

uint64_t lb_blocklist_find(const struct lb_blocklist *blocklist, struct lb_list list,
                           struct lb_str identifier)
{
    for (;;) {
        unsigned erased = lb_erased_count(blocklist->erased, list.workspace);
        struct lb_str key =
            erased ? lb_erased_find(blocklist->erased, list.workspace, identifier) : identifier;
        uint64_t found = find(blocklist, list.workspace, lb_blocklist_hash(blocklist, list, key));
        if (found || erased == lb_erased_count(blocklist->erased, list.workspace))
            return found;
    }
}

struct lb_str lb_blocklist_known_as(const struct lb_blocklist *blocklist, uint32_t workspace,
                                    struct lb_str key)
{
    return lb_erased_find(blocklist->erased, workspace, key);
}

uint64_t lb_blocklist_count(struct lb_blocklist *blocklist, struct lb_list list,
                            enum lb_name_type type)
{
    return lb_list_orders_count(blocklist->orders, lb_order_number(list, type));
}

lb_err lb_blocklist_check_room(const struct lb_blocklist *blocklist, uint64_t entries,
                               uint64_t extra, struct lb_reason *reason)
{
    uint64_t max = blocklist->max_workspace_entries;
    if (extra == 0 || (entries <= max && extra <= max - entries))
        return LB_OK;
    return lb_fail(reason, LB_ERR_WORKSPACE_OVERLOADED,
                   "This workspace may hold %llu blocked leads and this request would exceed that. "
                   "Unblock some, or ask the operator to raise max-workspace-entries.",
                   (unsigned long long)max);
}

/* `wanted` are pairs of fingerprints, workspace and campaign. */
static void check_group(const struct lb_blocklist *blocklist, uint32_t workspace,
                        const struct lb_fingerprint *wanted, size_t pairs, struct lb_verdict *out)
{
    uint64_t found[2 * CHECK_GROUP];
    uint64_t before = removals(blocklist);
    lb_index_find_many(blocklist->index, wanted, 2 * pairs, found);
    for (size_t i = 0; i < 2 * pairs; i++)
        if (found[i] && lb_gone_has(blocklist, workspace, found[i]))
            found[i] = 0;
    bool moved = removals(blocklist) != before;
    for (size_t i = 0; i < pairs; i++) {
        out[i] = verdict(found[2 * i], found[2 * i + 1]);
        if (moved && out[i].scope == LB_SCOPE_NONE)
            out[i] = look(blocklist, workspace, wanted[2 * i], wanted[2 * i + 1]);
    }
}

bool lb_blocklist_recorded_at(const struct lb_workspace *workspace, uint64_t entry, int64_t *out_at)
{
    struct lb_row_time row_time;
    if (!lb_row_times_find(workspace->row_times, entry, &row_time) || row_time.has_reason)
        return false;
    *out_at = row_time.at;
    return true;
}

/* The installation's list wins over what was found in the others. Each name that was found nowhere
 * is looked for in all lists once more when something was taken out meanwhile. */
static void check_installation(const struct lb_blocklist *blocklist, struct lb_list list,
                               const struct lb_index_hash *hashes, size_t count, uint64_t before,
                               struct lb_verdict *out)
{
    struct lb_fingerprint wanted[CHECK_GROUP];
    uint64_t found[CHECK_GROUP];
    for (size_t i = 0; i < count; i++)
        wanted[i] = lb_index_fingerprint_in(hashes[i], lb_list_number(installation));
    lb_index_find_many(blocklist->index, wanted, count, found);
    bool moved = removals(blocklist) != before;
    for (size_t i = 0; i < count; i++) {
        if (found[i])
            out[i] = (struct lb_verdict){LB_SCOPE_INSTALLATION, found[i]};
        else if (moved && out[i].scope == LB_SCOPE_NONE)
            out[i] = look_everywhere(blocklist, list, hashes[i], hashes[i]);
    }
}

/* One by one, in a workspace that has erased names. */
static void check_each(const struct lb_blocklist *blocklist, struct lb_list list,
                       const struct lb_str *identifiers, size_t count, struct lb_verdict *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = lb_blocklist_check(blocklist, list, identifiers[i]);
}

void lb_blocklist_check_many(const struct lb_blocklist *blocklist, struct lb_list list,
                             const struct lb_str *identifiers, size_t count, struct lb_verdict *out,
                             uint64_t *out_hashes)
{
    unsigned erased = lb_erased_count(blocklist->erased, list.workspace);
    uint64_t in_workspace = lb_list_number((struct lb_list){.workspace = list.workspace});
    uint64_t in_campaign = lb_list_number(list);
    struct lb_fingerprint wanted[2 * CHECK_GROUP];
    struct lb_index_hash hashes[CHECK_GROUP];
    for (size_t begin = 0; begin < count; begin += CHECK_GROUP) {
        uint64_t before = removals(blocklist);
        size_t n = count - begin < CHECK_GROUP ? count - begin : CHECK_GROUP;
        for (size_t i = 0; i < n; i++) {
            hashes[i] = lb_index_hash(blocklist->index, identifiers[begin + i]);
            wanted[2 * i] = lb_index_fingerprint_in(hashes[i], in_workspace);
            wanted[2 * i + 1] = lb_index_fingerprint_in(hashes[i], in_campaign);
            if (out_hashes)
                out_hashes[begin + i] = hashes[i].low;
        }
        if (erased) {
            check_each(blocklist, list, identifiers + begin, n, out + begin);
            continue;
        }
        check_group(blocklist, list.workspace, wanted, n, out + begin);
        if (lb_blocklist_has_installation(blocklist))
            check_installation(blocklist, list, hashes, n, before, out + begin);
    }
    if (!erased && lb_erased_count(blocklist->erased, list.workspace))
        check_each(blocklist, list, identifiers, count, out); /* the first one, meanwhile */
}

/* One whose name is erased is not it: see gone.h, and names that were erased have tags. */
static bool is_identifier(struct lb_blocklist *blocklist, uint32_t workspace, uint64_t id,
                          struct lb_str identifier, lb_err *out_err)
{
    struct lb_entry entry;
    struct lb_store *store = blocklist->store;
    *out_err = lb_blocklist_entry(store, store->ops->writer_reader(store), workspace, id, &entry);
    bool erased = *out_err == LB_ERR_NOT_FOUND && entry.erased;
    *out_err = erased ? LB_OK : *out_err;
    return !erased && *out_err == LB_OK && lb_str_equal(entry.key, identifier);
}

lb_err lb_blocklist_current(struct lb_blocklist *blocklist, struct lb_list list,
                            struct lb_fingerprint fingerprint, struct lb_str identifier,
                            uint64_t *out_id)
{
    *out_id = 0;
    if (lb_overlay_find(&blocklist->batch, list, fingerprint, identifier, out_id))
        return LB_OK;
    lb_err err = LB_OK;
    uint64_t cursor = 0;
    uint64_t id;
    while (!err && (id = lb_index_find_next(blocklist->index, fingerprint, &cursor)) != 0) {
        if (is_identifier(blocklist, list.workspace, id, identifier, &err)) {
            *out_id = id;
            return LB_OK;
        }
    }
    return err;
}

static lb_err is_in_batch(struct lb_blocklist *blocklist, struct lb_list list, struct lb_str key,
                          bool *out)
{
    uint64_t id = 0;
    lb_err err =
        lb_blocklist_current(blocklist, list, lb_blocklist_hash(blocklist, list, key), key, &id);
    *out = !err && id;
    return err;
}

lb_err lb_blocklist_is_listed_in_batch(struct lb_blocklist *blocklist, struct lb_list list,
                                       struct lb_str identifier, bool *out)
{
    return is_in_batch(blocklist, list, lb_blocklist_key(blocklist, list.workspace, identifier),
                       out);
}

lb_err lb_blocklist_check_in_batch(struct lb_blocklist *blocklist, struct lb_list list,
                                   struct lb_str identifier, enum lb_scope *out)
{
    const struct lb_list lists[] = {installation, {.workspace = list.workspace}, list};
    const enum lb_scope scopes[] = {LB_SCOPE_INSTALLATION, LB_SCOPE_WORKSPACE, LB_SCOPE_CAMPAIGN};
    struct lb_str key = lb_blocklist_key(blocklist, list.workspace, identifier);
    lb_err err = LB_OK;
    bool found = false;
    *out = LB_SCOPE_NONE;
    for (size_t i = lb_blocklist_has_installation(blocklist) ? 0 : 1;
         !err && !found && i < (list.campaign ? 3 : 2); i++) {
        err = is_in_batch(blocklist, lists[i], i ? key : identifier, &found);
        *out = found ? scopes[i] : LB_SCOPE_NONE;
    }
    return err;
}

void lb_blocklist_follow(struct lb_blocklist *blocklist,
                         const struct lb_blocklist_follower *follower)
{
    blocklist->follower = *follower;
}

void lb_blocklist_listen(struct lb_blocklist *blocklist,
                         const struct lb_blocklist_listener *listener)
{
    blocklist->listener = *listener;
}

/* Locks what the batch changes, and reads what other nodes have changed of it. */
static lb_err catch_up(struct lb_blocklist *blocklist, struct lb_write *first)
{
    struct lb_locked *locked = &blocklist->locked;
    lb_err err = lb_nodes_lock(locked, blocklist->store, first);
    for (size_t i = 0; !err && i < locked->count; i++)
        if (locked->versions[i].workspace != LB_WORKSPACE_NONE)
            err = lb_blocklist_refresh(blocklist, &locked->versions[i]);
    /* What another node adds to it from here on, that node's writes in these workspaces see to: see
     * outreach/everywhere.c. */
    if (!err && locked->installation.workspace != LB_WORKSPACE_NONE)
        err = lb_blocklist_refresh(blocklist, &locked->installation);
    return err;
}

static lb_err batch_begin(void *context, struct lb_write *first)
{
    struct lb_blocklist *blocklist = context;
    blocklist->ending = 0;
    lb_directory_begin_batch(blocklist->directory);
    blocklist->with_events_count = 0;
    lb_err err = catch_up(blocklist, first);
    if (err)
        return err;
    lb_overlay_begin(&blocklist->batch, blocklist->next_id, LB_ENTRY_ID_MAX + 1);
    lb_daily_bytes_check(blocklist, first);
    if (blocklist->follower.context)
        blocklist->follower.batch_begin(blocklist->follower.context);
    return LB_OK;
}

struct lb_log_mark *lb_blocklist_batch_log(struct lb_blocklist *blocklist,
                                           struct lb_workspace *workspace)
{
    if (workspace->batch_log_of != blocklist->batch.begun) {
        workspace->batch_log_of = blocklist->batch.begun;
        workspace->batch_log = workspace->log;
    }
    return &workspace->batch_log;
}

/* Takes all the memory that publishing the batch's events needs. What publishing rows needs was
 * taken when they were recorded, with all else that writes publish. */
static bool reserve_events(struct lb_blocklist *blocklist)
{
    const struct lb_overlay *batch = &blocklist->batch;
    return batch->added_count == 0 ||
           (lb_index_reserve(blocklist->index, batch->added, batch->added_count) &&
            lb_list_orders_reserve(blocklist->orders, batch->added_in, batch->added_count));
}

static lb_err batch_prepare(void *context)
{
    struct lb_blocklist *blocklist = context;
    const struct lb_blocklist_follower *follower = &blocklist->follower;
    lb_err err = follower->context ? follower->batch_prepare(follower->context) : LB_OK;
    if (!err && !reserve_events(blocklist))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    blocklist->store->ops->reader_rest(blocklist->store->ops->writer_reader(blocklist->store));
    return err;
}

static void batch_rollback(void *context)
{
    struct lb_blocklist *blocklist = context;
    lb_overlay_drop(&blocklist->batch);
    lb_twins_roll_back(&blocklist->twins, 0);
    lb_persons_roll_back(blocklist->people);
    lb_ends_roll_back(&blocklist->ends);
    lb_erased_roll_back(blocklist->erased);
    lb_directory_forget_made(blocklist->directory);
    lb_index_reserve(blocklist->index, NULL, 0);
    lb_list_orders_reserve(blocklist->orders, NULL, 0);
}

/* If it was recorded, other nodes know its ids, and a failover may still lose it: the rows that are
 * written in its place must not have them. */
static void outcome_unknown(void *context)
{
    draw_epochs(context);
}

void lb_blocklist_count_entry(struct lb_workspace *workspace, uint64_t order, int64_t change)
{
    atomic_fetch_add_explicit(&workspace->entries, (uint64_t)change, memory_order_relaxed);
    if (lb_order_is_typed(order))
        atomic_fetch_add_explicit(&workspace->typed_entries, (uint64_t)change,
                                  memory_order_relaxed);
}

static void publish_event(struct lb_blocklist *blocklist, const struct lb_event *event)
{
    if (event->erases) /* all that stand in for it are there */
        lb_erased_publish(blocklist->erased);
    if (event->add) { /* both were reserved */
        lb_gone_make_room(blocklist, event->list.workspace, event->fingerprint);
        lb_must(lb_index_insert(blocklist->index, event->fingerprint, event->id) &&
                lb_list_orders_insert(blocklist->orders, event->order, event->id));
        lb_blocklist_count_entry(event->workspace, event->order, 1);
    }
    uint64_t gone = event->add ? event->replaces : event->id;
    if (gone) {
        lb_blocklist_count_removal(blocklist);
        lb_index_remove(blocklist->index, event->fingerprint, gone);
        lb_list_orders_remove(blocklist->orders, event->order, gone);
        lb_blocklist_count_entry(event->workspace, event->order, -1);
    }
}

/* What only adds is added list by list for less. */
static void publish_events(struct lb_blocklist *blocklist)
{
    const struct lb_overlay *batch = &blocklist->batch;
    for (size_t i = 0; batch->takes_back && i < batch->event_count; i++)
        publish_event(blocklist, &batch->events[i]);
    if (batch->takes_back)
        return;
    for (size_t i = 0; i < batch->event_count; i++) {
        const struct lb_event *event = &batch->events[i];
        lb_index_load(blocklist->index, batch->added, batch->added_count, i);
        lb_gone_make_room(blocklist, event->list.workspace, event->fingerprint);
        lb_must(lb_index_insert(blocklist->index, event->fingerprint, event->id));
        lb_blocklist_count_entry(event->workspace, event->order, 1);
    }
    lb_must(lb_list_orders_insert_many(blocklist->orders, batch->added_in, batch->added_count));
}

bool lb_blocklist_is_in_force(const struct lb_blocklist *blocklist,
                              struct lb_fingerprint fingerprint, uint64_t id)
{
    uint64_t cursor = 0, found;
    do
        found = lb_index_find_next(blocklist->index, fingerprint, &cursor);
    while (found && found != id);
    return found || lb_twins_waits(&blocklist->twins, fingerprint, id);
}

void lb_blocklist_set_mark(struct lb_workspace *workspace, const struct lb_log_mark *mark)
{
    workspace->log = *mark;
    atomic_store_explicit(&workspace->log_row, mark->row, memory_order_release);
    atomic_store_explicit(&workspace->log_token, lb_log_mark_token(mark), memory_order_release);
    atomic_store_explicit(&workspace->log_last, mark->last, memory_order_release);
}

/* After the entries: a thread that finds the mark finds them. */
static void publish_marks(struct lb_blocklist *blocklist)
{
    const struct lb_overlay *batch = &blocklist->batch;
    struct lb_workspace *before = NULL;
    for (size_t i = batch->row_count; i-- > 0; before = batch->rows[i].workspace)
        if (batch->rows[i].workspace != before) /* mostly the rows of one follow each other */
            lb_blocklist_set_mark(batch->rows[i].workspace, &batch->rows[i].workspace->batch_log);
}

/* Once for rows of one workspace that follow each other. */
static void publish_rows(struct lb_blocklist *blocklist)
{
    const struct lb_overlay *batch = &blocklist->batch;
    uint64_t blocked = 0, unblocked = 0;
    for (size_t i = 0; i < batch->row_count; i++) {
        const struct lb_overlay_row *row = &batch->rows[i];
        blocked += row->blocked;
        unblocked += row->unblocked;
        if (i + 1 < batch->row_count && row[1].workspace == row->workspace)
            continue;
        lb_epochs_publish(&row->workspace->epochs);
        lb_row_times_publish(row->workspace->row_times);
        lb_directory_count_day(blocklist->directory, row->workspace, batch->now_ms, blocked,
                               unblocked);
        blocked = unblocked = 0;
    }
}

/* Once for rows of one workspace that follow each other. */
static void tell_listener(struct lb_blocklist *blocklist)
{
    const struct lb_blocklist_listener *listener = &blocklist->listener;
    const struct lb_overlay *batch = &blocklist->batch;
    if (!listener->context)
        return;
    for (size_t i = 0; i < batch->row_count; i++)
        if (i == 0 || batch->rows[i].workspace != batch->rows[i - 1].workspace)
            listener->recorded(listener->context, batch->rows[i].workspace);
    for (size_t i = 0; i < blocklist->with_events_count; i++)
        listener->recorded(listener->context, blocklist->with_events[i]);
}

static void batch_publish(void *context)
{
    struct lb_blocklist *blocklist = context;
    publish_rows(blocklist);
    lb_persons_publish(blocklist->people);
    publish_events(blocklist);
    lb_erased_publish(blocklist->erased);
    lb_blocklist_retire_people(blocklist);
    lb_twins_commit(&blocklist->twins);
    lb_ends_commit(&blocklist->ends);
    publish_marks(blocklist);
    lb_daily_bytes_publish(blocklist);
    blocklist->next_id = blocklist->batch.next_id;
    if (blocklist->follower.context)
        blocklist->follower.batch_publish(blocklist->follower.context);
    tell_listener(blocklist);
}

bool lb_blocklist_next_renamed(const struct lb_blocklist *blocklist, size_t *cursor,
                               struct lb_list *out_list, struct lb_str *out_name)
{
    return lb_twins_next_renamed(&blocklist->twins, cursor, out_list, out_name);
}

static bool upkeep(void *context)
{
    struct lb_blocklist *blocklist = context;
    if (blocklist->follower.context)
        blocklist->follower.upkeep(blocklist->follower.context);
    bool more = lb_ending_upkeep(blocklist->ending_soon);
    return lb_blocklist_sweep(blocklist) || more;
}

struct lb_writer_hooks lb_blocklist_hooks(struct lb_blocklist *blocklist)
{
    return (struct lb_writer_hooks){.context = blocklist,
                                    .batch_begin = batch_begin,
                                    .batch_prepare = batch_prepare,
                                    .batch_publish = batch_publish,
                                    .upkeep = upkeep,
                                    .batch_rollback = batch_rollback,
                                    .outcome_unknown = outcome_unknown};
}
