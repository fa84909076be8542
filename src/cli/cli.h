/* What the commands share: exit codes, the table of options, a parsed command line, messages.
 *
 * Results go to standard output, everything else to standard error, so that output can be piped.
 * Threads: one. */
#ifndef LB_CLI_CLI_H
#define LB_CLI_CLI_H

#include "base/err.h"
#include "base/str.h"
#include "config/config.h"

#include <stdio.h>

/* The exit codes of every command: X(name, code, meaning). */
#define LB_EXIT_TABLE(X)                                                                           \
    X(DONE, 0, "done")                                                                             \
    X(FAILED, 1, "refused or failed")                                                              \
    X(USAGE, 2, "wrong usage")

enum {
#define LB_EXIT_CODE(name, code, meaning) LB_EXIT_##name = (code),
    LB_EXIT_TABLE(LB_EXIT_CODE)
#undef LB_EXIT_CODE
};

/* What a command is for: the headings of `leadblock help` and of the manual page. */
#define LB_GROUP_TABLE(X)                                                                          \
    X(FIRST_STEPS, "First steps")                                                                  \
    X(DAILY, "Daily work")                                                                         \
    X(OPERATION, "Operation")                                                                      \
    X(DATA, "Data")

enum lb_cli_group {
#define LB_GROUP_ID(name, heading) LB_GROUP_##name,
    LB_GROUP_TABLE(LB_GROUP_ID)
#undef LB_GROUP_ID
        LB_GROUP_COUNT
};

extern const char *const lb_cli_group_headings[LB_GROUP_COUNT];

/* X(name, option, value shown in help or NULL for a switch, help). Two may have one name, which
 * means different things to different commands; no command takes both. */
