/* The writer over a store that only remembers what it was told and fails when asked to. */
#include "base/clock.h"
#include "base/rcu.h"
#include "writer/rest.h"
#include "writer/writer.h"

#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <string.h>
/* After the above. */
#include <cmocka.h>

#define QUEUE_WRITES 8192
#define PLACE        1024 /* what one small write weighs */

/* Where a transaction can learn that another one was in the way. */
enum place { IN_BEGIN, IN_BATCH_BEGIN, IN_APPLY, IN_PREPARE, IN_COMMIT, PLACES };

/* Everything that happens on the writer thread is appended to the trace by that thread; the test
 * reads it when it has learnt of a completion. */
struct fixture {
    struct lb_store store;
    struct lb_store_shared shared; /* its, in some tests */
    _Atomic bool full;             /* what a probe finds */
    struct lb_store_ops ops;
    struct lb_writer *writer;
    struct lb_mailbox *mailbox;
    char *trace;
    size_t trace_len;
    bool tracing;
    unsigned commits;
    unsigned applies;
    lb_err fail_begin; /* once */
    bool far;          /* begin and commit take their time */
    unsigned lock_ms;  /* so does batch_begin */
    lb_err fail_batch_begin;
    _Atomic int fail_several; /* lb_err: a batch of more than one workspace */
    lb_err fail_prepare;
    lb_err fail_commit;
    unsigned conflicts[PLACES]; /* so many to come */
    unsigned planned[PLACES];   /* the same, from the next commit on */
    unsigned failed_calls;
    _Atomic unsigned maintained, maintained_idle, upkept,
        more; /* `more`: so many upkeep turns want another */
    sem_t held, gate;
};

struct fake {
    struct lb_write write;
    struct lb_task task;
    struct fixture *fixture;
    int number;
    lb_err fail;
    bool touch;
    bool holds;   /* waits for the gate */
    bool limited; /* refused when the batch begins, once */
    unsigned looked;
    unsigned applied;
    unsigned published;
    unsigned completed;
};

#define TRACE_SIZE 65536

static void trace(struct fixture *fixture, const char *what, int number)
{
    if (!fixture->tracing)
        return;
    size_t room = TRACE_SIZE - fixture->trace_len;
    int len = number ? snprintf(fixture->trace + fixture->trace_len, room, "%s%d ", what, number)
                     : snprintf(fixture->trace + fixture->trace_len, room, "%s ", what);
    fixture->trace_len += (size_t)len < room ? (size_t)len : 0;
}

static struct fixture *of(struct lb_store *store)
{
    return (struct fixture *)store;
}

static lb_err once(lb_err *err)
{
    lb_err now = *err;
    *err = LB_OK;
    return now;
}

/* Once, or LB_ERR_CONFLICT as often as the test wants it there. */
static lb_err failure(struct fixture *fixture, enum place place, lb_err *err)
{
    if (fixture->conflicts[place] == 0)
        return once(err);
    fixture->conflicts[place]--;
    return LB_ERR_CONFLICT;
}

static void pause_ms(unsigned ms)
{
    const struct timespec pause = {.tv_nsec = (long)ms * 1000000};
    nanosleep(&pause, NULL);
}

static lb_err store_begin(struct lb_store *store)
{
    trace(of(store), "begin", 0);
    if (of(store)->far)
        pause_ms(5);
    return failure(of(store), IN_BEGIN, &of(store)->fail_begin);
}

static lb_err store_commit(struct lb_store *store)
{
    trace(of(store), "commit", 0);
    if (of(store)->far)
        pause_ms(5);
    of(store)->commits++;
    return failure(of(store), IN_COMMIT, &of(store)->fail_commit);
}

static void store_rollback(struct lb_store *store)
{
    trace(of(store), "rollback", 0);
}

static lb_err store_probe(struct lb_store *store)
{
    return atomic_load(&of(store)->full) ? LB_ERR_STORAGE_FULL : LB_OK;
}

static void store_maintain(struct lb_store *store, bool idle)
{
    atomic_fetch_add(&of(store)->maintained, 1);
    atomic_fetch_add(&of(store)->maintained_idle, idle);
}

static lb_err batch_begin(void *context, struct lb_write *first)
{
    struct fixture *fixture = context;
    trace(fixture, "batch", 0);
    pause_ms(fixture->lock_ms);
    for (struct lb_write *write = first; write; write = write->next) {
        struct fake *fake = (struct fake *)write;
        if (fake->limited) {
            write->retry_after_s = 50000;
            write->result = lb_fail(&write->reason, LB_ERR_RATE_LIMITED, "Too much today.");
        }
        fake->limited = false;
    }
    for (; atomic_load(&fixture->fail_several) && first->next; first = first->next)
        if (first->workspace != first->next->workspace)
            return (lb_err)atomic_load(&fixture->fail_several);
    return failure(fixture, IN_BATCH_BEGIN, &fixture->fail_batch_begin);
}

static lb_err batch_prepare(void *context)
{
    struct fixture *fixture = context;
    trace(fixture, "prepare", 0);
    return failure(fixture, IN_PREPARE, &fixture->fail_prepare);
}

static void batch_publish(void *context)
{
    struct fixture *fixture = context;
    trace(fixture, "show", 0);
    memcpy(fixture->conflicts, fixture->planned, sizeof fixture->planned);
    memset(fixture->planned, 0, sizeof fixture->planned);
}

static bool upkeep(void *context)
{
    struct fixture *fixture = context;
    atomic_fetch_add(&fixture->upkept, 1);
    return atomic_load(&fixture->more) && atomic_fetch_sub(&fixture->more, 1) > 0;
}

static void writer_failed(void *context)
{
    struct fixture *fixture = context;
    trace(fixture, "failed", 0);
    fixture->failed_calls++;
}

static lb_err fake_apply(struct lb_write *write, struct lb_store *store)
{
    struct fake *fake = (struct fake *)write;
    trace(fake->fixture, "apply", fake->number);
    fake->applied++;
    fake->fixture->applies++;
    if (fake->holds) {
        sem_post(&fake->fixture->held);
        sem_wait(&fake->fixture->gate);
    }
    write->touched = fake->touch;
    lb_err err = fake->fail;
    return failure(fake->fixture, IN_APPLY, &err);
}

static void fake_look_ahead(struct lb_write *write, struct lb_store *store)
{
    struct fake *fake = (struct fake *)write;
    trace(fake->fixture, "look", fake->number);
    fake->looked++;
}

static void fake_publish(struct lb_write *write)
{
    struct fake *fake = (struct fake *)write;
    trace(fake->fixture, "publish", fake->number);
    fake->published++;
}

static void fake_complete(struct lb_task *task)
{
    struct fake *fake = (struct fake *)(void *)((char *)task - offsetof(struct fake, task));
    fake->completed++;
    /* Whoever hears of a success can see it already. */
    assert_int_equal(fake->published, fake->write.result == LB_OK ? 1 : 0);
}

static struct fixture *open_with(unsigned queue_writes, size_t queue_bytes, unsigned share)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    fixture->ops = (struct lb_store_ops){.begin = store_begin,
                                         .commit = store_commit,
                                         .rollback = store_rollback,
                                         .maintain = store_maintain,
                                         .probe = store_probe};
    fixture->store.ops = &fixture->ops;
    fixture->trace = calloc(1, TRACE_SIZE);
    fixture->tracing = true;
    fixture->mailbox = lb_mailbox_create();
    sem_init(&fixture->held, 0, 0);
    sem_init(&fixture->gate, 0, 0);
    struct lb_writer_settings settings = {
        .store = &fixture->store,
        .hooks = {fixture, batch_begin, batch_prepare, batch_publish, upkeep},
        .queue_writes = queue_writes,
        .queue_bytes = queue_bytes,
        .share_percent = share,
        .failed = writer_failed,
        .failed_context = fixture};
    fixture->writer = lb_writer_create(&settings);
    assert_non_null(fixture->writer);
    assert_true(lb_writer_start(fixture->writer));
    return fixture;
}

static int setup(void **state)
{
    *state = open_with(QUEUE_WRITES, (size_t)QUEUE_WRITES * PLACE, 100);
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    lb_writer_stop(fixture->writer);
    lb_writer_destroy(fixture->writer);
    lb_mailbox_destroy(fixture->mailbox);
    sem_destroy(&fixture->held);
    sem_destroy(&fixture->gate);
    free(fixture->trace);
    free(fixture);
    return 0;
}

static void prepare(struct fixture *fixture, struct fake *fake, int number)
{
    fake->fixture = fixture;
    fake->number = number;
    fake->task.run = fake_complete;
    fake->write.apply = fake_apply;
    fake->write.publish = fake_publish;
    fake->write.completion = &fake->task;
    fake->write.home = fixture->mailbox;
}

static lb_err submit(struct fixture *fixture, struct fake *fake, int number)
{
    prepare(fixture, fake, number);
    return lb_writer_submit(fixture->writer, &fake->write);
}

/* Runs completions until so many have come. */
static void await(struct fixture *fixture, size_t count)
{
    struct pollfd waited = {.fd = lb_mailbox_fd(fixture->mailbox), .events = POLLIN};
    size_t got = 0;
    while (got < count) {
        assert_int_equal(poll(&waited, 1, 10000), 1);
        got += lb_mailbox_drain(fixture->mailbox);
    }
    assert_int_equal(got, count);
}

