/* What one change did, and to whom: GET /v1/changes/{changeId} and its leads. Memory knows where
 * the rows of a change are; each request reads the rows of that change alone. */
#include "api/blocklist/changes.h"
#include "api/blocklist/entry_json.h"
#include "api/by.h"
#include "api/handlers.h"
#include "api/ids.h"
#include "api/query.h"

#include "domain/blocklist/entry.h"
#include "domain/blocklist/links.h"
#include "domain/blocklist/identifier.h"
#include "domain/blocklist/undone.h"
#include "json/encode.h"
#include "store/chain.h"
#include "store/log_items.h"
#include "store/names.h"

#include <netinet/in.h>

#define TAKE_DEFAULT 100
#define TAKE_MAX     1000
#define TURN_ROWS    2000 /* of the log, in one turn */
#define REASON_SIZE  (4 * LB_REASON_CHARACTERS_MAX + 1)

/* A change, by the first of its rows and what they have in common. */
struct past_change {
    struct lb_row_times_change rows;
    enum lb_log_kind kind;
    uint32_t campaign;
    uint32_t actor;
    int64_t at;
    uint64_t undoes;
    uint64_t count; /* of its items */
    char source[INET6_ADDRSTRLEN];
    char import[LB_ID_SIZE];
    char reason[REASON_SIZE];
    bool has_reason; /* and all rows have the same */
};

struct telling {
    struct lb_call *call;
    struct lb_by actors;
    struct past_change change;
    /* Of a change as a whole. */
    bool begun;
    bool read;     /* all rows */
    uint64_t next; /* the id of the row that is read next */
    size_t rows;   /* in this turn */
    struct lb_undone chain;
    /* Of its leads. */
    size_t take;
    uint64_t after;  /* number of the item that the page before ended with; 0: the first page */
    uint64_t last;   /* and of the one that this page has come to */
    size_t count;    /* items of the page */
    uint64_t *named; /* entries that the page's items name by their numbers */
    uint64_t *ids;   /* and their ids */
    size_t named_count;
    struct lb_buf *body;
};

static struct lb_str text_or_none(const char *text)
{
    return text[0] ? lb_str(text) : (struct lb_str){0};
}

static void release(struct lb_call *call)
{
    struct telling *telling = call->state;
    lb_by_fini(&telling->actors);
}

