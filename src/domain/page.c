/* Reading entries, pages of lists, and searches. */
#include "domain/blocklist_internal.h"

#include "store/items.h"

#include <stdlib.h>

/* Ids fetched from the order at a time. */
#define WALK_IDS 1000

/* Member ids keep their case; terms are folded. Compared without case, they can be found too. */
#define MEMBER_ID_PREFIX_LEN 5

/* Reads entries whose ids come in order, and keeps the row that holds the last one. */
struct cursor {
    struct lb_store *store;
    struct lb_store_reader *reader;
    struct lb_log_row row; /* id 0: none yet */
};

static lb_err read_entry(struct cursor *cursor, uint64_t id, struct lb_entry *out)
{
    struct lb_str identifier;
    bool in_row = cursor->row.id && id >= cursor->row.id &&
                  id - cursor->row.id < LB_ROW_ITEMS_MAX &&
                  lb_items_nth(cursor->row.items, id - cursor->row.id, &identifier);
    if (!in_row) {
        cursor->row.id = 0;
        lb_err err = cursor->store->ops->log_row_of(cursor->reader, id, &cursor->row);
        if (err)
            return err;
        if (!lb_items_nth(cursor->row.items, id - cursor->row.id, &identifier))
            return LB_ERR_NOT_FOUND;
    }
    if (cursor->row.kind != LB_LOG_BLOCK)
        return LB_ERR_NOT_FOUND;
    *out = (struct lb_entry){.id = id,
                             .list = cursor->row.list,
                             .at = cursor->row.at,
                             .key = cursor->row.key,
                             .identifier = identifier,
                             .reason = cursor->row.reason};
    return LB_OK;
}

lb_err lb_blocklist_entry(struct lb_store *store, struct lb_store_reader *reader, uint64_t id,
                          struct lb_entry *out)
{
    struct cursor cursor = {.store = store, .reader = reader};
    return read_entry(&cursor, id, out);
}

static bool matches(struct lb_str identifier, struct lb_str term)
{
    char folded[LB_ID_SIZE * 8];
    bool member_id = identifier.len > MEMBER_ID_PREFIX_LEN && identifier.ptr[0] == 'A' &&
                     identifier.len <= sizeof folded;
    if (member_id) {
        for (size_t i = 0; i < identifier.len; i++) {
            char c = identifier.ptr[i];
            folded[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
        }
        identifier.ptr = folded;
    }
    return memmem(identifier.ptr, identifier.len, term.ptr, term.len) != NULL;
}

/* One page: what was asked, how far it is, and whom it tells. */
struct page {
    const struct lb_page_query *query;
    void *context;
    lb_err (*each)(void *context, const struct lb_entry *entry);
    struct lb_page_result *result;
    uint64_t to_skip;
    size_t given;
    uint64_t last; /* id of the last entry that was given */
    bool full;     /* there is at least one more: `last` is the cursor */
};

/* Takes one entry that is next in order. */
static lb_err offer(struct page *page, const struct lb_entry *entry)
{
    if (page->query->term.len && !matches(entry->identifier, page->query->term))
        return LB_OK;
    if (page->to_skip) {
        page->to_skip--;
        return LB_OK;
    }
    if (page->given == page->query->take) {
        page->full = true;
        return LB_OK;
    }
    page->given++;
    page->last = entry->id;
    return page->each(page->context, entry);
}

static lb_err walk(struct lb_blocklist *blocklist, struct cursor *cursor, struct page *page,
                   uint64_t *ids)
{
    const struct lb_page_query *query = page->query;
    uint64_t list = lb_list_number(query->list);
    bool searching = query->term.len > 0;
    bool by_cursor = searching || query->cursor;
    uint64_t start = query->descending ? UINT64_MAX : 0;
    /* Without a term the order itself skips, at no cost. */
    page->to_skip = by_cursor ? query->skip : 0;
    size_t want = searching || query->take + page->to_skip > WALK_IDS
                      ? WALK_IDS + 1
                      : query->take + page->to_skip + 1;
    size_t count = by_cursor ? lb_orders_after(blocklist->orders, list, query->descending,
                                               query->cursor ? query->cursor : start, want, ids)
                             : lb_orders_page(blocklist->orders, list, query->descending,
                                              query->skip, want, ids);
    lb_err err = LB_OK;
    while (!err && count && !page->full) {
        for (size_t i = 0; !err && i < count && !page->full; i++) {
            struct lb_entry entry;
            err = read_entry(cursor, ids[i], &entry);
            if (!err)
                err = offer(page, &entry);
        }
        lb_rcu_quiescent(); /* a search through a long list must not hold up releases of memory */
        if (!err && !page->full)
            count = lb_orders_after(blocklist->orders, list, query->descending, ids[count - 1],
                                    want, ids);
    }
    return err;
}

lb_err lb_blocklist_page(struct lb_blocklist *blocklist, struct lb_store_reader *reader,
                         const struct lb_page_query *query, void *context,
                         lb_err (*each)(void *context, const struct lb_entry *entry),
                         struct lb_page_result *out)
{
    uint64_t *ids = malloc((WALK_IDS + 1) * sizeof *ids);
    if (!ids)
        return LB_ERR_INTERNAL;
    *out = (struct lb_page_result){
        .total = lb_orders_count(blocklist->orders, lb_list_number(query->list)),
        .total_known = query->term.len == 0};
    struct cursor cursor = {.store = blocklist->store, .reader = reader};
    struct page page = {.query = query, .context = context, .each = each, .result = out};
    lb_err err = walk(blocklist, &cursor, &page, ids);
    out->next = page.full ? page.last : 0;
    free(ids);
    return err;
}
