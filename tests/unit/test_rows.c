/* Rows and cells of files that are made to be slow: they are read as a plain reader reads them, and
 * in a time that their size bounds. */
#include "import/rows.h"
#include "support/imports.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
/* After the above. */
#include <cmocka.h>

/* --- A plain reader of a text that is there as a whole ---------------------------------------- */

struct plain {
    struct lb_str text;
    struct lb_import_dialect dialect;
    size_t at;
    uint64_t line;
    size_t large_until;
    size_t quoted_lines;
    /* Of the row. */
    uint64_t row_line;
    size_t row_at, count;
    bool unclosed, too_many;
    struct lb_buf cells; /* each behind a | */
};

static bool is_end(char c)
{
    return c == '\r' || c == '\n';
}

static size_t skip_blanks(const struct plain *plain, size_t at)
{
    while (at < plain->text.len && (plain->text.ptr[at] == ' ' || plain->text.ptr[at] == '\t') &&
           plain->text.ptr[at] != plain->dialect.delimiter)
        at++;
    return at;
}

static bool seems_to_open(const struct plain *plain, size_t at)
{
    while (at && (plain->text.ptr[at - 1] == ' ' || plain->text.ptr[at - 1] == '\t') &&
           plain->text.ptr[at - 1] != plain->dialect.delimiter)
        at--;
    return at && plain->text.ptr[at - 1] == plain->dialect.delimiter;
}

/* Where the mark is that ends the cell which begins with one at `mark`; 0: nowhere. */
static size_t find_close(const struct plain *plain, size_t mark, uint64_t *lines)
{
    const char *p = plain->text.ptr;
    size_t len = plain->text.len;
    *lines = 0;
    for (size_t at = mark + 1; at < len; at++) {
        if (at - mark > LB_IMPORT_QUOTED_MAX || *lines >= plain->quoted_lines)
            return 0;
        bool pair = at + 1 < len && p[at + 1] == '"';
        if (p[at] == '\\' && plain->dialect.backslash) {
            at += at + 1 < len && (p[at + 1] == '"' || p[at + 1] == '\\');
        } else if (p[at] == '"' && pair) {
            at++;
        } else if (p[at] == '"') {
            size_t after = skip_blanks(plain, at + 1);
            if (after == len || p[after] == plain->dialect.delimiter || is_end(p[after]))
                return at;
            if (*lines || seems_to_open(plain, at))
                return 0;
        } else if (is_end(p[at])) {
            *lines += p[at] == '\r' || p[at - 1] != '\r';
        }
    }
    return 0;
}

static void put_cell(struct plain *plain, struct lb_str cell, bool quoted)
{
    struct lb_buf out = {0};
    for (size_t i = 0; i < cell.len; i++) {
        bool pair = quoted && i + 1 < cell.len && cell.ptr[i + 1] == '"' &&
                    (cell.ptr[i] == '"' || (cell.ptr[i] == '\\' && plain->dialect.backslash));
        i += pair;
        lb_buf_append(&out, &cell.ptr[i], 1);
    }
    lb_buf_append_lit(&plain->cells, "|");
    lb_buf_append_str(&plain->cells, lb_import_trim(lb_buf_str(&out)));
    lb_buf_fini(&out);
}

/* Takes the cell at `plain->at`. */
static void take_plain_cell(struct plain *plain)
{
    const char *p = plain->text.ptr;
    size_t mark = skip_blanks(plain, plain->at), close = 0, end = plain->at;
    uint64_t lines;
    bool quoted = mark < plain->text.len && p[mark] == '"';
    if (quoted && (close = find_close(plain, mark, &lines)) != 0) {
        put_cell(plain, (struct lb_str){p + mark + 1, close - mark - 1}, true);
        plain->at = skip_blanks(plain, close + 1);
        plain->line += lines;
        return;
    }
    plain->unclosed |= quoted;
    while (end < plain->text.len && !is_end(p[end]) && p[end] != plain->dialect.delimiter)
        end++;
    put_cell(plain, (struct lb_str){p + plain->at, end - plain->at}, false);
    plain->at = end;
}

static void end_line(struct plain *plain)
{
    const char *p = plain->text.ptr;
    while (plain->at < plain->text.len && !is_end(p[plain->at]))
        plain->at++;
    if (plain->at == plain->text.len)
        return;
    plain->at +=
        p[plain->at] == '\r' && plain->at + 1 < plain->text.len && p[plain->at + 1] == '\n' ? 2 : 1;
    plain->line++;
}

