#include "domain/blocklist/change.h"

#include "domain/blocklist/entry.h"
#include "domain/blocklist/internal.h"
#include "domain/blocklist/packer.h"
#include "store/log_items.h"

#include <stdlib.h>

static lb_err record(struct lb_packer *packer, bool add, struct lb_fingerprint fingerprint,
                     uint64_t id, struct lb_str identifier)
{
    struct lb_event event = {.fingerprint = fingerprint,
                             .id = id,
                             .list = packer->row.list,
                             .workspace = packer->change->standing.workspace,
                             .add = add};
    if (!lb_overlay_record(&packer->change->blocklist->batch, &event, identifier))
        return LB_ERR_STORAGE_UNAVAILABLE;
    packer->people++;
    packer->changed |= UINT64_C(1) << (packer->count - 1);
    if (add)
        packer->change->blocked++;
    else
        packer->change->unblocked++;
    const struct lb_blocklist_follower *follower = &packer->change->blocklist->follower;
    return follower->context ? follower->changed(follower->context, packer->row.list, identifier)
                             : LB_OK;
}

/* Entry `by` takes the place of `id`, which blocks the person now: nothing changes for readers. */
static lb_err replace(struct lb_packer *packer, struct lb_fingerprint fingerprint, uint64_t id,
                      uint64_t by, struct lb_str identifier)
{
    struct lb_event event = {.fingerprint = fingerprint,
                             .id = by,
                             .list = packer->row.list,
                             .workspace = packer->change->standing.workspace,
                             .add = true,
                             .replaces = id};
    return lb_overlay_record(&packer->change->blocklist->batch, &event, identifier)
               ? LB_OK
               : LB_ERR_STORAGE_UNAVAILABLE;
}

static struct lb_change *change_of(struct lb_write *write)
{
    return (struct lb_change *)write;
}

/* Of the workspace, with what the open batch has changed. */
static uint64_t entries_of(const struct lb_change *change)
{
    const struct lb_workspace *workspace = change->standing.workspace;
    return atomic_load_explicit(&workspace->entries, memory_order_relaxed) +
           (uint64_t)workspace->batch_entries;
}

static bool has_room(const struct lb_change *change, uint64_t extra)
{
    return lb_blocklist_check_room(change->blocklist, entries_of(change), extra, NULL) == LB_OK;
}

static lb_err check_room(struct lb_change *change, uint64_t extra)
{
    return lb_blocklist_check_room(change->blocklist, entries_of(change), extra,
                                   &change->write.reason);
}

static int compare(const void *a, const void *b)
{
    const struct lb_fingerprint *x = a;
    const struct lb_fingerprint *y = b;
    if (x->high != y->high)
        return x->high < y->high ? -1 : 1;
    return x->low < y->low ? -1 : x->low > y->low;
}

/* How many entries a block would add. */
static lb_err count_new(struct lb_change *change, uint64_t *out)
{
    struct lb_fingerprint *added = malloc(change->count * sizeof *added);
    size_t count = 0;
    lb_err err = added ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
    for (size_t i = 0; !err && i < change->count; i++) {
        uint64_t id;
        err = lb_blocklist_current(change->blocklist, change->standing.list,
                                   change->fingerprints[i], change->items[i].identifier, &id);
        if (!err && !id)
            added[count++] = change->fingerprints[i];
    }
    *out = 0;
    if (count)
        qsort(added, count, sizeof *added, compare);
    for (size_t i = 0; i < count; i++)
        *out += i == 0 || compare(&added[i - 1], &added[i]) != 0;
    free(added);
    return err;
}

/* Lets the store fetch at once what confirms the candidates of the index (lb_blocklist_current),
 * and the leads of these names. */
