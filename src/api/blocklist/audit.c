/* What was done in a workspace, latest first: changes of blocklists, which are found in the
 * blocklist log, and everything else, which the audit log keeps. */
#include "api/blocklist/audit_filter.h"
#include "api/blocklist/audit_names.h"
#include "api/by.h"
#include "api/ids.h"
#include "api/handlers.h"
#include "api/query.h"
#include "api/stream.h"

#include "base/clock.h"
#include "base/csv.h"
#include "json/encode.h"
#include "store/chain.h"
#include "store/log_items.h"

#include <stdio.h>

#define TAKE_DEFAULT 50
#define TAKE_MAX     100
#define ACTION_SIZE  32

/* What a filter may look at. Actions that are left out cost as much as others, so a page may be
 * short, or have none, and still have a next one. */
#define TURN_ACTIONS 1000  /* of each log, in one turn */
#define PAGE_ACTIONS 20000 /* and for one page */
#define TURN_SPANS   50000 /* changes whose time alone is looked at, which memory knows */

/* An action of either log. */
struct action {
    uint64_t id;    /* of a change: its number */
    bool is_change; /* of a blocklist */
    int64_t at;
    uint32_t actor;
    uint64_t count;
    uint64_t after;      /* the number after its last one: where a page begins that has it first */
    struct lb_list list; /* of a change */
    char name[ACTION_SIZE];
    char target[LB_ID_SIZE]; /* "": none */
    char import[LB_ID_SIZE]; /* the same */
    char source[INET6_ADDRSTRLEN];
};

/* The part of a page that is from one log. */
struct pile {
    struct action actions[TAKE_MAX + 1]; /* one more than is shown tells whether there is more */
    size_t count;
    uint64_t begin; /* the page has what is below; UINT64_MAX: all, as no page was before */
    uint64_t below; /* and what is below this was not looked at yet */
    bool ended;     /* there is nothing below */
    size_t seen;    /* for this page */
};

struct auditing {
    struct lb_call *call;
    struct lb_store_reader *reader;
    struct lb_by actors;
    struct lb_audit_filter filter;
    struct lb_audit_names names;
    bool filtered;
    size_t take;
    struct pile changes;
    struct pile others;
    struct action raw[TAKE_MAX + 1]; /* just read */
    size_t raw_count;
    size_t given;            /* actions of the page */
    bool more;               /* than the page has */
    struct lb_stream stream; /* of CSV */
    bool begun;              /* the page is */
    bool headed;             /* the file is */
    uint64_t left;           /* actions that it may still have */
};

/* --- Reading --- */

static void name_change(const struct lb_log_row *row, struct action *out)
{
    const char *name = row->undoes                        ? "leads.undo"
                       : row->kind == LB_LOG_CARRIED_OVER ? "leads.carry_over"
                       : row->kind == LB_LOG_EXPIRED      ? "leads.expire"
                       : lb_log_kind_has_pairs(row->kind) ? "people.link"
                       : row->kind == LB_LOG_ERASED       ? "leads.erase"
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
    lb_str_copy(lb_chain_text(row.source), out->source, sizeof out->source);
    lb_str_copy(lb_chain_text(row.import), out->import, sizeof out->import);
    if (span->last_row != span->first_row)
        err = ops->log_row_of(auditing->reader, workspace, span->last_row, &row);
    if (!err) {
        out->after = row.number + lb_log_items_count(row.items);
        out->count = out->after - out->id;
    }
    if (!err && lb_log_kind_has_pairs(row.kind))
        out->count /= 2; /* names of a link */
    if (!err && row.kind == LB_LOG_CARRIED_OVER &&
        !lb_str_to_u64(row.items, UINT64_MAX, &out->count))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    return err;
}

/* Keeps those of the actions just read that are meant; those after the page's last one are looked
 * at again for the next page. */
static void keep(struct auditing *auditing, struct pile *pile)
{
    for (size_t i = 0; i < auditing->raw_count && pile->count <= auditing->take; i++) {
        const struct action *action = &auditing->raw[i];
        struct lb_audit_traits traits = {.name = lb_str(action->name),
                                         .target = lb_str(action->target),
                                         .import = lb_str(action->import),
                                         .actor = action->actor,
                                         .campaign = action->list.campaign,
                                         .at = action->at};
        pile->below = action->id;
        pile->ended |= lb_audit_filter_too_early(&auditing->filter, action->at);
        if (lb_audit_filter_has(&auditing->filter, &traits))
            pile->actions[pile->count++] = *action;
    }
    pile->seen += auditing->raw_count;
}

/* How many actions are read at once. */
static size_t piece_of(const struct auditing *auditing)
{
    return auditing->filtered ? TAKE_MAX + 1 : auditing->take + 1;
}

