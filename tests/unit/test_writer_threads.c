/* Many threads write at once, with failures injected, and the writer is stopped under them.
 * LB_TEST_SECONDS sets how long each test runs (2). */
#include "base/clock.h"
#include "base/rcu.h"
#include "writer/writer.h"
#include "support/random.h"

#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
/* After the above. */
#include <cmocka.h>

#define CLIENTS 4
#define IN_HAND 32 /* writes of one client under way at most */
#define STAGED  8192

/* A store of numbers: those of the open transaction, and for each client how many were committed.
 */
struct fixture {
    struct lb_store store;
    struct lb_store_ops ops;
    struct lb_writer *writer;
    struct lb_writer_share shares[CLIENTS];
    /* The writer thread's. */
    uint64_t random;
    bool open;
    unsigned staged[STAGED];
    size_t staged_count;
    uint64_t committed[CLIENTS];
    uint64_t prepared[CLIENTS]; /* to be shown by batch_publish */
    /* Published. */
    _Atomic uint64_t shown[CLIENTS];
    _Atomic uint64_t wrong;
    _Atomic bool stop;
    bool reliable;
};

struct one {
    struct lb_write write;
    struct lb_task task;
    struct client *client;
    bool busy;
};

struct client {
    struct fixture *fixture;
    struct lb_mailbox *mailbox;
    unsigned number;
    pthread_t thread;
    uint64_t random;
    uint64_t accepted;
    uint64_t completed;
    uint64_t succeeded;
    uint64_t refused;
    struct one ones[IN_HAND];
};

static bool one_in(struct fixture *fixture, uint64_t n)
{
    return !fixture->reliable && random_next(&fixture->random) % n == 0;
}

static void expect(struct fixture *fixture, bool good)
{
    if (!good)
        atomic_fetch_add(&fixture->wrong, 1);
}

static struct fixture *of(struct lb_store *store)
{
    return (struct fixture *)store;
}

static lb_err store_begin(struct lb_store *store)
{
    expect(of(store), !of(store)->open && of(store)->staged_count == 0);
    if (one_in(of(store), 50))
        return LB_ERR_STORAGE_UNAVAILABLE;
    of(store)->open = true;
    return LB_OK;
}

static lb_err store_commit(struct lb_store *store)
{
    struct fixture *fixture = of(store);
    expect(fixture, fixture->open);
    if (one_in(fixture, 20))
        return LB_ERR_STORAGE_FULL;
    for (size_t i = 0; i < fixture->staged_count; i++)
        fixture->committed[fixture->staged[i]]++;
    fixture->staged_count = 0;
    fixture->open = false;
    return LB_OK;
}

static void store_rollback(struct lb_store *store)
{
    of(store)->staged_count = 0;
    of(store)->open = false;
}

static lb_err store_probe(struct lb_store *store)
{
    return LB_OK;
}

static void store_maintain(struct lb_store *store, bool idle)
{
    expect(of(store), !of(store)->open);
}

static lb_err batch_begin(void *context, struct lb_write *first)
{
    expect(context, ((struct fixture *)context)->staged_count == 0);
    return LB_OK;
}

static lb_err batch_prepare(void *context)
{
    return one_in(context, 50) ? LB_ERR_STORAGE_UNAVAILABLE : LB_OK;
}

static void batch_publish(void *context)
{
    struct fixture *fixture = context;
    for (int i = 0; i < CLIENTS; i++)
        atomic_store(&fixture->shown[i], fixture->committed[i]);
}

static bool upkeep(void *context)
{
    return one_in(context, 10);
}

static void writer_failed(void *context)
{
    expect(context, false);
}

static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    struct fixture *fixture = of(store);
    struct one *one = (struct one *)write;
    if (one_in(fixture, 30))
        return LB_ERR_CAMPAIGN_NOT_FOUND;
    write->touched = true;
    fixture->staged[fixture->staged_count++] = one->client->number;
    expect(fixture, fixture->staged_count < STAGED);
    if (one_in(fixture, 60))
        return LB_ERR_ALREADY_EXISTS;
    return one_in(fixture, 60) ? LB_ERR_STORAGE_FULL : LB_OK;
}

/* Runs on the client's thread. What succeeded is shown. */
static void arrived(struct lb_task *task)
{
    struct one *one = (struct one *)(void *)((char *)task - offsetof(struct one, task));
    struct client *client = one->client;
    one->busy = false;
    client->completed++;
    client->succeeded += one->write.result == LB_OK;
    expect(client->fixture,
           atomic_load(&client->fixture->shown[client->number]) >= client->succeeded);
}

static void submit_one(struct client *client)
{
    struct one *one = client->ones;
    while (one->busy)
        one++;
    *one = (struct one){.client = client,
                        .busy = true,
                        .task.run = arrived,
                        .write = {.apply = apply,
                                  .completion = &one->task,
                                  .home = client->mailbox,
                                  .share = &client->fixture->shares[client->number],
                                  .size = random_next(&client->random) % 200}};
    lb_err err = lb_writer_submit(client->fixture->writer, &one->write);
    if (err == LB_OK) {
        client->accepted++;
        return;
    }
    one->busy = false;
    client->refused++;
    expect(client->fixture, err == LB_ERR_OVERLOADED || err == LB_ERR_WORKSPACE_OVERLOADED ||
                                err == LB_ERR_STORAGE_UNAVAILABLE);
}

