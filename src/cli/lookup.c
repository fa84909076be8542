#include "cli/lookup.h"

#include "cli/input.h"

#include <stdio.h>

#define SHOWN_MAX 100 /* of the blocks in an answer */
#define NAME_SIZE 200

static void explain_invalid(const struct lb_client *client, struct lb_str text,
                            const struct lb_answer *answer)
{
    const struct lb_json *error = lb_json_item(lb_json_member(answer->json, "errors"), 0);
    if (error)
        lb_input_explain(0, text, lb_answer_text(error, "reason"));
    else
        lb_client_explain(client, answer);
}

static bool has_scope(const struct lb_json *block, const char *scope)
{
    return lb_str_equal(lb_json_string(lb_json_member(block, "scope")), lb_str(scope));
}

/* Is it the workspace's entry under the very name that was asked for? */
static bool is_own(const struct lb_json *block)
{
    return has_scope(block, "workspace") && !lb_json_member(block, "matched");
}

/* An entry of an erased person may be counted and not shown. */
static bool hides_a_block(const struct lb_json *json, size_t shown)
{
    uint64_t total = lb_answer_number(json, "blocksTotal");
    return shown == 0 || (shown < SHOWN_MAX && shown < total);
}

enum lb_lookup lb_lookup_judge(struct lb_looked_up *out)
{
    const struct lb_json *json = out->answer.json;
    const struct lb_json *blocks = lb_json_member(json, "blocks");
    size_t count = lb_json_length(blocks);
    bool blocked;
    out->name = lb_json_string(lb_json_member(json, "publicIdentifier"));
    if (!out->name.len || lb_json_type(blocks) != LB_JSON_ARRAY ||
        !lb_json_bool(lb_json_member(json, "blocked"), &blocked))
        return LB_LOOKUP_FAILED;
    out->own = blocked && hides_a_block(json, count);
    bool above = false;
    for (size_t i = 0; i < count; i++) {
        const struct lb_json *block = lb_json_item(blocks, i);
        out->own |= is_own(block);
        above |= !is_own(block) && !has_scope(block, "campaign");
    }
    return out->own ? LB_LOOKUP_FOUND : above ? LB_LOOKUP_ABOVE : LB_LOOKUP_ABSENT;
}

static void put_other(const struct lb_looked_up *found, const struct lb_json *block,
                      struct lb_buf *lines)
{
    char name[NAME_SIZE];
    struct lb_str other = lb_json_string(lb_json_member(lb_json_member(block, "matched"), "value"));
    lb_input_printable(found->name, name, sizeof name);
    lb_buf_printf(lines, "'%s': is blocked ", name);
    lb_buf_append_str(lines, has_scope(block, "installation") ? LB_STR("in the installation's list")
                                                              : LB_STR("in the workspace"));
    if (other.len) {
        lb_input_printable(other, name, sizeof name);
        lb_buf_printf(lines, " by another name: %s", name);
    }
    lb_buf_append_lit(lines, "\n");
}

void lb_lookup_put_others(const struct lb_looked_up *found, struct lb_buf *lines)
{
    const struct lb_json *blocks = lb_json_member(found->answer.json, "blocks");
    for (size_t i = 0; i < lb_json_length(blocks); i++) {
        const struct lb_json *block = lb_json_item(blocks, i);
        bool said = found->own && lb_json_member(block, "matched");
        if (!said && !is_own(block) && !has_scope(block, "campaign"))
            put_other(found, block, lines);
    }
}

enum lb_lookup lb_lookup_record(struct lb_client *client, struct lb_str text,
                                struct lb_looked_up *out)
{
    struct lb_buf path = {0};
    *out = (struct lb_looked_up){0};
    lb_buf_append_lit(&path, "/v1/blocked-leads/");
    lb_url_append(&path, text);
    lb_buf_append(&path, "", 1);
    struct lb_client_request call = {.method = "GET", .path = path.ptr};
    enum lb_lookup result = LB_LOOKUP_FAILED;
    if (path.failed) {
        lb_cli_error("out of memory");
    } else if (lb_client_call_or(client, &call, 400, &out->answer)) {
        result = out->answer.status == 400 ? LB_LOOKUP_INVALID : lb_lookup_judge(out);
        if (result == LB_LOOKUP_INVALID)
            explain_invalid(client, text, &out->answer);
        else if (result == LB_LOOKUP_FAILED)
            lb_cli_error(LB_CLI_NOT_COVERED);
    }
    lb_buf_fini(&path);
    return result;
}
