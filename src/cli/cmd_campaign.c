#include "cli/admin.h"
#include "cli/commands.h"
#include "domain/outreach/restraint.h"
#include "json/encode.h"

#include <stdio.h>

static void print_created(const struct lb_json *json)
{
    struct lb_str id = lb_answer_text(json, "id");
    printf("%.*s\n", (int)id.len, id.ptr);
    lb_cli_hint("Next, block a person in it: leadblock block %.*s john-doe", (int)id.len, id.ptr);
}

/* Those that are given, or nothing. */
static void put_settings(struct lb_buf *body, const struct lb_cli *cli, uint64_t days)
{
    const char *comma = "";
    lb_buf_append_lit(body, ",\"settings\":{");
    if (lb_cli_given(cli, LB_OPT_BLOCK_ON_REPLY)) {
        lb_buf_append_lit(body, "\"blockOnReply\":true");
        comma = ",";
    }
    if (days) {
        lb_buf_printf(body, "%s\"skipContacted\":{\"days\":%llu}", comma, (unsigned long long)days);
        comma = ",";
    }
    if (lb_cli_given(cli, LB_OPT_STOP_COLLEAGUES))
        lb_buf_printf(body, "%s\"stopColleagues\":true", comma);
    lb_buf_append_lit(body, "}");
}

int lb_cmd_campaign_create(struct lb_cli *cli)
{
    struct lb_buf body = {0};
    uint64_t days = 0;
    if (!lb_cli_number(cli, LB_OPT_SKIP_CONTACTED, 1, LB_SKIP_CONTACTED_DAYS_MAX, &days))
        return LB_EXIT_USAGE;
    lb_buf_append_lit(&body, "{\"name\":");
    lb_json_put_string(&body, lb_str(cli->arguments[1]));
    if (lb_cli_given(cli, LB_OPT_ID)) {
        lb_buf_append_lit(&body, ",\"id\":");
        lb_json_put_string(&body, lb_str(cli->values[LB_OPT_ID]));
    }
    put_settings(&body, cli, days);
    lb_buf_append_lit(&body, "}");
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "POST",
                                                        .path = "/admin/workspaces",
                                                        .segment = cli->arguments[0],
                                                        .path_after = "/campaigns",
                                                        .body = &body,
                                                        .creates = true,
                                                        .print = print_created});
}

static void add_row(struct lb_table *table, const struct lb_json *item)
{
    lb_table_add(table, lb_answer_text(item, "id"));
    lb_table_add(table, lb_answer_text(item, "name"));
    lb_table_add(table, lb_answer_text(item, "status"));
    lb_table_add(table, lb_answer_text(item, "createdAt"));
}

int lb_cmd_campaign_list(struct lb_cli *cli)
{
    static const char *const headings[] = {"ID", "NAME", "STATUS", "CREATED", NULL};
    const struct lb_admin_request request = {
        .method = "GET",
        .path = "/admin/workspaces",
        .segment = cli->arguments[0],
        .path_after = "/campaigns",
        .headings = headings,
        .add_row = add_row,
        .hint_when_empty = "There are no campaigns yet: leadblock campaign create WORKSPACE NAME"};
    return lb_admin_run(cli, &request);
}
