#include "cli/admin.h"
#include "cli/commands.h"

/* "-" for what is not there. */
static void add_cell(struct lb_table *table, const struct lb_json *item, const char *name)
{
    struct lb_str text = lb_answer_text(item, name);
    lb_table_add(table, text.len ? text : LB_STR("-"));
}

static void add_row(struct lb_table *table, const struct lb_json *item)
{
    add_cell(table, item, "workspaceId");
    add_cell(table, item, "campaignId");
    add_cell(table, item, "publicIdentifier");
    add_cell(table, item, "mayMean");
    add_cell(table, item, "reason");
}

int lb_cmd_doctor(struct lb_cli *cli)
{
    static const char *const headings[] = {"WORKSPACE", "CAMPAIGN", "STORED NAME",
                                           "MAY MEAN",  "REASON",   NULL};
    size_t found = 0;
    const struct lb_admin_request request = {.method = "GET",
                                             .path = "/admin/doctor",
                                             .headings = headings,
                                             .add_row = add_row,
                                             .out_count = &found,
                                             .hint_when_empty =
                                                 "No blocked name is refused today."};
    int code = lb_admin_run(cli, &request);
    return code == LB_EXIT_DONE && found ? LB_EXIT_FAILED : code;
}
