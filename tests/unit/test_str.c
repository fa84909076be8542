#include "base/err.h"
#include "base/id.h"
#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* After the above. */
#include <cmocka.h>

static void texts_are_equal_byte_for_byte(void **state)
{
    assert_true(lb_str_equal(LB_STR("ab"), lb_str("ab")));
    assert_false(lb_str_equal(LB_STR("ab"), LB_STR("aB")));
    assert_false(lb_str_equal(LB_STR("ab"), LB_STR("ab\0")));
    assert_true(lb_str_equal((struct lb_str){0}, LB_STR("")));
    assert_int_equal(lb_str(NULL).len, 0);
}

static void numbers_are_digits_within_their_bound(void **state)
{
    static const struct {
        struct lb_str text;
        uint64_t max;
        bool good;
        uint64_t value;
    } cases[] = {
        {LB_STR("0"), 0, true, 0},
        {LB_STR("42"), 42, true, 42},
        {LB_STR("43"), 42, false, 0},
        {LB_STR("007"), 9, true, 7},
        {LB_STR(""), 9, false, 0},
        {LB_STR("+1"), 9, false, 0},
        {LB_STR("-1"), UINT64_MAX, false, 0},
        {LB_STR(" 1"), 9, false, 0},
        {LB_STR("1 "), 9, false, 0},
        {LB_STR("1\0"), 9, false, 0},
        {LB_STR("0x1"), 9, false, 0},
        {LB_STR("18446744073709551615"), UINT64_MAX, true, UINT64_MAX},
        {LB_STR("18446744073709551616"), UINT64_MAX, false, 0},
        {LB_STR("99999999999999999999999999"), UINT64_MAX, false, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint64_t value = 77;
        assert_int_equal(lb_str_to_u64(cases[i].text, cases[i].max, &value), cases[i].good);
        assert_int_equal(value, cases[i].good ? cases[i].value : 77); /* else untouched */
    }
}

static void numbers_are_written_in_decimal(void **state)
{
    uint64_t power = 1;
    for (int digits = 1; digits <= 20; digits++, power *= 10) {
        uint64_t numbers[] = {power - 1, power, power + 1, power * 3, UINT64_MAX - power + 1};
        for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
            char want[32];
            char room[LB_U64_DIGITS];
            int len = snprintf(want, sizeof want, "%llu", (unsigned long long)numbers[i]);
            struct lb_str got = lb_str_of_u64(numbers[i], room);
            assert_true(lb_str_equal(got, (struct lb_str){want, (size_t)len}));
        }
    }
}

static void an_id_has_one_spelling(void **state)
{
    uint64_t value = 77;
    assert_true(lb_str_to_id(LB_STR("42"), 100, &value));
    assert_int_equal(value, 42);
    value = 77;
    assert_false(lb_str_to_id(LB_STR("042"), 100, &value));
    assert_false(lb_str_to_id(LB_STR("0"), 100, &value));
    assert_false(lb_str_to_id(LB_STR(""), 100, &value));
    assert_false(lb_str_to_id(LB_STR("101"), 100, &value));
    assert_int_equal(value, 77);
}

static void a_copy_fits_with_its_end_or_is_refused(void **state)
{
    char out[4] = "xxx";
    assert_true(lb_str_copy(LB_STR("abc"), out, sizeof out));
    assert_string_equal(out, "abc");
    assert_false(lb_str_copy(LB_STR("abcd"), out, sizeof out));
    assert_string_equal(out, "abc");
    assert_true(lb_str_copy((struct lb_str){0}, out, sizeof out));
    assert_string_equal(out, "");
    assert_false(lb_str_copy((struct lb_str){0}, out, 0));
}

static void a_reason_that_is_too_long_is_cut(void **state)
{
    struct lb_reason reason;
    char text[1000];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    assert_int_equal(lb_fail(&reason, LB_ERR_INTERNAL, "%s", text), LB_ERR_INTERNAL);
    assert_int_equal(strlen(reason.text), sizeof reason.text - 1);
    assert_int_equal(lb_fail(NULL, LB_ERR_NOT_FOUND, "%s", text), LB_ERR_NOT_FOUND);
}

static void every_error_has_a_code_and_a_status(void **state)
{
    for (int err = 0; err < LB_ERR_COUNT; err++) {
        assert_true(strlen(lb_err_code((lb_err)err)) > 0);
        unsigned status = lb_err_status((lb_err)err);
        assert_true(err == LB_OK ? status == 200 : status >= 400 && status < 600);
    }
}

static void random_ids_have_their_form_and_differ(void **state)
{
    char one[65];
    char other[65];
    lb_id_make(one, sizeof one, "ws_");
    lb_id_make(other, sizeof other, "ws_");
    assert_int_equal(strlen(one), 3 + 16);
    assert_int_equal(strspn(one + 3, "0123456789abcdefghjkmnpqrstvwxyz"), 16);
    assert_string_not_equal(one, other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_equal_byte_for_byte),
        cmocka_unit_test(numbers_are_digits_within_their_bound),
        cmocka_unit_test(numbers_are_written_in_decimal),
        cmocka_unit_test(an_id_has_one_spelling),
        cmocka_unit_test(a_copy_fits_with_its_end_or_is_refused),
        cmocka_unit_test(a_reason_that_is_too_long_is_cut),
        cmocka_unit_test(every_error_has_a_code_and_a_status),
        cmocka_unit_test(random_ids_have_their_form_and_differ),
    };
    return cmocka_run_group_tests_name("str", tests, NULL, NULL);
}
