#include "domain/access/throttle.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* After the above. */
#include <cmocka.h>

#define NOW UINT64_C(1000000)

static struct in6_addr address(const char *text)
{
    struct in6_addr out;
    assert_int_equal(inet_pton(AF_INET6, text, &out), 1);
    return out;
}

static int setup(void **state)
{
    *state = lb_throttle_create();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    lb_throttle_destroy(*state);
    return 0;
}

static void fail_times(struct lb_throttle *failures, const char *from, unsigned times, uint64_t at)
{
    struct in6_addr addr = address(from);
    for (unsigned i = 0; i < times; i++)
        assert_int_equal(lb_throttle_add(failures, &addr, at), 0);
}

static unsigned wait_of(struct lb_throttle *failures, const char *from, uint64_t at)
{
    struct in6_addr addr = address(from);
    return lb_throttle_add(failures, &addr, at);
}

static void the_eleventh_failure_waits_for_a_minute(void **state)
{
    fail_times(*state, "::ffff:192.0.2.1", 10, NOW);
    assert_int_equal(wait_of(*state, "::ffff:192.0.2.1", NOW), 60);
    assert_int_equal(wait_of(*state, "::ffff:192.0.2.1", NOW + 1), 60);
    assert_int_equal(wait_of(*state, "::ffff:192.0.2.1", NOW + 30000), 30);
    assert_int_equal(wait_of(*state, "::ffff:192.0.2.1", NOW + 59999), 1);
}

static void after_the_minute_ten_more_are_free(void **state)
{
    fail_times(*state, "::ffff:192.0.2.1", 10, NOW);
    wait_of(*state, "::ffff:192.0.2.1", NOW + 59999); /* trying on does not lengthen the wait */
    fail_times(*state, "::ffff:192.0.2.1", 10, NOW + 60000);
    assert_int_equal(wait_of(*state, "::ffff:192.0.2.1", NOW + 60000), 60);
}

static void failures_of_more_than_a_minute_ago_do_not_count(void **state)
{
    fail_times(*state, "::ffff:192.0.2.1", 9, NOW);
    fail_times(*state, "::ffff:192.0.2.1", 10, NOW + 60000);
    assert_true(wait_of(*state, "::ffff:192.0.2.1", NOW + 60001) > 0);
}

static void nine_failures_a_minute_are_never_refused(void **state)
{
    for (uint64_t minute = 0; minute < 100; minute++)
        fail_times(*state, "::ffff:192.0.2.1", 9, NOW + minute * 60000);
}

static void ipv4_addresses_count_one_by_one(void **state)
{
    fail_times(*state, "::ffff:192.0.2.1", 10, NOW);
    assert_true(wait_of(*state, "::ffff:192.0.2.1", NOW) > 0);
    assert_int_equal(wait_of(*state, "::ffff:192.0.2.2", NOW), 0);
    assert_int_equal(wait_of(*state, "::ffff:193.0.2.1", NOW), 0);
}

static void ipv6_addresses_count_by_their_network(void **state)
{
    fail_times(*state, "2001:db8:1:2::1", 5, NOW);
    fail_times(*state, "2001:db8:1:2:ffff:ffff:ffff:ffff", 5, NOW);
    assert_true(wait_of(*state, "2001:db8:1:2:1234::", NOW) > 0);
    assert_int_equal(wait_of(*state, "2001:db8:1:3::1", NOW), 0);
}

/* Threads read the clock before they take the lock. */
static void a_failure_that_is_told_late_does_not_begin_a_new_count(void **state)
{
    for (int i = 0; i < 5; i++) {
        fail_times(*state, "::ffff:192.0.2.1", 1, NOW + 1);
        fail_times(*state, "::ffff:192.0.2.1", 1, NOW);
    }
    assert_true(wait_of(*state, "::ffff:192.0.2.1", NOW + 1) > 0);
}

static struct in6_addr host(uint32_t number)
{
    struct in6_addr addr = address("::ffff:0.0.0.0");
    uint32_t big_endian = htonl(number);
    memcpy(&addr.s6_addr[12], &big_endian, 4);
    return addr;
}

/* However many addresses fail, one that has just failed is known, and an older one is forgotten. */
static void a_full_table_forgets_who_failed_longest_ago(void **state)
{
    struct lb_throttle *failures = *state;
    fail_times(failures, "::ffff:192.0.2.1", 10, NOW);
    for (uint32_t i = 0; i < 200000; i++) {
        struct in6_addr addr = host(0x0a000000 + i);
        for (int n = 0; n < 10; n++)
            assert_int_equal(lb_throttle_add(failures, &addr, NOW + 1), 0);
        assert_true(lb_throttle_add(failures, &addr, NOW + 1) > 0);
    }
    assert_int_equal(wait_of(failures, "::ffff:192.0.2.1", NOW + 2), 0);
}

