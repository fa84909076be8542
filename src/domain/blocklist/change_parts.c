#include "domain/blocklist/change_parts.h"

#include "domain/blocklist/entry.h"

lb_err lb_change_record(struct lb_packer *packer, bool add, struct lb_fingerprint fingerprint,
                        uint64_t id, struct lb_str key)
{
    struct lb_event event = {.fingerprint = fingerprint,
                             .id = id,
                             .list = packer->row.list,
                             .order = lb_order_of_key(packer->row.list, key),
                             .workspace = packer->change->standing.workspace,
                             .add = add};
    if (!lb_overlay_record(&packer->change->blocklist->batch, &event, key))
        return LB_ERR_STORAGE_UNAVAILABLE;
    packer->people++;
    packer->changed |= UINT64_C(1) << (packer->count - 1);
    if (add)
        packer->change->blocked++;
    else
        packer->change->unblocked++;
    const struct lb_blocklist_follower *follower = &packer->change->blocklist->follower;
    struct lb_str name = packer->name.ptr ? packer->name : key; /* leads do not have tags */
    return follower->context ? follower->changed(follower->context, packer->row.list, name) : LB_OK;
}

struct lb_str lb_change_item_text(const struct lb_change_item *item, char room[LB_ITEM_SIZE])
{
    struct lb_str stored = lb_change_item_stored(item);
    if (!item->name.ptr || !item->stored.ptr)
        return stored;
    struct lb_str key = lb_item_stored_key(stored);
    size_t rest = stored.len - key.len;
    if (item->key.len + rest > LB_ITEM_SIZE)
        return item->key; /* cannot be: what is after a key is a number and a time */
    memcpy(room, item->key.ptr, item->key.len);
    memcpy(room + item->key.len, stored.ptr + key.len, rest);
    return (struct lb_str){room, item->key.len + rest};
}

void lb_change_find_keys(struct lb_change *change)
{
    struct lb_blocklist *blocklist = change->blocklist;
    struct lb_list list = change->standing.list;
    for (size_t i = 0; i < change->count; i++) {
        struct lb_change_item *item = &change->items[i];
        char room[LB_ITEM_SIZE];
        if (item->name.ptr)
            item->key = item->name;
        struct lb_str key = lb_blocklist_key(blocklist, list.workspace, item->key);
        bool same = key.ptr == item->key.ptr;
        if (same && !item->name.ptr)
            continue;
        item->name = item->key;
        if (same)
            item->name = (struct lb_str){0};
        item->key = key;
        change->fingerprints[i] = lb_blocklist_hash(blocklist, list, key);
        lb_chain_seed(item->seed);
        lb_chain_commit(item->seed, LB_COMMITMENT_ITEM, lb_change_item_text(item, room),
                        &item->commitment);
    }
}

lb_err lb_change_replace(struct lb_packer *packer, struct lb_fingerprint fingerprint, uint64_t id,
                         uint64_t by, struct lb_str key)
{
    struct lb_event event = {.fingerprint = fingerprint,
                             .id = by,
                             .list = packer->row.list,
                             .order = lb_order_of_key(packer->row.list, key),
                             .workspace = packer->change->standing.workspace,
                             .add = true,
                             .replaces = id};
    return lb_overlay_record(&packer->change->blocklist->batch, &event, key)
               ? LB_OK
               : LB_ERR_STORAGE_UNAVAILABLE;
}

/* Of the workspace, with what the open batch has changed. */
static uint64_t entries_of(const struct lb_change *change)
{
    const struct lb_workspace *workspace = change->standing.workspace;
    return atomic_load_explicit(&workspace->entries, memory_order_relaxed) +
           (uint64_t)workspace->batch_entries;
}

bool lb_change_has_room(const struct lb_change *change, uint64_t extra)
{
    return lb_blocklist_check_room(change->blocklist, entries_of(change), extra, NULL) == LB_OK;
}

lb_err lb_change_check_room(struct lb_change *change, uint64_t extra)
{
    return lb_blocklist_check_room(change->blocklist, entries_of(change), extra,
                                   &change->write.reason);
}

lb_err lb_change_pack_id(struct lb_packer *packer, uint64_t id)
{
    char digits[LB_U64_DIGITS];
    uint64_t event_id;
    struct lb_change *change = packer->change;
    uint64_t number = lb_row_times_number_of(change->standing.workspace->row_times, id);
    struct lb_change_item item = {.key = lb_str_of_u64(number, digits)};
    change->write.touched = true;
    lb_err err = packer->count == LB_ROW_ITEMS_MAX ? lb_packer_flush(packer) : LB_OK;
    if (packer->count == 0 && packer->row.continues)
        lb_chain_seed(packer->seed);
    memcpy(item.seed, packer->seed, sizeof item.seed);
    return err ? err : lb_packer_add(packer, &item, &event_id);
}

/* Takes entry `id` back, which is what blocks the key now. */
static lb_err take_back(struct lb_packer *packer, uint64_t id, struct lb_fingerprint fingerprint,
                        struct lb_str key)
{
    lb_err err = lb_change_pack_id(packer, id);
    return err ? err : lb_change_record(packer, false, fingerprint, id, key);
}

/* Takes back an entry that waits. */
static lb_err take_back_twin(struct lb_packer *packer, uint64_t id,
                             struct lb_fingerprint fingerprint)
{
    lb_err err = lb_change_pack_id(packer, id);
    if (!err && !lb_twins_remove(&packer->change->blocklist->twins, fingerprint, id))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    return err;
}

