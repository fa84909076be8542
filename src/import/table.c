#include "import/table.h"

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

static lb_err take_look(const struct lb_import_source *source, struct lb_import_form form,
                        struct lb_import_dialect dialect, struct lb_import_rows *rows,
                        struct look *out)
{
    struct lb_import_row row;
    uint64_t bytes = 0;
    bool any = true;
    *out = (struct look){0};
    lb_err err = lb_import_rows_open(rows, source, form, dialect);
    while (!err && bytes < LB_IMPORT_TABLE_LOOK) {
        err = lb_import_rows_next(rows, &row, &any);
        if (err || !any)
            break;
        bytes += row.whole.len;
        if (row.empty)
            continue;
        out->rows++;
        out->widths[row.count]++;
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
    bool backslash;
    *best = (struct look){0};
    out->any = true;
    for (size_t i = 0; i < sizeof DELIMITERS; i++) {
        lb_err err = try_delimiter(source, form, DELIMITERS[i], rows, &looks[2], look, &backslash);
        if (err)
            return err;
        out->any = out->any && (look->rows > 0 || !look->whole);
        if (!is_table(look, column) || !is_better(look, best))
            continue;
        *best = *look;
        out->table = true;
        out->width = look->width;
        out->dialect =
            (struct lb_import_dialect){.delimiter = DELIMITERS[i], .backslash = backslash};
    }
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
                                        .width = looks[1].width};
    } else if (!err) {
        err = find_delimiter(source, form, column, rows, out, looks);
    }
    free(looks);
    return err;
}
