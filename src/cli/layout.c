#include "cli/layout.h"

#include "base/utf8.h"
#include "domain/blocklist/identifier.h"

#include <ctype.h>
#include <stdlib.h>
#include <strings.h>

#define KEPT_ROWS   12               /* at the top, among which the heading is looked for */
#define KEPT_CELLS  LB_CSV_CELLS_MAX /* of each */
#define KEPT_BYTES  160              /* of each cell */
#define WIDTH_MAX   (LB_CSV_CELLS_MAX + 1)
#define SHOWN_CELLS 64 /* columns that a message lists */
#define SHOWN_BYTES 60 /* of a sample */

static const char delimiters[] = {',', ';', '\t', '|'};

struct kept_row {
    uint64_t line;
    size_t count;  /* of all its cells */
    size_t filled; /* with something in them */
    char cells[KEPT_CELLS][KEPT_BYTES];
};

/* The file as one delimiter cuts it. */
struct look {
    struct lb_csv csv;
    bool skip_first; /* line 1 is sep= */
    uint64_t rows;   /* that are not blank */
    uint64_t widths[WIDTH_MAX];
    size_t width; /* the one that most rows have, of those of at least 2; 0: none has */
    uint64_t agree;
    size_t kept;
    struct kept_row top[KEPT_ROWS];
    const struct kept_row *heading; /* the row with a heading that is known or asked for */
    size_t column;                  /* in it */
    size_t matches;                 /* columns with this heading */
    size_t known;                   /* columns with any such heading */
};

bool lb_layout_is_address(struct lb_str text)
{
    return memchr(text.ptr, '/', text.len) != NULL;
}

void lb_layout_printable(struct lb_str text, char *out, size_t size)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    size_t len = 0;
    size_t at = 0;
    while (at < text.len) {
        size_t bytes = lb_utf8_printable_length(p + at, p + text.len);
        size_t room = size - 1 - (text.len - at > size - 1 - len ? 3 : 0);
        if (len + (bytes ? bytes : 1) > room)
            break;
        if (bytes)
            memcpy(out + len, text.ptr + at, bytes);
        else
            out[len] = '?';
        len += bytes ? bytes : 1;
        at += bytes ? bytes : 1;
    }
    strcpy(out + len, at < text.len ? "..." : "");
}

/* Letters and digits in lower case: "LinkedIn URL*" and "linkedin_url" are one heading. */
static void simplify(const char *heading, char *out, size_t size)
{
    size_t len = 0;
    for (; *heading && len + 1 < size; heading++) {
        unsigned char byte = (unsigned char)*heading;
        bool hard_space = byte == 0xc2 && (unsigned char)heading[1] == 0xa0;
        if (hard_space)
            heading++;
        else if (isalnum(byte) || byte >= 0x80)
            out[len++] = (char)tolower(byte);
    }
    out[len] = '\0';
}

/* How well a heading fits, 1 the best; 0 when we do not know it. */
static size_t rank_heading(const char *heading, bool *out_addresses)
{
    static const struct {
        const char *name;
        bool addresses;
    } known[] = {
        {"publicidentifier", false}, {"publicid", false},       {"linkedinidentifier", false},
        {"linkedinurl", true},       {"linkedinprofile", true}, {"linkedinprofileurl", true},
        {"personlinkedinurl", true}, {"profileurl", true},      {"profilelink", true},
        {"linkedin", true},          {"identifier", false},     {"url", true},
    };
    char name[KEPT_BYTES];
    simplify(heading, name, sizeof name);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (strcmp(known[i].name, name) != 0)
            continue;
        *out_addresses = known[i].addresses;
        return i + 1;
    }
    return 0;
}

/* Words that are headings of columns in lists of people, not people. */
static bool is_heading_word(const char *cell)
{
    static const char *const words[] = {"name",    "firstname", "lastname", "fullname",
                                        "company", "email",     "title",    "username",
                                        "handle",  "id",        "reason",   "city"};
    bool addresses;
    char name[KEPT_BYTES];
    simplify(cell, name, sizeof name);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i], name) == 0)
            return true;
    }
    return rank_heading(cell, &addresses) != 0;
}

