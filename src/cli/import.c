#include "cli/import.h"

#include "base/id.h"
#include "cli/batch.h"
#include "cli/csv.h"
#include "cli/named.h"
#include "cli/source.h"
#include "cli/words.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#define ID_SIZE 32

/* Standard input may be named in place of identifiers. */
static bool names_standard_input(const struct lb_cli *cli)
{
    for (size_t i = lb_cli_first_identifier(cli); i < cli->argument_count; i++)
        if (strcmp(cli->arguments[i], "-") == 0)
            return true;
    return false;
}

bool lb_import_given(const struct lb_cli *cli)
{
    return lb_cli_given(cli, LB_OPT_FILE) || lb_cli_given(cli, LB_OPT_COLUMN) ||
           names_standard_input(cli);
}

/* An option that says something of a file with names of every type, where the file is read for
 * LinkedIn names alone; NULL: none. */
static const char *typed_option(const struct lb_cli *cli)
{
    return lb_cli_given(cli, LB_OPT_ALL_TYPES) ? NULL
           : lb_cli_given(cli, LB_OPT_COLUMNS) ? "--columns"
           : lb_cli_given(cli, LB_OPT_COUNTRY) ? "--country"
           : lb_cli_given(cli, LB_OPT_FORCE)   ? "--force"
                                               : NULL;
}

bool lb_import_options_fit(const struct lb_cli *cli)
{
    int64_t end; /* the server reads it again */
    const char *given = lb_cli_given(cli, LB_OPT_DRY_RUN)     ? "--dry-run"
                        : lb_cli_given(cli, LB_OPT_ALL_TYPES) ? "--all-types"
                        : lb_cli_given(cli, LB_OPT_COLUMNS)   ? "--columns"
                                                              : NULL;
    bool has_file = lb_cli_given(cli, LB_OPT_FILE) || names_standard_input(cli);
    /* --column is of a file of LinkedIn names alone, and the server reads it as one. */
    bool mixed = lb_cli_given(cli, LB_OPT_ALL_TYPES) && lb_cli_given(cli, LB_OPT_COLUMN);
    /* Beside --email and the like, a file itself is wrong, which the command says. */
    const char *typed = has_file && !lb_named_given(cli) ? typed_option(cli) : NULL;
    if (given && !has_file)
        lb_cli_usage(cli, "%s needs a file: give --file FILE", given);
    else if (typed)
        lb_cli_usage(
            cli, "%s needs --all-types: a file is read for LinkedIn names alone without it", typed);
    else if (mixed)
        lb_cli_usage(cli, "with --all-types, name columns by --columns, such as 2:domain");
    return (!given || has_file) && !typed && !mixed && lb_cli_time(cli, LB_OPT_EXPIRES, &end);
}

/* The path of the one file; NULL after a message. */
static const char *path_of(const struct lb_cli *cli)
{
    const char *path = cli->values[LB_OPT_FILE];
    bool standard = names_standard_input(cli);
    size_t first = lb_cli_first_identifier(cli);
    size_t others = cli->argument_count > first ? cli->argument_count - first : 0;
    if (!path && !standard)
        lb_cli_usage(cli, "--column needs a file: give --file FILE, or -");
    else if (path && standard)
        lb_cli_usage(cli, "give one of --file FILE and -, once");
    else if (others > standard)
        lb_cli_usage(cli, "give identifiers or a file, not both");
    else
        return path ? path : "-";
    return NULL;
}

static void put_option(struct lb_buf *query, const char *name, const char *value)
{
    if (!value)
        return;
    lb_buf_printf(query, "&%s=", name);
    lb_url_append(query, lb_str(value));
}

static bool put_leads_path(const struct lb_cli *cli, struct lb_buf *path, const char *after)
{
    lb_buf_append_lit(path, "/v1/campaigns/");
    lb_url_append(path, lb_str(cli->arguments[0]));
    lb_buf_printf(path, "/leads%s", after);
    lb_buf_append(path, "", 1);
    if (path->failed)
        lb_cli_error("out of memory");
    return !path->failed;
}

/* With an id of ours a request that is repeated is part of the same import. */
static void put_id(struct lb_buf *query, const char *action)
{
    char id[ID_SIZE];
    if (!action || strcmp(action, "check") == 0)
        return;
    lb_id_make(id, sizeof id, "im_");
    put_option(query, "importId", id);
}