lb_err lb_change_take_back_one(struct lb_packer *packer, uint64_t id,
                               const struct lb_found_entry *found, uint64_t *out_stays)
{
    struct lb_twins *twins = &packer->change->blocklist->twins;
    uint64_t next = lb_twins_oldest(twins, found->fingerprint);
    *out_stays = found->current == id ? next : found->current;
    if (found->current == id && !next)
        return take_back(packer, id, found->fingerprint, found->key);
    if (found->current != id)
        return take_back_twin(packer, id, found->fingerprint);
    lb_err err = lb_change_pack_id(packer, id);
    if (!err && !lb_twins_remove(twins, found->fingerprint, next))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    return err ? err : lb_change_replace(packer, found->fingerprint, id, next, found->key);
}

lb_err lb_change_note_end(struct lb_packer *packer, int64_t end, struct lb_fingerprint fingerprint,
                          uint64_t id)
{
    const struct lb_due_entry due = {end, id, packer->row.list, fingerprint};
    return !end || lb_ends_add(&packer->change->blocklist->ends, &due) ? LB_OK
                                                                       : LB_ERR_STORAGE_UNAVAILABLE;
}

void lb_change_note_freed(struct lb_change *change, struct lb_str key)
{
    struct lb_other_names others;
    if (!change->freed || !lb_persons_any(change->standing.workspace) || !lb_key_is_linkedin(key) ||
        change->freed->len > LB_STAYED_SHOWN * LB_IDENTIFIER_SIZE)
        return;
    lb_persons_others_in_batch(change->blocklist->people, change->standing.workspace->row.no, key,
                               LB_PERSON_ASKED, &others);
    if (!others.count)
        return;
    lb_buf_append_str(change->freed, key);
    lb_buf_append(change->freed, "", 1);
}

lb_err lb_change_take_back_all(struct lb_packer *packer, uint64_t id,
                               struct lb_fingerprint fingerprint, struct lb_str key)
{
    const struct lb_twins *twins = &packer->change->blocklist->twins;
    uint64_t twin;
    packer->change->asked_more += lb_twins_oldest(twins, fingerprint) != 0;
    lb_change_note_freed(packer->change, key);
    lb_err err = take_back(packer, id, fingerprint, key);
    while (!err && (twin = lb_twins_oldest(twins, fingerprint)) != 0)
        err = take_back_twin(packer, twin, fingerprint);
    return err;
}

lb_err lb_change_find_entry(struct lb_change *change, struct lb_list list, uint64_t number,
                            uint64_t id, struct lb_found_entry *out)
{
    struct lb_blocklist *blocklist = change->blocklist;
    struct lb_store *store = blocklist->store;
    struct lb_entry entry;
    lb_err err =
        lb_blocklist_entry(store, store->ops->writer_reader(store), list.workspace, id, &entry);
    out->erased = err == LB_ERR_NOT_FOUND && entry.erased && entry.number == number;
    if (err)
        return err;
    if (entry.number != number || entry.list.workspace != list.workspace ||
        entry.list.campaign != list.campaign || entry.key.len > sizeof out->text)
        return LB_ERR_NOT_FOUND;
    memcpy(out->text, entry.key.ptr, entry.key.len);
    out->key = (struct lb_str){out->text, entry.key.len};
    out->ends_at = entry.ends_at;
    out->fingerprint = lb_blocklist_hash(blocklist, list, out->key);
    return lb_blocklist_current(blocklist, list, out->fingerprint, out->key, &out->current);
}

bool lb_change_names_person(const struct lb_change *change, const struct lb_found_entry *found,
                            uint64_t id)
{
    return found->current == id ||
           lb_twins_waits(&change->blocklist->twins, found->fingerprint, id);
}

uint64_t lb_change_id_of(const struct lb_change *change, struct lb_public_id name)
{
    const struct lb_workspace *workspace = change->standing.workspace;
    return name.number && lb_epochs_of_added(&workspace->epochs, name.number) == name.epoch
               ? lb_row_times_id_of(workspace->row_times, name.number)
               : 0;
}

void lb_change_prepare_with(struct lb_change *change, struct lb_chain_commits *commits)
{
    struct lb_str source = change->standing.actor.source;
    change->write.workspace = change->standing.list.workspace;
    change->write.installation = change->write.workspace == LB_INSTALLATION_NO;
    lb_chain_seed(change->seed);
    if (source.ptr)
        lb_chain_commits_add(commits, change->seed, LB_COMMITMENT_SOURCE, source, &change->source);
}

void lb_change_prepare(struct lb_change *change)
{
    struct lb_chain_commits commits = {.count = 0};
    lb_change_prepare_with(change, &commits);
    lb_chain_commits_end(&commits);
}

lb_err lb_change_flush(struct lb_packer *packer)
{
    const struct lb_twins *twins = &packer->change->blocklist->twins;
    if (twins->left_out_count == 0)
        return lb_packer_flush(packer);
    lb_err err = lb_packer_turn_to(packer, LB_LOG_LEFT_OUT);
    for (size_t i = 0; !err && i < twins->left_out_count; i++)
        err = lb_change_pack_id(packer, twins->left_out[i].id);
    return err ? err : lb_packer_flush(packer);
}
