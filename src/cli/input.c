#include "cli/input.h"

#include "cli/layout.h"
#include "cli/source.h"
#include "domain/blocklist/identifier.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define SHOWN_MAX    20 /* faults that are explained one by one */
#define BLANKS_SHOWN 5

static const char NOT_ADDRESS[] =
    "is not a LinkedIn address, as the heading of its column says; give the address "
    "(https://www.linkedin.com/in/...), or choose the column with --column";
static const char SALES_NAVIGATOR[] =
    "is a Sales Navigator address; choose a column with addresses of profiles with --column";
static const char SEVERAL[] = "holds more than one address or name; put each on a line of its own";
static const char TOO_SHORT[] = "the row ends before the column that is taken";
static const char EMPTY[] =
    "the row has nothing in the column that is taken; another column could be: see --column";
static const char TOO_LONG[] =
    "the row has more cells than the heading; put a cell that holds a delimiter in quotation marks";

struct input {
    const struct lb_cli *cli;
    size_t first; /* argument */
    bool stored;  /* arguments may be stored under earlier rules */
    struct lb_source source;
    struct lb_layout layout;

    /* Of the judging: the first time that everything is read. */
    uint64_t good;
    uint64_t bad;
    uint64_t blank;
    uint64_t blank_lines[BLANKS_SHOWN];

    /* Of the giving: the second time. */
    bool giving;
    bool going;
    void *context;
    bool (*each)(void *context, const struct lb_input_item *item);
};

void lb_input_explain(uint64_t line, struct lb_str value, struct lb_str reason)
{
    char shown[200];
    lb_layout_printable(value, shown, sizeof shown);
    if (line)
        fprintf(stderr, "line %" PRIu64 ": ", line);
    fprintf(stderr, "'%s': %.*s\n", shown, (int)reason.len, reason.ptr);
}

void lb_input_advise(uint64_t bad, uint64_t all)
{
    if (all > 1 && bad * 2 > all)
        fprintf(stderr,
                "%" PRIu64 " of %" PRIu64 " are invalid: this is probably the wrong column "
                "(--column takes another) or the wrong file.\n",
                bad, all);
    else
        fputs("Fix them, or skip them with --skip-invalid. Repeating the command is safe.\n",
              stderr);
}

/* What follows `word` in the text; NULL when it is not in there. */
static const char *after(struct lb_str text, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i + len <= text.len; i++) {
        if (strncasecmp(text.ptr + i, word, len) == 0)
            return text.ptr + i + len;
    }
    return NULL;
}

/* Why the text is no name, NULL when it is one: in static storage or in `out`. */
static const char *refuse(const struct input *input, struct lb_str text, uint64_t line,
                          struct lb_identifier *out)
{
    struct lb_identifier before;
    const char *why = lb_identifier_normalise(text, out);
    bool may_be_stored = why && input->stored && !line && lb_identifier_before(text, NULL, &before);
    return may_be_stored ? NULL : why;
}

/* Gives one item, or judges it. `fault` is what is known to be wrong with it already. */
static void take(struct input *input, struct lb_str text, uint64_t line, const char *fault)
{
    struct lb_identifier identifier;
    if (!input->going)
        return;
    const char *invalid = refuse(input, text, line, &identifier);
    bool address = lb_layout_is_address(text);
    if (!fault && !address && memchr(text.ptr, '|', text.len))
        fault = SEVERAL;
    if (!fault)
        fault = invalid;
    if (!fault && line && input->layout.addresses && !address)
        fault = NOT_ADDRESS;
    if (!fault && line && input->layout.addresses && after(text, "/sales/"))
        fault = SALES_NAVIGATOR;
    if (input->giving) {
        struct lb_input_item item = {text, line, fault};
        input->going = input->each(input->context, &item);
        return;
    }
    if (!fault) {
        input->good++;
        return;
    }
    input->bad++;
    if (!lb_cli_given(input->cli, LB_OPT_SKIP_INVALID) && input->bad <= SHOWN_MAX)
        lb_input_explain(line, text, lb_str(fault));
}

