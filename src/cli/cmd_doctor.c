#include "cli/admin.h"
#include "cli/commands.h"
#include "daemon/doctor.h"

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
    add_cell(table, item, "storedAs");
    add_cell(table, item, "reason");
}

/* Without a server, which is read-only and needs no more than the files. */
static int look(const struct lb_cli *cli, const struct lb_admin_request *request)
{
    struct lb_buf body = {0};
    struct lb_reason reason = {""};
    lb_err err = lb_daemon_doctor(lb_admin_database(cli), &body, &reason);
    bool done = !err && lb_admin_put_list(cli, request, lb_buf_str(&body));
    if (err)
        lb_cli_error("%s", reason.text[0] ? reason.text : lb_err_code(err));
    lb_buf_fini(&body);
    return done ? LB_EXIT_DONE : LB_EXIT_FAILED;
}

int lb_cmd_doctor(struct lb_cli *cli)
{
    static const char *const headings[] = {"WORKSPACE", "CAMPAIGN", "STORED NAME", "MAY MEAN",
                                           "STORED AS", "REASON",   NULL};
    size_t found = 0;
    const struct lb_admin_request request = {.method = "GET",
                                             .path = "/admin/doctor",
                                             .headings = headings,
                                             .add_row = add_row,
                                             .out_count = &found,
                                             .hint_when_empty = "No stored name is refused today."};
    int code = lb_admin_server_answers(cli) ? lb_admin_run(cli, &request) : look(cli, &request);
    return code == LB_EXIT_DONE && found ? LB_EXIT_FAILED : code;
}
