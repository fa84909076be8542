/* What happened with one person in the blocklists of a workspace, newest first: GET
 * /v1/blocked-leads/{publicIdentifier}/history, and with one name of any type: GET
 * /v1/blocklist/{type}/{value}/history. The whole log is read for each page, so that a page
 * costs as much as any other; a cursor is the number of an item of the log, which stays. */
#include "api/blocklist/asked_history.h"
#include "api/blocklist/changes.h"
#include "api/handlers.h"
#include "api/query.h"

#include "json/encode.h"
#include "store/names.h"

#define TAKE_DEFAULT 50
#define TAKE_MAX     100

struct telling {
    struct lb_asked_history person;
    size_t take;
    uint64_t below; /* of the log's items; 0: all */
};

static void release(struct lb_call *call)
{
    struct telling *telling = call->state;
    lb_asked_history_fini(&telling->person, call);
}

static const char *name_of(const struct lb_history_event *event)
{
    return event->undoes.number ? "undo" : lb_log_kind_name(event->kind);
}

static void put_event(struct lb_call *call, struct lb_buf *body,
                      const struct lb_history_event *event)
{
    struct telling *telling = call->state;
    const struct lb_history *history = &telling->person.history;
    lb_buf_append_lit(body, "{\"at\":");
    lb_json_put_time(body, event->at);
    lb_buf_printf(body, ",\"what\":\"%s\",\"by\":", name_of(event));
    lb_by_put(&telling->person.actors, body, event->actor);
    lb_buf_append_lit(body, ",\"reason\":");
    lb_json_put_string_or_null(body, lb_history_str(history, &event->reason));
    bool exists = lb_changes_put_list(call, body, event->campaign);
    lb_buf_append_lit(body, ",\"changeId\":");
    lb_asked_history_put_change(body, event->change);
    lb_buf_append_lit(body, ",\"undoes\":");
    lb_asked_history_put_change(body, event->undoes);
    lb_buf_append_lit(body, ",\"importId\":");
    lb_json_put_string_or_null(body, lb_history_str(history, &event->import));
    bool stands = exists && lb_history_blocks(history, event->entry);
    lb_buf_printf(body, ",\"standing\":%s}",
                  !lb_log_kind_blocks(event->kind) ? "null"
                  : stands                         ? "true"
                                                   : "false");
}

/* The first of the events that are one with the last of `count`: a change that takes back several
 * requests for the person, or brings them back, is told once. */
static size_t first_of_last(const struct lb_history *history, size_t count)
{
    const struct lb_history_event *events = history->events;
    size_t first = count - 1;
    while (first > 0 && !lb_log_kind_blocks(events[first].kind) &&
           !lb_log_kind_blocks(events[first - 1].kind) &&
           events[first - 1].change.number == events[first].change.number)
        first--;
    return first;
}

static void reply(struct lb_call *call)
{
    const struct telling *telling = call->state;
    const struct lb_history *history = &telling->person.history;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    size_t left = history->event_count;
    size_t given = 0;
    while (left > 0 && telling->below && history->events[left - 1].item >= telling->below)
        left--;
    lb_buf_append_lit(body, "[");
    for (; left > 0 && given < telling->take; given++) {
        left = first_of_last(history, left);
        if (given)
            lb_buf_append_lit(body, ",");
        put_event(call, body, &history->events[left]);
    }
    lb_buf_append_lit(body, "]");
    if (given && left > 0)
        lb_query_put_link(call, "take=%zu&cursor=c%llu", telling->take,
                          (unsigned long long)history->events[left].item);
}

static enum lb_turn read_history(struct lb_call *call, struct lb_store_reader *reader)
{
    struct telling *telling = call->state;
    bool whole;
    enum lb_turn turn = lb_asked_history_read(&telling->person, call, reader, &whole);
    if (!whole)
        return turn;
    reply(call);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_history_get(struct lb_call *call)
{
    struct telling *telling = lb_call_alloc(call, sizeof *telling);
    uint64_t take;
    if (!telling)
        return LB_DONE;
    call->state = telling;
    call->release = release;
    bool named = call->req->params[1].ptr != NULL;
    if (!lb_query_only(call, named ? "take limit cursor defaultCountry" : "take limit cursor") ||
        !lb_query_number(call, "take", "limit", TAKE_DEFAULT, TAKE_MAX, &take) ||
        !lb_query_cursor(call, &telling->below) ||
        !(named ? lb_asked_history_begin_named(&telling->person, call)
                : lb_asked_history_begin(&telling->person, call, call->req->params[0])))
        return LB_DONE;
    telling->take = take;
    lb_asked_history_init(&telling->person, call);
    return lb_call_read(call, read_history);
}
