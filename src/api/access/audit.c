/* What was done in a workspace, latest first: changes of blocklists, which are found in the
 * blocklist log, and everything else, which the audit log keeps. */
#include "api/by.h"
#include "api/ids.h"
#include "api/handlers.h"
#include "api/query.h"
#include "api/stream.h"

#include "base/clock.h"
#include "base/csv.h"
#include "json/encode.h"
#include "store/log_items.h"

#include <stdio.h>

#define TAKE_DEFAULT 50
#define TAKE_MAX     100
#define ACTION_SIZE  32

/* An action of either log. */
struct action {
    uint64_t id;    /* of a change: its number */
    bool is_change; /* of a blocklist */
    int64_t at;
    uint32_t actor;
    uint64_t count;
    struct lb_list list; /* of a change */
    char name[ACTION_SIZE];
    char target[LB_ID_SIZE]; /* "": none */
    char source[INET6_ADDRSTRLEN];
};

struct auditing {
    struct lb_call *call;
    struct lb_store_reader *reader;
    struct lb_by actors;
    size_t take;
    uint64_t below_change; /* where the page begins in each log; UINT64_MAX: at the end */
    uint64_t below_audit;
    struct action changes[TAKE_MAX + 1]; /* one more than is shown tells whether there is more */
    size_t change_count;
    struct action others[TAKE_MAX + 1];
    size_t other_count;
    bool more;               /* than the page has */
    struct lb_stream stream; /* of CSV */
    bool begun;
    uint64_t left; /* actions that it may still have */
};

/* --- Reading --- */

static void name_change(const struct lb_log_row *row, struct action *out)
{
    const char *name = row->undoes                        ? "leads.undo"
                       : row->kind == LB_LOG_CARRIED_OVER ? "leads.carry_over"
                       : lb_log_kind_blocks(row->kind)    ? "leads.block"
                                                          : "leads.unblock";
    snprintf(out->name, sizeof out->name, "%s", name);
}

/* Reads a change by its rows. */
static lb_err read_change(struct auditing *auditing, const struct lb_row_times_change *span,
                          struct action *out)
{
    const struct lb_store_ops *ops = auditing->call->app->store->ops;
    uint32_t workspace = auditing->call->list.workspace;
    struct lb_log_row row;
    lb_err err = ops->log_row_of(auditing->reader, workspace, span->first_row, &row);
    if (err)
        return err;
    *out = (struct action){
        .id = row.number, .is_change = true, .at = row.at, .actor = row.actor, .list = row.list};
    name_change(&row, out);
    lb_str_copy(row.source, out->source, sizeof out->source);
    if (span->last_row != span->first_row)
        err = ops->log_row_of(auditing->reader, workspace, span->last_row, &row);
    if (!err)
        out->count = row.number - out->id + lb_log_items_count(row.items);
    if (!err && row.kind == LB_LOG_CARRIED_OVER &&
        !lb_str_to_u64(row.items, UINT64_MAX, &out->count))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    return err;
}

/* The changes below the page's begin, latest first: which ones memory knows, what they are the
 * store. */
static lb_err read_changes(struct auditing *auditing)
{
    const struct lb_workspace *workspace = auditing->call->workspace;
    const struct lb_store_ops *ops = auditing->call->app->store->ops;
    struct lb_row_times_change spans[TAKE_MAX + 1];
    uint64_t ids[2 * (TAKE_MAX + 1)];
    uint64_t below = auditing->below_change;
    size_t count = 0;
    while (count <= auditing->take &&
           lb_row_times_change_below(workspace->row_times, below, &spans[count])) {
        ids[2 * count] = spans[count].first_row;
        ids[2 * count + 1] = spans[count].last_row;
        below = spans[count++].number;
    }
    ops->prefetch_entries(auditing->reader, workspace->row.no, ids, 2 * count);
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < count; i++)
        err = read_change(auditing, &spans[i], &auditing->changes[i]);
    auditing->change_count = count;
    return err;
}

static lb_err take_other(void *context, const struct lb_audit_row *row)
{
    struct auditing *auditing = context;
    struct action *out = &auditing->others[auditing->other_count++];
    *out = (struct action){.id = row->id, .at = row->at, .actor = row->actor, .count = 1};
    lb_str_copy(row->action, out->name, sizeof out->name);
    lb_str_copy(row->target, out->target, sizeof out->target);
    lb_str_copy(row->source, out->source, sizeof out->source);
    return LB_OK;
}

