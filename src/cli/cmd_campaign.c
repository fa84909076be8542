#include "cli/admin.h"
#include "cli/commands.h"
#include "domain/outreach/restraint.h"
#include "json/encode.h"

#include <stdio.h>
#include <string.h>

static void print_created(const struct lb_json *json)
{
    struct lb_str id = lb_answer_text(json, "id");
    printf("%.*s\n", (int)id.len, id.ptr);
    lb_cli_hint("Next, block a person in it: leadblock block %.*s john-doe", (int)id.len, id.ptr);
}

/* A setting: the option that turns it on, and its name in JSON. */
struct setting {
    enum lb_cli_option_id on;
    const char *name;
};

static const struct setting settings[] = {
    {LB_OPT_BLOCK_ON_REPLY, "blockOnReply"},
    {LB_OPT_SKIP_CONTACTED, "skipContacted"},
    {LB_OPT_STOP_COLLEAGUES, "stopColleagues"},
};
#define SETTING_COUNT (sizeof settings / sizeof *settings)

/* Which settings --off names, as bits. False after a message. */
static bool read_off(const struct lb_cli *cli, unsigned *out)
{
    const char *word = lb_cli_given(cli, LB_OPT_OFF) ? cli->values[LB_OPT_OFF] : NULL;
    *out = 0;
    while (word) {
        struct lb_str name = {word, strcspn(word, ",")};
        size_t i = 0;
        while (i < SETTING_COUNT &&
               !lb_str_equal(name, lb_str(lb_cli_options[settings[i].on].option)))
            i++;
        if (i == SETTING_COUNT) {
            lb_cli_usage(cli, "--off takes block-on-reply, skip-contacted and stop-colleagues, "
                              "separated by commas");
            return false;
        }
        *out |= 1U << i;
        word = word[name.len] ? word + name.len + 1 : NULL;
    }
    return true;
}

/* Those that are given, or nothing. False after a message. */
static bool put_settings(struct lb_buf *body, const struct lb_cli *cli, bool *out_any)
{
    const char *comma = "";
    uint64_t days = 0;
    unsigned turned_off;
    if (!lb_cli_number(cli, LB_OPT_SKIP_CONTACTED, 1, LB_SKIP_CONTACTED_DAYS_MAX, &days) ||
        !read_off(cli, &turned_off))
        return false;
    lb_buf_append_lit(body, "\"settings\":{");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct setting *setting = &settings[i];
        const char *option = lb_cli_options[setting->on].option;
        bool on = lb_cli_given(cli, setting->on), off = turned_off >> i & 1;
        if (on && off) {
            lb_cli_usage(cli, "--%s and --off %s contradict each other", option, option);
            return false;
        }
        if (!on && !off)
            continue;
        lb_buf_printf(body, "%s\"%s\":", comma, setting->name);
        if (on && setting->on == LB_OPT_SKIP_CONTACTED)
            lb_buf_printf(body, "{\"days\":%llu}", (unsigned long long)days);
        else
            lb_buf_printf(body, "%s", on ? "true" : "null");
        comma = ",";
    }
    lb_buf_append_lit(body, "}");
    *out_any = *comma != '\0';
    return true;
}

int lb_cmd_campaign_create(struct lb_cli *cli)
{
    struct lb_buf body = {0};
    bool any;
    lb_buf_append_lit(&body, "{\"name\":");
    lb_json_put_string(&body, lb_str(cli->arguments[1]));
    if (lb_cli_given(cli, LB_OPT_ID)) {
        lb_buf_append_lit(&body, ",\"id\":");
        lb_json_put_string(&body, lb_str(cli->values[LB_OPT_ID]));
    }
    lb_buf_append_lit(&body, ",");
    if (!put_settings(&body, cli, &any)) {
        lb_buf_fini(&body);
        return LB_EXIT_USAGE;
    }
    lb_buf_append_lit(&body, "}");
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "POST",
                                                        .path = "/admin/workspaces",
                                                        .segment = cli->arguments[0],
                                                        .path_after = "/campaigns",
                                                        .body = &body,
                                                        .creates = true,
                                                        .print = print_created});
}

static void print_settings(const struct lb_json *json)
{
    const struct lb_json *on = lb_json_member(json, "settings");
    for (size_t i = 0; i < SETTING_COUNT; i++) {
        const struct lb_json *value = lb_json_member(on, settings[i].name);
        bool has_days = lb_json_type(value) == LB_JSON_OBJECT;
        printf("%s\t", lb_cli_options[settings[i].on].option);
        if (has_days)
            printf("%llu days\n", (unsigned long long)lb_answer_number(value, "days"));
        else
            puts(lb_json_type(value) == LB_JSON_MISSING ? "off" : "on");
    }
}

int lb_cmd_campaign_set(struct lb_cli *cli)
{
    struct lb_buf body = {0}, path = {0};
    bool any = false;
    lb_buf_append_lit(&body, "{");
    bool good = put_settings(&body, cli, &any);
    if (good && !any && !lb_cli_given(cli, LB_OPT_NAME)) {
        lb_cli_usage(cli,
                     "nothing to change: name a setting, such as --stop-colleagues, or --name");
        good = false;
    }
    if (lb_cli_given(cli, LB_OPT_NAME)) {
        lb_buf_append_lit(&body, ",\"name\":");
        lb_json_put_string(&body, lb_str(cli->values[LB_OPT_NAME]));
    }
    lb_buf_append_lit(&body, "}");
    lb_buf_append_lit(&path, "/campaigns/");
    lb_url_append(&path, lb_str(cli->arguments[1]));
    lb_buf_append(&path, "", 1);
    if (good && path.failed)
        lb_cli_error("out of memory");
    if (!good || path.failed || !lb_admin_has_server(cli)) {
        lb_buf_fini(&body);
        lb_buf_fini(&path);
        return good ? LB_EXIT_FAILED : LB_EXIT_USAGE;
    }
    int code = lb_admin_run(cli, &(struct lb_admin_request){.method = "PATCH",
                                                            .path = "/admin/workspaces",
                                                            .segment = cli->arguments[0],
                                                            .path_after = path.ptr,
                                                            .body = &body,
                                                            .print = print_settings});
    lb_buf_fini(&path);
    return code;
}

static void add_row(struct lb_table *table, const struct lb_json *item)
{
    lb_table_add(table, lb_answer_text(item, "id"));
    lb_table_add(table, lb_answer_text(item, "name"));
    lb_table_add(table, lb_answer_text(item, "status"));
    lb_table_add(table, lb_answer_text(item, "createdAt"));
}

int lb_cmd_campaign_list(struct lb_cli *cli)
{
    static const char *const headings[] = {"ID", "NAME", "STATUS", "CREATED", NULL};
    const struct lb_admin_request request = {
        .method = "GET",
        .path = "/admin/workspaces",
        .segment = cli->arguments[0],
        .path_after = "/campaigns",
        .headings = headings,
        .add_row = add_row,
        .hint_when_empty = "There are no campaigns yet: leadblock campaign create WORKSPACE NAME"};
    return lb_admin_run(cli, &request);
}
