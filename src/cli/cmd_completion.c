/* What bash, zsh and fish need to complete words: made from the tables of commands, options and
 * settings. One list of words for each command, in the syntax of the shell; how a value is
 * completed follows from what help calls it. */
#include "cli/commands.h"

#include <stdio.h>

/* How the values that help calls by this name are completed. */
struct kind {
    const char *value;
    const char *words; /* NULL: files */
    bool folders;
};

static const struct kind kinds[] = {
    {"FILE", NULL, false},
    {"TARGET", NULL, false},
    {"BACKUP", NULL, false},
    {"DIR", NULL, true},
    {"DATABASE", NULL, true},
    {"OLD_FOLDER", NULL, true},
    {"PLAN", "starter pro agency", false},
    {"ROLE", "operator member viewer", false},
    {"LEVEL", "error warn info debug", false},
    {"SHELL", "bash zsh fish", false},
    {"PAGE", "leadblock.1 leadblock.env.5", false},
};

static const struct kind *find_kind(const char *value, size_t len)
{
    for (size_t i = 0; value && i < sizeof kinds / sizeof *kinds; i++) {
        if (strlen(kinds[i].value) == len && strncmp(kinds[i].value, value, len) == 0)
            return &kinds[i];
    }
    return NULL;
}

/* What help calls the argument at `index`: "CAMPAIGN [IDENTIFIER...]" has two. NULL: none. */
static const char *argument_at(const struct lb_cli_command *command, size_t index, size_t *out_len)
{
    for (const char *p = command->arguments; *p;) {
        p += strspn(p, " [");
        *out_len = strspn(p, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_");
        if (!*out_len)
            return NULL;
        if (!index--)
            return p;
        p += strcspn(p, " ");
    }
    return NULL;
}

/* Goes through a command's options, and through its settings, which are options too. */
static void each_option(const struct lb_cli_command *command, void *context,
                        void (*each)(void *context, const char *option, const char *value,
                                     const char *help))
{
    for (size_t i = 0; command->settings && i < LB_SETTING_COUNT; i++)
        each(context, lb_settings[i].option, lb_settings[i].value, lb_settings[i].help);
    for (size_t i = 0; i < LB_OPT_COUNT; i++) {
        if (lb_cli_takes(command, (enum lb_cli_option_id)i))
            each(context, lb_cli_options[i].option, lb_cli_options[i].value,
                 lb_cli_options[i].help);
    }
}

static bool is_first_of_group(const struct lb_cli_command *command)
{
    size_t len = strcspn(command->name, " ");
    for (const struct lb_cli_command *c = lb_cli_commands; c != command; c++) {
        if (strcspn(c->name, " ") == len && strncmp(c->name, command->name, len) == 0)
            return false;
    }
    return true;
}

/* The first words of all commands; with `group`, the second words of its commands. */
static void put_names(const char *group, const char *separator)
{
    const char *before = "";
    size_t len = group ? strcspn(group, " ") : 0;
    for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++) {
        if (group && strncmp(c->name, group, len) == 0 && c->name[len] == ' ')
            printf("%s%s", before, c->name + len + 1);
        else if (!group && is_first_of_group(c))
            printf("%s%.*s", before, (int)strcspn(c->name, " "), c->name);
        else
            continue;
        before = separator;
    }
}

/* The names of commands with two words: printed by `put` once for each first word. */
static void each_group(void (*put)(const char *group))
{
    for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++) {
        if (strchr(c->name, ' ') && is_first_of_group(c))
            put(c->name);
    }
}

/* bash */

static void bash_word(void *context, const char *option, const char *value, const char *help)
{
    const char **before = context;
    printf("%s--%s", *before, option);
    *before = " ";
}

