/* Is this person blocked? One, or a whole list before it is sent to. */
#include "api/handlers.h"
#include "api/blocklist/identifiers.h"
#include "api/blocklist/person_names.h"
#include "api/blocklist/verdict.h"
#include "api/query.h"

#include "json/encode.h"

#define DETAILS_AT_A_TIME 256 /* blocks that are read in a turn */

struct checking {
    struct lb_asked asked;
    struct lb_verdict verdict;
    struct lb_str by; /* the name that is blocked, when it is another one of the person */
};

static void put_blocked(struct lb_call *call, struct lb_str reason, int64_t at)
{
    const struct checking *checking = call->state;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "{\"publicIdentifier\":");
    lb_json_put_string(body, checking->asked.identifier);
    lb_buf_append_lit(body, ",\"blocked\":true,\"scope\":\"");
    lb_buf_append_str(body, lb_str(lb_scope_name(checking->verdict.scope)));
    lb_buf_append_lit(body, "\",\"reason\":");
    if (reason.ptr)
        lb_json_put_string(body, reason);
    else
        lb_buf_append_lit(body, "null");
    lb_buf_append_lit(body, ",\"createdAt\":");
    lb_json_put_time(body, at);
    lb_person_names_put_matched(body, checking->asked.identifier, checking->by);
    lb_buf_append_lit(body, "}");
}

static enum lb_turn read_details(struct lb_call *call, struct lb_store_reader *reader)
{
    const struct checking *checking = call->state;
    struct lb_told told;
    if (lb_verdict_read(call, reader, checking->verdict, &told))
        lb_call_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, NULL);
    else
        put_blocked(call, told.reason, told.at);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* Of a workspace with people of several names. False when the reply is set. */
static bool check_person(struct lb_call *call, struct lb_str name, struct lb_verdict *out,
                         struct lb_str *out_by)
{
    struct lb_str by;
    *out = lb_blocklist_check_person(call->app->blocklist, call->workspace, call->list, name, &by);
    if (by.ptr == name.ptr)
        return true;
    char *copy = lb_request_alloc(call->req, by.len + 1); /* others may end while it waits */
    if (!copy)
        return lb_call_no_memory(call);
    memcpy(copy, by.ptr, by.len);
    *out_by = (struct lb_str){copy, by.len};
    return true;
}

static bool check_one(struct lb_call *call, struct checking *checking)
{
    const struct lb_blocklist *blocklist = call->app->blocklist;
    struct lb_asked *asked = &checking->asked;
    checking->verdict = (struct lb_verdict){LB_SCOPE_NONE, 0};
    if (asked->identifier.ptr && lb_persons_any(call->workspace)) {
        if (!check_person(call, asked->identifier, &checking->verdict, &checking->by))
            return false;
    } else if (asked->identifier.ptr) {
        checking->verdict = lb_blocklist_check(blocklist, call->list, asked->identifier);
    }
    if (!asked->before.ptr || checking->verdict.scope != LB_SCOPE_NONE)
        return true;
    checking->verdict = lb_blocklist_check(blocklist, call->list, asked->before);
    if (checking->verdict.scope != LB_SCOPE_NONE)
        asked->identifier = asked->before;
    return true;
}

enum lb_progress lb_check_get(struct lb_call *call)
{
    struct checking *checking = lb_call_alloc(call, sizeof *checking);
    if (!checking)
        return LB_DONE;
    if (!lb_identifiers_read_one(call, call->req->params[1], &checking->asked))
        return LB_DONE;
    call->state = checking;
    if (!check_one(call, checking))
        return LB_DONE;
    if (checking->asked.wrong && checking->verdict.scope == LB_SCOPE_NONE)
        return lb_identifiers_refuse(call, &checking->asked);
    lb_workspace_count_checks(call->workspace, 1, checking->verdict.scope != LB_SCOPE_NONE);
    int64_t at;
    if (checking->verdict.scope != LB_SCOPE_NONE) {
        if (!lb_verdict_at(call, checking->verdict, &at))
            return lb_call_read(call, read_details);
        put_blocked(call, (struct lb_str){0}, at);
        return LB_DONE;
    }
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "{\"publicIdentifier\":");
    lb_json_put_string(body, checking->asked.identifier);
    lb_buf_append_lit(body, ",\"blocked\":false}");
    return LB_DONE;
}

static void put_some(struct lb_buf *body, const struct lb_identifiers *identifiers,
                     const bool *first, const struct lb_verdict *verdicts, bool blocked)
{
    bool any = false;
    for (size_t i = 0; i < identifiers->count; i++) {
        if (!first[i] || (verdicts[i].scope != LB_SCOPE_NONE) != blocked)
            continue;
        if (any)
            lb_buf_append_lit(body, ",");
        lb_json_put_string(body, identifiers->items[i].key);
        any = true;
    }
}

static void count_checks(struct lb_call *call, const bool *first, const struct lb_verdict *verdicts,
                         size_t count)
{
    uint64_t checks = 0;
    uint64_t blocked = 0;
    for (size_t i = 0; i < count; i++) {
        checks += first[i];
        blocked += first[i] && verdicts[i].scope != LB_SCOPE_NONE;
    }
    lb_workspace_count_checks(call->workspace, checks, blocked);
}

/* A list that is checked. */
struct checking_many {
    struct lb_identifiers identifiers;
    bool details;
    bool *first;
    struct lb_verdict *verdicts;
    struct lb_str *by; /* as above, for each; NULL: no person has several names */
    size_t at;         /* details: how far they have been written */
};

