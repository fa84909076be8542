#include "domain/blocklist/page.h"

#include "domain/blocklist/entry.h"
#include "domain/blocklist/internal.h"

#include <stdlib.h>

/* Ids fetched from the orders at a time. */
#define WALK_IDS 1000

/* Member ids keep their case; terms are folded. Compared without case, they can be found too. */
#define MEMBER_ID_PREFIX_LEN 5

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

#define ORDERS_MAX LB_NAME_TYPES
#define LINKEDIN   (1u << LB_NAME_LINKEDIN | 1u << LB_NAME_MEMBER_ID)

static bool has_one_of_two(const struct lb_page_query *query)
{
    unsigned linkedin = query->types & LINKEDIN;
    return linkedin && linkedin != LINKEDIN;
}

/* Has an entry to be read before it is known whether it is meant? */
static bool filters(const struct lb_page_query *query)
{
    return query->term.len || query->kind || has_one_of_two(query);
}

static bool is_meant(const struct lb_page_query *query, const struct lb_entry *entry)
{
    return (!query->term.len || matches(lb_key_value(entry->key), query->term)) &&
           (!query->kind || entry->block_kind == (uint32_t)query->kind) &&
           (!has_one_of_two(query) || (query->types & 1u << lb_key_type(entry->key)));
}

/* The orders that have what is asked for; returns how many. */
static size_t find_orders(const struct lb_page_query *query, uint64_t out[ORDERS_MAX])
{
    unsigned types = query->types ? query->types : LINKEDIN;
    size_t count = 0;
    if (types & LINKEDIN)
        out[count++] = lb_order_number(query->list, LB_NAME_LINKEDIN);
    for (int type = LB_NAME_EMAIL; type < LB_NAME_TYPES; type++)
        if (types & 1u << type)
            out[count++] = lb_order_number(query->list, (enum lb_name_type)type);
    return count;
}

/* One call for a page: what was asked, how far it is, and whom it tells. */
struct page {
    const struct lb_page_query *query;
    struct lb_page_progress *progress;
    void *context;
    lb_err (*each)(void *context, const struct lb_entry *entry);
};

/* Takes one entry that is next in order. */
static lb_err offer(struct page *page, struct lb_entry_cursor *cursor, uint64_t id)
{
    const struct lb_page_query *query = page->query;
    struct lb_page_progress *progress = page->progress;
    progress->reached = id;
    if (!filters(query) && progress->to_skip) { /* what it is does not matter */
        progress->to_skip--;
        return LB_OK;
    }
    struct lb_entry entry;
    lb_err err = lb_entry_read(cursor, id, &entry);
    if (err || !is_meant(query, &entry))
        return err;
    if (progress->to_skip) {
        progress->to_skip--;
        return LB_OK;
    }
    if (progress->given == query->take) {
        progress->full = true;
        return LB_OK;
    }
    progress->given++;
    progress->last = id;
    return page->each(page->context, &entry);
}

/* Ascending, those that came later are at the end. */
static size_t leave_out_later(const struct page *page, const uint64_t *ids, size_t count)
{
    if (page->progress->fixed && !page->query->descending)
        while (count && ids[count - 1] > page->progress->newest)
            count--;
    return count;
}

static void begin(struct lb_blocklist *blocklist, const struct page *page)
{
    const struct lb_page_query *query = page->query;
    struct lb_page_progress *progress = page->progress;
    progress->begun = true;
    progress->reached = query->cursor ? query->cursor : query->descending ? UINT64_MAX : 0;
    progress->to_skip = query->skip;
    uint64_t orders[ORDERS_MAX];
    size_t count = progress->fixed ? find_orders(query, orders) : 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t newest = 0;
        lb_list_orders_page(blocklist->orders, orders[i], true, 0, 1, &newest);
        progress->newest = newest > progress->newest ? newest : progress->newest;
    }
}

/* The next ids of several orders, in one. `ids` has room for `want` of each. */
static size_t merge(struct lb_blocklist *blocklist, const struct page *page, const uint64_t *orders,
                    size_t order_count, size_t want, uint64_t *ids)
{
    bool descending = page->query->descending;
    size_t at[ORDERS_MAX], end[ORDERS_MAX], count = 0;
    uint64_t *merged = ids + order_count * want;
    for (size_t i = 0; i < order_count; i++) {
        at[i] = i * want;
        end[i] = at[i] + lb_list_orders_after(blocklist->orders, orders[i], descending,
                                              page->progress->reached, want, ids + at[i]);
    }
    while (count < want) {
        size_t best = order_count;
        for (size_t i = 0; i < order_count; i++)
            if (at[i] < end[i] &&
                (best == order_count ||
                 (descending ? ids[at[i]] > ids[at[best]] : ids[at[i]] < ids[at[best]])))
                best = i;
        if (best == order_count)
            break;
        merged[count++] = ids[at[best]++];
    }
    memmove(ids, merged, count * sizeof *ids);
    return count;
}

