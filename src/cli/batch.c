#include "cli/batch.h"

#include "cli/terminal.h"

#include "json/encode.h"

#include <stdio.h>
#include <unistd.h>

#define BATCH_DEFAULT 1000
#define BATCH_BYTES   (3u << 20) /* a request stays below the server's 4 MiB with any items */

bool lb_batch_init(struct lb_batch *batch, const struct lb_cli *cli, const char *before,
                   const char *after, void *context,
                   bool (*send)(void *context, struct lb_batch *batch))
{
    uint64_t limit = BATCH_DEFAULT;
    *batch = (struct lb_batch){.before = before, .after = after, .context = context, .send = send};
    if (!lb_cli_number(cli, LB_OPT_BATCH, 1, LB_BATCH_MAX, &limit))
        return false;
    batch->limit = (size_t)limit;
    return true;
}

void lb_batch_fini(struct lb_batch *batch)
{
    lb_buf_fini(&batch->items);
    lb_buf_fini(&batch->changes);
}

static void show_progress(const struct lb_batch *batch, bool more)
{
    if (!isatty(STDERR_FILENO) || batch->total <= batch->limit)
        return;
    if (more)
        lb_terminal_status("%llu sent", (unsigned long long)batch->total);
    else
        lb_terminal_status("%s", "");
}

static bool send_now(struct lb_batch *batch)
{
    if (batch->items.failed) {
        lb_cli_error("out of memory");
        return false;
    }
    if (!batch->send(batch->context, batch))
        return false;
    batch->total += batch->count;
    batch->count = 0;
    batch->items.len = 0;
    show_progress(batch, true);
    return true;
}

bool lb_batch_add(struct lb_batch *batch, struct lb_str text)
{
    if (batch->count)
        lb_buf_append_lit(&batch->items, ",");
    lb_buf_append_str(&batch->items, lb_str(batch->before));
    lb_json_put_string(&batch->items, text);
    lb_buf_append_str(&batch->items, lb_str(batch->after));
    if (++batch->count < batch->limit && batch->items.len < BATCH_BYTES)
        return true;
    return send_now(batch);
}

bool lb_batch_flush(struct lb_batch *batch)
{
    bool sent = batch->count == 0 || send_now(batch);
    show_progress(batch, false);
    return sent;
}

void lb_batch_keep_change(struct lb_batch *batch, const struct lb_answer *answer)
{
    if (lb_answer_changed(answer))
        lb_buf_printf(&batch->changes, "%s\"%s\"", batch->changes.len ? "," : "",
                      answer->change_id);
}

void lb_batch_print_changes(const struct lb_batch *batch, bool json)
{
    struct lb_str ids = lb_buf_str(&batch->changes);
    if (json && ids.len)
        printf(",\"changes\":[%.*s]", (int)ids.len, ids.ptr);
    if (json || !ids.len)
        return;
    fputs(" (", stdout);
    for (size_t i = 0; i < ids.len; i++)
        if (ids.ptr[i] != '"')
            fputs(ids.ptr[i] == ',' ? ", " : (char[]){ids.ptr[i], '\0'}, stdout);
    putchar(')');
}

void lb_batch_explain_refusal(const struct lb_client *client, const struct lb_answer *answer,
                              uint64_t all)
{
    lb_client_explain(client, answer);
    if (lb_json_length(lb_json_member(answer->json, "errors")))
        lb_input_advise(lb_answer_number(answer->json, "errorCount"), all);
}

bool lb_cli_list_path(const struct lb_cli *cli, struct lb_buf *path, const char *after)
{
    const char *list = lb_cli_given(cli, LB_OPT_ALL_TYPES) ? "/blocklist" : "/blocked-leads";
    if (lb_cli_given(cli, LB_OPT_WORKSPACE)) {
        lb_buf_append_lit(path, "/v1");
    } else if (cli->argument_count == 0) {
        lb_cli_usage(cli, "give a CAMPAIGN, or --workspace for the workspace's own list");
        return false;
    } else {
        lb_buf_append_lit(path, "/v1/campaigns/");
        lb_url_append(path, lb_str(cli->arguments[0]));
    }
    lb_buf_append_str(path, lb_str(list));
    lb_buf_append_str(path, lb_str(after));
    lb_buf_append(path, "", 1);
    if (path->failed)
        lb_cli_error("out of memory");
    return !path->failed;
}

size_t lb_cli_first_identifier(const struct lb_cli *cli)
{
    return lb_cli_given(cli, LB_OPT_WORKSPACE) ? 0 : 1;
}