static bool keep_row(void *context, const struct lb_csv_row *row)
{
    struct look *look = context;
    if (row->blank || (look->skip_first && row->line == 1))
        return true;
    look->rows++;
    look->widths[row->count < WIDTH_MAX ? row->count : WIDTH_MAX - 1]++;
    if (look->kept == KEPT_ROWS)
        return true;
    struct kept_row *kept = &look->top[look->kept++];
    kept->line = row->line;
    kept->count = row->count;
    for (size_t i = 0; i < row->count; i++) {
        kept->filled += row->cells[i].len > 0;
        if (i < KEPT_CELLS)
            lb_layout_printable(row->cells[i], kept->cells[i], KEPT_BYTES);
    }
    return true;
}

static size_t cells_of(const struct kept_row *row)
{
    return row->count < KEPT_CELLS ? row->count : KEPT_CELLS;
}

/* How well cell `i` of the row fits: as a heading that is asked for, else as one that we know. */
static size_t rank_cell(const struct kept_row *row, size_t i, const char *wanted)
{
    char name[KEPT_BYTES];
    char cell[KEPT_BYTES];
    bool ignored;
    if (!wanted)
        return rank_heading(row->cells[i], &ignored);
    if (strcmp(row->cells[i], wanted) == 0)
        return 1;
    simplify(wanted, name, sizeof name);
    simplify(row->cells[i], cell, sizeof cell);
    return *name && strcmp(cell, name) == 0 ? 2 : 0;
}

static void find_in_row(struct look *look, const struct kept_row *row, const char *wanted)
{
    size_t best = 0;
    for (size_t i = 0; i < cells_of(row); i++) {
        size_t rank = rank_cell(row, i, wanted);
        look->known += rank > 0;
        if (!rank || (best && rank > best))
            continue;
        look->matches = rank == best ? look->matches + 1 : 1;
        look->column = rank == best ? look->column : i;
        best = rank;
        look->heading = row;
    }
}

/* Could the row be a title or a note above the heading? */
static bool is_title(const struct kept_row *row)
{
    for (size_t i = 0; i < cells_of(row); i++) {
        if (lb_layout_is_address(lb_str(row->cells[i])))
            return false;
    }
    return row->filled < 2;
}

static void find_heading(struct look *look, const char *wanted)
{
    bool one_column = look->csv.delimiter == '\0';
    for (size_t r = 0; r < look->kept && !look->heading; r++) {
        const struct kept_row *row = &look->top[r];
        if (one_column || row->count > 1)
            find_in_row(look, row, wanted);
        if (one_column || !is_title(row))
            return;
    }
}

static bool take_look(struct lb_source *source, struct look *look, char delimiter, bool skip_first)
{
    lb_csv_init(&look->csv, delimiter, look, keep_row);
    look->skip_first = skip_first;
    bool read = lb_source_feed(source, &look->csv, LB_SOURCE_LOOK_BYTES);
    for (size_t width = 2; width < WIDTH_MAX; width++) {
        if (look->widths[width] <= look->agree)
            continue;
        look->agree = look->widths[width];
        look->width = width;
    }
    lb_csv_fini(&look->csv);
    return read;
}

/* The delimiter that a first line `sep=;` names, which spreadsheets write and obey; else '\0'. */
static char named_delimiter(struct lb_source *source)
{
    char line[16];
    lb_source_first_line(source, line, sizeof line);
    const char *text = line[0] == '"' ? line + 1 : line;
    if (strncasecmp(text, "sep=", 4) != 0 || !text[4])
        return '\0';
    return strcmp(text + 5, line[0] == '"' ? "\"" : "") == 0 ? text[4] : '\0';
}

static const char *delimiter_name(char delimiter)
{
    static const char *const names[] = {"commas", "semicolons", "tabs", "|"};
    for (size_t i = 0; i < sizeof delimiters; i++) {
        if (delimiters[i] == delimiter)
            return names[i];
    }
    return delimiter ? "what the first line names" : "line ends only";
}

