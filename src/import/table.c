#include "import/table.h"

#include "import/addresses.h"
#include "import/guess.h"
#include "import/headings.h"

#include <stdlib.h>
#include <strings.h>

/* Of two delimiters on which as many rows agree, with as many cells, the first is taken: what
 * stands in names and addresses of streets comes last. */
static const char DELIMITERS[] = {'\t', ';', '|', ','};

/* How one dialect cuts the source. */
struct look {
    uint64_t rows; /* that are not empty */
    uint64_t agree;
    size_t width;   /* cells of the rows that agree */
    bool backslash; /* there is \" somewhere */
    bool whole;     /* the source was looked at to its end */
    uint64_t full;  /* rows with as many cells as are read, or more */
    uint64_t wide;  /* of these, with more */
    bool words;     /* one of them is of a table, and of no list */
    bool first;     /* so is the first row, and it has more */
    uint64_t widths[LB_IMPORT_CELLS_MAX + 1];
};

static void judge_widths(struct look *look)
{
    for (size_t width = 2; width <= LB_IMPORT_CELLS_MAX; width++) {
        if (look->widths[width] <= look->agree)
            continue;
        look->agree = look->widths[width];
        look->width = width;
    }
}

/* So many rows with as many cells as are read are looked at for words. */
#define WIDE_ROWS 20

static bool is_of_program(struct lb_str row)
{
    static const char *const SIGNS[] = {"{\"", "[\"", "[{", "('", "</"};
    for (size_t i = 0; row.len && i < sizeof SIGNS / sizeof *SIGNS; i++)
        if (memmem(row.ptr, row.len, SIGNS[i], 2))
            return true;
    return false;
}

static bool next_cell(struct lb_str *row, char delimiter, struct lb_str *out)
{
    if (!row->len)
        return false;
    const char *end = memchr(row->ptr, delimiter, row->len);
    size_t len = end ? (size_t)(end - row->ptr) : row->len;
    *out = lb_import_unquote(lb_import_trim((struct lb_str){row->ptr, len}));
    *row = lb_str_skip(*row, len + (end != NULL));
    return true;
}

/* Is the beginning of a row with too many cells, or as many as are read, one of a table? A list
 * that was typed in lines has nothing but names, or many addresses. Brackets with quotation marks
 * are of JSON and SQL. */
static bool is_of_table(struct lb_str row, char delimiter)
{
    size_t cells = 0, addresses = 0, words = 0;
    struct lb_identifier name;
    struct lb_str cell, address;
    if (is_of_program(row))
        return false;
    for (; next_cell(&row, delimiter, &cell); cells++) {
        bool heading = lb_import_is_known_heading(cell) || lb_import_type_of_heading(cell);
        bool typed = lb_import_guess(cell) != LB_TYPE_NONE;
        bool named = cell.len == 0 || typed || lb_import_looks_like_name(cell, &name) ||
                     (!heading && lb_identifier_normalise(cell, &name) == NULL);
        words += !named;
        addresses += typed || lb_import_next_address(&cell, &address);
    }
    return words > 1 && addresses * 8 < cells;
}

static bool has_heading(struct lb_str row, char delimiter)
{
    struct lb_str cell;
    while (next_cell(&row, delimiter, &cell))
        if (lb_import_is_heading(cell))
            return true;
    return false;
}

static void look_at_width(const struct lb_import_row *row, char delimiter, struct look *out)
{
    bool full = row->too_wide || row->count == LB_IMPORT_CELLS_MAX;
    out->full += full;
    out->wide += row->too_wide;
    if (full && out->full <= WIDE_ROWS && !out->words)
        out->words = is_of_table(row->whole, delimiter);
    if (out->rows == 1)
        out->first = row->too_wide && out->words && has_heading(row->whole, delimiter);
}

/* Is it a table with too many columns? More than half of its rows are, and it is no list. Such
 * a table is refused. Read as text, all its addresses would count, those of owners too. */
static bool is_too_wide(const struct look *look)
{
    return look->words && look->wide && look->full > 1 && look->full * 2 > look->rows;
}

static lb_err take_look(const struct lb_import_source *source, struct lb_import_form form,
                        struct lb_import_dialect dialect, struct lb_import_rows *rows,
                        struct look *out)
{
    struct lb_import_row row;
    bool any = true;
    *out = (struct look){0};
    lb_err err = lb_import_rows_open(rows, source, form, dialect);
    while (!err && rows->offset < LB_IMPORT_TABLE_LOOK) {
        err = lb_import_rows_next(rows, &row, &any);
        if (err || !any)
            break;
        if (row.empty)
            continue;
        out->rows++;
        out->widths[row.count]++;
        look_at_width(&row, dialect.delimiter, out);
        out->backslash = out->backslash || memmem(row.whole.ptr, row.whole.len, "\\\"", 2) != NULL;
    }
    lb_import_rows_close(rows);
    out->whole = !any;
    judge_widths(out);
    return err;
}

/* The delimiter that a first line `sep=;` names, which spreadsheets write and obey; else '\0'. */
static char named_delimiter(struct lb_str text)
{
    bool quoted = text.len && text.ptr[0] == '"';
    const char *sep = text.ptr + quoted;
    size_t len = 5 + 2u * quoted;
    if (text.len < len || strncasecmp(sep, "sep=", 4) != 0 || (quoted && sep[5] != '"'))
        return '\0';
    if (text.len > len && text.ptr[len] != '\r' && text.ptr[len] != '\n')
        return '\0';
    bool fit = sep[4] > ' ' && sep[4] < 0x7f && sep[4] != '"' &&
               !(sep[4] >= '0' && sep[4] <= '9') &&
               !((sep[4] | 0x20) >= 'a' && (sep[4] | 0x20) <= 'z');
    return fit || sep[4] == '\t' ? sep[4] : '\0';
}