static void prefetch_items(struct lb_write *write, struct lb_store *store)
{
    const struct lb_change *change = change_of(write);
    const struct lb_blocklist *blocklist = change->blocklist;
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    uint64_t *ids = malloc(change->count * sizeof *ids);
    struct lb_str *names = malloc(change->count * sizeof *names);
    size_t count = 0;
    for (size_t i = 0; ids && names && i < change->count; i++) {
        names[i] = change->items[i].identifier;
        ids[count] = lb_index_find(blocklist->index, change->fingerprints[i]);
        count += ids[count] != 0;
    }
    if (ids && names && count)
        store->ops->prefetch_entries(reader, change->standing.list.workspace, ids, count);
    if (ids && names && change->standing.workspace->has_leads)
        store->ops->prefetch_names(reader, change->standing.list.workspace, names, change->count);
    free(ids);
    free(names);
}

/* The workspace's limit is looked at before anything is written: a refusal afterwards would cost
 * the whole batch another attempt. */
static lb_err check_block(struct lb_change *change)
{
    lb_err err =
        lb_standing_check(&change->standing, change->blocklist->store, &change->write.reason);
    uint64_t added;
    if (err || has_room(change, change->count))
        return err;
    err = count_new(change, &added);
    return err ? err : check_room(change, added);
}

/* May entry `id` have been recorded since? Of rows of the open batch no time is known yet. */
static bool is_since(const struct lb_packer *packer, uint64_t id, int64_t since)
{
    const struct lb_workspace *workspace = packer->change->standing.workspace;
    uint64_t next =
        packer->ids_are_numbers ? workspace->log.last + 1 : packer->change->blocklist->next_id;
    struct lb_row_time time = {0};
    lb_row_times_find(workspace->row_times, id, &time);
    return id >= next || time.at >= since;
}

/* Would asking for the person again only repeat what entry `id` asked for? A list that was imported
 * says nothing of the person: who is blocked by name, and was in it, has been asked for again. */
static lb_err repeats(const struct lb_packer *packer, const struct lb_change_item *item,
                      uint64_t id, bool *out)
{
    const struct lb_change *change = packer->change;
    struct lb_store *store = change->blocklist->store;
    struct lb_entry_cursor cursor = {.store = store,
                                     .reader = store->ops->writer_reader(store),
                                     .workspace = change->standing.workspace->row.no};
    struct lb_entry entry;
    bool imports = change->import.ptr != NULL;
    int64_t since = imports ? change->import_since : packer->row.at - LB_REPEATED_WITHIN_MS + 1;
    *out = lb_packer_made(packer, id);
    if (*out || !is_since(packer, id, since))
        return LB_OK;
    lb_err err = lb_entry_read(&cursor, id, &entry);
    if (!err && imports)
        *out = cursor.row.import.ptr && lb_str_equal(cursor.row.import, change->import);
    else if (!err)
        *out = !cursor.row.import.ptr && entry.actor == packer->row.actor &&
               lb_same_reason(entry.reason, item->reason);
    return err;
}

/* Blocks a person once more whom entry `id` blocks, and perhaps others that wait. */
static lb_err ask_again(struct lb_packer *packer, const struct lb_change_item *item,
                        struct lb_fingerprint fingerprint, uint64_t id)
{
    struct lb_twins *twins = &packer->change->blocklist->twins;
    uint64_t cursor = 0;
    bool repeated = false;
    lb_err err = LB_OK;
    for (; !err && !repeated && id; id = lb_twins_next(twins, fingerprint, &cursor))
        err = repeats(packer, item, id, &repeated);
    if (err || repeated)
        return err;
    packer->change->write.touched = true;
    packer->change->asked_again++;
    err = lb_packer_add(packer, item, &id);
    return err || lb_twins_add(twins, fingerprint, id) ? err : LB_ERR_STORAGE_UNAVAILABLE;
}

/* Notes that entry `id` blocks the person of an item already, for the second round. */
static lb_err note_blocked(const struct lb_packer *packer, size_t item, uint64_t id,
                           uint64_t **blocked_by)
{
    if (lb_packer_made(packer, id)) /* the request names the person twice */
        return LB_OK;
    if (!*blocked_by)
        *blocked_by = calloc(packer->change->count, sizeof **blocked_by);
    if (!*blocked_by)
        return LB_ERR_STORAGE_UNAVAILABLE;
    (*blocked_by)[item] = id;
    return LB_OK;
}

