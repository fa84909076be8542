#include "cli/commands.h"

#include <stdio.h>

int lb_cmd_version(struct lb_cli *cli)
{
    printf(lb_cli_given(cli, LB_OPT_JSON) ? "{\"version\":\"%s\"}\n" : "leadblock %s\n",
           LEADBLOCK_VERSION);
    return LB_EXIT_DONE;
}
