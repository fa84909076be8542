#include "domain/blocklist/change_parts.h"

#include "domain/blocklist/entry.h"

#include <stdlib.h>

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
                                   change->fingerprints[i], change->items[i].key, &id);
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

/* Begins to load what the index has of the first items; lets a remote store fetch at once what
 * confirms its candidates (lb_blocklist_current), and the leads of these names. */
static void prefetch_items(struct lb_write *write, struct lb_store *store)
{
    const struct lb_change *change = lb_change_of(write);
    const struct lb_blocklist *blocklist = change->blocklist;
    lb_index_load(blocklist->index, change->fingerprints, change->count, 0);
    if (!lb_store_is_remote(store))
        return;
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    uint64_t *ids = malloc(change->count * sizeof *ids);
    struct lb_str *names = malloc(change->count * sizeof *names);
    size_t count = 0, name_count = 0;
    for (size_t i = 0; ids && names && i < change->count; i++) {
        if (lb_key_is_linkedin(change->items[i].key))
            names[name_count++] = change->items[i].key;
        ids[count] = lb_index_find(blocklist->index, change->fingerprints[i]);
        count += ids[count] != 0;
    }
    if (ids && names && count)
        store->ops->prefetch_entries(reader, change->standing.list.workspace, ids, count);
    if (ids && names && name_count && change->standing.workspace->has_leads)
        store->ops->prefetch_names(reader, change->standing.list.workspace, names, name_count);
    free(ids);
    free(names);
}

/* The workspace's limit is looked at before anything is written: a refusal afterwards would cost
 * the whole batch another attempt. */