/* Blocks those who are not blocked. `*blocked_by` gets the entries that block the others, for each
 * item, or stays NULL. */
static lb_err block_new(struct lb_packer *packer, uint64_t **blocked_by)
{
    struct lb_change *change = packer->change;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < change->count; i++) {
        const struct lb_change_item *item = &change->items[i];
        uint64_t id;
        err = lb_blocklist_current(change->blocklist, packer->row.list, change->fingerprints[i],
                                   item->identifier, &id);
        if (!err && id)
            err = note_blocked(packer, i, id, blocked_by);
        if (err || id)
            continue;
        change->write.touched = true;
        err = lb_packer_add(packer, item, &id);
        if (!err)
            err = record(packer, true, change->fingerprints[i], id, item->identifier);
    }
    return err;
}

/* Notes of those who are blocked already that they were asked for again. */
static lb_err block_again(struct lb_packer *packer, const uint64_t *blocked_by)
{
    const struct lb_change *change = packer->change;
    lb_err err = lb_packer_turn_to(packer, LB_LOG_BLOCK_AGAIN);
    for (size_t i = 0; !err && i < change->count; i++)
        if (blocked_by[i])
            err = ask_again(packer, &change->items[i], change->fingerprints[i], blocked_by[i]);
    return err;
}

static lb_err apply_block(struct lb_write *write, struct lb_store *store)
{
    struct lb_change *change = change_of(write);
    lb_err err = check_block(change);
    struct lb_packer packer = lb_packer_begin(change, store, change->standing.list, LB_LOG_BLOCK);
    uint64_t *blocked_by = NULL;
    if (!err)
        err = block_new(&packer, &blocked_by);
    if (!err && blocked_by)
        err = block_again(&packer, blocked_by);
    free(blocked_by);
    return err ? err : lb_packer_flush(&packer);
}

/* Adds the entry that the row takes back or restores. */
static lb_err pack_id(struct lb_packer *packer, uint64_t id)
{
    char digits[LB_U64_DIGITS];
    uint64_t event_id;
    struct lb_change *change = packer->change;
    uint64_t number = lb_row_times_number_of(change->standing.workspace->row_times, id);
    struct lb_change_item item = {.identifier = lb_str_of_u64(number, digits)};
    change->write.touched = true;
    lb_err err = packer->count == LB_ROW_ITEMS_MAX ? lb_packer_flush(packer) : LB_OK;
    if (packer->count == 0 && packer->row.continues)
        lb_chain_seed(packer->seed);
    memcpy(item.seed, packer->seed, sizeof item.seed);
    return err ? err : lb_packer_add(packer, &item, &event_id);
}

/* Takes entry `id` back, which is what blocks the identifier now. */
static lb_err take_back(struct lb_packer *packer, uint64_t id, struct lb_fingerprint fingerprint,
                        struct lb_str identifier)
{
    lb_err err = pack_id(packer, id);
    return err ? err : record(packer, false, fingerprint, id, identifier);
}

/* Takes back an entry that waits. */
static lb_err take_back_twin(struct lb_packer *packer, uint64_t id,
                             struct lb_fingerprint fingerprint)
{
    lb_err err = pack_id(packer, id);
    if (!err && !lb_twins_remove(&packer->change->blocklist->twins, fingerprint, id))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    return err;
}

/* Takes back all that blocks the identifier: `id`, and what waits after it (twins.h). */
static lb_err take_back_all(struct lb_packer *packer, uint64_t id,
                            struct lb_fingerprint fingerprint, struct lb_str identifier)
{
    const struct lb_twins *twins = &packer->change->blocklist->twins;
    uint64_t twin;
    packer->change->asked_more += lb_twins_oldest(twins, fingerprint) != 0;
    lb_err err = take_back(packer, id, fingerprint, identifier);
    while (!err && (twin = lb_twins_oldest(twins, fingerprint)) != 0)
        err = take_back_twin(packer, twin, fingerprint);
    return err;
}

