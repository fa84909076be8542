/* The manual pages, in the macros of man(7), made from the tables of commands, options and
 * settings: so they say what the program does. */
#include "cli/cli.h"

#include <ctype.h>
#include <stdio.h>

/* One character of running text. Hyphens are those of options, to be searched for and copied. */
static void put_char(FILE *out, char c)
{
    switch (c) {
    case '\\':
        fputs("\\(rs", out);
        break;
    case '-':
        fputs("\\-", out);
        break;
    case '\'':
        fputs("\\(aq", out);
        break;
    case '^':
        fputs("\\(ha", out);
        break;
    case '~':
        fputs("\\(ti", out);
        break;
    case '"': /* also inside of a macro's argument */
        fputs("\\(dq", out);
        break;
    default:
        putc(c, out);
    }
}

/* Words between back ticks are bold, as they are typed. */
static void put_text(FILE *out, const char *text, size_t len)
{
    bool bold = false;
    if (len && text[0] == '.')
        fputs("\\&", out);
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '`') {
            put_char(out, text[i]);
            continue;
        }
        bold = !bold;
        fputs(bold ? "\\fB" : "\\fR", out);
    }
}

static void put(FILE *out, const char *text)
{
    put_text(out, text, strlen(text));
}

static void put_line(FILE *out, const char *before, const char *text, const char *after)
{
    fputs(before, out);
    put(out, text);
    fputs(after, out);
}

/* The text of a command: lines that are indented are examples, and stay as they are. */
static void put_paragraphs(FILE *out, const char *text)
{
    bool example = false;
    bool begin = true;
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        bool indented = len > 1 && line[0] == ' ';
        if (len && example != indented) {
            fputs(indented ? ".PP\n.RS 4\n.nf\n" : ".fi\n.RE\n", out);
            example = indented;
            begin = !indented;
        }
        if (len && begin && !indented)
            fputs(".PP\n", out);
        begin = !len && !example;
        if (len) {
            put_text(out, line + (indented ? 2 : 0), len - (indented ? 2 : 0));
            putc('\n', out);
        }
        line += len + (line[len] == '\n');
    }
    if (example)
        fputs(".fi\n.RE\n", out);
}

static void put_option(FILE *out, const struct lb_cli_option *option)
{
    fputs(".TP\n\\fB\\-\\-", out);
    put(out, option->option);
    fputs("\\fR", out);
    if (option->value)
        put_line(out, " \\fI", option->value, "\\fR");
    putc('\n', out);
    put(out, option->help);
    putc('\n', out);
}

static void put_options(FILE *out, const struct lb_cli_command *command)
{
    if (command->settings)
        fputs("The options are the settings of\n.BR leadblock.env (5):\n.B LEADBLOCK_LISTEN\n"
              "there is\n.B \\-\\-listen\nhere. An option wins over the environment.\n",
              out);
    for (size_t i = 0; i < LB_OPT_COUNT; i++) {
        if (i != LB_OPT_HELP && lb_cli_takes(command, (enum lb_cli_option_id)i))
            put_option(out, &lb_cli_options[i]);
    }
}

static void put_command(FILE *out, const struct lb_cli_command *command)
{
    put_line(out, ".SS \"leadblock ", command->name, *command->arguments ? " " : "");
    put_line(out, "", command->arguments, "\"\n");
    put_line(out, "", command->summary, "\n");
    put_paragraphs(out, command->text);
    if (command->settings)
        fputs(".PP\n", out);
    put_options(out, command);
}

static void put_commands(FILE *out)
{
    for (int group = 0; group < LB_GROUP_COUNT; group++) {
        fputs(".SH \"", out);
        for (const char *p = lb_cli_group_headings[group]; *p; p++)
            putc(toupper((unsigned char)*p), out);
        fputs("\"\n", out);
        for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++) {
            if ((int)c->group == group)
                put_command(out, c);
        }
    }
}

/* All commands at a glance, as `leadblock help` has them. */
static void put_overview(FILE *out)
{
    for (int group = 0; group < LB_GROUP_COUNT; group++) {
        put_line(out, ".PP\n", lb_cli_group_headings[group], ":\n");
        for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++) {
            if ((int)c->group != group)
                continue;
            put_line(out, ".TP\n\\fB", c->name, "\\fR\n");
            put_line(out, "", c->summary, "\n");
        }
    }
}