/* The bytes of the separator that the text begins with, 0 when it begins with none. */
static size_t separator(struct lb_str text)
{
    static const char *const separators[] = {",",  ";",  "\t", "|",
                                             "，", "；", "、", NULL}; /* Chinese, Japanese */
    for (const char *const *each = separators; *each; each++) {
        size_t len = strlen(*each);
        if (len <= text.len && memcmp(text.ptr, *each, len) == 0)
            return len;
    }
    return 0;
}

static struct lb_str skip(struct lb_str text, size_t len)
{
    return (struct lb_str){text.ptr + len, text.len - len};
}

/* The next of the names that separators divide; false when there are no more. */
static bool next_name(struct lb_str *rest, struct lb_str *out)
{
    size_t len;
    while (rest->len && ((len = separator(*rest)) != 0 || rest->ptr[0] == ' '))
        *rest = skip(*rest, len ? len : 1);
    len = 0;
    while (len < rest->len && rest->ptr[len] && !separator(skip(*rest, len)))
        len++;
    *out = (struct lb_str){rest->ptr, len};
    rest->ptr += len;
    rest->len -= len;
    return len > 0;
}

/* A line of a list, or an argument: all of its names, or the line as a whole is invalid. */
static void take_line(struct input *input, struct lb_str text, uint64_t line)
{
    struct lb_str rest = text;
    struct lb_str name;
    struct lb_identifier good, bad; /* the reason may be in the bad one */
    size_t names = 0;
    const char *fault = NULL;
    if (lb_layout_is_address(text)) {
        take(input, text, line, NULL);
        return;
    }
    for (; next_name(&rest, &name); names++) {
        const char *invalid = refuse(input, name, line, fault ? &good : &bad);
        fault = fault ? fault : invalid;
    }
    if (fault || !names) {
        take(input, text, line, names > 1 ? fault : NULL);
        return;
    }
    for (rest = text; next_name(&rest, &name);)
        take(input, name, line, NULL);
}

/* Something to recognise the row by. */
static struct lb_str first_cell(const struct lb_csv_row *row)
{
    size_t i = 0;
    while (i + 1 < row->count && !row->cells[i].len)
        i++;
    return row->cells[i];
}

static bool take_row(void *context, const struct lb_csv_row *row)
{
    struct input *input = context;
    const struct lb_layout *layout = &input->layout;
    if (row->line <= layout->heading_line || row->blank)
        return true;
    if (!layout->table) {
        take_line(input, row->cells[0], row->line);
        return input->going;
    }
    size_t filled = row->count;
    while (filled && !row->cells[filled - 1].len)
        filled--;
    if (filled > layout->width) {
        take(input, row->cells[layout->column], row->line, TOO_LONG);
    } else if (row->count <= layout->column) {
        take(input, first_cell(row), row->line, TOO_SHORT);
    } else if (row->cells[layout->column].len) {
        take(input, row->cells[layout->column], row->line, NULL);
    } else if (layout->rivals) {
        take(input, first_cell(row), row->line, EMPTY);
    } else if (!input->giving) {
        if (input->blank < BLANKS_SHOWN)
            input->blank_lines[input->blank] = row->line;
        input->blank++;
    }
    return input->going;
}

static bool walk_source(struct input *input)
{
    struct lb_csv *csv = calloc(1, sizeof *csv);
    if (!csv) {
        lb_cli_error("out of memory");
        return false;
    }
    lb_csv_init(csv, input->layout.delimiter, input, take_row);
    bool read = lb_source_feed(&input->source, csv, 0);
    if (read && csv->error)
        lb_cli_error("%s: line %" PRIu64 " %s. %s", input->source.name, csv->error_line, csv->error,
                     input->giving ? "The file changed while it was read." : "Nothing was sent.");
    read = read && !csv->error;
    lb_csv_fini(csv);
    free(csv);
    return read;
}