static void list_columns(const struct look *look)
{
    const struct kept_row *first = look->heading ? look->heading : &look->top[0];
    for (const struct kept_row *row = first; !look->heading && row < look->top + look->kept;
         row++) {
        if (row->filled > first->filled) {
            first = row; /* titles and notes above the heading */
            break;
        }
    }
    for (size_t i = 0; i < cells_of(first) && i < SHOWN_CELLS; i++) {
        char heading[SHOWN_BYTES];
        char sample[SHOWN_BYTES] = "";
        lb_layout_printable(lb_str(first->cells[i]), heading, sizeof heading);
        for (const struct kept_row *row = first + 1; !*sample && row < look->top + look->kept;
             row++) {
            if (i < cells_of(row))
                lb_layout_printable(lb_str(row->cells[i]), sample, sizeof sample);
        }
        fprintf(stderr, "  %2zu  %-24s %s%s\n", i + 1, heading, *sample ? "for example " : "",
                sample);
    }
    if (first->count > SHOWN_CELLS)
        fprintf(stderr, "  and %zu more\n", first->count - SHOWN_CELLS);
}

static bool is_name(const char *cell)
{
    struct lb_identifier identifier;
    return lb_identifier_normalise(lb_str(cell), &identifier) == NULL;
}

/* The only column with a person's address, counted from 1; 0: no column has one, or more than one
 * does. */
static size_t column_of_addresses(const struct look *look)
{
    size_t found = 0;
    for (size_t i = 0; i < KEPT_CELLS; i++) {
        bool holds = false;
        for (size_t r = 0; r < look->kept && !holds; r++) {
            const char *cell = i < cells_of(&look->top[r]) ? look->top[r].cells[i] : "";
            holds = lb_layout_is_address(lb_str(cell)) && is_name(cell);
        }
        if (holds && found)
            return 0;
        found = holds ? i + 1 : found;
    }
    return found;
}

static int refuse(const struct lb_source *source, const struct look *look, const char *why,
                  const char *wanted)
{
    lb_cli_error("%s: %s%s%s%s. The columns, separated by %s, are:", source->name, why,
                 wanted ? " '" : "", wanted ? wanted : "", wanted ? "'" : "",
                 delimiter_name(look->csv.delimiter));
    list_columns(look);
    fputs("Say which one with --column NUMBER or --column HEADING. Nothing was sent.\n", stderr);
    size_t likely = column_of_addresses(look);
    if (likely)
        fprintf(stderr, "Profile addresses are in column %zu: --column %zu\n", likely, likely);
    return LB_EXIT_FAILED;
}

/* --column NUMBER of a table without a heading that we know: is the first row one? When it may be
 * either it is taken as people's: one name too many is seen, one too few is not. */
static bool has_heading(const struct look *look, size_t column)
{
    const struct kept_row *first = &look->top[0];
    if (column >= cells_of(first))
        return false;
    if (lb_layout_is_address(lb_str(first->cells[column])))
        return false;
    for (size_t i = 0; i < cells_of(first); i++) {
        if (is_heading_word(first->cells[i]))
            return true;
    }
    for (size_t r = 1; r < look->kept; r++) {
        if (column < cells_of(&look->top[r]) &&
            lb_layout_is_address(lb_str(look->top[r].cells[column])))
            return true;
    }
    return !is_name(first->cells[column]);
}

/* A list that begins with "Name" or "Email" begins with a heading, not with a person. */
static void take_word_as_heading(const struct lb_source *source, struct look *look)
{
    struct kept_row *first = &look->top[0];
    if (look->kept == 0 || !is_heading_word(first->cells[0]))
        return;
    look->heading = first;
    fprintf(stderr, "leadblock: %s: line %llu is taken as the heading: '%s'\n", source->name,
            (unsigned long long)first->line, first->cells[0]);
}

static int take_number(const struct lb_source *source, struct look *look, uint64_t number,
                       struct lb_layout *out)
{
    size_t width = look->heading ? look->heading->count : look->width ? look->width : 1;
    char text[32];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    if (number > width)
        return refuse(source, look, "there is no column", text);
    size_t column = (size_t)number - 1;
    if (!look->heading && look->kept && has_heading(look, column))
        look->heading = &look->top[0];
    if (look->heading && column < KEPT_CELLS)
        fprintf(stderr, "leadblock: %s: column %zu is taken; line %llu is its heading: '%s'\n",
                source->name, column + 1, (unsigned long long)look->heading->line,
                look->heading->cells[column]);
    else
        fprintf(stderr, "leadblock: %s: column %zu is taken, from the first row on: no heading\n",
                source->name, column + 1);
    out->column = column;
    out->width = width;
    return LB_EXIT_DONE;
}

