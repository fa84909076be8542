#include "cli/client.h"
#include "cli/commands.h"

#include <stdio.h>

/* Other ids are those of imports, which may be the client's own. */
static bool is_change(const char *id)
{
    return strncmp(id, "ch_", 3) == 0;
}

static bool undo(struct lb_client *client, const struct lb_cli *cli, const char *id)
{
    struct lb_buf path = {0};
    struct lb_answer answer = {0};
    lb_buf_append_str(&path, is_change(id) ? LB_STR("/v1/changes/") : LB_STR("/v1/imports/"));
    lb_url_append(&path, lb_str(id));
    lb_buf_append(&path, "/undo", sizeof "/undo");
    struct lb_client_request call = {.method = "POST", .path = path.ptr};
    bool done = false;
    if (path.failed)
        lb_cli_error("out of memory");
    else
        done = lb_client_call(client, &call, &answer);
    if (done && lb_cli_given(cli, LB_OPT_JSON))
        lb_answer_print_json(&answer);
    else if (done)
        lb_answer_print_message(&answer);
    lb_answer_fini(&answer);
    lb_buf_fini(&path);
    return done;
}

int lb_cmd_undo(struct lb_cli *cli)
{
    struct lb_client *client = lb_client_open(cli);
    bool done = client != NULL;
    for (size_t i = 0; done && i < cli->argument_count; i++)
        done = undo(client, cli, cli->arguments[i]);
    lb_client_close(client);
    return done ? LB_EXIT_DONE : LB_EXIT_FAILED;
}
