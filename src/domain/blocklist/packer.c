#include "domain/blocklist/packer.h"

#include "domain/blocklist/change_parts.h"
#include "domain/blocklist/internal.h"
#include "domain/blocklist/outbox.h"

#include <sodium.h>

static struct lb_overlay *batch_of(const struct lb_packer *packer)
{
    return &packer->change->blocklist->batch;
}

static struct lb_log_mark *log_of(const struct lb_change *change)
{
    return lb_blocklist_batch_log(change->blocklist, change->standing.workspace);
}

static uint64_t make_epoch(const struct lb_blocklist *blocklist, uint32_t workspace)
{
    union {
        unsigned char bytes[crypto_shorthash_BYTES];
        uint64_t value;
    } hash;
    _Static_assert(sizeof blocklist->epoch_seed == crypto_shorthash_KEYBYTES, "it is the key");
    crypto_shorthash(hash.bytes, (const unsigned char *)&workspace, sizeof workspace,
                     blocklist->epoch_seed);
    hash.value &= LB_EPOCH_MAX;
    return hash.value ? hash.value : 1; /* 0 means none */
}

uint64_t lb_blocklist_epoch(struct lb_blocklist *blocklist, uint32_t workspace)
{
    struct lb_last_epoch *last = &blocklist->last_epoch;
    if (!last->epoch || last->workspace != workspace)
        *last = (struct lb_last_epoch){workspace, make_epoch(blocklist, workspace)};
    return last->epoch;
}

/* Gives the row its place in the workspace's chain. */
static lb_err chain(struct lb_packer *packer)
{
    const struct lb_change *change = packer->change;
    struct lb_blocklist *blocklist = change->blocklist;
    struct lb_epochs *epochs = &change->standing.workspace->epochs;
    struct lb_log_row *row = &packer->row;
    struct lb_log_mark *log = log_of(change);
    struct lb_commitments commitments = {.items = blocklist->row_commitments,
                                         .item_count = packer->count};
    uint64_t epoch = lb_blocklist_epoch(blocklist, change->standing.workspace->row.no);
    row->epoch = lb_epochs_last(epochs) == epoch ? 0 : epoch;
    if (row->epoch && !lb_epochs_add(epochs, row->number, epoch))
        return LB_ERR_STORAGE_UNAVAILABLE;
    if (row->reason.ptr)
        lb_chain_commit(row->seed, LB_COMMITMENT_REASON, row->reason, &commitments.reason);
    if (row->source.ptr && memcmp(row->seed, change->seed, sizeof row->seed) == 0)
        commitments.source = change->source;
    else if (row->source.ptr)
        lb_chain_commit(row->seed, LB_COMMITMENT_SOURCE, row->source, &commitments.source);
    if (row->import.ptr)
        lb_chain_commit(row->seed, LB_COMMITMENT_IMPORT, row->import, &commitments.import);
    if (!lb_chain_digest(log->digest, row, &commitments, row->digest))
        return LB_ERR_INTERNAL;
    *log = lb_log_mark_after(row, packer->count);
    return LB_OK;
}

/* The row before it in the batch, which has one time, has done so for its workspace. */
static bool reserve_day(struct lb_packer *packer)
{
    const struct lb_overlay *batch = batch_of(packer);
    struct lb_workspace *workspace = packer->change->standing.workspace;
    return (batch->row_count && batch->rows[batch->row_count - 1].workspace == workspace) ||
           lb_directory_reserve_day(packer->change->standing.directory, workspace, packer->row.at);
}

/* The blocklist of the campaign is worth to be kept, even if the batch is rolled back. */
static void note_listed(const struct lb_packer *packer)
{
    struct lb_campaign *campaign =
        lb_directory_campaign_no(packer->change->standing.directory, packer->row.list.campaign);
    if (campaign)
        campaign->listed = true;
}

/* Of a row that takes entries back, or brings them back: items after which their people are
 * blocked, or not, as before. What was asked for again is no event at all. */
static lb_err note_quiet_items(struct lb_packer *packer)
{
    const struct lb_log_row *row = &packer->row;
    uint64_t all = UINT64_MAX >> (64 - packer->count);
    bool tells = lb_log_kind_frees(row->kind) || row->kind == LB_LOG_RESTORE;
    if (!tells || packer->changed == all)
        return LB_OK;
    return lb_outbox_quiet(packer->change->blocklist, packer->change->standing.workspace,
                           row->number, all & ~packer->changed);
}