static enum lb_turn end_with(struct lb_call *call, lb_err err)
{
    if (err)
        lb_call_refuse(call, err == LB_ERR_OVERLOADED ? err : LB_ERR_STORAGE_UNAVAILABLE, NULL);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* Which change the path names. False when the reply is set. */
static struct telling *begin(struct lb_call *call)
{
    struct telling *telling = lb_call_alloc(call, sizeof *telling);
    const struct lb_workspace *workspace = call->workspace;
    struct lb_public_id id = lb_id_record(call->req->params[0], LB_STR(LB_CHANGE_PREFIX));
    if (!telling)
        return NULL;
    telling->call = call;
    if (!id.number || lb_epochs_of(&workspace->epochs, id.number) != id.epoch ||
        !lb_row_times_change(workspace->row_times, id.number, &telling->change.rows)) {
        lb_reply_error(&call->req->reply, LB_ERR_NOT_FOUND, "%s", LB_UNKNOWN_CHANGE);
        return NULL;
    }
    telling->next = telling->change.rows.first_row;
    telling->chain.last = telling->change.rows.number;
    call->state = telling;
    call->release = release;
    return telling;
}

/* --- A change --- */

static void take_first_row(struct past_change *change, const struct lb_log_row *row)
{
    change->kind = row->kind;
    change->campaign = row->list.campaign;
    change->actor = row->actor;
    change->at = row->at;
    change->undoes = row->undoes;
    struct lb_str reason = lb_chain_text(row->reason);
    change->has_reason = reason.ptr && reason.len < sizeof change->reason;
    lb_str_copy(lb_chain_text(row->source), change->source, sizeof change->source);
    lb_str_copy(lb_chain_text(row->import), change->import, sizeof change->import);
    lb_str_copy(reason, change->reason, sizeof change->reason);
}

/* LB_ERR_NOT_FOUND only ends the turn. */
static lb_err take_row(void *context, const struct lb_log_row *row)
{
    struct telling *telling = context;
    struct past_change *change = &telling->change;
    if (!telling->begun)
        take_first_row(change, row);
    else if (!row->reason.ptr || !lb_str_equal(row->reason, lb_str(change->reason)))
        change->has_reason = false;
    telling->begun = true;
    telling->next = row->id + 1;
    change->count = row->number - change->rows.number + lb_log_items_count(row->items);
    if (lb_log_kind_has_pairs(row->kind))
        change->count /= 2; /* names of a link */
    if (row->kind == LB_LOG_CARRIED_OVER && !lb_str_to_u64(row->items, UINT64_MAX, &change->count))
        return LB_ERR_STORAGE_UNAVAILABLE;
    return ++telling->rows < TURN_ROWS ? LB_OK : LB_ERR_NOT_FOUND;
}

static void put_record(struct telling *telling, struct lb_buf *body, uint64_t change)
{
    if (!change) {
        lb_buf_append_lit(body, "null");
        return;
    }
    lb_buf_append_lit(body, "\"");
    lb_id_put_record(body, LB_STR(LB_CHANGE_PREFIX), &telling->call->workspace->epochs, change);
    lb_buf_append_lit(body, "\"");
}

static void put_change(struct telling *telling, uint64_t undone_by)
{
    const struct past_change *change = &telling->change;
    struct lb_buf *body = lb_reply_json(&telling->call->req->reply, 200);
    lb_buf_append_lit(body, "{\"id\":");
    put_record(telling, body, change->rows.number);
    lb_buf_append_lit(body, ",\"at\":");
    lb_json_put_time(body, change->at);
    lb_buf_printf(
        body, ",\"what\":\"%s\",\"by\":", change->undoes ? "undo" : lb_log_kind_name(change->kind));
    lb_by_put(&telling->actors, body, change->actor);
    lb_buf_append_lit(body, ",\"from\":");
    lb_json_put_string_or_null(body, text_or_none(change->source));
    lb_buf_append_lit(body, ",\"reason\":");
    lb_json_put_string_or_null(body,
                               change->has_reason ? lb_str(change->reason) : (struct lb_str){0});
    lb_changes_put_list(telling->call, body, change->campaign);
    lb_buf_append_lit(body, ",\"importId\":");
    lb_json_put_string_or_null(body, text_or_none(change->import));
    lb_buf_append_lit(body, ",\"undoes\":");
    put_record(telling, body, change->undoes);
    lb_buf_append_lit(body, ",\"undoneBy\":");
    put_record(telling, body, undone_by);
    lb_buf_printf(body, ",\"count\":%llu}", (unsigned long long)change->count);
}

/* Which undo took the change back, and holds; 0: none that memory has yet, which knows its epoch.
 */
static uint64_t undone_by(const struct telling *telling)
{
    const struct lb_workspace *workspace = telling->call->workspace;
    struct lb_row_times_change undo;
    uint64_t last = telling->chain.last;
    return telling->chain.undone && lb_row_times_change(workspace->row_times, last, &undo) ? last
                                                                                           : 0;
}

/* LB_ERR_NOT_FOUND only ends the turn. */
static lb_err read_rows(struct telling *telling, struct lb_store_reader *reader)
{
    const struct lb_call *call = telling->call;
    uint64_t end = telling->change.rows.last_row + 1;
    if (telling->read)
        return LB_OK;
    telling->rows = 0;
    lb_err err = call->app->store->ops->log_read(reader, call->workspace->row.no, telling->next,
                                                 end, telling, take_row);
    if (err == LB_ERR_NOT_FOUND && telling->next >= end)
        err = LB_OK;
    telling->read = !err;
    return err || telling->begun ? err : LB_ERR_STORAGE_UNAVAILABLE;
}

static enum lb_turn read_change(struct lb_call *call, struct lb_store_reader *reader)
{
    struct telling *telling = call->state;
    lb_err err = read_rows(telling, reader);
    if (err == LB_ERR_NOT_FOUND)
        return LB_TURN_MORE;
    if (!err)
        err = lb_undone_follow(call->app->store, reader, call->workspace->row.no, &telling->chain);
    if (!err && telling->chain.goes_on)
        return LB_TURN_MORE;
    telling->actors = (struct lb_by){.call = call, .reader = reader};
    if (!err)
        put_change(telling, undone_by(telling));
    return end_with(call, err);
}

enum lb_progress lb_changes_get(struct lb_call *call)
{
    return begin(call) ? lb_call_read(call, read_change) : LB_DONE;
}

/* --- Its leads --- */

static struct lb_str unless(bool erased, struct lb_str text)
{
    if (erased)
        text = (struct lb_str){0};
    return text;
}

static void put_lead(struct telling *telling, struct lb_str key, struct lb_str reason)
{
    struct lb_buf *body = telling->body;
    if (body->len > 1)
        lb_buf_append_lit(body, ",");
    lb_buf_append_lit(body, "{");
    lb_entry_json_put_who(body, key);
    lb_buf_append_lit(body, ",\"reason\":");
    lb_json_put_string_or_null(body, reason);
    lb_buf_printf(body, ",\"what\":\"%s\"}", lb_log_kind_name(telling->change.kind));
}

/* Rows that name their people say all of them; others name entries, which are looked up later. */
static lb_err take_item(struct telling *telling, const struct lb_log_row *row, struct lb_str item)
{
    struct lb_item named;
    uint64_t number;
    telling->change.kind = row->kind;
    if (row->kind == LB_LOG_CARRIED_OVER) { /* names no person */
        telling->change.count = 0;
        return LB_OK;
    }
    if (lb_log_kind_blocks(row->kind) || lb_log_kind_has_pairs(row->kind)) {
        bool erased = lb_chain_is_bare(item);
        if (!erased && !lb_item_read(item, &named))
            return LB_ERR_STORAGE_UNAVAILABLE;
        put_lead(telling, unless(erased, named.key), lb_chain_text(row->reason));
        telling->count++;
        return LB_OK;
    }
    if (!lb_str_to_u64(item, LB_ENTRY_ID_MAX, &number))
        return LB_ERR_STORAGE_UNAVAILABLE;
    telling->count++;
    telling->named[telling->named_count] = number;
    telling->ids[telling->named_count++] =
        lb_row_times_published_id_of(telling->call->workspace->row_times, number);
    return LB_OK;
}

/* LB_ERR_NOT_FOUND only ends the page. */
static lb_err take_items(void *context, const struct lb_log_row *row)
{
    struct telling *telling = context;
    struct lb_str rest = row->items;
    struct lb_str item;
    lb_err err = LB_OK;
    for (uint64_t number = row->number; !err && lb_log_items_next(&rest, &item); number++) {
        if (number <= telling->after)
            continue;
        if (telling->count == telling->take)
            return LB_ERR_NOT_FOUND;
        err = take_item(telling, row, item);
        telling->last = number;
    }
    return err;
}

/* Links that the change took back: both names of each. */
static lb_err put_links(struct telling *telling, struct lb_store_reader *reader)
{
    const struct lb_call *call = telling->call;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < telling->named_count; i++) {
        struct lb_link link;
        err = lb_links_read(call->app->store, reader, call->workspace->row.no, telling->named[i],
                            telling->ids[i], &link);
        if (!err) {
            put_lead(telling, (struct lb_str){link.member.text, link.member.len},
                     (struct lb_str){0});
            put_lead(telling, (struct lb_str){link.name.text, link.name.len}, (struct lb_str){0});
        }
        err = err == LB_ERR_NOT_FOUND ? LB_OK : err; /* erased */
    }
    return err;
}

