#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "json/encode.h"

#include <stdio.h>

static void print_created(const struct lb_json *json)
{
    struct lb_str key = lb_answer_text(json, "key");
    printf("%.*s\n", (int)key.len, key.ptr);
    lb_cli_hint("This is the only time that the key is shown. To use it here:\n"
                "  export LEADBLOCK_KEY=%.*s",
                (int)key.len, key.ptr);
}

int lb_cmd_key_create(struct lb_cli *cli)
{
    uint64_t rate_limit = 0;
    struct lb_buf body = {0};
    if (!lb_cli_number(cli, LB_OPT_RATE_LIMIT, 1, 1000000, &rate_limit))
        return LB_EXIT_USAGE;
    lb_buf_append_lit(&body, "{\"name\":");
    lb_json_put_string(&body, lb_str(cli->values[LB_OPT_NAME]));
    if (lb_cli_given(cli, LB_OPT_READ_ONLY))
        lb_buf_append_lit(&body, ",\"readOnly\":true");
    if (rate_limit)
        lb_buf_printf(&body, ",\"rateLimit\":%llu", (unsigned long long)rate_limit);
    lb_buf_append_lit(&body, ",\"expiresAt\":");
    if (!lb_admin_put_expires(cli, &body)) {
        lb_buf_fini(&body);
        return LB_EXIT_USAGE;
    }
    lb_buf_append_lit(&body, "}");
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "POST",
                                                        .path = "/admin/workspaces",
                                                        .segment = cli->arguments[0],
                                                        .path_after = "/keys",
                                                        .body = &body,
                                                        .creates = true,
                                                        .print = print_created});
}

static struct lb_str state_of(const struct lb_json *key)
{
    bool read_only = false;
    lb_json_bool(lb_json_member(key, "readOnly"), &read_only);
    if (lb_answer_text(key, "revokedAt").len)
        return LB_STR("revoked");
    return read_only ? LB_STR("read-only") : LB_STR("full");
}

static void add_row(struct lb_table *table, const struct lb_json *key)
{
    bool deleted = false;
    const struct lb_json *by = lb_json_member(key, "by");
    struct lb_str name = lb_answer_text(by, "name");
    struct lb_buf maker = {0};
    lb_json_bool(lb_json_member(by, "deleted"), &deleted);
    lb_buf_append_str(&maker, name.len ? name : lb_answer_text(by, "type"));
    if (deleted)
        lb_buf_append_lit(&maker, " (deleted)");
    lb_table_add(table, lb_answer_text(key, "id"));
    lb_table_add(table, lb_answer_text(key, "name"));
    lb_table_add(table, state_of(key));
    lb_table_add(table, lb_answer_text(key, "createdAt"));
    lb_table_add(table, lb_answer_text(key, "expiresAt"));
    lb_table_add(table, lb_answer_text(key, "lastUsedAt"));
    struct lb_str nothing = {0};
    lb_table_add(table, maker.failed ? nothing : lb_buf_str(&maker));
    lb_buf_fini(&maker);
}

int lb_cmd_key_list(struct lb_cli *cli)
{
    static const char *const headings[] = {"ID",      "NAME",      "ACCESS", "CREATED",
                                           "EXPIRES", "LAST USED", "BY",     NULL};
    return lb_admin_run(cli, &(struct lb_admin_request){
                                 .method = "GET",
                                 .path = "/admin/workspaces",
                                 .segment = cli->arguments[0],
                                 .path_after = "/keys",
                                 .headings = headings,
                                 .add_row = add_row,
                                 .hint_when_empty =
                                     "There are no keys yet: leadblock key create WORKSPACE --name "
                                     "NAME"});
}

static void print_message(const struct lb_json *json)
{
    struct lb_str message = lb_answer_text(json, "message");
    printf("%.*s\n", (int)message.len, message.ptr);
}

int lb_cmd_key_revoke(struct lb_cli *cli)
{
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "DELETE",
                                                        .path = "/admin/keys",
                                                        .segment = cli->arguments[0],
                                                        .print = print_message});
}
