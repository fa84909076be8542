/* The trees that json/decode.h builds: how values are found in them, read and written, what they
 * borrow, and the memory they take. */
#include "json/decode.h"
#include "json/encode.h"

#include <float.h>
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "support/starve.h"

#define DEPTH 32

static struct lb_json *parse(struct lb_str text)
{
    struct lb_reason reason = {""};
    struct lb_json *tree = NULL;
    if (lb_json_parse(text, DEPTH, &tree, &reason) != LB_OK)
        fail_msg("%.*s: %s", (int)text.len, text.ptr, reason.text);
    return tree;
}

/* Items of all sizes in memory: of one slot, with bytes of their own, with others inside. */
static void put_mixed_item(struct lb_buf *text, unsigned i)
{
    static const char *const forms[] = {"%u",   "\"%u\"",       "\"\\t-%u\"",
                                        "[%u]", "{\"\\n\":%u}", "[[{\"a\":\"\\\\\"}],%u]"};
    lb_buf_append_str(text, i ? LB_STR(",") : LB_STR(""));
    lb_buf_printf(text, forms[i % 6], i);
}

static void items_are_found_by_index_whatever_lies_between(void **state)
{
    (void)state;
    for (unsigned count = 0; count < 60; count++) {
        struct lb_buf text = {0}, item = {0};
        lb_buf_append_lit(&text, "[");
        for (unsigned i = 0; i < count; i++)
            put_mixed_item(&text, i);
        lb_buf_append_lit(&text, "]");
        struct lb_json *tree = parse(lb_buf_str(&text));
        assert_int_equal(lb_json_length(tree), count);
        assert_null(lb_json_item(tree, count));
        for (unsigned i = count; i-- > 0;) {
            struct lb_buf wanted = {0};
            put_mixed_item(&wanted, i);
            item.len = 0;
            lb_buf_append_str(&item, i ? LB_STR(",") : LB_STR(""));
            lb_json_put(&item, lb_json_item(tree, i));
            assert_true(lb_str_equal(lb_buf_str(&item), lb_buf_str(&wanted)));
            lb_buf_fini(&wanted);
        }
        lb_json_free(tree);
        lb_buf_fini(&text);
        lb_buf_fini(&item);
    }
}

/* An item does not cost more the more there are before it. */
static void the_last_of_many_items_is_found_at_once(void **state)
{
    (void)state;
    enum { COUNT = 100000 };
    struct lb_buf text = {0};
    lb_buf_append_lit(&text, "[");
    for (unsigned i = 0; i < COUNT; i++)
        lb_buf_printf(&text, "%s{\"n\":%u}", i ? "," : "", i);
    lb_buf_append_lit(&text, "]");
    struct lb_json *tree = parse(lb_buf_str(&text));
    int64_t number;
    clock_t start = clock();
    for (unsigned i = COUNT; i-- > 0;)
        assert_true(lb_json_int64(lb_json_member(lb_json_item(tree, i), "n"), &number) &&
                    number == i);
    assert_true(clock() - start < 2 * CLOCKS_PER_SEC); /* one after the other: 5 * 10^9 steps */
    lb_json_free(tree);
    lb_buf_fini(&text);
}

static void members_are_found_by_their_decoded_names(void **state)
{
    (void)state;
    struct lb_json *tree =
        parse(LB_STR("{\"\\u0061\\n\":{\"\\\"\":1},\"ab\":[\"\\t\"],\"a\":3,\"\":4}"));
    int64_t number;
    const struct lb_json *inner = lb_json_member(lb_json_member(tree, "a\n"), "\"");
    assert_true(lb_json_int64(inner, &number) && number == 1);
    assert_int_equal(lb_json_length(lb_json_member(tree, "ab")), 1);
    assert_true(lb_json_int64(lb_json_member(tree, "a"), &number) && number == 3);
    assert_true(lb_json_int64(lb_json_member(tree, ""), &number) && number == 4);
    assert_null(lb_json_member(tree, "b"));
    assert_null(lb_json_member(tree, "\n"));
    lb_json_free(tree);
}

static void a_string_without_escapes_is_not_copied(void **state)
{
    (void)state;
    struct lb_str text = LB_STR("[\"john-doe\",\"a\\u002db\"]");
    struct lb_json *tree = parse(text);
    assert_ptr_equal(lb_json_string(lb_json_item(tree, 0)).ptr, text.ptr + 2);
    struct lb_str escaped = lb_json_string(lb_json_item(tree, 1));
    assert_true(escaped.ptr < text.ptr || escaped.ptr > text.ptr + text.len);
    lb_json_free(tree);
}