/* Everything once, in the order given. False after a message. */
static bool walk(struct input *input)
{
    const struct lb_cli *cli = input->cli;
    bool ok = true;
    for (size_t i = input->first; ok && input->going && i < cli->argument_count; i++) {
        if (strcmp(cli->arguments[i], "-") == 0)
            ok = walk_source(input);
        else if (*cli->arguments[i])
            take_line(input, lb_str(cli->arguments[i]), 0);
    }
    if (ok && input->going && cli->values[LB_OPT_FILE])
        ok = walk_source(input);
    return ok;
}

static int open_source(struct input *input)
{
    const struct lb_cli *cli = input->cli;
    const char *column = cli->values[LB_OPT_COLUMN];
    const char *path = cli->values[LB_OPT_FILE];
    size_t count = path != NULL;
    for (size_t i = input->first; i < cli->argument_count; i++) {
        if (strcmp(cli->arguments[i], "-") != 0)
            continue;
        path = "-";
        count++;
    }
    if (count > 1)
        return lb_cli_usage(cli, "give one of --file FILE and -, once");
    if (column && !path)
        return lb_cli_usage(cli, "--column needs a file: give --file FILE, or -");
    if (!path)
        return LB_EXIT_DONE;
    if (!lb_source_open(&input->source, path))
        return LB_EXIT_FAILED;
    return lb_layout_find(&input->source, column, &input->layout);
}

/* Is what was read fit to be sent? */
static int judge(struct input *input)
{
    bool skip = lb_cli_given(input->cli, LB_OPT_SKIP_INVALID);
    if (!walk(input))
        return LB_EXIT_FAILED;
    if (input->blank) {
        fprintf(stderr, "leadblock: %s: %" PRIu64 " row%s nothing in column %zu: line%s",
                input->source.name, input->blank, input->blank == 1 ? " has" : "s have",
                input->layout.column + 1, input->blank == 1 ? "" : "s");
        for (size_t i = 0; i < input->blank && i < BLANKS_SHOWN; i++)
            fprintf(stderr, "%s %" PRIu64, i ? "," : "", input->blank_lines[i]);
        fputs(input->blank > BLANKS_SHOWN ? " ...\n" : "\n", stderr);
    }
    if (!input->good && !input->bad && input->source.file) {
        lb_cli_error("%s: there are no names or addresses in it", input->source.name);
        return LB_EXIT_FAILED;
    }
    if (!input->good && !input->bad)
        return lb_cli_usage(input->cli, "no identifiers: give some as arguments, --file FILE, or "
                                        "- to read standard input");
    if (!input->bad || (skip && input->good))
        return LB_EXIT_DONE;
    if (!skip && input->bad > SHOWN_MAX)
        fprintf(stderr, "and %" PRIu64 " more\n", input->bad - SHOWN_MAX);
    if (!input->cli->values[LB_OPT_FILE] && !input->source.file)
        lb_input_advise(1, 2);
    else
        lb_input_advise(input->bad, input->bad + input->good);
    lb_cli_error("nothing was sent");
    return LB_EXIT_FAILED;
}

int lb_input_read(const struct lb_cli *cli, size_t first, bool stored, void *context,
                  bool (*each)(void *context, const struct lb_input_item *item))
{
    struct input input = {.cli = cli,
                          .first = first,
                          .stored = stored,
                          .going = true,
                          .context = context,
                          .each = each};
    int code = open_source(&input);
    if (code == LB_EXIT_DONE)
        code = judge(&input);
    if (code == LB_EXIT_DONE) {
        input.giving = true;
        code = walk(&input) && input.going ? LB_EXIT_DONE : LB_EXIT_FAILED;
    }
    lb_source_close(&input.source);
    return code;
}
