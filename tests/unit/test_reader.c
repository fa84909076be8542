#include "base/clock.h"
#include "base/rcu.h"
#include "reader/reader.h"

#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
/* After the above. */
#include <cmocka.h>

#define READERS_MAX 4
#define WORKS       8

struct lb_store_reader {
    struct fixture *fixture;
    bool open;
    unsigned rests;
};

struct fixture {
    struct lb_store store;
    struct lb_store_ops ops;
    struct lb_readers *readers;
    struct lb_store_reader opened[READERS_MAX];
    unsigned open_count;
    unsigned fail_open; /* the nth; 0: none */
    sem_t begun, gate, done;
    _Atomic unsigned order;
};

struct work {
    struct lb_read read;
    struct fixture *fixture;
    bool holds;
    unsigned turns; /* it takes so many more after this one */
    unsigned cancelled;
    unsigned place; /* as which it was done, from 1 */
    struct lb_store_reader *with;
};

static lb_err store_open(struct lb_store *store, struct lb_store_reader **out)
{
    struct fixture *fixture = (struct fixture *)store;
    if (fixture->open_count + 1 == fixture->fail_open)
        return LB_ERR_STORAGE_UNAVAILABLE;
    *out = &fixture->opened[fixture->open_count++];
    **out = (struct lb_store_reader){.fixture = fixture, .open = true};
    return LB_OK;
}

static void store_close(struct lb_store_reader *reader)
{
    if (reader)
        reader->open = false;
}

static void store_rest(struct lb_store_reader *reader)
{
    reader->rests++;
}

static lb_err create(struct fixture *fixture, unsigned threads, unsigned queue, unsigned share)
{
    fixture->ops = (struct lb_store_ops){
        .reader_open = store_open, .reader_close = store_close, .reader_rest = store_rest};
    fixture->store.ops = &fixture->ops;
    sem_init(&fixture->begun, 0, 0);
    sem_init(&fixture->gate, 0, 0);
    sem_init(&fixture->done, 0, 0);
    struct lb_readers_settings settings = {&fixture->store, threads, queue, share, "lb-reader"};
    return lb_readers_create(&settings, &fixture->readers);
}

static void destroy(struct fixture *fixture)
{
    lb_readers_stop(fixture->readers);
    lb_readers_destroy(fixture->readers);
    for (unsigned i = 0; i < fixture->open_count; i++)
        assert_false(fixture->opened[i].open);
}

static enum lb_turn run(struct lb_read *read, struct lb_store *store,
                        struct lb_store_reader *reader)
{
    struct work *work = (struct work *)read;
    struct fixture *fixture = work->fixture;
    assert_ptr_equal(store, &fixture->store);
    work->with = reader;
    if (work->holds) {
        sem_post(&fixture->begun);
        sem_wait(&fixture->gate);
    }
    if (work->turns) {
        work->turns--;
        return LB_TURN_MORE;
    }
    work->place = atomic_fetch_add(&fixture->order, 1) + 1;
    sem_post(&fixture->done);
    return LB_TURN_LAST;
}

static void cancel(struct lb_read *read)
{
    struct work *work = (struct work *)read;
    work->cancelled++;
    sem_post(&work->fixture->done);
}

static lb_err submit(struct fixture *fixture, struct work *work, struct lb_read_lane *lane)
{
    work->fixture = fixture;
    work->read = (struct lb_read){.run = run, .cancel = cancel, .lane = lane};
    return lb_readers_submit(fixture->readers, &work->read);
}

static void hold(struct fixture *fixture, struct work *work, struct lb_read_lane *lane)
{
    work->holds = true;
    assert_int_equal(submit(fixture, work, lane), LB_OK);
    sem_wait(&fixture->begun);
}

static void await(struct fixture *fixture, unsigned count)
{
    while (count--)
        sem_wait(&fixture->done);
}

static void work_is_done_in_order_with_the_thread_s_own_reader(void **state)
{
    struct fixture fixture = {0};
    struct work works[WORKS] = {{.holds = false}};
    assert_int_equal(create(&fixture, 1, 100, 100), LB_OK);
    hold(&fixture, &works[0], NULL);
    for (unsigned i = 1; i < WORKS; i++)
        assert_int_equal(submit(&fixture, &works[i], NULL), LB_OK);
    sem_post(&fixture.gate);
    await(&fixture, WORKS);
    destroy(&fixture);
    for (unsigned i = 0; i < WORKS; i++) {
        assert_int_equal(works[i].place, i + 1);
        assert_ptr_equal(works[i].with, &fixture.opened[0]);
    }
    assert_int_equal(fixture.opened[0].rests, WORKS); /* lets go of its snapshot each time */
}