static lb_err apply_unblock(struct lb_write *write, struct lb_store *store)
{
    struct lb_change *change = change_of(write);
    lb_err err = lb_standing_check(&change->standing, store, &write->reason);
    struct lb_packer packer = lb_packer_begin(change, store, change->standing.list, LB_LOG_UNBLOCK);
    for (size_t i = 0; !err && i < change->count; i++) {
        struct lb_str identifier = change->items[i].identifier;
        uint64_t id;
        err = lb_blocklist_current(change->blocklist, packer.row.list, change->fingerprints[i],
                                   identifier, &id);
        if (!err && id)
            err = take_back_all(&packer, id, change->fingerprints[i], identifier);
    }
    return err ? err : lb_packer_flush(&packer);
}

/* An entry of the log by its id, with its identifier copied out of the reader's hands. */
struct found {
    struct lb_fingerprint fingerprint;
    struct lb_str identifier;
    uint64_t current; /* what blocks the identifier now */
    char text[512];
};

/* Looks an entry up. LB_ERR_NOT_FOUND when it is no block of this list. */
static lb_err find_entry(struct lb_change *change, struct lb_list list, uint64_t number,
                         uint64_t id, struct found *out)
{
    struct lb_blocklist *blocklist = change->blocklist;
    struct lb_store *store = blocklist->store;
    struct lb_entry entry;
    lb_err err =
        lb_blocklist_entry(store, store->ops->writer_reader(store), list.workspace, id, &entry);
    if (err)
        return err;
    if (entry.number != number || entry.list.workspace != list.workspace ||
        entry.list.campaign != list.campaign || entry.identifier.len > sizeof out->text)
        return LB_ERR_NOT_FOUND;
    memcpy(out->text, entry.identifier.ptr, entry.identifier.len);
    out->identifier = (struct lb_str){out->text, entry.identifier.len};
    out->fingerprint = lb_blocklist_hash(blocklist, list, out->identifier);
    return lb_blocklist_current(blocklist, list, out->fingerprint, out->identifier, &out->current);
}

/* Is the entry one of those that block its person now? */
static bool names_person(const struct lb_change *change, const struct found *found, uint64_t id)
{
    return found->current == id ||
           lb_twins_waits(&change->blocklist->twins, found->fingerprint, id);
}

/* Entry `id` keeps a person blocked whose block was to be undone. */
static void count_stayed(struct lb_change *change, uint64_t id)
{
    if (change->stayed < LB_STAYED_SHOWN)
        change->blocklist->stayed_ids[change->stayed] = id;
    change->stayed++;
}

/* Takes back entry `id` alone, one of those that block its person: when it is the one that all see,
 * the next takes its place. */
static lb_err take_back_one(struct lb_packer *packer, uint64_t id, const struct found *found)
{
    struct lb_twins *twins = &packer->change->blocklist->twins;
    uint64_t next = lb_twins_oldest(twins, found->fingerprint);
    if (found->current == id && !next)
        return take_back(packer, id, found->fingerprint, found->identifier);
    count_stayed(packer->change, found->current == id ? next : found->current);
    if (found->current != id)
        return take_back_twin(packer, id, found->fingerprint);
    lb_err err = pack_id(packer, id);
    if (!err && !lb_twins_remove(twins, found->fingerprint, next))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    return err ? err : replace(packer, found->fingerprint, id, next, found->identifier);
}

/* Takes an entry back, if it is one of the list and blocks. An unblock frees the person; an undo
 * takes back its own entry alone. */
static lb_err take_back_id(struct lb_packer *packer, uint64_t number, uint64_t id)
{
    struct found found;
    lb_err err = find_entry(packer->change, packer->row.list, number, id, &found);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    if (!names_person(packer->change, &found, id))
        return LB_OK;
    return packer->row.undoes
               ? take_back_one(packer, id, &found)
               : take_back_all(packer, found.current, found.fingerprint, found.identifier);
}

/* Brings entry `id` back for a person whom another one blocks, perhaps one that came since: the
 * oldest is the one that all see, and the others wait. */
