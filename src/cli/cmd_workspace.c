#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/table.h"
#include "domain/blocklist/typed_name.h"
#include "json/encode.h"
#include "store/names.h"

#include <stdio.h>
#include <strings.h>

static bool is_plan(const struct lb_cli *cli, const char *text)
{
    enum lb_plan plan;
    if (lb_plan_parse(lb_str(text), &plan))
        return true;
    lb_cli_usage(cli, "'%s' is no plan: say starter, pro or agency", text);
    return false;
}

static void print_created(const struct lb_json *json)
{
    struct lb_str id = lb_answer_text(json, "id");
    printf("%.*s\n", (int)id.len, id.ptr);
    lb_cli_hint("Next, a key for it: leadblock key create %.*s --name \"my key\"", (int)id.len,
                id.ptr);
}

int lb_cmd_workspace_create(struct lb_cli *cli)
{
    const char *plan = cli->values[LB_OPT_PLAN];
    struct lb_buf body = {0};
    if (!is_plan(cli, plan))
        return LB_EXIT_USAGE;
    lb_buf_append_lit(&body, "{\"name\":");
    lb_json_put_string(&body, lb_str(cli->arguments[0]));
    lb_buf_printf(&body, ",\"plan\":\"%s\",\"expiresAt\":", plan);
    if (!lb_admin_put_expires(cli, &body)) {
        lb_buf_fini(&body);
        return LB_EXIT_USAGE;
    }
    lb_buf_append_lit(&body, "}");
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "POST",
                                                        .path = "/admin/workspaces",
                                                        .body = &body,
                                                        .creates = true,
                                                        .makes_database = true,
                                                        .print = print_created});
}

static void add_number(struct lb_table *table, uint64_t number)
{
    char text[24];
    int len = snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    lb_table_add(table, (struct lb_str){text, (size_t)len});
}

static void print_list(const struct lb_json *json)
{
    static const char *const headings[] = {"ID",        "NAME",    "PLAN",    "EXPIRES", "KEYS",
                                           "CAMPAIGNS", "ENTRIES", "COUNTRY", NULL};
    struct lb_table table;
    lb_table_init(&table, headings);
    for (size_t i = 0; i < lb_json_length(json); i++) {
        const struct lb_json *item = lb_json_item(json, i);
        lb_table_add(&table, lb_answer_text(item, "id"));
        lb_table_add(&table, lb_answer_text(item, "name"));
        lb_table_add(&table, lb_answer_text(item, "plan"));
        lb_table_add(&table, lb_answer_text(item, "expiresAt"));
        add_number(&table, lb_answer_number(item, "keys"));
        add_number(&table, lb_answer_number(item, "campaigns"));
        /* Counting them takes a running server. */
        if (lb_json_type(lb_json_member(item, "entries")) == LB_JSON_INT)
            add_number(&table, lb_answer_number(item, "entries"));
        else
            lb_table_add(&table, LB_STR(""));
        lb_table_add(&table, lb_answer_text(item, "defaultCountry"));
    }
    if (lb_json_length(json) == 0)
        lb_cli_hint("There are no workspaces yet: leadblock workspace create NAME --plan agency");
    lb_table_fini(&table);
}

int lb_cmd_workspace_list(struct lb_cli *cli)
{
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "GET",
                                                        .path = "/admin/workspaces",
                                                        .print = print_list});
}

static void print_plan(const struct lb_json *json)
{
    struct lb_str plan = lb_answer_text(json, "plan");
    struct lb_str expires = lb_answer_text(json, "expiresAt");
    printf("%.*s", (int)plan.len, plan.ptr);
    if (expires.len)
        printf("\tuntil %.*s", (int)expires.len, expires.ptr);
    putchar('\n');
}

int lb_cmd_workspace_set_plan(struct lb_cli *cli)
{
    struct lb_buf body = {0};
    if (!is_plan(cli, cli->arguments[1]))
        return LB_EXIT_USAGE;
    lb_buf_printf(&body, "{\"plan\":\"%s\",\"expiresAt\":", cli->arguments[1]);
    if (!lb_admin_put_expires(cli, &body)) {
        lb_buf_fini(&body);
        return LB_EXIT_USAGE;
    }
    lb_buf_append_lit(&body, "}");
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "PUT",
                                                        .path = "/admin/workspaces",
                                                        .segment = cli->arguments[0],
                                                        .path_after = "/plan",
                                                        .body = &body,
                                                        .print = print_plan});
}

static void print_country(const struct lb_json *json)
{
    struct lb_str country = lb_answer_text(json, "defaultCountry");
    printf("%.*s\n", country.len ? (int)country.len : 4, country.len ? country.ptr : "none");
}

int lb_cmd_workspace_country(struct lb_cli *cli)
{
    static const struct lb_str NO_COUNTRY = {0};
    struct lb_str country = lb_str(cli->arguments[1]);
    bool none = lb_str_equal(country, LB_STR("none"));
    struct lb_buf body = {0};
    if (!none && !lb_name_is_country(country)) {
        lb_cli_usage(cli, "'%s' is no country: say its two letters, such as DE, or none",
                     cli->arguments[1]);
        return LB_EXIT_USAGE;
    }
    lb_buf_append_lit(&body, "{\"defaultCountry\":");
    lb_json_put_string_or_null(&body, none ? NO_COUNTRY : country);
    lb_buf_append_lit(&body, "}");
    return lb_admin_run(cli, &(struct lb_admin_request){.method = "PATCH",
                                                        .path = "/admin/workspaces",
                                                        .segment = cli->arguments[0],
                                                        .body = &body,
                                                        .print = print_country});
}
