#include "base/mailbox.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>
/* After the above. */
#include <cmocka.h>

#define PRODUCERS 4
/* Of each producer; LEADBLOCK_TEST_PUSHES sets another number. Races are looked for without the
 * address sanitizer, in which a push takes longer. */
#ifdef __SANITIZE_ADDRESS__
#define PUSHES 2000
#else
#define PUSHES 50000
#endif
/* How often one thread is made for one push. To make one takes some milliseconds in checked builds.
 */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define THREADS 500
#else
#define THREADS 3000
#endif
#define PATIENCE_MS 10000

static unsigned pushes = PUSHES; /* of each producer */

struct numbered {
    struct lb_task task;
    unsigned producer;
    unsigned number;
};

static unsigned next_of[PRODUCERS + 1];
static unsigned out_of_order;

static void note(struct lb_task *task)
{
    struct numbered *numbered = (struct numbered *)task;
    out_of_order += numbered->number != next_of[numbered->producer]++;
}

static int setup(void **state)
{
    for (int i = 0; i <= PRODUCERS; i++)
        next_of[i] = 0;
    out_of_order = 0;
    *state = lb_mailbox_create();
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    lb_mailbox_destroy(*state);
    return 0;
}

static bool readable(const struct lb_mailbox *mailbox, int wait_ms)
{
    struct pollfd waited = {.fd = lb_mailbox_fd(mailbox), .events = POLLIN};
    return poll(&waited, 1, wait_ms) == 1;
}

static void the_descriptor_is_readable_while_there_are_tasks(void **state)
{
    struct numbered one = {.task.run = note};
    assert_false(readable(*state, 0));
    assert_int_equal(lb_mailbox_drain(*state), 0);
    lb_mailbox_push(*state, &one.task);
    assert_true(readable(*state, 0));
    assert_int_equal(lb_mailbox_drain(*state), 1);
    assert_int_equal(next_of[0], 1);
    assert_false(readable(*state, 0));
}

static void tasks_come_out_in_the_order_of_their_pushes(void **state)
{
    struct numbered tasks[7];
    for (unsigned i = 0; i < 7; i++)
        tasks[i] = (struct numbered){.task.run = note, .number = i};
    lb_mailbox_push(*state, &tasks[0].task);
    for (unsigned i = 1; i < 5; i++)
        tasks[i].task.next = &tasks[i + 1].task; /* that of the last one is ignored */
    lb_mailbox_push_chain(*state, &tasks[1].task, &tasks[5].task);
    lb_mailbox_push(*state, &tasks[6].task);
    assert_int_equal(lb_mailbox_drain(*state), 7);
    assert_int_equal(next_of[0], 7);
    assert_int_equal(out_of_order, 0);
}

static struct lb_mailbox *own;

static void push_again(struct lb_task *task)
{
    struct numbered *numbered = (struct numbered *)task;
    if (numbered->number++ < 3)
        lb_mailbox_push(own, task);
    else
        free(task);
}

static void a_task_may_push_or_free_itself(void **state)
{
    struct numbered *task = calloc(1, sizeof *task);
    task->task.run = push_again;
    own = *state;
    lb_mailbox_push(own, &task->task);
    for (int i = 0; i < 4; i++) {
        assert_true(readable(own, 0));
        assert_int_equal(lb_mailbox_drain(own), 1); /* one turn each: no endless drain */
    }
    assert_false(readable(own, 0));
}

struct producer {
    struct lb_mailbox *mailbox;
    unsigned number;
    struct numbered *tasks;
    bool pauses;
};

static void *produce(void *context)
{
    struct producer *producer = context;
    for (unsigned i = 0; i < pushes;) {
        unsigned chain = 1 + (i * 7 + producer->number) % 5;
        if (chain > pushes - i)
            chain = pushes - i;
        for (unsigned k = 0; k < chain; k++) {
            struct numbered *task = &producer->tasks[i + k];
            *task =
                (struct numbered){.task.run = note, .producer = producer->number, .number = i + k};
            task->task.next = &(task + 1)->task;
        }
        lb_mailbox_push_chain(producer->mailbox, &producer->tasks[i].task,
                              &producer->tasks[i + chain - 1].task);
        i += chain;
        /* So that the owner falls asleep now and then, at any moment of a push. */
        if (producer->pauses && i % 16 == producer->number)
            for (volatile unsigned spin = 0; spin < i % 4096; spin++)
                continue;
    }
    return NULL;
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* How an owner waits for tasks. Each asserts that it was woken when there were some. */

static void waits_not(struct lb_mailbox *mailbox)
{
    (void)mailbox;
}

static void polls(struct lb_mailbox *mailbox)
{
    assert_true(readable(mailbox, PATIENCE_MS));
}

static void waits(struct lb_mailbox *mailbox)
{
    uint64_t begun = now_ms();
    lb_mailbox_wait(mailbox, PATIENCE_MS);
    assert_true(now_ms() - begun < PATIENCE_MS);
}

static int edges = -1; /* an epoll set */

static void waits_for_an_edge(struct lb_mailbox *mailbox)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    if (edges < 0) {
        edges = epoll_create1(0);
        assert_int_equal(epoll_ctl(edges, EPOLL_CTL_ADD, lb_mailbox_fd(mailbox), &event), 0);
    }
    if (lb_mailbox_sleep(mailbox))
        assert_int_equal(epoll_wait(edges, &event, 1, PATIENCE_MS), 1);
    lb_mailbox_wake(mailbox);
}

