/* A person who is blocked by one name or another one all the time is never allowed, while links are
 * made and end and blocks move from name to name. LB_TEST_SECONDS sets how long it runs (2). */
#include "base/clock.h"
#include "base/mailbox.h"
#include "domain/blocklist/links.h"
#include "support/engine.h"
#include "support/tsan.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define PEOPLE    4
#define CHECKS    3 /* threads: more than processors, so that some stop halfway */
#define NAME_SIZE 48

struct world {
    struct engine engine;
    struct engine_place place;
    char members[PEOPLE][NAME_SIZE]; /* blocked all the time */
    char names[PEOPLE][NAME_SIZE];
    struct lb_public_id links[PEOPLE]; /* the changes that made them */
    _Atomic bool stop;
    _Atomic uint64_t checked, wrong, rounds;
};

static void done(struct lb_task *task)
{
}

static void submit(struct world *world, struct lb_mailbox *mailbox, struct lb_write *write,
                   struct lb_task *task)
{
    task->run = done;
    write->completion = task;
    write->home = mailbox;
    if (lb_writer_submit(world->engine.writer, write))
        atomic_fetch_add(&world->wrong, 1);
}

static void await(struct lb_mailbox *mailbox, unsigned count)
{
    struct pollfd waited = {.fd = lb_mailbox_fd(mailbox), .events = POLLIN};
    lb_rcu_offline();
    while (count) {
        poll(&waited, 1, -1);
        count -= (unsigned)lb_mailbox_drain(mailbox);
    }
    lb_rcu_online();
}

/* A change of blocks, and the end or the begin of a link, of one person. */
struct step {
    struct lb_change change;
    struct lb_change_item item;
    struct lb_fingerprint fingerprint;
    struct lb_link_change link;
    struct lb_link_pair pair;
    struct lb_task tasks[2];
};

static void prepare(struct world *world, struct step *step, size_t person)
{
    *step = (struct step){.item = {.key = lb_str(world->names[person])},
                          .pair = {lb_str(world->members[person]), lb_str(world->names[person])}};
    step->change = (struct lb_change){.blocklist = world->engine.blocklist,
                                      .standing = engine_standing(&world->engine, NULL),
                                      .items = &step->item,
                                      .fingerprints = &step->fingerprint,
                                      .count = 1};
    step->link.change = (struct lb_change){.blocklist = world->engine.blocklist,
                                           .standing = engine_standing(&world->engine, NULL)};
}

/* The name is the blocked member id's, and no longer blocked by itself. */
static void join_name(struct world *world, struct lb_mailbox *mailbox, struct step *step,
                      size_t person)
{
    prepare(world, step, person);
    step->link.pairs = &step->pair;
    step->link.count = 1;
    lb_links_make(&step->link);
    lb_change_unblock(&step->change);
    submit(world, mailbox, &step->link.change.write, &step->tasks[0]);
    submit(world, mailbox, &step->change.write, &step->tasks[1]);
}

/* The name is blocked by itself, and then nobody else's. */
static void part_name(struct world *world, struct lb_mailbox *mailbox, struct step *step,
                      size_t person)
{
    prepare(world, step, person);
    step->link.change.undone = world->links[person];
    lb_change_block(&step->change);
    lb_change_undo(&step->link.change);
    step->link.change.write.heavy = false; /* it does not wait for its turn: both in one batch */
    submit(world, mailbox, &step->change.write, &step->tasks[0]);
    submit(world, mailbox, &step->link.change.write, &step->tasks[1]);
}

static void expect_made(struct world *world, const struct step *step)
{
    const struct lb_change *change = &step->change, *link = &step->link.change;
    if (change->write.result || link->write.result || change->blocked + change->unblocked != 1 ||
        link->linked + link->unlinked != 1)
        atomic_fetch_add(&world->wrong, 1);
}

