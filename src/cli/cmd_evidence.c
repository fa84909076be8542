#include "cli/admin.h"
#include "cli/commands.h"

#include <stdio.h>

static void print_key(const struct lb_json *json)
{
    struct lb_str key = lb_answer_text(json, "publicKey");
    printf("%.*s\n", (int)key.len, key.ptr);
}

static int show_key(struct lb_cli *cli)
{
    if (cli->argument_count || lb_cli_given(cli, LB_OPT_LEAD))
        return lb_cli_usage(cli,
                            "--public-key is of all workspaces, and takes neither WORKSPACE nor "
                            "--lead");
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "GET",
                                                        .path = "/admin/evidence/key",
                                                        .print = print_key});
}

int lb_cmd_evidence(struct lb_cli *cli)
{
    const char *lead = cli->values[LB_OPT_LEAD];
    struct lb_buf after = {0};
    if (lb_cli_given(cli, LB_OPT_PUBLIC_KEY))
        return show_key(cli);
    if (!cli->argument_count)
        return lb_cli_usage(cli, "name a WORKSPACE, or --public-key");
    lb_buf_append_lit(&after, "/evidence");
    if (lead) {
        lb_buf_append_lit(&after, "?publicIdentifier=");
        lb_url_append(&after, lb_str(lead));
    }
    lb_buf_append(&after, "", 1);
    int code = LB_EXIT_FAILED;
    if (after.failed)
        lb_cli_error("out of memory");
    else
        code = lb_admin_run(cli, &(struct lb_admin_request){.method = "GET",
                                                            .path = "/admin/workspaces",
                                                            .segment = cli->arguments[0],
                                                            .path_after = after.ptr});
    lb_buf_fini(&after);
    return code;
}
