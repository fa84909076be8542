#include "domain/blocklist/history.h"

#include "base/array.h"
#include "domain/access/nodes.h"
#include "domain/blocklist/item.h"
#include "domain/blocklist/twins.h"
#include "store/chain.h"
#include "store/log_items.h"

/* So many rows of other workspaces are read over: to look for the next own one costs about as
 * much. */
#define STRANGE_ROWS_MAX 64

void lb_history_fini(struct lb_history *history)
{
    free(history->events);
    free(history->entries);
    free(history->lists);
    free(history->epochs);
    lb_buf_fini(&history->texts);
}

/* --- Taking rows ------------------------------------------------------------------------------ */

static bool is_meant(const struct lb_history *history, struct lb_str stored)
{
    struct lb_held_key room;
    struct lb_str key = lb_item_stored_key(stored);
    struct lb_str name = history->exact ? key : lb_key_held(key, &room);
    for (size_t i = 0; i < history->name_count; i++)
        if (lb_str_equal(name, history->names[i]))
            return true;
    return false;
}

static struct lb_history_text keep(struct lb_history *history, struct lb_str text)
{
    struct lb_history_text kept = {history->texts.len, text.len, text.ptr == NULL};
    if (text.ptr)
        lb_buf_append_str(&history->texts, text);
    return kept;
}

static lb_err note_epoch(struct lb_history *history, const struct lb_log_row *row)
{
    if (!row->epoch)
        return LB_OK;
    if (!lb_array_reserve(history->epochs, history->epoch_capacity, history->epoch_count + 1))
        return LB_ERR_OVERLOADED;
    history->epochs[history->epoch_count++] = (struct lb_public_id){row->number, row->epoch};
    return LB_OK;
}

/* A number with its epoch. */
static struct lb_public_id public_id(const struct lb_history *history, uint64_t number)
{
    size_t at = history->epoch_count;
    while (at > 0 && history->epochs[at - 1].number > number)
        at--;
    return (struct lb_public_id){number, number && at ? history->epochs[at - 1].epoch : 0};
}

/* Of too many requests one does not count, but not the first (twins.h). */
static void forget_one(struct lb_history *history, struct lb_history_list *list)
{
    struct lb_history_entry *least = NULL;
    bool first = true;
    for (size_t i = 0; i < history->entry_count; i++) {
        struct lb_history_entry *entry = &history->entries[i];
        if (!entry->blocks || entry->campaign != list->campaign)
            continue;
        if (!first && (!least || (entry->end && (!least->end || entry->end < least->end))))
            least = entry;
        first = false;
    }
    if (!least)
        return;
    least->blocks = false;
    list->blocking--;
}

static lb_err count_blocking(struct lb_history *history, uint32_t campaign, int change)
{
    size_t at = 0;
    while (at < history->list_count && history->lists[at].campaign != campaign)
        at++;
    if (!lb_array_reserve(history->lists, history->list_capacity, at + 1))
        return LB_ERR_OVERLOADED;
    if (at == history->list_count)
        history->lists[history->list_count++] = (struct lb_history_list){.campaign = campaign};
    history->lists[at].blocking += (uint64_t)change;
    if (history->lists[at].blocking > LB_TWINS_MAX)
        forget_one(history, &history->lists[at]);
    return LB_OK;
}

static lb_err set_blocking(struct lb_history *history, struct lb_history_entry *entry, bool blocks)
{
    int change = (int)blocks - (int)entry->blocks;
    entry->blocks = blocks;
    return count_blocking(history, entry->campaign, change);
}

static lb_err add_event(struct lb_history *history, const struct lb_log_row *row, uint64_t item,
                        const struct lb_history_entry *entry)
{
    if (history->event_count == LB_HISTORY_EVENTS_MAX)
        return LB_ERR_PAYLOAD_TOO_LARGE;
    if (!lb_array_reserve(history->events, history->event_capacity, history->event_count + 1))
        return LB_ERR_OVERLOADED;
    struct lb_history_event *event = &history->events[history->event_count++];
    *event = (struct lb_history_event){.row = row->number,
                                       .kind = history->erases ? LB_LOG_ERASED : row->kind,
                                       .entry = entry->number,
                                       .item = item,
                                       .campaign = row->list.campaign,
                                       .actor = row->actor,
                                       .at = row->at,
                                       .change = public_id(history, history->change),
                                       .undoes = public_id(history, row->undoes),
                                       .name = entry->name,
                                       .reason = keep(history, lb_chain_text(row->reason)),
                                       .import = keep(history, lb_chain_text(row->import))};
    memcpy(event->digest, row->digest, sizeof event->digest);
    return history->texts.failed ? LB_ERR_OVERLOADED : LB_OK;
}