static void a_tree_with_its_own_copy_outlives_the_text(void **state)
{
    (void)state;
    struct lb_str wanted = LB_STR("{\"name\":\"john-doe\",\"\\n\":[1,-2.5,12345678901234567890,"
                                  "true,false,null,\"\",\"\\\"\"],\"o\":{}}");
    char *text = malloc(wanted.len);
    struct lb_json *tree;
    memcpy(text, wanted.ptr, wanted.len);
    assert_int_equal(lb_json_parse_copy((struct lb_str){text, wanted.len}, DEPTH, &tree, NULL),
                     LB_OK);
    memset(text, '#', wanted.len);
    free(text);
    struct lb_buf out = {0};
    lb_json_put(&out, tree);
    assert_true(lb_str_equal(lb_buf_str(&out), wanted));
    double number;
    bool truth;
    const struct lb_json *array = lb_json_member(tree, "\n");
    assert_true(lb_json_double(lb_json_item(array, 1), &number) && number == -2.5);
    assert_true(lb_json_bool(lb_json_item(array, 3), &truth) && truth);
    assert_true(lb_json_bool(lb_json_item(array, 4), &truth) && !truth);
    lb_buf_fini(&out);
    lb_json_free(tree);
}

/* No byte follows these in memory. */
static void a_number_may_end_with_the_text(void **state)
{
    (void)state;
    char *text = malloc(4);
    struct lb_json *tree;
    double number;
    memcpy(text, "1.25", 4);
    assert_int_equal(lb_json_parse((struct lb_str){text, 4}, DEPTH, &tree, NULL), LB_OK);
    assert_true(lb_json_double(tree, &number) && number == 1.25);
    lb_json_free(tree);
    assert_int_equal(lb_json_parse((struct lb_str){text, 3}, DEPTH, &tree, NULL), LB_OK);
    assert_true(lb_json_double(tree, &number) && number == 1.2);
    lb_json_free(tree);
    free(text);
}

/* --- getters ---------------------------------------------------------------------------------- */

static void getters_tell_types_apart(void **state)
{
    (void)state;
    struct lb_str text = LB_STR("{\"null\":null,\"bool\":true,\"int\":7,\"double\":7.0,"
                                "\"string\":\"\",\"array\":[null,2],\"object\":{\"a\":1}}");
    struct lb_json *tree = parse(text);
    assert_int_equal(lb_json_type(lb_json_member(tree, "missing")), LB_JSON_MISSING);
    assert_null(lb_json_member(tree, "missing"));
    assert_int_equal(lb_json_type(lb_json_member(tree, "null")), LB_JSON_NULL);
    assert_int_equal(lb_json_type(lb_json_member(tree, "bool")), LB_JSON_BOOL);
    assert_int_equal(lb_json_type(lb_json_member(tree, "int")), LB_JSON_INT);
    assert_int_equal(lb_json_type(lb_json_member(tree, "double")), LB_JSON_DOUBLE);
    assert_int_equal(lb_json_type(lb_json_member(tree, "string")), LB_JSON_STRING);
    assert_int_equal(lb_json_type(tree), LB_JSON_OBJECT);
    assert_int_equal(lb_json_length(tree), 7);
    const struct lb_json *array = lb_json_member(tree, "array");
    assert_int_equal(lb_json_type(array), LB_JSON_ARRAY);
    assert_int_equal(lb_json_length(array), 2);
    assert_int_equal(lb_json_type(lb_json_item(array, 0)), LB_JSON_NULL);
    assert_null(lb_json_item(array, 2));
    assert_non_null(lb_json_string(lb_json_member(tree, "string")).ptr);
    lb_json_free(tree);
}

static void getters_take_any_value(void **state)
{
    (void)state;
    struct lb_json *tree = parse(LB_STR("null"));
    const struct lb_json *values[] = {NULL, tree};
    for (size_t i = 0; i < 2; i++) {
        int64_t number = 5;
        bool truth = true;
        double decimal = 5;
        assert_null(lb_json_member(values[i], "a"));
        assert_null(lb_json_item(values[i], 0));
        assert_int_equal(lb_json_length(values[i]), 0);
        assert_null(lb_json_string(values[i]).ptr);
        assert_false(lb_json_int64(values[i], &number));
        assert_false(lb_json_double(values[i], &decimal));
        assert_false(lb_json_bool(values[i], &truth));
        assert_int_equal(number, 5);
    }
    lb_json_free(tree);
    lb_json_free(NULL);
}

