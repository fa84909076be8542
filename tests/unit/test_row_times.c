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
    struct lb_row_times *row_times = lb_row_times_create();
    struct lb_row_time row_time;
    assert_false(lb_row_times_find(row_times, 7, &row_time));
    assert_true(lb_row_times_append(row_times, 10, (struct lb_row_time){START_MS, false}));
    assert_false(lb_row_times_find(row_times, 9, &row_time));
    lb_row_times_destroy(row_times);
}

static void an_entry_has_the_stamp_of_the_row_that_holds_it(void **state)
{
    struct lb_row_times *row_times = lb_row_times_create();
    struct lb_row_time row_time;
    assert_true(lb_row_times_append(row_times, 1, (struct lb_row_time){START_MS, false}));
    assert_true(lb_row_times_append(row_times, 101, (struct lb_row_time){START_MS + 5, true}));
    assert_true(lb_row_times_find(row_times, 100, &row_time));
    assert_int_equal(row_time.at, START_MS);
    assert_false(row_time.has_reason);
    assert_true(lb_row_times_find(row_times, 101, &row_time));
    assert_int_equal(row_time.at, START_MS + 5);
    assert_true(row_time.has_reason);
    lb_row_times_destroy(row_times);
}

/* Random gaps of ids and times, small and too large for one chunk's offsets, against a plain list.
 */
static void many_rows_agree_with_a_list(void **state)
{
    enum { ROWS = 20000 };
    static uint64_t ids[ROWS];
    static struct lb_row_time stamps_of[ROWS];
    struct lb_row_times *row_times = lb_row_times_create();
    uint64_t id = 1;
    int64_t at = START_MS;
    srandom(1);
    for (int i = 0; i < ROWS; i++) {
        ids[i] = id;
        stamps_of[i] = (struct lb_row_time){at, random() % 2};
        assert_true(lb_row_times_append(row_times, id, stamps_of[i]));
        id += (uint64_t)(random() % 500 ? 1 + random() % 100 : INT64_C(1) << 33);
        at += random() % 300 ? random() % 1000 : INT64_C(1) << 32;
    }
    for (int i = 0; i < ROWS; i++) {
        struct lb_row_time row_time;
        uint64_t last = i + 1 < ROWS ? ids[i + 1] - 1 : ids[i] + 99;
        assert_true(lb_row_times_find(row_times, ids[i], &row_time));
        assert_int_equal(row_time.at, stamps_of[i].at);
        assert_true(lb_row_times_find(row_times, last, &row_time));
        assert_int_equal(row_time.at, stamps_of[i].at);
        assert_int_equal(row_time.has_reason, stamps_of[i].has_reason);
    }
    lb_row_times_destroy(row_times);
}

static void the_next_row_is_found_from_any_id(void **state)
{
    enum { ROWS = 3000 };
    struct lb_row_times *row_times = lb_row_times_create();
    uint64_t first = 99;
    assert_false(lb_row_times_next(row_times, 0, &first));
    for (uint64_t i = 0; i < ROWS; i++)
        assert_true(
            lb_row_times_append(row_times, 10 + 7 * i, (struct lb_row_time){.at = START_MS}));
    assert_true(lb_row_times_add(row_times, 10 + 7 * ROWS, (struct lb_row_time){.at = START_MS}));
    for (uint64_t id = 0; id <= 10 + 7 * (ROWS - 1); id++) {
        assert_true(lb_row_times_next(row_times, id, &first));
        assert_int_equal(first, id <= 10 ? 10 : 10 + (id - 10 + 6) / 7 * 7);
    }
    assert_false(lb_row_times_next(row_times, 10 + 7 * (ROWS - 1) + 1, &first)); /* not published */
    lb_row_times_destroy(row_times);
}

static void a_clock_that_was_set_back_is_kept(void **state)
{
    struct lb_row_times *row_times = lb_row_times_create();
    struct lb_row_time row_time;
    assert_true(lb_row_times_append(row_times, 1, (struct lb_row_time){START_MS, false}));
    assert_true(lb_row_times_append(row_times, 2, (struct lb_row_time){START_MS - 3600000, false}));
    assert_true(lb_row_times_find(row_times, 2, &row_time));
    assert_int_equal(row_time.at, START_MS - 3600000);
    lb_row_times_destroy(row_times);
}

static void append(struct lb_row_times *row_times, uint64_t first, bool continues)
{
    assert_true(lb_row_times_append(
        row_times, first,
        (struct lb_row_time){.at = START_MS, .continues = continues, .number = first}));
}

static void assert_change(const struct lb_row_times *row_times, uint64_t below, uint64_t first,
                          uint64_t last)
{
    struct lb_row_times_change change;
    assert_true(lb_row_times_change_below(row_times, below, &change));
    assert_int_equal(change.first_row, first);
    assert_int_equal(change.last_row, last);
}

static void assert_change_of(const struct lb_row_times *row_times,
                             const struct lb_row_times_change *expected)
{
    struct lb_row_times_change change;
    assert_true(lb_row_times_change(row_times, expected->first_row, &change));
    assert_int_equal(change.first_row, expected->first_row);
    assert_int_equal(change.last_row, expected->last_row);
    assert_int_equal(change.number, expected->first_row);
}

