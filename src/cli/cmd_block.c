#include "cli/batch.h"
#include "cli/commands.h"
#include "cli/import.h"
#include "cli/named.h"
#include "json/encode.h"

#include <stdio.h>

struct blocking {
    const struct lb_cli *cli;
    struct lb_client *client;
    struct lb_buf path;
    struct lb_buf after; /* JSON after all items of a request, or after each */
    struct lb_batch batch;
    uint64_t blocked;
    uint64_t invalid;           /* as the server said */
    uint64_t faulty;            /* as the command knows; they were not sent */
    struct lb_buf invalid_json; /* for --json: the items that were skipped */
};

static void keep_invalid(struct blocking *blocking, struct lb_str value, struct lb_str reason)
{
    struct lb_buf *json = &blocking->invalid_json;
    lb_buf_printf(json, "%s{\"value\":", json->len ? "," : "");
    lb_json_put_string(json, value);
    lb_buf_append_lit(json, ",\"reason\":");
    lb_json_put_string(json, reason);
    lb_buf_append_lit(json, "}");
}

/* What the server skipped. */
static void keep_answered(struct blocking *blocking, const struct lb_json *list)
{
    blocking->invalid += lb_answer_explain_items(list);
    for (size_t i = 0; i < lb_json_length(list); i++) {
        const struct lb_json *item = lb_json_item(list, i);
        keep_invalid(blocking, lb_answer_text(item, "value"), lb_answer_text(item, "reason"));
    }
}

static bool send_batch(void *context, struct lb_batch *batch)
{
    struct blocking *blocking = context;
    bool workspace = lb_cli_given(blocking->cli, LB_OPT_WORKSPACE);
    struct lb_buf body = {0};
    lb_buf_printf(&body, "{\"%s\":[", workspace ? "leads" : "publicIdentifiers");
    lb_buf_append_str(&body, lb_buf_str(&batch->items));
    lb_buf_append_lit(&body, "]");
    if (!workspace)
        lb_buf_append_str(&body, lb_buf_str(&blocking->after));
    lb_buf_append_lit(&body, "}");
    struct lb_client_request call = {.method = "POST",
                                     .path = blocking->path.ptr,
                                     .body = lb_buf_str(&body),
                                     .lenient = lb_cli_given(blocking->cli, LB_OPT_SKIP_INVALID)};
    struct lb_answer answer = {0};
    bool sent = false;
    if (body.failed) {
        lb_cli_error("out of memory");
    } else if (lb_client_call_or(blocking->client, &call, 400, &answer)) {
        sent = answer.status != 400;
        if (!sent)
            lb_batch_explain_refusal(blocking->client, &answer, 0);
    }
    if (sent) {
        blocking->blocked += lb_answer_number(answer.json, "blocked");
        lb_batch_keep_change(batch, &answer);
        keep_answered(blocking, lb_json_member(answer.json, "invalid"));
    }
    lb_answer_fini(&answer);
    lb_buf_fini(&body);
    return sent;
}

static bool take_item(void *context, const struct lb_input_item *item)
{
    struct blocking *blocking = context;
    if (!item->fault)
        return lb_batch_add(&blocking->batch, item->text);
    lb_input_explain(0, item->text, lb_str(item->fault));
    keep_invalid(blocking, item->text, lb_str(item->fault));
    blocking->faulty++;
    return true;
}

static void print_summary(const struct blocking *blocking)
{
    uint64_t total = blocking->batch.total;
    uint64_t known = total - blocking->blocked - blocking->invalid;
    unsigned long long numbers[] = {blocking->blocked, known, blocking->invalid + blocking->faulty};
    if (lb_cli_given(blocking->cli, LB_OPT_JSON)) {
        printf("{\"sent\":%llu,\"blocked\":%llu,\"alreadyBlocked\":%llu,\"invalid\":[%.*s]",
               (unsigned long long)total, numbers[0], numbers[1], (int)blocking->invalid_json.len,
               blocking->invalid_json.len ? blocking->invalid_json.ptr : "");
        lb_batch_print_changes(&blocking->batch, true);
        puts("}");
        return;
    }
    printf("%llu lead%s blocked", numbers[0], numbers[0] == 1 ? "" : "s");
    if (numbers[1])
        printf(", %llu already blocked", numbers[1]);
    if (numbers[2])
        printf(", %llu skipped", numbers[2]);
    lb_batch_print_changes(&blocking->batch, false);
    putchar('\n');
}

static bool prepare_requests(struct blocking *blocking, const struct lb_cli *cli)
{
    bool workspace = lb_cli_given(cli, LB_OPT_WORKSPACE);
    if (!lb_cli_list_path(cli, &blocking->path, ""))
        return false;
    lb_named_put_details(cli, &blocking->after);
    if (workspace)
        lb_buf_append_lit(&blocking->after, "}");
    size_t len = blocking->after.len; /* without the NUL that ends it */
    lb_buf_append(&blocking->after, "", 1);
    blocking->after.len = blocking->after.failed ? 0 : len;
    return lb_batch_init(&blocking->batch, cli, workspace ? "{\"publicIdentifier\":" : "",
                         workspace && blocking->after.ptr ? blocking->after.ptr : "", blocking,
                         send_batch);
}

int lb_cmd_block(struct lb_cli *cli)
{
    struct blocking blocking = {.cli = cli};
    int code = LB_EXIT_USAGE;
    if (!lb_import_options_fit(cli))
        return LB_EXIT_USAGE;
    if (lb_named_given(cli))
        return lb_named_block(cli);
    if (lb_import_given(cli))
        return lb_import_run(cli, "block", NULL);
    if (prepare_requests(&blocking, cli)) {
        code = LB_EXIT_FAILED;
        blocking.client = lb_client_open(cli);
        if (blocking.client)
            code = lb_input_read(cli, lb_cli_first_identifier(cli), false, &blocking, take_item);
        if (code == LB_EXIT_DONE && !lb_batch_flush(&blocking.batch))
            code = LB_EXIT_FAILED;
        if (code == LB_EXIT_DONE) {
            print_summary(&blocking);
        } else if (blocking.batch.total) {
            lb_cli_error("stopped: %llu were sent before, of which %llu are newly blocked",
                         (unsigned long long)blocking.batch.total,
                         (unsigned long long)blocking.blocked);
        }
    }
    lb_client_close(blocking.client);
    lb_batch_fini(&blocking.batch);
    lb_buf_fini(&blocking.path);
    lb_buf_fini(&blocking.after);
    lb_buf_fini(&blocking.invalid_json);
    return code;
}