static lb_err restore_beside(struct lb_packer *packer, uint64_t id, const struct found *found)
{
    struct lb_twins *twins = &packer->change->blocklist->twins;
    bool oldest = id < found->current;
    if (names_person(packer->change, found, id))
        return LB_OK;
    lb_err err = pack_id(packer, id);
    if (!err && !lb_twins_add(twins, found->fingerprint, oldest ? found->current : id))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    return err || !oldest
               ? err
               : replace(packer, found->fingerprint, found->current, id, found->identifier);
}

/* A person who comes back with several entries is counted once. */
static lb_err count_restored(struct lb_packer *packer, uint64_t id, const struct found *found)
{
    struct lb_twins *twins = &packer->change->blocklist->twins;
    if (found->current || lb_twins_oldest(twins, found->fingerprint))
        return LB_OK;
    packer->counted++;
    return lb_twins_add(twins, found->fingerprint, id) ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
}

/* Makes an entry block again, beside any that its person has been asked for with meanwhile. */
static lb_err restore_id(struct lb_packer *packer, uint64_t number, uint64_t id)
{
    struct found found;
    lb_err err = find_entry(packer->change, packer->row.list, number, id, &found);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    if (packer->counting)
        return count_restored(packer, id, &found);
    if (found.current)
        return restore_beside(packer, id, &found);
    err = pack_id(packer, id);
    return err ? err : record(packer, true, found.fingerprint, id, found.identifier);
}

/* The entry id of a record that is named from outside, if its epoch is the right one; whether there
 * is such a record, its row tells. 0: there is none. Rows of the open batch count: a change of the
 * same batch may have taken the number. */
static uint64_t id_of(const struct lb_change *change, struct lb_public_id name)
{
    const struct lb_workspace *workspace = change->standing.workspace;
    return name.number && lb_epochs_of_added(&workspace->epochs, name.number) == name.epoch
               ? lb_row_times_id_of(workspace->row_times, name.number)
               : 0;
}

static void prefetch_ids(const struct lb_change *change, struct lb_store *store)
{
    uint64_t *ids = malloc(change->count * sizeof *ids);
    for (size_t i = 0; ids && i < change->count; i++)
        ids[i] = id_of(change, change->ids[i]);
    if (ids)
        store->ops->prefetch_entries(store->ops->writer_reader(store),
                                     change->standing.list.workspace, ids, change->count);
    free(ids);
}

static lb_err apply_unblock_ids(struct lb_write *write, struct lb_store *store)
{
    struct lb_change *change = change_of(write);
    lb_err err = lb_standing_check(&change->standing, store, &write->reason);
    struct lb_packer packer = lb_packer_begin(change, store, change->standing.list, LB_LOG_UNBLOCK);
    if (!err)
        prefetch_ids(change, store);
    for (size_t i = 0; !err && i < change->count; i++)
        err = take_back_id(&packer, change->ids[i].number, id_of(change, change->ids[i]));
    return err ? err : lb_packer_flush(&packer);
}

/* The number of the entry that an item of a row is about; false when there is none. `number` is the
 * item's own. */
static bool target_of(enum lb_log_kind kind, uint64_t number, struct lb_str item, uint64_t *out)
{
    *out = number;
    return lb_log_kind_blocks(kind) || lb_str_to_u64(item, LB_ENTRY_ID_MAX, out);
}

/* The same for the people of these entries: what blocks each of them now, and their leads. */
static void prefetch_people(const struct lb_packer *packer, const uint64_t *ids, size_t count)
{
    struct lb_store *store = packer->store;
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    struct lb_list list = packer->row.list;
    uint64_t current[LB_ROW_ITEMS_MAX];
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        struct lb_entry entry;
        if (lb_blocklist_entry(store, reader, list.workspace, ids[i], &entry))
            continue;
        current[found] = lb_blocklist_find(packer->change->blocklist, list, entry.identifier);
        found += current[found] && current[found] != ids[i];
        if (packer->change->standing.workspace->has_leads)
            store->ops->prefetch_names(reader, list.workspace, &entry.identifier, 1);
    }
    store->ops->prefetch_entries(reader, list.workspace, current, found);
}

