/* A clock that is set back is noticed, once for each time. */
#include "base/clock_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* After the above. */
#include <cmocka.h>

#define YEAR_MS INT64_C(31536000000)

static void a_step_back_is_told_once(void **state)
{
    struct lb_clock_watch watch = {0};
    assert_int_equal(lb_clock_watch_compare(&watch, 5 * YEAR_MS, 1000), 0);
    assert_int_equal(lb_clock_watch_compare(&watch, 5 * YEAR_MS + 1000, 2000), 0);
    assert_int_equal(lb_clock_watch_compare(&watch, 3 * YEAR_MS, 3000), 2 * YEAR_MS + 2000);
    assert_int_equal(lb_clock_watch_compare(&watch, 3 * YEAR_MS + 1000, 4000), 0);
    assert_int_equal(lb_clock_watch_compare(&watch, 2 * YEAR_MS, 5000), YEAR_MS + 2000);
    assert_int_equal(lb_clock_watch_compare(&watch, 2 * YEAR_MS + 1000, 6000), 0);
}

static void what_is_ahead_or_slow_is_no_step_back(void **state)
{
    struct lb_clock_watch watch = {0};
    int64_t wall_ms = YEAR_MS;
    for (int64_t steady_ms = 0; steady_ms < 3600000; steady_ms += 1000, wall_ms += 999)
        assert_int_equal(lb_clock_watch_compare(&watch, wall_ms, steady_ms), 0);
    assert_int_equal(lb_clock_watch_compare(&watch, wall_ms + YEAR_MS, 3600000), 0);
    /* asleep: both went on */
    assert_int_equal(lb_clock_watch_compare(&watch, wall_ms + 2 * YEAR_MS, 3600000 + YEAR_MS), 0);
}

static void a_second_is_a_step_and_less_is_not(void **state)
{
    struct lb_clock_watch watch = {0};
    assert_int_equal(lb_clock_watch_compare(&watch, YEAR_MS, 0), 0);
    assert_int_equal(lb_clock_watch_compare(&watch, YEAR_MS - 999, 0), 0);
    assert_int_equal(lb_clock_watch_compare(&watch, YEAR_MS - 1999, 0), 1000);
}

static void the_clocks_of_this_machine_agree(void **state)
{
    struct lb_clock_watch watch = {0};
    for (int i = 0; i < 1000; i++)
        assert_int_equal(lb_clock_watch_look(&watch), 0);
    assert_true(watch.begun);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_step_back_is_told_once),
        cmocka_unit_test(what_is_ahead_or_slow_is_no_step_back),
        cmocka_unit_test(a_second_is_a_step_and_less_is_not),
        cmocka_unit_test(the_clocks_of_this_machine_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
