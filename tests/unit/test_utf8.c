#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
/* After the above. */
#include <cmocka.h>

static size_t length_of(struct lb_str text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    return lb_utf8_length(p, p + text.len);
}

/* By the table of RFC 3629, section 3. */
static size_t encode(uint32_t point, char out[4])
{
    size_t length = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    static const unsigned leads[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = length - 1; i > 0; i--, point >>= 6)
        out[i] = (char)(0x80 | (point & 0x3f));
    out[0] = (char)(leads[length] | point);
    return length;
}

static void every_code_point_has_its_length_and_surrogates_have_none(void **state)
{
    for (uint32_t point = 0; point <= 0x10ffff; point++) {
        char bytes[4];
        size_t length = encode(point, bytes);
        bool surrogate = point >= 0xd800 && point <= 0xdfff;
        assert_int_equal(length_of((struct lb_str){bytes, length}), surrogate ? 0 : length);
    }
}

static void a_sequence_that_is_cut_off_or_broken_is_invalid(void **state)
{
    for (uint32_t point = 0x80; point <= 0x10ffff; point += 61) {
        char bytes[4];
        size_t length = encode(point, bytes);
        for (size_t room = 1; room < length; room++)
            assert_int_equal(length_of((struct lb_str){bytes, room}), 0);
        for (size_t at = 1; at < length; at++) {
            char broken[4] = {bytes[0], bytes[1], bytes[2], bytes[3]};
            broken[at] ^= 0x40;
            assert_int_equal(length_of((struct lb_str){broken, length}), 0);
            broken[at] = 'x';
            assert_int_equal(length_of((struct lb_str){broken, length}), 0);
        }
    }
}

static void overlong_sequences_and_bytes_that_begin_none_are_invalid(void **state)
{
    static const struct lb_str cases[] = {
        LB_STR("\x80"),
        LB_STR("\xbf"),
        LB_STR("\xc0\x80"),
        LB_STR("\xc1\xbf"),
        LB_STR("\xe0\x9f\xbf"),
        LB_STR("\xf0\x8f\xbf\xbf"),
        LB_STR("\xf4\x90\x80\x80"),
        LB_STR("\xf5\x80\x80\x80"),
        LB_STR("\xfe"),
        LB_STR("\xff"),
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(length_of(cases[i]), 0);
        assert_false(lb_utf8_is_valid(cases[i]));
    }
}

static void a_string_is_valid_when_all_of_it_is(void **state)
{
    assert_true(lb_utf8_is_valid((struct lb_str){0}));
    assert_true(lb_utf8_is_valid(LB_STR("a\0b")));
    assert_true(lb_utf8_is_valid(LB_STR("Z\xc3\xbcrich \xe2\x82\xac \xf0\x9f\x99\x82")));
    assert_false(lb_utf8_is_valid(LB_STR("Z\xfcrich")));
    assert_false(lb_utf8_is_valid(LB_STR("Z\xc3")));
}

static void control_characters_are_not_printable(void **state)
{
    for (uint32_t point = 0; point <= 0x200; point++) {
        char bytes[4];
        size_t length = encode(point, bytes);
        const unsigned char *p = (const unsigned char *)bytes;
        bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
        assert_int_equal(lb_utf8_printable_length(p, p + length), control ? 0 : length);
        assert_int_equal(lb_utf8_is_control(p, length), control);
    }
}

static void code_points_are_counted_not_bytes(void **state)
{
    assert_int_equal(lb_utf8_count((struct lb_str){0}), 0);
    assert_int_equal(lb_utf8_count(LB_STR("abc")), 3);
    assert_int_equal(lb_utf8_count(LB_STR("\xc3\xbc\xe2\x82\xac\xf0\x9f\x99\x82")), 3);
}

static void a_string_is_cut_between_characters(void **state)
{
    struct lb_str text = LB_STR("a\xe2\x82\xac"
                                "b");
    static const size_t kept[] = {0, 1, 1, 1, 4, 5, 5};
    for (size_t max = 0; max < sizeof kept / sizeof *kept; max++) {
        struct lb_str start = lb_utf8_cut(text, max);
        assert_ptr_equal(start.ptr, text.ptr);
        assert_int_equal(start.len, kept[max]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_has_its_length_and_surrogates_have_none),
        cmocka_unit_test(a_sequence_that_is_cut_off_or_broken_is_invalid),
        cmocka_unit_test(overlong_sequences_and_bytes_that_begin_none_are_invalid),
        cmocka_unit_test(a_string_is_valid_when_all_of_it_is),
        cmocka_unit_test(control_characters_are_not_printable),
        cmocka_unit_test(code_points_are_counted_not_bytes),
        cmocka_unit_test(a_string_is_cut_between_characters),
    };
    return cmocka_run_group_tests_name("utf8", tests, NULL, NULL);
}