static bool put_path(const struct lb_cli *cli, const char *action, struct lb_buf *path,
                     const char *after)
{
    return action ? lb_cli_list_path(cli, path, after) : put_leads_path(cli, path, after);
}

/* What only some of the commands have. */
static void put_details(const struct lb_cli *cli, const char *action, struct lb_buf *query)
{
    if (action && lb_cli_given(cli, LB_OPT_DRY_RUN))
        put_option(query, "dryRun", "true");
    if (action && lb_cli_given(cli, LB_OPT_FORCE))
        put_option(query, "force", "true");
    if (!action)
        return;
    put_option(query, "kind", cli->values[LB_OPT_KIND]);
    put_option(query, "expiresAt", cli->values[LB_OPT_EXPIRES]);
    const char *columns = cli->values[LB_OPT_COLUMNS];
    put_option(query, columns && !strpbrk(columns, "0123456789") ? "type" : "columns", columns);
    put_option(query, "defaultCountry", cli->values[LB_OPT_COUNTRY]);
}

void lb_import_put_request(const struct lb_cli *cli, const char *action, struct lb_buf *path)
{
    lb_buf_printf(path, "/import?%s", action ? "action=" : "dryRun=false");
    lb_buf_append_str(path, lb_str(action));
    put_option(path, "column", cli->values[LB_OPT_COLUMN]);
    put_option(path, "reason", cli->values[LB_OPT_REASON]);
    put_details(cli, action, path);
    put_id(path, lb_cli_given(cli, LB_OPT_DRY_RUN) ? NULL : action);
}

/* The path with its query; ends with a NUL. False after a message. */
static bool make_path(const struct lb_cli *cli, const char *action, struct lb_buf *path)
{
    struct lb_buf after = {0};
    lb_import_put_request(cli, action, &after);
    lb_buf_append(&after, "", 1);
    bool made = !after.failed && put_path(cli, action, path, after.ptr);
    if (after.failed)
        lb_cli_error("out of memory");
    lb_buf_fini(&after);
    return made;
}

/* Has a column profiles of people? Then it is to be said which column is meant; else the file may
 * have names of other types. */
static bool has_profiles(const struct lb_json *columns)
{
    for (size_t i = 0; i < lb_json_length(columns); i++)
        if (lb_str_equal(lb_answer_text(lb_json_item(columns, i), "type"),
                         LB_STR("publicIdentifier")))
            return true;
    return false;
}

static void list_columns(const struct lb_cli *cli, const struct lb_json *columns)
{
    for (size_t i = 0; i < lb_json_length(columns); i++) {
        const struct lb_json *column = lb_json_item(columns, i);
        const struct lb_json *samples = lb_json_member(column, "sample");
        char name[32], sample[64] = "";
        lb_input_printable(lb_answer_text(column, "name"), name, sizeof name);
        if (lb_json_length(samples))
            lb_input_printable(lb_json_string(lb_json_item(samples, 0)), sample, sizeof sample);
        fprintf(stderr, "  %2llu  %-31s %s%s\n",
                (unsigned long long)lb_answer_number(column, "number"), name,
                *sample ? "for example " : "", sample);
    }
    if (!lb_json_length(columns))
        return;
    bool profiles = has_profiles(columns);
    if (lb_cli_given(cli, LB_OPT_ALL_TYPES))
        fprintf(stderr, "Choose some with --columns, such as --columns %s.\n",
                profiles ? "2:publicIdentifier" : "2:domain,5");
    else
        fprintf(stderr, "Choose one with --column NUMBER, or --column HEADING.%s\n",
                profiles ? ""
                         : " A list of names and no table\n"
                           "has each name on a line of its own.");
}

/* With the id of the import, if it changed anything. */
static void print_message(const struct lb_answer *answer, const char *undo)
{
    const struct lb_json *json = answer->json;
    struct lb_str id = lb_answer_text(json, "importId");
    if (!id.len || lb_answer_number(json, "blocked") + lb_answer_number(json, "unblocked") == 0) {
        lb_answer_print_message(answer);
        return;
    }
    struct lb_str message = lb_answer_text(json, "message");
    printf("%.*s (%.*s)\n", (int)message.len, message.ptr, (int)id.len, id.ptr);
    lb_cli_hint("To take it back: leadblock %s %.*s", undo, (int)id.len, id.ptr);
}

