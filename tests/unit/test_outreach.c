/* Activities from claim to completion, through the real writer: leases, retries, replies, steps
 * that change meanwhile. Time passes by moving what is written in the file into the past. */
#include "base/clock.h"
#include "base/log.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/variables.h"
#include "support/outreach.h"
#include "support/tsan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define C       "c"
#define MAX     8
#define LEASE_S 3600
#define MINUTES INT64_C(60000)
#define HOURS   (60 * MINUTES)

struct fixture {
    struct engine engine;
    struct engine_place place;
};

static int setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof *fixture);
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

static int64_t sql(void **state, const char *text)
{
    int64_t value = outreach_sql(engine_of(state), text);
    assert_int_not_equal(value, -2);
    return value;
}

static void time_passes(void **state, int64_t ms)
{
    char text[128];
    snprintf(text, sizeof text, "UPDATE lead SET since = since - %lld", (long long)ms);
    sql(state, text);
    snprintf(text, sizeof text, "UPDATE campaign SET activated_at = activated_at - %lld",
             (long long)ms);
    sql(state, text);
}

static uint64_t add_step(void **state, enum lb_step_type type, uint32_t delay, const char *body)
{
    uint64_t no;
    struct lb_step_row step = {
        .type = type, .delay_hours = delay, .stop_on_reply = true, .body = lb_str(body)};
    assert_int_equal(outreach_add_step(engine_of(state), C, step, 0, &no), LB_OK);
    return no;
}

static void add_lead(void **state, const char *identifier)
{
    struct added added;
    struct lb_new_lead lead = {.identifier = lb_str(identifier)};
    assert_int_equal(outreach_add(engine_of(state), C, &lead, 1, &added), LB_OK);
    assert_int_equal(added.added, 1);
}

static void activate(void **state)
{
    assert_int_equal(outreach_activate(engine_of(state), C), LB_OK);
}

static void pause_it(void **state)
{
    assert_int_equal(outreach_pause(engine_of(state), C), LB_OK);
}

static size_t claim_many(void **state, struct claimed *out)
{
    size_t count;
    assert_int_equal(outreach_claim(engine_of(state), C, MAX, LEASE_S, out, &count), LB_OK);
    return count;
}

static struct claimed claim(void **state)
{
    struct claimed claimed[MAX];
    assert_int_equal(claim_many(state, claimed), 1);
    return claimed[0];
}

static void expect_nothing_due(void **state)
{
    struct claimed claimed[MAX];
    assert_int_equal(claim_many(state, claimed), 0);
}

static enum lb_lead_status complete(void **state, const struct claimed *claimed,
                                    enum lb_result result)
{
    struct reported reported;
    assert_int_equal(outreach_complete(engine_of(state), claimed, result, NULL, &reported), LB_OK);
    return reported.status;
}

static enum lb_lead_status claim_and_complete(void **state, uint64_t step, enum lb_result result)
{
    struct claimed claimed = claim(state);
    assert_int_equal(claimed.step, step);
    return complete(state, &claimed, result);
}

static enum lb_campaign_status status(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_list list = engine_list(engine, C);
    struct lb_campaign *campaign =
        lb_directory_campaign(engine->directory, list.workspace, LB_STR(C));
    return (enum lb_campaign_status)atomic_load(&campaign->status);
}

static enum lb_lead_status set_status(void **state, uint64_t lead, enum lb_lead_status wanted)
{
    enum lb_lead_status now;
    assert_int_equal(outreach_set_status(engine_of(state), lead, wanted, &now), LB_OK);
    return now;
}

/* A campaign with steps of these delays (visits), one lead, active. Ends with the numbers. */
static void start(void **state, const uint32_t *delays, size_t count, uint64_t *out)
{
    for (size_t i = 0; i < count; i++)
        out[i] = add_step(state, LB_STEP_VISIT_PROFILE, delays[i], NULL);
    add_lead(state, "ada");
    activate(state);
}

static const uint32_t no_delays[4];

/* --- One step after the other ----------------------------------------------------------------- */

