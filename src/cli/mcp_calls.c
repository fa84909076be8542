#include "cli/mcp_tools.h"

#include "cli/lookup.h"
#include "domain/blocklist/identifier.h"
#include "json/encode.h"

#include <stdio.h>

#define ANSWER_MAX    ((size_t)4 << 20) /* bytes; what is asked for has some 100 kB at most */
#define CAMPAIGNS_MAX 100               /* of one person */
#define NOT_ASKED_FOR "The server's answer is not what was asked for. Nothing is known for certain."

void lb_mcp_fail(struct lb_mcp_call *call, const char *text)
{
    lb_buf_printf(&call->text, "%s", text);
    call->failed = true;
}

/* The address may hold a password of a proxy. */
static void put_failure(struct lb_mcp_call *call, const char *text)
{
    const char *begin = strstr(text, "://");
    const char *end = begin ? begin + 3 + strcspn(begin + 3, "/ \n") : NULL;
    const char *at = begin ? memrchr(begin, '@', (size_t)(end - begin)) : NULL;
    if (at)
        lb_buf_printf(&call->text, "%.*s://%s", (int)(begin - text), text, at + 1);
    else
        lb_buf_printf(&call->text, "%s", text);
}

static void explain_no_answer(struct lb_mcp_call *call, bool writes)
{
    lb_buf_append_lit(&call->text, "No answer from the leadblock server: ");
    put_failure(call, lb_client_failure(call->mcp->client));
    lb_buf_append_lit(&call->text, "\n");
    if (writes)
        lb_buf_append_lit(&call->text, "Whether anything was recorded is not known. Call the tool "
                                       "again with the same arguments: that is safe.");
    else
        lb_buf_append_lit(&call->text,
                          "Nothing is known about these people: do not contact them until a call "
                          "succeeds. Try again in a moment.");
}

static void explain_refusal(struct lb_mcp_call *call, const struct lb_answer *answer)
{
    struct lb_str message = lb_answer_text(answer->json, "message");
    struct lb_str code = lb_answer_text(answer->json, "code");
    const struct lb_json *errors = lb_json_member(answer->json, "errors");
    char code_text[64];
    if (!message.len || !lb_str_copy(code, code_text, sizeof code_text)) {
        lb_buf_printf(&call->text,
                      "The server answered %ld without saying why. Is it a leadblock server?",
                      answer->status);
        return;
    }
    lb_buf_printf(&call->text, "Refused: %.*s (%s)\n", (int)message.len, message.ptr, code_text);
    for (size_t i = 0; i < lb_json_length(errors); i++) {
        struct lb_str value = lb_answer_text(lb_json_item(errors, i), "value");
        struct lb_str reason = lb_answer_text(lb_json_item(errors, i), "reason");
        lb_buf_printf(&call->text, "- %.*s: %.*s\n", (int)value.len, value.ptr, (int)reason.len,
                      reason.ptr);
    }
    const char *advice = lb_client_advice(code_text);
    if (lb_json_length(errors))
        lb_buf_append_lit(&call->text, "Fix these, or leave them out, and call the tool again. ");
    else if (answer->status == 429 || answer->status == 503)
        lb_buf_append_lit(&call->text, "Call the tool again in a minute; that is safe. ");
    if (advice)
        lb_buf_printf(&call->text, "%s", advice);
}

/* Asks, and releases the answer when it is not a good one. False: it said why, or was cancelled. */
static bool ask(struct lb_mcp_call *call, const struct lb_client_request *request,
                struct lb_answer *out)
{
    struct lb_mcp *mcp = call->mcp;
    bool writes = strcmp(request->method, "GET") != 0;
    bool checks = strstr(request->path, "/check?") != NULL;
    bool answered = lb_client_ask(mcp->client, request, out);
    if (answered && out->status >= 200 && out->status <= 299 && out->json &&
        out->body.len <= ANSWER_MAX)
        return true;
    call->failed = true;
    if (!answered)
        explain_no_answer(call, writes && !checks);
    else if (out->status >= 200 && out->status <= 299)
        lb_mcp_fail(call, out->json ? "The answer is too large; ask for less at once."
                                    : "The answer is not JSON. Is it a leadblock server?");
    else
        explain_refusal(call, out);
    lb_answer_fini(out);
    return false;
}

