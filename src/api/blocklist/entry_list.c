#include "api/blocklist/entry_list.h"

#include "api/blocklist/entry_export.h"
#include "api/blocklist/entry_filter.h"
#include "api/by.h"
#include "api/query.h"
#include "api/stream.h"

#include <strings.h>

/* Entries that a search looks at before others have their turn: some ten milliseconds. */
#define LOOK_AT_MOST 20000

struct listing {
    const struct lb_entry_list *kind;
    struct lb_page_query query;
    struct lb_page_progress progress;
    struct lb_entry_filter filter;
    uint64_t last; /* number of the last entry that was given */
    struct lb_buf *body;
    const struct lb_call *call;
    size_t given;
    struct lb_by_places by; /* places NULL: who blocked them is not asked for */
};

static bool read_sort(struct lb_call *call, struct listing *listing)
{
    struct lb_str sort;
    if (!lb_query_text(call, "sort", &sort))
        return false;
    bool ascending = sort.ptr && sort.len == 3 && strncasecmp(sort.ptr, "ASC", 3) == 0;
    listing->query.descending = !ascending;
    if (!sort.ptr || ascending || (sort.len == 4 && strncasecmp(sort.ptr, "DESC", 4) == 0))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'sort' must be ASC or DESC.");
    return false;
}

static lb_err put_entry(void *context, const struct lb_entry *entry)
{
    struct listing *listing = context;
    if (listing->given++)
        lb_buf_append_lit(listing->body, ",");
    listing->last = entry->number;
    listing->kind->put_entry(listing->body, listing->call, entry);
    if (listing->by.places)
        listing->by.places[listing->by.count++] =
            (struct lb_by_place){listing->body->len, entry->actor};
    lb_buf_append_lit(listing->body, "}");
    return LB_OK;
}

/* `include=by`. False when the reply is set. */
static bool read_include(struct lb_call *call, bool *out_by)
{
    struct lb_str include;
    if (!lb_query_text(call, "include", &include))
        return false;
    *out_by = include.len != 0;
    if (!*out_by || lb_str_equal(include, LB_STR("by")))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'include' must be 'by'.");
    return false;
}

/* Cursors have numbers, as all that leaves the program: ids would tell of other workspaces. */
static bool read_cursor(struct lb_call *call, struct listing *listing)
{
    uint64_t number;
    if (!lb_query_cursor(call, &number))
        return false;
    if (!number)
        return true;
    uint64_t id = lb_row_times_published_id_of(call->workspace->row_times, number);
    listing->query.cursor = id ? id : 1; /* nothing has a number so low */
    return true;
}

static void put_link(struct lb_call *call, const struct listing *listing)
{
    struct lb_buf link = {0};
    lb_query_begin_link(call, &link);
    lb_buf_printf(&link, "%s=%zu&sort=%s", listing->kind->take_name, listing->query.take,
                  listing->query.descending ? "DESC" : "ASC");
    lb_entry_filter_put(&listing->filter, &link);
    if (listing->by.places)
        lb_buf_append_lit(&link, "&include=by");
    lb_buf_printf(&link, "&cursor=c%llu", (unsigned long long)listing->last);
    lb_query_end_link(call, &link);
}

/* Says who blocked each entry of the page; false when out of memory. */
static bool fill_in(struct listing *listing, struct lb_store_reader *reader)
{
    struct lb_by actors = {.call = listing->call, .reader = reader};
    bool done = lb_by_fill_in(&actors, listing->body, &listing->by);
    lb_by_fini(&actors);
    return done;
}

static enum lb_turn read_entries(struct lb_call *call, struct lb_store_reader *reader)
{
    struct listing *listing = call->state;
    struct lb_page_result result = {0};
    if (!listing->body) {
        listing->body = lb_reply_json(&call->req->reply, 200);
        lb_buf_append_lit(listing->body, "[");
    }
    lb_err err = lb_entry_filter_prepare(&listing->filter, call, reader, &listing->query);
    if (!err && !listing->filter.nobody)
        err = lb_blocklist_page(call->app->blocklist, reader, &listing->query, listing, put_entry,
                                &result);
    if (!err && result.unfinished)
        return LB_TURN_MORE;
    lb_buf_append_lit(listing->body, "]");
    if (!err && listing->by.places && !fill_in(listing, reader))
        err = LB_ERR_OVERLOADED;
    if (err) {
        lb_call_refuse(call, err, NULL);
    } else {
        if (result.total_known)
            lb_query_put_total(call, result.total);
        if (result.next)
            put_link(call, listing);
    }
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_entry_list_reply(struct lb_call *call, const struct lb_entry_list *kind)
{
    struct listing *listing = lb_call_alloc(call, sizeof *listing);
    if (!listing)
        return LB_DONE;
    listing->kind = kind;
    listing->call = call;
    listing->progress.look = LOOK_AT_MOST;
    listing->query.progress = &listing->progress;
    listing->query.list = call->list;
    call->state = listing;
    uint64_t take;
    bool by;
    bool csv = lb_stream_wanted(call); /* all, unless fewer are asked for */
    if (!lb_query_only(call,
                       kind->all_types
                           ? "skip offset take limit sort cursor include " LB_ENTRY_TYPED_FILTERS
                           : "skip offset take limit sort cursor include " LB_ENTRY_FILTERS) ||
        !lb_query_number(call, "skip", "offset", 0, LB_SKIP_MAX, &listing->query.skip) ||
        !lb_query_number(call, "take", "limit", csv ? LB_SKIP_MAX : kind->take_default,
                         csv ? LB_SKIP_MAX : kind->take_max, &take) ||
        !read_sort(call, listing) ||
        !lb_entry_filter_read(&listing->filter, call, kind->all_types, &listing->query) ||
        !read_cursor(call, listing) || !read_include(call, &by))
        return LB_DONE;
    listing->query.take = take;
    if (csv)
        return lb_entry_export_begin(call, &listing->query, &listing->filter, kind->all_types);
    if (by && !(listing->by.places = lb_call_alloc(call, (take + 1) * sizeof *listing->by.places)))
        return LB_DONE;
    return lb_call_read(call, read_entries);
}