/* The next changes that may be meant: which ones memory knows, and their times. */
static lb_err find_spans(struct auditing *auditing, struct lb_row_times_change *spans,
                         size_t *out_count, size_t *spans_left)
{
    const struct lb_row_times *row_times = auditing->call->workspace->row_times;
    struct pile *pile = &auditing->changes;
    size_t count = 0;
    lb_err err = LB_OK;
    while (!err && count < piece_of(auditing) && !pile->ended && *spans_left > 0) {
        struct lb_row_time time = {0};
        bool found;
        --*spans_left;
        err = lb_audit_filter_change_below(&auditing->filter, auditing->call, auditing->reader,
                                           pile->below, &spans[count], &found);
        pile->ended = !found;
        if (err || !found)
            break;
        pile->below = spans[count].number;
        lb_row_times_find(row_times, spans[count].first_row, &time);
        pile->ended = lb_audit_filter_too_early(&auditing->filter, time.at);
        count += lb_audit_filter_has_time(&auditing->filter, time.at);
    }
    *out_count = count;
    return err;
}

/* Looks at the next piece of the changes, latest first. */
static lb_err read_changes(struct auditing *auditing, size_t *spans_left)
{
    const struct lb_store_ops *ops = auditing->call->app->store->ops;
    struct lb_row_times_change spans[TAKE_MAX + 1];
    uint64_t ids[2 * (TAKE_MAX + 1)];
    size_t count;
    auditing->raw_count = 0;
    lb_err err = find_spans(auditing, spans, &count, spans_left);
    for (size_t i = 0; !err && i < count; i++) {
        ids[2 * i] = spans[i].first_row;
        ids[2 * i + 1] = spans[i].last_row;
    }
    if (!err)
        ops->prefetch_entries(auditing->reader, auditing->call->workspace->row.no, ids, 2 * count);
    for (size_t i = 0; !err && i < count; i++)
        err = read_change(auditing, &spans[i], &auditing->raw[auditing->raw_count++]);
    uint64_t below = auditing->changes.below;
    bool ended = auditing->changes.ended;
    if (err)
        return err;
    keep(auditing, &auditing->changes);
    /* All of them were looked at, but for what did not fit into the page. */
    if (auditing->changes.count <= auditing->take)
        auditing->changes.below = below;
    else
        ended = false;
    auditing->changes.ended = ended;
    return LB_OK;
}

static lb_err take_other(void *context, const struct lb_audit_row *row)
{
    struct auditing *auditing = context;
    struct action *out = &auditing->raw[auditing->raw_count++];
    *out = (struct action){
        .id = row->id, .at = row->at, .actor = row->actor, .count = 1, .after = row->id + 1};
    lb_str_copy(row->action, out->name, sizeof out->name);
    lb_str_copy(row->target, out->target, sizeof out->target);
    lb_str_copy(row->source, out->source, sizeof out->source);
    return LB_OK;
}

static lb_err read_others(struct auditing *auditing)
{
    const struct lb_workspace *workspace = auditing->call->workspace;
    struct pile *pile = &auditing->others;
    size_t piece = piece_of(auditing);
    /* No row has so great an id: all of them are below. */
    uint64_t below = pile->below > INT64_MAX ? 0 : pile->below;
    auditing->raw_count = 0;
    if (pile->below <= 1) { /* 0 would mean all */
        pile->ended = true;
        return LB_OK;
    }
    lb_err err = auditing->call->app->store->ops->audit_page(
        auditing->reader, workspace ? workspace->row.no : 0, below, piece, auditing, take_other);
    if (err)
        return err;
    keep(auditing, pile);
    pile->ended |= auditing->raw_count < piece;
    if (pile->count > auditing->take)
        pile->ended = false;
    return LB_OK;
}

/* Is there nothing more to look for, for this page? */
static bool is_full(const struct auditing *auditing, const struct pile *pile)
{
    return pile->ended || pile->count > auditing->take || pile->seen >= PAGE_ACTIONS;
}

static void begin_page(struct auditing *auditing)
{
    struct pile *piles[] = {&auditing->changes, &auditing->others};
    for (size_t i = 0; i < 2; i++) {
        piles[i]->below = piles[i]->begin;
        piles[i]->count = piles[i]->seen = 0;
    }
    auditing->changes.ended = !auditing->filter.of_changes;
    auditing->others.ended = !auditing->filter.of_others;
    lb_audit_filter_begin(&auditing->filter);
    auditing->given = 0;
}