static lb_err read_others(struct auditing *auditing)
{
    const struct lb_workspace *workspace = auditing->call->workspace;
    /* No row has so great an id: all of them are below. */
    uint64_t below = auditing->below_audit > INT64_MAX ? 0 : auditing->below_audit;
    if (auditing->below_audit == 1) /* 0 would mean all */
        return LB_OK;
    return auditing->call->app->store->ops->audit_page(auditing->reader,
                                                       workspace ? workspace->row.no : 0, below,
                                                       auditing->take + 1, auditing, take_other);
}

/* --- Actions as JSON and as CSV --- */

/* NULL when it is about no campaign, or about one that is gone with its blocklist. */
static const char *campaign_of(const struct auditing *auditing, const struct action *action,
                               char id[LB_ID_SIZE])
{
    const struct lb_call *call = auditing->call;
    bool deleted;
    bool known = action->is_change && action->list.campaign &&
                 lb_directory_list_id(call->app->directory, call->workspace, action->list.campaign,
                                      id, &deleted);
    return known ? id : NULL;
}

static const char *scope_of(const struct action *action)
{
    return !action->is_change ? "" : action->list.campaign ? "campaign" : "workspace";
}

static void put_id(struct lb_buf *body, const struct auditing *auditing,
                   const struct action *action)
{
    if (action->is_change)
        lb_id_put_record(body, LB_STR(LB_CHANGE_PREFIX), &auditing->call->workspace->epochs,
                         action->id);
    else
        lb_buf_printf(body, "au_%llu", (unsigned long long)action->id);
}

static struct lb_str text_or_none(const char *text)
{
    return text[0] ? lb_str(text) : (struct lb_str){0};
}

static void put_action(struct lb_buf *body, struct auditing *auditing, const struct action *action)
{
    char campaign[LB_ID_SIZE];
    lb_buf_append_lit(body, "{\"id\":\"");
    put_id(body, auditing, action);
    lb_buf_append_lit(body, "\",\"at\":");
    lb_json_put_time(body, action->at);
    lb_buf_append_lit(body, ",\"action\":");
    lb_json_put_string(body, lb_str(action->name));
    lb_buf_append_lit(body, ",\"target\":");
    lb_json_put_string_or_null(body, text_or_none(action->target));
    if (action->is_change)
        lb_buf_printf(body, ",\"scope\":\"%s\"", scope_of(action));
    lb_buf_append_lit(body, ",\"campaignId\":");
    lb_json_put_string_or_null(body, lb_str(campaign_of(auditing, action, campaign)));
    lb_buf_printf(body, ",\"count\":%llu,\"by\":", (unsigned long long)action->count);
    lb_by_put(&auditing->actors, body, action->actor);
    lb_buf_append_lit(body, ",\"from\":");
    lb_json_put_string_or_null(body, text_or_none(action->source));
    lb_buf_append_lit(body, "}");
}

static void put_row(struct lb_buf *body, struct auditing *auditing, const struct action *action)
{
    char campaign[LB_ID_SIZE], time[LB_TIME_TEXT_SIZE];
    put_id(body, auditing, action);
    lb_buf_append_lit(body, ",");
    lb_buf_append(body, time, lb_time_format(action->at, time));
    const struct lb_str cells[] = {lb_str(action->name), lb_str(action->target),
                                   lb_str(scope_of(action)),
                                   lb_str(campaign_of(auditing, action, campaign))};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        lb_buf_append_lit(body, ",");
        lb_csv_put_cell(body, cells[i]);
    }
    lb_buf_printf(body, ",%llu,", (unsigned long long)action->count);
    lb_by_put(&auditing->actors, body, action->actor);
    lb_buf_printf(body, ",%s\r\n", action->source);
}

/* --- Pages --- */

/* Holds the place of the first page, though nothing of that log may be on it: what is done from now
 * on belongs to no later page. */
static void hold_begin(struct auditing *auditing)
{
    if (auditing->below_change == UINT64_MAX)
        auditing->below_change = auditing->change_count ? auditing->changes[0].id + 1 : 0;
    if (auditing->below_audit == UINT64_MAX)
        auditing->below_audit = auditing->other_count ? auditing->others[0].id + 1 : 1;
}

/* The two logs into one, by time; each keeps its own order. */
static void put_page(struct auditing *auditing, struct lb_buf *body)
{
    bool csv = auditing->actors.csv;
    size_t change = 0;
    size_t other = 0;
    hold_begin(auditing);
    while (change + other < auditing->take &&
           (change < auditing->change_count || other < auditing->other_count)) {
        bool takes_change = change < auditing->change_count &&
                            (other == auditing->other_count ||
                             auditing->changes[change].at >= auditing->others[other].at);
        const struct action *next =
            takes_change ? &auditing->changes[change] : &auditing->others[other];
        if (change + other && !csv)
            lb_buf_append_lit(body, ",");
        if (csv)
            put_row(body, auditing, next);
        else
            put_action(body, auditing, next);
        if (takes_change)
            auditing->below_change = auditing->changes[change++].id;
        else
            auditing->below_audit = auditing->others[other++].id;
    }
    auditing->more = change < auditing->change_count || other < auditing->other_count;
}