static void bash_group(const char *group)
{
    printf("        %.*s)\n            if ((COMP_CWORD == 2)); then\n"
           "                _leadblock_words \"$current\" \"",
           (int)strcspn(group, " "), group);
    put_names(group, " ");
    puts("\"\n                return\n            fi\n"
         "            command+=\" ${COMP_WORDS[2]}\"\n            first=3\n            ;;");
}

static void bash_complete(const struct kind *kind)
{
    if (kind->words)
        printf("_leadblock_words \"$current\" \"%s\"", kind->words);
    else
        printf("_leadblock_files %s", kind->folders ? "-d" : "-f");
}

/* Is it the name of one of the first options? */
static bool was_named(const char *name, size_t options)
{
    for (size_t i = 0; i < options; i++) {
        if (strcmp(name, lb_cli_options[i].option) == 0)
            return true;
    }
    return false;
}

/* Of options and settings together, the one at `index`; NULL: a switch, or one of that name was
 * there before. */
static const char *valued_at(size_t index, const char **out_value)
{
    if (index < LB_OPT_COUNT) {
        const struct lb_cli_option *option = &lb_cli_options[index];
        *out_value = option->value;
        return option->value && !was_named(option->option, index) ? option->option : NULL;
    }
    const struct lb_setting *setting = &lb_settings[index - LB_OPT_COUNT];
    *out_value = setting->value;
    return setting->value && !was_named(setting->option, LB_OPT_COUNT) ? setting->option : NULL;
}

/* The options whose value is of this kind, as the pattern of a case. False: there are none. */
static bool bash_pattern(const struct kind *kind)
{
    const char *before = "        ";
    bool any = false;
    for (size_t i = 0; i < LB_OPT_COUNT + LB_SETTING_COUNT; i++) {
        const char *value;
        const char *option = valued_at(i, &value);
        if (!option || find_kind(value, strlen(value)) != kind)
            continue;
        printf("%s--%s", before, option);
        before = " | ";
        any = true;
    }
    return any;
}

static void bash_values(void)
{
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (!bash_pattern(&kinds[k]))
            continue;
        printf(") ");
        bash_complete(&kinds[k]);
        puts("; return ;;");
    }
    bash_pattern(NULL);
    puts(") return ;; # anything");
}

static void bash_command(const struct lb_cli_command *command)
{
    const char *before = "";
    size_t len;
    const char *argument;
    printf("        \"%s\")\n            options=\"", command->name);
    each_option(command, &before, bash_word);
    puts("\"");
    for (size_t i = 0; (argument = argument_at(command, i, &len)) != NULL; i++) {
        const struct kind *kind = find_kind(argument, len);
        if (!kind && strncmp(argument, "COMMAND", len) != 0)
            continue;
        printf("            ((COMP_CWORD == first + %zu)) && [[ $current != -* ]] && ", i);
        if (kind) {
            bash_complete(kind);
        } else {
            printf("_leadblock_words \"$current\" \"");
            put_names(NULL, " ");
            printf("\"");
        }
        puts(" && return");
    }
    puts("            ;;");
}

static void print_bash(void)
{
    puts("# Completion of leadblock for bash. Made by: leadblock completion bash\n"
         "_leadblock_words()\n"
         "{\n"
         "    mapfile -t COMPREPLY < <(compgen -W \"$2\" -- \"$1\")\n"
         "}\n"
         "\n"
         "_leadblock_files()\n"
         "{\n"
         "    mapfile -t COMPREPLY < <(compgen \"$1\" -- \"$current\")\n"
         "    compopt -o filenames 2>/dev/null\n"
         "    return 0\n"
         "}\n"
         "\n"
         "_leadblock()\n"
         "{\n"
         "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "    local command=${COMP_WORDS[1]} options='' first=2\n"
         "    COMPREPLY=()\n"
         "    if ((COMP_CWORD == 1)); then");
    printf("        _leadblock_words \"$current\" \"");
    put_names(NULL, " ");
    puts(" --help --version\"\n"
         "        return\n"
         "    fi\n"
         "    if [[ $current == = ]]; then # --plan=agency is three words\n"
         "        current=''\n"
         "    elif [[ $before == = ]]; then\n"
         "        before=${COMP_WORDS[COMP_CWORD-2]}\n"
         "    fi\n"
         "    case $command in");
    each_group(bash_group);
    puts("    esac\n"
         "    case $before in");
    bash_values();
    puts("    esac\n"
         "    case $command in");
    for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++)
        bash_command(c);
    puts("    esac\n"
         "    [[ $current == -* ]] && _leadblock_words \"$current\" \"$options\"\n"
         "    return 0\n"
         "}\n"
         "complete -F _leadblock leadblock");
}

