#include "cli/lookup.h"

static bool find_in_page(const struct lb_json *page, const struct lb_identifier *identifier,
                         char out_id[LB_LOOKUP_ID_SIZE])
{
    struct lb_str wanted = {identifier->text, identifier->len};
    for (size_t i = 0; i < lb_json_length(page); i++) {
        const struct lb_json *record = lb_json_item(page, i);
        if (lb_str_equal(lb_json_string(lb_json_member(record, "publicIdentifier")), wanted))
            return lb_str_copy(lb_json_string(lb_json_member(record, "id")), out_id,
                               LB_LOOKUP_ID_SIZE);
    }
    return false;
}

enum lb_lookup lb_lookup_record(struct lb_client *client, const struct lb_identifier *identifier,
                                char out_id[LB_LOOKUP_ID_SIZE])
{
    enum lb_lookup result = LB_LOOKUP_FAILED;
    struct lb_buf path = {0};
    char cursor[sizeof(((struct lb_answer *)0)->cursor)] = "";
    do {
        struct lb_answer answer;
        path.len = 0;
        if (cursor[0]) {
            lb_buf_printf(&path, "/v1/blocked-leads?%s", cursor);
        } else {
            lb_buf_append_lit(&path, "/v1/blocked-leads?limit=1000&search=");
            lb_url_append(&path, (struct lb_str){identifier->text, identifier->len});
        }
        lb_buf_append(&path, "", 1);
        if (path.failed) {
            lb_cli_error("out of memory");
            break;
        }
        struct lb_client_request call = {.method = "GET", .path = path.ptr};
        if (!lb_client_call(client, &call, &answer)) {
            result = LB_LOOKUP_FAILED;
            cursor[0] = '\0';
        } else {
            result =
                find_in_page(answer.json, identifier, out_id) ? LB_LOOKUP_FOUND : LB_LOOKUP_ABSENT;
            memcpy(cursor, answer.cursor, sizeof cursor);
        }
        lb_answer_fini(&answer);
    } while (result == LB_LOOKUP_ABSENT && cursor[0]);
    lb_buf_fini(&path);
    return result;
}