bool lb_mcp_fetch(struct lb_mcp_call *call, const char *method, struct lb_buf *path,
                  const struct lb_buf *body, struct lb_answer *out)
{
    bool failed = path->failed || (body && body->failed);
    lb_buf_append(path, "", 1);
    struct lb_client_request request = {.method = method, .path = path->ptr};
    if (body)
        request.body = lb_buf_str(body);
    *out = (struct lb_answer){0};
    if (failed || path->failed)
        lb_mcp_fail(call, "Out of memory.");
    else if (ask(call, &request, out))
        return true;
    return false;
}

static void put_list_path(const struct lb_mcp_call *call, struct lb_buf *path)
{
    if (!call->given.campaign.ptr) {
        lb_buf_append_lit(path, "/v1/blocked-leads");
        return;
    }
    lb_buf_append_lit(path, "/v1/campaigns/");
    lb_url_append(path, call->given.campaign);
    lb_buf_append_lit(path, "/blocked-leads");
}

static void put_person_path(struct lb_buf *path, struct lb_str name, const char *after)
{
    lb_buf_append_lit(path, "/v1/blocked-leads/");
    lb_url_append(path, name);
    lb_buf_append_str(path, lb_str(after));
}

/* {"publicIdentifiers":[...]} of what was given. */
static void put_names(const struct lb_mcp_call *call, struct lb_buf *body)
{
    lb_buf_append_lit(body, "{\"publicIdentifiers\":");
    lb_json_put(body, call->given.names);
}

/* The cursor of the next page, as it stands in a query: it is not decoded between answer and
 * request. */
static struct lb_str cursor_of(const struct lb_answer *answer)
{
    const char *at = strncmp(answer->cursor, "cursor=", 7) == 0
                         ? answer->cursor
                         : strstr(answer->cursor, "&cursor=");
    at = at ? strchr(at, '=') + 1 : "";
    return (struct lb_str){at, strcspn(at, "&")};
}

static void put_next(struct lb_mcp_call *call, const struct lb_answer *answer)
{
    struct lb_str cursor = cursor_of(answer);
    lb_buf_append_lit(&call->data, ",\"nextCursor\":");
    lb_json_put_string_or_null(&call->data, cursor.len ? cursor : (struct lb_str){0});
}