lb_err lb_packer_flush(struct lb_packer *packer)
{
    if (packer->count == 0)
        return LB_OK;
    struct lb_buf *items = &packer->change->blocklist->row_items;
    if (items->failed)
        return LB_ERR_STORAGE_UNAVAILABLE;
    packer->row.items = lb_buf_str(items);
    note_listed(packer);
    lb_err err = chain(packer);
    if (!err)
        err = packer->store->ops->log_append(packer->store, &packer->row);
    enum lb_log_kind kind = packer->row.kind;
    struct lb_overlay_row row = {.workspace = packer->change->standing.workspace,
                                 .first = packer->row.id,
                                 .number = packer->row.number,
                                 .has_reason = packer->row.reason.ptr != NULL,
                                 .continues = packer->row.continues,
                                 .blocked = lb_log_kind_adds(kind) ? packer->people : 0,
                                 .unblocked = lb_log_kind_frees(kind) ? packer->people : 0};
    if (!err && !(reserve_day(packer) && lb_overlay_record_row(batch_of(packer), row)))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    if (!err)
        err = note_quiet_items(packer);
    if (err) /* the batch does not know of the row, and would not take its epoch back */
        lb_epochs_forget(&row.workspace->epochs);
    packer->row.continues = true;
    packer->count = 0;
    packer->people = 0;
    packer->changed = 0;
    items->len = 0;
    return err;
}

lb_err lb_packer_turn_to(struct lb_packer *packer, enum lb_log_kind kind)
{
    lb_err err = lb_packer_flush(packer);
    packer->row.kind = kind;
    packer->new_seeds = true;
    return err;
}

/* Can the item not be in the row that is being packed? */
static bool needs_new_row(const struct lb_packer *packer, const struct lb_change_item *item)
{
    return packer->count == LB_ROW_ITEMS_MAX ||
           (packer->count && !lb_same_reason(packer->row.reason, item->reason));
}

static void begin_row(struct lb_packer *packer, const struct lb_change_item *item, uint64_t number)
{
    packer->row.number = number;
    packer->row.id = packer->ids_are_numbers ? number : batch_of(packer)->next_id;
    packer->row.reason = item->reason;
    if (packer->new_seeds)
        lb_chain_seed(packer->row.seed);
    else
        memcpy(packer->row.seed, item->seed, sizeof packer->row.seed);
}

/* An item that was prepared for another row is committed anew. */
static void keep_commitment(struct lb_packer *packer, const struct lb_change_item *item)
{
    struct lb_commitment *out = &packer->change->blocklist->row_commitments[packer->count];
    char room[LB_ITEM_SIZE];
    if (memcmp(packer->row.seed, item->seed, sizeof item->seed) == 0)
        *out = item->commitment;
    else
        lb_chain_commit(packer->row.seed, LB_COMMITMENT_ITEM, lb_change_item_text(item, room), out);
}

lb_err lb_packer_add(struct lb_packer *packer, const struct lb_change_item *item, uint64_t *out_id)
{
    struct lb_blocklist *blocklist = packer->change->blocklist;
    struct lb_overlay *batch = batch_of(packer);
    lb_blocklist_note_list(blocklist, packer->row.list);
    if (!lb_key_is_linkedin(item->key))
        lb_workspace_note_typed(packer->change->standing.workspace);
    lb_err err = needs_new_row(packer, item) ? lb_packer_flush(packer) : LB_OK;
    uint64_t number = log_of(packer->change)->last + 1 + packer->count;
    bool full = !packer->ids_are_numbers && batch->next_id == batch->end_id;
    if (err || full || number > LB_ENTRY_ID_MAX)
        return err ? err : LB_ERR_STORAGE_FULL;
    if (packer->count == 0)
        begin_row(packer, item, number);
    else
        lb_buf_append_lit(&blocklist->row_items, ",");
    char room[LB_ITEM_SIZE];
    lb_buf_append_str(&blocklist->row_items, lb_change_item_text(item, room));
    keep_commitment(packer, item);
    *out_id = packer->row.id + packer->count++;
    batch->next_id++;
    if (packer->change->id.number == 0)
        packer->change->id = (struct lb_public_id){
            number, lb_blocklist_epoch(blocklist, packer->change->standing.workspace->row.no)};
    return LB_OK;
}

void lb_packer_clear_results(struct lb_change *change)
{
    change->id = (struct lb_public_id){0};
    change->blocked = 0;
    change->unblocked = 0;
    change->asked_again = 0;
    change->asked_more = 0;
    change->stayed = 0;
    change->gone = 0;
    if (change->freed)
        change->freed->len = 0;
    change->linked = change->unlinked = change->known = change->conflicts = 0;
}

void lb_packer_begin(struct lb_packer *packer, struct lb_change *change, struct lb_store *store,
                     struct lb_list list, enum lb_log_kind kind)
{
    lb_packer_clear_results(change);
    change->blocklist->twins.left_out_count = 0;
    change->blocklist->row_items.len = 0;
    change->blocklist->row_items.failed = false;
    *packer = (struct lb_packer){.change = change,
                                 .store = store,
                                 .ids_are_numbers = lb_nodes_ids_are_numbers(store),
                                 .row = {.list = list,
                                         .kind = kind,
                                         .actor = change->standing.actor.no,
                                         .source = change->standing.actor.source,
                                         .import = change->import,
                                         .at = change->blocklist->batch.now_ms}};
    packer->first_id =
        packer->ids_are_numbers ? log_of(change)->last + 1 : change->blocklist->batch.next_id;
    memcpy(packer->seed, change->seed, sizeof packer->seed);
}
