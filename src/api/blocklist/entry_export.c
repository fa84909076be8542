#include "api/blocklist/entry_export.h"

#include "api/by.h"
#include "api/profile_url.h"
#include "api/query.h"
#include "api/stream.h"
#include "base/clock.h"
#include "base/csv.h"
#include "domain/blocklist/erased.h"

/* In one turn of a reader: entries that are fetched, entries that a search looks at, and entries
 * that are written at most. */
#define FETCH_AT_MOST 500
#define LOOK_AT_MOST  20000
#define WRITE_AT_MOST 1000
#define LINES_MAX     90 /* of a reason: what the import takes in one cell, and some to spare */

struct exporting {
    struct lb_stream stream;
    struct lb_page_query query;
    struct lb_page_progress progress;
    struct lb_by actors;
    struct lb_by_places by; /* in the piece */
    struct lb_by_place places[WRITE_AT_MOST];
    struct lb_buf scratch;
    struct lb_entry_filter filter;
    bool all_types;
    bool headed; /* the headings were given */
    const char *scope;
};

/* --- Rows --- */

static bool is_line_end(struct lb_str text, size_t i)
{
    return text.ptr[i] == '\n' ||
           (text.ptr[i] == '\r' && !(i + 1 < text.len && text.ptr[i + 1] == '\n'));
}

/* A reason of so many lines that the import would take the cell for one that was never closed gets
 * blanks in place of the further line ends. */
static void put_reason(struct exporting *export, struct lb_str reason)
{
    struct lb_buf *scratch = &export->scratch;
    unsigned lines = 0;
    scratch->len = 0;
    lb_buf_append_str(scratch, reason);
    for (size_t i = 0; i < scratch->len; i++) {
        if (lines > LINES_MAX && (scratch->ptr[i] == '\n' || scratch->ptr[i] == '\r'))
            scratch->ptr[i] = ' ';
        else
            lines += is_line_end(lb_buf_str(scratch), i);
    }
    lb_csv_put_cell(&export->stream.piece, lb_buf_str(scratch));
}

/* Nothing for names that have no address. */
static void put_profile_url(struct exporting *export, struct lb_str name)
{
    struct lb_buf *url = &export->scratch;
    url->len = 0;
    if (lb_profile_url_put(url, name))
        lb_csv_put_cell(&export->stream.piece, lb_buf_str(url));
}

static void put_time(struct lb_buf *piece, int64_t at)
{
    char time[LB_TIME_TEXT_SIZE];
    if (at)
        lb_buf_append(piece, time, lb_time_format(at, time));
    lb_buf_append_lit(piece, ",");
}

/* A company's page is its address: the name alone would be that of a company. */
static void put_name(struct exporting *export, struct lb_str key)
{
    struct lb_buf *piece = &export->stream.piece;
    struct lb_buf *url = &export->scratch;
    url->len = 0;
    if (lb_key_type(key) == LB_NAME_COMPANY_PAGE)
        lb_buf_append_lit(url, "https://www.linkedin.com/company/");
    if (!lb_erased_is_key(key))
        lb_buf_append_str(url, lb_key_value(key));
    if (export->all_types)
        lb_buf_printf(piece, "%s,", lb_name_type_word(lb_key_type(key)));
    lb_csv_put_cell(piece, lb_buf_str(url));
    lb_buf_append_lit(piece, ",");
}

static lb_err put_entry(void *context, const struct lb_entry *entry)
{
    struct exporting *export = context;
    struct lb_buf *piece = &export->stream.piece;
    put_name(export, entry->key);
    put_reason(export, entry->reason);
    lb_buf_append_lit(piece, ",");
    if (export->all_types) {
        const char *kind = lb_block_kind_name((enum lb_block_kind)entry->block_kind);
        lb_buf_printf(piece, "%s,", kind ? kind : "");
        put_time(piece, entry->ends_at);
    }
    put_time(piece, entry->at);
    export->places[export->by.count++] = (struct lb_by_place){piece->len, entry->actor};
    lb_buf_append_lit(piece, ",");
    lb_buf_append_str(piece, lb_str(export->scope));
    lb_buf_append_lit(piece, ",");
    if (lb_key_is_linkedin(entry->key) && !lb_erased_is_key(entry->key))
        put_profile_url(export, entry->key);
    lb_buf_append_lit(piece, "\r\n");
    piece->failed |= export->scratch.failed;
    export->progress.pause =
        piece->len >= LB_STREAM_PIECE_BYTES || export->by.count == WRITE_AT_MOST;
    return LB_OK;
}

/* --- Pieces --- */

static lb_err fill(struct lb_call *call, struct lb_store_reader *reader)
{
    struct exporting *export = call->state;
    struct lb_page_result result = {0};
    bool first = !export->headed;
    if (first)
        lb_buf_append_str(
            &export->stream.piece,
            export->all_types
                ? LB_STR("type,value,reason,kind,expiresAt,createdAt,by,scope,"
                         "profileUrl\r\n")
                : LB_STR("publicIdentifier,reason,createdAt,by,scope,profileUrl\r\n"));
    export->headed = true;
    export->by.count = 0;
    lb_err err = lb_entry_filter_prepare(&export->filter, call, reader, &export->query);
    if (!err && !export->filter.nobody)
        err = lb_blocklist_page(call->app->blocklist, reader, &export->query, export, put_entry,
                                &result);
    if (err)
        return err;
    export->actors.reader = reader;
    if (!lb_by_fill_in(&export->actors, &export->stream.piece, &export->by))
        return LB_ERR_OVERLOADED;
    if (first && result.total_known)
        lb_query_put_total(call, result.total);
    export->stream.done = !result.unfinished;
    return LB_OK;
}

static void release(struct lb_call *call)
{
    struct exporting *export = call->state;
    lb_by_fini(&export->actors);
    lb_buf_fini(&export->scratch);
}

enum lb_progress lb_entry_export_begin(struct lb_call *call, const struct lb_page_query *query,
                                       const struct lb_entry_filter *filter, bool all_types)
{
    struct exporting *export = lb_call_alloc(call, sizeof *export);
    if (!export)
        return LB_DONE;
    export->stream =
        (struct lb_stream){.fill = fill,
                           .release = release,
                           .file_name = all_types ? "blocklist.csv" : "blocked-leads.csv"};
    export->query = *query;
    export->filter = *filter;
    export->all_types = all_types;
    export->query.progress = &export->progress;
    bool looks = query->term.len || query->kind || query->ends_before || filter->by.len;
    export->progress.look = looks ? LOOK_AT_MOST : FETCH_AT_MOST;
    export->progress.fixed = true;
    export->actors = (struct lb_by){.call = call, .csv = true};
    export->by.places = export->places;
    export->scope = lb_scope_name(lb_scope_of_list(call->list));
    call->state = export;
    return lb_stream_begin(call, &export->stream);
}
