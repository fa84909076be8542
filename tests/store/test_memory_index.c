/* The index of a log in memory does what SQLite expects of the file `-shm`: zeroed regions that all
 * connections share and that stay where they are, and locks that exclude one another. */
#include "store/sqlite/memory_index.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* After the above. */
#include <cmocka.h>

#define REGION    32768
#define SHARED    (SQLITE_SHM_LOCK | SQLITE_SHM_SHARED)
#define EXCLUSIVE (SQLITE_SHM_LOCK | SQLITE_SHM_EXCLUSIVE)

static int setup(void **state)
{
    struct lb_memory_index *index = *state = calloc(1, sizeof *index);
    lb_memory_index_init(index);
    return 0;
}

static int teardown(void **state)
{
    lb_memory_index_fini(*state);
    free(*state);
    return 0;
}

static void unlock(struct lb_memory_index *index, struct lb_memory_index_user *user, int first,
                   int count, int how)
{
    int flags = SQLITE_SHM_UNLOCK | how;
    assert_int_equal(lb_memory_index_lock(index, user, first, count, flags), SQLITE_OK);
}

static void regions_are_made_when_they_may_be_and_stay(void **state)
{
    static const char zeros[REGION];
    struct lb_memory_index_user one = {0}, two = {0};
    void volatile *region, *again;
    assert_int_equal(lb_memory_index_map(*state, &one, 1, REGION, 0, &region), SQLITE_OK);
    assert_null(region);
    assert_int_equal(lb_memory_index_map(*state, &one, 1, REGION, 1, &region), SQLITE_OK);
    assert_memory_equal((void *)region, zeros, REGION);
    memset((void *)region, 7, REGION);
    assert_int_equal(lb_memory_index_map(*state, &two, 0, REGION, 1, &again), SQLITE_OK);
    assert_true(again != region);
    assert_int_equal(lb_memory_index_map(*state, &two, 1, REGION, 0, &again), SQLITE_OK);
    assert_true(again == region);
    assert_int_equal(lb_memory_index_map(*state, &one, LB_MEMORY_INDEX_REGIONS, REGION, 1, &again),
                     SQLITE_IOERR_SHMSIZE);
}

static void shared_locks_are_for_many_and_exclusive_ones_for_one(void **state)
{
    struct lb_memory_index_user one = {0}, two = {0};
    assert_int_equal(lb_memory_index_lock(*state, &one, 3, 1, SHARED), SQLITE_OK);
    assert_int_equal(lb_memory_index_lock(*state, &two, 3, 1, SHARED), SQLITE_OK);
    assert_int_equal(lb_memory_index_lock(*state, &one, 3, 1, EXCLUSIVE), SQLITE_BUSY);
    unlock(*state, &two, 3, 1, SQLITE_SHM_SHARED);
    unlock(*state, &one, 3, 1, SQLITE_SHM_SHARED);
    assert_int_equal(lb_memory_index_lock(*state, &one, 3, 1, EXCLUSIVE), SQLITE_OK);
    assert_int_equal(lb_memory_index_lock(*state, &two, 3, 1, SHARED), SQLITE_BUSY);
    assert_int_equal(lb_memory_index_lock(*state, &two, 3, 1, EXCLUSIVE), SQLITE_BUSY);
    assert_int_equal(lb_memory_index_lock(*state, &two, 4, 1, EXCLUSIVE), SQLITE_OK);
    unlock(*state, &one, 3, 1, SQLITE_SHM_EXCLUSIVE);
    assert_int_equal(lb_memory_index_lock(*state, &two, 3, 1, EXCLUSIVE), SQLITE_OK);
}

static void of_several_locks_all_are_taken_or_none(void **state)
{
    struct lb_memory_index_user one = {0}, two = {0};
    assert_int_equal(lb_memory_index_lock(*state, &one, 5, 1, SHARED), SQLITE_OK);
    assert_int_equal(lb_memory_index_lock(*state, &two, 3, 5, EXCLUSIVE), SQLITE_BUSY);
    assert_int_equal(lb_memory_index_lock(*state, &one, 3, 1, EXCLUSIVE), SQLITE_OK);
    unlock(*state, &one, 3, 1, SQLITE_SHM_EXCLUSIVE);
    unlock(*state, &one, 5, 1, SQLITE_SHM_SHARED);
    assert_int_equal(lb_memory_index_lock(*state, &two, 3, 5, EXCLUSIVE), SQLITE_OK);
    for (int slot = 3; slot < 8; slot++)
        assert_int_equal(lb_memory_index_lock(*state, &one, slot, 1, SHARED), SQLITE_BUSY);
}

static void a_connection_that_leaves_gives_all_back(void **state)
{
    struct lb_memory_index_user one = {0}, two = {0};
    assert_int_equal(lb_memory_index_lock(*state, &one, 0, 2, EXCLUSIVE), SQLITE_OK);
    assert_int_equal(lb_memory_index_lock(*state, &one, 4, 1, SHARED), SQLITE_OK);
    unlock(*state, &two, 0, 2, SQLITE_SHM_EXCLUSIVE); /* not its own */
    assert_int_equal(lb_memory_index_lock(*state, &two, 0, 8, EXCLUSIVE), SQLITE_BUSY);
    lb_memory_index_leave(*state, &one);
    assert_int_equal(lb_memory_index_lock(*state, &two, 0, 8, EXCLUSIVE), SQLITE_OK);
}

/* https://www.sqlite.org/walformat.html: 4062 frames in the first region, 4096 in each other. */
static void as_many_regions_as_the_log_needs(void **state)
{
    static const struct {
        uint64_t frames;
        int regions;
    } wanted[] = {{1, 1}, {4062, 1}, {4063, 2}, {8158, 2}, {8159, 3}, {UINT64_C(1) << 40, 4096}};
    struct lb_memory_index *index = *state;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        lb_memory_index_expect(index, wanted[i].frames);
        assert_int_equal(index->regions_ahead, wanted[i].regions);
    }
}

/* A database that takes the place of another has another log. */
static void after_the_last_connection_there_is_no_index(void **state)
{
    struct lb_memory_index_user one = {0}, two = {0};
    void volatile *region;
    assert_int_equal(lb_memory_index_map(*state, &one, 0, REGION, 1, &region), SQLITE_OK);
    assert_int_equal(lb_memory_index_map(*state, &two, 0, REGION, 0, &region), SQLITE_OK);
    lb_memory_index_leave(*state, &one);
    lb_memory_index_leave(*state, &one);
    assert_int_equal(lb_memory_index_map(*state, &two, 0, REGION, 0, &region), SQLITE_OK);
    assert_non_null(region);
    lb_memory_index_leave(*state, &two);
    assert_int_equal(lb_memory_index_map(*state, &one, 0, REGION, 0, &region), SQLITE_OK);
    assert_null(region);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(regions_are_made_when_they_may_be_and_stay, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(shared_locks_are_for_many_and_exclusive_ones_for_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(of_several_locks_all_are_taken_or_none, setup, teardown),
        cmocka_unit_test_setup_teardown(a_connection_that_leaves_gives_all_back, setup, teardown),
        cmocka_unit_test_setup_teardown(as_many_regions_as_the_log_needs, setup, teardown),
        cmocka_unit_test_setup_teardown(after_the_last_connection_there_is_no_index, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