lb_err lb_change_check_block(struct lb_change *change)
{
    lb_err err =
        lb_standing_check(&change->standing, change->blocklist->store, &change->write.reason);
    uint64_t added;
    if (err || lb_change_has_room(change, change->count))
        return err;
    err = count_new(change, &added);
    return err ? err : lb_change_check_room(change, added);
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

/* Have both the same kind and end? A request without an end is more than one with. */
static bool says_the_same(const struct lb_entry *entry, const struct lb_change_item *item)
{
    struct lb_item asked;
    return lb_item_read(lb_change_item_stored(item), &asked) &&
           entry->block_kind == (uint32_t)asked.kind && entry->ends_at == asked.end;
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
    *out = lb_packer_made(packer, id) && !change->has_ends;
    if (*out || !is_since(packer, id, since))
        return LB_OK;
    lb_err err = lb_entry_read(&cursor, id, &entry);
    if (!err && imports)
        *out = cursor.row.import.ptr && lb_str_equal(cursor.row.import, change->import) &&
               says_the_same(&entry, item);
    else if (!err)
        *out = !cursor.row.import.ptr && entry.actor == packer->row.actor &&
               lb_same_reason(entry.reason, item->reason) && says_the_same(&entry, item);
    return err;
}

/* The entry of an item ends some day, if the item says so. */
static lb_err note_end(struct lb_packer *packer, const struct lb_change_item *item,
                       struct lb_fingerprint fingerprint, uint64_t id)
{
    struct lb_item named;
    if (!packer->change->has_ends || !lb_item_read(lb_change_item_stored(item), &named))
        return LB_OK;
    return lb_change_note_end(packer, named.end, fingerprint, id);
}

/* Blocks a person once more whom entry `id` blocks, and perhaps others that wait. */
static lb_err ask_again(struct lb_packer *packer, const struct lb_change_item *item,
                        struct lb_fingerprint fingerprint, uint64_t id)
{
    struct lb_twins *twins = &packer->change->blocklist->twins;
    uint64_t cursor = 0;
    bool repeated = false;
    lb_err err = LB_OK;
    for (; !err && !repeated && id; id = lb_twins_next(twins, fingerprint, &cursor)) {
        if (packer->count && id >= packer->row.id) /* it can be read when its row is written */
            err = lb_packer_flush(packer);
        if (!err)
            err = repeats(packer, item, id, &repeated);
    }
    if (err || repeated)
        return err;
    packer->change->write.touched = true;
    packer->change->asked_again++;
    err = lb_packer_add(packer, item, &id);
    if (!err)
        err = note_end(packer, item, fingerprint, id);
    return err || lb_twins_add(twins, fingerprint, id) ? err : LB_ERR_STORAGE_UNAVAILABLE;
}

/* Notes that entry `id` blocks the person of an item already, for the second round. */
static lb_err note_blocked(const struct lb_packer *packer, size_t item, uint64_t id,
                           uint64_t **blocked_by)
{
    if (lb_packer_made(packer, id) && !packer->change->has_ends) /* the request names it twice */
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
        lb_index_load(change->blocklist->index, change->fingerprints, change->count, i);
        err = lb_blocklist_current(change->blocklist, packer->row.list, change->fingerprints[i],
                                   item->key, &id);
        if (!err && id)
            err = note_blocked(packer, i, id, blocked_by);
        if (err || id)
            continue;
        change->write.touched = true;
        packer->name = item->name;
        err = lb_packer_add(packer, item, &id);
        if (!err)
            err = note_end(packer, item, change->fingerprints[i], id);
        if (!err)
            err = lb_change_record(packer, true, change->fingerprints[i], id, item->key);
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
    struct lb_change *change = lb_change_of(write);
    lb_change_find_keys(change);
    lb_err err = lb_change_check_block(change);
    if (!err)
        err = lb_change_check_daily(change);
    struct lb_packer packer;
    lb_packer_begin(&packer, change, store, change->standing.list, LB_LOG_BLOCK);
    uint64_t *blocked_by = NULL;
    if (!err)
        err = block_new(&packer, &blocked_by);
    if (!err && blocked_by)
        err = block_again(&packer, blocked_by);
    free(blocked_by);
    return err ? err : lb_change_flush(&packer);
}

static lb_err apply_unblock(struct lb_write *write, struct lb_store *store)
{
    struct lb_change *change = lb_change_of(write);
    lb_err err = lb_standing_check(&change->standing, store, &write->reason);
    if (!err)
        err = lb_change_check_daily(change);
    struct lb_packer packer;
    lb_change_find_keys(change);
    lb_packer_begin(&packer, change, store, change->standing.list, LB_LOG_UNBLOCK);
    for (size_t i = 0; !err && i < change->count; i++) {
        struct lb_str key = change->items[i].key;
        uint64_t id;
        lb_index_load(change->blocklist->index, change->fingerprints, change->count, i);
        packer.name = change->items[i].name;
        err = lb_blocklist_current(change->blocklist, packer.row.list, change->fingerprints[i], key,
                                   &id);
        if (!err && id)
            err = lb_change_take_back_all(&packer, id, change->fingerprints[i], key);
        else if (!err)
            lb_change_note_freed(change, key);
    }
    return err ? err : lb_packer_flush(&packer);
}

static void prefetch_ids(const struct lb_change *change, struct lb_store *store)
{
    uint64_t *ids = malloc(change->count * sizeof *ids);
    for (size_t i = 0; ids && i < change->count; i++)
        ids[i] = lb_change_id_of(change, change->ids[i]);
    if (ids)
        store->ops->prefetch_entries(store->ops->writer_reader(store),
                                     change->standing.list.workspace, ids, change->count);
    free(ids);
}

/* Frees the person of an entry, if it is one of the list and blocks. */
static lb_err unblock_id(struct lb_packer *packer, struct lb_public_id name)
{
    struct lb_found_entry found;
    uint64_t id = lb_change_id_of(packer->change, name);
    lb_err err = lb_change_find_entry(packer->change, packer->row.list, name.number, id, &found);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    if (lb_erased_is_key(found.key)) /* only who knows the name may free an erased person */
        return LB_OK;
    return lb_change_names_person(packer->change, &found, id)
               ? lb_change_take_back_all(packer, found.current, found.fingerprint, found.key)
               : LB_OK;
}

static lb_err apply_unblock_ids(struct lb_write *write, struct lb_store *store)
{
    struct lb_change *change = lb_change_of(write);
    lb_err err = lb_standing_check(&change->standing, store, &write->reason);
    if (!err)
        err = lb_change_check_daily(change);
    struct lb_packer packer;
    lb_packer_begin(&packer, change, store, change->standing.list, LB_LOG_UNBLOCK);
    if (!err)
        prefetch_ids(change, store);
    for (size_t i = 0; !err && i < change->count; i++)
        err = unblock_id(&packer, change->ids[i]);
    return err ? err : lb_packer_flush(&packer);
}

static void hash_items(struct lb_change *change)
{
    for (size_t i = 0; i < change->count; i++)
        change->fingerprints[i] =
            lb_blocklist_hash(change->blocklist, change->standing.list, change->items[i].key);
}

/* Items that fit into one row have one seed, which is no other's: a row has that of its first item.
 * Where some of them are left out, because they are blocked already, the writer commits others that
 * come to their row anew. */
static void commit_items(struct lb_change *change, struct lb_chain_commits *commits)
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
        lb_chain_commits_add(commits, item->seed, LB_COMMITMENT_ITEM, lb_change_item_stored(item),
                             &item->commitment);
    }
}

void lb_change_block(struct lb_change *change)
{
    struct lb_chain_commits commits = {.count = 0};
    lb_change_prepare_with(change, &commits);
    hash_items(change);
    commit_items(change, &commits);
    lb_chain_commits_end(&commits);
    change->write.look_ahead = prefetch_items;
    change->write.apply = apply_block;
}

void lb_change_unblock(struct lb_change *change)
{
    lb_change_prepare(change);
    hash_items(change);
    change->write.look_ahead = prefetch_items;
    change->write.apply = apply_unblock;
}

void lb_change_unblock_ids(struct lb_change *change)
{
    lb_change_prepare(change);
    change->write.apply = apply_unblock_ids;
}
