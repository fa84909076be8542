/* Taking a change back. */
#include "domain/blocklist/change_parts.h"

#include "base/array.h"
#include "base/clock.h"
#include "domain/blocklist/entry.h"
#include "domain/blocklist/erased.h"
#include "domain/blocklist/links.h"
#include "store/log_items.h"

#include <stdlib.h>

/* What became of a person when an entry was taken back: entry `stays` blocks them still; 0: none. A
 * person may have several entries in a change, and the last one that is taken back tells. */
static lb_err note_outcome(struct lb_blocklist *blocklist, struct lb_fingerprint fingerprint,
                           uint64_t stays)
{
    if (!stays && !blocklist->outcome_count)
        return LB_OK; /* all others so far are free */
    if (!lb_array_reserve(blocklist->outcomes, blocklist->outcome_capacity,
                          blocklist->outcome_count + 1))
        return LB_ERR_STORAGE_UNAVAILABLE;
    blocklist->outcomes[blocklist->outcome_count] =
        (struct lb_undo_outcome){fingerprint, blocklist->outcome_count, stays};
    blocklist->outcome_count++;
    return LB_OK;
}

static int compare_people(const void *a, const void *b)
{
    const struct lb_undo_outcome *x = a;
    const struct lb_undo_outcome *y = b;
    if (x->fingerprint.high != y->fingerprint.high)
        return x->fingerprint.high < y->fingerprint.high ? -1 : 1;
    if (x->fingerprint.low != y->fingerprint.low)
        return x->fingerprint.low < y->fingerprint.low ? -1 : 1;
    return (x->place > y->place) - (x->place < y->place);
}

static int compare_places(const void *a, const void *b)
{
    const struct lb_undo_outcome *x = a;
    const struct lb_undo_outcome *y = b;
    return (x->place > y->place) - (x->place < y->place);
}

/* Counts who stayed blocked, each person once. */
static void count_stayed(struct lb_change *change)
{
    struct lb_undo_outcome *outcomes = change->blocklist->outcomes;
    size_t count = change->blocklist->outcome_count, kept = 0;
    if (count)
        qsort(outcomes, count, sizeof *outcomes, compare_people);
    for (size_t i = 0; i < count; i++) {
        const struct lb_undo_outcome *next = i + 1 < count ? &outcomes[i + 1] : NULL;
        bool last = !next || next->fingerprint.high != outcomes[i].fingerprint.high ||
                    next->fingerprint.low != outcomes[i].fingerprint.low;
        if (last && outcomes[i].stays)
            outcomes[kept++] = outcomes[i];
    }
    if (kept)
        qsort(outcomes, kept, sizeof *outcomes, compare_places);
    for (size_t i = 0; i < kept && i < LB_STAYED_SHOWN; i++)
        change->blocklist->stayed_ids[i] = outcomes[i].stays;
    change->stayed = kept;
}

static lb_err take_back_one(struct lb_packer *packer, uint64_t id,
                            const struct lb_found_entry *found)
{
    uint64_t stays;
    lb_err err = lb_change_take_back_one(packer, id, found, &stays);
    return err ? err : note_outcome(packer->change->blocklist, found->fingerprint, stays);
}

/* What was taken back already is so once more: undoing what did it does not bring it back. */
static lb_err hold(struct lb_packer *packer, uint64_t id, const struct lb_found_entry *found)
{
    struct lb_twins *twins = &packer->change->blocklist->twins;
    lb_err err = lb_change_pack_id(packer, id);
    return err || lb_twins_hold(twins, found->fingerprint, id) ? err : LB_ERR_STORAGE_UNAVAILABLE;
}

/* The other way round: it is still taken back, but once less. */
static lb_err let_go(struct lb_packer *packer, uint64_t id, const struct lb_found_entry *found)
{
    struct lb_twins *twins = &packer->change->blocklist->twins;
    lb_err err = lb_change_pack_id(packer, id);
    return err || lb_twins_let_go(twins, found->fingerprint, id) ? err : LB_ERR_STORAGE_UNAVAILABLE;
}

/* Looks the entry up. One whose name is gone is counted. */
static lb_err find_entry(struct lb_packer *packer, uint64_t number, uint64_t id,
                         struct lb_found_entry *out)
{
    lb_err err = lb_change_find_entry(packer->change, packer->row.list, number, id, out);
    packer->change->gone += out->erased && !packer->counting;
    return err;
}

/* Takes an entry back, if it is one of the list: that alone, and none of the others that block its
 * person. */
static lb_err take_back_id(struct lb_packer *packer, uint64_t number, uint64_t id)
{
    struct lb_found_entry found;
    lb_err err = find_entry(packer, number, id, &found);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    return lb_change_names_person(packer->change, &found, id) ? take_back_one(packer, id, &found)
                                                              : hold(packer, id, &found);
}

/* Brings entry `id` back for a person whom another one blocks, perhaps one that came since: the
 * oldest is the one that all see, and the others wait. */
