#include "cli/build_info.h"
#include "cli/commands.h"
#include "cli/wrap.h"

#include <stdio.h>

#define OPTION_COLUMNS 28
#define COMMAND_LINE   "  %-21s %s\n"

static const char overview_before[] =
    "leadblock keeps lists of people who must not be contacted, and enforces them.\n"
    "\n"
    "usage: leadblock COMMAND [ARGUMENTS] [OPTIONS]\n"
    "\n";

static const char overview_after[] =
    "\n"
    "Try it:\n"
    "  leadblock serve --demo          a server with a workspace, a campaign, a key\n"
    "  export LEADBLOCK_KEY=lb_...     the key that it printed\n"
    "  leadblock block demo john-doe   from now on john-doe is not contacted\n"
    "  leadblock check demo john-doe jane-smith\n"
    "\n"
    "leadblock help COMMAND explains one command, and man leadblock all of them.\n"
    "Exit codes: 0 done, 1 refused or failed, 2 wrong usage.\n";

/* What stands beside an option, or below that. */
static void print_beside(FILE *out, const char *left, const char *text)
{
    int column = fprintf(out, "  %-*s ", OPTION_COLUMNS, left);
    lb_wrap_put(out, text, (size_t)column, OPTION_COLUMNS + 3, LB_WRAP_COLUMNS);
}

static void print_option(FILE *out, const char *name, const char *value, const char *help)
{
    char left[64];
    snprintf(left, sizeof left, "--%s%s%s", name, value ? " " : "", value ? value : "");
    print_beside(out, left, help);
}

static void print_setting(FILE *out, const struct lb_setting *setting)
{
    char environment[LB_SETTING_ENVIRONMENT_SIZE];
    lb_setting_environment(setting, environment);
    print_option(out, setting->option, setting->value, setting->help);
    char more[512];
    snprintf(more, sizeof more, "default %s; %s", *setting->initial ? setting->initial : "none",
             environment);
    print_beside(out, "", more);
}

static void print_overview(FILE *out)
{
    fputs(overview_before, out);
    for (int group = 0; group < LB_GROUP_COUNT; group++) {
        fprintf(out, "%s%s:\n", group ? "\n" : "", lb_cli_group_headings[group]);
        for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++) {
            if ((int)c->group == group)
                fprintf(out, COMMAND_LINE, c->name, c->summary);
        }
    }
    fputs(overview_after, out);
}

void lb_cli_help(FILE *out, const struct lb_cli_command *command)
{
    if (!command) {
        print_overview(out);
        return;
    }
    fprintf(out, "usage: leadblock %s%s%s\n\n%s\n", command->name, *command->arguments ? " " : "",
            command->arguments, command->summary);
    if (*command->text) {
        putc('\n', out);
        lb_wrap_put_lines(out, command->text);
    }
    fputs("\noptions:\n", out);
    for (size_t i = 0; command->settings && i < LB_SETTING_COUNT; i++)
        print_setting(out, &lb_settings[i]);
    for (size_t i = 0; i < LB_OPT_COUNT; i++) {
        const struct lb_cli_option *option = &lb_cli_options[i];
        if (lb_cli_takes(command, (enum lb_cli_option_id)i))
            print_option(out, option->option, option->value, option->help);
    }
}

static int print_markdown(void)
{
    struct lb_buf text = {0};
    lb_config_markdown(&text);
    bool printed = !text.failed && fwrite(text.ptr, 1, text.len, stdout) == text.len;
    lb_buf_fini(&text);
    return printed ? LB_EXIT_DONE : LB_EXIT_FAILED;
}

static int print_manual(const struct lb_cli *cli)
{
    if (lb_cli_manual(stdout, cli->values[LB_OPT_MAN], lb_build_info.version))
        return LB_EXIT_DONE;
    return lb_cli_usage(cli,
                        "there is no manual page '%s': say leadblock.1, leadblock-COMMAND.1 or "
                        "leadblock.env.5",
                        cli->values[LB_OPT_MAN]);
}

/* "key" alone means all commands that begin with it. */
static bool help_group(const char *group)
{
    size_t len = strlen(group);
    bool found = false;
    for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++) {
        if (strncmp(c->name, group, len) != 0 || c->name[len] != ' ')
            continue;
        if (!found)
            puts("commands:");
        printf(COMMAND_LINE, c->name, c->summary);
        found = true;
    }
    if (found)
        printf("\nSee: leadblock help %s COMMAND\n", group);
    return found;
}

int lb_cmd_help(struct lb_cli *cli)
{
    char name[64];
    if (lb_cli_given(cli, LB_OPT_SETTINGS_MARKDOWN))
        return print_markdown();
    if (lb_cli_given(cli, LB_OPT_MAN))
        return print_manual(cli);
    if (cli->argument_count == 0) {
        lb_cli_help(stdout, NULL);
        return LB_EXIT_DONE;
    }
    snprintf(name, sizeof name, "%s%s%s", cli->arguments[0], cli->argument_count > 1 ? " " : "",
             cli->argument_count > 1 ? cli->arguments[1] : "");
    for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++) {
        if (strcmp(c->name, name) == 0) {
            lb_cli_help(stdout, c);
            return LB_EXIT_DONE;
        }
    }
    if (cli->argument_count == 1 && help_group(name))
        return LB_EXIT_DONE;
    lb_cli_error("there is no command '%s'\nSee: leadblock help", name);
    return LB_EXIT_USAGE;
}
