#include "cli/lookup.h"

#include "cli/input.h"

static void explain_invalid(const struct lb_client *client, struct lb_str text,
                            const struct lb_answer *answer)
{
    const struct lb_json *error = lb_json_item(lb_json_member(answer->json, "errors"), 0);
    if (error)
        lb_input_explain(0, text, lb_answer_text(error, "reason"));
    else
        lb_client_explain(client, answer);
}

static enum lb_lookup read_answer(struct lb_looked_up *out)
{
    const struct lb_json *blocks = lb_json_member(out->answer.json, "blocks");
    bool above = false;
    out->name = lb_json_string(lb_json_member(out->answer.json, "publicIdentifier"));
    for (size_t i = 0; !out->id.len && i < lb_json_length(blocks); i++) {
        const struct lb_json *block = lb_json_item(blocks, i);
        out->id = lb_json_string(lb_json_member(block, "id")); /* the workspace's have one */
        above |=
            lb_str_equal(lb_json_string(lb_json_member(block, "scope")), LB_STR("installation"));
    }
    return out->id.len ? LB_LOOKUP_FOUND : above ? LB_LOOKUP_ABOVE : LB_LOOKUP_ABSENT;
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
        result = out->answer.status == 400 ? LB_LOOKUP_INVALID : read_answer(out);
        if (result == LB_LOOKUP_INVALID)
            explain_invalid(client, text, &out->answer);
    }
    lb_buf_fini(&path);
    return result;
}