static void put_exit_codes(FILE *out)
{
    static const struct {
        int code;
        const char *meaning;
    } codes[] = {
#define LB_EXIT_ROW(name, code, meaning) {code, meaning},
        LB_EXIT_TABLE(LB_EXIT_ROW)
#undef LB_EXIT_ROW
    };
    fputs(".SH \"EXIT STATUS\"\n", out);
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        fprintf(out, ".TP\n.B %d\n%s.\n", codes[i].code, codes[i].meaning);
}

static const char leadblock_before[] =
    ".SH NAME\n"
    "leadblock \\- keep lists of people who must not be contacted, and enforce them\n"
    ".SH SYNOPSIS\n"
    ".B leadblock\n"
    ".I COMMAND\n"
    ".RI [ ARGUMENTS ]\n"
    ".RI [ OPTIONS ]\n"
    ".br\n"
    ".B leadblock help\n"
    ".RI [ COMMAND ]\n"
    ".SH DESCRIPTION\n"
    "One program: the server of blocklists and campaigns\n"
    ".RB ( \"leadblock serve\" ),\n"
    "the commands of its operator, which work on the server's data folder whether the server runs\n"
    "or not, and the commands of those who work with lists, which call the server's API with a\n"
    "key. Results go to standard output, everything else to standard error.\n"
    ".PP\n"
    "Options may stand anywhere after the command, as\n"
    ".B \\-\\-plan pro\n"
    "or\n"
    ".BR \\-\\-plan=pro ;\n"
    "what follows\n"
    ".B \\-\\-\n"
    "are arguments.\n"
    ".B \\-\\-help\n"
    "explains each command.\n";

static const char leadblock_after[] =
    ".SH ENVIRONMENT\n"
    ".TP\n"
    ".B LEADBLOCK_KEY\n"
    "The API key of commands that call the API.\n"
    ".TP\n"
    ".B LEADBLOCK_URL\n"
    "The server that they call; http://127.0.0.1:8080 when it is not set.\n"
    ".TP\n"
    ".B SSL_CERT_FILE\n"
    "A file of certificates: the authorities that are trusted with an address with https.\n"
    ".TP\n"
    ".BR LEADBLOCK_DATA ,\\~ LEADBLOCK_DATABASE\n"
    "The data folder and the database of operators' commands.\n"
    ".PP\n"
    "The server's settings are in\n"
    ".BR leadblock.env (5).\n"
    ".SH FILES\n"
    ".TP\n"
    ".I /etc/leadblock/leadblock.env\n"
    "The settings of the service.\n"
    ".TP\n"
    ".I /var/lib/leadblock\n"
    "The data folder of the service.\n"
    ".SH \"SEE ALSO\"\n"
    ".BR leadblock.env (5),\n"
    ".BR systemctl (1),\n"
    ".BR journalctl (1)\n";

static const char settings_before[] =
    ".SH NAME\n"
    "leadblock.env \\- settings of the leadblock server\n"
    ".SH SYNOPSIS\n"
    ".I /etc/leadblock/leadblock.env\n"
    ".SH DESCRIPTION\n"
    "The service reads this file before it starts: one\n"
    ".IB NAME = VALUE\n"
    "a line; lines that begin with # are comments. Each setting is also an option of\n"
    ".BR \"leadblock serve\" ,\n"
    "which wins. After a change:\n"
    ".BR \"systemctl restart leadblock\" .\n"
    ".PP\n"
    "Sizes are bytes, times are seconds, and a flag is true or false. Lists are separated by\n"
    "commas. A value that is out of range stops the start with exit status 2, and a name that\n"
    "begins with LEADBLOCK_ and is not known is named in the log.\n"
    ".SH SETTINGS\n";

static const char settings_after[] = ".SH \"SEE ALSO\"\n"
                                     ".BR leadblock (1),\n"
                                     ".BR systemd.exec (5)\n";