static bool is_cursor(struct lb_str text)
{
    static const char allowed[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~%";
    for (size_t i = 0; i < text.len; i++)
        if (!text.ptr[i] || !strchr(allowed, text.ptr[i]))
            return false;
    return true;
}

static bool put_page(struct lb_mcp_call *call, struct lb_buf *path)
{
    lb_buf_printf(path, "?limit=%lld", (long long)call->given.take);
    if (!call->given.cursor.ptr)
        return true;
    if (!is_cursor(call->given.cursor)) {
        lb_mcp_fail(
            call, "cursor is not one that a page before has named. Leave it out to begin with the "
                  "first page.");
        return false;
    }
    lb_buf_append_lit(path, "&cursor=");
    lb_buf_append_str(path, call->given.cursor);
    return true;
}

/* --- check --- */

static bool is_name_of(struct lb_str shown, struct lb_str asked)
{
    struct lb_identifier today, before;
    const struct lb_identifier *name = lb_identifier_normalise(asked, &today) ? NULL : &today;
    if (name && lb_str_equal(shown, (struct lb_str){today.text, today.len}))
        return true;
    return lb_identifier_before(asked, name, &before) &&
           lb_str_equal(shown, (struct lb_str){before.text, before.len});
}

static bool has_verdict(const struct lb_json *leads, struct lb_str asked)
{
    bool blocked;
    for (size_t i = 0; i < lb_json_length(leads); i++) {
        const struct lb_json *lead = lb_json_item(leads, i);
        if (is_name_of(lb_json_string(lb_json_member(lead, "publicIdentifier")), asked))
            return lb_json_bool(lb_json_member(lead, "blocked"), &blocked);
    }
    return false;
}

/* A person who is missing in an answer would be taken for one who is not blocked. */
static bool covers_all(const struct lb_json *leads, const struct lb_json *names)
{
    bool blocked;
    for (size_t i = 0; i < lb_json_length(names); i++)
        if (!has_verdict(leads, lb_json_string(lb_json_item(names, i))))
            return false;
    for (size_t i = 0; i < lb_json_length(leads); i++)
        if (!lb_json_bool(lb_json_member(lb_json_item(leads, i), "blocked"), &blocked))
            return false;
    return lb_json_type(leads) == LB_JSON_ARRAY && lb_json_length(leads) <= LB_MCP_NAMES_MAX;
}

static void put_verdict(struct lb_buf *text, const struct lb_json *lead)
{
    bool blocked = false;
    struct lb_str name = lb_answer_text(lead, "publicIdentifier");
    struct lb_str scope = lb_answer_text(lead, "scope");
    struct lb_str reason = lb_answer_text(lead, "reason");
    lb_json_bool(lb_json_member(lead, "blocked"), &blocked);
    lb_buf_printf(text, "%.*s: %s", (int)name.len, name.ptr, blocked ? "BLOCKED" : "not blocked");
    if (blocked && scope.len)
        lb_buf_printf(text, " in the %.*s", (int)scope.len, scope.ptr);
    if (blocked && reason.len)
        lb_buf_printf(text, " (%.*s)", (int)reason.len, reason.ptr);
    lb_buf_append_lit(text, "\n");
}

void lb_mcp_check(struct lb_mcp_call *call)
{
    struct lb_buf path = {0};
    struct lb_buf body = {0};
    struct lb_answer answer;
    if (call->given.typed) {
        lb_mcp_typed_check(call);
        return;
    }
    put_list_path(call, &path);
    lb_buf_append_lit(&path, "/check?details=true");
    put_names(call, &body);
    lb_buf_append_lit(&body, "}");
    if (lb_mcp_fetch(call, "POST", &path, &body, &answer)) {
        if (covers_all(answer.json, call->given.names)) {
            /* First of all: texts for people lose their control characters in place. */
            lb_buf_append_lit(&call->data, "{\"leads\":");
            lb_json_put(&call->data, answer.json);
            lb_buf_append_lit(&call->data, "}");
            for (size_t i = 0; i < lb_json_length(answer.json); i++)
                put_verdict(&call->text, lb_json_item(answer.json, i));
            if (!call->given.campaign.ptr)
                lb_buf_append_lit(&call->text,
                                  "Only the workspace's list was asked. A campaign has "
                                  "a list of its own: give campaignId.\n");
        } else {
            lb_mcp_fail(call,
                        "The server's answer does not cover all who were asked about. Nothing is "
                        "known for certain: do not contact them.");
        }
        lb_answer_fini(&answer);
    }
    lb_buf_fini(&path);
    lb_buf_fini(&body);
}

/* --- list, history --- */

static void show_page(struct lb_mcp_call *call, struct lb_buf *path, const char *member,
                      const char *what)
{
    struct lb_answer answer;
    if (!lb_mcp_fetch(call, "GET", path, NULL, &answer))
        return;
    size_t count = lb_json_length(answer.json);
    if (lb_json_type(answer.json) != LB_JSON_ARRAY) {
        lb_mcp_fail(call, "The server's answer is not a list. Is it a leadblock server?");
        lb_answer_fini(&answer);
        return;
    }
    lb_buf_printf(&call->data, "{\"%s\":", member);
    lb_json_put(&call->data, answer.json);
    put_next(call, &answer);
    if (answer.total)
        lb_buf_printf(&call->data, ",\"total\":%llu", (unsigned long long)answer.total);
    lb_buf_append_lit(&call->data, "}");
    lb_buf_printf(&call->text, "%zu %s%s", count, what, count == 1 ? "" : "s");
    if (answer.total)
        lb_buf_printf(&call->text, " of %llu", (unsigned long long)answer.total);
    lb_buf_printf(&call->text, "%s", cursor_of(&answer).len ? "; nextCursor leads to more." : ".");
    lb_answer_fini(&answer);
}

void lb_mcp_list(struct lb_mcp_call *call)
{
    struct lb_buf path = {0};
    put_list_path(call, &path);
    if (put_page(call, &path)) {
        if (call->given.search.ptr) {
            lb_buf_append_lit(&path, "&search=");
            lb_url_append(&path, call->given.search);
        }
        show_page(call, &path, "entries", "blocked lead");
    }
    lb_buf_fini(&path);
}

void lb_mcp_history(struct lb_mcp_call *call)
{
    struct lb_buf path = {0};
    put_person_path(&path, call->given.name, "/history");
    if (put_page(call, &path))
        show_page(call, &path, "events", "event");
    lb_buf_fini(&path);
}

/* --- explain --- */

#define BLOCKS_MAX 100

static void put_lead(struct lb_buf *data, const struct lb_json *lead)
{
    static const char *const members[][2] = {{"campaignId", "campaignId"},
                                             {"campaignName", "campaignName"},
                                             {"leadId", "id"},
                                             {"status", "status"},
                                             {"blocked", "blocked"}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        lb_buf_printf(data, "%s\"%s\":", i ? "," : "{", members[i][0]);
        lb_json_put(data, lb_json_member(lead, members[i][1]));
    }
    lb_buf_append_lit(data, "}");
}

/* Appends why the campaign does or does not contact the lead. */
static bool explain_lead(struct lb_mcp_call *call, struct lb_str lead)
{
    struct lb_buf path = {0};
    struct lb_answer answer;
    lb_buf_append_lit(&path, "/v1/campaigns/");
    lb_url_append(&path, call->given.campaign);
    lb_buf_append_lit(&path, "/leads/");
    lb_url_append(&path, lead);
    lb_buf_append_lit(&path, "/explain");
    bool good = lb_mcp_fetch(call, "GET", &path, NULL, &answer);
    if (good) {
        lb_buf_append_lit(&call->data, ",\"explanation\":");
        lb_json_put(&call->data, answer.json);
        struct lb_str because = lb_answer_text(answer.json, "because");
        lb_buf_printf(&call->text, "In this campaign: %.*s", (int)because.len, because.ptr);
        lb_answer_fini(&answer);
    }
    lb_buf_fini(&path);
    return good;
}

static bool explain_campaign(struct lb_mcp_call *call, const struct lb_json *leads, bool whole)
{
    struct lb_str found = {0};
    for (size_t i = 0; call->given.campaign.ptr && i < lb_json_length(leads); i++) {
        const struct lb_json *lead = lb_json_item(leads, i);
        struct lb_str id = lb_json_string(lb_json_member(lead, "campaignId"));
        if (lb_str_equal(id, call->given.campaign))
            found = lb_json_string(lb_json_member(lead, "id"));
    }
    if (found.len)
        return explain_lead(call, found);
    lb_buf_append_lit(&call->data, ",\"explanation\":null");
    if (call->given.campaign.ptr && !whole)
        lb_buf_append_lit(&call->text, "Only the first 100 campaigns of this person were read, and "
                                       "this one is not among them.");
    else if (call->given.campaign.ptr)
        lb_buf_append_lit(&call->text, "The person is not a lead of this campaign, or it does not "
                                       "exist, so it will not contact them.");
    return true;
}

/* Appends in which campaigns the person is a lead, and about the one that was asked for. */
static bool explain_leads(struct lb_mcp_call *call)
{
    struct lb_buf path = {0};
    struct lb_answer answer;
    lb_buf_printf(&path, "/v1/leads?limit=%d&publicIdentifier=", CAMPAIGNS_MAX);
    lb_url_append(&path, call->given.name);
    bool good = lb_mcp_fetch(call, "GET", &path, NULL, &answer);
    if (good && lb_json_type(answer.json) != LB_JSON_ARRAY) {
        lb_mcp_fail(call, NOT_ASKED_FOR);
        lb_answer_fini(&answer);
        good = false;
    }
    if (good) {
        size_t count = lb_json_length(answer.json);
        lb_buf_printf(&call->text, "A lead in %zu campaign%s. ", count, count == 1 ? "" : "s");
        lb_buf_append_lit(&call->data, ",\"campaigns\":[");
        for (size_t i = 0; i < count; i++) {
            lb_buf_append_str(&call->data, i ? LB_STR(",") : LB_STR(""));
            put_lead(&call->data, lb_json_item(answer.json, i));
        }
        lb_buf_append_lit(&call->data, "]");
        good = explain_campaign(call, answer.json, !answer.cursor[0]);
        lb_answer_fini(&answer);
    }
    lb_buf_fini(&path);
    return good;
}

/* The other name of the person that block `index` is of; empty when it is the one asked for. */
static struct lb_str other_name(const struct lb_json *blocks, size_t index)
{
    return lb_answer_text(lb_json_member(lb_json_item(blocks, index), "matched"), "value");
}

/* Under which other names of the person they are blocked, each once; the server shows so many. */
static void put_other_names(struct lb_mcp_call *call, const struct lb_json *blocks)
{
    bool any = false;
    for (size_t i = 0; i < lb_json_length(blocks) && i < BLOCKS_MAX; i++) {
        struct lb_str name = other_name(blocks, i);
        size_t before = 0;
        while (before < i && !lb_str_equal(other_name(blocks, before), name))
            before++;
        if (!name.len || before < i)
            continue;
        lb_buf_printf(&call->text, "%s%.*s", any ? ", " : " (by another name: ", (int)name.len,
                      name.ptr);
        any = true;
    }
    lb_buf_append_str(&call->text, any ? LB_STR(")") : LB_STR(""));
}

void lb_mcp_explain(struct lb_mcp_call *call)
{
    struct lb_buf path = {0};
    struct lb_answer answer;
    put_person_path(&path, call->given.name, "");
    if (lb_mcp_fetch(call, "GET", &path, NULL, &answer)) {
        struct lb_str name = lb_answer_text(answer.json, "publicIdentifier");
        uint64_t blocks = lb_answer_number(answer.json, "blocksTotal");
        bool blocked = false;
        if (!name.len || lb_json_type(lb_json_member(answer.json, "blocks")) != LB_JSON_ARRAY ||
            !lb_json_bool(lb_json_member(answer.json, "blocked"), &blocked)) {
            lb_mcp_fail(call, NOT_ASKED_FOR);
        } else {
            lb_json_put(&call->data, answer.json);
            call->data.len -= call->data.failed ? 0 : 1; /* its closing brace */
            lb_buf_printf(&call->text, "%.*s: %s", (int)name.len, name.ptr,
                          blocked || blocks ? "BLOCKED" : "not blocked");
            if (blocks)
                lb_buf_printf(&call->text, " in %llu list%s", (unsigned long long)blocks,
                              blocks == 1 ? "" : "s");
            put_other_names(call, lb_json_member(answer.json, "blocks"));
            lb_buf_append_lit(&call->text, ". ");
            if (explain_leads(call))
                lb_buf_append_lit(&call->data, "}");
        }
        lb_answer_fini(&answer);
    }
    lb_buf_fini(&path);
}

/* --- block, unblock --- */

void lb_mcp_show_change(struct lb_mcp_call *call, struct lb_buf *path, const char *method,
                        const struct lb_buf *body, const char *member)
{
    struct lb_answer answer;
    if (!lb_mcp_fetch(call, method, path, body, &answer))
        return;
    struct lb_str message = lb_answer_text(answer.json, "message");
    bool changed = lb_answer_changed(&answer);
    lb_buf_append_lit(&call->data, "{\"message\":");
    lb_json_put_string(&call->data, message);
    lb_buf_printf(&call->data, ",\"%s\":%llu,\"changeId\":", member,
                  (unsigned long long)lb_answer_number(answer.json, member));
    lb_json_put_string_or_null(&call->data,
                               changed ? lb_str(answer.change_id) : (struct lb_str){0});
    if (lb_json_type(lb_json_member(answer.json, "entries")) == LB_JSON_ARRAY) {
        lb_buf_append_lit(&call->data, ",\"entries\":");
        lb_json_put(&call->data, lb_json_member(answer.json, "entries"));
    }
    if (lb_json_type(lb_json_member(answer.json, "stillBlocked")) == LB_JSON_ARRAY) {
        lb_buf_append_lit(&call->data, ",\"stillBlocked\":");
        lb_json_put(&call->data, lb_json_member(answer.json, "stillBlocked"));
    }
    lb_buf_append_lit(&call->data, "}");
    lb_answer_put_still_blocked(&answer, &call->text);
    lb_buf_printf(&call->text, "%.*s.", (int)message.len, message.ptr);
    if (changed)
        lb_buf_printf(&call->text, " To take it back: leadblock undo %s", answer.change_id);
    lb_answer_fini(&answer);
}

static void put_reason(const struct lb_mcp_call *call, struct lb_buf *body)
{
    if (!call->given.reason.len)
        return;
    lb_buf_append_lit(body, ",\"reason\":");
    lb_json_put_string(body, call->given.reason);
}

void lb_mcp_block(struct lb_mcp_call *call)
{
    struct lb_buf path = {0};
    struct lb_buf body = {0};
    if (call->given.typed) {
        lb_mcp_typed_change(call, true);
        return;
    }
    put_list_path(call, &path);
    if (call->given.campaign.ptr) {
        put_names(call, &body);
        put_reason(call, &body);
    } else {
        lb_buf_append_lit(&body, "{\"leads\":[");
        for (size_t i = 0; i < lb_json_length(call->given.names); i++) {
            lb_buf_append_str(&body, i ? LB_STR(",{\"publicIdentifier\":")
                                       : LB_STR("{\"publicIdentifier\":"));
            lb_json_put(&body, lb_json_item(call->given.names, i));
            put_reason(call, &body);
            lb_buf_append_lit(&body, "}");
        }
        lb_buf_append_lit(&body, "]");
    }
    lb_buf_append_lit(&body, "}");
    lb_mcp_show_change(call, &path, "POST", &body, "blocked");
    lb_buf_fini(&path);
    lb_buf_fini(&body);
}

/* Appends the name as an entry, if it is on the workspace's own list, and says by what else the
 * person is blocked. */
static bool put_entry(struct lb_mcp_call *call, struct lb_str name, struct lb_buf *body)
{
    struct lb_buf path = {0};
    struct lb_looked_up found = {0};
    put_person_path(&path, name, "");
    bool good = lb_mcp_fetch(call, "GET", &path, NULL, &found.answer);
    if (good) {
        enum lb_lookup result = lb_lookup_judge(&found);
        good = result != LB_LOOKUP_FAILED;
        if (!good)
            lb_mcp_fail(call, NOT_ASKED_FOR);
        else if (result != LB_LOOKUP_ABSENT)
            lb_lookup_put_others(&found, &call->text);
        if (good && found.own) {
            lb_buf_append_str(body, body->len ? LB_STR(",{\"publicIdentifier\":")
                                              : LB_STR("{\"publicIdentifier\":"));
            lb_json_put_string(body, name);
            lb_buf_append_lit(body, "}");
        }
        lb_answer_fini(&found.answer);
    }
    lb_buf_fini(&path);
    return good;
}

/* Off the workspace's list people are taken by their names, too: an erased person is freed by no id
 * of a record. */
static void unblock_in_workspace(struct lb_mcp_call *call)
{
    struct lb_buf path = {0}, entries = {0}, body = {0};
    bool good = true;
    for (size_t i = 0; good && i < lb_json_length(call->given.names); i++)
        good = put_entry(call, lb_json_string(lb_json_item(call->given.names, i)), &entries);
    if (good && !entries.len && !entries.failed) {
        lb_buf_append_lit(&call->text, "None of these names is on the workspace's list.");
        lb_buf_append_lit(&call->data, "{\"message\":\"0 leads unblocked\",\"unblocked\":0,"
                                       "\"changeId\":null}");
    } else if (good) {
        lb_buf_append_lit(&path, "/v1/blocklist");
        lb_buf_append_lit(&body, "{\"entries\":[");
        lb_buf_append_str(&body, lb_buf_str(&entries));
        lb_buf_append_lit(&body, "]}");
        body.failed |= entries.failed;
        lb_mcp_show_change(call, &path, "DELETE", &body, "unblocked");
    }
    lb_buf_fini(&path);
    lb_buf_fini(&entries);
    lb_buf_fini(&body);
}

void lb_mcp_unblock(struct lb_mcp_call *call)
{
    struct lb_buf path = {0};
    struct lb_buf body = {0};
    if (call->given.typed) {
        lb_mcp_typed_change(call, false);
        return;
    }
    if (!call->given.campaign.ptr) {
        unblock_in_workspace(call);
        return;
    }
    put_list_path(call, &path);
    put_names(call, &body);
    lb_buf_append_lit(&body, "}");
    lb_mcp_show_change(call, &path, "DELETE", &body, "unblocked");
    lb_buf_fini(&path);
    lb_buf_fini(&body);
}