static void a_lead_goes_through_the_steps_in_order_and_is_completed(void **state)
{
    uint64_t visit = add_step(state, LB_STEP_VISIT_PROFILE, 0, NULL);
    uint64_t invitation = add_step(state, LB_STEP_INVITATION, 0, NULL);
    uint64_t message = add_step(state, LB_STEP_MESSAGE, 24, "Hi {{firstName|you}}");
    add_lead(state, "ada");
    expect_nothing_due(state); /* a draft */
    activate(state);
    struct claimed claimed = claim(state);
    assert_true(claimed.step == visit && claimed.order == 1 && claimed.attempt == 1);
    assert_true(claimed.type == LB_STEP_VISIT_PROFILE && strlen(claimed.token) == 26);
    assert_string_equal(claimed.identifier, "ada");
    assert_string_equal(claimed.message, "");
    expect_nothing_due(state); /* it is out */
    assert_int_equal(complete(state, &claimed, LB_RESULT_DONE), LB_LEAD_ACTIVE);
    assert_int_equal(claim_and_complete(state, invitation, LB_RESULT_DONE), LB_LEAD_ACTIVE);
    time_passes(state, 24 * HOURS - 5 * MINUTES);
    expect_nothing_due(state);
    time_passes(state, 5 * MINUTES);
    claimed = claim(state);
    assert_true(claimed.step == message && claimed.order == 3);
    assert_string_equal(claimed.message, "Hi you");
    assert_int_equal(status(state), LB_CAMPAIGN_ACTIVE);
    assert_int_equal(complete(state, &claimed, LB_RESULT_DONE), LB_LEAD_COMPLETED);
    assert_int_equal(status(state), LB_CAMPAIGN_COMPLETED);
    expect_nothing_due(state);
    assert_int_equal(sql(state, "SELECT leads_invited * 1000 + leads_accepted * 100 +"
                                " leads_contacted * 10 + leads_replied FROM campaign"),
                     1110);
}

static void the_first_delay_counts_from_the_last_activation(void **state)
{
    const uint32_t delays[] = {10};
    uint64_t steps[1];
    start(state, delays, 1, steps);
    time_passes(state, 9 * HOURS);
    expect_nothing_due(state);
    pause_it(state);
    expect_nothing_due(state);
    activate(state);
    time_passes(state, 9 * HOURS);
    expect_nothing_due(state);
    time_passes(state, 1 * HOURS);
    assert_int_equal(claim(state).step, steps[0]);
}

static void who_is_further_comes_first_and_then_who_waits_longest(void **state)
{
    struct claimed claimed[MAX];
    uint64_t steps[3];
    size_t count;
    start(state, no_delays, 3, steps);
    assert_int_equal(claim_and_complete(state, steps[0], LB_RESULT_DONE), LB_LEAD_ACTIVE);
    struct claimed ada = claim(state);
    add_lead(state, "bob");
    assert_int_equal(claim_and_complete(state, steps[0], LB_RESULT_DONE), LB_LEAD_ACTIVE);
    assert_int_equal(complete(state, &ada, LB_RESULT_DONE), LB_LEAD_ACTIVE);
    add_lead(state, "cleo");
    add_lead(state, "dan");
    sql(state, "UPDATE lead SET since = since - 1000 WHERE identifier = 'dan'");
    assert_int_equal(outreach_claim(engine_of(state), C, 1, LEASE_S, claimed, &count), LB_OK);
    assert_true(count == 1 && claimed[0].step == steps[2]);
    assert_string_equal(claimed[0].identifier, "ada");
    assert_int_equal(outreach_claim(engine_of(state), C, 2, LEASE_S, claimed, &count), LB_OK);
    assert_true(count == 2 && claimed[0].step == steps[1]);
    assert_string_equal(claimed[0].identifier, "bob");
    assert_string_equal(claimed[1].identifier, "dan");
    assert_string_not_equal(claimed[0].token, claimed[1].token);
    assert_string_equal(claim(state).identifier, "cleo");
}

static void only_a_licence_that_is_good_hands_out(void **state)
{
    struct engine *engine = engine_of(state);
    struct claimed claimed[MAX];
    uint64_t steps[1];
    size_t count;
    start(state, no_delays, 1, steps);
    atomic_store(&engine->workspace->plan, LB_PLAN_STARTER);
    assert_int_equal(outreach_claim(engine, C, MAX, LEASE_S, claimed, &count),
                     LB_ERR_LICENSE_REQUIRED);
    atomic_store(&engine->workspace->plan, LB_PLAN_PRO);
    atomic_store(&engine->workspace->expires_at, lb_clock_wall_ms() - 1);
    assert_int_equal(outreach_claim(engine, C, MAX, LEASE_S, claimed, &count),
                     LB_ERR_LICENSE_EXPIRED);
    atomic_store(&engine->workspace->expires_at, 0);
    struct claimed out = claim(state);
    atomic_store(&engine->workspace->plan, LB_PLAN_STARTER); /* reporting needs none */
    assert_int_equal(complete(state, &out, LB_RESULT_DONE), LB_LEAD_COMPLETED);
}

/* --- Leases ----------------------------------------------------------------------------------- */