/* zsh and fish show what help says, in single quotes. */
static void put_quoted(const char *text, bool zsh)
{
    for (const char *p = text; *p; p++) {
        if (*p == '\'')
            fputs(zsh ? "'\\''" : "\\'", stdout);
        else if (zsh && (*p == '[' || *p == ']' || *p == ':' || *p == '\\'))
            printf("\\%c", *p);
        else if (!zsh && *p == '\\')
            fputs("\\\\", stdout);
        else
            putchar(*p);
    }
}

/* zsh */

static void zsh_kind(const struct kind *kind)
{
    if (!kind)
        return;
    if (kind->words)
        printf("(%s)", kind->words);
    else
        fputs(kind->folders ? "_files -/" : "_files", stdout);
}

static void zsh_option(void *context, const char *option, const char *value, const char *help)
{
    printf(" \\\n                '*--%s%s[", option, value ? "=" : "");
    put_quoted(help, true);
    putchar(']');
    if (value) {
        printf(":%s:", value);
        zsh_kind(find_kind(value, strlen(value)));
    }
    putchar('\'');
}

static void zsh_command(const struct lb_cli_command *command)
{
    size_t len;
    const char *argument;
    printf("        '%s')\n            _arguments -S", command->name);
    each_option(command, NULL, zsh_option);
    for (size_t i = 0; (argument = argument_at(command, i, &len)) != NULL; i++) {
        const struct kind *kind = find_kind(argument, len);
        bool many = strncmp(argument + len, "...", 3) == 0;
        printf(" \\\n                '%s:%.*s:", many ? "*" : "", (int)len, argument);
        if (strncmp(argument, "COMMAND", len) == 0)
            fputs("_leadblock_names", stdout);
        else
            zsh_kind(kind);
        putchar('\'');
    }
    puts("\n            ;;");
}

static void zsh_group(const char *group)
{
    printf("        %.*s)\n            if ((CURRENT == 2)); then\n"
           "                local -a names=(",
           (int)strcspn(group, " "), group);
    put_names(group, " ");
    puts(")\n                _describe command names\n                return\n            fi\n"
         "            command+=\" $words[2]\"\n            shift words\n"
         "            ((CURRENT--))\n            ;;");
}

static void print_zsh(void)
{
    puts("#compdef leadblock\n"
         "# Completion of leadblock for zsh. Made by: leadblock completion zsh\n"
         "_leadblock_names()\n"
         "{\n"
         "    local -a names=(");
    for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++) {
        if (strchr(c->name, ' ') && !is_first_of_group(c))
            continue;
        printf("        '%.*s:", (int)strcspn(c->name, " "), c->name);
        if (strchr(c->name, ' ')) {
            put_names(c->name, ", ");
        } else {
            put_quoted(c->summary, true);
        }
        puts("'");
    }
    puts("    )\n"
         "    _describe command names\n"
         "}\n"
         "\n"
         "_leadblock()\n"
         "{\n"
         "    if ((CURRENT == 2)); then\n"
         "        _leadblock_names\n"
         "        return\n"
         "    fi\n"
         "    shift words\n"
         "    ((CURRENT--))\n"
         "    local command=$words[1]\n"
         "    case $command in");
    each_group(zsh_group);
    puts("    esac\n"
         "    case $command in");
    for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++)
        zsh_command(c);
    puts("    esac\n"
         "}\n"
         "\n"
         "if [[ $funcstack[1] == _leadblock ]]; then\n"
         "    _leadblock \"$@\"\n"
         "else\n"
         "    compdef _leadblock leadblock\n"
         "fi");
}