static lb_err take_names(struct lb_history *history, const struct lb_log_row *row)
{
    struct lb_str rest = row->items;
    struct lb_str name;
    struct lb_item item;
    lb_err err = LB_OK;
    for (uint64_t number = row->number; !err && lb_log_items_next(&rest, &name); number++) {
        if (!is_meant(history, name))
            continue;
        if (!lb_array_reserve(history->entries, history->entry_capacity, history->entry_count + 1))
            return LB_ERR_OVERLOADED;
        struct lb_history_entry *entry = &history->entries[history->entry_count++];
        *entry = (struct lb_history_entry){.number = number,
                                           .campaign = row->list.campaign,
                                           .end = lb_item_read(name, &item) ? item.end : 0,
                                           .name = keep(history, lb_item_stored_key(name))};
        err = add_event(history, row, number, entry);
        if (!err && lb_log_kind_blocks(row->kind))
            err = set_blocking(history, entry, true);
    }
    return err;
}

static int compare_number(const void *number, const void *entry)
{
    uint64_t wanted = *(const uint64_t *)number;
    uint64_t found = ((const struct lb_history_entry *)entry)->number;
    return (wanted > found) - (wanted < found);
}

static struct lb_history_entry *find_entry(const struct lb_history *history, uint64_t number)
{
    if (!history->entry_count)
        return NULL;
    return bsearch(&number, history->entries, history->entry_count, sizeof *history->entries,
                   compare_number);
}

bool lb_history_blocks(const struct lb_history *history, uint64_t entry)
{
    const struct lb_history_entry *found = find_entry(history, entry);
    return found && found->blocks;
}

/* Taken back, which may happen more than once, or brought back. */
static lb_err take_reference(struct lb_history *history, struct lb_history_entry *entry,
                             enum lb_log_kind kind)
{
    bool ends = lb_log_kind_frees(kind) || kind == LB_LOG_LEFT_OUT;
    if (!ends && kind != LB_LOG_RESTORE)
        return LB_OK;
    if (kind == LB_LOG_UNBLOCK && !entry->blocks) {
        entry->held++;
        return LB_OK;
    }
    if (kind == LB_LOG_RESTORE && entry->held) {
        entry->held--;
        return LB_OK;
    }
    return set_blocking(history, entry, !ends);
}

static lb_err take_references(struct lb_history *history, const struct lb_log_row *row)
{
    struct lb_str rest = row->items;
    struct lb_str item;
    lb_err err = LB_OK;
    for (uint64_t number = row->number;
         !err && history->entry_count && lb_log_items_next(&rest, &item); number++) {
        uint64_t target;
        bool is_number = lb_str_to_u64(item, LB_ENTRY_ID_MAX, &target);
        struct lb_history_entry *entry = is_number ? find_entry(history, target) : NULL;
        if (is_number && !entry && row->kind == LB_LOG_LINK_END) /* its name comes after it */
            entry = find_entry(history, target + 1);
        if (!entry)
            continue;
        if (row->kind != LB_LOG_LEFT_OUT)
            err = add_event(history, row, number, entry);
        if (!err)
            err = take_reference(history, entry, row->kind);
    }
    return err;
}

/* The list has a campaign again: that concerns the person who is in it. */
static lb_err take_carried_over(struct lb_history *history, const struct lb_log_row *row)
{
    for (size_t i = 0; i < history->entry_count; i++)
        if (history->entries[i].blocks && history->entries[i].campaign == row->list.campaign)
            return add_event(history, row, row->number, &history->entries[i]);
    return LB_OK;
}

lb_err lb_history_take(struct lb_history *history, const struct lb_log_row *row)
{
    lb_err err = note_epoch(history, row);
    if (!row->continues) {
        history->change = row->number;
        history->erases = row->kind == LB_LOG_ERASED;
    }
    if (err)
        return err;
    if (row->kind == LB_LOG_CARRIED_OVER)
        return take_carried_over(history, row);
    return lb_log_kind_has_names(row->kind) ? take_names(history, row)
                                            : take_references(history, row);
}

