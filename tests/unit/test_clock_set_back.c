/* A clock that was two years ahead for a while and was set right keeps no lead until then: leases,
 * retries and delays count from now on. And time that passes within a claim. Through the real
 * writer and the real file. */
#include "base/clock.h"
#include "base/log.h"
#include "domain/outreach/internal.h"
#include "support/moved_clock.h"
#include "support/outreach.h"
#include "support/tsan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define C       "c"
#define LEADS   250 /* more than one claim sets right */
#define LEASE_S 3600
#define HOUR_MS INT64_C(3600000)
#define DAY_MS  (24 * HOUR_MS)
#define AHEAD   (730 * DAY_MS)

struct fixture {
    struct engine engine;
    struct engine_place place;
};

static int setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof *fixture);
    moved_clock_set(0);
    return engine_begin(&fixture->engine, &fixture->place) ||
           engine_make_campaign(&fixture->engine, C);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    int failed = outreach_end(&fixture->engine, &fixture->place);
    free(fixture);
    return failed;
}

static void restart(void **state)
{
    struct fixture *fixture = *state;
    engine_restart(&fixture->engine, &fixture->place);
}

static void learn(void **state, bool by_restart)
{
    if (by_restart)
        restart(state);
    else
        lb_outreach_clock_set_back(engine_of(state)->outreach);
}

/* Back to the right time, for long enough. Every other test learns of it by a restart. */
static void set_right(void **state, bool by_restart)
{
    moved_clock_set(0);
    learn(state, by_restart);
    moved_clock_pass(LB_CLOCK_STEADY_MS);
}

static uint64_t add_step(void **state, uint32_t delay)
{
    uint64_t no;
    struct lb_step_row step = {.type = LB_STEP_VISIT_PROFILE, .delay_hours = delay};
    assert_int_equal(outreach_add_step(engine_of(state), C, step, 0, &no), LB_OK);
    return no;
}

static void start(void **state, uint32_t first_delay, uint32_t second_delay, size_t leads)
{
    add_step(state, first_delay);
    add_step(state, second_delay);
    for (size_t i = 0; i < leads; i++) {
        char name[32];
        snprintf(name, sizeof name, "lead-%zu", i);
        assert_int_equal(outreach_add_one(engine_of(state), C, name, NULL), LB_OK);
    }
    assert_int_equal(outreach_activate(engine_of(state), C), LB_OK);
}

static struct claimed claimed[LEADS];

static size_t claim(void **state)
{
    size_t count;
    assert_int_equal(outreach_claim(engine_of(state), C, LEADS, LEASE_S, claimed, &count), LB_OK);
    return count;
}

static void complete(void **state, const struct claimed *one, enum lb_result result, lb_err wanted)
{
    struct reported reported;
    assert_int_equal(outreach_complete(engine_of(state), one, result, NULL, &reported), wanted);
}

static void a_lease_lasts_as_long_as_it_was_asked_for(void **state)
{
    for (int by_restart = 0; by_restart < 2; by_restart++) {
        if (!by_restart)
            start(state, 0, 0, 1);
        moved_clock_set((1 + by_restart) * AHEAD);
        assert_int_equal(claim(state), 1);
        struct claimed first = claimed[0];
        set_right(state, by_restart);
        assert_int_equal(claim(state), 0); /* its sender may be at work */
        moved_clock_set(LEASE_S * 1000 - 60000);
        assert_int_equal(claim(state), 0);
        moved_clock_set(LEASE_S * 1000);
        assert_int_equal(claim(state), 1);
        assert_int_equal(claimed[0].attempt, first.attempt + 1);
        complete(state, &first, LB_RESULT_DONE, LB_ERR_LEASE_LOST);
        complete(state, &claimed[0], LB_RESULT_DONE, LB_OK);
        moved_clock_set(0);
    }
}

static void a_lease_that_is_set_right_is_still_its_senders(void **state)
{
    start(state, 0, 0, 1);
    moved_clock_set(AHEAD);
    assert_int_equal(claim(state), 1);
    struct claimed first = claimed[0];
    set_right(state, false);
    assert_int_equal(claim(state), 0);
    complete(state, &first, LB_RESULT_DONE, LB_OK);
    assert_int_equal(claim(state), 1);
    assert_int_not_equal(claimed[0].step, first.step);
}

static void a_retry_is_due(void **state)
{
    start(state, 0, 0, 1);
    moved_clock_set(AHEAD);
    assert_int_equal(claim(state), 1);
    complete(state, &claimed[0], LB_RESULT_RETRY, LB_OK);
    set_right(state, false);
    assert_int_equal(claim(state), 1);
    assert_int_equal(claimed[0].attempt, 2);
}

