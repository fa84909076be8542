#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/front_check.h"
#include "cli/wrap.h"
#include "daemon/checkup.h"
#include "daemon/doctor.h"
#include "json/encode.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <unistd.h>

/* "-" for what is not there. */
static void add_cell(struct lb_table *table, const struct lb_json *item, const char *name)
{
    struct lb_str text = lb_answer_text(item, name);
    lb_table_add(table, text.len ? text : LB_STR("-"));
}

static void add_row(struct lb_table *table, const struct lb_json *item)
{
    add_cell(table, item, "workspaceId");
    add_cell(table, item, "campaignId");
    add_cell(table, item, "publicIdentifier");
    add_cell(table, item, "mayMean");
    add_cell(table, item, "storedAs");
    add_cell(table, item, "reason");
}

/* Without a server, which is read-only and needs no more than the files. */
static int look(const struct lb_cli *cli, const struct lb_admin_request *request)
{
    struct lb_buf body = {0};
    struct lb_reason reason = {""};
    lb_err err = lb_daemon_doctor(lb_admin_database(cli), &body, &reason);
    bool done = !err && lb_admin_put_list(cli, request, lb_buf_str(&body));
    if (err)
        lb_cli_error("%s", reason.text[0] ? reason.text : lb_err_code(err));
    lb_buf_fini(&body);
    return done ? LB_EXIT_DONE : LB_EXIT_FAILED;
}

static int list_names(struct lb_cli *cli)
{
    static const char *const headings[] = {"WORKSPACE", "CAMPAIGN", "STORED NAME", "MAY MEAN",
                                           "STORED AS", "REASON",   NULL};
    size_t found = 0;
    const struct lb_admin_request request = {.method = "GET",
                                             .path = "/admin/doctor",
                                             .headings = headings,
                                             .add_row = add_row,
                                             .out_count = &found,
                                             .hint_when_empty = "No stored name is refused today."};
    int code = lb_admin_server_answers(cli) ? lb_admin_run(cli, &request) : look(cli, &request);
    return code == LB_EXIT_DONE && found ? LB_EXIT_FAILED : code;
}

/* What was found, as lines or as JSON. */
struct view {
    bool json;
    bool terminal;
    bool any;
    enum lb_checkup_state worst;
};

static void show_json(const char *check, const char *state, const char *text, const char *advice)
{
    struct lb_buf out = {0};
    lb_buf_append_lit(&out, "{\"check\":");
    lb_json_put_string(&out, lb_str(check));
    lb_buf_printf(&out, ",\"state\":\"%s\",\"text\":", state);
    lb_json_put_string(&out, lb_str(text));
    lb_buf_append_lit(&out, ",\"advice\":");
    if (advice)
        lb_json_put_string(&out, lb_str(advice));
    else
        lb_buf_append_lit(&out, "null");
    lb_buf_append_lit(&out, "}");
    printf("%.*s", (int)out.len, out.ptr);
    lb_buf_fini(&out);
}

/* For a terminal: what is long goes on below its column. */
static void show_line(const char *state, const char *check, const char *text)
{
    int column = printf("%-8s %-15s ", state, check);
    lb_wrap_put(stdout, text, (size_t)column, (size_t)column, lb_wrap_terminal());
}

static void show(void *context, const char *check, enum lb_checkup_state state, const char *text,
                 const char *advice)
{
    struct view *view = context;
    const char *name = lb_checkup_state_name(state);
    if (state > view->worst)
        view->worst = state;
    if (view->json) {
        fputs(view->any ? ",\n" : "[", stdout);
        show_json(check, name, text, advice);
    } else if (view->terminal) {
        show_line(name, check, text);
        if (advice)
            show_line("", "", advice);
    } else {
        printf("%s\t%s\t%s\t%s\n", name, check, text, advice ? advice : "");
    }
    view->any = true;
}

/* The names that `--names` lists, by number. They are looked for where a server answers, or the
 * database can be opened: why not has been said. */
static void check_names(struct lb_cli *cli, struct lb_checkup *checkup)
{
    size_t found = 0;
    struct lb_buf body = {0};
    struct lb_reason reason = {""};
    if (checkup->server) {
        if (!lb_admin_count(cli, "/admin/doctor", &found))
            return;
    } else if (lb_daemon_doctor(lb_admin_database(cli), &body, &reason) == LB_OK) {
        struct lb_json *json = NULL;
        if (lb_json_parse(lb_buf_str(&body), LB_JSON_MAX_DEPTH, &json, &reason) == LB_OK)
            found = lb_json_length(json);
        lb_json_free(json);
    } else {
        lb_buf_fini(&body);
        return;
    }
    lb_buf_fini(&body);
    lb_checkup_say(checkup, "stored names", found ? LB_CHECKUP_WARNING : LB_CHECKUP_OK,
                   found ? "leadblock doctor --names lists them, with whom they may mean." : NULL,
                   "%zu stored name%s refused today and can match no person", found,
                   found == 1 ? " is" : "s are");
}

/* Lines NAME=VALUE of a service's file, as systemd reads the simple ones: what the environment has
 * already stays. */
static bool read_settings(const char *path)
{
    char line[4096];
    FILE *file = fopen(path, "re");
    if (!file) {
        lb_cli_error("%s: %s", path, strerror(errno));
        return false;
    }
    while (fgets(line, sizeof line, file)) {
        char *name = line + strspn(line, " \t");
        char *value = strchr(name, '=');
        name[strcspn(name, "\n")] = '\0';
        if (*name == '#' || *name == ';' || !value)
            continue;
        *value++ = '\0';
        size_t len = strlen(value);
        if (len > 1 && (*value == '"' || *value == '\'') && value[len - 1] == *value) {
            value[len - 1] = '\0';
            value++;
        }
        setenv(name, value, 0);
    }
    fclose(file);
    return true;
}

int lb_cmd_doctor(struct lb_cli *cli)
{
    struct lb_config config;
    struct view view = {.json = lb_cli_given(cli, LB_OPT_JSON), .terminal = isatty(STDOUT_FILENO)};
    const char *front = cli->values[LB_OPT_FRONT];
    if (front && strncasecmp(front, "http://", 7) != 0 && strncasecmp(front, "https://", 8) != 0)
        return lb_cli_usage(cli, "--url: the address must begin with http:// or https://, not '%s'",
                            front);
    if (lb_cli_given(cli, LB_OPT_ENV_FILE) && !read_settings(cli->values[LB_OPT_ENV_FILE]))
        return LB_EXIT_FAILED;
    if (lb_cli_given(cli, LB_OPT_NAMES))
        return list_names(cli);
    if (!lb_config_init(&config) || !lb_client_prepare()) {
        lb_cli_error("out of memory");
        return LB_EXIT_FAILED;
    }
    struct lb_checkup checkup = {.config = &config,
                                 .environment = environ,
                                 .look_up = getenv,
                                 .context = &view,
                                 .report = show};
    lb_checkup_settings(&checkup);
    if (cli->values[LB_OPT_DATA])
        config.data = cli->values[LB_OPT_DATA];
    if (cli->values[LB_OPT_DATABASE])
        config.database = cli->values[LB_OPT_DATABASE];
    checkup.server = lb_admin_server(cli);
    lb_checkup_machine(&checkup);
    lb_checkup_start(&checkup);
    check_names(cli, &checkup);
    if (!front)
        front = config.public_url;
    if (*front)
        lb_front_check(&checkup, front);
    if (view.json)
        puts("]");
    lb_config_fini(&config);
    return view.worst >= LB_CHECKUP_WARNING ? LB_EXIT_FAILED : LB_EXIT_DONE;
}