static int take_heading(const struct lb_source *source, const struct look *look, const char *wanted,
                        struct lb_layout *out)
{
    if (look->heading && look->matches > 1)
        return refuse(source, look, "more than one column is called",
                      look->heading->cells[look->column]);
    if (!look->heading)
        return wanted
                   ? refuse(source, look, "no column is called", wanted)
                   : refuse(source, look,
                            "no heading says which column holds LinkedIn names or addresses", NULL);
    if (look->heading != &look->top[0] || (!wanted && look->known > 1))
        fprintf(stderr, "leadblock: %s: column %zu is taken; line %llu is its heading: '%s'\n",
                source->name, look->column + 1, (unsigned long long)look->heading->line,
                look->heading->cells[look->column]);
    out->column = look->column;
    out->width = look->heading->count;
    out->rivals = !wanted && look->known > 1;
    if (!wanted)
        rank_heading(look->heading->cells[look->column], &out->addresses);
    return LB_EXIT_DONE;
}

/* `number`: what --column says, 0 when it is no number. */
static bool is_table(const struct look *look, const char *wanted, uint64_t number)
{
    if (!look->csv.delimiter)
        return false;
    if (look->heading || (number > 1 && look->agree > 0))
        return true;
    return look->agree * 2 > look->rows && (look->agree >= 2 || wanted);
}

/* Of the tables that the delimiters make, the one with a heading that is known, then the one on
 * which most rows agree. */
static struct look *choose(struct look *looks, size_t count, const char *wanted, uint64_t number)
{
    struct look *best = NULL;
    for (size_t i = 0; i < count; i++) {
        struct look *look = &looks[i];
        if (!is_table(look, wanted, number))
            continue;
        bool known = look->heading != NULL;
        bool best_known = best && best->heading != NULL;
        if (!best || known > best_known || (known == best_known && look->agree > best->agree))
            best = look;
    }
    return best;
}

static int decide(const struct lb_source *source, struct look *looks, size_t count,
                  const char *wanted, struct lb_layout *out)
{
    uint64_t number = 0;
    bool by_number = wanted && lb_str_to_u64(lb_str(wanted), UINT32_MAX, &number);
    if (wanted && (!*wanted || (by_number && number == 0))) {
        lb_cli_error("--column: '%s' is neither a heading nor a number from 1", wanted);
        return LB_EXIT_USAGE;
    }
    const char *heading = by_number ? NULL : wanted;
    for (size_t i = 0; i < count; i++)
        find_heading(&looks[i], heading);
    struct look *look = choose(looks, count, wanted, number);
    out->table = look != NULL;
    if (!look) /* one column: as the last look, which cuts nothing, shows it */
        look = &looks[count - 1];
    if (!out->table && !wanted && !look->heading)
        take_word_as_heading(source, look);
    out->delimiter = out->table ? look->csv.delimiter : '\0';
    int code = LB_EXIT_DONE;
    if (by_number)
        code = take_number(source, look, number, out);
    else if (out->table || wanted)
        code = take_heading(source, look, wanted, out);
    else if (look->heading)
        rank_heading(look->heading->cells[0], &out->addresses);
    if (look->heading) {
        out->heading_line = look->heading->line;
        lb_layout_printable(
            lb_str(look->heading->cells[out->column < KEPT_CELLS ? out->column : 0]), out->heading,
            sizeof out->heading);
    }
    return code;
}

int lb_layout_find(struct lb_source *source, const char *wanted, struct lb_layout *out)
{
    enum { COUNT = sizeof delimiters + 1 };
    struct look *looks = calloc(COUNT, sizeof *looks);
    *out = (struct lb_layout){0};
    if (!looks) {
        lb_cli_error("out of memory");
        return LB_EXIT_FAILED;
    }
    char named = named_delimiter(source);
    bool read = true;
    size_t count = 0;
    if (named)
        read = take_look(source, &looks[count++], named, true);
    for (size_t i = 0; !named && read && i < sizeof delimiters; i++)
        read = take_look(source, &looks[count++], delimiters[i], false);
    if (read)
        read = take_look(source, &looks[count++], '\0', named != '\0');
    int code = read ? decide(source, looks, count, wanted, out) : LB_EXIT_FAILED;
    if (named && !out->heading_line)
        out->heading_line = 1;
    free(looks);
    return code;
}