static void a_delay_counts_from_now(void **state)
{
    for (int by_restart = 0; by_restart < 2; by_restart++) {
        start(state, 0, 24, 1);
        moved_clock_set(AHEAD);
        assert_int_equal(claim(state), 1);
        complete(state, &claimed[0], LB_RESULT_DONE, LB_OK);
        set_right(state, by_restart);
        assert_int_equal(claim(state), 0);
        moved_clock_set(DAY_MS - 60000);
        assert_int_equal(claim(state), 0);
        moved_clock_set(DAY_MS);
        assert_int_equal(claim(state), 1);
        if (by_restart)
            break;
        teardown(state);
        assert_int_equal(setup(state), 0);
    }
}

static void the_first_delay_counts_from_now(void **state)
{
    moved_clock_set(AHEAD);
    start(state, 1, 0, 1);
    set_right(state, true);
    assert_int_equal(claim(state), 0);
    moved_clock_set(HOUR_MS);
    assert_int_equal(claim(state), 1);
}

static void times_that_can_be_are_left_alone(void **state)
{
    start(state, 0, 24, 2);
    moved_clock_set(HOUR_MS);
    assert_int_equal(claim(state), 2);
    complete(state, &claimed[0], LB_RESULT_RETRY, LB_OK);
    int64_t before = outreach_sql(engine_of(state), "SELECT sum(since) FROM lead");
    set_right(state, true);
    assert_int_equal(claim(state), 0);
    assert_true(outreach_sql(engine_of(state), "SELECT sum(since) FROM lead") == before);
}

/* Nothing tells a clock that is behind, as one is that no time service has set yet, from one that
 * was ahead before. */
static void a_clock_that_is_behind_for_a_while_frees_no_lead(void **state)
{
    start(state, 0, 72, 2);
    assert_int_equal(claim(state), 2);
    struct claimed first = claimed[0];
    complete(state, &claimed[1], LB_RESULT_DONE, LB_OK);
    for (int by_restart = 0; by_restart < 2; by_restart++) {
        moved_clock_set(-3 * DAY_MS);
        learn(state, by_restart);
        assert_int_equal(claim(state), 0);
        moved_clock_set(0);
        assert_int_equal(claim(state), 0);
    }
    complete(state, &first, LB_RESULT_DONE, LB_OK);
}

/* Each claim does a part, so that others do not wait. */
static void many_leads_are_set_right_by_several_claims(void **state)
{
    start(state, 0, 0, LEADS);
    moved_clock_set(AHEAD);
    assert_int_equal(claim(state), LEADS);
    set_right(state, true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(claim(state), 0);
    moved_clock_set(LEASE_S * 1000);
    assert_int_equal(claim(state), LEADS);
}

/* It goes on after its first part had to wait for so long that the leases of that have run out:
 * their tokens are in the answer already. */
static void a_claim_hands_out_nothing_twice(void **state)
{
    enum { PART = LEADS - 50 };
    start(state, 0, 0, LEADS);
    struct lb_claim going_on = {.outreach = engine_of(state)->outreach,
                                .standing = engine_standing(engine_of(state), C),
                                .max = PART,
                                .lease_s = LEASE_S};
    lb_claim_activities(&going_on);
    assert_int_equal(engine_submit(engine_of(state), &going_on.write), LB_OK);
    assert_int_equal(going_on.count, PART);
    moved_clock_pass((int64_t)LEASE_S * 1000);
    going_on.max = LEADS;
    lb_claim_activities(&going_on);
    assert_int_equal(engine_submit(engine_of(state), &going_on.write), LB_OK);
    assert_int_equal(going_on.count, PART);
    assert_false(going_on.piece); /* it ends with that */
    lb_claim_fini(&going_on);
    assert_int_equal(claim(state), LEADS);
}

int main(void)
{
    lb_log_set_level(LB_LOG_ERROR);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_lease_lasts_as_long_as_it_was_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(a_lease_that_is_set_right_is_still_its_senders, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_retry_is_due, setup, teardown),
        cmocka_unit_test_setup_teardown(a_delay_counts_from_now, setup, teardown),
        cmocka_unit_test_setup_teardown(the_first_delay_counts_from_now, setup, teardown),
        cmocka_unit_test_setup_teardown(times_that_can_be_are_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(a_clock_that_is_behind_for_a_while_frees_no_lead, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(many_leads_are_set_right_by_several_claims, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_claim_hands_out_nothing_twice, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
