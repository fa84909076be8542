#include "cli/input.h"

#include <csv.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define CELL_MAX 65536 /* bytes; a longer one is no identifier, and is cut */

struct reading {
    void *context;
    bool (*each)(void *context, const struct lb_input_item *item);
    uint64_t count;
    bool going;

    /* Of the file that is being read. */
    size_t column; /* of this row, the cell to come */
    size_t wanted; /* the column that is taken */
    uint64_t row;  /* rows seen before this one, empty ones not counted */
    uint64_t line;
    size_t heading; /* rank of the best heading in the first row, 0: it is none */
};

static void give(struct reading *reading, struct lb_str text, uint64_t line)
{
    while (text.len && isspace((unsigned char)text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len && isspace((unsigned char)text.ptr[text.len - 1]))
        text.len--;
    if (!text.len || !reading->going)
        return;
    struct lb_input_item item = {text, line};
    reading->count++;
    reading->going = reading->each(reading->context, &item);
}

/* How well a heading fits, 1 the best; 0 when it is none that we know. */
static size_t rank_heading(struct lb_str cell)
{
    static const char *const known[] = {
        "publicidentifier", "publicid",           "linkedinidentifier", "linkedinurl",
        "linkedinprofile",  "linkedinprofileurl", "personlinkedinurl",  "profileurl",
        "profilelink",      "linkedin",           "identifier",         "url",
    };
    char name[32];
    size_t len = 0;
    for (size_t i = 0; i < cell.len; i++) {
        unsigned char byte = (unsigned char)cell.ptr[i];
        if (byte == ' ' || byte == '_' || byte == '-')
            continue;
        if (len == sizeof name - 1)
            return 0;
        name[len++] = (char)tolower(byte);
    }
    name[len] = '\0';
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i], name) == 0)
            return i + 1;
    }
    return 0;
}

static void take_cell(struct lb_str text, struct reading *reading)
{
    size_t column = reading->column++;
    if (reading->row > 0) {
        if (column == reading->wanted)
            give(reading, text, reading->line);
        return;
    }
    size_t rank = rank_heading(text);
    if (rank && (!reading->heading || rank < reading->heading)) {
        reading->heading = rank;
        reading->wanted = column;
    }
}

/* The first row is given only once it is known to be no heading. */
struct first_cell {
    struct reading *reading;
    struct lb_buf text;
};

static void take_any_cell(void *cell, size_t len, void *context)
{
    struct first_cell *first = context;
    struct lb_str text = {cell ? cell : "", len < CELL_MAX ? len : CELL_MAX};
    if (first->reading->row == 0 && first->reading->column == 0)
        lb_buf_append_str(&first->text, text);
    take_cell(text, first->reading);
}

static void take_row(int end, void *context)
{
    struct first_cell *first = context;
    struct reading *reading = first->reading;
    (void)end;
    if (reading->row == 0 && !reading->heading)
        give(reading, lb_buf_str(&first->text), reading->line);
    if (reading->column)
        reading->row++;
    reading->column = 0;
}

/* Spreadsheets write ; where the comma is a decimal sign. */
static unsigned char delimiter_of(const char *line, size_t len)
{
    if (memchr(line, ',', len))
        return ',';
    return memchr(line, ';', len) ? ';' : memchr(line, '\t', len) ? '\t' : ',';
}

/* libcsv does not say which line it is at, so it is fed line by line. */
static bool parse_file(struct reading *reading, FILE *file, const char *name)
{
    struct csv_parser parser;
    struct first_cell first = {.reading = reading};
    char *line = NULL;
    size_t size = 0;
    ssize_t len;
    bool ok = csv_init(&parser, CSV_APPEND_NULL) == 0;
    while (ok && reading->going && (len = getline(&line, &size, file)) > 0) {
        size_t skip = 0;
        reading->line++;
        if (reading->line == 1 && len >= 3 && memcmp(line, "\xef\xbb\xbf", 3) == 0)
            skip = 3; /* the byte order mark that Excel writes */
        if (reading->line == 1)
            csv_set_delim(&parser, delimiter_of(line, (size_t)len));
        ok = csv_parse(&parser, line + skip, (size_t)len - skip, take_any_cell, take_row, &first) ==
             (size_t)len - skip;
    }
    if (ok && reading->going)
        ok = csv_fini(&parser, take_any_cell, take_row, &first) == 0;
    if (!ok)
        lb_cli_error("%s: line %llu: %s", name, (unsigned long long)reading->line,
                     csv_strerror(csv_error(&parser)));
    else if (ferror(file) || first.text.failed)
        lb_cli_error("%s: cannot be read: %s", name, strerror(errno));
    ok = ok && !ferror(file) && !first.text.failed;
    csv_free(&parser);
    lb_buf_fini(&first.text);
    free(line);
    return ok;
}

static bool read_file(struct reading *reading, const char *name)
{
    bool standard = strcmp(name, "-") == 0;
    FILE *file = standard ? stdin : fopen(name, "re");
    if (!file) {
        lb_cli_error("%s: %s", name, strerror(errno));
        return false;
    }
    reading->column = 0;
    reading->wanted = 0;
    reading->row = 0;
    reading->line = 0;
    reading->heading = 0;
    bool ok = parse_file(reading, file, standard ? "standard input" : name);
    if (!standard)
        fclose(file);
    return ok;
}

int lb_input_read(const struct lb_cli *cli, size_t first, void *context,
                  bool (*each)(void *context, const struct lb_input_item *item))
{
    struct reading reading = {.context = context, .each = each, .going = true};
    const char *file = cli->values[LB_OPT_FILE];
    bool ok = true;
    for (size_t i = first; ok && reading.going && i < cli->argument_count; i++) {
        if (strcmp(cli->arguments[i], "-") == 0)
            ok = read_file(&reading, "-");
        else
            give(&reading, lb_str(cli->arguments[i]), 0);
    }
    if (ok && reading.going && file)
        ok = read_file(&reading, file);
    if (ok && reading.count == 0)
        return lb_cli_usage(cli, "no identifiers: give some as arguments, --file FILE, or - to "
                                 "read standard input");
    return ok && reading.going ? LB_EXIT_DONE : LB_EXIT_FAILED;
}