#define LB_CLI_OPTION_TABLE(X)                                                                     \
    X(DATA, "data", "DIR", "The server's data folder (LEADBLOCK_DATA; ./leadblock-data).")         \
    X(DATABASE, "database", "DATABASE", "When no server runs on the folder (LEADBLOCK_DATABASE).") \
    X(PLAN, "plan", "PLAN", "The license: starter, pro or agency.")                                \
    X(EXPIRES, "expires", "DATE",                                                                  \
      "When it ends: 2027-12-31 (as that day begins, UTC) or 2027-12-31T12:00:00Z.")               \
    X(NAME, "name", "NAME", "What people call it.")                                                \
    X(READ_ONLY, "read-only", NULL, "The key may check and list only.")                            \
    X(REVOKE_KEYS, "revoke-keys", NULL, "Also revoke the API keys that the user made.")            \
    X(RATE_LIMIT, "rate-limit", "N", "Requests per second that this key may make.")                \
    X(ROLE, "role", "ROLE",                                                                        \
      "operator (everything), member (one workspace) or viewer (reads only).")                     \
    X(IN, "in", "WORKSPACE", "The workspace of a member or viewer.")                               \
    X(ID, "id", "ID", "An id of your own, 1 to 64 of A-Z a-z 0-9 _ -.")                            \
    X(BLOCK_ON_REPLY, "block-on-reply", NULL, "Block who replies in the workspace.")               \
    X(SKIP_CONTACTED, "skip-contacted", "DAYS",                                                    \
      "Skip whom another campaign has contacted within so many days, 1 to 3650.")                  \
    X(STOP_COLLEAGUES, "stop-colleagues", NULL,                                                    \
      "A reply ends the sequence for leads of the same company.")                                  \
    X(OFF, "off", "SETTINGS", "Turn these off: block-on-reply,skip-contacted,stop-colleagues.")    \
    X(URL, "url", "URL", "The server (LEADBLOCK_URL; http://127.0.0.1:8080).")                     \
    X(FRONT, "url", "URL", "Look at this address, too, which users open (LEADBLOCK_PUBLIC_URL).")  \
    X(KEY, "key", "KEY", "The key. Better: LEADBLOCK_KEY, which other users cannot see.")          \
    X(WORKSPACE, "workspace", NULL, "The workspace's own list, in place of CAMPAIGN.")             \
    X(FILE, "file", "FILE", "Take identifiers from a CSV or text file; - is standard input.")      \
    X(COLUMN, "column", "COLUMN", "The file's column with the people: its number or heading.")     \
    X(REASON, "reason", "TEXT", "Why, for all of them; up to 500 characters.")                     \
    X(COLUMNS, "columns", "COLUMNS",                                                               \
      "With --all-types: such as 2:domain,5; or one type for all: phone.")                         \
    X(ALL_TYPES, "all-types", NULL,                                                                \
      "Also e-mails, phones, domains, companies, not LinkedIn names alone.")                       \
    X(KIND, "kind", "KIND",                                                                        \
      "Why in one word: opt_out, client, competitor, partner, bounced, legal or other.")           \
    X(EMAIL, "email", "ADDRESS", "An e-mail address, in place of identifiers.")                    \
    X(PHONE, "phone", "NUMBER", "A phone number: +49 170 1234567, or a national one.")             \
    X(DOMAIN, "domain", "DOMAIN", "A domain, with all addresses and websites under it.")           \
    X(COMPANY, "company", "COMPANY", "A company: its page on LinkedIn, or its name.")              \
    X(COUNTRY, "country", "COUNTRY",                                                               \
      "Of a national phone number, such as DE. A workspace may have a default.")                   \
    X(FORCE, "force", NULL, "Also domains of unrelated people: gmail.com, linkedin.com.")          \
    X(BATCH, "batch", "N", "Identifiers per request, 1 to 10000 (1000).")                          \
    X(SKIP_INVALID, "skip-invalid", NULL, "Skip what is invalid, and list it.")                    \
    X(DRY_RUN, "dry-run", NULL, "Change nothing, and say what would be.")                          \
    X(SEARCH, "search", "TEXT", "Only identifiers that contain this.")                             \
    X(AUDIT, "audit", NULL, "What was done in the workspace, in place of a blocklist.")            \
    X(OUTPUT, "output", "FILE", "Write this file; - is standard output (-).")                      \
    X(EXEC, "exec", "PROGRAM", "What to run for each activity, as: sh -c PROGRAM.")                \
    X(PARALLEL, "parallel", "N", "Programs at once, 1 to 64 (1).")                                 \
    X(LEASE, "lease", "SECONDS", "How long an activity is reserved, 1 to 86400 (300).")            \
    X(TIMEOUT, "timeout", "SECONDS", "How long a program may take (15 less than --lease).")        \
    X(ONCE, "once", NULL, "End when nothing is due now; of top: print once.")                      \
    X(POLL, "poll", "SECONDS", "How often to ask when nothing is due (5).")                        \
    X(LIMIT, "limit", "N", "End after so many activities.")                                        \
    X(FROM, "from", "DATABASE", "The source; of restore the data folder of before.")               \
    X(TO, "to", "DATABASE", "The target.")                                                         \
    X(VERIFY, "verify", NULL, "Copy nothing, only compare the two.")                               \
    X(EVIDENCE, "evidence", "FILE", "Compare a statement of `leadblock evidence` with the log.")   \
    X(LEAD, "lead", "IDENTIFIER", "The person whose history the statement has.")                   \
    X(PUBLIC_KEY, "public-key", NULL, "Print the key with which signatures are checked.")          \
    X(ALLOW_WRITES, "allow-writes", NULL, "Also offer the tools block and unblock.")               \
    X(NAMES, "names", NULL, "List the stored names that can match no person.")                     \
    X(ENV_FILE, "env-file", "FILE", "Settings of the service: /etc/leadblock/leadblock.env.")      \
    X(KEEP, "keep", "N", "Of the backups in the folder, keep the newest N, this one included.")    \
    X(KEEP_DAYS, "keep-days", "DAYS", "Keep those of so many days; with --keep, both.")            \
    X(REPLACE, "replace", NULL, "Move the database that is there aside.")                          \
    X(NO_CHECK, "no-check", NULL, "Do not read the copy back.")                                    \
    X(QUIET, "quiet", NULL, "Print nothing; the exit code tells.")                                 \
    X(JSON, "json", NULL, "Print JSON for programs.")                                              \
    X(SETTINGS_MARKDOWN, "settings-markdown", NULL, "Print docs/configuration.md.")                \
    X(MAN, "man", "PAGE",                                                                          \
      "Print a manual page: leadblock.1, leadblock-COMMAND.1, leadblock.env.5.")                   \
    X(HELP, "help", NULL, "Explain the command.")