/* Reads the page into the two arrays. */
static lb_err read_page(struct auditing *auditing, struct lb_store_reader *reader)
{
    auditing->reader = auditing->actors.reader = reader;
    auditing->change_count = auditing->other_count = 0;
    lb_err err = auditing->call->workspace ? read_changes(auditing) : LB_OK;
    if (!err)
        err = read_others(auditing);
    return err ? LB_ERR_STORAGE_UNAVAILABLE : LB_OK;
}

static void reply_audit(struct auditing *auditing)
{
    struct lb_call *call = auditing->call;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "[");
    put_page(auditing, body);
    lb_buf_append_lit(body, "]");
    /* A page of nothing has no next one: it would be the same. */
    if (auditing->more && auditing->take)
        lb_query_put_link(call, "take=%zu&cursor=%llu-%llu", auditing->take,
                          (unsigned long long)auditing->below_change,
                          (unsigned long long)auditing->below_audit);
}

static enum lb_turn read_audit_page(struct lb_call *call, struct lb_store_reader *reader)
{
    struct auditing *auditing = call->state;
    lb_err err = read_page(auditing, reader);
    if (err)
        lb_call_refuse(call, err, NULL);
    else
        reply_audit(auditing);
    lb_by_fini(&auditing->actors);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* --- CSV --- */

static lb_err fill(struct lb_call *call, struct lb_store_reader *reader)
{
    struct auditing *auditing = call->state;
    struct lb_buf *piece = &auditing->stream.piece;
    lb_err err = LB_OK;
    if (!auditing->begun)
        lb_buf_append_lit(piece, "id,at,action,target,scope,campaignId,count,by,from\r\n");
    auditing->begun = true;
    do {
        auditing->take = auditing->left < TAKE_MAX ? (size_t)auditing->left : TAKE_MAX;
        err = read_page(auditing, reader);
        if (!err)
            put_page(auditing, piece);
        auditing->left -= auditing->take;
        auditing->stream.done = !auditing->more || !auditing->left;
    } while (!err && !auditing->stream.done && piece->len < LB_STREAM_PIECE_BYTES / 4);
    return err;
}

static void release(struct lb_call *call)
{
    struct auditing *auditing = call->state;
    lb_by_fini(&auditing->actors);
}

/* "change-audit": where the page begins in each log. False when the reply is set. */
static bool read_cursor(struct lb_call *call, struct auditing *auditing)
{
    struct lb_str text;
    if (!lb_query_text(call, "cursor", &text))
        return false;
    auditing->below_change = UINT64_MAX;
    auditing->below_audit = UINT64_MAX;
    if (!text.ptr)
        return true;
    const char *dash = memchr(text.ptr, '-', text.len);
    size_t len = dash ? (size_t)(dash - text.ptr) : 0;
    if (dash &&
        lb_str_to_u64((struct lb_str){text.ptr, len}, UINT64_MAX, &auditing->below_change) &&
        lb_str_to_u64((struct lb_str){dash + 1, text.len - len - 1}, UINT64_MAX,
                      &auditing->below_audit) &&
        auditing->below_audit > 0)
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'cursor' must come from the Link header of an earlier page.");
    return false;
}

enum lb_progress lb_audit_list(struct lb_call *call)
{
    struct auditing *auditing = lb_call_alloc(call, sizeof *auditing);
    uint64_t take;
    if (!auditing)
        return LB_DONE;
    bool csv = lb_stream_wanted(call); /* all of it, unless fewer are asked for */
    if (!lb_query_number(call, "take", "limit", csv ? LB_SKIP_MAX : TAKE_DEFAULT,
                         csv ? LB_SKIP_MAX : TAKE_MAX, &take) ||
        !read_cursor(call, auditing))
        return LB_DONE;
    auditing->call = call;
    auditing->actors = (struct lb_by){.call = call, .csv = csv};
    auditing->take = csv ? 0 : take;
    auditing->left = take;
    call->state = auditing;
    if (!csv)
        return lb_call_read(call, read_audit_page);
    auditing->stream =
        (struct lb_stream){.fill = fill, .release = release, .file_name = "audit.csv"};
    return lb_stream_begin(call, &auditing->stream);
}
