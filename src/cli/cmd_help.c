#include "cli/commands.h"

#include <stdio.h>

static const char overview_before[] =
    "leadblock keeps lists of people who must not be contacted, and enforces them.\n"
    "\n"
    "usage: leadblock COMMAND [ARGUMENTS] [OPTIONS]\n"
    "\n";

static const char overview_after[] =
    "\n"
    "First steps:\n"
    "  leadblock serve --demo                      a server with a workspace, a campaign and a "
    "key\n"
    "  export LEADBLOCK_KEY=lb_...                 the key that it printed\n"
    "  leadblock block demo john-doe               from now on john-doe is not contacted\n"
    "  leadblock check demo john-doe jane-smith\n"
    "\n"
    "leadblock help COMMAND explains one command. Exit codes: 0 done, 1 refused or failed, 2 "
    "wrong\n"
    "usage.\n";

static void print_option(FILE *out, const char *name, const char *value, const char *help)
{
    char left[64];
    snprintf(left, sizeof left, "--%s%s%s", name, value ? " " : "", value ? value : "");
    fprintf(out, "  %-28s %s\n", left, help);
}

static void print_setting(FILE *out, const struct lb_setting *setting)
{
    char environment[LB_SETTING_ENVIRONMENT_SIZE];
    lb_setting_environment(setting, environment);
    print_option(out, setting->option, setting->value, setting->help);
    fprintf(out, "  %-28s default %s; %s\n", "", *setting->initial ? setting->initial : "none",
            environment);
}

void lb_cli_help(FILE *out, const struct lb_cli_command *command)
{
    if (!command) {
        fputs(overview_before, out);
        for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++)
            fprintf(out, "  %-20s %s\n", c->name, c->summary);
        fputs(overview_after, out);
        return;
    }
    fprintf(out, "usage: leadblock %s%s%s\n\n%s\n", command->name, *command->arguments ? " " : "",
            command->arguments, command->summary);
    if (*command->text)
        fprintf(out, "\n%s", command->text);
    fputs("\noptions:\n", out);
    for (size_t i = 0; command->settings && i < LB_SETTING_COUNT; i++)
        print_setting(out, &lb_settings[i]);
    for (size_t i = 0; i < LB_OPT_COUNT; i++) {
        const struct lb_cli_option *option = &lb_cli_options[i];
        if (i != LB_OPT_SETTINGS_MARKDOWN &&
            ((command->options | LB_BIT(HELP)) & ((uint64_t)1 << i)))
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

/* "key" alone means all commands that begin with it. */
static bool help_group(const char *group)
{
    size_t len = strlen(group);
    bool found = false;
    for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++) {
        if (strncmp(c->name, group, len) != 0 || c->name[len] != ' ')
            continue;
        printf("%s  %-22s %s\n", found ? "" : "commands:\n", c->name, c->summary);
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
    return lb_cli_usage(cli, "there is no command '%s'", name);
}