/* fish */

static void fish_option(void *context, const char *option, const char *value, const char *help)
{
    const struct lb_cli_command *command = context;
    const struct kind *kind = value ? find_kind(value, strlen(value)) : NULL;
    printf("complete -c leadblock -n '__leadblock_is \"%s\"' -l %s", command->name, option);
    if (value)
        fputs(" -x", stdout);
    if (kind && kind->words)
        printf(" -a '%s'", kind->words);
    else if (kind)
        printf(" -a '(__fish_complete_%s)'", kind->folders ? "directories" : "path");
    fputs(" -d '", stdout);
    put_quoted(help, false);
    puts("'");
}

static void fish_command(const struct lb_cli_command *command)
{
    size_t len;
    const char *argument;
    each_option(command, (void *)command, fish_option);
    for (size_t i = 0; (argument = argument_at(command, i, &len)) != NULL; i++) {
        const struct kind *kind = find_kind(argument, len);
        if (!kind && strncmp(argument, "COMMAND", len) != 0)
            continue;
        printf("complete -c leadblock -n '__leadblock_is \"%s\" %zu' -a '", command->name, i);
        if (!kind)
            put_names(NULL, " ");
        else if (kind->words)
            fputs(kind->words, stdout);
        else
            printf("(__fish_complete_%s)", kind->folders ? "directories" : "path");
        puts("'");
    }
}

static void fish_group(const char *group)
{
    printf("complete -c leadblock -n '__leadblock_is %.*s 0' -a '", (int)strcspn(group, " "),
           group);
    put_names(group, " ");
    puts("'");
}

static void print_fish(void)
{
    puts("# Completion of leadblock for fish. Made by: leadblock completion fish\n"
         "# Is it this command, and with a number: after so many arguments?\n"
         "function __leadblock_is\n"
         "    set -l words (commandline -opc)\n"
         "    set -l name (string split ' ' -- $argv[1])\n"
         "    set -l count (count $name)\n"
         "    test (count $words) -gt $count; or return 1\n"
         "    set -l last (math $count + 1)\n"
         "    test \"$words[2..$last]\" = \"$argv[1]\"; or return 1\n"
         "    test (count $argv) -lt 2; and return 0\n"
         "    test (math (count $words) - $count - 1) -eq $argv[2]\n"
         "end\n"
         "complete -c leadblock -f\n"
         "complete -c leadblock -n __fish_use_subcommand -l help -d 'Explain the commands.'\n"
         "complete -c leadblock -n __fish_use_subcommand -l version -d 'Print the version.'");
    for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++) {
        if (!is_first_of_group(c))
            continue;
        printf("complete -c leadblock -n __fish_use_subcommand -a %.*s -d '",
               (int)strcspn(c->name, " "), c->name);
        if (strchr(c->name, ' '))
            put_names(c->name, ", ");
        else
            put_quoted(c->summary, false);
        puts("'");
    }
    each_group(fish_group);
    for (const struct lb_cli_command *c = lb_cli_commands; c->name; c++)
        fish_command(c);
}

int lb_cmd_completion(struct lb_cli *cli)
{
    static const struct {
        const char *shell;
        void (*print)(void);
    } shells[] = {{"bash", print_bash}, {"zsh", print_zsh}, {"fish", print_fish}};
    for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
        if (strcmp(shells[i].shell, cli->arguments[0]) == 0) {
            shells[i].print();
            return LB_EXIT_DONE;
        }
    }
    return lb_cli_usage(cli, "there is no completion for '%s': say bash, zsh or fish",
                        cli->arguments[0]);
}