static void a_lease_that_runs_out_is_offered_again(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t steps[2];
    start(state, no_delays, 2, steps);
    struct claimed first = claim(state);
    time_passes(state, 55 * MINUTES);
    expect_nothing_due(state);
    time_passes(state, 5 * MINUTES);
    struct claimed second = claim(state);
    assert_true(second.step == steps[0] && second.attempt == 2);
    assert_string_not_equal(second.token, first.token);
    assert_int_equal(outreach_complete(engine, &first, LB_RESULT_DONE, NULL, NULL),
                     LB_ERR_LEASE_LOST);
    assert_int_equal(complete(state, &second, LB_RESULT_DONE), LB_LEAD_ACTIVE);
    /* Late, but nobody has claimed it since; a paused campaign takes it too. */
    struct claimed late = claim(state);
    time_passes(state, 2 * HOURS);
    pause_it(state);
    assert_int_equal(complete(state, &late, LB_RESULT_DONE), LB_LEAD_COMPLETED);
}

static void what_was_never_claimed_cannot_be_reported(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t steps[2];
    start(state, no_delays, 2, steps);
    uint64_t ada = outreach_lead(engine, C, "ada");
    struct claimed wrong = {.lead = ada, .step = steps[0], .token = "00000000000000000000000000"};
    assert_int_equal(outreach_complete(engine, &wrong, LB_RESULT_DONE, NULL, NULL),
                     LB_ERR_LEASE_LOST);
    struct claimed claimed = claim(state);
    wrong = claimed;
    wrong.token[25] ^= 1;
    assert_int_equal(outreach_complete(engine, &wrong, LB_RESULT_DONE, NULL, NULL),
                     LB_ERR_LEASE_LOST);
    wrong = claimed;
    wrong.step = steps[1];
    assert_int_equal(outreach_complete(engine, &wrong, LB_RESULT_DONE, NULL, NULL),
                     LB_ERR_LEASE_LOST);
    wrong.step = steps[1] + 1;
    assert_int_equal(outreach_complete(engine, &wrong, LB_RESULT_DONE, NULL, NULL),
                     LB_ERR_ACTIVITY_NOT_FOUND);
    wrong = claimed;
    wrong.lead++;
    assert_int_equal(outreach_complete(engine, &wrong, LB_RESULT_DONE, NULL, NULL),
                     LB_ERR_ACTIVITY_NOT_FOUND);
    assert_int_equal(outreach_delete_lead(engine, ada), LB_OK);
    assert_int_equal(outreach_complete(engine, &claimed, LB_RESULT_DONE, NULL, NULL),
                     LB_ERR_ACTIVITY_NOT_FOUND);
    assert_int_equal(outreach_delete_lead(engine, ada), LB_ERR_LEAD_NOT_FOUND);
    assert_int_equal(sql(state, "SELECT count(*) FROM activity"), 0);
}

static void repeating_a_report_changes_nothing(void **state)
{
    uint64_t steps[2];
    start(state, no_delays, 2, steps);
    struct claimed claimed = claim(state);
    for (int i = 0; i < 3; i++)
        assert_int_equal(complete(state, &claimed, LB_RESULT_DONE), LB_LEAD_ACTIVE);
    /* What cannot be so any more is not taken either. */
    assert_int_equal(complete(state, &claimed, LB_RESULT_FAILED), LB_LEAD_ACTIVE);
    assert_int_equal(complete(state, &claimed, LB_RESULT_RETRY), LB_LEAD_ACTIVE);
    assert_int_equal(sql(state, "SELECT state FROM activity"), LB_ACTIVITY_DONE);
    assert_int_equal(claim_and_complete(state, steps[1], LB_RESULT_DONE), LB_LEAD_COMPLETED);
    assert_int_equal(complete(state, &claimed, LB_RESULT_DONE), LB_LEAD_COMPLETED);
}

/* --- Retries ---------------------------------------------------------------------------------- */

static void a_retry_waits_twice_as_long_each_time_until_it_has_failed(void **state)
{
    uint64_t steps[1];
    start(state, no_delays, 1, steps);
    for (int64_t wait = 30; wait <= 60; wait *= 2) {
        struct claimed claimed = claim(state);
        assert_int_equal(claimed.attempt, wait / 30);
        assert_int_equal(complete(state, &claimed, LB_RESULT_RETRY), LB_LEAD_ACTIVE);
        assert_int_equal(complete(state, &claimed, LB_RESULT_RETRY), LB_LEAD_ACTIVE);
        time_passes(state, (wait - 5) * MINUTES);
        expect_nothing_due(state);
        time_passes(state, 5 * MINUTES);
    }
    struct claimed last = claim(state);
    assert_int_equal(complete(state, &last, LB_RESULT_RETRY), LB_LEAD_ERROR);
    assert_int_equal(complete(state, &last, LB_RESULT_RETRY), LB_LEAD_ERROR);
    assert_int_equal(status(state), LB_CAMPAIGN_COMPLETED);
    assert_int_equal(sql(state, "SELECT state FROM activity"), LB_ACTIVITY_FAILED);
    /* Set back by a person, it may be tried as often again. */
    assert_int_equal(set_status(state, last.lead, LB_LEAD_WAITING), LB_LEAD_ACTIVE);
    assert_int_equal(status(state), LB_CAMPAIGN_PAUSED);
    activate(state);
    struct claimed again = claim(state);
    assert_int_equal(again.attempt, 4);
    assert_int_equal(complete(state, &again, LB_RESULT_RETRY), LB_LEAD_ACTIVE);
}

