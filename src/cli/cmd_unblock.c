#include "cli/batch.h"
#include "cli/commands.h"
#include "cli/import.h"
#include "cli/named.h"
#include "cli/lookup.h"

#include <stdio.h>

struct unblocking {
    const struct lb_cli *cli;
    struct lb_client *client;
    struct lb_buf path;
    struct lb_batch batch;
    uint64_t unblocked;
    uint64_t absent;
    uint64_t faulty;  /* were not sent */
    uint64_t invalid; /* as the server said */
};

static bool send_batch(void *context, struct lb_batch *batch)
{
    struct unblocking *unblocking = context;
    bool workspace = lb_cli_given(unblocking->cli, LB_OPT_WORKSPACE);
    struct lb_buf body = {0};
    lb_buf_append_str(&body,
                      workspace ? LB_STR("{\"entries\":[") : LB_STR("{\"publicIdentifiers\":["));
    lb_buf_append_str(&body, lb_buf_str(&batch->items));
    lb_buf_append_lit(&body, "]}");
    struct lb_answer answer = {0};
    struct lb_client_request call = {.method = "DELETE",
                                     .path = unblocking->path.ptr,
                                     .body = lb_buf_str(&body),
                                     .lenient = lb_cli_given(unblocking->cli, LB_OPT_SKIP_INVALID)};
    bool sent = false;
    if (body.failed || unblocking->path.failed) {
        lb_cli_error("out of memory");
    } else if (lb_client_call_or(unblocking->client, &call, 400, &answer)) {
        sent = answer.status != 400;
        if (!sent)
            lb_batch_explain_refusal(unblocking->client, &answer, 0);
    }
    if (sent) {
        unblocking->unblocked += lb_answer_number(answer.json, "unblocked");
        lb_batch_keep_change(batch, &answer);
        unblocking->invalid += lb_answer_explain_items(lb_json_member(answer.json, "invalid"));
        lb_answer_explain_still_blocked(&answer);
    }
    lb_answer_fini(&answer);
    lb_buf_fini(&body);
    return sent;
}

/* What an unblock of this name leaves. */
static void explain_others(const struct lb_looked_up *found)
{
    struct lb_buf lines = {0};
    lb_lookup_put_others(found, &lines);
    if (lines.len)
        fwrite(lines.ptr, 1, lines.len, stderr);
    lb_buf_fini(&lines);
}

/* Who is not on the workspace's own list is looked up alone, to say by what else they are blocked.
 */
static bool take_from_workspace(struct unblocking *unblocking, struct lb_str text)
{
    struct lb_looked_up found;
    bool going = true;
    enum lb_lookup result = lb_lookup_record(unblocking->client, text, &found);
    if (result == LB_LOOKUP_FOUND || result == LB_LOOKUP_ABOVE)
        explain_others(&found);
    switch (result) {
    case LB_LOOKUP_FOUND:
        going = lb_batch_add(&unblocking->batch, text);
        break;
    case LB_LOOKUP_ABOVE:
    case LB_LOOKUP_ABSENT:
        unblocking->absent++;
        break;
    case LB_LOOKUP_INVALID:
        unblocking->faulty++;
        going = lb_cli_given(unblocking->cli, LB_OPT_SKIP_INVALID);
        break;
    default:
        going = false;
    }
    lb_answer_fini(&found.answer);
    return going;
}

static bool take_item(void *context, const struct lb_input_item *item)
{
    struct unblocking *unblocking = context;
    if (item->fault) {
        lb_input_explain(0, item->text, lb_str(item->fault));
        unblocking->faulty++;
        return true;
    }
    return lb_cli_given(unblocking->cli, LB_OPT_WORKSPACE)
               ? take_from_workspace(unblocking, item->text)
               : lb_batch_add(&unblocking->batch, item->text);
}

static void print_summary(const struct unblocking *unblocking)
{
    unsigned long long unblocked = unblocking->unblocked;
    unsigned long long invalid = unblocking->invalid + unblocking->faulty;
    unsigned long long absent =
        unblocking->batch.total - unblocking->invalid + unblocking->absent - unblocking->unblocked;
    if (lb_cli_given(unblocking->cli, LB_OPT_JSON)) {
        printf("{\"unblocked\":%llu,\"notBlocked\":%llu,\"invalid\":%llu", unblocked, absent,
               invalid);
        lb_batch_print_changes(&unblocking->batch, true);
        puts("}");
        return;
    }
    printf("%llu lead%s unblocked", unblocked, unblocked == 1 ? "" : "s");
    if (absent)
        printf(", %llu not blocked there", absent);
    if (invalid)
        printf(", %llu skipped", invalid);
    lb_batch_print_changes(&unblocking->batch, false);
    putchar('\n');
}

/* Off the workspace's list people are taken by their names, too: an erased person is freed by no id
 * of a record. */
static bool begin(struct unblocking *unblocking)
{
    const struct lb_cli *cli = unblocking->cli;
    bool workspace = lb_cli_given(cli, LB_OPT_WORKSPACE);
    if (workspace)
        lb_buf_append(&unblocking->path, "/v1/blocklist", sizeof "/v1/blocklist");
    else if (!lb_cli_list_path(cli, &unblocking->path, ""))
        return false;
    return lb_batch_init(&unblocking->batch, cli, workspace ? "{\"publicIdentifier\":" : "",
                         workspace ? "}" : "", unblocking, send_batch);
}

int lb_cmd_unblock(struct lb_cli *cli)
{
    struct unblocking unblocking = {.cli = cli};
    int code = LB_EXIT_USAGE;
    if (!lb_import_options_fit(cli))
        return LB_EXIT_USAGE;
    if (lb_named_given(cli))
        return lb_named_unblock(cli);
    if (lb_import_given(cli))
        return lb_import_run(cli, "unblock", NULL);
    if (begin(&unblocking)) {
        code = LB_EXIT_FAILED;
        unblocking.client = lb_client_open(cli);
        if (unblocking.client)
            code = lb_input_read(cli, lb_cli_first_identifier(cli), true, &unblocking, take_item);
        if (code == LB_EXIT_DONE && !lb_batch_flush(&unblocking.batch))
            code = LB_EXIT_FAILED;
        if (code == LB_EXIT_DONE) {
            print_summary(&unblocking);
        } else if (unblocking.batch.total) {
            lb_cli_error("stopped: %llu were unblocked before. Unblocking again is safe.",
                         (unsigned long long)unblocking.unblocked);
        }
    }
    lb_client_close(unblocking.client);
    lb_batch_fini(&unblocking.batch);
    lb_buf_fini(&unblocking.path);
    return code;
}