static bool next_plain(struct plain *plain)
{
    if (plain->at == plain->text.len)
        return false;
    plain->row_at = plain->at;
    plain->row_line = plain->line;
    plain->quoted_lines = plain->at < plain->large_until ? 1 : LB_IMPORT_QUOTED_LINES;
    plain->unclosed = plain->too_many = false;
    plain->cells.len = plain->count = 0;
    for (;;) {
        size_t before = plain->cells.len;
        take_plain_cell(plain);
        bool full = plain->count == LB_IMPORT_CELLS_MAX;
        plain->too_many = full && plain->cells.len > before + 1;
        if (plain->too_many)
            break;
        if (full)
            plain->cells.len = before; /* an empty cell too many */
        else
            plain->count++;
        if (plain->at == plain->text.len || is_end(plain->text.ptr[plain->at]))
            break;
        plain->at++;
    }
    if (plain->too_many) { /* its lines are rows of their own */
        plain->large_until = plain->at > plain->large_until ? plain->at : plain->large_until;
        plain->at = plain->row_at;
        plain->line = plain->row_line;
    }
    end_line(plain);
    return true;
}

static void compare(struct lb_str text, struct lb_import_dialect dialect, size_t piece)
{
    struct plain plain = {.text = text, .dialect = dialect, .line = 1};
    struct import_bytes bytes = {.bytes = text, .piece = piece};
    struct lb_import_source source = import_source(&bytes);
    struct lb_import_rows *rows = malloc(sizeof *rows);
    struct lb_import_row row;
    bool any = true;
    assert_int_equal(lb_import_rows_open(rows, &source, (struct lb_import_form){0}, dialect),
                     LB_OK);
    while (any) {
        assert_int_equal(lb_import_rows_next(rows, &row, &any), LB_OK);
        assert_int_equal(next_plain(&plain), any);
        if (!any)
            break;
        assert_int_equal(row.line, plain.row_line);
        assert_int_equal(row.fault != NULL, plain.too_many);
        if (row.fault)
            continue;
        struct lb_buf cells = {0};
        for (size_t i = 0; i < row.count; i++) {
            lb_buf_append_lit(&cells, "|");
            lb_buf_append_str(&cells, row.cells[i]);
        }
        assert_int_equal(row.count, plain.count);
        assert_int_equal(row.unclosed, plain.unclosed);
        assert_true(lb_str_equal(lb_buf_str(&cells), lb_buf_str(&plain.cells)));
        lb_buf_fini(&cells);
    }
    lb_import_rows_close(rows);
    free(rows);
    lb_buf_fini(&plain.cells);
}

static void fill(struct lb_buf *out, const char *piece, size_t times)
{
    for (size_t i = 0; i < times; i++)
        lb_buf_append_str(out, lb_str(piece));
}

/* Some of it many times, so that cells are too long and rows have too many of them. */
static void put_together(struct lb_buf *out, unsigned seed)
{
    static const char *const pieces[] = {"\"",  "\"\"", ",",      "\n",       "\r\n", "\r",
                                         " ",   "x",    "\\",     "\\\"",     ",\"",  "\",",
                                         "\"x", "\n\"", "\"\"x,", "x\"\"x\n", "\"\n"};
    out->len = 0;
    srand(seed);
    for (int i = 0; i < 400; i++) {
        const char *piece = pieces[(size_t)rand() % (sizeof pieces / sizeof *pieces)];
        bool often = rand() % 40 == 0;
        fill(out, piece, often ? (size_t)rand() % (rand() % 10 ? 300 : 40000) : 1);
    }
}

static void files_are_read_as_a_plain_reader_reads_them(void **state)
{
    (void)state;
    struct lb_buf text = {0};
    for (unsigned seed = 0; seed < 150; seed++) {
        struct lb_import_dialect dialect = {.delimiter = ',', .backslash = seed % 2 != 0};
        put_together(&text, seed);
        compare(lb_buf_str(&text), dialect, seed % 8 == 7 ? 1000 + seed : 0);
    }
    lb_buf_fini(&text);
}

/* --- Time ------------------------------------------------------------------------------------- */

/* Small: what is looked at again for each cell, or for each line, takes thousands of times what an
 * ordinary file of the size takes. */
#define FILE_BYTES (64u << 10)
#define SLOWER     100
/* What each address looks for in the rest of its line takes less than that. */
#define LINE_BYTES  (512u << 10)
#define LINE_SLOWER 10

#define ROUNDS 3

/* Of the processor, that the whole of an import takes. */
static double seconds_once(struct lb_str text)
{
    struct import_bytes bytes = {.bytes = text};
    struct lb_import_source source = import_source(&bytes);
    struct lb_import_options options = {.column = LB_STR("1"), .adds = true};
    struct timespec from, to;
    struct import_result result;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
    import_run(&source, &options, &result);
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
    assert_int_equal(result.err, LB_OK);
    assert_null(result.fault);
    import_result_fini(&result);
    return (double)(to.tv_sec - from.tv_sec) + (double)(to.tv_nsec - from.tv_nsec) / 1e9;
}

/* The least of some rounds, in which little else happened; of fewer when it is below `enough`. */
static double least_seconds_of(struct lb_str text, double enough)
{
    double least = seconds_once(text);
    for (int i = 1; i < ROUNDS && least >= enough; i++) {
        double seconds = seconds_once(text);
        least = seconds < least ? seconds : least;
    }
    return least;
}

