#include "domain/blocklist/erase.h"

#include "base/array.h"
#include "domain/blocklist/change_parts.h"
#include "domain/blocklist/entry.h"
#include "domain/blocklist/persons.h"

#include <stdlib.h>

/* A name in a list in which it is blocked. */
struct blocked {
    struct lb_list list;
    size_t name;
    struct lb_str key; /* under which it is: the name itself, or its tag */
    struct lb_fingerprint fingerprint;
    uint64_t id;
};

/* A list in which one of the names is blocked. */
struct list {
    struct lb_list list;
    uint32_t kind;
    int64_t end; /* the last of them; 0: none */
    bool endless;
};

struct erasing {
    struct lb_erase *erase;
    struct lb_store *store;
    struct lb_blocklist *blocklist;
    struct blocked *blocked;
    size_t blocked_count, blocked_capacity;
    struct list *lists;
    size_t list_count, list_capacity;
    struct lb_buf texts; /* of the row that is rewritten */
};

/* --- Where the person is blocked --- */

static lb_err take_end(struct erasing *erasing, struct list *list, uint64_t id)
{
    struct lb_entry entry;
    lb_err err =
        lb_blocklist_entry(erasing->store, erasing->store->ops->writer_reader(erasing->store),
                           list->list.workspace, id, &entry);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    list->kind = list->kind ? list->kind : entry.block_kind;
    list->endless |= entry.ends_at == 0;
    list->end = entry.ends_at > list->end ? entry.ends_at : list->end;
    return LB_OK;
}

static lb_err find_name(struct erasing *erasing, struct list *list, size_t name)
{
    struct lb_blocklist *blocklist = erasing->blocklist;
    struct lb_str key =
        lb_blocklist_key(blocklist, list->list.workspace, erasing->erase->names[name]);
    struct lb_fingerprint fingerprint = lb_blocklist_hash(blocklist, list->list, key);
    uint64_t id, twin, cursor = 0;
    lb_err err = lb_blocklist_current(blocklist, list->list, fingerprint, key, &id);
    if (err || !id)
        return err;
    if (!lb_array_reserve(erasing->blocked, erasing->blocked_capacity, erasing->blocked_count + 1))
        return LB_ERR_STORAGE_UNAVAILABLE;
    erasing->blocked[erasing->blocked_count++] =
        (struct blocked){list->list, name, key, fingerprint, id};
    err = take_end(erasing, list, id);
    while (!err && (twin = lb_twins_next(&blocklist->twins, fingerprint, &cursor)) != 0)
        err = take_end(erasing, list, twin);
    return err;
}

static lb_err look_into(struct erasing *erasing, uint32_t campaign)
{
    struct lb_list at = {erasing->erase->change->standing.workspace->row.no, campaign};
    struct list list = {.list = at};
    size_t before = erasing->blocked_count;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < erasing->erase->name_count; i++)
        err = find_name(erasing, &list, i);
    if (err || erasing->blocked_count == before)
        return err;
    if (!lb_array_reserve(erasing->lists, erasing->list_capacity, erasing->list_count + 1))
        return LB_ERR_STORAGE_UNAVAILABLE;
    erasing->lists[erasing->list_count++] = list;
    return LB_OK;
}

/* The installation's list, which stays as it is, holds for names that are linked with one in it:
 * the workspace's own has to go on with that, without an end. */
static lb_err look_into_installation(struct erasing *erasing)
{
    struct lb_blocklist *blocklist = erasing->blocklist;
    const struct lb_list at = {.workspace = LB_INSTALLATION_NO};
    const struct lb_list own = {.workspace = erasing->erase->change->standing.workspace->row.no};
    uint64_t id = 0;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && !id && i < erasing->erase->name_count; i++) {
        struct lb_str name = erasing->erase->names[i];
        err =
            lb_blocklist_current(blocklist, at, lb_blocklist_hash(blocklist, at, name), name, &id);
    }
    if (err || !id || erasing->erase->name_count == 1)
        return err;
    if (erasing->list_count) { /* the first one, of the workspace */
        erasing->lists[0].endless = true;
        return LB_OK;
    }
    if (!lb_array_reserve(erasing->lists, erasing->list_capacity, 1))
        return LB_ERR_STORAGE_UNAVAILABLE;
    erasing->lists[erasing->list_count++] = (struct list){.list = own, .endless = true};
    return LB_OK;
}

static lb_err look_into_all(struct erasing *erasing)
{
    const struct lb_standing *standing = &erasing->erase->change->standing;
    size_t count = 0;
    struct lb_list_owner *owners =
        lb_directory_list_owners(standing->directory, standing->workspace, &count);
    lb_err err = owners ? look_into(erasing, 0) : LB_ERR_STORAGE_UNAVAILABLE;
    if (!err)
        err = look_into_installation(erasing);
    for (size_t i = 0; !err && i < count; i++)
        err = look_into(erasing, owners[i].no);
    free(owners);
    return err;
}

