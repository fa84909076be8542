#include "cli/build_info.h"
#include "cli/commands.h"
#include "daemon/daemon.h"

int lb_cmd_serve(struct lb_cli *cli)
{
    lb_log_set_level(cli->config.log_level);
    return lb_daemon_run(&cli->config, &lb_build_info);
}