static void integers_out_of_range_are_not_cut(void **state)
{
    (void)state;
    struct lb_str text = LB_STR("[9223372036854775807,-9223372036854775807,0,-0,"
                                "9223372036854775808,18446744073709551615,99999999999999999999,"
                                "-9223372036854775809,-99999999999999999999,1.0,1e2,\"1\",true]");
    static const int64_t good[] = {INT64_MAX, -INT64_MAX, 0, 0};
    struct lb_json *tree = parse(text);
    for (size_t i = 0; i < lb_json_length(tree); i++) {
        int64_t number = 42;
        bool ok = lb_json_int64(lb_json_item(tree, i), &number);
        assert_int_equal(ok, i < 4);
        assert_true(number == (i < 4 ? good[i] : 42));
    }
    lb_json_free(tree);
}

static void a_number_that_is_not_0_is_not_read_as_0_or_infinite(void **state)
{
    (void)state;
    struct lb_str text = LB_STR("[0,-0,0.0,-0.0e9,0E-999,5,-5,0.25,1e2,1e-400,-0.00e-400,-1.5E-999,"
                                "1e400,-1e400,9223372036854775808,\"1\",true,null,[],{}]");
    static const double good[] = {0, 0, 0, 0, 0, 5, -5, 0.25, 100, DBL_MIN, 0, -DBL_MIN};
    size_t count = sizeof good / sizeof *good;
    struct lb_json *tree = parse(text);
    for (size_t i = 0; i < lb_json_length(tree); i++) {
        double number = 42;
        assert_int_equal(lb_json_double(lb_json_item(tree, i), &number), i < count);
        assert_true(number == (i < count ? good[i] : 42));
    }
    lb_json_free(tree);
}

/* --- walking over members --------------------------------------------------------------------- */

static void members_are_walked_over_in_the_order_of_the_text(void **state)
{
    (void)state;
    static const char *const names[] = {"z", "a", "\xc3\xa9", "", "b c", "nul"};
    struct lb_json *tree = parse(LB_STR(
        "{\"z\":1,\"a\":{\"inner\":2},\"\\u00e9\":\"x\",\"\":[3],\"b c\":true,\"nul\":null}"));
    struct lb_json_walk walk = {0};
    struct lb_str name;
    const struct lb_json *value;
    for (size_t i = 0; i < 6; i++) {
        assert_true(lb_json_next_member(tree, &walk, &name, &value));
        assert_true(lb_str_equal(name, lb_str(names[i])));
        assert_ptr_equal(value, lb_json_member(tree, names[i]));
    }
    assert_int_equal(lb_json_type(value), LB_JSON_NULL); /* which is a value, not a missing one */
    assert_false(lb_json_next_member(tree, &walk, &name, &value));
    lb_json_free(tree);
}

static void what_is_no_object_has_no_members_to_walk_over(void **state)
{
    (void)state;
    static const char *const texts[] = {"{}", "[{\"a\":1}]", "\"a\"", "1", "true", "null"};
    struct lb_str name;
    const struct lb_json *value;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lb_json *tree = parse(lb_str(texts[i]));
        struct lb_json_walk walk = {0};
        assert_false(lb_json_next_member(tree, &walk, &name, &value));
        lb_json_free(tree);
    }
    struct lb_json_walk walk = {0};
    assert_false(lb_json_next_member(NULL, &walk, &name, &value));
}

static void a_long_object_is_walked_over_whole(void **state)
{
    (void)state;
    struct lb_buf text = {0};
    struct lb_json_walk walk = {0};
    struct lb_str name;
    const struct lb_json *value;
    int64_t number;
    lb_buf_append_lit(&text, "{");
    for (int i = 0; i < 128; i++)
        lb_buf_printf(&text, "%s\"name-%d\":%d", i ? "," : "", i * 37 % 128, i);
    lb_buf_append_lit(&text, "}");
    struct lb_json *tree = parse(lb_buf_str(&text));
    for (int i = 0; i < 128; i++) {
        assert_true(lb_json_next_member(tree, &walk, &name, &value));
        assert_true(lb_json_int64(value, &number) && number == i);
    }
    assert_false(lb_json_next_member(tree, &walk, &name, &value));
    lb_json_free(tree);
    lb_buf_fini(&text);
}

/* --- scalars ---------------------------------------------------------------------------------- */