/* Waits for completions until at most `left` are under way; false when none comes. */
static bool collect(struct client *client, uint64_t left)
{
    struct pollfd waited = {.fd = lb_mailbox_fd(client->mailbox), .events = POLLIN};
    while (client->accepted - client->completed > left) {
        if (poll(&waited, 1, 10000) != 1)
            return false;
        lb_mailbox_drain(client->mailbox);
    }
    return true;
}

static void *run_client(void *context)
{
    struct client *client = context;
    while (!atomic_load(&client->fixture->stop)) {
        submit_one(client);
        if (!collect(client, random_next(&client->random) % IN_HAND))
            break;
    }
    expect(client->fixture, collect(client, 0));
    return NULL;
}

static void start(struct fixture *fixture, struct client *clients)
{
    fixture->ops = (struct lb_store_ops){.begin = store_begin,
                                         .commit = store_commit,
                                         .rollback = store_rollback,
                                         .maintain = store_maintain,
                                         .probe = store_probe};
    fixture->store.ops = &fixture->ops;
    fixture->random = RANDOM_SEED;
    struct lb_writer_settings settings = {
        .store = &fixture->store,
        .hooks = {fixture, batch_begin, batch_prepare, batch_publish, upkeep},
        .queue_writes = 64, /* fewer than the clients want: some are refused */
        .queue_bytes = 6400,
        .share_percent = 40,
        .failed = writer_failed,
        .failed_context = fixture};
    fixture->writer = lb_writer_create(&settings);
    assert_true(lb_writer_start(fixture->writer));
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i] = (struct client){.fixture = fixture,
                                     .mailbox = lb_mailbox_create(),
                                     .number = i,
                                     .random = 2463534242u + i};
        assert_int_equal(pthread_create(&clients[i].thread, NULL, run_client, &clients[i]), 0);
    }
}

static void finish(struct fixture *fixture, struct client *clients)
{
    for (unsigned i = 0; i < CLIENTS; i++) {
        struct client *client = &clients[i];
        pthread_join(client->thread, NULL);
        assert_int_equal(client->accepted, client->completed);
        assert_int_equal(atomic_load(&fixture->shares[i].queued.taken), 0);
    }
    lb_writer_stop(fixture->writer);
    assert_int_equal(atomic_load(&fixture->wrong), 0);
    struct lb_writer_stats stats;
    lb_writer_stats(fixture->writer, &stats);
    assert_int_equal(stats.queued, 0);
    for (unsigned i = 0; i < CLIENTS; i++) {
        assert_int_equal(fixture->committed[i], clients[i].succeeded);
        lb_mailbox_destroy(clients[i].mailbox);
    }
    lb_writer_destroy(fixture->writer);
}

static uint64_t test_ms(void)
{
    const char *seconds = getenv("LB_TEST_SECONDS");
    return (seconds ? strtoull(seconds, NULL, 10) : 2) * 1000;
}

static void every_success_is_committed_once_and_every_failure_not_at_all(void **state)
{
    struct fixture *fixture = calloc(1, sizeof *fixture);
    struct client clients[CLIENTS];
    start(fixture, clients);
    poll(NULL, 0, (int)test_ms());
    atomic_store(&fixture->stop, true);
    finish(fixture, clients);
    uint64_t succeeded = 0;
    uint64_t completed = 0;
    uint64_t refused = 0;
    for (int i = 0; i < CLIENTS; i++) {
        succeeded += clients[i].succeeded;
        completed += clients[i].completed;
        refused += clients[i].refused;
    }
    assert_true(succeeded > 100 && completed > succeeded && refused > 0);
    free(fixture);
}

/* A write that was accepted is completed, however close to the stop it came. */
static void stopping_the_writer_loses_no_accepted_write(void **state)
{
    uint64_t until = lb_clock_mono_ms() + test_ms();
    uint64_t completed = 0;
    do {
        struct fixture *fixture = calloc(1, sizeof *fixture);
        struct client clients[CLIENTS];
        fixture->reliable = true;
        start(fixture, clients);
        poll(NULL, 0, 1);
        lb_writer_stop(fixture->writer);
        atomic_store(&fixture->stop, true);
        finish(fixture, clients);
        for (int i = 0; i < CLIENTS; i++)
            completed += clients[i].completed;
        free(fixture);
    } while (lb_clock_mono_ms() < until);
    assert_true(completed > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_success_is_committed_once_and_every_failure_not_at_all),
        cmocka_unit_test(stopping_the_writer_loses_no_accepted_write),
    };
    return cmocka_run_group_tests_name("writer_threads", tests, NULL, NULL);
}
