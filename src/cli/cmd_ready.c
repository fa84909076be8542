#include "cli/admin.h"
#include "cli/commands.h"

/* Asks the running server alone: without one, lb_admin_run would start an engine of its own. */
int lb_cmd_ready(struct lb_cli *cli)
{
    const struct lb_admin_request request = {.method = "GET", .path = "/readyz?for=checks"};
    if (!lb_admin_needs_server(cli,
                               "no server of this data folder is running. Start it first, or name "
                               "its folder with --data"))
        return LB_EXIT_FAILED;
    return lb_admin_run(cli, &request);
}