static void threads_work_side_by_side_with_a_reader_each(void **state)
{
    struct fixture fixture = {0};
    struct lb_read_lane lane = {0};
    struct work works[2] = {{.holds = false}};
    assert_int_equal(create(&fixture, 2, 100, 100), LB_OK);
    hold(&fixture, &works[0], NULL);
    hold(&fixture, &works[1], &lane);
    assert_ptr_not_equal(works[0].with, works[1].with);
    sem_post(&fixture.gate);
    sem_post(&fixture.gate);
    await(&fixture, 2);
    destroy(&fixture);
}

static void a_full_queue_refuses_and_takes_again_when_there_is_room(void **state)
{
    struct fixture fixture = {0};
    struct work works[4] = {{.holds = false}};
    assert_int_equal(create(&fixture, 1, 3, 100), LB_OK);
    hold(&fixture, &works[0], NULL);
    assert_int_equal(submit(&fixture, &works[1], NULL), LB_OK);
    assert_int_equal(submit(&fixture, &works[2], NULL), LB_OK);
    assert_int_equal(submit(&fixture, &works[3], NULL), LB_ERR_OVERLOADED);
    sem_post(&fixture.gate);
    await(&fixture, 3);
    assert_int_equal(works[3].place, 0);
    while (submit(&fixture, &works[3], NULL) != LB_OK) /* room comes back after the work */
        continue;
    await(&fixture, 1);
    destroy(&fixture);
}

static void a_workspace_fills_its_share_and_no_more(void **state)
{
    struct fixture fixture = {0};
    struct lb_read_lane one = {0};
    struct lb_read_lane other = {0};
    struct work works[6] = {{.holds = false}};
    assert_int_equal(create(&fixture, 1, 10, 20), LB_OK);
    hold(&fixture, &works[0], &one);
    assert_int_equal(submit(&fixture, &works[1], &one), LB_OK);
    for (int i = 0; i < 100; i++) /* refusals hold no room */
        assert_int_equal(submit(&fixture, &works[2], &one), LB_ERR_WORKSPACE_OVERLOADED);
    assert_int_equal(submit(&fixture, &works[3], &other), LB_OK);
    assert_int_equal(submit(&fixture, &works[4], NULL), LB_OK);
    sem_post(&fixture.gate);
    await(&fixture, 4);
    destroy(&fixture);
    assert_int_equal(atomic_load(&one.taken.taken), 0);
    assert_int_equal(atomic_load(&other.taken.taken), 0);
}

static void lanes_take_turns_however_much_one_has_asked_for(void **state)
{
    struct fixture fixture = {0};
    struct lb_read_lane one = {0};
    struct lb_read_lane other = {0};
    struct work first = {0};
    struct work many[WORKS] = {{.holds = false}};
    struct work few[2] = {{.holds = false}};
    assert_int_equal(create(&fixture, 1, 100, 100), LB_OK);
    hold(&fixture, &first, &one);
    for (unsigned i = 0; i < WORKS; i++)
        assert_int_equal(submit(&fixture, &many[i], &one), LB_OK);
    for (unsigned i = 0; i < 2; i++)
        assert_int_equal(submit(&fixture, &few[i], &other), LB_OK);
    sem_post(&fixture.gate);
    await(&fixture, 1 + WORKS + 2);
    destroy(&fixture);
    /* The first, then of the other lane, which waited when the first's turn ended. */
    assert_int_equal(few[0].place, 2);
    assert_int_equal(many[0].place, 3);
    assert_int_equal(few[1].place, 4);
    for (unsigned i = 1; i < WORKS; i++)
        assert_int_equal(many[i].place, 4 + i);
}