static void a_change_is_found_by_its_own_number_alone(void **state)
{
    struct lb_row_times *row_times = lb_row_times_create();
    struct lb_row_times_change change;
    assert_false(lb_row_times_change(row_times, 10, &change));
    append(row_times, 10, false);
    append(row_times, 60, true);
    append(row_times, 110, false);
    assert_change_of(row_times, &(struct lb_row_times_change){.first_row = 10, .last_row = 60});
    assert_change_of(row_times, &(struct lb_row_times_change){.first_row = 110, .last_row = 110});
    static const uint64_t others[] = {0, 9, 11, 59, 60, 61, 109, 111, UINT64_MAX};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_false(lb_row_times_change(row_times, others[i], &change));
    lb_row_times_destroy(row_times);
}

static void no_change_is_below_the_first(void **state)
{
    struct lb_row_times *row_times = lb_row_times_create();
    struct lb_row_times_change change;
    assert_false(lb_row_times_change_below(row_times, UINT64_MAX, &change));
    append(row_times, 10, false);
    assert_false(lb_row_times_change_below(row_times, 0, &change));
    assert_false(lb_row_times_change_below(row_times, 9, &change));
    assert_false(lb_row_times_change_below(row_times, 10, &change));
    assert_change(row_times, 11, 10, 10);
    assert_change(row_times, UINT64_MAX, 10, 10);
    lb_row_times_destroy(row_times);
}

static void a_change_has_all_rows_that_continue_it(void **state)
{
    struct lb_row_times *row_times = lb_row_times_create();
    append(row_times, 10, false);
    append(row_times, 60, true);
    append(row_times, 110, true);
    append(row_times, 200, false);
    append(row_times, 201, false);
    append(row_times, 251, true);
    assert_change(row_times, UINT64_MAX, 201, 251);
    assert_change(row_times, 201, 200, 200);
    assert_change(row_times, 200, 10, 110);
    lb_row_times_destroy(row_times);
}

/* What continues nothing, as memory that begins in the middle of a change would have. */
static void a_first_row_that_continues_is_a_change(void **state)
{
    struct lb_row_times *row_times = lb_row_times_create();
    append(row_times, 10, true);
    append(row_times, 60, true);
    assert_change(row_times, UINT64_MAX, 10, 60);
    lb_row_times_destroy(row_times);
}

/* Changes of one row to thousands, over the borders of chunks of every size, walked back from the
 * last one as a list of them is, and found by their numbers. */
static void changes_are_walked_back_over_chunk_borders(void **state)
{
    enum { CHANGES = 600 };
    static struct lb_row_times_change changes[CHANGES];
    struct lb_row_times *row_times = lb_row_times_create();
    uint64_t id = 1;
    srandom(2);
    for (int i = 0; i < CHANGES; i++) {
        unsigned rows = 1 + (unsigned)random() % (i % 100 == 99 ? 3000 : 20);
        changes[i].first_row = id;
        for (unsigned row = 0; row < rows; row++) {
            append(row_times, id, row > 0);
            changes[i].last_row = id;
            id += random() % 1000 ? 50 : UINT64_C(1) << 33;
        }
    }
    uint64_t below = UINT64_MAX;
    for (int i = CHANGES - 1; i >= 0; i--) {
        assert_change(row_times, below, changes[i].first_row, changes[i].last_row);
        assert_change_of(row_times, &changes[i]);
        below = changes[i].first_row;
    }
    struct lb_row_times_change none;
    assert_false(lb_row_times_change_below(row_times, below, &none));
    lb_row_times_destroy(row_times);
}

/* Enough rows for several chunks each time, one time after another taken back. */
static void added_rows_are_seen_when_published_and_not_when_forgotten(void **state)
{
    enum { ROUNDS = 60, ROWS = 37 };
    struct lb_row_times *row_times = lb_row_times_create();
    struct lb_row_time seen;
    uint64_t published = 0;
    for (int round = 0; round < ROUNDS; round++) {
        for (uint64_t row = 1; row <= ROWS; row++)
            assert_true(lb_row_times_add(row_times, published + row,
                                         (struct lb_row_time){START_MS + round, false}));
        uint64_t bytes = lb_row_times_bytes(row_times);
        assert_int_equal(lb_row_times_find(row_times, published + ROWS, &seen), published > 0);
        assert_true(!published || seen.at == START_MS + round - (round % 2 ? 2 : 1));
        if (round % 2) {
            lb_row_times_publish(row_times);
            published += ROWS;
            assert_true(lb_row_times_find(row_times, published - ROWS + 1, &seen));
            assert_int_equal(seen.at, START_MS + round);
        } else {
            lb_row_times_forget(row_times);
            assert_true(lb_row_times_bytes(row_times) <= bytes);
        }
        assert_int_equal(lb_row_times_find(row_times, UINT64_MAX, &seen), published > 0);
        assert_true(!published || seen.at == START_MS + round - !(round % 2));
    }
    assert_true(lb_row_times_add(row_times, published + 1, (struct lb_row_time){START_MS, false}));
    lb_row_times_destroy(row_times); /* with one that was not published */
}

