#include "http/shares.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define MOST 4

static struct in6_addr address(const char *text)
{
    struct in6_addr parsed;
    assert_int_equal(inet_pton(AF_INET6, text, &parsed), 1);
    return parsed;
}

static bool take(struct lb_shares *shares, const char *text)
{
    struct in6_addr from = address(text);
    return lb_shares_take(shares, &from);
}

static void give(struct lb_shares *shares, const char *text)
{
    struct in6_addr from = address(text);
    lb_shares_give(shares, &from);
}

/* How many connections the addresses of a format, with a number from 0 on, get. */
static unsigned take_all(struct lb_shares *shares, const char *format, unsigned tries)
{
    char text[INET6_ADDRSTRLEN];
    unsigned taken = 0;
    for (unsigned i = 0; i < tries; i++) {
        snprintf(text, sizeof text, format, i);
        taken += take(shares, text);
    }
    return taken;
}

static void give_all(struct lb_shares *shares, const char *format, unsigned count)
{
    char text[INET6_ADDRSTRLEN];
    for (unsigned i = 0; i < count; i++) {
        snprintf(text, sizeof text, format, i);
        give(shares, text);
    }
}

static void an_ipv4_address_has_its_share_alone(void **state)
{
    struct lb_shares *shares = lb_shares_create(MOST);
    for (int i = 0; i < MOST; i++)
        assert_true(take(shares, "::ffff:192.0.2.1"));
    assert_false(take(shares, "::ffff:192.0.2.1"));
    assert_true(take(shares, "::ffff:192.0.2.2"));
    give(shares, "::ffff:192.0.2.1");
    assert_true(take(shares, "::ffff:192.0.2.1"));
    assert_false(take(shares, "::ffff:192.0.2.1"));
    give(shares, "::ffff:192.0.2.2");
    for (int i = 0; i < MOST; i++)
        give(shares, "::ffff:192.0.2.1");
    lb_shares_destroy(shares);
}

static void a_64_of_ipv6_is_one_customer(void **state)
{
    struct lb_shares *shares = lb_shares_create(MOST);
    assert_int_equal(take_all(shares, "2001:db8::%x", 100), MOST);
    assert_true(take(shares, "2001:db8:1::1"));
    give(shares, "2001:db8:1::1");
    give_all(shares, "2001:db8::%x", MOST);
    lb_shares_destroy(shares);
}

static void a_56_has_twice_as_many_and_a_48_three_times(void **state)
{
    struct lb_shares *shares = lb_shares_create(MOST);
    assert_int_equal(take_all(shares, "2001:db8:0:%x::1", 100), 2 * MOST);
    assert_int_equal(take_all(shares, "2001:db8:0:1%02x::1", 100), MOST); /* another /56 */
    assert_false(take(shares, "2001:db8:0:200::1"));                      /* the /48 is full */
    assert_true(take(shares, "2001:db8:1::1"));
    give(shares, "2001:db8:1::1");
    give_all(shares, "2001:db8:0:%x::1", 2 * MOST);
    give_all(shares, "2001:db8:0:1%02x::1", MOST);
    lb_shares_destroy(shares);
}

/* What was refused by a large network counts to no small one. */
static void a_refused_connection_counts_nowhere(void **state)
{
    struct lb_shares *shares = lb_shares_create(MOST);
    assert_int_equal(take_all(shares, "2001:db8:0:%x::1", 100), 2 * MOST);
    give(shares, "2001:db8::1");
    assert_true(take(shares, "2001:db8:0:63::1"));
    for (int i = 0; i < 3; i++)
        assert_false(take(shares, "2001:db8:0:63::1"));
    give(shares, "2001:db8:0:63::1");
    give(shares, "2001:db8:0:1::1");
    assert_true(take(shares, "2001:db8::1"));
    assert_true(take(shares, "2001:db8:0:1::1"));
    give_all(shares, "2001:db8:0:%x::1", 2 * MOST);
    assert_int_equal(take_all(shares, "2001:db8:0:63::%x", 100), MOST);
    give_all(shares, "2001:db8:0:63::%x", MOST);
    lb_shares_destroy(shares);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_ipv4_address_has_its_share_alone),
        cmocka_unit_test(a_64_of_ipv6_is_one_customer),
        cmocka_unit_test(a_56_has_twice_as_many_and_a_48_three_times),
        cmocka_unit_test(a_refused_connection_counts_nowhere),
    };
    return cmocka_run_group_tests_name("shares", tests, NULL, NULL);
}