/* Has the source, behind white space, the mark that vCards begin with? */
static lb_err find_vcard(struct lb_import_text *text, bool *out)
{
    static const char VCARD[] = "BEGIN:VCARD";
    size_t len = sizeof VCARD - 1;
    for (;;) {
        struct lb_str rest = lb_import_text_rest(text);
        size_t space = lb_import_space_length(rest, true);
        text->start += space;
        if (!space && (rest.len >= len || text->ended)) {
            *out = rest.len >= len && strncasecmp(rest.ptr, VCARD, len) == 0;
            return LB_OK;
        }
        lb_err err = space ? LB_OK : lb_import_text_more(text);
        if (err)
            return err;
    }
}

/* What the first line says of the file: the delimiter, or that it is one of vCards. */
static lb_err find_named(const struct lb_import_source *source, struct lb_import_form form,
                         struct lb_import_rows *rows, char *out, bool *out_vcard)
{
    lb_err err = lb_import_rows_open(rows, source, form, (struct lb_import_dialect){0});
    while (!err && !rows->text.ended && rows->text.end - rows->text.start < 16)
        err = lb_import_text_more(&rows->text);
    struct lb_str text = err ? LB_STR("") : lb_import_text_rest(&rows->text);
    *out = named_delimiter(text);
    if (!err)
        err = find_vcard(&rows->text, out_vcard);
    lb_import_rows_close(rows);
    return err;
}

static bool is_better(const struct look *look, const struct look *best)
{
    return look->agree > best->agree || (look->agree == best->agree && look->width > best->width);
}

static bool is_table(const struct look *look, struct lb_str column)
{
    uint64_t number;
    bool most = look->agree * 2 > look->rows;
    if (lb_str_to_u64(column, UINT32_MAX, &number))
        return number > 1 ? look->agree > 0 : most && look->agree >= 2;
    return most && look->agree >= (column.len ? 1 : 2);
}

/* Tries `delimiter` with both ways of writing a quotation mark. */
static lb_err try_delimiter(const struct lb_import_source *source, struct lb_import_form form,
                            char delimiter, struct lb_import_rows *rows, struct look *look,
                            struct look *out, bool *out_backslash)
{
    struct lb_import_dialect dialect = {.delimiter = delimiter};
    *out_backslash = false;
    lb_err err = take_look(source, form, dialect, rows, out);
    if (err || !out->backslash)
        return err;
    dialect.backslash = true;
    err = take_look(source, form, dialect, rows, look);
    if (!err && look->agree > out->agree) {
        *out = *look;
        *out_backslash = true;
    }
    return err;
}

static lb_err find_delimiter(const struct lb_import_source *source, struct lb_import_form form,
                             struct lb_str column, struct lb_import_rows *rows,
                             struct lb_import_shape *out, struct look looks[3])
{
    struct look *best = &looks[0], *look = &looks[1];
    uint64_t wide = 0; /* rows that are too wide by one delimiter */
    char first = '\0'; /* one by which the first row is */
    bool backslash;
    *best = (struct look){0};
    out->any = true;
    for (size_t i = 0; i < sizeof DELIMITERS; i++) {
        lb_err err = try_delimiter(source, form, DELIMITERS[i], rows, &looks[2], look, &backslash);
        if (err)
            return err;
        out->any = out->any && (look->rows > 0 || !look->whole);
        wide = is_too_wide(look) && look->full > wide ? look->full : wide;
        first = look->first && look->rows > 1 ? DELIMITERS[i] : first;
        if (!is_table(look, column) || !is_better(look, best))
            continue;
        *best = *look;
        out->table = true;
        out->width = look->width;
        out->dialect =
            (struct lb_import_dialect){.delimiter = DELIMITERS[i], .backslash = backslash};
    }
    out->too_wide =
        wide > best->agree || (first && (!out->table || out->dialect.delimiter == first));
    return LB_OK;
}

lb_err lb_import_table_judge(const struct lb_import_source *source, struct lb_import_form form,
                             struct lb_str column, struct lb_import_rows *rows,
                             struct lb_import_shape *out)
{
    char named;
    *out = (struct lb_import_shape){0};
    struct look *looks = malloc(3 * sizeof *looks);
    if (!looks)
        return LB_ERR_OVERLOADED;
    bool vcard;
    lb_err err = find_named(source, form, rows, &named, &vcard);
    if (!err && vcard) {
        *out = (struct lb_import_shape){.any = true, .dialect = {.folded = true}};
    } else if (!err && named) {
        bool backslash;
        err = try_delimiter(source, form, named, rows, &looks[2], &looks[1], &backslash);
        *out = (struct lb_import_shape){.table = true,
                                        .dialect = {.delimiter = named, .backslash = backslash},
                                        .sep_line = true,
                                        .any = true,
                                        .width = looks[1].width,
                                        .too_wide = is_too_wide(&looks[1])};
    } else if (!err) {
        err = find_delimiter(source, form, column, rows, out, looks);
    }
    free(looks);
    return err;
}