static void a_retry_waits_for_a_day_at_most(void **state)
{
    uint64_t steps[1];
    engine_of(state)->outreach->settings.max_attempts = 100;
    start(state, no_delays, 1, steps);
    for (int i = 0; i < 40; i++) {
        struct claimed claimed = claim(state);
        assert_int_equal(complete(state, &claimed, LB_RESULT_RETRY), LB_LEAD_ACTIVE);
        int64_t wait = sql(state, "SELECT since - changed_at FROM lead JOIN activity ON lead = no");
        assert_int_equal(wait, i < 6 ? (30 * MINUTES) << i : 24 * HOURS);
        time_passes(state, wait);
    }
}

/* It had been given back, then it went well after all; what was said first stays. */
static void a_retry_that_is_done_keeps_its_detail(void **state)
{
    static const char detail[] = "the page took longer than a minute and was closed";
    struct engine *engine = engine_of(state);
    uint64_t steps[2];
    start(state, no_delays, 2, steps);
    struct claimed claimed = claim(state);
    assert_int_equal(outreach_complete(engine, &claimed, LB_RESULT_RETRY, detail, NULL), LB_OK);
    assert_int_equal(complete(state, &claimed, LB_RESULT_DONE), LB_LEAD_ACTIVE);
    assert_int_equal(sql(state, "SELECT state FROM activity"), LB_ACTIVITY_DONE);
    assert_int_equal(sql(state, "SELECT count(*) FROM activity WHERE detail ="
                                " 'the page took longer than a minute and was closed'"),
                     1);
    assert_int_equal(claim(state).step, steps[1]);
}

/* --- Replies ---------------------------------------------------------------------------------- */

static void a_reply_ends_the_sequence_where_the_step_says_so(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_step_row goes_on = {.type = LB_STEP_MESSAGE, .body = LB_STR("Hello")};
    struct lb_step_row stops = {
        .type = LB_STEP_MESSAGE, .stop_on_reply = true, .body = LB_STR("Hello?")};
    uint64_t steps[3];
    assert_int_equal(outreach_add_step(engine, C, goes_on, 0, &steps[0]), LB_OK);
    assert_int_equal(outreach_add_step(engine, C, stops, 0, &steps[1]), LB_OK);
    steps[2] = add_step(state, LB_STEP_VISIT_PROFILE, 0, NULL);
    add_lead(state, "ada");
    activate(state);
    assert_int_equal(claim_and_complete(state, steps[0], LB_RESULT_REPLIED), LB_LEAD_ACTIVE);
    assert_int_equal(claim_and_complete(state, steps[1], LB_RESULT_REPLIED), LB_LEAD_COMPLETED);
    expect_nothing_due(state);
    /* A person may let it go on. */
    uint64_t ada = outreach_lead(engine, C, "ada");
    assert_int_equal(set_status(state, ada, LB_LEAD_ACTIVE), LB_LEAD_ACTIVE);
    activate(state);
    assert_int_equal(claim_and_complete(state, steps[2], LB_RESULT_DONE), LB_LEAD_COMPLETED);
    /* Through all steps: it stays completed. */
    assert_int_equal(set_status(state, ada, LB_LEAD_WAITING), LB_LEAD_COMPLETED);
}

static void a_reply_may_come_after_done_or_failed(void **state)
{
    uint64_t steps[3];
    start(state, no_delays, 3, steps);
    struct claimed first = claim(state);
    assert_int_equal(complete(state, &first, LB_RESULT_DONE), LB_LEAD_ACTIVE);
    struct claimed second = claim(state);
    assert_int_equal(complete(state, &first, LB_RESULT_REPLIED), LB_LEAD_COMPLETED);
    assert_int_equal(status(state), LB_CAMPAIGN_COMPLETED);
    /* What is out meanwhile may be reported; the sequence has ended all the same. */
    assert_int_equal(complete(state, &second, LB_RESULT_DONE), LB_LEAD_COMPLETED);
    /* Nothing was sent to the lead, so its reply is none that counts. */
    assert_int_equal(sql(state, "SELECT leads_replied FROM campaign"), 0);
    assert_int_equal(set_status(state, first.lead, LB_LEAD_ACTIVE), LB_LEAD_ACTIVE);
    activate(state);
    struct claimed third = claim(state);
    assert_int_equal(complete(state, &third, LB_RESULT_FAILED), LB_LEAD_ERROR);
    assert_int_equal(complete(state, &third, LB_RESULT_REPLIED), LB_LEAD_COMPLETED);
    assert_int_equal(sql(state, "SELECT count(*) FROM activity WHERE state = 3"), 2);
}

