#include "base/clock.h"
#include "base/suggest.h"
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WORD_MAX 64 /* of an option; longer ones are unknown */

/* Options that name a file or folder. */
#define PATHS                                                                                      \
    (LB_BIT(DATA) | LB_BIT(FILE) | LB_BIT(OUTPUT) | LB_BIT(FROM) | LB_BIT(TO) | LB_BIT(ENV_FILE) | \
     LB_BIT(EVIDENCE))

_Static_assert(LB_OPT_COUNT <= 64, "the options of a command are the bits of an uint64_t");

const struct lb_cli_option lb_cli_options[LB_OPT_COUNT] = {
#define LB_CLI_OPTION_ROW(name, option, value, help) {option, value, help},
    LB_CLI_OPTION_TABLE(LB_CLI_OPTION_ROW)
#undef LB_CLI_OPTION_ROW
};

const char *const lb_cli_group_headings[LB_GROUP_COUNT] = {
#define LB_GROUP_HEADING(name, heading) heading,
    LB_GROUP_TABLE(LB_GROUP_HEADING)
#undef LB_GROUP_HEADING
};

bool lb_cli_takes(const struct lb_cli_command *command, enum lb_cli_option_id option)
{
    if (option == LB_OPT_SETTINGS_MARKDOWN || option == LB_OPT_MAN)
        return false;
    return ((command->options | LB_BIT(HELP)) >> option) & 1;
}