/* Lets the store fetch at once what undo_row will ask for. */
static void prefetch_row(const struct lb_packer *packer, enum lb_log_kind kind, uint64_t first,
                         struct lb_str items)
{
    struct lb_store *store = packer->store;
    uint64_t ids[LB_ROW_ITEMS_MAX];
    size_t count = 0;
    struct lb_str item;
    const struct lb_row_times *row_times = packer->change->standing.workspace->row_times;
    for (uint64_t n = first; count < LB_ROW_ITEMS_MAX && lb_log_items_next(&items, &item); n++)
        if (target_of(kind, n, item, &ids[count])) {
            ids[count] = lb_row_times_id_of(row_times, ids[count]);
            count++;
        }
    store->ops->prefetch_entries(store->ops->writer_reader(store), packer->row.list.workspace, ids,
                                 count);
    if (lb_store_is_remote(store))
        prefetch_people(packer, ids, count);
}

/* Undoes one row of the change; its items were copied, since they are looked up one by one. */
static lb_err undo_row(struct lb_packer *packer, enum lb_log_kind kind, uint64_t first,
                       struct lb_str items)
{
    lb_err err = LB_OK;
    struct lb_str item;
    prefetch_row(packer, kind, first, items);
    const struct lb_row_times *row_times = packer->change->standing.workspace->row_times;
    for (uint64_t number = first; !err && lb_log_items_next(&items, &item); number++) {
        uint64_t target;
        if (!target_of(kind, number, item, &target))
            return LB_ERR_STORAGE_UNAVAILABLE;
        uint64_t id = lb_row_times_id_of(row_times, target);
        err = kind == LB_LOG_UNBLOCK ? restore_id(packer, target, id)
                                     : take_back_id(packer, target, id);
    }
    return err;
}

/* Reads the row with exactly this id and number, and copies its items. */
static lb_err copy_row(struct lb_change *change, uint64_t id, uint64_t number,
                       struct lb_log_row *out)
{
    struct lb_store *store = change->blocklist->store;
    struct lb_buf *copy = &change->blocklist->copied_row;
    lb_err err = store->ops->log_row_of(store->ops->writer_reader(store),
                                        change->standing.list.workspace, id, out);
    if (err || out->id != id || out->number != number)
        return err ? err : LB_ERR_NOT_FOUND;
    copy->len = 0;
    copy->failed = false; /* of an earlier undo that was short of memory */
    lb_buf_append_str(copy, out->items);
    out->items = lb_buf_str(copy);
    return copy->failed ? LB_ERR_STORAGE_UNAVAILABLE : LB_OK;
}

/* Undoes the rows of a change, one after the other. */
static lb_err undo_rows(struct lb_packer *packer)
{
    struct lb_change *change = packer->change;
    struct lb_log_row row;
    lb_err err = copy_row(change, id_of(change, change->undone), change->undone.number, &row);
    do {
        uint64_t count = err ? 0 : lb_log_items_count(row.items);
        if (!err)
            err = undo_row(packer, row.kind, row.number, row.items);
        if (!err)
            err = copy_row(change, row.id + count, row.number + count, &row);
    } while (!err && row.continues);
    return err == LB_ERR_NOT_FOUND ? LB_OK : err; /* the change was the last of the log */
}

/* Like check_block, for taking an unblock back. A change has no more items than there are numbers
 * since it began. */
static lb_err check_restore(struct lb_change *change, const struct lb_packer *packer)
{
    if (has_room(change,
                 lb_blocklist_batch_log(change->blocklist, change->standing.workspace)->last + 1 -
                     change->undone.number))
        return LB_OK;
    struct lb_packer counting = *packer;
    counting.counting = true;
    size_t moves = change->blocklist->twins.move_count;
    lb_err err = undo_rows(&counting);
    lb_twins_roll_back(&change->blocklist->twins, moves);
    return err ? err : check_room(change, counting.counted);
}

static lb_err unknown_change(struct lb_change *change)
{
    return lb_fail(&change->write.reason, LB_ERR_NOT_FOUND, "%s", LB_UNKNOWN_CHANGE);
}