/* --- Steps that change ------------------------------------------------------------------------ */

static void leads_go_on_behind_a_step_that_was_deleted(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t steps[4];
    start(state, no_delays, 4, steps);
    assert_int_equal(claim_and_complete(state, steps[0], LB_RESULT_DONE), LB_LEAD_ACTIVE);
    assert_int_equal(outreach_remove_step(engine, C, steps[1]), LB_OK); /* it waits for it */
    assert_int_equal(outreach_remove_step(engine, C, steps[1]), LB_ERR_STEP_NOT_FOUND);
    struct claimed claimed = claim(state);
    assert_true(claimed.step == steps[2] && claimed.order == 2);
    assert_int_equal(outreach_remove_step(engine, C, steps[2]), LB_OK); /* it is out */
    assert_int_equal(complete(state, &claimed, LB_RESULT_DONE), LB_LEAD_ACTIVE);
    assert_int_equal(outreach_remove_step(engine, C, steps[3]), LB_OK); /* the last */
    expect_nothing_due(state);
    assert_int_equal(sql(state, "SELECT status FROM lead"), LB_LEAD_COMPLETED);
    assert_int_equal(status(state), LB_CAMPAIGN_COMPLETED);
}

static void what_was_out_when_its_step_was_deleted_ends_with_its_lease(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t steps[3];
    start(state, no_delays, 3, steps);
    struct claimed first = claim(state);
    pause_it(state);
    assert_int_equal(outreach_remove_step(engine, C, steps[0]), LB_OK);
    activate(state);
    expect_nothing_due(state);
    time_passes(state, 1 * HOURS);
    struct claimed second = claim(state);
    assert_true(second.step == steps[1] && second.attempt == 1);
    assert_int_equal(sql(state, "SELECT count(*) FROM activity WHERE state = 0"), 1);
    /* A report that comes then is recorded, and changes nothing about where the lead is. */
    assert_int_equal(complete(state, &first, LB_RESULT_DONE), LB_LEAD_ACTIVE);
    assert_int_equal(sql(state, "SELECT count(*) FROM activity WHERE state = 2"), 1);
    assert_int_equal(complete(state, &second, LB_RESULT_RETRY), LB_LEAD_ACTIVE);
    pause_it(state);
    assert_int_equal(outreach_remove_step(engine, C, steps[1]), LB_OK); /* it is to be retried */
    activate(state);
    time_passes(state, 1 * HOURS);
    assert_int_equal(claim_and_complete(state, steps[2], LB_RESULT_DONE), LB_LEAD_COMPLETED);
}

static void no_lead_goes_through_a_step_twice(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t steps[3];
    start(state, no_delays, 3, steps);
    assert_int_equal(claim_and_complete(state, steps[0], LB_RESULT_DONE), LB_LEAD_ACTIVE);
    pause_it(state);
    /* 2 1 3: the first, which is done, is behind the second, for which it waits. */
    assert_int_equal(outreach_move_step(engine, C, steps[0], 2), LB_OK);
    activate(state);
    assert_int_equal(claim_and_complete(state, steps[1], LB_RESULT_DONE), LB_LEAD_ACTIVE);
    pause_it(state);
    assert_int_equal(outreach_move_step(engine, C, steps[2], 1), LB_OK); /* 3 2 1 */
    activate(state);
    assert_int_equal(claim_and_complete(state, steps[2], LB_RESULT_DONE), LB_LEAD_COMPLETED);
    uint64_t ada = outreach_lead(engine, C, "ada");
    assert_int_equal(set_status(state, ada, LB_LEAD_ACTIVE), LB_LEAD_COMPLETED);
    uint64_t added = add_step(state, LB_STEP_VISIT_PROFILE, 0, NULL);
    assert_int_equal(set_status(state, ada, LB_LEAD_ACTIVE), LB_LEAD_ACTIVE);
    activate(state);
    assert_int_equal(claim_and_complete(state, added, LB_RESULT_DONE), LB_LEAD_COMPLETED);
    assert_int_equal(sql(state, "SELECT max(attempts) FROM activity"), 1);
}

