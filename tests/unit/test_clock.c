#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
/* After the above. */
#include <cmocka.h>

static void a_time_is_written_in_utc_with_milliseconds(void **state)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {
        {0, "1970-01-01T00:00:00.000Z"},
        {1, "1970-01-01T00:00:00.001Z"},
        {951782399999, "2000-02-28T23:59:59.999Z"},
        {951782400000, "2000-02-29T00:00:00.000Z"}, /* 2000 is a leap year */
        {4107542400000, "2100-03-01T00:00:00.000Z"},
        {1795419116123, "2026-11-23T07:31:56.123Z"},
        {253402300799999, "9999-12-31T23:59:59.999Z"},
    };
    char text[LB_TIME_TEXT_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(lb_time_format(cases[i].ms, text), 24);
        assert_string_equal(text, cases[i].text);
        int64_t back;
        assert_true(lb_time_parse(lb_str(text), &back));
        assert_int_equal(back, cases[i].ms);
    }
}

/* Each day up to the year 2400, and some time of it. */
static void every_day_has_the_date_that_the_library_gives_it(void **state)
{
    for (int64_t day = -1; day < 157054; day++) {
        char text[LB_TIME_TEXT_SIZE];
        char want[64];
        int64_t ms = day * 86400000 + day * 7919 % 86400000;
        time_t seconds = (time_t)(ms / 1000 - (ms % 1000 < 0));
        struct tm tm;
        gmtime_r(&seconds, &tm);
        snprintf(want, sizeof want, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec,
                 (int)(ms - (int64_t)seconds * 1000));
        lb_time_format(ms, text);
        assert_string_equal(text, want);
    }
}

static void times_of_all_forms_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {
        {"2026-11-23", 1795392000000},
        {"2026-11-23T07:31:56Z", 1795419116000},
        {"2026-11-23T07:31:56z", 1795419116000},
        {"2026-11-23T07:31:56.1Z", 1795419116100},
        {"2026-11-23T07:31:56.12Z", 1795419116120},
        {"2026-11-23T07:31:56.1239Z", 1795419116123}, /* cut, not rounded */
        {"2026-11-23T07:31:56.123456789123456789Z", 1795419116123},
        {"1970-01-01", 0},
        {"2024-02-29", 1709164800000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -1;
        assert_true(lb_time_parse(lb_str(cases[i].text), &ms));
        assert_int_equal(ms, cases[i].ms);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "2026",
        "2026-11",
        "2026-11-23T",
        "2026-11-23T07:31Z",
        "2026-11-23T07:31:56",
        "2026-11-23T07:31:56.Z",
        "2026-11-23T07:31:56.12",
        "2026-11-23T07:31:56+00:00",
        "2026-11-23T07:31:56Zx",
        "2026-11-23T07:31:56.1 Z",
        "2026-11-23 07:31:56Z",
        "2026-11-23t07:31:56Z",
        " 2026-11-23",
        "2026-11-23 ",
        "2026-1-023",
        "20261123T0",
        "-026-11-23",
        "2026-00-10",
        "2026-13-10",
        "2026-01-00",
        "2026-01-32",
        "2026-02-29",
        "2100-02-29",
        "2026-04-31",
        "2026-11-23T24:00:00Z",
        "2026-11-23T07:60:00Z",
        "2026-11-23T07:31:60Z",
        "2026-11-23T07:31:99Z",
        "1969-12-31",
        "1969-12-31T23:59:59.999Z",
        "0000-01-01",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t ms = -1;
        if (lb_time_parse(lb_str(cases[i]), &ms))
            fail_msg("'%s' was taken for a time", cases[i]);
        assert_int_equal(ms, -1);
    }
    int64_t ms;
    assert_false(lb_time_parse((struct lb_str){"2026-11-23\0", 11}, &ms));
    assert_false(lb_time_parse((struct lb_str){0}, &ms));
}

static void the_monotonic_clock_does_not_go_back(void **state)
{
    uint64_t before = lb_clock_mono_ns();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = lb_clock_mono_ns();
        assert_true(now >= before);
        before = now;
    }
    assert_true(lb_clock_wall_ms() > 1700000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_written_in_utc_with_milliseconds),
        cmocka_unit_test(every_day_has_the_date_that_the_library_gives_it),
        cmocka_unit_test(times_of_all_forms_are_read),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(the_monotonic_clock_does_not_go_back),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