static double seconds_of(struct lb_str text)
{
    return least_seconds_of(text, 0);
}

static void assert_quick(const char *what, const struct lb_buf *text, double limit)
{
    double seconds = least_seconds_of(lb_buf_str(text), limit);
    printf("%s: %.3f s of %.3f\n", what, seconds, limit);
    assert_true(seconds < limit);
}

/* These lines again and again. */
static void repeat(struct lb_buf *out, struct lb_str lines, size_t bytes)
{
    out->len = 0;
    while (out->len < bytes)
        lb_buf_append_str(out, lines);
}

static void marks_make_no_file_slow(void **state)
{
    (void)state;
    struct lb_buf text = {0}, lines = {0};
    repeat(&text, LB_STR("https://www.linkedin.com/in/ann-example,\"Ann, of Acme\",x\n"),
           FILE_BYTES);
    double limit = SLOWER * seconds_of(lb_buf_str(&text));

    fill(&lines, "\"\"x,", 1000);
    lb_buf_append_lit(&lines, "\n");
    repeat(&text, lb_buf_str(&lines), FILE_BYTES);
    assert_quick("cells that are never closed", &text, limit);

    lb_buf_append_lit(&lines, "\"\n");
    fill(&lines, " ", 3000);
    lb_buf_append_lit(&lines, "\"");
    fill(&lines, " ", 50000);
    lb_buf_append_lit(&lines, "x\n");
    repeat(&text, lb_buf_str(&lines), FILE_BYTES);
    assert_quick("the same before a mark between blanks", &text, limit);

    lines.len = 0;
    lb_buf_append_lit(&lines, "\"");
    fill(&lines, "\"\"x\n", 99);
    lb_buf_append_lit(&lines, "\",");
    repeat(&text, lb_buf_str(&lines), FILE_BYTES);
    assert_quick("lines that begin rows of too many cells", &text, limit);

    repeat(&text, LB_STR("\"x\n\","), FILE_BYTES);
    assert_quick("a line end in each cell", &text, limit);

    repeat(&text, LB_STR("\"\n\","), FILE_BYTES);
    lb_buf_append_lit(&text, "\nann-example\n");
    assert_quick("the same in a row of empty cells", &text, limit);
    lb_buf_fini(&lines);
    lb_buf_fini(&text);
}

static void addresses_without_a_slash_make_no_line_slow(void **state)
{
    (void)state;
    struct lb_buf text = {0};
    repeat(&text, LB_STR("https://www.linkedin.com/in/ann-example\n"), LINE_BYTES);
    double limit = LINE_SLOWER * seconds_of(lb_buf_str(&text));
    repeat(&text, LB_STR("http: "), LINE_BYTES);
    lb_buf_append_lit(&text, "/\nx\n");
    assert_quick("addresses without a slash", &text, limit);
    repeat(&text, LB_STR("http:%25 "), LINE_BYTES);
    lb_buf_append_lit(&text, "%2f\nx\n");
    assert_quick("addresses that may have an encoded one", &text, limit);
    lb_buf_fini(&text);
}

/* Or it is a heading, and left out without a word. */
static void a_line_with_an_encoded_address_is_bad(void **state)
{
    (void)state;
    static const size_t FILLED[] = {0, 4000, 20000};
    static const char *const SLASHES[] = {"%2F", "%2f", "%252F"};
    for (size_t i = 0; i < sizeof FILLED / sizeof *FILLED; i++)
        for (size_t j = 0; j < sizeof SLASHES / sizeof *SLASHES; j++) {
            struct lb_buf text = {0};
            fill(&text, "x ", FILLED[i] / 2);
            lb_buf_printf(&text, "https:%s%swww.linkedin.com%sin%sann ", SLASHES[j], SLASHES[j],
                          SLASHES[j], SLASHES[j]);
            fill(&text, "x ", FILLED[i] / 2);
            lb_buf_append_lit(&text, "\nhttps://www.linkedin.com/in/bob\n");
            struct import_bytes bytes = {.bytes = lb_buf_str(&text)};
            struct lb_import_source source = import_source(&bytes);
            struct lb_import_options options = {.adds = true};
            struct import_result result;
            import_run(&source, &options, &result);
            assert_int_equal(result.err, LB_OK);
            assert_int_equal(result.counts.bad, 1);
            assert_int_equal(result.counts.headings, 0);
            import_result_fini(&result);
            lb_buf_fini(&text);
        }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_as_a_plain_reader_reads_them),
        cmocka_unit_test(marks_make_no_file_slow),
        cmocka_unit_test(addresses_without_a_slash_make_no_line_slow),
        cmocka_unit_test(a_line_with_an_encoded_address_is_bad),
    };
    return cmocka_run_group_tests_name("rows", tests, NULL, NULL);
}
