#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

static void what_is_appended_is_read_back(void **state)
{
    struct lb_buf buf = {0};
    lb_buf_append_lit(&buf, "a");
    lb_buf_append_str(&buf, LB_STR("bc"));
    lb_buf_append(&buf, "d\0e", 3);
    lb_buf_append_u64(&buf, 0);
    lb_buf_append_u64(&buf, UINT64_MAX);
    lb_buf_printf(&buf, "%s-%d", "x", -7);
    assert_true(lb_str_equal(lb_buf_str(&buf), LB_STR("abcd\0"
                                                      "e018446744073709551615x--7")));
    assert_false(buf.failed);
    lb_buf_fini(&buf);
    assert_null(buf.ptr);
    assert_int_equal(buf.len + buf.capacity, 0);
}

static void an_empty_text_needs_no_memory(void **state)
{
    struct lb_buf buf = {0};
    lb_buf_append_str(&buf, (struct lb_str){0});
    assert_null(buf.ptr);
    assert_false(buf.failed);
}

static void growth_keeps_every_byte(void **state)
{
    struct lb_buf buf = {0};
    for (int i = 0; i < 100000; i++)
        lb_buf_append(&buf, &(char){(char)(i % 251)}, 1);
    assert_int_equal(buf.len, 100000);
    for (int i = 0; i < 100000; i++)
        assert_int_equal((unsigned char)buf.ptr[i], i % 251);
    lb_buf_fini(&buf);
}

static void reserved_room_is_really_there(void **state)
{
    struct lb_buf buf = {0};
    lb_buf_append_lit(&buf, "abc");
    assert_true(lb_buf_reserve(&buf, 1000));
    assert_true(buf.capacity - buf.len >= 1000);
    memset(buf.ptr + buf.len, 'x', 1000);
    assert_memory_equal(buf.ptr, "abc", 3);
    lb_buf_fini(&buf);
}

/* A size that no memory has, whichever way it is reached, fails instead of wrapping around. */
static void a_failure_stays_and_later_appends_do_nothing(void **state)
{
    static const size_t sizes[] = {SIZE_MAX, SIZE_MAX - 2, SIZE_MAX / 2, SIZE_MAX / 2 + 1};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct lb_buf buf = {0};
        lb_buf_append_lit(&buf, "abc");
        assert_false(lb_buf_reserve(&buf, sizes[i]));
        assert_true(buf.failed);
        lb_buf_append_lit(&buf, "def");
        lb_buf_printf(&buf, "%d", 1);
        assert_false(lb_buf_reserve(&buf, 1));
        assert_true(lb_str_equal(lb_buf_str(&buf), LB_STR("abc")));
        lb_buf_fini(&buf);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_appended_is_read_back),
        cmocka_unit_test(an_empty_text_needs_no_memory),
        cmocka_unit_test(growth_keeps_every_byte),
        cmocka_unit_test(reserved_room_is_really_there),
        cmocka_unit_test(a_failure_stays_and_later_appends_do_nothing),
    };
    return cmocka_run_group_tests_name("buf", tests, NULL, NULL);
}