/* --- Rows that say what was erased, and who stays blocked --- */

/* Entries whose names are gone; of a row that loses something else, its first. */
static lb_err pack_rows(struct erasing *erasing, struct lb_packer *packer)
{
    struct lb_erase *erase = erasing->erase;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < erase->row_count; i++) {
        const struct lb_erased_row *row = &erase->rows[i];
        uint64_t items = row->what.items;
        if (row->campaign != packer->row.list.campaign)
            continue;
        if (!items)
            err = lb_change_pack_id(packer, row->id);
        for (unsigned n = 0; !err && n < LB_ROW_ITEMS_MAX; n++) {
            if (!(items >> n & 1))
                continue;
            err = lb_change_pack_id(packer, row->id + n);
            erase->entries++;
        }
    }
    return err;
}

/* Blocks a name by its tag, unless it is. */
static lb_err block_tag(struct erasing *erasing, struct lb_packer *packer, const struct list *list,
                        struct lb_str name)
{
    struct lb_blocklist *blocklist = erasing->blocklist;
    struct lb_str key = lb_erased_add(blocklist->erased, list->list.workspace, name);
    struct lb_buf stored = {0};
    uint64_t id;
    if (!key.ptr)
        return LB_ERR_STORAGE_UNAVAILABLE;
    struct lb_fingerprint fingerprint = lb_blocklist_hash(blocklist, list->list, key);
    lb_err err = lb_blocklist_current(blocklist, list->list, fingerprint, key, &id);
    if (err || id)
        return err;
    int64_t end = list->endless ? 0 : list->end;
    lb_item_put(&stored, key, (enum lb_block_kind)list->kind, end);
    struct lb_change_item item = {.key = key, .stored = lb_buf_str(&stored)};
    lb_chain_seed(item.seed);
    lb_chain_commit(item.seed, LB_COMMITMENT_ITEM, item.stored, &item.commitment);
    const struct lb_event event = {.list = list->list,
                                   .order = lb_order_of_key(list->list, key),
                                   .workspace = erasing->erase->change->standing.workspace,
                                   .fingerprint = fingerprint,
                                   .add = true};
    err = stored.failed ? LB_ERR_STORAGE_UNAVAILABLE : lb_packer_add(packer, &item, &id);
    lb_buf_fini(&stored);
    struct lb_event added = event;
    added.id = id;
    if (!err && !lb_overlay_record(&blocklist->batch, &added, key))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    return err ? err : lb_change_note_end(packer, end, fingerprint, id);
}

static const struct list *find_list(const struct erasing *erasing, uint32_t campaign)
{
    for (size_t i = 0; i < erasing->list_count; i++)
        if (erasing->lists[i].list.campaign == campaign)
            return &erasing->lists[i];
    return NULL;
}

/* The rows of one list; all lists are one change. */
static lb_err pack_list(struct erasing *erasing, uint32_t campaign)
{
    struct lb_change *change = erasing->erase->change;
    struct lb_public_id id = change->id;
    struct lb_list at = {change->standing.workspace->row.no, campaign};
    const struct list *list = find_list(erasing, campaign);
    struct lb_packer packer;
    lb_change_prepare(change); /* a seed of its own */
    lb_packer_begin(&packer, change, erasing->store, at, LB_LOG_ERASED);
    packer.row.continues = id.number != 0;
    packer.new_seeds = id.number != 0;
    change->id = id;
    lb_err err = pack_rows(erasing, &packer);
    if (!err)
        err = lb_packer_turn_to(&packer, LB_LOG_BLOCK_AGAIN);
    for (size_t i = 0; list && !err && i < erasing->erase->name_count; i++)
        err = block_tag(erasing, &packer, list, erasing->erase->names[i]);
    return err ? err : lb_change_flush(&packer);
}

/* The lists of rows and those in which the person is blocked, each once. */
static lb_err pack_all(struct erasing *erasing)
{
    const struct lb_erase *erase = erasing->erase;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < erase->row_count; i++) {
        size_t before = 0;
        while (erase->rows[before].campaign != erase->rows[i].campaign)
            before++;
        if (before == i)
            err = pack_list(erasing, erase->rows[i].campaign);
    }
    for (size_t i = 0; !err && i < erasing->list_count; i++) {
        size_t at = 0;
        while (at < erase->row_count && erase->rows[at].campaign != erasing->lists[i].list.campaign)
            at++;
        if (at == erase->row_count)
            err = pack_list(erasing, erasing->lists[i].list.campaign);
    }
    return err;
}