static void run_producers(struct lb_mailbox *mailbox, void (*wait)(struct lb_mailbox *))
{
    struct producer producers[PRODUCERS];
    pthread_t threads[PRODUCERS];
    bool pauses = wait == waits || wait == waits_for_an_edge;
    for (unsigned i = 0; i < PRODUCERS; i++) {
        producers[i] =
            (struct producer){mailbox, i, calloc(pushes + 1, sizeof(struct numbered)), pauses};
        assert_int_equal(pthread_create(&threads[i], NULL, produce, &producers[i]), 0);
    }
    for (size_t got = 0; got < (size_t)PRODUCERS * pushes;) {
        wait(mailbox);
        got += lb_mailbox_drain(mailbox);
    }
    for (unsigned i = 0; i < PRODUCERS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(next_of[i], pushes);
        free(producers[i].tasks);
    }
    assert_int_equal(out_of_order, 0);
}

/* Each push may be a wake-up, which takes longer than a push. */
static void run_sleepy(struct lb_mailbox *mailbox, void (*wait)(struct lb_mailbox *))
{
    unsigned all = pushes;
    pushes = all > PUSHES ? all : all / 10;
    run_producers(mailbox, wait);
    pushes = all;
}

static void nobody_sleeps_through_a_push(void **state)
{
    run_sleepy(*state, waits);
}

static void no_edge_is_missed(void **state)
{
    run_sleepy(*state, waits_for_an_edge);
    close(edges);
    edges = -1;
}

/* The owner looks into it by itself. */
static void who_is_awake_is_not_woken(void **state)
{
    struct numbered one = {.task.run = note};
    lb_mailbox_wake(*state);
    lb_mailbox_push(*state, &one.task);
    assert_false(readable(*state, 0));
    assert_false(lb_mailbox_sleep(*state));
    assert_int_equal(lb_mailbox_drain(*state), 1);
    assert_true(lb_mailbox_sleep(*state));
    lb_mailbox_push(*state, &(struct numbered){.task.run = note, .number = 1}.task);
    assert_true(readable(*state, 0));
    assert_int_equal(lb_mailbox_drain(*state), 1);
}

static void many_producers_lose_no_task_and_no_order(void **state)
{
    run_producers(*state, polls);
}

static void *push_one(void *context)
{
    struct producer *producer = context;
    lb_mailbox_push(producer->mailbox, &producer->tasks[0].task);
    return NULL;
}

/* An owner that drains without being woken may take a task whose push has not woken it yet. The
 * wake-up comes late, and must not keep the owner awake for ever. */
static void a_late_wake_up_is_forgotten_at_the_next_drain(void **state)
{
    run_producers(*state, waits_not);
    for (unsigned i = 0; i < THREADS; i++) {
        struct numbered task = {.task.run = note, .producer = PRODUCERS, .number = i};
        struct producer producer = {*state, 0, &task};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, push_one, &producer), 0);
        while (lb_mailbox_drain(*state) == 0)
            continue;
        pthread_join(thread, NULL);
        assert_int_equal(lb_mailbox_drain(*state), 0);
        assert_false(readable(*state, 0));
    }
}

/* So does an owner that was about to sleep and saw the task just before. It would take the moment
 * for an idle one. */
static void a_late_wake_up_does_not_end_a_wait(void **state)
{
    uint64_t one = 1;
    assert_int_equal(write(lb_mailbox_fd(*state), &one, sizeof one), sizeof one);
    uint64_t begun = now_ms();
    lb_mailbox_wait(*state, 100);
    assert_true(now_ms() - begun >= 99);
}

/* Who waits for one task destroys the mailbox as soon as it has it, while the other side may still
 * be on its way out of the push. The address sanitizer watches. */
static void a_mailbox_may_be_destroyed_once_its_last_task_has_run(void **state)
{
    for (int i = 0; i < THREADS; i++) {
        struct numbered task = {.task.run = note, .producer = PRODUCERS, .number = (unsigned)i};
        struct producer producer = {lb_mailbox_create(), 0, &task};
        pthread_t thread;
        assert_int_equal(pthread_create(&thread, NULL, push_one, &producer), 0);
        while (lb_mailbox_drain(producer.mailbox) == 0)
            continue;
        lb_mailbox_destroy(producer.mailbox);
        pthread_join(thread, NULL);
    }
    assert_int_equal(next_of[PRODUCERS], THREADS);
}

int main(void)
{
    const char *wanted = getenv("LEADBLOCK_TEST_PUSHES");
    if (wanted)
        pushes = (unsigned)strtoul(wanted, NULL, 10) / PRODUCERS;
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(the_descriptor_is_readable_while_there_are_tasks),
        TEST(tasks_come_out_in_the_order_of_their_pushes),
        TEST(a_task_may_push_or_free_itself),
        TEST(many_producers_lose_no_task_and_no_order),
        TEST(nobody_sleeps_through_a_push),
        TEST(no_edge_is_missed),
        TEST(who_is_awake_is_not_woken),
        TEST(a_late_wake_up_is_forgotten_at_the_next_drain),
        TEST(a_late_wake_up_does_not_end_a_wait),
        TEST(a_mailbox_may_be_destroyed_once_its_last_task_has_run),
    };
    return cmocka_run_group_tests_name("mailbox", tests, NULL, NULL);
}
