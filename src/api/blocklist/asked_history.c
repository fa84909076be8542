#include "api/blocklist/asked_history.h"

#include "api/ids.h"
#include "json/encode.h"

/* Histories that are being read: each takes the readers' turns until the whole log was seen. */
#define OF_A_WORKSPACE 1
#define OF_THE_SERVER  8

void lb_asked_history_init(struct lb_asked_history *asked, struct lb_call *call)
{
    asked->reading.store = call->app->store;
    asked->reading.workspace = call->workspace;
    asked->reading.in_memory = call->app->blocklist != NULL;
}

void lb_asked_history_fini(struct lb_asked_history *asked, struct lb_call *call)
{
    lb_history_fini(&asked->history);
    lb_by_fini(&asked->actors);
    if (!asked->counted)
        return;
    lb_quota_give(&call->workspace->histories, 1);
    lb_quota_give(&call->app->histories, 1);
}

/* False when the reply is set. */
static bool count_in(struct lb_asked_history *asked, struct lb_call *call)
{
    if (!lb_quota_take(&call->workspace->histories, 1, OF_A_WORKSPACE)) {
        lb_reply_error(&call->req->reply, LB_ERR_WORKSPACE_OVERLOADED,
                       "The history of a person of this workspace is being read. Wait until that "
                       "is done.");
        return false;
    }
    if (!lb_quota_take(&call->app->histories, 1, OF_THE_SERVER)) {
        lb_quota_give(&call->workspace->histories, 1);
        lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
        return false;
    }
    asked->counted = true;
    return true;
}

/* Of the name that was asked for. */
static bool begin(struct lb_asked_history *asked, struct lb_call *call)
{
    struct lb_history *history = &asked->history;
    if (asked->asked.identifier.ptr)
        asked->names[history->name_count++] = asked->asked.identifier;
    if (asked->asked.before.ptr)
        asked->names[history->name_count++] = asked->asked.before;
    if (history->name_count && call->app->blocklist) {
        struct lb_str known =
            lb_blocklist_known_as(call->app->blocklist, call->workspace->row.no, asked->names[0]);
        if (known.ptr != asked->names[0].ptr)
            asked->names[history->name_count++] = known;
    }
    if (!history->name_count) {
        lb_identifiers_refuse(call, &asked->asked);
        return false;
    }
    history->names = asked->names;
    asked->reading.history = history;
    return count_in(asked, call);
}

bool lb_asked_history_begin(struct lb_asked_history *asked, struct lb_call *call,
                            struct lb_str name)
{
    return lb_identifiers_read_one(call, name, &asked->asked) && begin(asked, call);
}

bool lb_asked_history_begin_named(struct lb_asked_history *asked, struct lb_call *call)
{
    return lb_named_read_path(call, &asked->asked) && begin(asked, call);
}

bool lb_asked_history_begin_query(struct lb_asked_history *asked, struct lb_call *call,
                                  bool *out_given)
{
    return lb_named_read_query(call, &asked->asked, out_given) &&
           (!*out_given || begin(asked, call));
}

static enum lb_turn refuse(struct lb_asked_history *asked, struct lb_call *call, lb_err err)
{
    static const struct lb_reason too_long = {
        "The history of this person has more than 10,000 events, which is too long to be shown."};
    if (err)
        lb_call_refuse(call, err, err == LB_ERR_PAYLOAD_TOO_LARGE ? &too_long : NULL);
    else
        lb_identifiers_refuse(call, &asked->asked);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_turn lb_asked_history_read(struct lb_asked_history *asked, struct lb_call *call,
                                   struct lb_store_reader *reader, bool *out_whole)
{
    bool done;
    lb_err err = lb_history_read(&asked->reading, reader, &done);
    *out_whole = false;
    if (!err && !done)
        return LB_TURN_MORE;
    if (err || (asked->asked.wrong && !asked->history.event_count))
        return refuse(asked, call, err);
    asked->actors = (struct lb_by){.call = call, .reader = reader};
    *out_whole = true;
    return LB_TURN_LAST;
}

void lb_asked_history_put_change(struct lb_buf *text, struct lb_public_id change)
{
    char id[LB_ID_RECORD_SIZE];
    size_t len = lb_id_write_record(id, LB_STR(LB_CHANGE_PREFIX), change);
    lb_json_put_string_or_null(text, change.number ? (struct lb_str){id, len} : (struct lb_str){0});
}