static void print_message(const char *format, va_list args)
{
    fputs("leadblock: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
}

void lb_cli_error(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_message(format, args);
    va_end(args);
}

int lb_cli_usage(const struct lb_cli *cli, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_message(format, args);
    va_end(args);
    fprintf(stderr, "See: leadblock help %s\n", cli->command->name);
    return LB_EXIT_USAGE;
}

void lb_cli_hint(const char *format, ...)
{
    if (!isatty(STDERR_FILENO))
        return;
    va_list args;
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

bool lb_cli_flush(void)
{
    static bool said;
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return true;
    if (!said)
        lb_cli_error("standard output: %s", errno ? strerror(errno) : "it cannot be written");
    said = true;
    return false;
}

static int unknown_option(const struct lb_cli *cli, const char *name)
{
    const char *candidates[LB_OPT_COUNT + LB_SETTING_COUNT];
    size_t count = 0;
    for (size_t i = 0; i < LB_OPT_COUNT; i++) {
        if ((cli->command->options | LB_BIT(HELP)) & ((uint64_t)1 << i))
            candidates[count++] = lb_cli_options[i].option;
    }
    for (size_t i = 0; cli->command->settings && i < LB_SETTING_COUNT; i++)
        candidates[count++] = lb_settings[i].option;
    const char *near = lb_suggest(name, candidates, count);
    if (near)
        return lb_cli_usage(cli, "unknown option --%s; did you mean --%s?", name, near);
    return lb_cli_usage(cli, "unknown option --%s", name);
}

/* A command line on its way through. */
struct words {
    char *const *next;
    char *const *end;
};

/* The value of an option: what is after its "=", else the next word. */
static const char *take_value(struct words *words, const char *equals)
{
    if (equals)
        return equals + 1;
    return words->next < words->end ? *words->next++ : NULL;
}

static int take_setting(struct lb_cli *cli, const struct lb_setting *setting, struct words *words,
                        const char *equals)
{
    struct lb_reason reason;
    bool flag = setting->type == LB_TYPE_flag;
    const char *value = flag && !equals ? "" : take_value(words, equals);
    if (!value)
        return lb_cli_usage(cli, "--%s needs a value: %s", setting->option, setting->value);
    if (lb_config_set(&cli->config, setting, value, &reason))
        return lb_cli_usage(cli, "%s", reason.text);
    return LB_EXIT_DONE;
}

static int take_option(struct lb_cli *cli, const char *word, struct words *words)
{
    char name[WORD_MAX];
    const char *equals = strchr(word, '=');
    size_t len = equals ? (size_t)(equals - word) : strlen(word);
    if (!lb_str_copy((struct lb_str){word, len}, name, sizeof name))
        return lb_cli_usage(cli, "unknown option --%.*s", (int)WORD_MAX, word);
    const struct lb_setting *setting = cli->command->settings ? lb_setting_find(name) : NULL;
    if (setting)
        return take_setting(cli, setting, words, equals);
    for (size_t i = 0; i < LB_OPT_COUNT; i++) {
        const struct lb_cli_option *option = &lb_cli_options[i];
        if (strcmp(option->option, name) != 0 ||
            !((cli->command->options | LB_BIT(HELP)) & ((uint64_t)1 << i)))
            continue;
        if (!option->value && equals)
            return lb_cli_usage(cli, "--%s takes no value", name);
        if (option->value && cli->values[i]) /* one of the values would be left out in silence */
            return lb_cli_usage(cli, "--%s is given twice", name);
        cli->values[i] = option->value ? take_value(words, equals) : "";
        if (!cli->values[i])
            return lb_cli_usage(cli, "--%s needs a value: %s", name, option->value);
        if (!*cli->values[i] && (PATHS >> i) & 1) /* as of a variable that is not set */
            return lb_cli_usage(cli, "--%s: the value is empty", name);
        return LB_EXIT_DONE;
    }
    return unknown_option(cli, name);
}

/* The first argument names what the command is about, and is empty, as a variable is that is not
 * set. With --workspace it is an identifier. */
static bool names_nothing(const struct lb_cli *cli)
{
    char first = *cli->command->arguments;
    return cli->argument_count > 0 && !*cli->arguments[0] && first >= 'A' && first <= 'Z' &&
           !lb_cli_given(cli, LB_OPT_WORKSPACE);
}

static int check_counts(const struct lb_cli *cli)
{
    const struct lb_cli_command *command = cli->command;
    for (size_t i = 0; i < LB_OPT_COUNT; i++) {
        if ((command->required & ((uint64_t)1 << i)) && !cli->values[i])
            return lb_cli_usage(cli, "%s needs --%s %s", command->name, lb_cli_options[i].option,
                                lb_cli_options[i].value);
    }
    if (cli->argument_count < command->least)
        return lb_cli_usage(cli, "%s needs %s", command->name, command->arguments);
    if (names_nothing(cli))
        return lb_cli_usage(cli, "%.*s is empty", (int)strcspn(command->arguments, " ."),
                            command->arguments);
    if (cli->argument_count > command->most)
        return lb_cli_usage(cli, "%s does not know what to do with '%s'", command->name,
                            cli->arguments[command->most]);
    return LB_EXIT_DONE;
}

static int prepare_parsing(struct lb_cli *cli, int count)
{
    struct lb_reason reason;
    /* One more, so that nothing is asked for when there are no words. */
    cli->arguments = calloc((size_t)count + 1, sizeof *cli->arguments);
    if (!cli->arguments || (cli->command->settings && !lb_config_init(&cli->config))) {
        lb_cli_error("out of memory");
        return LB_EXIT_FAILED;
    }
    if (cli->command->settings && lb_config_environment(&cli->config, getenv, &reason))
        return lb_cli_usage(cli, "%s", reason.text);
    return LB_EXIT_DONE;
}

int lb_cli_parse(struct lb_cli *cli, const struct lb_cli_command *command, int count,
                 char *const *words_in)
{
    *cli = (struct lb_cli){.command = command};
    int code = prepare_parsing(cli, count);
    struct words words = {words_in, words_in + count};
    bool options_end = false;
    while (code == LB_EXIT_DONE && words.next < words.end) {
        const char *word = *words.next++;
        if (options_end || word[0] != '-' || strcmp(word, "-") == 0)
            cli->arguments[cli->argument_count++] = word;
        else if (strcmp(word, "--") == 0)
            options_end = true;
        else if (strcmp(word, "-h") == 0)
            cli->values[LB_OPT_HELP] = "";
        else if (word[1] == '-')
            code = take_option(cli, word + 2, &words);
        else
            code =
                lb_cli_usage(cli, "unknown option %s; after -- it is taken as an argument", word);
    }
    if (code == LB_EXIT_DONE && !lb_cli_given(cli, LB_OPT_HELP))
        code = check_counts(cli);
    return code;
}

void lb_cli_fini(struct lb_cli *cli)
{
    free(cli->arguments);
    if (cli->command->settings)
        lb_config_fini(&cli->config);
}

const char *lb_cli_value(const struct lb_cli *cli, enum lb_cli_option_id option,
                         const char *environment, const char *initial)
{
    if (cli->values[option])
        return cli->values[option];
    const char *value = getenv(environment);
    return value && *value ? value : initial;
}

bool lb_cli_number(const struct lb_cli *cli, enum lb_cli_option_id option, uint64_t least,
                   uint64_t most, uint64_t *out)
{
    uint64_t number = 0;
    if (!cli->values[option])
        return true;
    if (!lb_str_to_u64(lb_str(cli->values[option]), most, &number) || number < least) {
        lb_cli_usage(cli, "--%s: '%s' is not a whole number from %llu to %llu",
                     lb_cli_options[option].option, cli->values[option], (unsigned long long)least,
                     (unsigned long long)most);
        return false;
    }
    *out = number;
    return true;
}

bool lb_cli_time(const struct lb_cli *cli, enum lb_cli_option_id option, int64_t *out)
{
    const char *text = cli->values[option];
    if (!text || lb_time_parse(lb_str(text), out))
        return true;
    lb_cli_usage(cli,
                 "--%s: '%s' is not a date such as 2027-12-31 or a time such as "
                 "2027-12-31T12:00:00Z",
                 lb_cli_options[option].option, text);
    return false;
}