static lb_err put_named(struct telling *telling, struct lb_store_reader *reader)
{
    struct lb_store *store = telling->call->app->store;
    uint32_t workspace = telling->call->workspace->row.no;
    struct lb_entry_cursor cursor = {.store = store, .reader = reader, .workspace = workspace};
    struct lb_entry entry;
    lb_err err = LB_OK;
    if (telling->change.kind == LB_LOG_LINK_END)
        return put_links(telling, reader);
    store->ops->prefetch_entries(reader, workspace, telling->ids, telling->named_count);
    for (size_t i = 0; !err && i < telling->named_count; i++) {
        err = lb_entry_read(&cursor, telling->ids[i], &entry);
        bool erased = err == LB_ERR_NOT_FOUND && entry.erased;
        err = erased ? LB_OK : err;
        if (!err && entry.number != telling->named[i])
            err = LB_ERR_STORAGE_UNAVAILABLE;
        if (!err)
            put_lead(telling, unless(erased, entry.key), unless(erased, entry.reason));
    }
    return err;
}

/* How many items the change has: where its last row ends. */
static lb_err count_items(struct telling *telling, struct lb_store_reader *reader)
{
    const struct lb_row_times_change *rows = &telling->change.rows;
    struct lb_log_row row;
    lb_err err = telling->call->app->store->ops->log_row_of(
        reader, telling->call->workspace->row.no, rows->last_row, &row);
    if (!err && row.id != rows->last_row)
        err = LB_ERR_STORAGE_UNAVAILABLE;
    if (!err)
        telling->change.count = row.number - rows->number + lb_log_items_count(row.items);
    return err;
}