/* --- Reading the log -------------------------------------------------------------------------- */

static void set_head(struct lb_history_reading *reading, const struct lb_log_row *row)
{
    reading->head = lb_log_mark_after(row, lb_log_items_count(row->items));
    reading->head_number = row->number;
}

static lb_err take_last(void *context, const struct lb_log_row *row)
{
    struct lb_history_reading *reading = context;
    if (row->list.workspace == reading->workspace->row.no)
        set_head(reading, row);
    return LB_OK;
}

static lb_err take_version(void *context, const struct lb_workspace_version *version)
{
    struct lb_history_reading *reading = context;
    reading->head = version->log;
    reading->head_number = version->log.row; /* ids are numbers in a shared store */
    reading->head_known = true;
    return LB_OK;
}

/* Where the log ends, when that is known without reading it. */
static lb_err find_head(struct lb_history_reading *reading, struct lb_store_reader *reader)
{
    const struct lb_workspace *workspace = reading->workspace;
    uint32_t no = workspace->row.no;
    if (lb_store_is_remote(reading->store)) {
        lb_err err = lb_nodes_each_version(reading->store, reader, &no, 1, reading, take_version);
        return !err && !reading->head_known ? LB_ERR_STORAGE_UNAVAILABLE : err;
    }
    uint64_t last = atomic_load_explicit(&workspace->log_row, memory_order_acquire);
    reading->head_known = reading->in_memory;
    if (!reading->in_memory || !last)
        return LB_OK;
    lb_err err = reading->store->ops->log_read(reader, no, last, last + 1, reading, take_last);
    return !err && !reading->head.row ? LB_ERR_STORAGE_UNAVAILABLE : err;
}

/* LB_ERR_NOT_FOUND only ends the scan. */
static lb_err take_row(void *context, const struct lb_log_row *row)
{
    struct lb_history_reading *reading = context;
    bool own = row->list.workspace == reading->workspace->row.no;
    bool turn_ends = ++reading->rows >= LB_HISTORY_TURN_ROWS;
    reading->next = row->id + 1;
    reading->strange = own ? 0 : reading->strange + 1;
    if (own && reading->history)
        reading->stopped = lb_history_take(reading->history, row);
    struct lb_log_mark mark = lb_log_mark_after(row, lb_log_items_count(row->items));
    if (own && !reading->head_known)
        set_head(reading, row);
    reading->ends_there |= own && memcmp(&mark, &reading->head, sizeof mark) == 0;
    bool skips = reading->in_memory && reading->strange >= STRANGE_ROWS_MAX;
    return reading->stopped || turn_ends || skips ? LB_ERR_NOT_FOUND : LB_OK;
}

/* Reads on; `*out_end`: to the end. */
static lb_err read_rows(struct lb_history_reading *reading, struct lb_store_reader *reader,
                        bool *out_end)
{
    const struct lb_workspace *workspace = reading->workspace;
    uint64_t end = reading->head_known ? reading->head.row + 1 : LB_ENTRY_ID_MAX + 1;
    reading->strange = 0;
    if (reading->in_memory && !lb_store_is_remote(reading->store) &&
        !lb_row_times_next(workspace->row_times, reading->next, &reading->next))
        reading->next = end;
    lb_err err = LB_OK;
    if (reading->next < end)
        err = reading->store->ops->log_read(reader, workspace->row.no, reading->next, end, reading,
                                            take_row);
    *out_end = !err || reading->next >= end;
    if (err == LB_ERR_NOT_FOUND)
        err = reading->stopped;
    if (!err && *out_end && reading->head.row && !reading->ends_there)
        err = LB_ERR_STORAGE_UNAVAILABLE;
    return err;
}

lb_err lb_history_read(struct lb_history_reading *reading, struct lb_store_reader *reader,
                       bool *out_done)
{
    lb_err err = reading->begun ? LB_OK : find_head(reading, reader);
    bool all = !reading->history && reading->head_known; /* of what is wanted */
    reading->begun = true;
    reading->rows = 0;
    while (!err && !all && reading->rows < LB_HISTORY_TURN_ROWS)
        err = read_rows(reading, reader, &all);
    if (!err && all && reading->head.row == 0)
        lb_chain_begin(lb_str(reading->workspace->row.id), reading->head.digest);
    *out_done = all;
    return err;
}
