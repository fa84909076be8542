/* Claims, reports, blocks and unblocks from many threads at once, and checks meanwhile. Run under
 * ThreadSanitizer too; what it cannot see is seen here: a claim that was submitted after a block
 * was acknowledged must not hand the lead out. LB_TEST_SECONDS sets how long it runs (3). */
#include "base/log.h"
#include "domain/outreach/internal.h"
#include "support/outreach.h"
#include "support/random.h"
#include "support/tsan.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define BLOCKERS  3
#define LEADS     16 /* of one blocker */
#define SENDERS   3
#define CHECKERS  2
#define CLAIM_MAX 12
#define NAME_SIZE 32
#define C         "c"

/* What a blocker was told about its lead, in the low bits of a word; the others count the changes,
 * so that who finds it the same twice knows that it was so all the time. */
enum { FREE, BLOCKED, CHANGING, STATES };

struct blocker {
    struct world *world;
    unsigned number;
    uint64_t random;
    char names[LEADS][NAME_SIZE];
    char members[LEADS][NAME_SIZE]; /* by which some are blocked */
    _Atomic uint64_t words[LEADS];
};

struct world {
    struct engine engine;
    struct engine_place place;
    struct blocker blockers[BLOCKERS];
    _Atomic bool stop;
    _Atomic uint64_t changes, handed_out, reports, checks, judged, wrong;
};

static uint64_t next_random(uint64_t *state)
{
    return random_next(state) >> 16;
}

static void expect(struct world *world, bool good, const char *what)
{
    if (!good && atomic_fetch_add(&world->wrong, 1) < 10)
        fprintf(stderr, "wrong: %s\n", what);
}

static void set_state(_Atomic uint64_t *word, unsigned state)
{
    atomic_store(word, (atomic_load(word) / STATES + 1) * STATES + state);
}

/* --- Those who block -------------------------------------------------------------------------- */

/* Blocks or unblocks a lead, in the campaign or in the workspace, by one of its names. */
static void change(struct blocker *blocker, const char *where, unsigned lead, bool by_member,
                   bool blocking)
{
    struct world *world = blocker->world;
    const char *name = by_member ? blocker->members[lead] : blocker->names[lead];
    struct outcome outcome = {0};
    set_state(&blocker->words[lead], CHANGING);
    lb_err err = blocking ? engine_block(&world->engine, where, &name, 1, "why", &outcome)
                          : engine_unblock(&world->engine, where, &name, 1, &outcome);
    expect(world, err == LB_OK && outcome.blocked + outcome.unblocked == 1, "a change failed");
    set_state(&blocker->words[lead], blocking ? BLOCKED : FREE);
    atomic_fetch_add(&world->changes, 1);
}

static void *run_blocker(void *context)
{
    struct blocker *blocker = context;
    struct world *world = blocker->world;
    lb_rcu_thread_register();
    while (!atomic_load(&world->stop)) {
        unsigned first = (unsigned)(next_random(&blocker->random) % LEADS);
        unsigned count = 1 + (unsigned)(next_random(&blocker->random) % 4);
        const char *where = next_random(&blocker->random) % 2 ? C : NULL;
        bool by_member = next_random(&blocker->random) % 2;
        for (unsigned i = 0; i < count; i++)
            change(blocker, where, (first + i) % LEADS, by_member, true);
        for (unsigned i = 0; i < count; i++)
            change(blocker, where, (first + i) % LEADS, by_member, false);
        /* A campaign in which all were blocked has been completed, and is paused then. */
        expect(world, outreach_activate(&world->engine, C) == LB_OK, "activating");
        lb_rcu_quiescent();
    }
    lb_rcu_thread_unregister();
    return NULL;
}

/* --- Those who send --------------------------------------------------------------------------- */

struct words {
    uint64_t of[BLOCKERS][LEADS];
};

static void read_words(struct world *world, struct words *out)
{
    for (unsigned i = 0; i < BLOCKERS; i++)
        for (unsigned lead = 0; lead < LEADS; lead++)
            out->of[i][lead] = atomic_load(&world->blockers[i].words[lead]);
}

/* `before` was read before the claim was submitted. */
static void judge(struct world *world, const struct words *before, const struct claimed *claimed)
{
    unsigned number, lead;
    if (sscanf(claimed->identifier, "lead-%u-%u", &number, &lead) != 2) {
        expect(world, false, "a lead of nobody's");
        return;
    }
    uint64_t was = before->of[number][lead];
    uint64_t is = atomic_load(&world->blockers[number].words[lead]);
    expect(world, was % STATES != BLOCKED || is != was, "a blocked lead was handed out");
    atomic_fetch_add(&world->judged, was % STATES == FREE);
}

static void send(struct world *world, uint64_t *random)
{
    struct claimed claimed[CLAIM_MAX];
    struct words before;
    size_t count;
    read_words(world, &before);
    lb_err err = outreach_claim(&world->engine, C, 1 + next_random(random) % CLAIM_MAX, 600,
                                claimed, &count);
    expect(world, err == LB_OK, "a claim failed");
    for (size_t i = 0; i < count; i++)
        judge(world, &before, &claimed[i]);
    atomic_fetch_add(&world->handed_out, count);
    for (size_t i = 0; i < count; i++) {
        struct reported reported;
        err = outreach_complete(&world->engine, &claimed[i], LB_RESULT_RETRY, "again", &reported);
        expect(world, err == LB_OK && reported.status == LB_LEAD_ACTIVE, "a report failed");
        atomic_fetch_add(&world->reports, 1);
    }
}

