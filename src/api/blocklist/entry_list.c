#include "api/blocklist/entry_list.h"

#include "api/blocklist/entry_export.h"
#include "api/by.h"
#include "api/query.h"
#include "api/stream.h"
#include "domain/blocklist/identifier.h"
#include "domain/blocklist/page.h"

#include <strings.h>

/* Entries that a search looks at before others have their turn: some ten milliseconds. */
#define LOOK_AT_MOST 20000

struct listing {
    const struct lb_entry_list *kind;
    struct lb_page_query query;
    struct lb_page_progress progress;
    uint64_t last;            /* number of the last entry that was given */
    struct lb_str search;     /* as it was sent, decoded */
    struct lb_str type;       /* as it was sent; empty: all */
    struct lb_str block_kind; /* the same */
    bool sorted;              /* `sort` was given */
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
    listing->sorted = sort.ptr != NULL;
    bool ascending = sort.ptr && sort.len == 3 && strncasecmp(sort.ptr, "ASC", 3) == 0;
    listing->query.descending = !ascending;
    if (!sort.ptr || ascending || (sort.len == 4 && strncasecmp(sort.ptr, "DESC", 4) == 0))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'sort' must be ASC or DESC.");
    return false;
}

static bool read_search(struct lb_call *call, struct listing *listing)
{
    if (!lb_query_text(call, "search", &listing->search))
        return false;
    if (listing->search.len == 0)
        return true;
    struct lb_buf folded = {0};
    bool good = lb_identifier_fold_term(listing->search, &folded);
    char *kept = good ? lb_request_alloc(call->req, folded.len + 1) : NULL;
    if (kept)
        memcpy(kept, folded.ptr, folded.len);
    listing->query.term = (struct lb_str){kept, kept ? folded.len : 0};
    lb_buf_fini(&folded);
    if (!good)
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                       "The parameter 'search' is too long or not valid UTF-8.");
    else if (!kept)
        lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
    return kept != NULL;
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

static unsigned types_of(enum lb_name_type type)
{
    unsigned company = 1u << LB_NAME_COMPANY_PAGE | 1u << LB_NAME_COMPANY;
    return company & 1u << type ? company : 1u << type;
}

/* `type` and `kind`. False when the reply is set. */
static bool read_types(struct lb_call *call, struct listing *listing)
{
    struct lb_page_query *query = &listing->query;
    enum lb_name_type type;
    if (!listing->kind->all_types)
        return true;
    if (!lb_query_text(call, "type", &listing->type) ||
        !lb_query_text(call, "kind", &listing->block_kind))
        return false;
    query->types = (1u << LB_NAME_TYPES) - 1;
    if (listing->type.len && (lb_str_equal(listing->type, LB_STR("linkedinUrl")) ||
                              !lb_name_type_of_word(listing->type, &type))) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                       "The parameter 'type' must be publicIdentifier, memberId, email, phone, "
                       "domain or company.");
        return false;
    }
    if (listing->type.len)
        query->types = types_of(type);
    if (!listing->block_kind.len || lb_block_kind_parse(listing->block_kind, &query->kind))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'kind' must be " LB_BLOCK_KINDS ".");
    return false;
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
    if (listing->search.len) {
        lb_buf_append_lit(&link, "&search=");
        lb_query_put_escaped(&link, listing->search);
    }
    if (listing->type.len) /* words of ours, both */
        lb_buf_printf(&link, "&type=%.*s", (int)listing->type.len, listing->type.ptr);
    if (listing->block_kind.len)
        lb_buf_printf(&link, "&kind=%.*s", (int)listing->block_kind.len, listing->block_kind.ptr);
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
    struct lb_page_result result;
    if (!listing->body) {
        listing->body = lb_reply_json(&call->req->reply, 200);
        lb_buf_append_lit(listing->body, "[");
    }
    lb_err err = lb_blocklist_page(call->app->blocklist, reader, &listing->query, listing,
                                   put_entry, &result);
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
    bool csv = !kind->all_types && lb_stream_wanted(call); /* all, unless fewer are asked for */
    if (!lb_query_only(call, kind->all_types
                                 ? "skip offset take limit sort cursor include type kind"
                                 : "skip offset take limit sort search cursor include") ||
        !lb_query_number(call, "skip", "offset", 0, LB_SKIP_MAX, &listing->query.skip) ||
        !lb_query_number(call, "take", "limit", csv ? LB_SKIP_MAX : kind->take_default,
                         csv ? LB_SKIP_MAX : kind->take_max, &take) ||
        !read_sort(call, listing) || !read_search(call, listing) || !read_types(call, listing) ||
        !read_cursor(call, listing) || !read_include(call, &by))
        return LB_DONE;
    listing->query.take = take;
    if (csv)
        return lb_entry_export_begin(call, &listing->query);
    if (by && !(listing->by.places = lb_call_alloc(call, (take + 1) * sizeof *listing->by.places)))
        return LB_DONE;
    return lb_call_read(call, read_entries);
}
