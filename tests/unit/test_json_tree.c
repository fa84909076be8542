/* The trees that json/decode.h builds: how values are found in them, what they borrow, and the
 * memory they take. */
#include "json/decode.h"

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

static void numbers_are_written_as_they_came_within_64_bits(void **state)
{
    (void)state;
    struct lb_json *tree = parse(
        LB_STR("[-0,0,-0.0,1E+2,-9223372036854775808,-9223372036854775809,9223372036854775808,"
               "18446744073709551615,18446744073709551616,-123456789012345678901234567890]"));
    struct lb_buf out = {0};
    lb_json_put(&out, tree);
    assert_true(lb_str_equal(
        lb_buf_str(&out),
        LB_STR("[0,0,-0.0,1E+2,-9223372036854775808,-9223372036854775808,9223372036854775808,"
               "18446744073709551615,18446744073709551615,-9223372036854775808]")));
    lb_buf_fini(&out);
    lb_json_put(&out, NULL);
    assert_true(lb_str_equal(lb_buf_str(&out), LB_STR("null")));
    lb_buf_fini(&out);
    lb_json_free(tree);
}

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
        cmocka_unit_test(numbers_are_written_as_they_came_within_64_bits),
        cmocka_unit_test(out_of_memory_is_overloaded_whichever_allocation_fails),
        cmocka_unit_test(the_memory_of_a_tree_is_bounded_by_weight_and_text),
        cmocka_unit_test(a_small_document_is_one_allocation),
    };
    return cmocka_run_group_tests_name("json_tree", tests, NULL, NULL);
}