/* The ids between which the page's items are, from the begin of a row: those of a change have no
 * gap. */
static lb_err find_page(struct telling *telling, struct lb_store_reader *reader,
                        uint64_t *out_first, uint64_t *out_end)
{
    const struct lb_row_times_change *rows = &telling->change.rows;
    uint64_t end = rows->first_row + telling->change.count;
    uint64_t done = telling->after >= rows->number ? telling->after - rows->number + 1 : 0;
    uint64_t id = rows->first_row + done;
    struct lb_log_row row = {0};
    lb_err err = LB_OK;
    if (done < telling->change.count)
        err = telling->call->app->store->ops->log_row_of(reader, telling->call->workspace->row.no,
                                                         id, &row);
    *out_first = row.id;
    *out_end = done >= telling->change.count ? 0
               : end - id > telling->take    ? id + telling->take
                                             : end;
    return err;
}

static lb_err read_page(struct telling *telling, struct lb_store_reader *reader)
{
    const struct lb_store_ops *ops = telling->call->app->store->ops;
    uint64_t first, end;
    lb_err err = count_items(telling, reader);
    if (!err)
        err = find_page(telling, reader, &first, &end);
    if (!err && first < end)
        err = ops->log_read(reader, telling->call->workspace->row.no, first, end, telling,
                            take_items);
    if (err == LB_ERR_NOT_FOUND)
        err = LB_OK;
    if (!err && telling->named_count)
        err = put_named(telling, reader);
    return err;
}

static enum lb_turn read_leads(struct lb_call *call, struct lb_store_reader *reader)
{
    struct telling *telling = call->state;
    const struct past_change *change = &telling->change;
    telling->body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(telling->body, "[");
    lb_err err = read_page(telling, reader);
    lb_buf_append_lit(telling->body, "]");
    if (err)
        return end_with(call, err);
    lb_query_put_total(call, change->count);
    if (telling->count && telling->last < change->rows.number + change->count - 1)
        lb_query_put_link(call, "take=%zu&cursor=c%llu", telling->take,
                          (unsigned long long)telling->last);
    return end_with(call, LB_OK);
}

enum lb_progress lb_changes_leads(struct lb_call *call)
{
    struct telling *telling = begin(call);
    uint64_t take;
    if (!telling || !lb_query_only(call, "take limit cursor") ||
        !lb_query_number(call, "take", "limit", TAKE_DEFAULT, TAKE_MAX, &take) ||
        !lb_query_cursor(call, &telling->after))
        return LB_DONE;
    telling->take = take;
    telling->ids = lb_call_alloc(call, (take + 1) * sizeof *telling->ids);
    telling->named = telling->ids ? lb_call_alloc(call, (take + 1) * sizeof *telling->named) : NULL;
    return telling->named ? lb_call_read(call, read_leads) : LB_DONE;
}
