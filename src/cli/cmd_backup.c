#include "cli/admin.h"
#include "cli/commands.h"
#include "json/encode.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The server has a working folder of its own, so it is told the whole path. */
static bool put_absolute(struct lb_buf *body, const char *path)
{
    char here[PATH_MAX];
    struct lb_buf whole = {0};
    if (path[0] != '/') {
        if (!getcwd(here, sizeof here)) {
            lb_cli_error("cannot tell which folder this is; give the backup's whole path");
            return false;
        }
        lb_buf_printf(&whole, "%s/", here);
    }
    lb_buf_append_str(&whole, lb_str(path));
    lb_json_put_string(body, lb_buf_str(&whole));
    body->failed |= whole.failed;
    lb_buf_fini(&whole);
    return true;
}

static void print_done(const struct lb_json *json)
{
    struct lb_str message = lb_answer_text(json, "message");
    printf("%.*s\n", (int)message.len, message.ptr);
}

int lb_cmd_backup(struct lb_cli *cli)
{
    struct lb_buf body = {0};
    lb_buf_append_lit(&body, "{\"path\":");
    if (!put_absolute(&body, cli->arguments[0])) {
        lb_buf_fini(&body);
        return LB_EXIT_FAILED;
    }
    lb_buf_append_lit(&body, "}");
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "POST",
                                                        .path = "/admin/backup",
                                                        .body = &body,
                                                        .creates = true,
                                                        .print = print_done});
}
