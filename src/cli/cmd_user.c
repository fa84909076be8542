#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "daemon/address.h"
#include "json/encode.h"
#include "store/names.h"

#include <stdio.h>

static bool leads_here_alone(struct lb_str link)
{
    static const char *const starts[] = {"http://127.0.0.1:", "http://[::1]:", "http://localhost:"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (link.len > strlen(starts[i]) && memcmp(link.ptr, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

static void print_link(const struct lb_json *json)
{
    struct lb_str link = lb_answer_text(json, "link");
    struct lb_str until = lb_answer_text(json, "linkExpiresAt");
    printf("%.*s\n", (int)link.len, link.ptr);
    lb_cli_hint("Open it in a browser until %.*s to set the password; it works once.",
                (int)until.len, until.ptr);
    if (leads_here_alone(link))
        lb_cli_hint("No other machine can open it. " LB_ADDRESS_ADVICE
                    " The server must listen there, too (LEADBLOCK_LISTEN).");
}

int lb_cmd_user_create(struct lb_cli *cli)
{
    const char *workspace = cli->values[LB_OPT_IN];
    struct lb_buf body = {0};
    enum lb_role role;
    if (!lb_role_parse(lb_str(cli->values[LB_OPT_ROLE]), &role))
        return lb_cli_usage(cli, "'%s' is no role: say operator, member or viewer",
                            cli->values[LB_OPT_ROLE]);
    if (role == LB_ROLE_OPERATOR && workspace)
        return lb_cli_usage(cli, "an operator has access to every workspace: leave --in out");
    if (role != LB_ROLE_OPERATOR && !workspace)
        return lb_cli_usage(cli, "a %s belongs to a workspace: name it with --in WORKSPACE",
                            cli->values[LB_OPT_ROLE]);
    lb_buf_append_lit(&body, "{\"email\":");
    lb_json_put_string(&body, lb_str(cli->arguments[0]));
    lb_buf_append_lit(&body, ",\"role\":");
    lb_json_put_string(&body, lb_str(cli->values[LB_OPT_ROLE]));
    lb_buf_append_lit(&body, ",\"workspaceId\":");
    lb_json_put_string_or_null(&body, workspace ? lb_str(workspace) : (struct lb_str){0});
    lb_buf_append_lit(&body, "}");
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "POST",
                                                        .path = "/admin/users",
                                                        .body = &body,
                                                        .creates = true,
                                                        .makes_database = true,
                                                        .print = print_link});
}

static void print_list(const struct lb_json *json)
{
    static const char *const headings[] = {
        "EMAIL", "ROLE", "WORKSPACE", "CREATED", "SIGNED IN", "ID", "STATE", "SECOND FACTOR", NULL};
    struct lb_table table;
    lb_table_init(&table, headings);
    for (size_t i = 0; i < lb_json_length(json); i++) {
        const struct lb_json *item = lb_json_item(json, i);
        bool factor = false;
        lb_json_bool(lb_json_member(item, "secondFactor"), &factor);
        lb_table_add(&table, lb_answer_text(item, "email"));
        lb_table_add(&table, lb_answer_text(item, "role"));
        lb_table_add(&table, lb_answer_text(item, "workspaceId"));
        lb_table_add(&table, lb_answer_text(item, "createdAt"));
        lb_table_add(&table, lb_answer_text(item, "lastSignInAt"));
        lb_table_add(&table, lb_answer_text(item, "id"));
        lb_table_add(&table, lb_answer_text(item, "state"));
        lb_table_add(&table, factor ? LB_STR("on") : LB_STR("off"));
    }
    if (lb_json_length(json) == 0)
        lb_cli_hint("There are no users yet: leadblock user create EMAIL --role operator");
    lb_table_fini(&table);
}

int lb_cmd_user_list(struct lb_cli *cli)
{
    return lb_admin_run(cli, &(struct lb_admin_request){
                                 .method = "GET", .path = "/admin/users", .print = print_list});
}

int lb_cmd_user_reset_password(struct lb_cli *cli)
{
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "POST",
                                                        .path = "/admin/users",
                                                        .segment = cli->arguments[0],
                                                        .path_after = "/link",
                                                        .creates = true,
                                                        .print = print_link});
}

static void print_message(const struct lb_json *json)
{
    struct lb_str message = lb_answer_text(json, "message");
    printf("%.*s\n", (int)message.len, message.ptr);
}

int lb_cmd_user_reset_second_factor(struct lb_cli *cli)
{
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "DELETE",
                                                        .path = "/admin/users",
                                                        .segment = cli->arguments[0],
                                                        .path_after = "/second-factor",
                                                        .print = print_message});
}

int lb_cmd_user_delete(struct lb_cli *cli)
{
    return lb_admin_run(
        cli, &(struct lb_admin_request){
                 .method = "DELETE",
                 .path = "/admin/users",
                 .segment = cli->arguments[0],
                 .path_after = lb_cli_given(cli, LB_OPT_REVOKE_KEYS) ? "?keys=revoke" : NULL,
                 .print = print_message});
}