/* After all tags are recorded: who looks under a name before they are published finds it there. */
static lb_err take_names_out(struct erasing *erasing)
{
    struct lb_twins *twins = &erasing->blocklist->twins;
    for (size_t i = 0; i < erasing->blocked_count; i++) {
        const struct blocked *blocked = &erasing->blocked[i];
        uint64_t twin;
        if (lb_erased_is_key(blocked->key))
            continue;
        const struct lb_event event = {.fingerprint = blocked->fingerprint,
                                       .id = blocked->id,
                                       .list = blocked->list,
                                       .order = lb_order_of_key(blocked->list, blocked->key),
                                       .workspace = erasing->erase->change->standing.workspace,
                                       .erases = true};
        if (!lb_overlay_record(&erasing->blocklist->batch, &event, blocked->key))
            return LB_ERR_STORAGE_UNAVAILABLE;
        while ((twin = lb_twins_oldest(twins, blocked->fingerprint)) != 0)
            if (!lb_twins_remove(twins, blocked->fingerprint, twin))
                return LB_ERR_STORAGE_UNAVAILABLE;
    }
    return LB_OK;
}

/* --- Rewriting rows --- */

struct copied {
    struct lb_log_row row;
    struct lb_buf *texts;
    size_t at[5];
    bool found;
};

static lb_err copy_row(void *context, const struct lb_log_row *row)
{
    struct copied *copied = context;
    const struct lb_str texts[] = {row->reason, row->items, row->source, row->import, row->salts};
    copied->row = *row;
    copied->found = true;
    for (size_t i = 0; i < 5; i++) {
        copied->at[i] = copied->texts->len;
        lb_buf_append_str(copied->texts, texts[i]);
    }
    return copied->texts->failed ? LB_ERR_STORAGE_UNAVAILABLE : LB_OK;
}

/* Of a row of pairs that are no link. */
static lb_err drop_conflicts(struct erasing *erasing, uint64_t number, uint64_t items)
{
    struct lb_workspace *workspace = erasing->erase->change->standing.workspace;
    for (unsigned i = 0; i < LB_ROW_ITEMS_MAX; i += 2)
        if ((items >> i & 3) &&
            !lb_persons_drop_conflict(erasing->blocklist->people, workspace, number + i))
            return LB_ERR_STORAGE_UNAVAILABLE;
    return LB_OK;
}

static lb_err rewrite(struct erasing *erasing, const struct lb_erased_row *row)
{
    struct lb_store *store = erasing->store;
    struct copied copied = {.texts = &erasing->texts};
    struct lb_buf erased = {0};
    struct lb_log_row out;
    uint32_t workspace = erasing->erase->change->standing.workspace->row.no;
    erasing->texts.len = 0;
    lb_err err = store->ops->log_read(store->ops->writer_reader(store), workspace, row->id,
                                      row->id + 1, &copied, copy_row);
    if (err || !copied.found || copied.row.unsealed)
        return err ? err : LB_ERR_STORAGE_UNAVAILABLE;
    struct lb_str *const texts[] = {&copied.row.reason, &copied.row.items, &copied.row.source,
                                    &copied.row.import, &copied.row.salts};
    for (size_t i = 0; i < 5; i++)
        if (texts[i]->ptr)
            texts[i]->ptr = erasing->texts.ptr + copied.at[i];
    err =
        lb_chain_erase(&copied.row, &row->what, &erased, &out) ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
    if (!err)
        err = store->ops->log_rewrite(store, &out);
    if (!err && copied.row.kind == LB_LOG_LINK_REFUSED)
        err = drop_conflicts(erasing, copied.row.number, row->what.items);
    erasing->erase->reasons += row->what.reason && copied.row.reason.ptr;
    lb_buf_fini(&erased);
    return err;
}

/* Memory has no erased name, in links either. The strings of names are the caller's. */
static lb_err forget_links(struct erasing *erasing)
{
    struct lb_workspace *workspace = erasing->erase->change->standing.workspace;
    for (size_t i = 0; i < erasing->erase->name_count; i++)
        if (!lb_persons_forget(erasing->blocklist->people, workspace, erasing->erase->names[i]))
            return LB_ERR_STORAGE_UNAVAILABLE;
    return LB_OK;
}

lb_err lb_erase_apply(struct lb_erase *erase, struct lb_store *store)
{
    struct erasing erasing = {
        .erase = erase, .store = store, .blocklist = erase->change->blocklist};
    erase->entries = erase->reasons = 0;
    lb_packer_clear_results(erase->change);
    lb_err err = look_into_all(&erasing);
    if (!err)
        err = pack_all(&erasing);
    if (!err)
        err = take_names_out(&erasing);
    if (!err)
        err = forget_links(&erasing);
    for (size_t i = 0; !err && i < erase->row_count; i++)
        err = rewrite(&erasing, &erase->rows[i]);
    erase->lists = erasing.list_count;
    free(erasing.blocked);
    free(erasing.lists);
    lb_buf_fini(&erasing.texts);
    return err;
}