/* Rows of a workspace among those of others: ids have gaps that numbers do not have. Small and
 * large ones, over the borders of chunks. */
static void numbers_and_ids_of_entries_are_found_by_each_other(void **state)
{
    enum { ROWS = 5000 };
    static uint64_t ids[ROWS], numbers[ROWS];
    struct lb_row_times *row_times = lb_row_times_create();
    uint64_t id = 1000, number = 7;
    srandom(3);
    assert_int_equal(lb_row_times_number_of(row_times, 5), 0);
    assert_int_equal(lb_row_times_id_of(row_times, 5), 0);
    for (int i = 0; i < ROWS; i++) {
        uint64_t items = 1 + (uint64_t)random() % 50;
        ids[i] = id;
        numbers[i] = number;
        assert_true(lb_row_times_append(row_times, id,
                                        (struct lb_row_time){.at = START_MS, .number = number}));
        id += items + (random() % 500 ? (uint64_t)random() % 100 : UINT64_C(1) << 33);
        number += items;
    }
    assert_int_equal(lb_row_times_number_of(row_times, 999), 0);
    assert_int_equal(lb_row_times_id_of(row_times, 6), 0);
    for (int i = 0; i + 1 < ROWS; i++) {
        uint64_t last = numbers[i + 1] - numbers[i] - 1;
        assert_int_equal(lb_row_times_number_of(row_times, ids[i]), numbers[i]);
        assert_int_equal(lb_row_times_number_of(row_times, ids[i] + last), numbers[i] + last);
        assert_int_equal(lb_row_times_id_of(row_times, numbers[i]), ids[i]);
        assert_int_equal(lb_row_times_id_of(row_times, numbers[i] + last), ids[i] + last);
    }
    struct lb_row_times_change change;
    assert_true(lb_row_times_change_below(row_times, numbers[9], &change));
    assert_true(change.first_row == ids[8] && change.number == numbers[8]);
    lb_row_times_destroy(row_times);
}

static void the_writer_knows_numbers_before_they_are_published(void **state)
{
    struct lb_row_times *row_times = lb_row_times_create();
    struct lb_row_time row_time = {.at = START_MS, .number = 3};
    assert_true(lb_row_times_append(row_times, 10, row_time));
    row_time.number = 4;
    assert_true(lb_row_times_add(row_times, 20, row_time));
    assert_int_equal(lb_row_times_number_of(row_times, 20), 4);
    assert_int_equal(lb_row_times_id_of(row_times, 4), 20);
    assert_int_equal(lb_row_times_published_id_of(row_times, 4), 11); /* reckoned from the first */
    lb_row_times_publish(row_times);
    assert_int_equal(lb_row_times_published_id_of(row_times, 4), 20);
    lb_row_times_destroy(row_times);
}

/* Rows of one entry each, a minute apart, over several chunks. */
static void the_first_row_since_a_time_is_found(void **state)
{
    enum { ROWS = 5000 };
    struct lb_row_times *row_times = lb_row_times_create();
    assert_int_equal(lb_row_times_number_since(row_times, 0), 0);
    for (uint64_t i = 0; i < ROWS; i++)
        assert_true(lb_row_times_append(
            row_times, 10 + i,
            (struct lb_row_time){.at = START_MS + 60000 * (int64_t)i, .number = 1 + i}));
    for (int64_t i = 0; i < ROWS; i++) {
        assert_int_equal(lb_row_times_number_since(row_times, START_MS + 60000 * i), 1 + i);
        assert_int_equal(lb_row_times_number_since(row_times, START_MS + 60000 * i + 1),
                         i + 1 < ROWS ? 2 + i : 0);
    }
    assert_int_equal(lb_row_times_number_since(row_times, 0), 1);
    lb_row_times_destroy(row_times);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_row_since_a_time_is_found),
        cmocka_unit_test(numbers_and_ids_of_entries_are_found_by_each_other),
        cmocka_unit_test(the_writer_knows_numbers_before_they_are_published),
        cmocka_unit_test(nothing_is_found_before_the_first),
        cmocka_unit_test(an_entry_has_the_stamp_of_the_row_that_holds_it),
        cmocka_unit_test(many_rows_agree_with_a_list),
        cmocka_unit_test(the_next_row_is_found_from_any_id),
        cmocka_unit_test(a_clock_that_was_set_back_is_kept),
        cmocka_unit_test(a_change_is_found_by_its_own_number_alone),
        cmocka_unit_test(no_change_is_below_the_first),
        cmocka_unit_test(a_change_has_all_rows_that_continue_it),
        cmocka_unit_test(a_first_row_that_continues_is_a_change),
        cmocka_unit_test(changes_are_walked_back_over_chunk_borders),
        cmocka_unit_test(added_rows_are_seen_when_published_and_not_when_forgotten),
    };
    lb_rcu_thread_register();
    int failed = cmocka_run_group_tests_name("row_times", tests, NULL, NULL);
    lb_rcu_barrier();
    lb_rcu_thread_unregister();
    return failed;
}