/* The step behind a deleted one was done; the delay is that of the step which is handed out. */
static void the_delay_is_that_of_the_step_that_is_handed_out(void **state)
{
    struct engine *engine = engine_of(state);
    const uint32_t delays[] = {0, 0, 10};
    uint64_t steps[3];
    start(state, delays, 3, steps);
    assert_int_equal(claim_and_complete(state, steps[0], LB_RESULT_DONE), LB_LEAD_ACTIVE);
    pause_it(state);
    assert_int_equal(outreach_move_step(engine, C, steps[0], 2), LB_OK); /* 2 1 3 */
    assert_int_equal(outreach_remove_step(engine, C, steps[1]), LB_OK);  /* 1 3, waits for 2 */
    activate(state);
    expect_nothing_due(state);
    time_passes(state, 9 * HOURS);
    expect_nothing_due(state);
    time_passes(state, 1 * HOURS);
    assert_int_equal(claim_and_complete(state, steps[2], LB_RESULT_DONE), LB_LEAD_COMPLETED);
}

static void a_step_that_is_put_in_front_leaves_the_others_as_they_are(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_step_row message = {.type = LB_STEP_MESSAGE};
    static char body[2001];
    memset(body, 'x', sizeof body - 1);
    for (int i = 0; i < 8; i++) {
        body[0] = (char)('a' + i);
        message.body = lb_str(body);
        assert_int_equal(outreach_add_step(engine, C, message, 1, NULL), LB_OK);
    }
    assert_int_equal(sql(state, "SELECT count(*) FROM step WHERE length(body) = 2000"
                                " AND substr(body, 1, 1) = char(97 + 8 - position)"
                                " AND substr(body, 2) = replace(hex(zeroblob(1000)), '00', 'x')"
                                " || substr(replace(hex(zeroblob(1000)), '00', 'x'), 2)"),
                     8);
}

/* --- Texts ------------------------------------------------------------------------------------ */

static void nothing_is_handed_out_with_a_hole_in_it(void **state)
{
    struct claimed claimed[MAX];
    add_step(state, LB_STEP_MESSAGE, 0, "Hi {{firstName}}");
    add_lead(state, "ada");
    add_lead(state, "bob");
    sql(state, "UPDATE lead SET first_name = 'Bob' WHERE identifier = 'bob'");
    activate(state);
    assert_int_equal(claim_many(state, claimed), 1);
    assert_string_equal(claimed[0].message, "Hi Bob");
    uint64_t ada = outreach_lead(engine_of(state), C, "ada");
    assert_int_equal(sql(state, "SELECT status FROM lead WHERE identifier = 'ada'"), LB_LEAD_ERROR);
    assert_int_equal(sql(state, "SELECT count(*) FROM activity WHERE state = 4 AND attempts = 0"
                                " AND detail LIKE '%''firstName''%' AND completed_at > 0"),
                     1);
    sql(state, "UPDATE lead SET first_name = 'Ada' WHERE identifier = 'ada'");
    assert_int_equal(set_status(state, ada, LB_LEAD_ACTIVE), LB_LEAD_WAITING);
    struct claimed now = claim(state);
    assert_string_equal(now.message, "Hi Ada");
    assert_int_equal(now.attempt, 1);
}

/* No memory for a text is no reason to give a lead up. */
static void a_text_that_finds_no_memory_fails_the_claim_and_no_lead(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_buf packed = {0};
    lb_variables_pack(&packed, LB_STR("nick"), LB_STR("Ad"));
    struct lb_new_lead lead = {.identifier = LB_STR("ada"), .variables = lb_buf_str(&packed)};
    add_step(state, LB_STEP_MESSAGE, 0, "Hi {{nick}}");
    assert_int_equal(outreach_add(engine, C, &lead, 1, NULL), LB_OK);
    lb_buf_fini(&packed);
    activate(state);
    struct lb_claim starved = {.outreach = engine->outreach,
                               .standing = engine_standing(engine, C),
                               .max = MAX,
                               .lease_s = LEASE_S,
                               .texts.failed = true};
    lb_claim_activities(&starved);
    assert_int_equal(engine_submit(engine, &starved.write), LB_ERR_STORAGE_UNAVAILABLE);
    lb_claim_fini(&starved);
    assert_string_equal(claim(state).message, "Hi Ad");
}

/* Two claims in one batch. */
struct two_claims {
    struct lb_write write; /* first */
    struct lb_claim claims[2];
};

static lb_err apply_both(struct lb_write *write, struct lb_store *store)
{
    struct two_claims *two = (struct two_claims *)write;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < 2; i++)
        err = two->claims[i].write.apply(&two->claims[i].write, store);
    write->touched = true;
    return err;
}