static void reply_lists(struct lb_call *call, struct checking_many *checking)
{
    const struct lb_identifiers *identifiers = &checking->identifiers;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "{\"blocked\":[");
    put_some(body, identifiers, checking->first, checking->verdicts, true);
    lb_buf_append_lit(body, "],\"allowed\":[");
    put_some(body, identifiers, checking->first, checking->verdicts, false);
    lb_buf_append_lit(body, "]");
    lb_bad_items_put_invalid(&checking->identifiers.bad, call, body);
    lb_buf_append_lit(body, "}");
}

/* Appends what there is to say of one; its block is read from the store. */
static lb_err put_detail(struct lb_call *call, struct lb_store_reader *reader,
                         struct checking_many *checking, size_t index)
{
    struct lb_buf *body = &call->req->reply.body;
    struct lb_verdict verdict = checking->verdicts[index];
    struct lb_told told;
    lb_err err = lb_verdict_read(call, reader, verdict, &told);
    if (err)
        return err;
    lb_buf_append_str(body, body->len > 1 ? LB_STR(",{") : LB_STR("{"));
    lb_buf_append_lit(body, "\"publicIdentifier\":");
    lb_json_put_string(body, checking->identifiers.items[index].key);
    lb_buf_printf(body,
                  ",\"blocked\":%s,\"scope\":", verdict.scope == LB_SCOPE_NONE ? "false" : "true");
    lb_verdict_put_scope(body, verdict);
    lb_buf_append_lit(body, ",\"reason\":");
    lb_json_put_string_or_null(body, told.reason);
    lb_buf_append_lit(body, ",\"createdAt\":");
    lb_json_put_time_or_null(body, told.at);
    if (checking->by)
        lb_person_names_put_matched(body, checking->identifiers.items[index].key,
                                    checking->by[index]);
    lb_buf_append_lit(body, "}");
    return LB_OK;
}

static void prefetch_blocks(struct lb_call *call, struct lb_store_reader *reader,
                            const struct checking_many *checking, size_t end)
{
    uint64_t ids[DETAILS_AT_A_TIME];
    size_t count = 0;
    for (size_t i = checking->at; i < end; i++)
        if (checking->first[i] && lb_verdict_is_read(call, checking->verdicts[i]))
            ids[count++] = checking->verdicts[i].entry;
    if (count)
        call->app->store->ops->prefetch_entries(reader, call->list.workspace, ids, count);
}

static enum lb_turn read_many(struct lb_call *call, struct lb_store_reader *reader)
{
    struct checking_many *checking = call->state;
    size_t count = checking->identifiers.count;
    size_t end =
        count - checking->at > DETAILS_AT_A_TIME ? checking->at + DETAILS_AT_A_TIME : count;
    lb_err err = LB_OK;
    if (checking->at == 0)
        lb_buf_append_lit(lb_reply_json(&call->req->reply, 200), "[");
    prefetch_blocks(call, reader, checking, end);
    for (; !err && checking->at < end; checking->at++)
        if (checking->first[checking->at])
            err = put_detail(call, reader, checking, checking->at);
    if (!err && end < count)
        return LB_TURN_MORE;
    if (err)
        lb_call_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, NULL);
    else
        lb_buf_append_lit(&call->req->reply.body, "]");
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static bool read_wanted(struct lb_call *call, struct checking_many *checking)
{
    struct lb_str value;
    if (!lb_query_text(call, "details", &value))
        return false;
    checking->details = lb_str_equal(value, LB_STR("true"));
    if (value.ptr && !checking->details && !lb_str_equal(value, LB_STR("false"))) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                       "The parameter 'details' must be true or false.");
        return false;
    }
    if (!lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !lb_identifiers_read(call, LB_NAMES_TO_CHECK, &checking->identifiers))
        return false;
    if (!checking->details || !checking->identifiers.bad.lenient)
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The answer with details=true has no place for invalid identifiers: leave out "
                   "'Prefer: handling=lenient'.");
    return false;
}

/* Asks for the other names of all people, too. False when the reply is set. */
static bool check_people(struct lb_call *call, struct checking_many *checking)
{
    const struct lb_identifiers *identifiers = &checking->identifiers;
    checking->by = lb_call_alloc(call, identifiers->count * sizeof *checking->by);
    if (!checking->by)
        return false;
    for (size_t i = 0; i < identifiers->count; i++) {
        checking->by[i] = (struct lb_str){0};
        if (!check_person(call, identifiers->items[i].key, &checking->verdicts[i],
                          &checking->by[i]))
            return false;
    }
    return true;
}

enum lb_progress lb_check_post(struct lb_call *call)
{
    struct checking_many *checking = lb_call_alloc(call, sizeof *checking);
    if (!checking || !read_wanted(call, checking))
        return LB_DONE;
    size_t count = checking->identifiers.count;
    struct lb_str *texts = lb_request_alloc(call->req, count * sizeof *texts);
    uint64_t *hashes = lb_request_alloc(call->req, count * sizeof *hashes);
    checking->first = lb_request_alloc(call->req, count * sizeof *checking->first);
    checking->verdicts = lb_request_alloc(call->req, count * sizeof *checking->verdicts);
    if (!checking->first || !texts || !checking->verdicts || !hashes)
        return lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
    for (size_t i = 0; i < count; i++)
        texts[i] = checking->identifiers.items[i].key;
    lb_blocklist_check_many(call->app->blocklist, call->list, texts, count, checking->verdicts,
                            hashes);
    if (lb_persons_any(call->workspace) && !check_people(call, checking))
        return LB_DONE;
    if (!lb_identifiers_fold(call, &checking->identifiers, hashes, checking->first))
        return lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
    count_checks(call, checking->first, checking->verdicts, count);
    call->state = checking;
    if (checking->details)
        return lb_call_read(call, read_many);
    reply_lists(call, checking);
    return LB_DONE;
}
