#include "domain/access/attempts.h"

#include "domain/access/known_addresses.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
/* After the above. */
#include <cmocka.h>

#define NOW  UINT64_C(1000000)
#define HOME "::ffff:192.0.2.1"

static const struct lb_str ada = LB_STR("ada@example.com");
static const struct lb_str bob = LB_STR("bob@example.com");

static int setup(void **state)
{
    *state = lb_attempts_create();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    lb_attempts_destroy(*state);
    return 0;
}

static struct in6_addr address(const char *text)
{
    struct in6_addr out;
    assert_int_equal(inet_pton(AF_INET6, text, &out), 1);
    return out;
}

static struct lb_attempt attempt(struct lb_str account, const char *from)
{
    return (struct lb_attempt){.from = address(from), .account = account};
}

static struct lb_attempt numbered(struct lb_str account, unsigned number)
{
    char text[40];
    snprintf(text, sizeof text, "2001:db8:%x:%x::1", number >> 16, number & 0xffff);
    return attempt(account, text);
}

static void fail_times(struct lb_attempts *attempts, struct lb_attempt which, unsigned times)
{
    for (unsigned i = 0; i < times; i++)
        lb_attempts_failed(attempts, &which, NOW);
}

static unsigned wait_of(struct lb_attempts *attempts, struct lb_attempt which)
{
    return lb_attempts_wait(attempts, &which, NOW);
}

static void know(struct lb_attempts *attempts, struct lb_str account, const char *from)
{
    struct in6_addr there = address(from);
    lb_attempts_know(attempts, account, &there);
}

static void guesses_from_anywhere_make_strangers_wait_and_not_a_known_address(void **state)
{
    know(*state, ada, HOME);
    for (unsigned i = 0; i < 10; i++)
        fail_times(*state, numbered(ada, i), 1);
    assert_int_equal(wait_of(*state, numbered(ada, 99)), 60);
    assert_int_equal(wait_of(*state, attempt(ada, HOME)), 0);
}

static void a_known_address_has_a_count_of_its_own(void **state)
{
    know(*state, ada, HOME);
    know(*state, bob, HOME);
    fail_times(*state, attempt(ada, HOME), 9);
    assert_int_equal(wait_of(*state, attempt(ada, HOME)), 0);
    fail_times(*state, attempt(ada, HOME), 1);
    assert_int_equal(wait_of(*state, attempt(ada, HOME)), 60);
    assert_int_equal(wait_of(*state, attempt(bob, HOME)), 0);
    assert_int_equal(wait_of(*state, attempt(ada, "::ffff:192.0.2.2")), 0);
}

static void failures_of_an_address_that_is_known_for_another_account_count_for_both(void **state)
{
    know(*state, ada, HOME);
    fail_times(*state, attempt(bob, HOME), 10);
    assert_int_equal(wait_of(*state, attempt(bob, "::ffff:192.0.2.2")), 60);
    assert_int_equal(wait_of(*state, attempt(LB_STR("eve@example.com"), HOME)), 60);
    assert_int_equal(wait_of(*state, attempt(ada, HOME)), 0);
}

static void a_session_waits_for_its_own_failures_alone(void **state)
{
    static const uint8_t first[32] = {1};
    static const uint8_t second[32] = {2};
    struct lb_attempt one = attempt(ada, HOME);
    one.session = first;
    fail_times(*state, attempt(ada, HOME), 10);
    assert_int_equal(wait_of(*state, one), 0);
    fail_times(*state, one, 10);
    assert_int_equal(wait_of(*state, one), 60);
    one.session = second;
    assert_int_equal(wait_of(*state, one), 0);
}

static void links_count_for_the_address(void **state)
{
    fail_times(*state, attempt((struct lb_str){0}, HOME), 10);
    assert_int_equal(wait_of(*state, attempt((struct lb_str){0}, HOME)), 60);
    assert_int_equal(wait_of(*state, attempt((struct lb_str){0}, "::ffff:192.0.2.2")), 0);
}

static void an_ipv6_address_is_known_by_its_network(void **state)
{
    know(*state, ada, "2001:db8:1:2::1");
    for (unsigned i = 0; i < 10; i++)
        fail_times(*state, numbered(ada, 100 + i), 1);
    assert_int_equal(wait_of(*state, attempt(ada, "2001:db8:1:2:ffff::9")), 0);
    assert_int_equal(wait_of(*state, attempt(ada, "2001:db8:1:3::1")), 60);
}