static lb_err restore_beside(struct lb_packer *packer, uint64_t id,
                             const struct lb_found_entry *found)
{
    struct lb_twins *twins = &packer->change->blocklist->twins;
    bool oldest = id < found->current;
    if (lb_change_names_person(packer->change, found, id))
        return LB_OK;
    lb_err err = lb_change_pack_id(packer, id);
    if (!err && !lb_twins_add(twins, found->fingerprint, oldest ? found->current : id))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    return err || !oldest
               ? err
               : lb_change_replace(packer, found->fingerprint, found->current, id, found->key);
}

/* A person who comes back with several entries is counted once. */
static lb_err count_restored(struct lb_packer *packer, uint64_t id,
                             const struct lb_found_entry *found)
{
    struct lb_twins *twins = &packer->change->blocklist->twins;
    if (found->current || lb_twins_oldest(twins, found->fingerprint))
        return LB_OK;
    packer->counted++;
    return lb_twins_add(twins, found->fingerprint, id) ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
}

static bool has_ended(const struct lb_found_entry *found)
{
    return found->ends_at && found->ends_at <= lb_clock_wall_ms();
}

/* Makes an entry block again, beside any that its person has been asked for with meanwhile. */
static lb_err restore_id(struct lb_packer *packer, uint64_t number, uint64_t id)
{
    struct lb_found_entry found;
    lb_err err = find_entry(packer, number, id, &found);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    if (lb_twins_is_held(&packer->change->blocklist->twins, found.fingerprint, id))
        return packer->counting ? LB_OK : let_go(packer, id, &found);
    if (has_ended(&found)) /* meanwhile, and an undo does not change that */
        return LB_OK;
    if (packer->counting)
        return count_restored(packer, id, &found);
    err = lb_change_note_end(packer, found.ends_at, found.fingerprint, id);
    if (err)
        return err;
    if (found.current)
        return restore_beside(packer, id, &found);
    err = lb_change_pack_id(packer, id);
    return err ? err : lb_change_record(packer, true, found.fingerprint, id, found.key);
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
        current[found] = lb_blocklist_find(packer->change->blocklist, list, entry.key);
        found += current[found] && current[found] != ids[i];
        if (packer->change->standing.workspace->has_leads && lb_key_is_linkedin(entry.key))
            store->ops->prefetch_names(reader, list.workspace, &entry.key, 1);
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

/* A request of an erasure, or one more for who was blocked when erased: no undo takes it back. */
static bool stays_erased(enum lb_log_kind kind, struct lb_str item)
{
    return kind == LB_LOG_BLOCK_AGAIN && lb_erased_is_key(lb_item_stored_key(item));
}

/* Undoes one row of the change; its items were copied, since they are looked up one by one. */
static lb_err undo_row(struct lb_packer *packer, enum lb_log_kind kind, uint64_t first,
                       struct lb_str items)
{
    lb_err err = LB_OK;
    struct lb_str item;
    if (kind == LB_LOG_LEFT_OUT) /* which stays so */
        return LB_OK;
    if (lb_log_kind_links(kind))
        return lb_links_undo_row(packer, kind, first, items);
    prefetch_row(packer, kind, first, items);
    const struct lb_row_times *row_times = packer->change->standing.workspace->row_times;
    for (uint64_t number = first; !err && lb_log_items_next(&items, &item); number++) {
        uint64_t target;
        if (stays_erased(kind, item)) {
            packer->change->gone++;
            continue;
        }
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
    lb_err err =
        copy_row(change, lb_change_id_of(change, change->taken), change->taken.number, &row);
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
    if (lb_change_has_room(
            change, lb_blocklist_batch_log(change->blocklist, change->standing.workspace)->last +
                        1 - change->taken.number))
        return LB_OK;
    struct lb_packer counting = *packer;
    counting.counting = true;
    size_t moves = change->blocklist->twins.move_count;
    lb_err err = undo_rows(&counting);
    lb_twins_roll_back(&change->blocklist->twins, moves);
    return err ? err : lb_change_check_room(change, counting.counted);
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

/* What takes a row of this kind back. */
static enum lb_log_kind undo_kind(enum lb_log_kind kind)
{
    return lb_log_kind_links(kind)  ? lb_links_undo_kind(kind)
           : kind == LB_LOG_UNBLOCK ? LB_LOG_RESTORE
                                    : LB_LOG_UNBLOCK;
}

static struct lb_public_id public_id(const struct lb_change *change, uint64_t number)
{
    const struct lb_epochs *epochs = &change->standing.workspace->epochs;
    return (struct lb_public_id){number, lb_epochs_of_added(epochs, number)};
}

/* Goes back to the change that the chain began with. */
static lb_err walk_back(const struct lb_change *change, struct lb_store *store,
                        struct lb_undo_walk *walk)
{
    const struct lb_workspace *workspace = change->standing.workspace;
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    struct lb_log_row row;
    lb_err err = LB_OK;
    for (unsigned steps = 0; !err && walk->before && steps < LB_UNDONE_STEPS; steps++) {
        err = store->ops->log_row_of(reader, change->standing.list.workspace,
                                     lb_row_times_id_of(workspace->row_times, walk->before), &row);
        if (err)
            break;
        walk->first = walk->before;
        walk->before = row.undoes;
        walk->odd = !walk->odd;
    }
    return err;
}

/* Finds the last of the chain that the change to be undone begins (undone.h): that is what is taken
 * back, unless it is an undo that holds, when there is nothing to do. Its row replaces `row`. */
static lb_err find_taken(struct lb_change *change, struct lb_store *store, struct lb_log_row *row)
{
    const uint64_t start = change->undone.number;
    struct lb_undo_walk *walk = &change->walked;
    *walk = change->walk;
    if (walk->start != start)
        *walk = (struct lb_undo_walk){
            .start = start, .chain = {.last = start}, .first = start, .before = row->undoes};
    lb_err err = lb_undone_follow(store, store->ops->writer_reader(store), row->list.workspace,
                                  &walk->chain);
    if (err)
        return err;
    bool ended = !walk->chain.goes_on;
    if (ended && walk->chain.undone) {
        change->undone_by = public_id(change, walk->chain.last);
        return LB_OK;
    }
    if (ended)
        err = walk_back(change, store, walk);
    change->goes_on = !err && (!ended || walk->before);
    if (err || change->goes_on)
        return err;
    change->taken = public_id(change, walk->chain.last);
    if (walk->chain.last == start)
        return LB_OK;
    return copy_row(change, lb_change_id_of(change, change->taken), walk->chain.last, row);
}

/* An undo was taken back. If the chain began with a change of an import, and that is undone no
 * more, the import holds again. */
static lb_err renew_import(const struct lb_change *change, struct lb_store *store)
{
    const struct lb_undo_walk *walk = &change->walked;
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    uint32_t workspace = change->standing.list.workspace;
    struct lb_log_row row;
    struct lb_blocklist_import_row import;
    char id[LB_ID_SIZE];
    if (!walk->odd)
        return LB_OK;
    lb_err err = store->ops->log_row_of(
        reader, workspace, lb_row_times_id_of(change->standing.workspace->row_times, walk->first),
        &row);
    if (err)
        return err;
    struct lb_str name = lb_chain_text(row.import);
    if (!name.ptr || !lb_str_copy(name, id, sizeof id))
        return LB_OK;
    err = store->ops->import(reader, workspace, lb_str(id), &import);
    if (err || !import.undone_at)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    import.undone_at = 0;
    import.touched_at = change->blocklist->batch.now_ms;
    return store->ops->import_put(store, &import);
}

/* Undoes the change `taken`, whose first row this is. */
static lb_err take_back(struct lb_change *change, struct lb_store *store,
                        const struct lb_log_row *row)
{
    const enum lb_log_kind kind = row->kind;
    struct lb_packer packer;
    lb_err err = LB_OK;
    lb_packer_begin(&packer, change, store, row->list, undo_kind(kind));
    packer.row.undoes = change->taken.number;
    change->blocklist->outcome_count = 0;
    if (kind == LB_LOG_UNBLOCK)
        err = check_restore(change, &packer);
    if (!err)
        err = undo_rows(&packer);
    count_stayed(change);
    if (!err)
        err = tell_stayed(change);
    if (!err)
        err = lb_change_flush(&packer);
    return err || !change->id.number ? err : renew_import(change, store);
}

/* Of a change that cannot be undone; NULL: it can. */
static const char *why_not(enum lb_log_kind kind)
{
    switch (kind) {
    case LB_LOG_EXPIRED:
        return "These blocks ended at the time that they were given, which cannot be undone. Block "
               "whom you still want to be blocked.";
    case LB_LOG_ERASED:
        return "A person was erased with this change, which cannot be undone. To free the person, "
               "unblock them by name.";
    case LB_LOG_CARRIED_OVER:
        return "A blocklist was carried over with this change, which cannot be undone. Unblock its "
               "people, or delete the campaign with blocks=drop.";
    default:
        return NULL;
    }
}

static lb_err apply_undo(struct lb_write *write, struct lb_store *store)
{
    struct lb_change *change = lb_change_of(write);
    lb_packer_clear_results(change);
    change->undone_by = (struct lb_public_id){0};
    change->goes_on = false;
    lb_err err = lb_standing_check(&change->standing, store, &write->reason);
    if (!err)
        err = lb_change_check_daily(change);
    struct lb_log_row row;
    if (!err)
        err =
            copy_row(change, lb_change_id_of(change, change->undone), change->undone.number, &row);
    if (err == LB_ERR_NOT_FOUND ||
        (!err && (row.continues || row.list.workspace != change->standing.workspace->row.no ||
                  (row.list.campaign &&
                   !lb_directory_has_list(change->standing.directory, row.list.campaign)))))
        return unknown_change(change);
    if (err)
        return err;
    const char *reason = why_not(row.kind);
    if (reason)
        return lb_fail(&write->reason, LB_ERR_NOT_FOUND, "%s", reason);
    err = find_taken(change, store, &row);
    bool ends = err || change->undone_by.number || change->goes_on;
    return ends ? err : take_back(change, store, &row);
}

void lb_change_undo(struct lb_change *change)
{
    lb_change_prepare(change);
    change->write.heavy = true; /* of how many people it is told only its rows tell */
    change->write.apply = apply_undo;
}