static void work_of_many_turns_lets_others_pass_and_keeps_its_place(void **state)
{
    struct fixture fixture = {0};
    struct lb_read_lane one = {0};
    struct lb_read_lane other = {0};
    struct work held = {0};
    struct work works[4] = {{.turns = 3}, {.turns = 1}, {.turns = 0}, {.turns = 0}};
    assert_int_equal(create(&fixture, 1, 5, 60), LB_OK);
    hold(&fixture, &held, NULL);
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(submit(&fixture, &works[i], &one), LB_OK);
    assert_int_equal(submit(&fixture, &works[3], &other), LB_OK);
    struct work late = {0};
    assert_int_equal(submit(&fixture, &late, &other), LB_ERR_OVERLOADED);
    sem_post(&fixture.gate);
    await(&fixture, 5);
    struct lb_readers_stats stats;
    lb_readers_stats(fixture.readers, &stats);
    assert_int_equal(stats.refused, 1);
    destroy(&fixture);
    assert_int_equal(works[3].place, 2);
    assert_int_equal(works[2].place, 3);
    assert_int_equal(works[1].place, 4);
    assert_int_equal(works[0].place, 5);
    assert_int_equal(fixture.opened[0].rests, 9); /* between turns no snapshot is kept */
    assert_int_equal(atomic_load(&one.taken.taken), 0);
}

/* A lane that has work enough for all threads leaves one to the others. */
static void one_lane_never_has_all_threads(void **state)
{
    struct fixture fixture = {0};
    struct lb_read_lane one = {0};
    struct lb_read_lane other = {0};
    struct work many[WORKS] = {{.holds = false}};
    struct work operators[2] = {{.holds = false}};
    struct work few = {0};
    assert_int_equal(create(&fixture, 3, 100, 100), LB_OK);
    hold(&fixture, &many[0], &one);
    hold(&fixture, &many[1], &one);
    for (unsigned i = 2; i < WORKS; i++)
        assert_int_equal(submit(&fixture, &many[i], &one), LB_OK);
    assert_int_equal(submit(&fixture, &few, &other), LB_OK);
    await(&fixture, 1);
    assert_int_equal(few.place, 1);
    hold(&fixture, &operators[0], NULL);
    assert_int_equal(submit(&fixture, &operators[1], NULL), LB_OK);
    for (unsigned i = 0; i < 3; i++)
        sem_post(&fixture.gate);
    await(&fixture, WORKS + 2);
    destroy(&fixture);
}

static void the_queue_is_counted(void **state)
{
    struct fixture fixture = {0};
    struct work works[3] = {{.holds = false}};
    struct lb_readers_stats stats;
    assert_int_equal(create(&fixture, 1, 2, 100), LB_OK);
    hold(&fixture, &works[0], NULL);
    assert_int_equal(submit(&fixture, &works[1], NULL), LB_OK);
    assert_int_equal(submit(&fixture, &works[2], NULL), LB_ERR_OVERLOADED);
    lb_readers_stats(fixture.readers, &stats);
    assert_int_equal(stats.queued, 2);
    assert_int_equal(stats.refused, 1);
    sem_post(&fixture.gate);
    await(&fixture, 2);
    lb_readers_stop(fixture.readers);
    lb_readers_stats(fixture.readers, &stats);
    assert_int_equal(stats.queued, 0);
    destroy(&fixture);
}

static void *stop(void *context)
{
    lb_readers_stop(context);
    return NULL;
}

static void stop_cancels_what_is_queued_and_takes_nothing_more(void **state)
{
    struct fixture fixture = {0};
    struct lb_read_lane lane = {0};
    struct work works[WORKS] = {{.turns = 1000000}, {.turns = 1}};
    struct work late = {0};
    pthread_t stopper;
    assert_int_equal(create(&fixture, 2, 100, 100), LB_OK);
    hold(&fixture, &works[0], &lane);
    for (unsigned i = 1; i < WORKS; i++)
        assert_int_equal(submit(&fixture, &works[i], &lane), LB_OK);
    pthread_create(&stopper, NULL, stop, fixture.readers);
    while (submit(&fixture, &late, NULL) == LB_OK) { /* until the stop has begun */
        await(&fixture, 1);
        late = (struct work){0};
    }
    assert_int_equal(submit(&fixture, &late, &lane), LB_ERR_STORAGE_UNAVAILABLE);
    sem_post(&fixture.gate); /* its turn ends, and it gets no other */
    pthread_join(stopper, NULL);
    for (unsigned i = 0; i < WORKS; i++) {
        assert_int_equal(works[i].cancelled, 1);
        assert_int_equal(works[i].place, 0);
    }
    assert_int_equal(works[0].turns, 1000000 - 1);
    assert_int_equal(late.place + late.cancelled, 0);
    assert_int_equal(atomic_load(&lane.taken.taken), 0);
    destroy(&fixture);
}