static lb_err tell_stayed(struct lb_change *change)
{
    const uint64_t *ids = change->blocklist->stayed_ids;
    struct lb_store *store = change->blocklist->store;
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    size_t count = change->stayed < LB_STAYED_SHOWN ? change->stayed : LB_STAYED_SHOWN;
    if (!change->on_stayed || count == 0)
        return LB_OK;
    store->ops->prefetch_entries(reader, change->standing.workspace->row.no, ids, count);
    return change->on_stayed(change, reader, ids, count);
}

static lb_err apply_undo(struct lb_write *write, struct lb_store *store)
{
    struct lb_change *change = change_of(write);
    lb_packer_clear_results(change);
    lb_err err = lb_standing_check(&change->standing, store, &write->reason);
    struct lb_log_row row;
    if (!err)
        err = copy_row(change, id_of(change, change->undone), change->undone.number, &row);
    if (err == LB_ERR_NOT_FOUND ||
        (!err && (row.continues || row.list.workspace != change->standing.workspace->row.no ||
                  (row.list.campaign &&
                   !lb_directory_campaign_no(change->standing.directory, row.list.campaign)))))
        return unknown_change(change);
    if (err)
        return err;
    uint64_t undone;
    err = store->ops->log_undone(store->ops->writer_reader(store), row.list.workspace,
                                 change->undone.number, &undone);
    if (err || undone)
        return err; /* once is enough: what was done since is another change's */
    enum lb_log_kind kind = row.kind;
    struct lb_list list = row.list;
    struct lb_packer packer = lb_packer_begin(
        change, store, list, kind == LB_LOG_UNBLOCK ? LB_LOG_RESTORE : LB_LOG_UNBLOCK);
    packer.row.undoes = change->undone.number;
    if (kind == LB_LOG_UNBLOCK)
        err = check_restore(change, &packer);
    if (!err)
        err = undo_rows(&packer);
    if (!err)
        err = tell_stayed(change);
    return err ? err : lb_packer_flush(&packer);
}

static void prepare(struct lb_change *change)
{
    struct lb_str source = change->standing.actor.source;
    change->write.workspace = change->standing.list.workspace;
    lb_chain_seed(change->seed);
    if (source.ptr)
        lb_chain_commit(change->seed, LB_COMMITMENT_SOURCE, source, &change->source);
}

static void hash_items(struct lb_change *change)
{
    for (size_t i = 0; i < change->count; i++)
        change->fingerprints[i] = lb_blocklist_hash(change->blocklist, change->standing.list,
                                                    change->items[i].identifier);
}

/* Items that fit into one row have one seed, which is no other's: a row has that of its first item.
 * Where some of them are left out, because they are blocked already, the writer commits others that
 * come to their row anew. */
static void commit_items(struct lb_change *change)
{
    unsigned with_seed = 0;
    for (size_t i = 0; i < change->count; i++) {
        struct lb_change_item *item = &change->items[i];
        bool same =
            i && with_seed < LB_ROW_ITEMS_MAX && lb_same_reason(item->reason, item[-1].reason);
        with_seed = same ? with_seed + 1 : 1;
        if (same)
            memcpy(item->seed, item[-1].seed, sizeof item->seed);
        else if (i)
            lb_chain_seed(item->seed);
        else
            memcpy(item->seed, change->seed, sizeof item->seed);
        lb_chain_commit(item->seed, LB_COMMITMENT_ITEM, item->identifier, &item->commitment);
    }
}

void lb_change_block(struct lb_change *change)
{
    prepare(change);
    hash_items(change);
    commit_items(change);
    change->write.look_ahead = prefetch_items;
    change->write.apply = apply_block;
}

void lb_change_unblock(struct lb_change *change)
{
    prepare(change);
    hash_items(change);
    change->write.look_ahead = prefetch_items;
    change->write.apply = apply_unblock;
}

void lb_change_unblock_ids(struct lb_change *change)
{
    prepare(change);
    change->write.apply = apply_unblock_ids;
}

void lb_change_undo(struct lb_change *change)
{
    prepare(change);
    change->write.apply = apply_undo;
}