static void a_scalar_is_the_text_as_it_was_written(void **state)
{
    (void)state;
    static const struct {
        struct lb_str json, text;
    } cases[] = {
        {LB_STR("\"a\\n\\u00e9\""), LB_STR("a\n\xc3\xa9")},
        {LB_STR("\"a\\u0000b\""), LB_STR("a\0b")},
        {LB_STR("\"\""), LB_STR("")},
        {LB_STR("\"null\""), LB_STR("null")},
        {LB_STR("\"\\ud800\\udc00\\ud837\\udc12\\udbff\\udfff\""),
         LB_STR("\xf0\x90\x80\x80\xf0\x9d\xb0\x92\xf4\x8f\xbf\xbf")},
        {LB_STR("true"), LB_STR("true")},
        {LB_STR("false"), LB_STR("false")},
        {LB_STR("0"), LB_STR("0")},
        {LB_STR("-0"), LB_STR("0")},
        {LB_STR("-12"), LB_STR("-12")},
        {LB_STR("9223372036854775807"), LB_STR("9223372036854775807")},
        {LB_STR("1.50"), LB_STR("1.50")},
        {LB_STR("-0.0"), LB_STR("-0.0")},
        {LB_STR("1E3"), LB_STR("1E3")},
        {LB_STR("0.1000000000000000055511151231257827"),
         LB_STR("0.1000000000000000055511151231257827")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lb_json *tree = parse(cases[i].json);
        struct lb_str text = lb_json_scalar(tree);
        if (!text.ptr || !lb_str_equal(text, cases[i].text))
            fail_msg("%s became %.*s", cases[i].json.ptr, (int)text.len, text.ptr);
        lb_json_free(tree);
    }
}

/* An order number, say: another number must not be put in its place. */
static void a_scalar_that_is_no_64_bit_number_is_not_another_one(void **state)
{
    (void)state;
    static const char *const texts[] = {"123456789012345678901234567890", "-9223372036854775808",
                                        "-9223372036854775809", "18446744073709551615",
                                        "18446744073709551616"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lb_json *tree = parse(lb_str(texts[i]));
        struct lb_str text = lb_json_scalar(tree);
        if (text.ptr && !lb_str_equal(text, lb_str(texts[i])))
            fail_msg("%s became %.*s", texts[i], (int)text.len, text.ptr);
        lb_json_free(tree);
    }
}

static void what_holds_others_or_nothing_is_no_scalar(void **state)
{
    (void)state;
    static const char *const texts[] = {"null", "[]", "[1]", "{}", "{\"a\":\"b\"}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct lb_json *tree = parse(lb_str(texts[i]));
        assert_null(lb_json_scalar(tree).ptr);
        lb_json_free(tree);
    }
    assert_null(lb_json_scalar(NULL).ptr);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void a_tree_is_written_as_it_came_on_one_line_within_64_bits(void **state)
{
    (void)state;
    struct lb_str text =
        LB_STR("{\"b\":[1,-2.50,1e9,true,null],\"a\":{\"x\":\"\\u0000/\\n\\\"\xc3\xa9\"},"
               "\"\":[],\"n\":9223372036854775807}");
    struct lb_str numbers = LB_STR("[0,-0.0,1E+2,-9223372036854775808,9223372036854775808,"
                                   "18446744073709551615]");
    struct lb_str spread = LB_STR("[\n  {\"x\" :\t1}\r\n]");
    struct lb_str large =
        LB_STR("[-9223372036854775809,18446744073709551616,-123456789012345678901234567890]");
    const struct lb_str cases[][2] = {
        {text, text},
        {spread, LB_STR("[{\"x\":1}]")},
        {LB_STR("null"), LB_STR("null")},
        {numbers, numbers},
        {LB_STR("-0"), LB_STR("0")},
        {large, LB_STR("[-9223372036854775808,18446744073709551615,-9223372036854775808]")},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct lb_buf out = {0};
        struct lb_json *tree = parse(cases[i][0]);
        lb_json_put(&out, tree);
        assert_false(out.failed);
        if (!lb_str_equal(lb_buf_str(&out), cases[i][1]))
            fail_msg("%.*s", (int)out.len, out.ptr);
        lb_json_free(tree);
        lb_buf_fini(&out);
    }
    struct lb_buf out = {0};
    lb_json_put(&out, NULL);
    assert_true(lb_str_equal(lb_buf_str(&out), LB_STR("null")));
    lb_buf_fini(&out);
}

/* --- memory ----------------------------------------------------------------------------------- */

/* How often it can fail. */
static uint64_t fail_each_allocation(struct lb_str text)
{
    lb_err err = LB_ERR_OVERLOADED;
    uint64_t nth;
    for (nth = 0; err == LB_ERR_OVERLOADED; nth++) {
        struct lb_reason reason = {""};
        struct lb_json *tree;
        starve_at(nth + 1, false);
        err = lb_json_parse(text, DEPTH, &tree, &reason);
        uint64_t failed = starve_end();
        assert_int_equal(err, failed ? LB_ERR_OVERLOADED : LB_OK);
        assert_string_equal(reason.text, failed ? "out of memory" : "");
        assert_true(failed ? !tree : tree != NULL);
        lb_json_free(tree);
    }
    return nth - 1;
}

static void out_of_memory_is_overloaded_whichever_allocation_fails(void **state)
{
    (void)state;
    struct lb_buf text = {0};
    uint64_t failures = 0;
    lb_buf_append_lit(&text, "[");
    for (unsigned i = 0; i < 300; i++) {
        put_mixed_item(&text, i);
        lb_buf_append_lit(&text, "]");
        failures += fail_each_allocation(lb_buf_str(&text));
        text.len--;
    }
    assert_true(failures > 3 * 300); /* most have grown more than once */
    lb_buf_fini(&text);
}

/* The worst that decode.h promises, whatever the values are. */
static void the_memory_of_a_tree_is_bounded_by_weight_and_text(void **state)
{
    (void)state;
    static const struct {
        const char *item;
        size_t weight;
    } kinds[] = {
        {"1", 1},
        {"\"\\n\"", 1},
        {"[]", 8},
        {"[\"\\n\"]", 9},
        {"{\"\\n\":\"\\n\"}", 9},
        {"{\"\\n\":\"0123456789abc\\n\",\"\\t\":\"\\n\",\"a\":1,\"b\":[\"\\t\"]}", 20},
    };
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        struct lb_buf text = {0};
        size_t weight = 8;
        lb_buf_append_lit(&text, "[");
        for (size_t i = 0; i < 20000; i++, weight += kinds[kind].weight) {
            lb_buf_append_str(&text, i ? LB_STR(",") : LB_STR(""));
            lb_buf_append_str(&text, lb_str(kinds[kind].item));
        }
        lb_buf_append_lit(&text, "]");
        for (int copy = 0; copy < 2; copy++) {
            struct lb_json *tree;
            lb_err err =
                (copy ? lb_json_parse_copy : lb_json_parse)(lb_buf_str(&text), DEPTH, &tree, NULL);
            assert_int_equal(err, LB_OK);
            size_t most = 64 * weight + text.len;
            assert_in_range(malloc_usable_size(tree), 1, most + most / 2 + text.len + 128);
            lb_json_free(tree);
        }
        lb_buf_fini(&text);
    }
}

static void a_small_document_is_one_allocation(void **state)
{
    (void)state;
    struct lb_str text = LB_STR("{\"publicIdentifiers\":[\"john-doe\",\"jane-smith\"]}");
    struct lb_json *tree;
    starve_at(2, true);
    lb_err err = lb_json_parse(text, DEPTH, &tree, NULL);
    assert_int_equal(starve_end(), 0);
    assert_int_equal(err, LB_OK);
    lb_json_free(tree);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(items_are_found_by_index_whatever_lies_between),
        cmocka_unit_test(the_last_of_many_items_is_found_at_once),
        cmocka_unit_test(members_are_found_by_their_decoded_names),
        cmocka_unit_test(a_string_without_escapes_is_not_copied),
        cmocka_unit_test(a_tree_with_its_own_copy_outlives_the_text),
        cmocka_unit_test(a_number_may_end_with_the_text),
        cmocka_unit_test(getters_tell_types_apart),
        cmocka_unit_test(getters_take_any_value),
        cmocka_unit_test(integers_out_of_range_are_not_cut),
        cmocka_unit_test(a_number_that_is_not_0_is_not_read_as_0_or_infinite),
        cmocka_unit_test(members_are_walked_over_in_the_order_of_the_text),
        cmocka_unit_test(what_is_no_object_has_no_members_to_walk_over),
        cmocka_unit_test(a_long_object_is_walked_over_whole),
        cmocka_unit_test(a_scalar_is_the_text_as_it_was_written),
        cmocka_unit_test(a_scalar_that_is_no_64_bit_number_is_not_another_one),
        cmocka_unit_test(what_holds_others_or_nothing_is_no_scalar),
        cmocka_unit_test(a_tree_is_written_as_it_came_on_one_line_within_64_bits),
        cmocka_unit_test(out_of_memory_is_overloaded_whichever_allocation_fails),
        cmocka_unit_test(the_memory_of_a_tree_is_bounded_by_weight_and_text),
        cmocka_unit_test(a_small_document_is_one_allocation),
    };
    return cmocka_run_group_tests_name("json_tree", tests, NULL, NULL);
}
