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
    struct lb_readers_settings settings = {&fixture->store, threads, queue, share};
    return lb_readers_create(&settings, &fixture->readers);
}

static void destroy(struct fixture *fixture)
{
    lb_readers_stop(fixture->readers);
    lb_readers_destroy(fixture->readers);
    for (unsigned i = 0; i < fixture->open_count; i++)
        assert_false(fixture->opened[i].open);
}

static void run(struct lb_read *read, struct lb_store *store, struct lb_store_reader *reader)
{
    struct work *work = (struct work *)read;
    struct fixture *fixture = work->fixture;
    assert_ptr_equal(store, &fixture->store);
    work->with = reader;
    if (work->holds) {
        sem_post(&fixture->begun);
        sem_wait(&fixture->gate);
    }
    work->place = atomic_fetch_add(&fixture->order, 1) + 1;
    sem_post(&fixture->done);
}

static lb_err submit(struct fixture *fixture, struct work *work, struct lb_share *share)
{
    work->fixture = fixture;
    work->read = (struct lb_read){.run = run, .share = share};
    return lb_readers_submit(fixture->readers, &work->read);
}

static void hold(struct fixture *fixture, struct work *work, struct lb_share *share)
{
    work->holds = true;
    assert_int_equal(submit(fixture, work, share), LB_OK);
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
    struct work works[2] = {{.holds = false}};
    assert_int_equal(create(&fixture, 2, 100, 100), LB_OK);
    hold(&fixture, &works[0], NULL);
    hold(&fixture, &works[1], NULL);
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
    struct lb_share one = {0};
    struct lb_share other = {0};
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
    assert_int_equal(atomic_load(&one.taken), 0);
    assert_int_equal(atomic_load(&other.taken), 0);
}

static void stop_finishes_what_is_queued_and_takes_nothing_more(void **state)
{
    struct fixture fixture = {0};
    struct lb_share share = {0};
    struct work works[WORKS] = {{.holds = false}};
    assert_int_equal(create(&fixture, 2, 100, 100), LB_OK);
    hold(&fixture, &works[0], &share);
    for (unsigned i = 1; i < WORKS; i++)
        assert_int_equal(submit(&fixture, &works[i], &share), LB_OK);
    sem_post(&fixture.gate);
    lb_readers_stop(fixture.readers);
    for (unsigned i = 0; i < WORKS; i++)
        assert_int_not_equal(works[i].place, 0);
    struct work late = {0};
    assert_int_equal(submit(&fixture, &late, &share), LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(late.place, 0);
    assert_int_equal(atomic_load(&share.taken), 0);
    destroy(&fixture);
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

static void free_itself(struct lb_read *read, struct lb_store *store,
                        struct lb_store_reader *reader)
{
    struct work *work = (struct work *)read;
    struct fixture *fixture = work->fixture;
    free(work);
    sem_post(&fixture->done);
}

static void a_read_may_be_gone_when_its_run_returns(void **state)
{
    struct fixture fixture = {0};
    struct lb_share share = {0};
    assert_int_equal(create(&fixture, 2, 1000, 100), LB_OK);
    for (int i = 0; i < 500; i++) {
        struct work *work = calloc(1, sizeof *work);
        work->fixture = &fixture;
        work->read = (struct lb_read){.run = free_itself, .share = &share};
        assert_int_equal(lb_readers_submit(fixture.readers, &work->read), LB_OK);
    }
    await(&fixture, 500);
    destroy(&fixture);
    assert_int_equal(atomic_load(&share.taken), 0);
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
    lb_rcu_synchronize();
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
        cmocka_unit_test(stop_finishes_what_is_queued_and_takes_nothing_more),
        cmocka_unit_test(a_pool_that_cannot_open_all_its_readers_is_not_made),
        cmocka_unit_test(a_read_may_be_gone_when_its_run_returns),
        cmocka_unit_test(idle_readers_hold_up_no_release_of_memory),
    };
    return cmocka_run_group_tests_name("reader", tests, NULL, NULL);
}