/* What was recorded before it broke off stays. */
static void explain_broken_off(const struct lb_answer *answer, const char *undo)
{
    struct lb_str id = lb_answer_text(answer->json, "importId");
    if (id.len)
        fprintf(stderr, "To take back what was recorded: leadblock %s %.*s\n", undo, (int)id.len,
                id.ptr);
}

/* What a column of this type has; NULL: it is not known. */
static const char *names_of(struct lb_str type)
{
    static const char *const words[][2] = {{"publicIdentifier", "LinkedIn names"},
                                           {"email", "e-mail addresses"},
                                           {"phone", "phone numbers"},
                                           {"domain", "domains"},
                                           {"company", "companies"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (lb_str_equal(type, lb_str(words[i][0])))
            return words[i][1];
    return NULL;
}

/* Which columns were taken as what, when it was a file of names of every type. */
static void print_taken(const struct lb_answer *answer)
{
    const struct lb_json *taken = lb_json_member(answer->json, "taken");
    for (size_t i = 0; i < lb_json_length(taken); i++) {
        const struct lb_json *column = lb_json_item(taken, i);
        const char *what = names_of(lb_answer_text(column, "type"));
        char name[64];
        lb_input_printable(lb_answer_text(column, "name"), name, sizeof name);
        printf("column %llu%s%s%s: %s\n", (unsigned long long)lb_answer_number(column, "number"),
               *name ? " (" : "", name, *name ? ")" : "", what ? what : "as each row says");
    }
}

/* "2:publicIdentifier,3:email" in words; empty when there are none. */
static void put_columns(struct lb_buf *out, const char *list)
{
    struct lb_str rest = lb_str(list);
    while (rest.len) {
        const char *comma = memchr(rest.ptr, ',', rest.len);
        struct lb_str one = {rest.ptr, comma ? (size_t)(comma - rest.ptr) : rest.len};
        const char *colon = memchr(one.ptr, ':', one.len);
        size_t digits = colon ? (size_t)(colon - one.ptr) : one.len;
        const char *what = colon ? names_of(lb_str_skip(one, digits + 1)) : NULL;
        uint64_t number;
        if (lb_str_to_u64((struct lb_str){one.ptr, digits}, UINT32_MAX, &number))
            lb_buf_printf(out, "%scolumn %llu (%s)", out->len ? ", " : "",
                          (unsigned long long)number, what ? what : "names");
        rest = lb_str_skip(rest, one.len + (comma != NULL));
    }
    lb_buf_append(out, "", 1);
}

void lb_import_explain_columns(const struct lb_cli *cli, const struct lb_answer *answer)
{
    struct lb_buf checked = {0}, unchecked = {0};
    put_columns(&checked, answer->checked);
    put_columns(&unchecked, answer->unchecked);
    if (checked.failed || unchecked.failed) {
        lb_cli_error("out of memory: which columns were checked is not shown");
    } else if (*unchecked.ptr) {
        fprintf(stderr,
                "Checked: %s.\nNot checked: %s. Who is blocked by these alone is shown as "
                "allowed: %s.\n",
                checked.ptr, unchecked.ptr,
                lb_cli_given(cli, LB_OPT_ALL_TYPES) ? "name all columns with --columns"
                                                    : "--all-types checks them, too");
    } else if (*checked.ptr) {
        lb_cli_hint("Checked: %s.", checked.ptr);
    }
    lb_buf_fini(&checked);
    lb_buf_fini(&unchecked);
}

/* What was read otherwise than it stands there, or not at all; line 0: all of a column. */
static void explain_warnings(const struct lb_json *json)
{
    const struct lb_json *warnings = lb_json_member(json, "warnings");
    size_t shown = lb_json_length(warnings);
    uint64_t count = lb_answer_number(json, "warningCount");
    for (size_t i = 0; i < shown; i++) {
        const struct lb_json *warning = lb_json_item(warnings, i);
        uint64_t line = lb_answer_number(warning, "line");
        struct lb_str reason = lb_answer_text(warning, "reason");
        struct lb_buf here = {0};
        lb_words_put(&here, reason);
        struct lb_str shown_as = here.failed ? reason : lb_buf_str(&here);
        if (line)
            fprintf(stderr, "line %llu: ", (unsigned long long)line);
        fprintf(stderr, "%.*s\n", (int)shown_as.len, shown_as.ptr);
        lb_buf_fini(&here);
    }
    if (count > shown)
        fprintf(stderr, "and %llu more warning%s\n", (unsigned long long)(count - shown),
                count - shown == 1 ? "" : "s");
}

/* How many rows the answer speaks of and does not list, of those that are not taken. */
static uint64_t rows_left(const struct lb_json *json)
{
    uint64_t skipped = lb_answer_number(json, "bad") + lb_answer_number(json, "blank");
    uint64_t count =
        json && lb_json_member(json, "errorCount") ? lb_answer_number(json, "errorCount") : skipped;
    size_t shown = lb_json_length(lb_json_member(json, "errors"));
    return count > shown ? count - shown : 0;
}

/* Prints a line for each row of a CSV answer, but for so many that are shown already. */
static bool print_left(const struct lb_answer *answer, size_t shown)
{
    struct lb_csv_row row;
    char *at = answer->body.ptr;
    char *end = at ? at + answer->body.len : at;
    for (size_t rows = 0; at < end; rows++) { /* the first has the headings */
        uint64_t line = 0;
        if (!lb_csv_next(&at, end, &row) || row.count != 3)
            return false;
        lb_str_to_u64(row.cells[0], UINT64_MAX, &line);
        if (rows > shown)
            lb_input_explain(line, row.cells[1], row.cells[2]);
    }
    return answer->csv;
}

/* Of a try all rows are listed that are not taken: the server is asked for those that its answer
 * had no room for. */
static void list_left(const struct lb_import_file *file, struct lb_client *client,
                      const struct lb_answer *tried)
{
    struct lb_answer answer = {0};
    size_t shown = lb_json_length(lb_json_member(tried->json, "errors"));
    if (!lb_cli_given(file->cli, LB_OPT_DRY_RUN) || rows_left(tried->json) == 0)
        return;
    struct lb_client_request call = {
        .method = "POST", .path = file->path, .file = file->source, .asks_csv = true};
    if (lb_client_call(client, &call, &answer) && !print_left(&answer, shown))
        lb_cli_error("the server's answer is no list of rows");
    lb_answer_fini(&answer);
}

/* What there is to say of its rows. */
static void explain_rows(const struct lb_cli *cli, const struct lb_answer *answer)
{
    const struct lb_json *json = answer->json;
    uint64_t left = rows_left(json);
    explain_warnings(json);
    lb_answer_explain_items(lb_json_member(json, "errors"));
    if (left)
        fprintf(stderr, "and %llu more%s\n", (unsigned long long)left,
                lb_cli_given(cli, LB_OPT_DRY_RUN)            ? ":"
                : lb_cli_takes(cli->command, LB_OPT_DRY_RUN) ? "; --dry-run lists all"
                                                             : "");
}

static int print_done(const struct lb_import_file *file, struct lb_client *client,
                      const struct lb_answer *answer)
{
    explain_rows(file->cli, answer);
    list_left(file, client, answer);
    if (lb_cli_given(file->cli, LB_OPT_JSON)) {
        lb_answer_print_json(answer);
    } else {
        print_taken(answer);
        print_message(answer, file->undo);
    }
    if (lb_answer_number(answer->json, "people"))
        return LB_EXIT_DONE;
    lb_cli_error("there are no names or addresses in the file");
    return LB_EXIT_FAILED;
}

/* A file of which hardly a row has a LinkedIn name may be of names of other types. */
static void suggest_all_types(const struct lb_cli *cli, const struct lb_answer *answer)
{
    uint64_t people = lb_answer_number(answer->json, "people");
    const struct lb_json *columns = lb_json_member(answer->json, "columns");
    bool no_column = lb_json_length(columns) > 0;
    if (!lb_cli_takes(cli->command, LB_OPT_ALL_TYPES) || lb_cli_given(cli, LB_OPT_ALL_TYPES) ||
        has_profiles(columns) ||
        (!no_column && lb_answer_number(answer->json, "errorCount") <= people))
        return;
    fputs("E-mail addresses, phone numbers, domains and companies are read with --all-types.\n",
          stderr);
}

/* A refusal that says what is wrong with the file. */
static int explain(const struct lb_import_file *file, struct lb_client *client,
                   const struct lb_answer *answer)
{
    uint64_t bad = lb_answer_number(answer->json, "errorCount");
    lb_batch_explain_refusal(client, answer, bad + lb_answer_number(answer->json, "people"));
    if (rows_left(answer->json) && !lb_cli_given(file->cli, LB_OPT_DRY_RUN) &&
        lb_cli_takes(file->cli->command, LB_OPT_DRY_RUN))
        fputs("--dry-run lists all rows that are not taken.\n", stderr);
    list_left(file, client, answer);
    list_columns(file->cli, lb_json_member(answer->json, "columns"));
    suggest_all_types(file->cli, answer);
    return LB_EXIT_FAILED;
}

/* Was the file refused for nothing but rows without a person, which exports have? */
static bool is_only_blank(const struct lb_answer *answer)
{
    return answer->status == 400 && lb_answer_number(answer->json, "blank") > 0 &&
           lb_answer_number(answer->json, "bad") == 0;
}

static int send_file(const struct lb_import_file *file, struct lb_client *client, bool strict)
{
    struct lb_buf path = {0};
    struct lb_answer answer = {0};
    int code = LB_EXIT_FAILED;
    bool again = false;
    lb_buf_printf(&path, "%s%s", file->path, strict ? "&strict=true" : "");
    lb_buf_append(&path, "", 1);
    struct lb_client_request call = {.method = "POST", .path = path.ptr, .file = file->source};
    if (path.failed) {
        lb_cli_error("out of memory");
    } else if (lb_client_call_or(client, &call, 400, &answer)) {
        again = strict && is_only_blank(&answer);
        if (answer.status != 400)
            code =
                file->print ? file->print(file->cli, &answer) : print_done(file, client, &answer);
        else if (!again)
            code = explain(file, client, &answer);
    } else {
        explain_broken_off(&answer, file->undo);
    }
    lb_answer_fini(&answer);
    lb_buf_fini(&path);
    return again ? send_file(file, client, false) : code;
}

/* Takes `cell`, quoted or not, and the separator after it from the line. */
static bool take_heading(struct lb_str *line, const char *cell)
{
    size_t len = strlen(cell);
    bool quoted = line->len && *line->ptr == '"';
    struct lb_str rest = lb_str_skip(*line, quoted);
    if (rest.len <= len + quoted || strncasecmp(rest.ptr, cell, len) != 0 ||
        (quoted && rest.ptr[len] != '"'))
        return false;
    rest = lb_str_skip(rest, len + quoted);
    if (!memchr(",;\t", *rest.ptr, 3))
        return false;
    *line = lb_str_skip(rest, 1);
    return true;
}

/* Does the file begin as `leadblock export --all-types` writes it? Read as a file of LinkedIn names
 * alone, its other rows would count as blank. */
static bool has_all_types(const struct lb_source *source)
{
    char first[64];
    ssize_t got = pread(fileno(source->file), first, sizeof first, 0);
    struct lb_str line = {first, got > 0 ? (size_t)got : 0};
    if (line.len > 3 && memcmp(line.ptr, "\xef\xbb\xbf", 3) == 0)
        line = lb_str_skip(line, 3);
    return take_heading(&line, "type") && take_heading(&line, "value");
}

int lb_import_send(const struct lb_import_file *file, struct lb_client *client)
{
    const struct lb_cli *cli = file->cli;
    if (lb_cli_takes(cli->command, LB_OPT_ALL_TYPES) && !lb_cli_given(cli, LB_OPT_ALL_TYPES) &&
        !lb_cli_given(cli, LB_OPT_COLUMN) && has_all_types(file->source))
        return lb_cli_usage(cli, "the file has names of every type: give --all-types");
    return send_file(file, client, !lb_cli_given(file->cli, LB_OPT_SKIP_INVALID));
}

int lb_import_run(const struct lb_cli *cli, const char *action,
                  int (*print)(const struct lb_cli *cli, const struct lb_answer *answer))
{
    struct lb_source source = {0};
    struct lb_client *client = NULL;
    struct lb_buf path = {0};
    const char *file = path_of(cli);
    int code = LB_EXIT_USAGE;
    if (file && make_path(cli, action, &path)) {
        struct lb_import_file import = {cli, path.ptr, "undo", &source, print};
        code = LB_EXIT_FAILED;
        if (lb_source_open(&source, file) && (client = lb_client_open(cli)))
            code = lb_import_send(&import, client);
        lb_client_close(client);
    }
    lb_source_close(&source);
    lb_buf_fini(&path);
    return code;
}