static void *run_sender(void *context)
{
    struct world *world = context;
    uint64_t random = (uint64_t)(uintptr_t)&random | 1;
    lb_rcu_thread_register();
    while (!atomic_load(&world->stop)) {
        send(world, &random);
        lb_rcu_quiescent();
    }
    lb_rcu_thread_unregister();
    return NULL;
}

/* --- Those who ask ---------------------------------------------------------------------------- */

static void *run_checker(void *context)
{
    struct world *world = context;
    uint64_t random = (uint64_t)(uintptr_t)&random | 1;
    lb_rcu_thread_register();
    struct lb_list list = engine_list(&world->engine, C);
    while (!atomic_load(&world->stop)) {
        struct blocker *blocker = &world->blockers[next_random(&random) % BLOCKERS];
        unsigned lead = (unsigned)(next_random(&random) % LEADS);
        uint64_t before = atomic_load(&blocker->words[lead]);
        bool blocked =
            lb_blocklist_check(world->engine.blocklist, list, lb_str(blocker->names[lead])).entry ||
            lb_blocklist_check(world->engine.blocklist, list, lb_str(blocker->members[lead])).entry;
        if (atomic_load(&blocker->words[lead]) == before && before % STATES != CHANGING)
            expect(world, blocked == (before % STATES == BLOCKED), "a check");
        atomic_fetch_add_explicit(&world->checks, 1, memory_order_relaxed);
        lb_rcu_quiescent();
    }
    lb_rcu_thread_unregister();
    return NULL;
}

/* --- Life ------------------------------------------------------------------------------------- */

static void add_leads(struct world *world, struct blocker *blocker)
{
    struct lb_new_lead leads[LEADS];
    for (unsigned lead = 0; lead < LEADS; lead++) {
        snprintf(blocker->names[lead], NAME_SIZE, "lead-%u-%u", blocker->number, lead);
        snprintf(blocker->members[lead], NAME_SIZE, "ACoAA-%u-%u", blocker->number, lead);
        leads[lead] = (struct lb_new_lead){.identifier = lb_str(blocker->names[lead]),
                                           .member_id = lb_str(blocker->members[lead])};
    }
    assert_int_equal(outreach_add(&world->engine, C, leads, LEADS, NULL), LB_OK);
}

static struct world *open_world(void)
{
    struct world *world = calloc(1, sizeof *world);
    struct lb_step_row step = {.type = LB_STEP_MESSAGE, .body = LB_STR("Hi {{firstName|you}}")};
    assert_int_equal(engine_begin(&world->engine, &world->place), 0);
    /* Given back, a lead is due again at once: there is always somebody to hand out. */
    world->engine.outreach->settings.retry_backoff_s = 0;
    world->engine.outreach->settings.max_attempts = UINT32_MAX;
    assert_int_equal(engine_make_campaign(&world->engine, C), LB_OK);
    assert_int_equal(outreach_add_step(&world->engine, C, step, 0, NULL), LB_OK);
    for (unsigned i = 0; i < BLOCKERS; i++) {
        world->blockers[i].world = world;
        world->blockers[i].number = i;
        world->blockers[i].random = RANDOM_SEED + i * 7919;
        add_leads(world, &world->blockers[i]);
    }
    assert_int_equal(outreach_activate(&world->engine, C), LB_OK);
    return world;
}

static void close_world(struct world *world)
{
    assert_int_equal(outreach_end(&world->engine, &world->place), 0);
    free(world);
}

static void run_for_a_while(struct world *world, pthread_t *threads, size_t count)
{
    const char *seconds = getenv("LB_TEST_SECONDS");
    lb_rcu_offline();
    poll(NULL, 0, (seconds ? atoi(seconds) : 3) * 1000);
    atomic_store(&world->stop, true);
    for (size_t i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    lb_rcu_online();
}

static void a_claim_that_follows_an_acknowledged_block_never_hands_the_lead_out(void **state)
{
    struct world *world = open_world();
    pthread_t threads[BLOCKERS + SENDERS + CHECKERS];
    size_t count = 0;
    for (unsigned i = 0; i < BLOCKERS; i++)
        pthread_create(&threads[count++], NULL, run_blocker, &world->blockers[i]);
    for (unsigned i = 0; i < SENDERS; i++)
        pthread_create(&threads[count++], NULL, run_sender, world);
    for (unsigned i = 0; i < CHECKERS; i++)
        pthread_create(&threads[count++], NULL, run_checker, world);
    run_for_a_while(world, threads, count);
    print_message("%llu changes, %llu handed out, %llu reports, %llu checks\n",
                  (unsigned long long)world->changes, (unsigned long long)world->handed_out,
                  (unsigned long long)world->reports, (unsigned long long)world->checks);
    assert_int_equal(atomic_load(&world->wrong), 0);
    assert_true(world->changes > 0 && world->judged > 0 && world->checks > 0);
    assert_int_equal(world->handed_out, world->reports);
    assert_int_equal(outreach_ask(world->place.path, NULL, "SELECT sum(attempts) FROM activity"),
                     (int64_t)world->handed_out);
    close_world(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_claim_that_follows_an_acknowledged_block_never_hands_the_lead_out),
    };
    lb_log_set_level(LB_LOG_ERROR);
    return cmocka_run_group_tests_name("outreach_threads", tests, NULL, NULL);
}
