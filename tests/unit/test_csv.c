/* Cells of CSV: guarded against spreadsheets, and the same again when they are read back. */
#include "base/csv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* After the above. */
#include <cmocka.h>

static void expect_cell(const char *cell, const char *written)
{
    struct lb_buf out = {0};
    lb_csv_put_cell(&out, lb_str(cell));
    assert_int_equal(out.len, strlen(written));
    assert_memory_equal(out.ptr ? out.ptr : "", written, out.len);
    lb_buf_fini(&out);
}

static void cells_are_quoted_where_they_need_it(void **state)
{
    expect_cell("", "");
    expect_cell("plain text", "plain text");
    expect_cell("a,b", "\"a,b\"");
    expect_cell("a;b", "\"a;b\"");
    expect_cell("say \"no\"", "\"say \"\"no\"\"\"");
    expect_cell("two\r\nlines", "\"two\r\nlines\"");
    expect_cell(" begins", "\" begins\"");
    expect_cell("ends ", "\"ends \"");
}

static void what_a_spreadsheet_would_take_for_a_formula_is_guarded(void **state)
{
    expect_cell("=1", "'=1");
    expect_cell("+49", "'+49");
    expect_cell("-ann-", "'-ann-");
    expect_cell("@ann", "'@ann");
    expect_cell("\t=1", "\"'\t=1\"");
    expect_cell("\r=1", "\"'\r=1\"");
    expect_cell("\n=1", "\"'\n=1\"");
    expect_cell("\xef\xbc\x9d"
                "1",
                "'\xef\xbc\x9d"
                "1");
    expect_cell("\xef\xbc\xa0", "'\xef\xbc\xa0");
    expect_cell("a=1", "a=1");
    expect_cell("'", "'");
    expect_cell("'quoted'", "'quoted'");
}

static void what_looks_guarded_is_guarded_once_more(void **state)
{
    expect_cell("'=1", "''=1");
    expect_cell("''=1", "'''=1");
}

/* All strings of up to five of these characters. */
static void every_cell_comes_back_as_it_was(void **state)
{
    static const char letters[] = {'\'', '=', '-', '\t', '"', 'a'};
    char cell[5];
    for (unsigned n = 0; n < 6 * 6 * 6 * 6 * 6; n++) {
        for (size_t len = 0; len <= sizeof cell; len++) {
            struct lb_buf out = {0};
            unsigned rest = n;
            for (size_t i = 0; i < len; i++, rest /= 6)
                cell[i] = letters[rest % 6];
            struct lb_str given = {cell, len};
            lb_csv_put_cell(&out, given);
            char read[2 * sizeof cell + 4];
            bool quoted = out.len && out.ptr[0] == '"';
            size_t read_len = 0;
            for (size_t i = quoted; i + quoted < out.len; i++) {
                read[read_len++] = out.ptr[i];
                i += quoted && out.ptr[i] == '"';
            }
            assert_true(lb_str_equal(lb_csv_unguard((struct lb_str){read, read_len}), given));
            assert_true(!read_len || !memchr("=-\t", read[0], 3));
            lb_buf_fini(&out);
        }
    }
}

static void a_row_ends_with_its_line(void **state)
{
    struct lb_buf out = {0};
    lb_csv_put_row(&out, (struct lb_str[]){LB_STR("a"), {NULL, 0}, LB_STR("=b")}, 3);
    assert_true(lb_str_equal(lb_buf_str(&out), LB_STR("a,,'=b\r\n")));
    lb_buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_are_quoted_where_they_need_it),
        cmocka_unit_test(what_a_spreadsheet_would_take_for_a_formula_is_guarded),
        cmocka_unit_test(what_looks_guarded_is_guarded_once_more),
        cmocka_unit_test(every_cell_comes_back_as_it_was),
        cmocka_unit_test(a_row_ends_with_its_line),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