enum lb_cli_option_id {
#define LB_CLI_OPTION_ID(name, option, value, help) LB_OPT_##name,
    LB_CLI_OPTION_TABLE(LB_CLI_OPTION_ID)
#undef LB_CLI_OPTION_ID
        LB_OPT_COUNT
};

#define LB_BIT(name) ((uint64_t)1 << LB_OPT_##name)

struct lb_cli_option {
    const char *option;
    const char *value;
    const char *help;
};

extern const struct lb_cli_option lb_cli_options[LB_OPT_COUNT];

struct lb_cli;

struct lb_cli_command {
    const char *name; /* "serve", or of two words: "key create" */
    const char *arguments;
    const char *summary;
    const char *text; /* more help and examples */
    uint64_t options; /* bits; HELP is always allowed */
    uint64_t required;
    bool settings;        /* takes the server's settings as options too */
    unsigned least, most; /* arguments */
    int (*run)(struct lb_cli *cli);
    enum lb_cli_group group;
};

/* A parsed command line. The strings are main's own. */
struct lb_cli {
    const struct lb_cli_command *command;
    const char *values[LB_OPT_COUNT]; /* NULL: not given; "" for a switch that was */
    const char **arguments;
    size_t argument_count;
    struct lb_config config; /* of the command with `settings` only */
};

/* The table of all commands, in main.c, ends with a NULL name. */
extern const struct lb_cli_command lb_cli_commands[];

/* Parses what follows the command's name. LB_EXIT_DONE, or LB_EXIT_USAGE after a message. To be
 * released with lb_cli_fini in any case. */
int lb_cli_parse(struct lb_cli *cli, const struct lb_cli_command *command, int count,
                 char *const *words);
void lb_cli_fini(struct lb_cli *cli);

static inline bool lb_cli_given(const struct lb_cli *cli, enum lb_cli_option_id option)
{
    return cli->values[option] != NULL;
}

/* The value of an option, else of the environment variable, else `initial`. An empty variable
 * counts as not set. */
const char *lb_cli_value(const struct lb_cli *cli, enum lb_cli_option_id option,
                         const char *environment, const char *initial);

/* The number that the option holds; false after a message when it is not a number or out of range.
 * `*out` stays as it is when the option is not given. */
bool lb_cli_number(const struct lb_cli *cli, enum lb_cli_option_id option, uint64_t least,
                   uint64_t most, uint64_t *out);

/* The date or time that the option holds, in milliseconds; else as lb_cli_number. */
bool lb_cli_time(const struct lb_cli *cli, enum lb_cli_option_id option, int64_t *out);

/* "leadblock: ..." on standard error. */
void lb_cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, and "See: leadblock help COMMAND". Returns LB_EXIT_USAGE. */
int lb_cli_usage(const struct lb_cli *cli, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* What to do next, on standard error; only when a person is there to read it. */
void lb_cli_hint(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Writes out what was printed. False after a message, of which there is one. */
bool lb_cli_flush(void);

/* The help of one command, or the overview for NULL. */
void lb_cli_help(FILE *out, const struct lb_cli_command *command);

/* Does the command take this option? Not those that only the project's build uses. */
bool lb_cli_takes(const struct lb_cli_command *command, enum lb_cli_option_id option);

/* Writes a manual page, made from the tables of commands and settings. False: no page has
 * that name. */
bool lb_cli_manual(FILE *out, const char *page, const char *version);

#endif