/* Keeps the writer busy inside of `fake`, so that what is submitted next becomes one batch. */
static void hold(struct fixture *fixture, struct fake *fake)
{
    fake->holds = true;
    assert_int_equal(submit(fixture, fake, 99), LB_OK);
    sem_wait(&fixture->held);
}

/* Lets go; from here on the trace shows what comes after the holding write. */
static void let_go(struct fixture *fixture)
{
    fixture->trace_len = 0; /* the writer waits at the gate */
    fixture->trace[0] = '\0';
    sem_post(&fixture->gate);
}

#define AFTER_HOLD "prepare commit show publish99 "

static void one_write_is_applied_committed_published_and_completed_in_that_order(void **state)
{
    struct fixture *fixture = *state;
    struct fake fake = {0};
    assert_int_equal(submit(fixture, &fake, 1), LB_OK);
    await(fixture, 1);
    assert_string_equal(fixture->trace, "begin batch apply1 prepare commit show publish1 ");
    assert_int_equal(fake.write.result, LB_OK);
    assert_int_equal(fake.completed, 1);
}

static void writes_that_wait_together_share_one_commit_in_their_order(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake fakes[3] = {{.holds = false}};
    hold(fixture, &holder);
    for (int i = 0; i < 3; i++)
        assert_int_equal(submit(fixture, &fakes[i], i + 1), LB_OK);
    let_go(fixture);
    await(fixture, 4);
    assert_string_equal(fixture->trace,
                        AFTER_HOLD "begin batch apply1 apply2 apply3 prepare commit show "
                                   "publish1 publish2 publish3 ");
}

static void a_write_that_fails_untouched_fails_alone_and_costs_no_rollback(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake fakes[3] = {[1] = {.fail = LB_ERR_CAMPAIGN_NOT_FOUND}};
    hold(fixture, &holder);
    for (int i = 0; i < 3; i++)
        submit(fixture, &fakes[i], i + 1);
    let_go(fixture);
    await(fixture, 4);
    assert_string_equal(fixture->trace,
                        AFTER_HOLD "begin batch apply1 apply2 apply3 prepare commit show "
                                   "publish1 publish3 ");
    assert_int_equal(fakes[0].write.result, LB_OK);
    assert_int_equal(fakes[1].write.result, LB_ERR_CAMPAIGN_NOT_FOUND);
    assert_int_equal(fakes[2].write.result, LB_OK);
}

static void a_write_that_fails_touched_is_taken_out_and_the_rest_applied_again(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake fakes[3] = {[1] = {.fail = LB_ERR_ALREADY_EXISTS, .touch = true}};
    hold(fixture, &holder);
    for (int i = 0; i < 3; i++)
        submit(fixture, &fakes[i], i + 1);
    let_go(fixture);
    await(fixture, 4);
    assert_string_equal(fixture->trace,
                        AFTER_HOLD "begin batch apply1 apply2 rollback begin batch apply1 apply3 "
                                   "prepare commit show publish1 publish3 ");
    assert_int_equal(fakes[0].write.result, LB_OK);
    assert_int_equal(fakes[1].write.result, LB_ERR_ALREADY_EXISTS);
    assert_int_equal(fakes[2].write.result, LB_OK);
}

/* The statement may have left something behind, whatever the write says. */
static void a_storage_error_rolls_back_even_when_nothing_was_touched(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake fakes[2] = {[0] = {.fail = LB_ERR_STORAGE_FULL}};
    hold(fixture, &holder);
    submit(fixture, &fakes[0], 1);
    submit(fixture, &fakes[1], 2);
    let_go(fixture);
    await(fixture, 3);
    assert_string_equal(fixture->trace, AFTER_HOLD "begin batch apply1 rollback begin batch apply2 "
                                                   "prepare commit show publish2 ");
    assert_int_equal(fakes[0].write.result, LB_ERR_STORAGE_FULL);
    assert_int_equal(fakes[1].write.result, LB_OK);
}

static void a_batch_of_which_nothing_is_left_is_not_committed(void **state)
{
    struct fixture *fixture = *state;
    struct fake fake = {.fail = LB_ERR_CAMPAIGN_NOT_FOUND};
    submit(fixture, &fake, 1);
    await(fixture, 1);
    assert_string_equal(fixture->trace, "begin batch apply1 rollback ");
    assert_int_equal(fixture->commits, 0);
}

/* `failing` writes that fail touched with `err`, then a good one, in one batch. */
static struct fake *run_failing(struct fixture *fixture, size_t failing, lb_err err)
{
    struct fake holder = {0};
    struct fake *fakes = calloc(failing + 1, sizeof *fakes);
    hold(fixture, &holder);
    for (size_t i = 0; i <= failing; i++) {
        fakes[i].fail = i < failing ? err : LB_OK;
        fakes[i].touch = true;
        submit(fixture, &fakes[i], (int)i + 1);
    }
    let_go(fixture);
    await(fixture, failing + 2);
    return fakes;
}

static void eight_failing_writes_leave_the_rest_alone(void **state)
{
    struct fake *fakes = run_failing(*state, 8, LB_ERR_CAMPAIGN_NOT_FOUND);
    assert_int_equal(fakes[8].write.result, LB_OK);
    for (int i = 0; i < 8; i++)
        assert_int_equal(fakes[i].write.result, LB_ERR_CAMPAIGN_NOT_FOUND);
    free(fakes);
}

static void attempts_are_bounded_and_nobody_gets_the_refusal_of_another(void **state)
{
    struct fixture *fixture = *state;
    struct fake *fakes = run_failing(fixture, 100, LB_ERR_WORKSPACE_OVERLOADED);
    assert_int_equal(fakes[0].write.result, LB_ERR_WORKSPACE_OVERLOADED);
    assert_int_equal(fakes[8].write.result, LB_ERR_WORKSPACE_OVERLOADED);
    for (int i = 9; i <= 100; i++)
        assert_int_equal(fakes[i].write.result, LB_ERR_OVERLOADED);
    assert_int_equal(fixture->applies, 1 + 9); /* the holder, and one per attempt */
    assert_int_equal(fixture->commits, 1);
    free(fakes);
}

static void a_store_that_keeps_failing_fails_the_batch_with_its_error(void **state)
{
    struct fake *fakes = run_failing(*state, 100, LB_ERR_STORAGE_FULL);
    for (int i = 0; i <= 100; i++)
        assert_int_equal(fakes[i].write.result, LB_ERR_STORAGE_FULL);
    free(fakes);
}