/* One turn. `*out_done`: the page is read. */
static lb_err read_page(struct auditing *auditing, struct lb_store_reader *reader, bool *out_done)
{
    size_t spans_left = TURN_SPANS;
    size_t until = auditing->changes.seen + TURN_ACTIONS;
    bool ready;
    auditing->reader = auditing->actors.reader = reader;
    *out_done = false;
    lb_err err = lb_audit_filter_prepare(&auditing->filter, auditing->call, reader, &ready);
    if (err || !ready)
        return err;
    if (!auditing->begun) {
        auditing->begun = true;
        begin_page(auditing);
    }
    while (!err && !is_full(auditing, &auditing->changes) && auditing->changes.seen < until &&
           spans_left > 0)
        err = read_changes(auditing, &spans_left);
    until = auditing->others.seen + TURN_ACTIONS;
    while (!err && !is_full(auditing, &auditing->others) && auditing->others.seen < until)
        err = read_others(auditing);
    *out_done = is_full(auditing, &auditing->changes) && is_full(auditing, &auditing->others);
    return err && err != LB_ERR_PAYLOAD_TOO_LARGE ? LB_ERR_STORAGE_UNAVAILABLE : err;
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
    return action->is_change ? lb_scope_name(lb_scope_of_list(action->list)) : "";
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

static struct lb_str target_name(struct auditing *auditing, const struct action *action)
{
    if (!action->target[0])
        return (struct lb_str){0};
    return lb_audit_name_of(&auditing->names, auditing->call, auditing->reader,
                            lb_str(action->name), lb_str(action->target));
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
    lb_buf_append_lit(body, ",\"targetName\":");
    lb_json_put_string_or_null(body, target_name(auditing, action));
    if (action->is_change)
        lb_buf_printf(body, ",\"scope\":\"%s\"", scope_of(action));
    struct lb_str campaign_id = lb_str(campaign_of(auditing, action, campaign));
    lb_buf_append_lit(body, ",\"campaignId\":");
    lb_json_put_string_or_null(body, campaign_id);
    lb_buf_append_lit(body, ",\"campaignName\":");
    lb_json_put_string_or_null(body, lb_audit_campaign_name(auditing->call, campaign_id));
    if (action->is_change) {
        lb_buf_append_lit(body, ",\"importId\":");
        lb_json_put_string_or_null(body, text_or_none(action->import));
    }
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
    struct lb_str campaign_id = lb_str(campaign_of(auditing, action, campaign));
    const struct lb_str cells[] = {lb_str(action->name), lb_str(action->target),
                                   lb_str(scope_of(action)), campaign_id};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        lb_buf_append_lit(body, ",");
        lb_csv_put_cell(body, cells[i]);
    }
    lb_buf_printf(body, ",%llu,", (unsigned long long)action->count);
    lb_by_put(&auditing->actors, body, action->actor);
    lb_buf_printf(body, ",%s,", action->source);
    lb_csv_put_cell(body, target_name(auditing, action));
    lb_buf_append_lit(body, ",");
    lb_csv_put_cell(body, lb_audit_campaign_name(auditing->call, campaign_id));
    lb_buf_append_lit(body, "\r\n");
}

/* --- Pages --- */

/* Where the next page begins in a log of which `shown` actions are on this one. Also a log that has
 * none on its first page is held: what is done from now on belongs to no later page. `none`:
 * nothing is below. */
static uint64_t next_begin(const struct pile *pile, size_t shown, uint64_t none)
{
    if (shown < pile->count)
        return pile->actions[shown].after;
    return pile->ended ? none : pile->below;
}

/* From which log the next action of the page is, by time; each keeps its own order. NULL: there is
 * no more, or it is not known, since one of them was not looked through so far. */
static struct pile *next_pile(struct auditing *auditing, size_t change, size_t other)
{
    struct pile *changes = &auditing->changes;
    struct pile *others = &auditing->others;
    bool has_change = change < changes->count;
    bool has_other = other < others->count;
    if ((!has_change && !changes->ended) || (!has_other && !others->ended))
        return NULL;
    if (has_change && has_other)
        return changes->actions[change].at >= others->actions[other].at ? changes : others;
    return has_change ? changes : has_other ? others : NULL;
}

static void put_page(struct auditing *auditing, struct lb_buf *body)
{
    bool csv = auditing->actors.csv;
    size_t change = 0;
    size_t other = 0;
    struct pile *pile;
    while (auditing->given < auditing->take && (pile = next_pile(auditing, change, other))) {
        size_t *place = pile == &auditing->changes ? &change : &other;
        if (auditing->given++ && !csv)
            lb_buf_append_lit(body, ",");
        if (csv)
            put_row(body, auditing, &pile->actions[(*place)++]);
        else
            put_action(body, auditing, &pile->actions[(*place)++]);
    }
    auditing->more = change < auditing->changes.count || other < auditing->others.count ||
                     !auditing->changes.ended || !auditing->others.ended;
    auditing->changes.begin = next_begin(&auditing->changes, change, 0);
    auditing->others.begin = next_begin(&auditing->others, other, 1);
}