static void add_leads_without_names(void **state, size_t count)
{
    struct lb_new_lead *leads = calloc(count, sizeof *leads);
    char(*names)[32] = calloc(count, sizeof *names);
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "lead-%zu", i);
        leads[i].identifier = lb_str(names[i]);
    }
    assert_int_equal(outreach_add(engine_of(state), C, leads, count, NULL), LB_OK);
    free(leads);
    free(names);
}

static void claims_in_vain_leave_the_others_of_their_batch_what_is_due(void **state)
{
    static const char *const campaigns[] = {C, "d"};
    struct engine *engine = engine_of(state);
    struct lb_step_row hello = {.type = LB_STEP_MESSAGE, .body = LB_STR("Hello")};
    add_step(state, LB_STEP_MESSAGE, 0, "Hi {{firstName}}");
    add_leads_without_names(state, 1500);
    activate(state);
    assert_int_equal(engine_make_campaign(engine, "d"), LB_OK);
    assert_int_equal(outreach_add_step(engine, "d", hello, 0, NULL), LB_OK);
    assert_int_equal(outreach_add_one(engine, "d", "ada", NULL), LB_OK);
    assert_int_equal(outreach_add_one(engine, "d", "bob", NULL), LB_OK);
    assert_int_equal(outreach_activate(engine, "d"), LB_OK);
    struct two_claims two = {.write.apply = apply_both};
    for (size_t i = 0; i < 2; i++) {
        two.claims[i] = (struct lb_claim){.outreach = engine->outreach,
                                          .standing = engine_standing(engine, campaigns[i]),
                                          .max = MAX,
                                          .lease_s = LEASE_S};
        lb_claim_activities(&two.claims[i]);
    }
    assert_int_equal(engine_submit(engine, &two.write), LB_OK);
    assert_int_equal(two.claims[0].count, 0);
    assert_int_equal(two.claims[1].count, 2);
    /* It has looked at as many as a batch may, and no more. */
    assert_int_equal(sql(state, "SELECT count(*) FROM activity WHERE state = 4"), 1000);
    lb_claim_fini(&two.claims[0]);
    lb_claim_fini(&two.claims[1]);
}

/* --- Leads ------------------------------------------------------------------------------------ */

static void a_lead_goes_on_where_it_stood(void **state)
{
    uint64_t steps[2];
    start(state, no_delays, 2, steps);
    uint64_t ada = outreach_lead(engine_of(state), C, "ada");
    assert_int_equal(set_status(state, ada, LB_LEAD_ACTIVE), LB_LEAD_WAITING);
    assert_int_equal(set_status(state, ada, LB_LEAD_PAUSED), LB_LEAD_PAUSED);
    expect_nothing_due(state);
    assert_int_equal(status(state), LB_CAMPAIGN_ACTIVE);
    assert_int_equal(set_status(state, ada, LB_LEAD_ACTIVE), LB_LEAD_WAITING);
    assert_int_equal(claim_and_complete(state, steps[0], LB_RESULT_DONE), LB_LEAD_ACTIVE);
    struct claimed claimed = claim(state);
    assert_int_equal(set_status(state, ada, LB_LEAD_ERROR), LB_LEAD_ERROR);
    assert_int_equal(status(state), LB_CAMPAIGN_COMPLETED);
    /* What a person set stays, whatever is reported. */
    assert_int_equal(complete(state, &claimed, LB_RESULT_RETRY), LB_LEAD_ERROR);
    assert_int_equal(set_status(state, ada, LB_LEAD_WAITING), LB_LEAD_ACTIVE);
    assert_int_equal(status(state), LB_CAMPAIGN_PAUSED);
    activate(state);
    time_passes(state, 1 * HOURS);
    claimed = claim(state);
    assert_int_equal(set_status(state, ada, LB_LEAD_COMPLETED), LB_LEAD_COMPLETED);
    assert_int_equal(complete(state, &claimed, LB_RESULT_FAILED), LB_LEAD_COMPLETED);
    assert_int_equal(set_status(state, ada, LB_LEAD_WAITING), LB_LEAD_ACTIVE);
    activate(state);
    assert_int_equal(claim_and_complete(state, steps[1], LB_RESULT_DONE), LB_LEAD_COMPLETED);
}

