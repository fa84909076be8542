/* Custom variables in one text: what goes in comes out. */
#include "domain/outreach/variables.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
    struct lb_str name, value;
} pairs[] = {
    {LB_STR("plain"), LB_STR("value")},
    {LB_STR("empty"), LB_STR("")},
    {LB_STR("line"), LB_STR("one\ntwo\n\n")},
    {LB_STR("tab"), LB_STR("\ta\t\tb")},
    {LB_STR("backslash"), LB_STR("\\")},
    {LB_STR("looks-escaped"), LB_STR("\\n \\t \\\\ \\x")},
    {LB_STR("mixed"), LB_STR("\\\n\\\t\\\\")},
    {LB_STR("nul"), LB_STR("a\0b")},
    {LB_STR("script"), LB_STR("\xe6\x9d\x8e \xf0\x9f\x98\x80")},
    {LB_STR("A.b_c-9"), LB_STR("=")},
};

static struct lb_buf pack_all(void)
{
    struct lb_buf packed = {0};
    for (size_t i = 0; i < COUNT(pairs); i++)
        lb_variables_pack(&packed, pairs[i].name, pairs[i].value);
    assert_false(packed.failed);
    return packed;
}

static void what_is_packed_comes_out_in_order(void **state)
{
    struct lb_buf packed = pack_all();
    struct lb_buf value = {0};
    struct lb_str rest = lb_buf_str(&packed);
    struct lb_str name;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        value.len = 0;
        assert_true(lb_variables_next(&rest, &name, &value));
        assert_true(lb_str_equal(name, pairs[i].name));
        assert_true(lb_str_equal(lb_buf_str(&value), pairs[i].value));
    }
    assert_false(lb_variables_next(&rest, &name, &value));
    assert_int_equal(rest.len, 0);
    lb_buf_fini(&packed);
    lb_buf_fini(&value);
}

static void each_is_found_by_its_name(void **state)
{
    struct lb_buf packed = pack_all();
    struct lb_buf value = {0};
    for (size_t i = 0; i < COUNT(pairs); i++) {
        value.len = 0;
        bool found = lb_variables_find(lb_buf_str(&packed), pairs[i].name, &value);
        assert_int_equal(found, pairs[i].value.len > 0); /* an empty one is as good as none */
        assert_true(lb_str_equal(lb_buf_str(&value), pairs[i].value));
    }
    value.len = 0;
    static const char *const others[] = {"", "Plain", "plai", "plainer", "value", "nul\ta"};
    for (size_t i = 0; i < COUNT(others); i++)
        assert_false(lb_variables_find(lb_buf_str(&packed), lb_str(others[i]), &value));
    assert_int_equal(value.len, 0);
    lb_buf_fini(&packed);
    lb_buf_fini(&value);
}

/* The value goes behind what the buffer holds already: a template is filled in that way. */
static void a_value_is_appended(void **state)
{
    struct lb_buf packed = pack_all();
    struct lb_buf value = {0};
    struct lb_str rest = lb_buf_str(&packed);
    struct lb_str name;
    lb_buf_append_lit(&value, "before ");
    assert_true(lb_variables_find(lb_buf_str(&packed), LB_STR("plain"), &value));
    assert_true(lb_variables_next(&rest, &name, &value));
    assert_true(lb_str_equal(lb_buf_str(&value), LB_STR("before valuevalue")));
    lb_buf_fini(&packed);
    lb_buf_fini(&value);
}

/* People read it with sqlite3: a line for each, whatever is in it. */
static void a_packed_text_has_a_line_for_each(void **state)
{
    struct lb_buf packed = {0};
    lb_variables_pack(&packed, LB_STR("a"), LB_STR("1\n2\t3\\n"));
    lb_variables_pack(&packed, LB_STR("b"), LB_STR(""));
    assert_true(lb_str_equal(lb_buf_str(&packed), LB_STR("a\t1\\n2\\t3\\\\n\nb\t\n")));
    lb_buf_fini(&packed);
}

static void nothing_comes_out_of_nothing(void **state)
{
    static const struct lb_str texts[] = {
        {NULL, 0}, LB_STR(""), LB_STR("no line"), LB_STR("no tab\n"), LB_STR("a\tno end")};
    struct lb_buf value = {0};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct lb_str rest = texts[i];
        struct lb_str name;
        assert_false(lb_variables_next(&rest, &name, &value));
        assert_false(lb_variables_find(texts[i], LB_STR("a"), &value));
    }
    assert_int_equal(value.len, 0);
    lb_buf_fini(&value);
}

static void names_are_of_few_characters(void **state)
{
    char longest[LB_VARIABLE_NAME_MAX + 1];
    memset(longest, 'a', sizeof longest);
    assert_true(lb_variable_name_valid((struct lb_str){longest, LB_VARIABLE_NAME_MAX}));
    assert_false(lb_variable_name_valid((struct lb_str){longest, LB_VARIABLE_NAME_MAX + 1}));
    assert_false(lb_variable_name_valid((struct lb_str){NULL, 0}));
    for (int c = 0; c < 256; c++) {
        char text[2] = {'x', (char)c};
        bool good = c && strchr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789_-.",
                                c) != NULL;
        assert_int_equal(lb_variable_name_valid((struct lb_str){text, 2}), good);
        assert_int_equal(lb_variable_name_valid((struct lb_str){text + 1, 1}), good);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_packed_comes_out_in_order),
        cmocka_unit_test(each_is_found_by_its_name),
        cmocka_unit_test(a_value_is_appended),
        cmocka_unit_test(a_packed_text_has_a_line_for_each),
        cmocka_unit_test(nothing_comes_out_of_nothing),
        cmocka_unit_test(names_are_of_few_characters),
    };
    return cmocka_run_group_tests_name("variables", tests, NULL, NULL);
}
