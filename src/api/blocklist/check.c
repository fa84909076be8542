/* Is this person blocked? One, or a whole list before it is sent to. */
#include "api/handlers.h"
#include "api/blocklist/identifiers.h"

#include "domain/blocklist/entry.h"
#include "json/encode.h"

struct checking {
    struct lb_str identifier;
    struct lb_verdict verdict;
};

static void put_blocked(struct lb_call *call, struct lb_str reason, int64_t at)
{
    const struct checking *checking = call->state;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "{\"publicIdentifier\":");
    lb_json_put_string(body, checking->identifier);
    if (checking->verdict.scope == LB_SCOPE_WORKSPACE)
        lb_buf_append_lit(body, ",\"blocked\":true,\"scope\":\"workspace\",\"reason\":");
    else
        lb_buf_append_lit(body, ",\"blocked\":true,\"scope\":\"campaign\",\"reason\":");
    if (reason.ptr)
        lb_json_put_string(body, reason);
    else
        lb_buf_append_lit(body, "null");
    lb_buf_append_lit(body, ",\"createdAt\":");
    lb_json_put_time(body, at);
    lb_buf_append_lit(body, "}");
}

static enum lb_turn read_details(struct lb_call *call, struct lb_store_reader *reader)
{
    const struct checking *checking = call->state;
    struct lb_entry entry;
    lb_err err = lb_blocklist_entry(call->app->store, reader, call->list.workspace,
                                    checking->verdict.entry, &entry);
    if (err)
        lb_call_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, NULL);
    else
        put_blocked(call, entry.reason, entry.at);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_check_get(struct lb_call *call)
{
    struct checking *checking = lb_call_alloc(call, sizeof *checking);
    if (!checking)
        return LB_DONE;
    if (!lb_identifiers_read_one(call, call->req->params[1], &checking->identifier))
        return LB_DONE;
    call->state = checking;
    checking->verdict = lb_blocklist_check(call->app->blocklist, call->list, checking->identifier);
    lb_workspace_count_checks(call->workspace, 1, checking->verdict.scope != LB_SCOPE_NONE);
    int64_t at;
    if (checking->verdict.scope != LB_SCOPE_NONE) {
        if (!lb_blocklist_recorded_at(call->workspace, checking->verdict.entry, &at))
            return lb_call_read(call, read_details);
        put_blocked(call, (struct lb_str){0}, at);
        return LB_DONE;
    }
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "{\"publicIdentifier\":");
    lb_json_put_string(body, checking->identifier);
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
        lb_json_put_string(body, identifiers->items[i].identifier);
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

enum lb_progress lb_check_post(struct lb_call *call)
{
    struct lb_identifiers identifiers;
    if (!lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !lb_identifiers_read(call, false, &identifiers))
        return LB_DONE;
    size_t count = identifiers.count;
    bool *first = lb_request_alloc(call->req, count * sizeof *first);
    struct lb_str *texts = lb_request_alloc(call->req, count * sizeof *texts);
    struct lb_verdict *verdicts = lb_request_alloc(call->req, count * sizeof *verdicts);
    uint64_t *hashes = lb_request_alloc(call->req, count * sizeof *hashes);
    if (!first || !texts || !verdicts || !hashes)
        return lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
    for (size_t i = 0; i < count; i++)
        texts[i] = identifiers.items[i].identifier;
    lb_blocklist_check_many(call->app->blocklist, call->list, texts, count, verdicts, hashes);
    if (!lb_identifiers_fold(call, &identifiers, hashes, first))
        return lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
    count_checks(call, first, verdicts, count);
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "{\"blocked\":[");
    put_some(body, &identifiers, first, verdicts, true);
    lb_buf_append_lit(body, "],\"allowed\":[");
    put_some(body, &identifiers, first, verdicts, false);
    lb_buf_append_lit(body, "]");
    lb_bad_items_put_invalid(&identifiers.bad, call, body);
    lb_buf_append_lit(body, "}");
    return LB_DONE;
}