/* The next ids of the list, `want` at most; returns how many. */
static size_t next_ids(struct lb_blocklist *blocklist, const struct page *page, size_t want,
                       uint64_t *ids)
{
    const struct lb_page_query *query = page->query;
    struct lb_page_progress *progress = page->progress;
    uint64_t orders[ORDERS_MAX];
    size_t order_count = find_orders(query, orders);
    bool first = !progress->begun;
    size_t count;
    if (first)
        begin(blocklist, page);
    if (order_count > 1) {
        count = merge(blocklist, page, orders, order_count, want, ids);
    } else if (first && !filters(query) && !query->cursor) {
        progress->to_skip = 0; /* the order itself skips, at no cost */
        count = lb_list_orders_page(blocklist->orders, orders[0], query->descending, query->skip,
                                    want, ids);
    } else {
        count = lb_list_orders_after(blocklist->orders, orders[0], query->descending,
                                     progress->reached, want, ids);
    }
    return leave_out_later(page, ids, count);
}

/* How many ids the rest of the page needs, as far as one can know. */
static size_t wanted(const struct page *page, size_t left)
{
    const struct lb_page_query *query = page->query;
    const struct lb_page_progress *progress = page->progress;
    size_t want = WALK_IDS;
    if (!filters(query) && progress->to_skip < WALK_IDS &&
        query->take - progress->given <= WALK_IDS - progress->to_skip)
        want = query->take - progress->given + progress->to_skip + 1;
    return want < left ? want : left;
}

/* Walks on until the page is full, the list ends (false), `look` entries were looked at or `each`
 * pauses (true). */
static lb_err walk(struct lb_blocklist *blocklist, struct lb_entry_cursor *cursor,
                   struct page *page, uint64_t *ids, bool *out_unfinished)
{
    struct lb_page_progress *progress = page->progress;
    size_t left = progress->look;
    lb_err err = LB_OK;
    progress->pause = false;
    while (!err && left && !progress->full && !progress->pause) {
        size_t count = next_ids(blocklist, page, wanted(page, left), ids);
        if (count == 0)
            break;
        if (filters(page->query) || progress->to_skip < count)
            cursor->store->ops->prefetch_entries(cursor->reader, cursor->workspace, ids, count);
        for (size_t i = 0; !err && i < count && !progress->full && !progress->pause; i++)
            err = offer(page, cursor, ids[i]);
        left -= count;
        lb_rcu_quiescent(); /* a search through a long list must not hold up releases of memory */
    }
    *out_unfinished = !err && (!left || progress->pause) && !progress->full;
    return err;
}

lb_err lb_blocklist_page(struct lb_blocklist *blocklist, struct lb_store_reader *reader,
                         const struct lb_page_query *query, void *context,
                         lb_err (*each)(void *context, const struct lb_entry *entry),
                         struct lb_page_result *out)
{
    uint64_t orders[ORDERS_MAX];
    size_t order_count = find_orders(query, orders);
    size_t room = (order_count > 1 ? order_count + 1 : 1) * (WALK_IDS + 1);
    uint64_t *ids = malloc(room * sizeof *ids);
    if (!ids)
        return LB_ERR_INTERNAL;
    *out = (struct lb_page_result){.total_known = !filters(query)};
    for (size_t i = 0; i < order_count; i++)
        out->total += lb_list_orders_count(blocklist->orders, orders[i]);
    struct lb_page_progress whole = {.look = SIZE_MAX};
    struct lb_entry_cursor cursor = {
        .store = blocklist->store, .reader = reader, .workspace = query->list.workspace};
    struct page page = {.query = query,
                        .progress = query->progress ? query->progress : &whole,
                        .context = context,
                        .each = each};
    lb_err err = walk(blocklist, &cursor, &page, ids, &out->unfinished);
    out->next = page.progress->full ? page.progress->last : 0;
    free(ids);
    return err;
}
