/* The imports of a workspace: GET /v1/imports, and GET /v1/imports/{importId} for one of them. */
#include "api/by.h"
#include "api/handlers.h"
#include "api/query.h"

#include "base/clock.h"
#include "domain/blocklist/imports.h"
#include "json/encode.h"

#define TAKE_DEFAULT 10
#define TAKE_MAX     100

struct listing {
    struct lb_call *call;
    struct lb_by actors;
    uint64_t below;
    size_t take;
    size_t count; /* with one more than is shown, which tells whether there is more */
    struct lb_blocklist_import_row rows[TAKE_MAX + 1];
};

static lb_err take_import(void *context, const struct lb_blocklist_import_row *row)
{
    struct listing *listing = context;
    listing->rows[listing->count++] = *row;
    return LB_OK;
}

static void put_number(struct lb_buf *body, const char *name, uint64_t number)
{
    lb_buf_printf(body, ",\"%s\":%llu", name, (unsigned long long)number);
}

static void put_time(struct lb_buf *body, const char *name, int64_t time)
{
    lb_buf_printf(body, ",\"%s\":", name);
    lb_json_put_time_or_null(body, time);
}

/* What is known at the end is null before. */
static void put_counts(struct lb_buf *body, const struct lb_blocklist_import_row *row)
{
    put_number(body, row->unblocks ? "unblocked" : "blocked", row->done);
    if (!row->finished_at && !row->rows) {
        lb_buf_printf(body,
                      ",\"%s\":null,\"duplicates\":null,\"rows\":null,\"bad\":null,\"blank\":null",
                      row->unblocks ? "notBlocked" : "already");
        return;
    }
    put_number(body, row->unblocks ? "notBlocked" : "already", row->rest);
    put_number(body, "duplicates", row->duplicates);
    put_number(body, "rows", row->rows);
    put_number(body, "bad", row->bad);
    put_number(body, "blank", row->blank);
}

static void put_column(struct lb_buf *body, const struct lb_blocklist_import_row *row)
{
    lb_buf_append_lit(body, ",\"column\":");
    if (!row->column) {
        lb_buf_append_lit(body, "null");
        return;
    }
    lb_buf_printf(body, "{\"number\":%llu,\"name\":", (unsigned long long)row->column);
    lb_json_put_string_or_null(body,
                               row->column_name[0] ? lb_str(row->column_name) : (struct lb_str){0});
    lb_buf_append_lit(body, "}");
}

static void put_import(struct listing *listing, struct lb_buf *body,
                       const struct lb_blocklist_import_row *row)
{
    static const char *const states[] = {"running", "done", "broken_off", "undone"};
    const struct lb_call *call = listing->call;
    char campaign[LB_ID_SIZE];
    bool deleted;
    bool known = row->list.campaign && lb_directory_list_id(call->app->directory, call->workspace,
                                                            row->list.campaign, campaign, &deleted);
    lb_buf_printf(body, "{\"importId\":\"%s\",\"scope\":\"%s\",\"campaignId\":", row->id,
                  lb_scope_name(lb_scope_of_list(row->list)));
    lb_json_put_string_or_null(body, known ? lb_str(campaign) : (struct lb_str){0});
    lb_buf_printf(
        body, ",\"action\":\"%s\",\"state\":\"%s\"", row->unblocks ? "unblock" : "block",
        states[lb_imports_state(row, call->workspace, call->app->store, lb_clock_wall_ms())]);
    put_counts(body, row);
    put_column(body, row);
    put_number(body, "bytes", row->bytes);
    lb_buf_append_lit(body, ",\"by\":");
    lb_by_put(&listing->actors, body, row->actor);
    put_time(body, "startedAt", row->started_at);
    put_time(body, "finishedAt", row->finished_at);
    put_time(body, "undoneAt", row->undone_at);
    lb_buf_append_lit(body, "}");
}

static void reply(struct listing *listing)
{
    struct lb_buf *body = lb_reply_json(&listing->call->req->reply, 200);
    size_t shown = listing->count < listing->take ? listing->count : listing->take;
    lb_buf_append_lit(body, "[");
    for (size_t i = 0; i < shown; i++) {
        if (i)
            lb_buf_append_lit(body, ",");
        put_import(listing, body, &listing->rows[i]);
    }
    lb_buf_append_lit(body, "]");
    if (shown && listing->count > shown)
        lb_query_put_link(listing->call, "take=%zu&cursor=c%llu", listing->take,
                          (unsigned long long)listing->rows[shown - 1].no);
}

static enum lb_turn read_imports(struct lb_call *call, struct lb_store_reader *reader)
{
    struct listing *listing = call->state;
    listing->actors.reader = reader;
    lb_err err = call->app->store->ops->imports_page(
        reader, call->workspace->row.no, listing->below, listing->take + 1, listing, take_import);
    if (err)
        lb_call_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, NULL);
    else
        reply(listing);
    lb_by_fini(&listing->actors);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_imports_list(struct lb_call *call)
{
    struct listing *listing = lb_call_alloc(call, sizeof *listing);
    uint64_t take;
    if (!listing || !lb_query_only(call, "take limit cursor") ||
        !lb_query_number(call, "take", "limit", TAKE_DEFAULT, TAKE_MAX, &take) ||
        !lb_query_cursor(call, &listing->below))
        return LB_DONE;
    listing->call = call;
    listing->actors = (struct lb_by){.call = call};
    listing->take = take;
    call->state = listing;
    return lb_call_read(call, read_imports);
}

/* --- One of them --- */

static enum lb_turn read_import(struct lb_call *call, struct lb_store_reader *reader)
{
    struct listing *listing = call->state;
    struct lb_blocklist_import_row *row = listing->rows;
    listing->actors.reader = reader;
    lb_err err =
        call->app->store->ops->import(reader, call->workspace->row.no, call->req->params[0], row);
    if (err == LB_ERR_NOT_FOUND)
        lb_reply_error(&call->req->reply, err, "%s", LB_UNKNOWN_IMPORT);
    else if (err)
        lb_call_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, NULL);
    else
        put_import(listing, lb_reply_json(&call->req->reply, 200), row);
    lb_by_fini(&listing->actors);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_imports_get(struct lb_call *call)
{
    struct listing *listing = lb_call_alloc(call, sizeof *listing);
    if (!listing)
        return LB_DONE;
    listing->call = call;
    listing->actors = (struct lb_by){.call = call};
    call->state = listing;
    return lb_call_read(call, read_import);
}
