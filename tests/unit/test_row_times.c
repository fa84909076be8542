#include "index/row_times.h"

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

static void append(struct lb_stamps *stamps, uint64_t first, bool continues)
{
    assert_true(
        lb_stamps_append(stamps, first, (struct lb_stamp){.at = START_MS, .continues = continues}));
}

static void assert_change(const struct lb_stamps *stamps, uint64_t below, uint64_t first,
                          uint64_t last)
{
    struct lb_stamps_change change;
    assert_true(lb_stamps_change_below(stamps, below, &change));
    assert_int_equal(change.first_row, first);
    assert_int_equal(change.last_row, last);
}

static void no_change_is_below_the_first(void **state)
{
    struct lb_stamps *stamps = lb_stamps_create();
    struct lb_stamps_change change;
    assert_false(lb_stamps_change_below(stamps, UINT64_MAX, &change));
    append(stamps, 10, false);
    assert_false(lb_stamps_change_below(stamps, 0, &change));
    assert_false(lb_stamps_change_below(stamps, 9, &change));
    assert_false(lb_stamps_change_below(stamps, 10, &change));
    assert_change(stamps, 11, 10, 10);
    assert_change(stamps, UINT64_MAX, 10, 10);
    lb_stamps_destroy(stamps);
}

static void a_change_has_all_rows_that_continue_it(void **state)
{
    struct lb_stamps *stamps = lb_stamps_create();
    append(stamps, 10, false);
    append(stamps, 60, true);
    append(stamps, 110, true);
    append(stamps, 200, false);
    append(stamps, 201, false);
    append(stamps, 251, true);
    assert_change(stamps, UINT64_MAX, 201, 251);
    assert_change(stamps, 201, 200, 200);
    assert_change(stamps, 200, 10, 110);
    lb_stamps_destroy(stamps);
}

/* What continues nothing, as memory that begins in the middle of a change would have. */
static void a_first_row_that_continues_is_a_change(void **state)
{
    struct lb_stamps *stamps = lb_stamps_create();
    append(stamps, 10, true);
    append(stamps, 60, true);
    assert_change(stamps, UINT64_MAX, 10, 60);
    lb_stamps_destroy(stamps);
}

/* Changes of one row to thousands, over the borders of chunks of every size, walked back from the
 * last one as a list of them is. */
static void changes_are_walked_back_over_chunk_borders(void **state)
{
    enum { CHANGES = 600 };
    static struct lb_stamps_change changes[CHANGES];
    struct lb_stamps *stamps = lb_stamps_create();
    uint64_t id = 1;
    srandom(2);
    for (int i = 0; i < CHANGES; i++) {
        unsigned rows = 1 + (unsigned)random() % (i % 100 == 99 ? 3000 : 20);
        changes[i].first_row = id;
        for (unsigned row = 0; row < rows; row++) {
            append(stamps, id, row > 0);
            changes[i].last_row = id;
            id += random() % 1000 ? 50 : UINT64_C(1) << 33;
        }
    }
    uint64_t below = UINT64_MAX;
    for (int i = CHANGES - 1; i >= 0; i--) {
        assert_change(stamps, below, changes[i].first_row, changes[i].last_row);
        below = changes[i].first_row;
    }
    struct lb_stamps_change none;
    assert_false(lb_stamps_change_below(stamps, below, &none));
    lb_stamps_destroy(stamps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_found_before_the_first),
        cmocka_unit_test(an_entry_has_the_stamp_of_the_row_that_holds_it),
        cmocka_unit_test(many_rows_agree_with_a_list),
        cmocka_unit_test(a_clock_that_was_set_back_is_kept),
        cmocka_unit_test(no_change_is_below_the_first),
        cmocka_unit_test(a_change_has_all_rows_that_continue_it),
        cmocka_unit_test(a_first_row_that_continues_is_a_change),
        cmocka_unit_test(changes_are_walked_back_over_chunk_borders),
    };
    lb_rcu_thread_register();
    int failed = cmocka_run_group_tests_name("stamps", tests, NULL, NULL);
    lb_rcu_barrier();
    lb_rcu_thread_unregister();
    return failed;
}
