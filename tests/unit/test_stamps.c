#include "index/stamps.h"

#include "base/rcu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define START_MS INT64_C(1790000000000)

static void nothing_is_found_before_the_first(void **state)
{
    struct lb_stamps *stamps = lb_stamps_create();
    struct lb_stamp stamp;
    assert_false(lb_stamps_find(stamps, 7, &stamp));
    assert_true(lb_stamps_append(stamps, 10, (struct lb_stamp){START_MS, false}));
    assert_false(lb_stamps_find(stamps, 9, &stamp));
    lb_stamps_destroy(stamps);
}

static void an_entry_has_the_stamp_of_the_row_that_holds_it(void **state)
{
    struct lb_stamps *stamps = lb_stamps_create();
    struct lb_stamp stamp;
    assert_true(lb_stamps_append(stamps, 1, (struct lb_stamp){START_MS, false}));
    assert_true(lb_stamps_append(stamps, 101, (struct lb_stamp){START_MS + 5, true}));
    assert_true(lb_stamps_find(stamps, 100, &stamp));
    assert_int_equal(stamp.at, START_MS);
    assert_false(stamp.has_reason);
    assert_true(lb_stamps_find(stamps, 101, &stamp));
    assert_int_equal(stamp.at, START_MS + 5);
    assert_true(stamp.has_reason);
    lb_stamps_destroy(stamps);
}

/* Random gaps of ids and times, small and too large for one chunk's offsets, against a plain list.
 */
static void many_rows_agree_with_a_list(void **state)
{
    enum { ROWS = 20000 };
    static uint64_t ids[ROWS];
    static struct lb_stamp stamps_of[ROWS];
    struct lb_stamps *stamps = lb_stamps_create();
    uint64_t id = 1;
    int64_t at = START_MS;
    srandom(1);
    for (int i = 0; i < ROWS; i++) {
        ids[i] = id;
        stamps_of[i] = (struct lb_stamp){at, random() % 2};
        assert_true(lb_stamps_append(stamps, id, stamps_of[i]));
        id += (uint64_t)(random() % 500 ? 1 + random() % 100 : INT64_C(1) << 33);
        at += random() % 300 ? random() % 1000 : INT64_C(1) << 32;
    }
    for (int i = 0; i < ROWS; i++) {
        struct lb_stamp stamp;
        uint64_t last = i + 1 < ROWS ? ids[i + 1] - 1 : ids[i] + 99;
        assert_true(lb_stamps_find(stamps, ids[i], &stamp));
        assert_int_equal(stamp.at, stamps_of[i].at);
        assert_true(lb_stamps_find(stamps, last, &stamp));
        assert_int_equal(stamp.at, stamps_of[i].at);
        assert_int_equal(stamp.has_reason, stamps_of[i].has_reason);
    }
    lb_stamps_destroy(stamps);
}

static void a_clock_that_was_set_back_is_kept(void **state)
{
    struct lb_stamps *stamps = lb_stamps_create();
    struct lb_stamp stamp;
    assert_true(lb_stamps_append(stamps, 1, (struct lb_stamp){START_MS, false}));
    assert_true(lb_stamps_append(stamps, 2, (struct lb_stamp){START_MS - 3600000, false}));
    assert_true(lb_stamps_find(stamps, 2, &stamp));
    assert_int_equal(stamp.at, START_MS - 3600000);
    lb_stamps_destroy(stamps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_found_before_the_first),
        cmocka_unit_test(an_entry_has_the_stamp_of_the_row_that_holds_it),
        cmocka_unit_test(many_rows_agree_with_a_list),
        cmocka_unit_test(a_clock_that_was_set_back_is_kept),
    };
    lb_rcu_thread_register();
    int failed = cmocka_run_group_tests_name("stamps", tests, NULL, NULL);
    lb_rcu_barrier();
    lb_rcu_thread_unregister();
    return failed;
}