/* One that must wait is kept while there is another one to forget. */
static void cheap_failures_of_many_evict_nobody_who_must_wait(void **state)
{
    struct lb_throttle *failures = *state;
    fail_times(failures, "::ffff:192.0.2.1", 10, NOW);
    for (uint32_t i = 0; i < 40000; i++) {
        struct in6_addr addr = host(0x0a000000 + i);
        assert_int_equal(lb_throttle_add(failures, &addr, NOW + 1), 0);
    }
    assert_int_equal(wait_of(failures, "::ffff:192.0.2.1", NOW + 2), 60);
}

static void who_failed_often_is_kept_before_who_failed_once(void **state)
{
    struct lb_throttle *failures = *state;
    fail_times(failures, "::ffff:192.0.2.1", 9, NOW);
    for (uint32_t i = 0; i < 40000; i++) {
        struct in6_addr addr = host(0x0a000000 + i);
        assert_int_equal(lb_throttle_add(failures, &addr, NOW + 1), 0);
    }
    assert_int_equal(wait_of(failures, "::ffff:192.0.2.1", NOW + 2), 0);
    assert_int_equal(wait_of(failures, "::ffff:192.0.2.1", NOW + 2), 60);
}

/* In a table that is not full, nobody is forgotten who is still to wait. */
static void few_addresses_are_all_remembered(void **state)
{
    for (uint32_t i = 0; i < 20; i++) {
        struct in6_addr addr = host(0x0a000000 + i);
        for (int n = 0; n < 10; n++)
            lb_throttle_add(*state, &addr, NOW);
    }
    unsigned waiting = 0;
    for (uint32_t i = 0; i < 20; i++) {
        struct in6_addr addr = host(0x0a000000 + i);
        waiting += lb_throttle_add(*state, &addr, NOW + 1) > 0;
    }
    assert_int_equal(waiting, 20);
}

struct guessing {
    struct lb_throttle *failures;
    _Atomic unsigned *refused;
};

static void *guess(void *context)
{
    struct guessing *guessing = context;
    struct in6_addr addr = address("::ffff:192.0.2.1");
    for (int i = 0; i < 10000; i++)
        *guessing->refused += lb_throttle_add(guessing->failures, &addr, NOW) > 0;
    return NULL;
}

static void threads_share_one_count(void **state)
{
    _Atomic unsigned refused = 0;
    struct guessing guessing = {*state, &refused};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, guess, &guessing), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(refused, 4 * 10000 - 10);
}

#define GUILTY 40000 /* more than there is room for */

static struct in6_addr numbered(unsigned block, unsigned number)
{
    char text[40];
    snprintf(text, sizeof text, "2001:db8:%x:%x::1", block, number);
    return address(text);
}

static unsigned count_waiting(struct lb_throttle *failures)
{
    unsigned waiting = 0;
    for (unsigned i = 0; i < GUILTY; i++) {
        struct in6_addr guilty = numbered(1, i);
        waiting += lb_throttle_wait(failures, &guilty, NOW + 30000) == 30;
    }
    return waiting;
}

/* Strangers are looked up when their keys are unknown. */
static void looking_counts_and_forgets_nothing(void **state)
{
    for (unsigned i = 0; i < GUILTY; i++) {
        struct in6_addr guilty = numbered(1, i);
        for (unsigned j = 0; j < 10; j++)
            assert_int_equal(lb_throttle_add(*state, &guilty, NOW), 0);
    }
    unsigned waiting = count_waiting(*state);
    assert_true(waiting > GUILTY / 4);
    for (unsigned i = 0; i < GUILTY; i++) {
        struct in6_addr stranger = numbered(2, i);
        for (unsigned j = 0; j < 12; j++)
            assert_int_equal(lb_throttle_wait(*state, &stranger, NOW), 0);
    }
    assert_int_equal(count_waiting(*state), waiting);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_eleventh_failure_waits_for_a_minute),
        TEST(after_the_minute_ten_more_are_free),
        TEST(failures_of_more_than_a_minute_ago_do_not_count),
        TEST(nine_failures_a_minute_are_never_refused),
        TEST(ipv4_addresses_count_one_by_one),
        TEST(ipv6_addresses_count_by_their_network),
        TEST(a_failure_that_is_told_late_does_not_begin_a_new_count),
        TEST(a_full_table_forgets_who_failed_longest_ago),
        TEST(cheap_failures_of_many_evict_nobody_who_must_wait),
        TEST(who_failed_often_is_kept_before_who_failed_once),
        TEST(few_addresses_are_all_remembered),
        TEST(threads_share_one_count),
        TEST(looking_counts_and_forgets_nothing),
    };
    return cmocka_run_group_tests_name("failures", tests, NULL, NULL);
}
