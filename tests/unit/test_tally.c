/* Counting different people, in memory and beyond it, and the spools that hold what is beyond. */
#include "import/tally.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

static struct lb_spools spools;
static atomic_int closed_here = -1, closed_elsewhere = -1; /* the last descriptor, by thread */

/* In the place of the library's. */
int close(int fd)
{
    bool here = getpid() == gettid();
    *(here ? &closed_here : &closed_elsewhere) = fd;
    return (int)syscall(SYS_close, fd);
}

static char folder[] = "/tmp/leadblock-tally-XXXXXX";

static int make_folder(void **state)
{
    (void)state;
    spools = (struct lb_spools){.folder = mkdtemp(folder), .max_bytes = UINT64_C(1) << 30};
    return spools.folder ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder); /* fails when a file was left in it */
}

/* Different for different numbers, and spread over all bits (SplitMix64's last step). */
static uint64_t hash_of(uint64_t n)
{
    n = (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
    return n ^ n >> 31;
}

/* Adds people 0 to different - 1, `times` times each; every third is marked, the last time only. */
static void check(uint64_t different, unsigned times, uint64_t *out_spooled)
{
    struct lb_tally tally = {.spool.all = &spools};
    uint64_t counted, marked;
    for (unsigned i = 0; i < times; i++)
        for (uint64_t n = 0; n < different; n++)
            assert_int_equal(lb_tally_add(&tally, hash_of(n), n % 3 == 0 && i + 1 == times), LB_OK);
    *out_spooled = tally.spool.size;
    assert_int_equal(lb_tally_count(&tally, &counted, &marked), LB_OK);
    assert_int_equal(counted, different);
    assert_int_equal(marked, (different + 2) / 3);
    lb_tally_fini(&tally);
    assert_int_equal(spools.taken.taken, 0);
}

static void people_are_counted_once_and_few_of_them_need_no_file(void **state)
{
    (void)state;
    uint64_t spooled;
    check(0, 1, &spooled);
    check(1, 3, &spooled);
    check(1000, 2000, &spooled);
    assert_int_equal(spooled, 0);
    check(LB_TALLY_HELD, 1, &spooled);
    assert_int_equal(spooled, 0);
}

static void more_people_than_memory_holds_are_counted_exactly(void **state)
{
    (void)state;
    uint64_t spooled;
    check(LB_TALLY_HELD + 1, 1, &spooled);
    assert_true(spooled > 0);
    check(2 * LB_TALLY_HELD + 12345, 2, &spooled);
    assert_true(spooled >= 3 * LB_TALLY_HELD * sizeof(uint64_t));
}

static void a_spool_that_is_full_is_said_and_gives_its_room_back(void **state)
{
    (void)state;
    char bytes[1000] = {0};
    struct lb_spool spool = {.all = &spools}, other = {.all = &spools};
    struct lb_str piece = {bytes, sizeof bytes};
    spools.max_bytes = 2500;
    assert_int_equal(lb_spool_append(&spool, piece), LB_OK);
    assert_int_equal(lb_spool_append(&other, piece), LB_OK);
    assert_int_equal(lb_spool_append(&spool, piece), LB_ERR_OVERLOADED);
    assert_int_equal(lb_spool_read(&spool, 0, bytes, sizeof bytes), 1000);
    assert_int_equal(lb_spool_read(&spool, 1000, bytes, sizeof bytes), 0);
    lb_spool_close(&other);
    assert_int_equal(lb_spool_append(&spool, piece), LB_OK);
    assert_int_equal(spool.size, 2000);
    lb_spool_close(&spool);
    lb_spool_close(&spool);
    assert_int_equal(spools.taken.taken, 0);
    spools.max_bytes = UINT64_C(1) << 30;
}

/* It takes the file system long, and the owner may be an I/O thread. */
static void a_large_spool_is_closed_by_another_thread(void **state)
{
    (void)state;
    static char bytes[1 << 20];
    struct lb_spool small = {.all = &spools}, large = {.all = &spools};
    assert_int_equal(lb_spool_append(&small, (struct lb_str){bytes, sizeof bytes}), LB_OK);
    for (int i = 0; i < 8; i++)
        assert_int_equal(lb_spool_append(&large, (struct lb_str){bytes, sizeof bytes}), LB_OK);
    closed_here = closed_elsewhere = -1;
    lb_spool_close(&small);
    lb_spool_close(&large);
    assert_int_equal(spools.taken.taken, 0);
    assert_int_equal(closed_here, small.fd);
    for (int i = 0; i < 5000 && closed_elsewhere != large.fd; i++)
        usleep(1000);
    assert_int_equal(closed_elsewhere, large.fd);
    assert_int_equal(fcntl(large.fd, F_GETFD), -1);
}

static void a_spool_that_cannot_be_made_is_an_error(void **state)
{
    (void)state;
    struct lb_spools nowhere = {.folder = "/nonexistent", .max_bytes = 1 << 20};
    struct lb_spool spool = {.all = &nowhere};
    assert_int_equal(lb_spool_append(&spool, LB_STR("x")), LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(nowhere.taken.taken, 0);
    lb_spool_close(&spool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people_are_counted_once_and_few_of_them_need_no_file),
        cmocka_unit_test(more_people_than_memory_holds_are_counted_exactly),
        cmocka_unit_test(a_spool_that_is_full_is_said_and_gives_its_room_back),
        cmocka_unit_test(a_large_spool_is_closed_by_another_thread),
        cmocka_unit_test(a_spool_that_cannot_be_made_is_an_error),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
