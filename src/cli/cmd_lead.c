#include "cli/commands.h"
#include "cli/import.h"

int lb_cmd_lead_add(struct lb_cli *cli)
{
    if (!lb_import_given(cli))
        return lb_cli_usage(cli, "give the file with the people: --file FILE, or -");
    return lb_import_run(cli, NULL, NULL);
}
