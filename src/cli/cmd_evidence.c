#include "cli/admin.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/named.h"

#include <stdio.h>

static void print_key(const struct lb_json *json)
{
    struct lb_str key = lb_answer_text(json, "publicKey");
    printf("%.*s\n", (int)key.len, key.ptr);
}

static int show_key(struct lb_cli *cli)
{
    if (cli->argument_count || lb_cli_given(cli, LB_OPT_LEAD) || lb_named_given(cli))
        return lb_cli_usage(cli,
                            "--public-key is of all workspaces, and takes neither WORKSPACE nor "
                            "--lead or another name");
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "GET",
                                                        .path = "/admin/evidence/key",
                                                        .print = print_key});
}

/* Appends the name that is asked for; false when there are several. */
static bool put_name(const struct lb_cli *cli, struct lb_buf *query)
{
    const char *lead = cli->values[LB_OPT_LEAD];
    if (!lead)
        return lb_named_put_query(cli, query);
    lb_buf_append_lit(query, "&publicIdentifier=");
    lb_url_append(query, lb_str(lead));
    return !lb_named_given(cli);
}

int lb_cmd_evidence(struct lb_cli *cli)
{
    struct lb_buf after = {0};
    if (lb_cli_given(cli, LB_OPT_COUNTRY) && !lb_cli_given(cli, LB_OPT_PHONE))
        return lb_cli_usage(cli, "--country is of a phone number: give --phone, too");
    if (lb_cli_given(cli, LB_OPT_PUBLIC_KEY))
        return show_key(cli);
    if (!cli->argument_count)
        return lb_cli_usage(cli, "name a WORKSPACE, or --public-key");
    lb_buf_append_lit(&after, "/evidence");
    size_t path = after.len;
    if (!put_name(cli, &after)) {
        lb_buf_fini(&after);
        return lb_cli_usage(cli, "a statement is about one name: give one of --lead, --email, "
                                 "--phone, --domain and --company");
    }
    lb_buf_append(&after, "", 1);
    if (!after.failed && after.ptr[path])
        after.ptr[path] = '?';
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