static void put_setting(FILE *out, const struct lb_setting *setting)
{
    char environment[LB_SETTING_ENVIRONMENT_SIZE];
    lb_setting_environment(setting, environment);
    fprintf(out, ".TP\n\\fB%s\\fR=\\fI%s\\fR\n", environment,
            setting->value ? setting->value : "true|false");
    put_line(out, "", setting->help, "\n");
    fprintf(out, "The option is \\fB\\-\\-");
    put_line(out, "", setting->option, "\\fR");
    if (setting->type == LB_TYPE_u32 || setting->type == LB_TYPE_u64)
        fprintf(out, "; from %llu to %llu", (unsigned long long)setting->least,
                (unsigned long long)setting->most);
    if (*setting->initial)
        put_line(out, "; default \\fB", setting->initial, "\\fR");
    fputs(".\n", out);
}

static void put_head(FILE *out, const char *page, const char *title, int section,
                     const char *version)
{
    fprintf(out, ".\\\" Made by the program: leadblock help --man %s\n", page);
    fprintf(out, ".TH %s %d \"\" \"leadblock %s\" \"leadblock\"\n.nh\n.ad l\n", title, section,
            version);
}

/* --- A command's own page ----------------------------------------------------------------------
 */

enum { PAGE_SIZE = 64 };

/* leadblock-key-create.1 is the page of "key create". */
static void page_of(const struct lb_cli_command *command, char page[PAGE_SIZE])
{
    snprintf(page, PAGE_SIZE, "leadblock-%s.1", command->name);
    for (char *p = page; *p; p++) {
        if (*p == ' ')
            *p = '-';
    }
}

static const struct lb_cli_command *command_of(const char *page)
{
    char own[PAGE_SIZE];
    for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++) {
        page_of(c, own);
        if (strcmp(own, page) == 0)
            return c;
    }
    return NULL;
}

static void put_page_of(FILE *out, const struct lb_cli_command *command, const char *page,
                        const char *version)
{
    char name[PAGE_SIZE];
    char title[PAGE_SIZE];
    snprintf(name, sizeof name, "%.*s", (int)(strlen(page) - strlen(".1")), page);
    for (size_t i = 0; i < sizeof title; i++)
        title[i] = (char)toupper((unsigned char)name[i]);
    put_head(out, page, title, 1, version);
    put_line(out, ".SH NAME\n", name, " \\- ");
    put_text(out, command->summary, strcspn(command->summary, "."));
    put_line(out, "\n.SH SYNOPSIS\n.B leadblock ", command->name, "\n");
    put_line(out, "", command->arguments, *command->arguments ? "\n" : "");
    put_line(out, ".SH DESCRIPTION\n", command->summary, "\n");
    put_paragraphs(out, command->text);
    fputs(".SH OPTIONS\n", out);
    put_options(out, command);
    put_option(out, &lb_cli_options[LB_OPT_HELP]);
    put_exit_codes(out);
    fputs(".SH \"SEE ALSO\"\n.BR leadblock (1),\n.BR leadblock.env (5)\n", out);
}

/* --- Any page ----------------------------------------------------------------------------------
 */

static void put_page_of_all(FILE *out, const char *version)
{
    put_head(out, "leadblock.1", "LEADBLOCK", 1, version);
    fputs(leadblock_before, out);
    put_overview(out);
    put_commands(out);
    put_exit_codes(out);
    fputs(".PP\nWhat 1 means for\n.BR check ,\n.BR doctor ,\n.B send\nand\n.B verify\nis said "
          "there.\n",
          out);
    fputs(leadblock_after, out);
}

static void put_page_of_settings(FILE *out, const char *version)
{
    put_head(out, "leadblock.env.5", "LEADBLOCK.ENV", 5, version);
    fputs(settings_before, out);
    for (size_t i = 0; i < LB_SETTING_COUNT; i++)
        put_setting(out, &lb_settings[i]);
    fputs(settings_after, out);
}

bool lb_cli_manual(FILE *out, const char *page, const char *version)
{
    const struct lb_cli_command *command = command_of(page);
    if (command)
        put_page_of(out, command, page, version);
    else if (strcmp(page, "leadblock.1") == 0)
        put_page_of_all(out, version);
    else if (strcmp(page, "leadblock.env.5") == 0)
        put_page_of_settings(out, version);
    else
        return false;
    return true;
}
