/* Writes that the server makes by itself, through the real writer over a store that does nothing.
 */
#include "writer/own_write.h"

#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

struct owner {
    struct lb_own_write own; /* first */
    unsigned applied;
    unsigned more; /* so many follow, each from `finish` */
    lb_err fail;
};

/* The owner may be gone when a test looks. */
static struct fixture {
    struct lb_store store;
    struct lb_store_ops ops;
    struct lb_writer *writer;
    struct owner *owner;
    sem_t applying, gate;
    unsigned finished;
    lb_err result;
} fixture;

static lb_err begin(struct lb_store *store)
{
    return LB_OK;
}

static lb_err commit(struct lb_store *store)
{
    return LB_OK;
}

static void roll_back(struct lb_store *store)
{
}

static void maintain(struct lb_store *store, bool idle)
{
}

static lb_err batch_begin(void *context, struct lb_write *first)
{
    return LB_OK;
}

static lb_err batch_prepare(void *context)
{
    return LB_OK;
}

static void batch_publish(void *context)
{
}

static bool upkeep(void *context)
{
    return false;
}

static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    struct owner *owner = (struct owner *)write;
    owner->applied++;
    sem_post(&fixture.applying);
    sem_wait(&fixture.gate);
    return owner->fail;
}

static lb_err submit(struct owner *owner)
{
    const struct lb_write write = {.apply = apply};
    return lb_own_write_submit(&owner->own, &write);
}

static void finish(struct lb_write *write)
{
    struct owner *owner = (struct owner *)write;
    fixture.finished++;
    fixture.result = write->result;
    if (owner->more && owner->more--)
        assert_int_equal(submit(owner), LB_OK);
}

static int setup(void **state)
{
    fixture = (struct fixture){.ops = {.begin = begin,
                                       .commit = commit,
                                       .rollback = roll_back,
                                       .maintain = maintain,
                                       .probe = begin}};
    fixture.store.ops = &fixture.ops;
    sem_init(&fixture.applying, 0, 0);
    sem_init(&fixture.gate, 0, 0);
    struct lb_writer_settings settings = {
        .store = &fixture.store,
        .hooks = {NULL, batch_begin, batch_prepare, batch_publish, upkeep},
        .queue_writes = 16,
        .queue_bytes = 1 << 20,
        .share_percent = 100};
    fixture.writer = lb_writer_create(&settings);
    fixture.owner = lb_own_write_create(sizeof *fixture.owner, finish);
    return fixture.writer && fixture.owner && lb_writer_start(fixture.writer) ? 0 : -1;
}

static int teardown(void **state)
{
    lb_writer_stop(fixture.writer);
    lb_own_write_destroy(fixture.owner);
    lb_writer_destroy(fixture.writer);
    sem_destroy(&fixture.applying);
    sem_destroy(&fixture.gate);
    return 0;
}

/* As the owner's upkeep does, until the write under way is finished. */
static void await_finish(void)
{
    struct lb_own_write *own = &fixture.owner->own;
    unsigned before = fixture.finished;
    struct pollfd waited = {.fd = lb_mailbox_fd(own->mailbox), .events = POLLIN};
    while (fixture.finished == before) {
        assert_int_equal(poll(&waited, 1, 60000), 1);
        lb_own_write_is_idle(own);
    }
}

static void let_apply(void)
{
    sem_wait(&fixture.applying);
    sem_post(&fixture.gate);
}

static void there_is_one_write_at_a_time_and_none_before_the_beginning(void **state)
{
    struct lb_own_write *own = &fixture.owner->own;
    assert_false(lb_own_write_is_idle(own));
    own->writer = fixture.writer;
    assert_true(lb_own_write_is_idle(own));
    assert_int_equal(submit(fixture.owner), LB_OK);
    sem_wait(&fixture.applying);
    assert_false(lb_own_write_is_idle(own));
    assert_int_equal(fixture.finished, 0);
    sem_post(&fixture.gate);
    await_finish();
    assert_int_equal(fixture.result, LB_OK);
    assert_true(lb_own_write_is_idle(own));
    assert_int_equal(fixture.owner->applied, 1);
}

static void one_that_failed_waits_before_it_is_tried_again(void **state)
{
    struct owner *owner = fixture.owner;
    owner->own.writer = fixture.writer;
    owner->fail = LB_ERR_CAMPAIGN_NOT_FOUND;
    assert_int_equal(submit(owner), LB_OK);
    let_apply();
    await_finish();
    assert_int_equal(fixture.result, LB_ERR_CAMPAIGN_NOT_FOUND);
    assert_int_not_equal(owner->own.retry.at_ms, 0);
    owner->fail = LB_OK;
    assert_int_equal(submit(owner), LB_OK);
    let_apply();
    await_finish();
    assert_int_equal(owner->own.retry.at_ms, 0);
}

static void the_end_of_one_may_submit_the_next(void **state)
{
    struct owner *owner = fixture.owner;
    owner->own.writer = fixture.writer;
    owner->more = 1;
    assert_int_equal(submit(owner), LB_OK);
    let_apply();
    await_finish();
    assert_false(lb_own_write_is_idle(&owner->own));
    let_apply();
    await_finish();
    assert_true(lb_own_write_is_idle(&owner->own));
    assert_int_equal(owner->applied, 2);
}

/* It might submit the next one to a writer that is gone. */
static void what_is_done_when_the_server_stops_is_not_finished(void **state)
{
    struct owner *owner = fixture.owner;
    owner->own.writer = fixture.writer;
    assert_int_equal(submit(owner), LB_OK);
    let_apply();
    lb_writer_stop(fixture.writer);
    assert_int_equal(owner->applied, 1);
    lb_own_write_destroy(owner);
    fixture.owner = NULL;
    assert_int_equal(fixture.finished, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(there_is_one_write_at_a_time_and_none_before_the_beginning),
        TEST(one_that_failed_waits_before_it_is_tried_again),
        TEST(the_end_of_one_may_submit_the_next),
        TEST(what_is_done_when_the_server_stops_is_not_finished),
    };
    return cmocka_run_group_tests_name("own_write", tests, NULL, NULL);
}
