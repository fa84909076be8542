#include "domain/blocklist/page.h"

#include "domain/blocklist/entry.h"
#include "domain/blocklist/erased.h"
#include "domain/blocklist/internal.h"

#include <stdlib.h>
#include <utf8proc.h>

/* Ids fetched from the orders at a time. */
#define WALK_IDS 1000

/* Member ids keep their case; terms are folded. Compared without case, they can be found too. */
#define MEMBER_ID_PREFIX_LEN 5

#define FOLD (UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD | UTF8PROC_IGNORE)

bool lb_page_fold(struct lb_str text, struct lb_buf *out)
{
    utf8proc_uint8_t *folded = NULL;
    bool ascii = true;
    for (size_t i = 0; ascii && i < text.len; i++)
        ascii = (unsigned char)text.ptr[i] < 0x80;
    if (!ascii) {
        utf8proc_ssize_t len = utf8proc_map((const utf8proc_uint8_t *)text.ptr,
                                            (utf8proc_ssize_t)text.len, &folded, FOLD);
        lb_buf_append(out, (const char *)folded, len > 0 ? (size_t)len : 0);
        out->failed |= len == UTF8PROC_ERROR_NOMEM;
        free(folded);
        return len >= 0 || len == UTF8PROC_ERROR_NOMEM;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        c = c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
        lb_buf_append(out, &c, 1);
    }
    return true;
}

static bool has_words(struct lb_str reason, struct lb_str words)
{
    struct lb_buf folded = {0};
    if (!words.len || !reason.len)
        return false;
    lb_page_fold(reason, &folded);
    bool found = folded.len >= words.len && memmem(folded.ptr, folded.len, words.ptr, words.len);
    lb_buf_fini(&folded);
    return found;
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
    return query->term.len || query->kind || query->of_actor || query->ends_before ||
           has_one_of_two(query);
}

static bool has_bounds(const struct lb_page_query *query)
{
    return query->floor || query->ceiling;
}

static bool has_term(const struct lb_page_query *query, const struct lb_entry *entry)
{
    bool named = !lb_erased_is_key(entry->key); /* else there is a hash */
    return !query->term.len || (named && matches(lb_key_value(entry->key), query->term)) ||
           has_words(entry->reason, query->words);
}

static bool is_meant(const struct lb_page_query *query, const struct lb_entry *entry)
{
    return (!query->kind || entry->block_kind == (uint32_t)query->kind) &&
           (!query->of_actor || entry->actor == query->actor) &&
           (!query->ends_before || (entry->ends_at && entry->ends_at < query->ends_before)) &&
           has_term(query, entry) &&
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
    if (err == LB_ERR_NOT_FOUND && entry.erased) /* just now: memory is about to let it go */
        return LB_OK;
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

/* Those behind a bound are at the end; so are, ascending, those that came later. */
static size_t leave_out_rest(const struct page *page, const uint64_t *ids, size_t count)
{
    const struct lb_page_query *query = page->query;
    if (query->descending) {
        while (count && ids[count - 1] < query->floor)
            count--;
        return count;
    }
    while (count && ((query->ceiling && ids[count - 1] >= query->ceiling) ||
                     (page->progress->fixed && ids[count - 1] > page->progress->newest)))
        count--;
    return count;
}

/* Before the first entry that may be given. */
static uint64_t start_of(const struct lb_page_query *query)
{
    uint64_t bound = query->descending ? query->ceiling ? query->ceiling : UINT64_MAX
                     : query->floor    ? query->floor - 1
                                       : 0;
    bool inside =
        query->cursor && (query->descending ? query->cursor < bound : query->cursor > bound);
    return inside ? query->cursor : bound;
}

static void begin(struct lb_blocklist *blocklist, const struct page *page)
{
    const struct lb_page_query *query = page->query;
    struct lb_page_progress *progress = page->progress;
    progress->begun = true;
    progress->reached = start_of(query);
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
    } else if (first && !filters(query) && !query->cursor && !has_bounds(query)) {
        progress->to_skip = 0; /* the order itself skips, at no cost */
        count = lb_list_orders_page(blocklist->orders, orders[0], query->descending, query->skip,
                                    want, ids);
    } else {
        count = lb_list_orders_after(blocklist->orders, orders[0], query->descending,
                                     progress->reached, want, ids);
    }
    return leave_out_rest(page, ids, count);
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
        return LB_ERR_OVERLOADED;
    *out = (struct lb_page_result){.total_known = !filters(query) && !has_bounds(query)};
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