static void put_link(struct auditing *auditing)
{
    struct lb_buf link = {0};
    lb_query_begin_link(auditing->call, &link);
    lb_buf_printf(&link, "take=%zu", auditing->take);
    lb_audit_filter_put(&auditing->filter, &link);
    lb_buf_printf(&link, "&cursor=%llu-%llu", (unsigned long long)auditing->changes.begin,
                  (unsigned long long)auditing->others.begin);
    lb_query_end_link(auditing->call, &link);
}

static void reply_audit(struct auditing *auditing)
{
    struct lb_buf *body = lb_reply_json(&auditing->call->req->reply, 200);
    lb_buf_append_lit(body, "[");
    put_page(auditing, body);
    lb_buf_append_lit(body, "]");
    /* A page of nothing has no next one: it would be the same. */
    if (auditing->more && auditing->take)
        put_link(auditing);
}

static enum lb_turn read_audit_page(struct lb_call *call, struct lb_store_reader *reader)
{
    struct auditing *auditing = call->state;
    bool done;
    lb_err err = read_page(auditing, reader, &done);
    if (!err && lb_audit_filter_refuses(&auditing->filter, call))
        done = true;
    else if (err)
        lb_call_refuse(call, err, NULL);
    else if (done)
        reply_audit(auditing);
    if (!err && !done)
        return LB_TURN_MORE;
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static void release(struct lb_call *call)
{
    struct auditing *auditing = call->state;
    lb_by_fini(&auditing->actors);
    lb_audit_filter_fini(&auditing->filter, call);
}

/* --- CSV --- */

static lb_err fill(struct lb_call *call, struct lb_store_reader *reader)
{
    struct auditing *auditing = call->state;
    struct lb_buf *piece = &auditing->stream.piece;
    bool done = true;
    lb_err err = LB_OK;
    while (!err && done && !auditing->stream.done && piece->len < LB_STREAM_PIECE_BYTES / 4) {
        auditing->take = auditing->left < TAKE_MAX ? (size_t)auditing->left : TAKE_MAX;
        err = read_page(auditing, reader, &done);
        if (err || !done)
            break;
        if (!auditing->headed)
            lb_buf_append_lit(piece, "id,at,action,target,scope,campaignId,count,by,from,"
                                     "targetName,campaignName\r\n");
        auditing->headed = true;
        put_page(auditing, piece);
        auditing->begun = false; /* the next page */
        auditing->left -= auditing->given;
        auditing->stream.done = !auditing->more || !auditing->left;
    }
    return err;
}

/* "change-audit": where the page begins in each log. False when the reply is set. */
static bool read_cursor(struct lb_call *call, struct auditing *auditing)
{
    struct lb_str text;
    if (!lb_query_text(call, "cursor", &text))
        return false;
    auditing->changes.begin = UINT64_MAX;
    auditing->others.begin = UINT64_MAX;
    if (!text.ptr)
        return true;
    const char *dash = memchr(text.ptr, '-', text.len);
    size_t len = dash ? (size_t)(dash - text.ptr) : 0;
    if (dash &&
        lb_str_to_u64((struct lb_str){text.ptr, len}, UINT64_MAX, &auditing->changes.begin) &&
        lb_str_to_u64((struct lb_str){dash + 1, text.len - len - 1}, UINT64_MAX,
                      &auditing->others.begin) &&
        auditing->others.begin > 0)
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
    if (!lb_query_only(call, "take limit cursor by action target since until publicIdentifier type "
                             "value defaultCountry importId") ||
        !lb_query_number(call, "take", "limit", csv ? LB_SKIP_MAX : TAKE_DEFAULT,
                         csv ? LB_SKIP_MAX : TAKE_MAX, &take) ||
        !read_cursor(call, auditing))
        return LB_DONE;
    auditing->call = call;
    call->state = auditing;
    call->release = release;
    if (!lb_audit_filter_read(&auditing->filter, call))
        return LB_DONE;
    auditing->filtered = lb_audit_filter_any(&auditing->filter);
    auditing->actors = (struct lb_by){.call = call, .csv = csv};
    auditing->take = csv ? 0 : take;
    auditing->left = take;
    if (!csv)
        return lb_call_read(call, read_audit_page);
    auditing->stream = (struct lb_stream){.fill = fill, .file_name = "audit.csv"};
    return lb_stream_begin(call, &auditing->stream);
}
