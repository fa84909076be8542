/* The installation's own blocklist, through the control socket of its server. */
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/import.h"
#include "cli/listing.h"
#include "cli/named.h"
#include "cli/source.h"

#include <stdio.h>

#define LIST   "/admin/installation/blocklist"
#define PEOPLE "/admin/installation/blocked-leads"

static int change(const struct lb_cli *cli, const char *method, bool blocks)
{
    struct lb_buf body = {0};
    if (!lb_import_options_fit(cli))
        return LB_EXIT_USAGE;
    if (!cli->argument_count && !lb_named_given(cli))
        return lb_cli_usage(cli, "give identifiers, or --email, --phone, --domain or --company");
    if (!lb_admin_has_server(cli))
        return LB_EXIT_FAILED;
    lb_named_put_entries(cli, blocks, &body);
    return lb_admin_run(cli, &(struct lb_admin_request){.method = method,
                                                        .path = LIST,
                                                        .body = &body,
                                                        .print_answer = lb_answer_print_message});
}

static int send_file(void *context, struct lb_client *client)
{
    return lb_import_send(context, client);
}

static int import(const struct lb_cli *cli, const char *action)
{
    struct lb_source source = {0};
    struct lb_buf path = {0};
    int code = LB_EXIT_FAILED;
    if (cli->argument_count || lb_named_given(cli))
        return lb_cli_usage(cli, "give names or a file, not both");
    if (!lb_import_options_fit(cli))
        return LB_EXIT_USAGE;
    lb_buf_append_str(&path, lb_str(lb_cli_given(cli, LB_OPT_ALL_TYPES) ? LIST : PEOPLE));
    lb_import_put_request(cli, action, &path);
    lb_buf_append(&path, "", 1);
    struct lb_import_file file = {cli, path.ptr, "installation undo", &source, NULL};
    if (path.failed)
        lb_cli_error("out of memory");
    else if (lb_admin_has_server(cli) && lb_source_open(&source, cli->values[LB_OPT_FILE]))
        code = lb_admin_with_client(cli, send_file, &file);
    lb_source_close(&source);
    lb_buf_fini(&path);
    return code;
}

int lb_cmd_installation_block(struct lb_cli *cli)
{
    return lb_cli_given(cli, LB_OPT_FILE) ? import(cli, "block") : change(cli, "POST", true);
}

int lb_cmd_installation_unblock(struct lb_cli *cli)
{
    return lb_cli_given(cli, LB_OPT_FILE) ? import(cli, "unblock") : change(cli, "DELETE", false);
}

int lb_cmd_installation_list(struct lb_cli *cli)
{
    if (!lb_admin_has_server(cli))
        return LB_EXIT_FAILED;
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "GET",
                                                        .path = LIST,
                                                        .headings = lb_entry_headings,
                                                        .add_row = lb_entry_add_row,
                                                        .hint_when_empty =
                                                            "The installation's list is empty: "
                                                            "leadblock installation block NAME"});
}

int lb_cmd_installation_undo(struct lb_cli *cli)
{
    int code = lb_admin_has_server(cli) ? LB_EXIT_DONE : LB_EXIT_FAILED;
    for (size_t i = 0; code == LB_EXIT_DONE && i < cli->argument_count; i++) {
        const char *id = cli->arguments[i];
        bool change_id = strncmp(id, "ch_", 3) == 0;
        code = lb_admin_run(
            cli, &(struct lb_admin_request){.method = "POST",
                                            .path = change_id ? "/admin/installation/changes"
                                                              : "/admin/installation/imports",
                                            .segment = id,
                                            .path_after = "/undo",
                                            .print_answer = lb_answer_print_message});
    }
    return code;
}
