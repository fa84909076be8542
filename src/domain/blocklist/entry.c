#include "domain/blocklist/entry.h"

#include "domain/blocklist/item.h"
#include "store/chain.h"
#include "store/log_items.h"

_Static_assert(LB_HELD_NAME_SIZE == LB_KEY_SIZE, "an entry has room for any name");

/* Names that were stored under earlier rules are read under those of today. */
static bool read_item(struct lb_str stored, struct lb_entry *out)
{
    struct lb_item item;
    if (!lb_item_read(stored, &item))
        return false;
    out->key = item.key;
    if (item.key.ptr != stored.ptr) {
        memcpy(out->held, item.key.ptr, item.key.len);
        out->key.ptr = out->held;
    }
    out->block_kind = item.kind;
    out->ends_at = item.end;
    return true;
}

lb_err lb_entry_read(struct lb_entry_cursor *cursor, uint64_t id, struct lb_entry *out)
{
    struct lb_str item;
    out->erased = false;
    bool in_row = cursor->row.id && id >= cursor->row.id &&
                  id - cursor->row.id < LB_ROW_ITEMS_MAX &&
                  lb_log_items_nth(cursor->row.items, id - cursor->row.id, &item);
    if (!in_row) {
        cursor->row.id = 0;
        lb_err err =
            cursor->store->ops->log_row_of(cursor->reader, cursor->workspace, id, &cursor->row);
        if (err)
            return err;
        if (!lb_log_items_nth(cursor->row.items, id - cursor->row.id, &item))
            return LB_ERR_NOT_FOUND;
    }
    if (!lb_log_kind_blocks(cursor->row.kind))
        return LB_ERR_NOT_FOUND;
    out->id = id;
    out->number = cursor->row.number + (id - cursor->row.id);
    out->list = cursor->row.list;
    out->at = cursor->row.at;
    out->actor = cursor->row.actor;
    out->reason = lb_chain_text(cursor->row.reason);
    out->erased = lb_chain_is_bare(item);
    if (out->erased) {
        out->key = (struct lb_str){0};
        out->block_kind = 0;
        out->ends_at = 0;
        return LB_ERR_NOT_FOUND;
    }
    return read_item(item, out) ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
}

lb_err lb_blocklist_entry(struct lb_store *store, struct lb_store_reader *reader,
                          uint32_t workspace, uint64_t id, struct lb_entry *out)
{
    struct lb_entry_cursor cursor = {.store = store, .reader = reader, .workspace = workspace};
    return lb_entry_read(&cursor, id, out);
}
