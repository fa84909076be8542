#include "cli/lookup.h"

static void explain_invalid(const struct lb_client *client, const struct lb_input_item *item,
                            const struct lb_answer *answer)
{
    const struct lb_json *error = lb_json_item(lb_json_member(answer->json, "errors"), 0);
    if (error)
        lb_input_explain(item->line, item->text, lb_answer_text(error, "reason"));
    else
        lb_client_explain(client, answer);
}

static enum lb_lookup read_answer(struct lb_looked_up *out)
{
    const struct lb_json *blocks = lb_json_member(out->answer.json, "blocks");
    const struct lb_json *first =
        lb_json_item(blocks, 0); /* the workspace's own, if there is one */
    out->name = lb_json_string(lb_json_member(out->answer.json, "publicIdentifier"));
    out->id = lb_json_string(lb_json_member(first, "id"));
    return out->id.len ? LB_LOOKUP_FOUND : LB_LOOKUP_ABSENT;
}

enum lb_lookup lb_lookup_record(struct lb_client *client, const struct lb_input_item *item,
                                struct lb_looked_up *out)
{
    struct lb_buf path = {0};
    *out = (struct lb_looked_up){0};
    lb_buf_append_lit(&path, "/v1/blocked-leads/");
    lb_url_append(&path, item->text);
    lb_buf_append(&path, "", 1);
    struct lb_client_request call = {.method = "GET", .path = path.ptr};
    enum lb_lookup result = LB_LOOKUP_FAILED;
    if (path.failed) {
        lb_cli_error("out of memory");
    } else if (lb_client_call_or(client, &call, 400, &out->answer)) {
        result = out->answer.status == 400 ? LB_LOOKUP_INVALID : read_answer(out);
        if (result == LB_LOOKUP_INVALID)
            explain_invalid(client, item, &out->answer);
    }
    lb_buf_fini(&path);
    return result;
}