/* All at once: several lanes, works of several turns, and a stop in the middle of it. */
static void every_read_ends_once_whatever_happens(void **state)
{
    enum { LANES = 3, EACH = 40, ROUNDS = 20 };
    for (unsigned round = 0; round < ROUNDS; round++) {
        struct fixture fixture = {0};
        struct lb_read_lane lanes[LANES] = {{.running = 0}};
        struct work *works = calloc(LANES * EACH, sizeof *works);
        unsigned taken = 0;
        assert_int_equal(create(&fixture, 1 + round % READERS_MAX, 1000, 100), LB_OK);
        for (unsigned i = 0; i < LANES * EACH; i++) {
            works[i].turns = i % 5;
            taken += submit(&fixture, &works[i], &lanes[i % LANES]) == LB_OK;
        }
        if (round % 2)
            await(&fixture, taken);
        destroy(&fixture);
        for (unsigned i = 0; i < LANES * EACH; i++)
            assert_int_equal(works[i].cancelled + (works[i].place != 0), 1);
        for (unsigned i = 0; i < LANES; i++)
            assert_int_equal(atomic_load(&lanes[i].taken.taken), 0);
        free(works);
    }
}

/* The second reader cannot be opened: the first one and its thread go again. */
static void a_pool_that_cannot_open_all_its_readers_is_not_made(void **state)
{
    for (unsigned nth = 1; nth <= 3; nth++) {
        struct fixture fixture = {.fail_open = nth};
        assert_int_equal(create(&fixture, 3, 10, 100), LB_ERR_STORAGE_UNAVAILABLE);
        assert_int_equal(fixture.open_count, nth - 1);
        for (unsigned i = 0; i < fixture.open_count; i++)
            assert_false(fixture.opened[i].open);
    }
}

static enum lb_turn free_itself(struct lb_read *read, struct lb_store *store,
                                struct lb_store_reader *reader)
{
    struct work *work = (struct work *)read;
    struct fixture *fixture = work->fixture;
    free(work);
    sem_post(&fixture->done);
    return LB_TURN_LAST;
}

static void a_read_may_be_gone_when_its_run_returns(void **state)
{
    struct fixture fixture = {0};
    struct lb_read_lane lane = {0};
    assert_int_equal(create(&fixture, 2, 1000, 100), LB_OK);
    for (int i = 0; i < 500; i++) {
        struct work *work = calloc(1, sizeof *work);
        work->fixture = &fixture;
        work->read = (struct lb_read){.run = free_itself, .lane = &lane};
        assert_int_equal(lb_readers_submit(fixture.readers, &work->read), LB_OK);
    }
    await(&fixture, 500);
    destroy(&fixture);
    assert_int_equal(atomic_load(&lane.taken.taken), 0);
}

/* A reader that has nothing to do waits for ever; memory must not wait with it. */
static void idle_readers_hold_up_no_release_of_memory(void **state)
{
    struct fixture fixture = {0};
    struct work work = {0};
    assert_int_equal(create(&fixture, 3, 10, 100), LB_OK);
    assert_int_equal(submit(&fixture, &work, NULL), LB_OK);
    await(&fixture, 1);
    lb_rcu_thread_register();
    lb_rcu_barrier();
    lb_rcu_thread_unregister();
    destroy(&fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(work_is_done_in_order_with_the_thread_s_own_reader),
        cmocka_unit_test(threads_work_side_by_side_with_a_reader_each),
        cmocka_unit_test(a_full_queue_refuses_and_takes_again_when_there_is_room),
        cmocka_unit_test(a_workspace_fills_its_share_and_no_more),
        cmocka_unit_test(lanes_take_turns_however_much_one_has_asked_for),
        cmocka_unit_test(work_of_many_turns_lets_others_pass_and_keeps_its_place),
        cmocka_unit_test(one_lane_never_has_all_threads),
        cmocka_unit_test(the_queue_is_counted),
        cmocka_unit_test(stop_cancels_what_is_queued_and_takes_nothing_more),
        cmocka_unit_test(every_read_ends_once_whatever_happens),
        cmocka_unit_test(a_pool_that_cannot_open_all_its_readers_is_not_made),
        cmocka_unit_test(a_read_may_be_gone_when_its_run_returns),
        cmocka_unit_test(idle_readers_hold_up_no_release_of_memory),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