static void *run_changes(void *context)
{
    struct world *world = context;
    struct lb_mailbox *mailbox = lb_mailbox_create();
    struct step steps[PEOPLE];
    lb_rcu_thread_register();
    for (bool joins = true; !atomic_load(&world->stop); joins = !joins) {
        for (size_t i = 0; i < PEOPLE; i++)
            (joins ? join_name : part_name)(world, mailbox, &steps[i], i);
        await(mailbox, 2 * PEOPLE);
        for (size_t i = 0; i < PEOPLE; i++) {
            expect_made(world, &steps[i]);
            world->links[i] = steps[i].link.change.id;
        }
        atomic_fetch_add(&world->rounds, 1);
    }
    lb_rcu_thread_unregister();
    lb_mailbox_destroy(mailbox);
    return NULL;
}

static void *run_checks(void *context)
{
    struct world *world = context;
    struct engine *engine = &world->engine;
    struct lb_list list = engine_list(engine, NULL);
    lb_rcu_thread_register();
    while (!atomic_load(&world->stop)) {
        for (size_t i = 0; i < PEOPLE; i++) {
            struct lb_str by;
            struct lb_verdict verdict = lb_blocklist_check_person(
                engine->blocklist, engine->workspace, list, lb_str(world->names[i]), &by);
            if (verdict.scope == LB_SCOPE_NONE)
                atomic_fetch_add(&world->wrong, 1);
        }
        atomic_fetch_add_explicit(&world->checked, PEOPLE, memory_order_relaxed);
        lb_rcu_quiescent();
    }
    lb_rcu_thread_unregister();
    return NULL;
}

static bool is_enough(struct world *world)
{
    return world->rounds > 2 && world->checked > 0;
}

/* On a busy machine it may take longer, until there is enough to judge. */
static void run_for_a_while(struct world *world)
{
    const char *seconds = getenv("LB_TEST_SECONDS");
    uint64_t now = lb_clock_mono_ms(), late = now + 60000;
    uint64_t until = now + (seconds ? strtoull(seconds, NULL, 10) * 1000 : 2000);
    lb_rcu_offline();
    while (!atomic_load(&world->wrong) &&
           (lb_clock_mono_ms() < until || (!is_enough(world) && lb_clock_mono_ms() < late)))
        poll(NULL, 0, 10);
    lb_rcu_online();
    atomic_store(&world->stop, true);
}

static void fill(struct world *world)
{
    for (size_t i = 0; i < PEOPLE; i++) {
        snprintf(world->members[i], NAME_SIZE, "ACoAA0000000000000000000000000000000000%zu", i);
        snprintf(world->names[i], NAME_SIZE, "anna-%zu", i);
        const char *both[] = {world->members[i], world->names[i]};
        assert_int_equal(engine_block(&world->engine, NULL, both, 2, NULL, NULL), LB_OK);
    }
}

static void join(pthread_t thread)
{
    lb_rcu_offline();
    pthread_join(thread, NULL);
    lb_rcu_online();
}

static void a_person_who_is_blocked_by_one_name_or_the_other_is_never_allowed(void **state)
{
    struct world *world = *state;
    pthread_t threads[1 + CHECKS];
    fill(world);
    assert_int_equal(pthread_create(&threads[0], NULL, run_changes, world), 0);
    for (size_t i = 0; i < CHECKS; i++)
        assert_int_equal(pthread_create(&threads[1 + i], NULL, run_checks, world), 0);
    run_for_a_while(world);
    for (size_t i = 0; i < 1 + CHECKS; i++)
        join(threads[i]);
    print_message("%llu rounds, %llu checks\n", (unsigned long long)world->rounds,
                  (unsigned long long)world->checked);
    assert_true(is_enough(world));
    assert_int_equal(atomic_load(&world->wrong), 0);
}

static int setup(void **state)
{
    struct world *world = *state = calloc(1, sizeof *world);
    return engine_begin(&world->engine, &world->place);
}

static int teardown(void **state)
{
    struct world *world = *state;
    int failed = engine_end(&world->engine, &world->place);
    free(world);
    return failed;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            a_person_who_is_blocked_by_one_name_or_the_other_is_never_allowed, setup, teardown),
    };
    return cmocka_run_group_tests_name("persons_threads", tests, NULL, NULL);
}
