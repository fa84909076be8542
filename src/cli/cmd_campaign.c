#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "json/encode.h"

#include <stdio.h>

static void print_created(const struct lb_json *json)
{
    struct lb_str id = lb_answer_text(json, "id");
    printf("%.*s\n", (int)id.len, id.ptr);
    lb_cli_hint("Next, block somebody in it: leadblock block %.*s john-doe", (int)id.len, id.ptr);
}

int lb_cmd_campaign_create(struct lb_cli *cli)
{
    struct lb_buf body = {0};
    lb_buf_append_lit(&body, "{\"name\":");
    lb_json_put_string(&body, lb_str(cli->arguments[1]));
    if (lb_cli_given(cli, LB_OPT_ID)) {
        lb_buf_append_lit(&body, ",\"id\":");
        lb_json_put_string(&body, lb_str(cli->values[LB_OPT_ID]));
    }
    lb_buf_append_lit(&body, "}");
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "POST",
                                                        .path = "/admin/workspaces",
                                                        .segment = cli->arguments[0],
                                                        .path_after = "/campaigns",
                                                        .body = &body,
                                                        .creates = true,
                                                        .print = print_created});
}

static void print_list(const struct lb_json *json)
{
    static const char *const headings[] = {"ID", "NAME", "STATUS", "CREATED", NULL};
    struct lb_table table;
    lb_table_init(&table, headings);
    for (size_t i = 0; i < lb_json_length(json); i++) {
        const struct lb_json *item = lb_json_item(json, i);
        lb_table_add(&table, lb_answer_text(item, "id"));
        lb_table_add(&table, lb_answer_text(item, "name"));
        lb_table_add(&table, lb_answer_text(item, "status"));
        lb_table_add(&table, lb_answer_text(item, "createdAt"));
    }
    if (lb_json_length(json) == 0)
        lb_cli_hint("There is none yet: leadblock campaign create WORKSPACE NAME");
    lb_table_fini(&table);
}

int lb_cmd_campaign_list(struct lb_cli *cli)
{
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "GET",
                                                        .path = "/admin/workspaces",
                                                        .segment = cli->arguments[0],
                                                        .path_after = "/campaigns",
                                                        .print = print_list});
}