static void a_lead_that_is_added_again_is_a_duplicate(void **state)
{
    struct engine *engine = engine_of(state);
    struct added added;
    struct lb_new_lead leads[] = {
        {.identifier = LB_STR("ada"), .fields[LB_LEAD_FIRST_NAME] = LB_STR("Ada")},
        {.identifier = LB_STR("bob")},
        {.identifier = LB_STR("ada"), .fields[LB_LEAD_FIRST_NAME] = LB_STR("Other")}};
    assert_int_equal(outreach_add(engine, C, leads, 3, &added), LB_OK);
    assert_true(added.added == 2 && added.duplicates == 1 && added.blocked == 0);
    assert_int_equal(outreach_add(engine, C, leads, 3, &added), LB_OK);
    assert_true(added.added == 0 && added.duplicates == 3);
    assert_int_equal(sql(state, "SELECT count(*) FROM lead WHERE first_name = 'Ada'"), 1);
    assert_int_equal(sql(state, "SELECT count(*) FROM lead"), 2);
    /* Those that are there need no room. */
    struct lb_new_lead more[] = {{.identifier = LB_STR("ada")},
                                 {.identifier = LB_STR("cleo")},
                                 {.identifier = LB_STR("dora")}};
    engine->outreach->settings.max_campaign_leads = 3;
    assert_int_equal(outreach_add(engine, C, more, 3, &added), LB_ERR_WORKSPACE_OVERLOADED);
    assert_int_equal(sql(state, "SELECT count(*) FROM lead"), 2);
    assert_int_equal(outreach_add(engine, C, leads, 3, &added), LB_OK);
    assert_int_equal(outreach_add(engine, C, more, 2, &added), LB_OK);
    assert_true(added.added == 1 && added.duplicates == 1);
    assert_int_equal(outreach_add(engine, C, more, 2, &added), LB_OK);
    assert_int_equal(outreach_add(engine, C, &more[2], 1, &added), LB_ERR_WORKSPACE_OVERLOADED);
    engine->outreach->settings.max_campaign_leads = 1;
    assert_int_equal(outreach_add(engine, C, leads, 2, &added), LB_OK);
    assert_int_equal(outreach_add(engine, "nowhere", leads, 2, &added), LB_ERR_CAMPAIGN_NOT_FOUND);
}

static void a_campaign_needs_a_step_and_a_lead(void **state)
{
    assert_int_equal(outreach_activate(engine_of(state), C), LB_ERR_CAMPAIGN_NOT_READY);
    uint64_t step = add_step(state, LB_STEP_VISIT_PROFILE, 0, NULL);
    assert_int_equal(outreach_activate(engine_of(state), C), LB_ERR_CAMPAIGN_NOT_READY);
    add_lead(state, "ada");
    assert_int_equal(outreach_remove_step(engine_of(state), C, step), LB_OK);
    assert_int_equal(outreach_activate(engine_of(state), C), LB_ERR_CAMPAIGN_NOT_READY);
    add_step(state, LB_STEP_VISIT_PROFILE, 0, NULL);
    activate(state);
    activate(state);
    assert_int_equal(sql(state, "SELECT count(*) FROM audit_log"
                                " WHERE action = 'campaign.activate'"),
                     1);
    /* An active one stays so, with or without leads. */
    assert_int_equal(
        outreach_delete_lead(engine_of(state), outreach_lead(engine_of(state), C, "ada")), LB_OK);
    activate(state);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_lead_goes_through_the_steps_in_order_and_is_completed),
        TEST(the_first_delay_counts_from_the_last_activation),
        TEST(who_is_further_comes_first_and_then_who_waits_longest),
        TEST(only_a_licence_that_is_good_hands_out),
        TEST(a_lease_that_runs_out_is_offered_again),
        TEST(what_was_never_claimed_cannot_be_reported),
        TEST(repeating_a_report_changes_nothing),
        TEST(a_retry_waits_twice_as_long_each_time_until_it_has_failed),
        TEST(a_retry_waits_for_a_day_at_most),
        TEST(a_retry_that_is_done_keeps_its_detail),
        TEST(a_reply_ends_the_sequence_where_the_step_says_so),
        TEST(a_reply_may_come_after_done_or_failed),
        TEST(leads_go_on_behind_a_step_that_was_deleted),
        TEST(what_was_out_when_its_step_was_deleted_ends_with_its_lease),
        TEST(no_lead_goes_through_a_step_twice),
        TEST(the_delay_is_that_of_the_step_that_is_handed_out),
        TEST(a_step_that_is_put_in_front_leaves_the_others_as_they_are),
        TEST(nothing_is_handed_out_with_a_hole_in_it),
        TEST(a_text_that_finds_no_memory_fails_the_claim_and_no_lead),
        TEST(claims_in_vain_leave_the_others_of_their_batch_what_is_due),
        TEST(a_lead_goes_on_where_it_stood),
        TEST(a_lead_that_is_added_again_is_a_duplicate),
        TEST(a_campaign_needs_a_step_and_a_lead),
    };
    lb_log_set_level(LB_LOG_ERROR);
    return cmocka_run_group_tests_name("outreach", tests, NULL, NULL);
}
