/* The tools of the Model Context Protocol server, with names of any type. */
#include "cli/mcp_tools.h"

#include "json/encode.h"

static struct lb_str member(const struct lb_json *name, const char *which)
{
    return lb_json_string(lb_json_member(name, which));
}

static void put_country(const struct lb_mcp_call *call, struct lb_buf *body)
{
    if (!call->given.country.ptr)
        return;
    lb_buf_append_lit(body, ",\"defaultCountry\":");
    lb_json_put_string(body, call->given.country);
}

/* --- check --- */

/* What a name is called in a lead. */
static const char *lead_member(struct lb_str type, struct lb_str value)
{
    static const char *const members[][2] = {{"publicIdentifier", "publicIdentifier"},
                                             {"linkedinUrl", "linkedinUrl"},
                                             {"memberId", "memberId"},
                                             {"email", "email"},
                                             {"phone", "phone"},
                                             {"domain", "website"}};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++)
        if (lb_str_equal(type, lb_str(members[i][0])))
            return members[i][1];
    return value.len && memmem(value.ptr, value.len, "linkedin.com/", 13) ? "companyUrl"
                                                                          : "companyName";
}

static void put_leads(const struct lb_mcp_call *call, struct lb_buf *body)
{
    lb_buf_append_lit(body, "{\"leads\":[");
    for (size_t i = 0; i < lb_json_length(call->given.typed); i++) {
        const struct lb_json *name = lb_json_item(call->given.typed, i);
        struct lb_str value = member(name, "value");
        lb_buf_printf(body, "%s{\"%s\":", i ? "," : "", lead_member(member(name, "type"), value));
        lb_json_put_string(body, value);
        lb_buf_append_lit(body, "}");
    }
    lb_buf_append_lit(body, "]");
    if (call->given.campaign.ptr) {
        lb_buf_append_lit(body, ",\"campaignId\":");
        lb_json_put_string(body, call->given.campaign);
    }
    put_country(call, body);
    lb_buf_append_lit(body, "}");
}

/* Is there a verdict about each, in the order in which they were asked? */
static bool covers_all(const struct lb_mcp_call *call, const struct lb_json *leads)
{
    size_t count = lb_json_length(call->given.typed);
    bool good = lb_json_type(leads) == LB_JSON_ARRAY && lb_json_length(leads) == count;
    for (size_t i = 0; good && i < count; i++) {
        const struct lb_json *lead = lb_json_item(leads, i);
        int64_t index;
        bool blocked;
        good = lb_json_int64(lb_json_member(lead, "index"), &index) && index == (int64_t)i &&
               lb_json_bool(lb_json_member(lead, "blocked"), &blocked);
    }
    return good;
}

static void put_verdict(struct lb_mcp_call *call, const struct lb_json *name,
                        const struct lb_json *lead)
{
    static const char *const members[] = {"blocked", "scope", "matched", "reason", "createdAt"};
    bool blocked = false;
    lb_json_bool(lb_json_member(lead, "blocked"), &blocked);
    lb_buf_append_lit(&call->data, "{\"type\":");
    lb_json_put_string(&call->data, member(name, "type"));
    lb_buf_append_lit(&call->data, ",\"value\":");
    lb_json_put_string(&call->data, member(name, "value"));
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        const struct lb_json *said = lb_json_member(lead, members[i]);
        lb_buf_printf(&call->data, ",\"%s\":", members[i]);
        if (said)
            lb_json_put(&call->data, said);
        else
            lb_buf_append_lit(&call->data, "null");
    }
    lb_buf_append_lit(&call->data, "}");
    /* A line each: a name with a line end in it must not pass for the verdict on another one. */
    struct lb_str type = lb_answer_text(name, "type"), value = lb_answer_text(name, "value");
    struct lb_str scope = lb_answer_text(lead, "scope");
    lb_buf_printf(&call->text, "%.*s %.*s: %s", (int)type.len, type.ptr, (int)value.len, value.ptr,
                  blocked ? "BLOCKED" : "not blocked");
    if (blocked && scope.len)
        lb_buf_printf(&call->text, " in the %.*s", (int)scope.len, scope.ptr);
    lb_buf_append_lit(&call->text, "\n");
}

void lb_mcp_typed_check(struct lb_mcp_call *call)
{
    struct lb_buf path = {0};
    struct lb_buf body = {0};
    struct lb_answer answer;
    lb_buf_append_lit(&path, "/v1/check?");
    put_leads(call, &body);
    if (lb_mcp_fetch(call, "POST", &path, &body, &answer)) {
        if (covers_all(call, answer.json)) {
            lb_buf_append_lit(&call->data, "{\"leads\":[");
            for (size_t i = 0; i < lb_json_length(answer.json); i++) {
                lb_buf_append_str(&call->data, i ? LB_STR(",") : LB_STR(""));
                put_verdict(call, lb_json_item(call->given.typed, i), lb_json_item(answer.json, i));
            }
            lb_buf_append_lit(&call->data, "]}");
        } else {
            lb_mcp_fail(call,
                        "The server's answer does not cover all who were asked about. Nothing "
                        "is known for certain: do not contact them.");
        }
        lb_answer_fini(&answer);
    }
    lb_buf_fini(&path);
    lb_buf_fini(&body);
}

/* --- block, unblock --- */

void lb_mcp_typed_change(struct lb_mcp_call *call, bool blocks)
{
    struct lb_buf path = {0};
    struct lb_buf body = {0};
    if (call->given.campaign.ptr) {
        lb_buf_append_lit(&path, "/v1/campaigns/");
        lb_url_append(&path, call->given.campaign);
        lb_buf_append_lit(&path, "/blocklist");
    } else {
        lb_buf_append_lit(&path, "/v1/blocklist");
    }
    lb_buf_append_lit(&body, "{\"entries\":[");
    for (size_t i = 0; i < lb_json_length(call->given.typed); i++) {
        const struct lb_json *name = lb_json_item(call->given.typed, i);
        lb_buf_append_str(&body, i ? LB_STR(",{") : LB_STR("{"));
        lb_json_put_string(&body, member(name, "type"));
        lb_buf_append_lit(&body, ":");
        lb_json_put_string(&body, member(name, "value"));
        if (blocks && call->given.reason.len) {
            lb_buf_append_lit(&body, ",\"reason\":");
            lb_json_put_string(&body, call->given.reason);
        }
        lb_buf_append_lit(&body, "}");
    }
    lb_buf_append_lit(&body, "]");
    put_country(call, &body);
    lb_buf_append_lit(&body, "}");
    lb_mcp_show_change(call, &path, blocks ? "POST" : "DELETE", &body,
                       blocks ? "blocked" : "unblocked");
    lb_buf_fini(&path);
    lb_buf_fini(&body);
}