static void a_failed_begin_fails_the_batch_and_the_next_one_works(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake fakes[3] = {{.holds = false}};
    hold(fixture, &holder);
    fixture->fail_begin = LB_ERR_STORAGE_UNAVAILABLE;
    submit(fixture, &fakes[0], 1);
    submit(fixture, &fakes[1], 2);
    let_go(fixture);
    await(fixture, 3);
    assert_string_equal(fixture->trace, AFTER_HOLD "begin rollback ");
    assert_int_equal(fakes[0].write.result, LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(fakes[1].write.result, LB_ERR_STORAGE_UNAVAILABLE);
    submit(fixture, &fakes[2], 3);
    await(fixture, 1);
    assert_int_equal(fakes[2].write.result, LB_OK);
}

static void a_failed_batch_begin_fails_the_batch_and_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake fakes[3] = {{.holds = false}};
    hold(fixture, &holder);
    fixture->fail_batch_begin = LB_ERR_STORAGE_UNAVAILABLE;
    submit(fixture, &fakes[0], 1);
    submit(fixture, &fakes[1], 2);
    let_go(fixture);
    await(fixture, 3);
    assert_string_equal(fixture->trace, AFTER_HOLD "begin batch rollback ");
    assert_int_equal(holder.write.result, LB_OK);
    assert_int_equal(fakes[0].write.result, LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(fakes[1].write.result, LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(fixture->failed_calls, 0);
    submit(fixture, &fakes[2], 3);
    await(fixture, 1);
    assert_int_equal(fakes[2].write.result, LB_OK);
}

static void a_failed_preparation_is_neither_committed_nor_published(void **state)
{
    struct fixture *fixture = *state;
    struct fake fake = {0};
    fixture->fail_prepare = LB_ERR_STORAGE_UNAVAILABLE;
    submit(fixture, &fake, 1);
    await(fixture, 1);
    assert_string_equal(fixture->trace, "begin batch apply1 prepare rollback ");
    assert_int_equal(fake.write.result, LB_ERR_STORAGE_UNAVAILABLE);
    assert_true(lb_writer_healthy(fixture->writer));
}

static void a_full_disk_at_the_commit_publishes_nothing_and_is_got_over(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake next = {0};
    hold(fixture, &holder);
    sem_post(&fixture->gate);
    await(fixture, 1);
    fixture->fail_commit = LB_ERR_STORAGE_FULL;
    struct fake again = {0};
    hold(fixture, &again);
    let_go(fixture);
    await(fixture, 1);
    assert_string_equal(fixture->trace, "prepare commit rollback ");
    assert_int_equal(again.write.result, LB_ERR_STORAGE_FULL);
    assert_int_equal(fixture->failed_calls, 0);
    submit(fixture, &next, 1);
    await(fixture, 1);
    assert_int_equal(next.write.result, LB_OK);
}

static bool wait_until_ready(struct lb_writer *writer, int tenths)
{
    const struct timespec tenth = {.tv_nsec = 100000000};
    for (; tenths > 0 && !lb_writer_ready(writer); tenths--)
        nanosleep(&tenth, NULL);
    return lb_writer_ready(writer);
}

static void a_store_that_refuses_is_not_ready_until_a_probe_goes_through(void **state)
{
    struct fixture *fixture = *state;
    struct fake fake = {0};
    assert_true(lb_writer_ready(fixture->writer));
    atomic_store(&fixture->full, true);
    fixture->fail_commit = LB_ERR_STORAGE_FULL;
    submit(fixture, &fake, 1);
    await(fixture, 1);
    assert_false(wait_until_ready(fixture->writer, 15));
    assert_true(lb_writer_healthy(fixture->writer));
    atomic_store(&fixture->full, false);
    assert_true(wait_until_ready(fixture->writer, 200));
}

static void a_writer_that_was_not_started_takes_nothing(void **state)
{
    struct fixture *running = *state;
    struct lb_writer_settings settings = {
        .store = &running->store, .queue_writes = 1, .queue_bytes = 1000, .share_percent = 100};
    struct lb_writer *writer = lb_writer_create(&settings);
    struct lb_write write = {0};
    assert_int_equal(lb_writer_submit(writer, &write), LB_ERR_STORAGE_UNAVAILABLE);
    lb_writer_destroy(writer);
}

static void an_unknown_outcome_is_told_and_nothing_is_tried_any_more(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake refused = {.fail = LB_ERR_CAMPAIGN_NOT_FOUND};
    struct fake fake = {0};
    struct fake late = {0};
    fixture->fail_commit = LB_ERR_OUTCOME_UNKNOWN;
    hold(fixture, &holder);
    submit(fixture, &refused, 1);
    submit(fixture, &fake, 2);
    let_go(fixture);
    await(fixture, 3);
    assert_string_equal(fixture->trace, "prepare commit rollback failed ");
    assert_int_equal(holder.write.result, LB_ERR_OUTCOME_UNKNOWN);
    assert_int_equal(refused.write.result, LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(fake.write.result, LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(fake.applied, 0);
    assert_int_equal(fixture->failed_calls, 1);
    assert_false(lb_writer_healthy(fixture->writer));
    assert_int_equal(submit(fixture, &late, 3), LB_ERR_STORAGE_UNAVAILABLE);
}

/* What was refused before the commit was not in it: its outcome is known. */
static void a_refused_write_keeps_its_error_when_the_commit_of_others_is_unknown(void **state)
{
    struct fixture *fixture = *state;
    fixture->tracing = false;
    struct fake holder = {0};
    struct fake pair[2] = {[0] = {.fail = LB_ERR_CAMPAIGN_NOT_FOUND}, [1] = {.holds = true}};
    hold(fixture, &holder);
    prepare(fixture, &pair[0], 3);
    prepare(fixture, &pair[1], 4);
    assert_int_equal(lb_writer_submit(fixture->writer, &pair[0].write), LB_OK);
    assert_int_equal(lb_writer_submit(fixture->writer, &pair[1].write), LB_OK);
    sem_post(&fixture->gate);
    sem_wait(&fixture->held); /* both are applied, the commit is next */
    fixture->fail_commit = LB_ERR_OUTCOME_UNKNOWN;
    sem_post(&fixture->gate);
    await(fixture, 3);
    assert_int_equal(pair[0].write.result, LB_ERR_CAMPAIGN_NOT_FOUND);
    assert_int_equal(pair[1].write.result, LB_ERR_OUTCOME_UNKNOWN);
}

/* --- A store that several nodes share --- */

static const char *const tried[PLACES] = {
    [IN_BEGIN] = "begin rollback ",
    [IN_BATCH_BEGIN] = "begin batch rollback ",
    [IN_APPLY] = "begin batch apply1 rollback ",
    [IN_PREPARE] = "begin batch apply1 apply2 prepare rollback ",
    [IN_COMMIT] = "begin batch apply1 apply2 prepare commit rollback ",
};

/* Two writes in one batch, that meets so many conflicts there. */
static void run_into_conflicts(struct fixture *fixture, enum place place, unsigned conflicts,
                               struct fake *pair)
{
    struct fake holder = {0};
    hold(fixture, &holder);
    fixture->planned[place] = conflicts;
    submit(fixture, &pair[0], 1);
    submit(fixture, &pair[1], 2);
    let_go(fixture);
    await(fixture, 3);
    assert_int_equal(holder.write.result, LB_OK);
}

static void a_batch_is_applied_again_when_another_transaction_was_in_the_way(void **state)
{
    struct fixture *fixture = *state;
    for (enum place place = IN_BEGIN; place < PLACES; place++) {
        struct fake pair[2] = {{.touch = place == IN_APPLY}};
        char expected[512];
        run_into_conflicts(fixture, place, 2, pair);
        snprintf(expected, sizeof expected,
                 AFTER_HOLD "%s%sbegin batch apply1 apply2 prepare commit show publish1 publish2 ",
                 tried[place], tried[place]);
        assert_string_equal(fixture->trace, expected);
        assert_int_equal(pair[0].write.result, LB_OK);
        assert_int_equal(pair[1].write.result, LB_OK);
        assert_true(lb_writer_ready(fixture->writer));
    }
}

static void a_batch_that_never_gets_through_is_told_so_after_nine_attempts(void **state)
{
    struct fixture *fixture = *state;
    for (enum place place = IN_BEGIN; place < PLACES; place++) {
        struct fake pair[2] = {{.touch = false}};
        struct fake next = {0};
        run_into_conflicts(fixture, place, 1000, pair);
        assert_int_equal(fixture->conflicts[place], 1000 - 9);
        assert_int_equal(pair[0].write.result, LB_ERR_OVERLOADED);
        assert_int_equal(pair[1].write.result, LB_ERR_OVERLOADED);
        assert_true(lb_writer_ready(fixture->writer)); /* others may get through */
        fixture->conflicts[place] = 0;
        submit(fixture, &next, 3);
        await(fixture, 1);
        assert_int_equal(next.write.result, LB_OK);
    }
    assert_int_equal(fixture->failed_calls, 0);
}

/* What it was refused for stands, whatever becomes of the others. */
static void a_refused_write_keeps_its_error_through_conflicts(void **state)
{
    struct fixture *fixture = *state;
    struct fake pair[2] = {[0] = {.fail = LB_ERR_CAMPAIGN_NOT_FOUND}};
    run_into_conflicts(fixture, IN_COMMIT, 1, pair);
    assert_string_equal(fixture->trace,
                        AFTER_HOLD "begin batch apply1 apply2 prepare commit rollback "
                                   "begin batch apply2 prepare commit show publish2 ");
    assert_int_equal(pair[0].write.result, LB_ERR_CAMPAIGN_NOT_FOUND);
    assert_int_equal(pair[1].write.result, LB_OK);
}

static void what_apply_will_read_is_told_before_any_is_applied(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake fakes[4] = {[1] = {.fail = LB_ERR_ALREADY_EXISTS, .touch = true}};
    fixture->store.shared = &fixture->shared;
    hold(fixture, &holder);
    for (int i = 0; i < 4; i++) {
        fakes[i].write.look_ahead = i == 2 ? NULL : fake_look_ahead;
        submit(fixture, &fakes[i], i + 1);
    }
    let_go(fixture);
    await(fixture, 5);
    assert_string_equal(fixture->trace,
                        AFTER_HOLD "begin batch look1 look2 look4 apply1 apply2 rollback "
                                   "begin batch look1 look4 apply1 apply3 apply4 "
                                   "prepare commit show publish1 publish3 publish4 ");
}

static void a_store_of_ones_own_is_looked_ahead_in_as_well(void **state)
{
    struct fixture *fixture = *state;
    struct fake fake = {.write.look_ahead = fake_look_ahead};
    submit(fixture, &fake, 1);
    await(fixture, 1);
    assert_int_equal(fake.looked, 1); /* memory may have to be loaded */
    assert_int_equal(fake.applied, 1);
}

static void an_unknown_outcome_ends_nothing_when_others_share_the_store(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake refused = {.fail = LB_ERR_CAMPAIGN_NOT_FOUND};
    struct fake fake = {0};
    struct fake late = {0};
    fixture->store.shared = &fixture->shared;
    fixture->fail_commit = LB_ERR_OUTCOME_UNKNOWN;
    hold(fixture, &holder);
    submit(fixture, &refused, 1);
    submit(fixture, &fake, 2);
    let_go(fixture);
    await(fixture, 3);
    assert_string_equal(fixture->trace, "prepare commit rollback begin batch apply1 apply2 "
                                        "prepare commit show publish2 ");
    assert_int_equal(holder.write.result, LB_ERR_OUTCOME_UNKNOWN);
    assert_int_equal(holder.applied, 1); /* it may be there: nobody does it twice */
    assert_int_equal(refused.write.result, LB_ERR_CAMPAIGN_NOT_FOUND);
    assert_int_equal(fake.write.result, LB_OK);
    assert_int_equal(fixture->failed_calls, 0);
    assert_true(lb_writer_healthy(fixture->writer));
    assert_int_equal(submit(fixture, &late, 3), LB_OK);
    await(fixture, 1);
    assert_int_equal(late.write.result, LB_OK);
}

static void fail_in_one_workspace(struct fixture *fixture, lb_err err, lb_err told)
{
    struct fake holder = {0};
    struct fake fakes[3] = {[1] = {.fail = err, .touch = true}};
    fixture->store.shared = &fixture->shared;
    hold(fixture, &holder);
    for (int i = 0; i < 3; i++) {
        fakes[i].write.workspace = 7 + (uint32_t)i;
        submit(fixture, &fakes[i], i + 1);
    }
    atomic_store(&fixture->fail_several, (int)err);
    let_go(fixture);
    await(fixture, 4);
    assert_int_equal(fakes[0].write.result, LB_OK);
    assert_int_equal(fakes[1].write.result, told);
    assert_int_equal(fakes[2].write.result, LB_OK);
    assert_true(lb_writer_ready(fixture->writer));
    atomic_store(&fixture->fail_several, LB_OK);
}

/* One of several servers of a store is away, or full, or a number stays taken. */
static void a_workspace_that_cannot_be_written_takes_no_other_with_it(void **state)
{
    static const lb_err errs[][2] = {{LB_ERR_STORAGE_UNAVAILABLE, LB_ERR_STORAGE_UNAVAILABLE},
                                     {LB_ERR_STORAGE_FULL, LB_ERR_STORAGE_FULL},
                                     {LB_ERR_CONFLICT, LB_ERR_OVERLOADED}};
    for (size_t i = 0; i < 3; i++)
        fail_in_one_workspace(*state, errs[i][0], errs[i][1]);
}

/* As in a pipeline: the answer comes while another write is applied. */
static lb_err apply_waiting_in_vain(struct lb_write *write, struct lb_store *store)
{
    of(store)->fail_commit = LB_ERR_LOCKED;
    return fake_apply(write, store);
}

static lb_err apply_hearing_of_it(struct lb_write *write, struct lb_store *store)
{
    lb_err err = fake_apply(write, store);
    return err ? err : once(&of(store)->fail_commit);
}

static void who_waits_in_vain_takes_no_other_with_it(struct fixture *fixture, bool touched)
{
    struct fake holder = {0};
    struct fake fakes[3] = {{.touch = true}, {.touch = touched}, {.touch = touched}};
    fixture->store.shared = &fixture->shared;
    hold(fixture, &holder);
    for (int i = 0; i < 3; i++) {
        prepare(fixture, &fakes[i], i + 1);
        fakes[i].write.workspace = 7 + (uint32_t)i;
        fakes[i].write.apply = i == 0 ? apply_waiting_in_vain : apply_hearing_of_it;
        assert_int_equal(lb_writer_submit(fixture->writer, &fakes[i].write), LB_OK);
    }
    let_go(fixture);
    await(fixture, 4);
    assert_int_equal(fakes[0].write.result, LB_ERR_OVERLOADED);
    assert_int_equal(fakes[0].applied, 2); /* once more, on its own */
    for (int i = 1; i < 3; i++)
        assert_int_equal(fakes[i].write.result, LB_OK);
    assert_true(lb_writer_ready(fixture->writer));
}

static void a_write_that_waits_in_vain_takes_none_of_another_workspace_with_it(void **state)
{
    who_waits_in_vain_takes_no_other_with_it(*state, false);
    who_waits_in_vain_takes_no_other_with_it(*state, true);
}

/* Nothing is recorded, and asking the store says nothing of its disk. */
static void a_remote_store_that_was_full_is_not_ready_for_a_while(void **state)
{
    struct fixture *fixture = *state;
    struct fake fake = {.fail = LB_ERR_STORAGE_FULL, .touch = true};
    struct fake next = {0};
    fixture->store.shared = &fixture->shared;
    fixture->fail_commit = LB_ERR_STORAGE_FULL;
    submit(fixture, &next, 1);
    await(fixture, 1);
    assert_int_equal(next.write.result, LB_ERR_STORAGE_FULL);
    assert_int_equal(lb_writer_refusal(fixture->writer), LB_ERR_STORAGE_FULL);
    assert_false(wait_until_ready(fixture->writer, 5));
    assert_true(wait_until_ready(fixture->writer, 100));
    submit(fixture, &fake, 2); /* this one is full before its commit */
    await(fixture, 1);
    assert_int_equal(lb_writer_refusal(fixture->writer), LB_ERR_STORAGE_FULL);
    next = (struct fake){0};
    submit(fixture, &next, 3);
    await(fixture, 1);
    assert_int_equal(next.write.result, LB_OK);
    assert_true(lb_writer_ready(fixture->writer));
}

/* Ten writes of workspace 7 that fail touched, then one of 8 and one of 9, in one batch. */
static struct fake *run_refused_and_others(struct fixture *fixture,
                                           lb_err (*apply_of_8)(struct lb_write *,
                                                                struct lb_store *))
{
    struct fake holder = {0};
    struct fake *fakes = calloc(12, sizeof *fakes);
    hold(fixture, &holder);
    for (int i = 0; i < 12; i++) {
        prepare(fixture, &fakes[i], i + 1);
        fakes[i].fail = i < 10 ? LB_ERR_WORKSPACE_OVERLOADED : LB_OK;
        fakes[i].touch = true;
        fakes[i].write.workspace = i < 10 ? 7 : (uint32_t)i - 2;
        fakes[i].write.apply = i == 10 ? apply_of_8 : fake_apply;
        assert_int_equal(lb_writer_submit(fixture->writer, &fakes[i].write), LB_OK);
    }
    let_go(fixture);
    await(fixture, 13);
    return fakes;
}

static void refusals_of_a_workspace_take_no_other_with_them(void **state)
{
    struct fake *fakes = run_refused_and_others(*state, fake_apply);
    for (int i = 0; i < 9; i++)
        assert_int_equal(fakes[i].write.result, LB_ERR_WORKSPACE_OVERLOADED);
    assert_int_equal(fakes[10].write.result, LB_OK);
    assert_int_equal(fakes[11].write.result, LB_OK);
    free(fakes);
}

static lb_err apply_with_unknown_outcome(struct lb_write *write, struct lb_store *store)
{
    of(store)->fail_commit = LB_ERR_OUTCOME_UNKNOWN;
    return fake_apply(write, store);
}

static void nothing_is_tried_after_an_unknown_outcome_of_one_workspace(void **state)
{
    struct fixture *fixture = *state;
    struct fake *fakes = run_refused_and_others(fixture, apply_with_unknown_outcome);
    assert_int_equal(fakes[10].write.result, LB_ERR_OUTCOME_UNKNOWN);
    assert_int_equal(fakes[11].write.result, LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(fakes[11].applied, 0);
    assert_int_equal(fixture->failed_calls, 1);
    free(fakes);
}

/* --- Tasks of others --- */

struct errand {
    struct lb_task task;
    struct fixture *fixture;
    char thread[16];
    sem_t done;
};

static void run_errand(struct lb_task *task)
{
    struct errand *errand = (struct errand *)task;
    trace(errand->fixture, "errand", 0);
    pthread_getname_np(pthread_self(), errand->thread, sizeof errand->thread);
    sem_post(&errand->done);
}

static void a_task_runs_on_the_writers_thread_between_two_batches(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake fakes[2] = {{.holds = false}};
    struct errand errand = {.task.run = run_errand, .fixture = fixture};
    sem_init(&errand.done, 0, 0);
    hold(fixture, &holder);
    submit(fixture, &fakes[0], 1);
    lb_writer_run(fixture->writer, &errand.task);
    submit(fixture, &fakes[1], 2);
    let_go(fixture);
    await(fixture, 3);
    assert_string_equal(fixture->trace, AFTER_HOLD "errand begin batch apply1 apply2 prepare "
                                                   "commit show publish1 publish2 ");
    assert_string_equal(errand.thread, "lb-writer");
    sem_destroy(&errand.done);
}

/* How often it is tried whether something takes no longer than it should: another process may have
 * the processor for a while, and what is wrong takes longer each time. */
#define TRIES 6

static void an_idle_writer_runs_a_task_at_once(void **state)
{
    struct fixture *fixture = *state;
    struct errand errand = {.task.run = run_errand, .fixture = fixture};
    sem_init(&errand.done, 0, 0);
    uint64_t least = UINT64_MAX;
    for (int i = 0; i <= TRIES && least >= 500; i++) {
        uint64_t begun = lb_clock_mono_ms();
        lb_writer_run(fixture->writer, &errand.task);
        sem_wait(&errand.done);
        uint64_t took = lb_clock_mono_ms() - begun;
        if (i > 0 && took < least) /* from the first one on it sleeps for a second at a time */
            least = took;
    }
    assert_true(least < 500);
    sem_destroy(&errand.done);
}

static void a_full_queue_refuses_and_takes_again_when_there_is_room(void **state)
{
    teardown(state);
    struct fixture *fixture = *state = open_with(4, 4096, 100);
    struct fake holder = {0};
    struct fake fakes[5] = {{.holds = false}};
    hold(fixture, &holder);
    for (int i = 0; i < 3; i++)
        assert_int_equal(submit(fixture, &fakes[i], i + 1), LB_OK);
    assert_int_equal(submit(fixture, &fakes[3], 4), LB_ERR_OVERLOADED);
    struct lb_writer_stats stats;
    lb_writer_stats(fixture->writer, &stats);
    assert_int_equal(stats.queued, 4);
    assert_int_equal(stats.refused, 1);
    let_go(fixture);
    await(fixture, 4);
    assert_int_equal(fakes[3].applied, 0);
    assert_int_equal(submit(fixture, &fakes[4], 5), LB_OK);
    await(fixture, 1);
    lb_writer_stats(fixture->writer, &stats);
    assert_int_equal(stats.queued, 0);
}

static void large_writes_fill_the_queue_by_their_size(void **state)
{
    teardown(state);
    struct fixture *fixture = *state = open_with(4, 4096, 100);
    struct fake holder = {0};
    struct fake fits = {.write.size = 3072};
    struct fake small = {0};
    struct fake huge = {.write.size = SIZE_MAX};
    hold(fixture, &holder);
    assert_int_equal(submit(fixture, &huge, 1), LB_ERR_OVERLOADED);
    assert_int_equal(submit(fixture, &fits, 2), LB_OK);
    assert_int_equal(submit(fixture, &small, 3), LB_ERR_OVERLOADED);
    let_go(fixture);
    await(fixture, 2);
    assert_int_equal(submit(fixture, &small, 3), LB_OK);
    await(fixture, 1);
}

static void a_workspace_fills_its_share_and_no_more(void **state)
{
    teardown(state);
    struct fixture *fixture = *state = open_with(10, 10000, 20);
    struct lb_writer_share one = {0};
    struct lb_writer_share other = {0};
    struct fake holder = {0};
    struct fake fakes[5] = {{.holds = false}};
    for (int i = 0; i < 5; i++)
        fakes[i].write.share = i < 3 ? &one : &other;
    hold(fixture, &holder);
    assert_int_equal(submit(fixture, &fakes[0], 1), LB_OK);
    assert_int_equal(submit(fixture, &fakes[1], 2), LB_OK);
    assert_int_equal(submit(fixture, &fakes[2], 3), LB_ERR_WORKSPACE_OVERLOADED);
    assert_int_equal(submit(fixture, &fakes[3], 4), LB_OK);
    struct lb_writer_stats stats;
    lb_writer_stats(fixture->writer, &stats);
    assert_int_equal(stats.queued, 4); /* the refused one holds no room */
    let_go(fixture);
    await(fixture, 4);
    assert_int_equal(atomic_load(&one.queued.taken), 0);
    assert_int_equal(atomic_load(&other.queued.taken), 0);
    assert_int_equal(submit(fixture, &fakes[2], 3), LB_OK);
    await(fixture, 1);
}

/* Also room of writes that failed, each in its way. */
static void failed_writes_give_their_room_back(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share share = {0};
    struct fake fakes[3] = {[0] = {.fail = LB_ERR_CAMPAIGN_NOT_FOUND},
                            [1] = {.fail = LB_ERR_STORAGE_FULL, .touch = true}};
    fixture->tracing = false;
    for (int i = 0; i < 3; i++) {
        fakes[i].write.share = &share;
        fixture->fail_commit = i == 2 ? LB_ERR_OUTCOME_UNKNOWN : LB_OK;
        assert_int_equal(submit(fixture, &fakes[i], i + 1), LB_OK);
        await(fixture, 1);
        assert_int_equal(atomic_load(&share.queued.taken), 0);
    }
    assert_int_equal(submit(fixture, &fakes[0], 4), LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(atomic_load(&share.queued.taken), 0);
}

static void batches_are_bounded_in_number(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake *fakes = calloc(5000, sizeof *fakes);
    fixture->tracing = false;
    hold(fixture, &holder);
    for (int i = 0; i < 5000; i++)
        assert_int_equal(submit(fixture, &fakes[i], i + 1), LB_OK);
    let_go(fixture);
    await(fixture, 5001);
    struct lb_writer_stats stats;
    lb_writer_stats(fixture->writer, &stats);
    assert_int_equal(fixture->commits, 3); /* the holder, 4096, and the rest */
    assert_int_equal(stats.batches, 3);
    assert_int_equal(stats.writes, 5001);
    assert_int_equal(stats.batch_buckets[0], 1);
    assert_int_equal(stats.batch_buckets[5], 1);
    assert_int_equal(stats.batch_buckets[6], 1);
    free(fakes);
}

static void batches_are_bounded_in_bytes(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake fakes[3] = {{.holds = false}};
    hold(fixture, &holder);
    for (int i = 0; i < 3; i++) {
        fakes[i].write.size = 200 << 10; /* heavy ones */
        assert_int_equal(submit(fixture, &fakes[i], i + 1), LB_OK);
    }
    let_go(fixture);
    await(fixture, 4);
    assert_string_equal(fixture->trace,
                        AFTER_HOLD "begin batch apply1 apply2 prepare commit show publish1 "
                                   "publish2 begin batch apply3 prepare commit show publish3 ");
}

static void stop_finishes_what_is_queued_and_takes_nothing_more(void **state)
{
    struct fixture *fixture = *state;
    struct fake *fakes = calloc(3000, sizeof *fakes);
    fixture->tracing = false;
    for (int i = 0; i < 3000; i++)
        assert_int_equal(submit(fixture, &fakes[i], i + 1), LB_OK);
    lb_writer_stop(fixture->writer);
    assert_false(lb_writer_running(fixture->writer));
    await(fixture, 3000);
    for (int i = 0; i < 3000; i++)
        assert_int_equal(fakes[i].write.result, LB_OK);
    struct fake late = {0};
    assert_int_equal(submit(fixture, &late, 1), LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(lb_mailbox_drain(fixture->mailbox), 0);
    free(fakes);
}

static void completions_go_home_in_their_order(void **state)
{
    struct fixture *fixture = *state;
    struct lb_mailbox *other = lb_mailbox_create();
    struct fake holder = {0};
    struct fake fakes[6] = {{.holds = false}};
    hold(fixture, &holder);
    for (int i = 0; i < 6; i++) {
        prepare(fixture, &fakes[i], i + 1);
        if (i % 3 == 1)
            fakes[i].write.home = other;
        assert_int_equal(lb_writer_submit(fixture->writer, &fakes[i].write), LB_OK);
    }
    let_go(fixture);
    await(fixture, 5);
    struct pollfd waited = {.fd = lb_mailbox_fd(other), .events = POLLIN};
    assert_int_equal(poll(&waited, 1, 10000), 1);
    size_t got = lb_mailbox_drain(other);
    if (got < 2) { /* its two runs are pushed one after the other */
        assert_int_equal(poll(&waited, 1, 10000), 1);
        got += lb_mailbox_drain(other);
    }
    assert_int_equal(got, 2);
    for (int i = 0; i < 6; i++)
        assert_int_equal(fakes[i].completed, 1);
    lb_mailbox_destroy(other);
}

static void upkeep_that_wants_more_is_called_again_at_once(void **state)
{
    struct fixture *fixture = *state;
    uint64_t begun = lb_clock_mono_ms();
    atomic_store(&fixture->more, 50);
    struct fake fake = {0};
    submit(fixture, &fake, 1); /* ends the idle wait */
    await(fixture, 1);
    while (atomic_load(&fixture->upkept) < 50 && lb_clock_mono_ms() - begun < 5000)
        poll(NULL, 0, 1);
    assert_true(atomic_load(&fixture->upkept) >= 50);
    assert_true(lb_clock_mono_ms() - begun < 5000);
    assert_true(atomic_load(&fixture->maintained) > 0);
}

static void a_store_hears_of_short_pauses(void **state)
{
    struct fixture *fixture = *state;
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < TRIES && least >= 600; i++) {
        struct fake fake = {0};
        unsigned before = atomic_load(&fixture->maintained_idle);
        uint64_t begun = lb_clock_mono_ms();
        submit(fixture, &fake, 1);
        await(fixture, 1);
        while (atomic_load(&fixture->maintained_idle) == before)
            poll(NULL, 0, 1);
        uint64_t took = lb_clock_mono_ms() - begun;
        least = took < least ? took : least;
    }
    assert_true(least < 600); /* later it is asked once a second */
}

/* Memory that readers let go of is not kept because the writer has nothing to do. */
static void an_idle_writer_holds_up_no_release_of_memory(void **state)
{
    struct fixture *fixture = *state;
    struct fake fake = {0};
    submit(fixture, &fake, 1);
    await(fixture, 1);
    lb_rcu_thread_register();
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < TRIES && least >= 600; i++) {
        uint64_t begun = lb_clock_mono_ms();
        for (int n = 0; n < 3; n++)
            lb_rcu_barrier();
        uint64_t took = lb_clock_mono_ms() - begun;
        least = took < least ? took : least;
    }
    assert_true(least < 600); /* it sleeps for a second at a time */
    lb_rcu_thread_unregister();
}

#define HEAVY_SIZE ((size_t)300 << 10)

static void submit_of(struct fixture *fixture, struct fake *fake, int number, size_t size,
                      struct lb_writer_share *share)
{
    prepare(fixture, fake, number);
    fake->write.size = size;
    fake->write.share = share;
    assert_int_equal(lb_writer_submit(fixture->writer, &fake->write), LB_OK);
}

/* Where a word begins in the trace. */
static const char *traced(const struct fixture *fixture, const char *word)
{
    const char *found = strstr(fixture->trace, word);
    assert_non_null(found);
    return found;
}

static void a_light_write_goes_before_heavy_ones_that_waited_longer(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share hostile = {0}, other = {0};
    struct fake holder = {0};
    struct fake fakes[4] = {{.holds = false}};
    hold(fixture, &holder);
    for (int i = 0; i < 3; i++)
        submit_of(fixture, &fakes[i], i + 1, HEAVY_SIZE, &hostile);
    submit_of(fixture, &fakes[3], 4, 0, &other);
    let_go(fixture);
    await(fixture, 5);
    /* The holder was a light one: a heavy one has its turn, and then the light one. */
    assert_true(traced(fixture, "publish4") < traced(fixture, "apply2"));
    assert_true(traced(fixture, "publish2") < traced(fixture, "apply3")); /* one at a time */
}

static void a_write_that_says_so_is_heavy(void **state)
{
    struct fixture *fixture = *state;
    struct fake holder = {0};
    struct fake fakes[3] = {{.write.heavy = true}, {.write.heavy = true}, {.holds = false}};
    hold(fixture, &holder);
    for (int i = 0; i < 3; i++)
        submit_of(fixture, &fakes[i], i + 1, 0, NULL);
    let_go(fixture);
    await(fixture, 4);
    assert_true(traced(fixture, "publish1") < traced(fixture, "apply3"));
}

static void heavy_writes_of_two_workspaces_take_turns(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share hostile = {0}, other = {0};
    struct fake holder = {0};
    struct fake fakes[4] = {{.holds = false}};
    hold(fixture, &holder);
    for (int i = 0; i < 4; i++)
        submit_of(fixture, &fakes[i], i + 1, HEAVY_SIZE, i < 3 ? &hostile : &other);
    let_go(fixture);
    await(fixture, 5);
    assert_true(traced(fixture, "publish4") < traced(fixture, "apply2"));
}

/* Of a heavy one that takes its time. */
static lb_err slow_apply(struct lb_write *write, struct lb_store *store)
{
    static const struct timespec pause = {.tv_nsec = 20000000};
    nanosleep(&pause, NULL);
    return fake_apply(write, store);
}

static lb_err slower_apply(struct lb_write *write, struct lb_store *store)
{
    static const struct timespec pause = {.tv_nsec = 100000000};
    nanosleep(&pause, NULL);
    return fake_apply(write, store);
}

static uint64_t time_of_two_heavy(struct fixture *fixture, struct lb_writer_share *share)
{
    struct fake fakes[2] = {{.holds = false}};
    for (int i = 0; i < 2; i++) {
        prepare(fixture, &fakes[i], i + 1);
        fakes[i].write.apply = slower_apply;
        fakes[i].write.size = HEAVY_SIZE;
        fakes[i].write.share = share;
    }
    uint64_t begun_ms = lb_clock_mono_ms();
    for (int i = 0; i < 2; i++)
        assert_int_equal(lb_writer_submit(fixture->writer, &fakes[i].write), LB_OK);
    await(fixture, 2);
    return lb_clock_mono_ms() - begun_ms;
}

static void the_writer_rests_from_heavy_ones_while_light_ones_of_others_come(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share hostile = {0}, other = {0};
    struct fake light = {0};
    submit_of(fixture, &light, 9, 0, &other);
    await(fixture, 1);
    /* One, a rest of three times as long, another one. */
    assert_true(time_of_two_heavy(fixture, &hostile) >= 100 + 300 + 100);
    assert_true(lb_writer_has_others(fixture->writer, &hostile));
    assert_false(lb_writer_has_others(fixture->writer, &other));
}

/* However long a batch takes, as on a slow disk: it is not longer ago than its share allows. */
static void heavy_ones_have_a_quarter_of_the_time_of_the_writer(void **state)
{
    (void)state;
    static const uint64_t took_ms[] = {1, 8, 9, 12, 20, 40, 150, 900};
    struct lb_writer_share heavy = {0}, other = {0};
    struct lb_write light = {.share = &other};
    for (size_t i = 0; i < sizeof took_ms / sizeof *took_ms; i++) {
        struct lb_rest rest = {.until_ns = 0};
        lb_rest_note(&rest, &light);
        uint64_t began_ns = lb_clock_mono_ns() - took_ms[i] * 1000000;
        lb_rest_begin(&rest, &heavy, began_ns);
        uint64_t took_ns = lb_clock_mono_ns() - began_ns;
        assert_true(rest.until_ns - began_ns >= 2 * took_ms[i] * 1000000);
        assert_true(rest.until_ns - began_ns <= 4 * took_ns);
    }
}

/* An operator's, or those of the workspace itself, are no others. */
static void the_writer_does_not_rest_for_its_own(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share hostile = {0};
    struct fake light[2] = {{.holds = false}};
    submit_of(fixture, &light[0], 8, 0, &hostile);
    submit_of(fixture, &light[1], 9, 0, NULL);
    await(fixture, 2);
    assert_false(lb_writer_has_others(fixture->writer, &hostile));
    uint64_t least = UINT64_MAX;
    for (int i = 0; i < TRIES && least >= 100 + 300; i++) {
        uint64_t took = time_of_two_heavy(fixture, &hostile);
        least = took < least ? took : least;
    }
    assert_true(least < 100 + 300);
}

static void await_one(struct fixture *fixture, const struct fake *fake)
{
    struct pollfd waited = {.fd = lb_mailbox_fd(fixture->mailbox), .events = POLLIN};
    while (!fake->completed) {
        assert_int_equal(poll(&waited, 1, 10000), 1);
        lb_mailbox_drain(fixture->mailbox);
    }
}

/* In the rest after work of the server's own, or of another workspace, heavy ones of the only
 * workspace with light ones go on; the others wait for its end. */
static void rest_and_go_on(struct fixture *fixture, struct lb_writer_share *resting)
{
    struct lb_writer_share only = {0};
    struct fake fakes[6] = {{.holds = false}}, light = {0}, holder = {0};
    submit_of(fixture, &light, 9, 0, &only);
    await(fixture, 1);
    holder.write.size = HEAVY_SIZE;
    holder.write.share = resting;
    hold(fixture, &holder);
    for (int i = 0; i < 5; i++) {
        fakes[i].write.heavy = true;
        submit_of(fixture, &fakes[i], i + 1, 0, i == 0 ? resting : &only);
    }
    pause_ms(200); /* the rest is three times as long */
    let_go(fixture);
    await_one(fixture, &fakes[4]);
    fakes[5].write.heavy = true;
    submit_of(fixture, &fakes[5], 6, 0, &only); /* the queue is whole */
    await_one(fixture, &fakes[5]);
    await_one(fixture, &fakes[0]);
    assert_true(traced(fixture, "publish5") < traced(fixture, "apply1"));
}

static void the_servers_own_work_makes_the_only_workspace_wait_for_no_rest(void **state)
{
    rest_and_go_on(*state, NULL);
}

static void heavy_ones_of_the_only_workspace_with_light_ones_wait_for_no_rest(void **state)
{
    struct lb_writer_share hostile = {0};
    rest_and_go_on(*state, &hostile);
}

/* Light ones that take their time, all at once, while another workspace writes. */
static void submit_slow(struct fixture *fixture, struct fake *fakes, int count,
                        struct lb_writer_share *share)
{
    for (int i = 0; i < count; i++) {
        prepare(fixture, &fakes[i], i + 1);
        fakes[i].write.apply = slow_apply;
        fakes[i].write.share = share;
        assert_int_equal(lb_writer_submit(fixture->writer, &fakes[i].write), LB_OK);
    }
}

static void many_light_ones_let_those_of_others_go_first(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share hostile = {0}, other = {0};
    struct fake fakes[4] = {{.holds = false}}, light[2] = {{.holds = false}}, holder = {0};
    submit_of(fixture, &light[0], 8, 0, &other);
    await(fixture, 1);
    hold(fixture, &holder);
    submit_slow(fixture, fakes, 4, &hostile);
    submit_of(fixture, &light[1], 9, 0, &other);
    let_go(fixture);
    await(fixture, 6);
    /* A batch ends after the first, which was all of its time; the second has its turn as a heavy
     * one. */
    assert_true(traced(fixture, "publish1") < traced(fixture, "apply2"));
    assert_true(traced(fixture, "publish9") < traced(fixture, "apply3"));
}

static uint64_t thread_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* What a write has the processor for, while others wait as well. */
static lb_err busy_apply(struct lb_write *write, struct lb_store *store)
{
    uint64_t until = thread_ns() + 30000000;
    while (thread_ns() < until)
        continue;
    return fake_apply(write, store);
}

/* One after the other, so that each is alone in its batch. */
static void submit_alone(struct fixture *fixture, struct lb_writer_share *share,
                         lb_err (*apply)(struct lb_write *, struct lb_store *))
{
    struct fake fake = {0};
    prepare(fixture, &fake, 1);
    fake.write.apply = apply;
    fake.write.share = share;
    assert_int_equal(lb_writer_submit(fixture->writer, &fake.write), LB_OK);
    await(fixture, 1);
}

static void one_that_takes_long_counts_although_it_is_alone(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share hostile = {0}, other = {0};
    submit_alone(fixture, &other, fake_apply);
    submit_alone(fixture, &hostile, busy_apply);
    assert_true(hostile.used_ns >= 20000000);
    assert_int_equal(other.used_ns, 0);
}

/* As on a machine that has other things to do. */
static void one_that_had_to_wait_counts_not(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share share = {0};
    for (int i = 0; i < 3; i++)
        submit_alone(fixture, &share, slow_apply);
    assert_int_equal(share.used_ns, 0);
}

static void light_ones_of_a_workspace_that_had_its_time_go_after_those_of_others(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share hostile = {.used_ns = UINT64_C(3600) * 1000000000}, other = {0};
    struct fake fakes[4] = {{.holds = false}}, light = {0}, holder = {0};
    hostile.used_at_ns = lb_clock_mono_ns();
    submit_of(fixture, &light, 9, 0, &other);
    await(fixture, 1);
    holder.write.size = HEAVY_SIZE; /* so light ones have their turn after it */
    hold(fixture, &holder);
    for (int i = 0; i < 4; i++)
        submit_of(fixture, &fakes[i], i + 1, 0, i < 3 ? &hostile : &other);
    let_go(fixture);
    await(fixture, 5);
    assert_true(traced(fixture, "publish4") < traced(fixture, "apply1"));
}

static void light_ones_of_one_workspace_alone_are_one_batch(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share share = {0};
    struct fake fakes[4] = {{.holds = false}}, holder = {0};
    hold(fixture, &holder);
    submit_slow(fixture, fakes, 4, &share);
    let_go(fixture);
    await(fixture, 5);
    assert_true(traced(fixture, "apply4") < traced(fixture, "publish1"));
}

/* The last of a batch takes its time, and nothing else waits: the queue goes on as an empty one. */
static void what_comes_after_a_batch_that_took_long_is_applied(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share hostile = {0}, other = {0};
    struct fake fakes[3] = {{.holds = false}}, light = {0};
    submit_of(fixture, &light, 9, 0, &other);
    await(fixture, 1);
    for (int i = 0; i < 3; i++) {
        submit_slow(fixture, &fakes[i], 1, &hostile);
        await(fixture, 1);
    }
}

/* What was put back is counted, and completed, once. */
static void a_batch_that_ends_early_loses_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share hostile = {0}, other = {0};
    struct fake fakes[3] = {{.touch = true}, {.fail = LB_ERR_STORAGE_FULL, .touch = true}};
    struct fake light = {0}, holder = {0};
    submit_of(fixture, &light, 9, 0, &other);
    await(fixture, 1);
    hold(fixture, &holder);
    submit_slow(fixture, fakes, 3, &hostile);
    let_go(fixture);
    await(fixture, 4);
    struct lb_writer_stats stats;
    lb_writer_stats(fixture->writer, &stats);
    assert_int_equal(stats.writes, 5);
    assert_int_equal(stats.queued, 0);
    assert_int_equal(atomic_load(&hostile.queued.taken), 0);
    assert_int_equal(fakes[0].write.result, LB_OK);
    assert_int_equal(fakes[1].write.result, LB_ERR_STORAGE_FULL);
    assert_int_equal(fakes[2].write.result, LB_OK);
}

static lb_err fetching_apply(struct lb_write *write, struct lb_store *store)
{
    static const struct timespec pause = {.tv_nsec = 200000000};
    nanosleep(&pause, NULL);
    return fake_apply(write, store);
}

/* The writes of two workspaces, while a third one's came lately, in a store that is remote. */
static void begin_remote(struct fixture *fixture, struct lb_writer_share *other,
                         struct fake *holder)
{
    struct fake light = {0};
    fixture->store.shared = &fixture->shared;
    submit_of(fixture, &light, 9, 0, other);
    await(fixture, 1);
    hold(fixture, holder);
}

/* The first waits for what is fetched for all. */
static void those_that_were_fetched_together_are_one_batch(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share share = {0}, other = {0};
    struct fake fakes[8] = {{.holds = false}}, holder = {0};
    begin_remote(fixture, &other, &holder);
    for (int i = 0; i < 8; i++) {
        prepare(fixture, &fakes[i], i + 1);
        fakes[i].write.apply = i == 0 ? fetching_apply : fake_apply;
        fakes[i].write.share = &share;
        assert_int_equal(lb_writer_submit(fixture->writer, &fakes[i].write), LB_OK);
    }
    let_go(fixture);
    await(fixture, 9);
    assert_true(traced(fixture, "apply8") < traced(fixture, "publish1"));
    assert_true(share.used_ns < 50000000); /* nor is it charged for that */
}

/* All of them take their time, not only the fetch. */
static void a_batch_in_a_remote_store_ends_early_too(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share share = {0}, other = {0};
    struct fake fakes[8] = {{.holds = false}}, holder = {0};
    begin_remote(fixture, &other, &holder);
    submit_slow(fixture, fakes, 8, &share);
    let_go(fixture);
    await(fixture, 9);
    assert_true(traced(fixture, "publish1") < traced(fixture, "apply8"));
}

static void who_writes_in_a_store_far_away_is_charged_for_less(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share share = {0}, other = {0};
    struct fake fakes[2] = {{.holds = false}}, holder = {0};
    fixture->far = true;
    begin_remote(fixture, &other, &holder);
    submit_slow(fixture, fakes, 2, &share);
    uint64_t begun_ns = lb_clock_mono_ns();
    let_go(fixture);
    await(fixture, 3);
    assert_true(share.used_ns > 0);
    assert_true(share.used_ns <= (lb_clock_mono_ns() - begun_ns) / 6);
}

/* The same of a workspace that the store is asked to lock. */
static void submit_waiting(struct fixture *fixture, struct fake *fakes, int count,
                           struct lb_writer_share *share)
{
    for (int i = 0; i < count; i++)
        fakes[i].write.workspace = 7;
    submit_slow(fixture, fakes, count, share);
}

static void who_waited_for_a_lock_is_charged_in_full(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share share = {0}, other = {0};
    struct fake fakes[2] = {{.holds = false}}, light[8] = {{.holds = false}}, holder = {0};
    begin_remote(fixture, &other, &holder);
    let_go(fixture);
    await(fixture, 1);
    for (int i = 0; i < 8; i++) { /* the store is near */
        submit_of(fixture, &light[i], 9, 0, &other);
        await(fixture, 1);
    }
    fixture->lock_ms = 50;
    struct fake waited = {0};
    hold(fixture, &waited);
    submit_waiting(fixture, fakes, 2, &share);
    let_go(fixture);
    await(fixture, 3);
    assert_true(share.used_ns >= 20000000);
}

static void a_batch_that_waited_for_a_lock_is_no_longer_for_it(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share share = {0}, other = {0};
    struct fake fakes[8] = {{.holds = false}}, holder = {0};
    begin_remote(fixture, &other, &holder);
    fixture->lock_ms = 500;
    submit_waiting(fixture, fakes, 8, &share);
    let_go(fixture);
    await(fixture, 9);
    assert_true(traced(fixture, "publish1") < traced(fixture, "apply8"));
}

static void a_batch_is_not_as_long_as_a_slow_fetch(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share share = {0}, other = {0};
    struct fake fakes[6] = {{.holds = false}}, first = {0}, holder = {0};
    begin_remote(fixture, &other, &holder);
    prepare(fixture, &first, 7);
    first.write.apply = fetching_apply;
    first.write.share = &share;
    assert_int_equal(lb_writer_submit(fixture->writer, &first.write), LB_OK);
    submit_slow(fixture, fakes, 6, &share);
    let_go(fixture);
    await(fixture, 8);
    assert_true(traced(fixture, "publish7") < traced(fixture, "apply6"));
}

static void writes_that_are_applied_again_are_charged_for_once(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share share = {0};
    struct fake fakes[2] = {{.holds = false}}, holder = {0};
    hold(fixture, &holder);
    fixture->planned[IN_COMMIT] = 3;
    submit_slow(fixture, fakes, 2, &share);
    uint64_t begun_ns = lb_clock_mono_ns();
    let_go(fixture);
    await(fixture, 3);
    assert_int_equal(fakes[1].applied, 4);
    assert_true(share.used_ns > 0);
    assert_true(share.used_ns <= (lb_clock_mono_ns() - begun_ns) / 2);
}

static void writes_of_two_workspaces_by_turns_are_charged_for(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share shares[3] = {{.used_ns = 0}};
    struct fake fakes[5] = {{.holds = false}}, holder = {0};
    hold(fixture, &holder);
    for (int i = 0; i < 4; i++)
        submit_slow(fixture, &fakes[i], 1, &shares[i % 2]);
    submit_slow(fixture, &fakes[4], 1, &shares[2]);
    let_go(fixture);
    await(fixture, 6);
    assert_true(shares[0].used_ns > 0);
    assert_true(shares[1].used_ns > 0);
    assert_int_equal(shares[2].used_ns, 0); /* it has one only */
}

/* What it was refused for in the batch that ended early is nothing that it is answered with. */
static void what_is_put_back_forgets_what_it_was_refused_for(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share share = {0}, other = {0};
    struct fake fakes[2] = {[1] = {.limited = true, .fail = LB_ERR_OVERLOADED}};
    struct fake light = {0}, holder = {0};
    submit_of(fixture, &light, 9, 0, &other);
    await(fixture, 1);
    hold(fixture, &holder);
    submit_slow(fixture, fakes, 2, &share);
    let_go(fixture);
    await(fixture, 3);
    assert_int_equal(fakes[1].applied, 1);
    assert_int_equal(fakes[1].write.result, LB_ERR_OVERLOADED);
    assert_string_equal(fakes[1].write.reason.text, "");
    assert_int_equal(fakes[1].write.retry_after_s, 0);
}

/* An attempt that meets another transaction after the write was refused. */
static lb_err refuse_then_conflict(struct lb_write *write, struct lb_store *store)
{
    struct fake *fake = (struct fake *)write;
    lb_err err = fake_apply(write, store);
    if (fake->applied > 1)
        return err;
    write->retry_after_s = 50000;
    lb_fail(&write->reason, LB_ERR_RATE_LIMITED, "Too much today.");
    return LB_ERR_CONFLICT;
}

static void what_is_applied_again_forgets_what_it_was_refused_for(void **state)
{
    struct fixture *fixture = *state;
    struct fake fake = {.fail = LB_ERR_ALREADY_EXISTS};
    prepare(fixture, &fake, 1);
    fake.write.apply = refuse_then_conflict;
    assert_int_equal(lb_writer_submit(fixture->writer, &fake.write), LB_OK);
    await(fixture, 1);
    assert_int_equal(fake.write.result, LB_ERR_ALREADY_EXISTS);
    assert_string_equal(fake.write.reason.text, "");
    assert_int_equal(fake.write.retry_after_s, 0);
}

static lb_err fail_slowly_when_repeated(struct lb_write *write, struct lb_store *store)
{
    struct fake *fake = (struct fake *)write;
    if (!fake->applied)
        return fake_apply(write, store);
    fake->fail = LB_ERR_CAMPAIGN_NOT_FOUND;
    return slow_apply(write, store);
}

/* One fails, and is put back in the next attempt, in which another one fails. */
static void a_failure_that_was_put_back_ends_no_attempts(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share share = {0}, other = {0};
    struct fake fakes[3] = {
        {.touch = true}, {.touch = true}, {.touch = true, .fail = LB_ERR_ALREADY_EXISTS}};
    struct fake light = {0}, holder = {0};
    submit_of(fixture, &light, 9, 0, &other);
    await(fixture, 1);
    hold(fixture, &holder);
    for (int i = 0; i < 3; i++) {
        prepare(fixture, &fakes[i], i + 1);
        fakes[i].write.apply = i == 1 ? fail_slowly_when_repeated : fake_apply;
        fakes[i].write.share = &share;
        assert_int_equal(lb_writer_submit(fixture->writer, &fakes[i].write), LB_OK);
    }
    let_go(fixture);
    await(fixture, 4);
    assert_int_equal(fakes[0].write.result, LB_OK);
    assert_int_equal(fakes[2].write.result, LB_ERR_ALREADY_EXISTS);
}

/* A part of it is put back when each workspace is on its own. */
static void each_write_is_counted_in_one_batch(void **state)
{
    struct fixture *fixture = *state;
    struct lb_writer_share share = {0}, other = {0};
    struct fake fakes[6] = {{.holds = false}}, holder = {0};
    begin_remote(fixture, &other, &holder);
    for (int i = 0; i < 6; i++) {
        prepare(fixture, &fakes[i], i + 1);
        fakes[i].write.apply = slow_apply;
        fakes[i].write.share = &share;
        fakes[i].write.workspace = i < 5 ? 7 : 8;
        assert_int_equal(lb_writer_submit(fixture->writer, &fakes[i].write), LB_OK);
    }
    atomic_store(&fixture->fail_several, LB_ERR_STORAGE_UNAVAILABLE);
    let_go(fixture);
    await(fixture, 7);
    struct lb_writer_stats stats;
    lb_writer_stats(fixture->writer, &stats);
    assert_int_equal(stats.writes, 8);
    for (int i = 0; i < 6; i++)
        assert_int_equal(fakes[i].write.result, LB_OK);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(one_write_is_applied_committed_published_and_completed_in_that_order),
        TEST(writes_that_wait_together_share_one_commit_in_their_order),
        TEST(a_write_that_fails_untouched_fails_alone_and_costs_no_rollback),
        TEST(a_write_that_fails_touched_is_taken_out_and_the_rest_applied_again),
        TEST(a_storage_error_rolls_back_even_when_nothing_was_touched),
        TEST(a_batch_of_which_nothing_is_left_is_not_committed),
        TEST(eight_failing_writes_leave_the_rest_alone),
        TEST(attempts_are_bounded_and_nobody_gets_the_refusal_of_another),
        TEST(a_store_that_keeps_failing_fails_the_batch_with_its_error),
        TEST(a_failed_begin_fails_the_batch_and_the_next_one_works),
        TEST(a_failed_batch_begin_fails_the_batch_and_nothing_else),
        TEST(a_failed_preparation_is_neither_committed_nor_published),
        TEST(a_full_disk_at_the_commit_publishes_nothing_and_is_got_over),
        TEST(a_store_that_refuses_is_not_ready_until_a_probe_goes_through),
        TEST(a_writer_that_was_not_started_takes_nothing),
        TEST(an_unknown_outcome_is_told_and_nothing_is_tried_any_more),
        TEST(a_refused_write_keeps_its_error_when_the_commit_of_others_is_unknown),
        TEST(a_batch_is_applied_again_when_another_transaction_was_in_the_way),
        TEST(a_batch_that_never_gets_through_is_told_so_after_nine_attempts),
        TEST(a_refused_write_keeps_its_error_through_conflicts),
        TEST(what_apply_will_read_is_told_before_any_is_applied),
        TEST(a_store_of_ones_own_is_looked_ahead_in_as_well),
        TEST(an_unknown_outcome_ends_nothing_when_others_share_the_store),
        TEST(a_workspace_that_cannot_be_written_takes_no_other_with_it),
        TEST(a_write_that_waits_in_vain_takes_none_of_another_workspace_with_it),
        TEST(a_remote_store_that_was_full_is_not_ready_for_a_while),
        TEST(refusals_of_a_workspace_take_no_other_with_them),
        TEST(nothing_is_tried_after_an_unknown_outcome_of_one_workspace),
        TEST(a_task_runs_on_the_writers_thread_between_two_batches),
        TEST(an_idle_writer_runs_a_task_at_once),
        TEST(a_full_queue_refuses_and_takes_again_when_there_is_room),
        TEST(large_writes_fill_the_queue_by_their_size),
        TEST(a_workspace_fills_its_share_and_no_more),
        TEST(failed_writes_give_their_room_back),
        TEST(a_light_write_goes_before_heavy_ones_that_waited_longer),
        TEST(a_write_that_says_so_is_heavy),
        TEST(heavy_writes_of_two_workspaces_take_turns),
        TEST(the_writer_rests_from_heavy_ones_while_light_ones_of_others_come),
        TEST(heavy_ones_have_a_quarter_of_the_time_of_the_writer),
        TEST(the_writer_does_not_rest_for_its_own),
        TEST(the_servers_own_work_makes_the_only_workspace_wait_for_no_rest),
        TEST(heavy_ones_of_the_only_workspace_with_light_ones_wait_for_no_rest),
        TEST(many_light_ones_let_those_of_others_go_first),
        TEST(one_that_takes_long_counts_although_it_is_alone),
        TEST(one_that_had_to_wait_counts_not),
        TEST(light_ones_of_a_workspace_that_had_its_time_go_after_those_of_others),
        TEST(light_ones_of_one_workspace_alone_are_one_batch),
        TEST(what_comes_after_a_batch_that_took_long_is_applied),
        TEST(a_batch_that_ends_early_loses_nothing),
        TEST(those_that_were_fetched_together_are_one_batch),
        TEST(a_batch_in_a_remote_store_ends_early_too),
        TEST(who_writes_in_a_store_far_away_is_charged_for_less),
        TEST(who_waited_for_a_lock_is_charged_in_full),
        TEST(a_batch_that_waited_for_a_lock_is_no_longer_for_it),
        TEST(a_batch_is_not_as_long_as_a_slow_fetch),
        TEST(writes_that_are_applied_again_are_charged_for_once),
        TEST(writes_of_two_workspaces_by_turns_are_charged_for),
        TEST(what_is_put_back_forgets_what_it_was_refused_for),
        TEST(what_is_applied_again_forgets_what_it_was_refused_for),
        TEST(a_failure_that_was_put_back_ends_no_attempts),
        TEST(each_write_is_counted_in_one_batch),
        TEST(batches_are_bounded_in_number),
        TEST(batches_are_bounded_in_bytes),
        TEST(stop_finishes_what_is_queued_and_takes_nothing_more),
        TEST(completions_go_home_in_their_order),
        TEST(upkeep_that_wants_more_is_called_again_at_once),
        TEST(a_store_hears_of_short_pauses),
        TEST(an_idle_writer_holds_up_no_release_of_memory),
    };
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
