#include "cli/batch.h"
#include "cli/commands.h"
#include "cli/table.h"

#include <stdio.h>

static bool first_path(const struct lb_cli *cli, struct lb_buf *path)
{
    const char *search = cli->values[LB_OPT_SEARCH];
    bool workspace = lb_cli_given(cli, LB_OPT_WORKSPACE);
    if (!lb_cli_list_path(cli, path, workspace ? "?limit=1000" : "?take=100"))
        return false;
    path->len--; /* the NUL moves to the new end */
    if (search) {
        lb_buf_append_lit(path, "&search=");
        lb_url_append(path, lb_str(search));
    }
    lb_buf_append(path, "", 1);
    return !path->failed;
}

static bool next_path(const struct lb_cli *cli, struct lb_buf *path, const char *cursor)
{
    path->len = 0;
    if (!lb_cli_list_path(cli, path, "?"))
        return false;
    path->len--;
    lb_buf_append(path, cursor, strlen(cursor) + 1);
    return !path->failed;
}

static bool print_rows(struct lb_table *table, const struct lb_json *page)
{
    for (size_t i = 0; i < lb_json_length(page); i++) {
        const struct lb_json *item = lb_json_item(page, i);
        lb_table_add(table, lb_answer_text(item, "publicIdentifier"));
        lb_table_add(table, lb_answer_text(item, "createdAt"));
        lb_table_add(table, lb_answer_text(item, "reason"));
    }
    return lb_table_flush(table);
}

static int list_all(const struct lb_cli *cli, struct lb_client *client, struct lb_table *table)
{
    struct lb_buf path = {0};
    struct lb_paging paging = {.pages = 0};
    bool json = lb_cli_given(cli, LB_OPT_JSON);
    bool going = first_path(cli, &path);
    int code = going ? LB_EXIT_FAILED : LB_EXIT_USAGE;
    for (bool first = true; going; first = false) {
        struct lb_answer answer;
        struct lb_client_request call = {.method = "GET", .path = path.ptr};
        going = lb_client_call(client, &call, &answer);
        bool last = !answer.cursor[0];
        if (going && lb_json_type(answer.json) != LB_JSON_ARRAY) {
            lb_cli_error("the server's answer is no list");
            going = false;
        }
        going = going && (json ? lb_table_put_json(lb_buf_str(&answer.body), first, last)
                               : print_rows(table, answer.json));
        if (going && last) {
            code = LB_EXIT_DONE;
            going = false;
        }
        going =
            going && lb_paging_goes_on(&paging, &answer) && next_path(cli, &path, answer.cursor);
        lb_answer_fini(&answer);
    }
    lb_buf_fini(&path);
    return code;
}

int lb_cmd_list(struct lb_cli *cli)
{
    static const char *const headings[] = {"IDENTIFIER", "BLOCKED", "REASON", NULL};
    struct lb_table table;
    if (cli->argument_count && lb_cli_given(cli, LB_OPT_WORKSPACE))
        return lb_cli_usage(cli, "give either CAMPAIGN or --workspace");
    if (!cli->argument_count && !lb_cli_given(cli, LB_OPT_WORKSPACE))
        return lb_cli_usage(cli, "give a CAMPAIGN, or --workspace for the workspace's own list");
    struct lb_client *client = lb_client_open(cli);
    if (!client)
        return LB_EXIT_FAILED;
    lb_table_init(&table, headings);
    int code = list_all(cli, client, &table);
    lb_table_fini(&table);
    lb_client_close(client);
    return code;
}