/* Cheap tries are those that look at no password. */
static void many_cheap_tries_evict_no_account_that_must_wait(void **state)
{
    fail_times(*state, attempt(ada, HOME), 10);
    for (unsigned i = 0; i < 40000; i++)
        fail_times(*state, numbered((struct lb_str){0}, i), 1);
    assert_int_equal(wait_of(*state, numbered(ada, 99)), 60);
    assert_int_equal(wait_of(*state, attempt(bob, HOME)), 60);
}

static bool knows(struct lb_known_addresses *known, struct lb_str account, unsigned number)
{
    struct lb_attempt which = numbered(account, number);
    return lb_known_addresses_has(known, account, &which.from);
}

static void an_account_that_comes_from_many_addresses_forgets_its_own_alone(void **state)
{
    struct lb_known_addresses *known = lb_known_addresses_create();
    assert_non_null(known);
    struct in6_addr home = address(HOME);
    lb_known_addresses_add(known, ada, &home);
    for (unsigned i = 0; i < 70000; i++) {
        struct lb_attempt which = numbered(bob, i);
        lb_known_addresses_add(known, bob, &which.from);
    }
    assert_true(lb_known_addresses_has(known, ada, &home));
    for (unsigned i = 0; i < LB_KNOWN_ADDRESSES_EACH; i++)
        assert_true(knows(known, bob, 69999 - i));
    assert_false(knows(known, bob, 69999 - LB_KNOWN_ADDRESSES_EACH));
    struct lb_attempt again = numbered(bob, 69999 - LB_KNOWN_ADDRESSES_EACH + 1);
    lb_known_addresses_add(known, bob, &again.from); /* used again: it stays */
    again = numbered(bob, 1);
    lb_known_addresses_add(known, bob, &again.from);
    assert_true(knows(known, bob, 69999 - LB_KNOWN_ADDRESSES_EACH + 1));
    assert_false(knows(known, bob, 69999 - LB_KNOWN_ADDRESSES_EACH + 2));
    lb_known_addresses_destroy(known);
}

/* Places that are free to this attempt. */
static unsigned fill(struct lb_attempts *attempts, struct lb_attempt which)
{
    struct lb_read_lane *lane;
    unsigned places = 0;
    while (lb_attempts_enter(attempts, &which, &lane))
        places++;
    return places;
}

static void a_flood_of_strangers_leaves_the_places_of_known_addresses_free(void **state)
{
    know(*state, ada, HOME);
    assert_int_equal(fill(*state, numbered(ada, 1)), LB_ATTEMPT_ADDRESS_SHARE);
    assert_int_equal(fill(*state, numbered(bob, 2)), LB_ATTEMPT_PLACES - LB_ATTEMPT_ADDRESS_SHARE);
    assert_int_equal(fill(*state, numbered(ada, 3)), 0);
    assert_int_equal(fill(*state, attempt(ada, HOME)), LB_ATTEMPT_ACCOUNT_SHARE);
    know(*state, bob, HOME);
    assert_int_equal(fill(*state, attempt(bob, HOME)), LB_ATTEMPT_ACCOUNT_SHARE);
    assert_int_equal(fill(*state, attempt((struct lb_str){0}, HOME)), LB_ATTEMPT_ADDRESS_SHARE);
}

static void a_place_that_is_left_is_free(void **state)
{
    struct lb_read_lane *lane, *other;
    struct lb_attempt which = numbered(ada, 1);
    struct lb_attempt_place *place = lb_attempts_enter(*state, &which, &lane);
    assert_int_equal(fill(*state, which), LB_ATTEMPT_ADDRESS_SHARE - 1);
    lb_attempts_leave(*state, place);
    assert_ptr_equal(lb_attempts_enter(*state, &which, &other), place);
    assert_ptr_equal(lane, other);
    lb_attempts_leave(*state, NULL);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(guesses_from_anywhere_make_strangers_wait_and_not_a_known_address),
        TEST(a_known_address_has_a_count_of_its_own),
        TEST(failures_of_an_address_that_is_known_for_another_account_count_for_both),
        TEST(a_session_waits_for_its_own_failures_alone),
        TEST(links_count_for_the_address),
        TEST(an_ipv6_address_is_known_by_its_network),
        TEST(many_cheap_tries_evict_no_account_that_must_wait),
        TEST(an_account_that_comes_from_many_addresses_forgets_its_own_alone),
        TEST(a_flood_of_strangers_leaves_the_places_of_known_addresses_free),
        TEST(a_place_that_is_left_is_free),
    };
    return cmocka_run_group_tests_name("attempts", tests, NULL, NULL);
}
