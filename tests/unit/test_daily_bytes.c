/* What a workspace has recorded within a day, by the hour. */
#include "domain/access/daily_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* After the above. */
#include <cmocka.h>

#define HOUR INT64_C(3600000)
#define NOW  (INT64_C(500000) * HOUR)
#define MAX  UINT64_C(1000)

static void room_comes_back_after_a_day(void **state)
{
    (void)state;
    struct lb_daily_bytes bytes = {0};
    unsigned wait_s = 0;
    lb_daily_bytes_add(&bytes, NOW, MAX - 1);
    assert_false(lb_daily_bytes_full(&bytes, NOW, MAX, &wait_s));
    lb_daily_bytes_add(&bytes, NOW + HOUR, 1);
    assert_true(lb_daily_bytes_full(&bytes, NOW + HOUR, MAX, &wait_s));
    assert_int_equal(wait_s, 24 * 3600);
    assert_true(lb_daily_bytes_full(&bytes, NOW + 25 * HOUR - 1, MAX, &wait_s));
    assert_int_equal(wait_s, 1);
    assert_false(lb_daily_bytes_full(&bytes, NOW + 25 * HOUR, MAX, &wait_s));
    assert_int_equal(bytes.sum, 1);
}

/* By a year: what was counted ends a day from now, and not a year. */
static void a_clock_that_was_ahead_shuts_out_for_a_day_at_most(void **state)
{
    (void)state;
    struct lb_daily_bytes bytes = {0};
    unsigned wait_s = 0;
    lb_daily_bytes_add(&bytes, NOW + 365 * 24 * HOUR, MAX / 2);
    lb_daily_bytes_add(&bytes, NOW + 365 * 24 * HOUR + 2 * HOUR, MAX / 2);
    assert_true(lb_daily_bytes_full(&bytes, NOW, MAX, &wait_s));
    assert_in_range(wait_s, 24 * 3600, 25 * 3600);
    assert_false(lb_daily_bytes_full(&bytes, NOW + 25 * HOUR, MAX, &wait_s));
    assert_int_equal(bytes.sum, 0);
}

static void a_clock_that_is_set_back_by_a_little_goes_on(void **state)
{
    (void)state;
    struct lb_daily_bytes bytes = {0};
    unsigned wait_s = 0;
    lb_daily_bytes_add(&bytes, NOW, 400);
    lb_daily_bytes_add(&bytes, NOW - 1, 400);
    assert_int_equal(bytes.sum, 800);
    assert_int_equal(bytes.hour, NOW / HOUR);
    assert_false(lb_daily_bytes_full(&bytes, NOW + 25 * HOUR, MAX, &wait_s));
    assert_int_equal(bytes.sum, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(room_comes_back_after_a_day),
        cmocka_unit_test(a_clock_that_was_ahead_shuts_out_for_a_day_at_most),
        cmocka_unit_test(a_clock_that_is_set_back_by_a_little_goes_on),
    };
    return cmocka_run_group_tests_name("daily_bytes", tests, NULL, NULL);
}
