/* The commands, each in its cmd_NAME.c; main.c holds the table. Each returns an exit code. Threads:
 * one. */
#ifndef LB_CLI_COMMANDS_H
#define LB_CLI_COMMANDS_H

#include "cli/cli.h"

int lb_cmd_serve(struct lb_cli *cli);
int lb_cmd_workspace_create(struct lb_cli *cli);
int lb_cmd_workspace_list(struct lb_cli *cli);
int lb_cmd_workspace_set_plan(struct lb_cli *cli);
int lb_cmd_workspace_country(struct lb_cli *cli);
int lb_cmd_key_create(struct lb_cli *cli);
int lb_cmd_key_list(struct lb_cli *cli);
int lb_cmd_key_revoke(struct lb_cli *cli);
int lb_cmd_user_create(struct lb_cli *cli);
int lb_cmd_user_list(struct lb_cli *cli);
int lb_cmd_user_reset_password(struct lb_cli *cli);
int lb_cmd_user_reset_second_factor(struct lb_cli *cli);
int lb_cmd_user_delete(struct lb_cli *cli);
int lb_cmd_installation_block(struct lb_cli *cli);
int lb_cmd_installation_unblock(struct lb_cli *cli);
int lb_cmd_installation_list(struct lb_cli *cli);
int lb_cmd_installation_undo(struct lb_cli *cli);
int lb_cmd_campaign_create(struct lb_cli *cli);
int lb_cmd_campaign_set(struct lb_cli *cli);
int lb_cmd_campaign_list(struct lb_cli *cli);
int lb_cmd_block(struct lb_cli *cli);
int lb_cmd_unblock(struct lb_cli *cli);
int lb_cmd_check(struct lb_cli *cli);
int lb_cmd_list(struct lb_cli *cli);
int lb_cmd_export(struct lb_cli *cli);
int lb_cmd_imports(struct lb_cli *cli);
int lb_cmd_undo(struct lb_cli *cli);
int lb_cmd_erase(struct lb_cli *cli);
int lb_cmd_lead_add(struct lb_cli *cli);
int lb_cmd_ready(struct lb_cli *cli);
int lb_cmd_send(struct lb_cli *cli);
int lb_cmd_mcp(struct lb_cli *cli);
int lb_cmd_backup(struct lb_cli *cli);
int lb_cmd_restore(struct lb_cli *cli);
int lb_cmd_copy(struct lb_cli *cli);
int lb_cmd_verify(struct lb_cli *cli);
int lb_cmd_evidence(struct lb_cli *cli);
int lb_cmd_doctor(struct lb_cli *cli);
int lb_cmd_top(struct lb_cli *cli);
int lb_cmd_version(struct lb_cli *cli);
int lb_cmd_completion(struct lb_cli *cli);
int lb_cmd_help(struct lb_cli *cli);

#endif
