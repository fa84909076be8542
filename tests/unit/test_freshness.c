/* Memory may be believed when the store was asked: over a store that is made up. */
#include "domain/blocklist/freshness.h"

#include "base/clock.h"
#include "support/remote.h"
#include "support/tsan.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
/* After the above. */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

struct keeper {
    struct lb_task task;
    sem_t there, gate;
};

struct node {
    struct memory memory; /* with its store */
    struct remote *remote;
    struct lb_writer *writer;
    struct lb_freshness *freshness;
    struct lb_mailbox *mailbox;
    struct keeper keeper;
};

static int open_node(void **state)
{
    struct node *node = *state = calloc(1, sizeof *node);
    memory_open(&node->memory);
    node->remote = &node->memory.remote;
    struct lb_writer_settings writer = {.store = &node->remote->store,
                                        .hooks = lb_blocklist_hooks(node->memory.blocklist),
                                        .queue_writes = 16,
                                        .queue_bytes = 1 << 20,
                                        .share_percent = 100};
    struct lb_freshness_settings settings = {.directory = node->memory.directory,
                                             .blocklist = node->memory.blocklist,
                                             .store = &node->remote->store};
    sem_init(&node->keeper.there, 0, 0);
    sem_init(&node->keeper.gate, 0, 0);
    node->mailbox = lb_mailbox_create();
    node->writer = settings.writer = lb_writer_create(&writer);
    assert_true(lb_writer_start(node->writer));
    assert_int_equal(lb_freshness_create(&settings, &node->freshness), LB_OK);
    assert_true(lb_freshness_start(node->freshness));
    return 0;
}

static int close_node(void **state)
{
    struct node *node = *state;
    sem_post(&node->remote->gate); /* a test that failed may have left them closed */
    sem_post(&node->keeper.gate);
    lb_rcu_offline();
    lb_freshness_stop(node->freshness);
    lb_writer_stop(node->writer);
    lb_rcu_online();
    lb_freshness_destroy(node->freshness);
    lb_writer_destroy(node->writer);
    lb_mailbox_destroy(node->mailbox);
    memory_close(&node->memory);
    sem_destroy(&node->keeper.there);
    sem_destroy(&node->keeper.gate);
    free(node);
    return 0;
}

/* A request, and what memory had when it went on. */
struct request {
    struct lb_fresh fresh;
    struct lb_task task;
    struct node *node;
    const char *name; /* somebody */
    bool done;
    bool blocked; /* was he? */
};

static void go_on(struct lb_task *task)
{
    struct request *request =
        (struct request *)(void *)((char *)task - offsetof(struct request, task));
    assert_false(request->done);
    request->done = true;
    request->blocked =
        request->name && memory_blocks(&request->node->memory, request->fresh.no, request->name);
}

static void ask(struct node *node, struct request *request, uint32_t no, const char *name)
{
    *request = (struct request){.task.run = go_on, .node = node, .name = name};
    request->fresh.workspace = no ? memory_workspace(&node->memory, no) : NULL;
    request->fresh.completion = &request->task;
    request->fresh.home = node->mailbox;
    assert_int_equal(lb_freshness_ask(node->freshness, &request->fresh), LB_OK);
}

/* Lets requests go on for so long. */
static void drain(struct node *node, int ms)
{
    struct pollfd waited = {.fd = lb_mailbox_fd(node->mailbox), .events = POLLIN};
    lb_rcu_offline();
    poll(&waited, 1, ms);
    lb_rcu_online();
    lb_mailbox_drain(node->mailbox);
}

static lb_err await(struct node *node, const struct request *request)
{
    for (int i = 0; i < 100 && !request->done; i++)
        drain(node, 100);
    assert_true(request->done);
    return request->fresh.result;
}

static lb_err ask_alone(struct node *node, struct request *request, uint32_t no, const char *name)
{
    ask(node, request, no, name);
    return await(node, request);
}

static bool comes_within_a_second(sem_t *sem)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec++;
    lb_rcu_offline();
    bool came = sem_timedwait(sem, &end) == 0;
    lb_rcu_online();
    return came;
}

/* The next question waits with the answer that it has got. */
static void hold_question(struct node *node, struct request *request, uint32_t no)
{
    remote_lock(node->remote)->hold = true;
    remote_unlock(node->remote);
    ask(node, request, no, NULL);
    while (!comes_within_a_second(&node->remote->held)) {
        /* A poll has answered it along. */
        assert_int_equal(await(node, request), LB_OK);
        ask(node, request, no, NULL);
    }
}

/* Keeps the writer's thread, so that nothing can be read into memory. */
static void keep(struct lb_task *task)
{
    struct keeper *keeper = (struct keeper *)task;
    sem_post(&keeper->there);
    lb_rcu_offline();
    sem_wait(&keeper->gate);
    lb_rcu_online();
}

static void keep_writer(struct node *node)
{
    node->keeper.task.run = keep;
    lb_writer_run(node->writer, &node->keeper.task);
    while (!comes_within_a_second(&node->keeper.there))
        continue;
}

/* --- Asking ----------------------------------------------------------------------------------- */

static void requests_that_come_together_are_asked_for_together(void **state)
{
    struct node *node = *state;
    struct request first;
    struct request later[9];
    hold_question(node, &first, 1);
    unsigned before = remote_lock(node->remote)->questions;
    remote_unlock(node->remote);
    for (uint32_t i = 0; i < COUNT(later); i++)
        ask(node, &later[i], 3 - i % 3, NULL);
    sem_post(&node->remote->gate);
    for (size_t i = 0; i < COUNT(later); i++)
        assert_int_equal(await(node, &later[i]), LB_OK);
    assert_true(first.done);
    remote_lock(node->remote);
    assert_true(node->remote->questions <= before + 1); /* not one more: a poll was due */
    assert_true(node->remote->questions == before || node->remote->asked == 3);
    remote_unlock(node->remote);
}

static void a_request_is_not_answered_by_a_question_that_was_under_way(void **state)
{
    struct node *node = *state;
    static const char *const names[] = {"ada", "bob", "eve"};
    for (size_t i = 0; i < COUNT(names); i++) {
        struct request early;
        struct request late;
        hold_question(node, &early, 1);
        remote_block(node->remote, 1, i + 1, names[i]);
        ask(node, &late, 1, names[i]);
        sem_post(&node->remote->gate);
        assert_int_equal(await(node, &late), LB_OK);
        assert_true(late.blocked);
        assert_int_equal(await(node, &early), LB_OK);
    }
}

static void what_memory_lacks_is_read_first_and_others_go_on_at_once(void **state)
{
    struct node *node = *state;
    struct request first;
    struct request stale;
    struct request fresh;
    struct request all;
    struct request again;
    assert_int_equal(ask_alone(node, &fresh, 1, "ada"), LB_OK);
    assert_false(fresh.blocked);
    keep_writer(node);
    hold_question(node, &first, 3);
    remote_block(node->remote, 1, 5, "ada,bob");
    ask(node, &stale, 1, "bob"); /* of one question with the next */
    ask(node, &fresh, 2, "bob");
    sem_post(&node->remote->gate);
    assert_int_equal(await(node, &fresh), LB_OK);
    assert_false(fresh.blocked);
    ask(node, &all, 0, NULL);
    remote_block(node->remote, 1, 7, "eve"); /* while the first is being read */
    ask(node, &again, 1, "eve");
    drain(node, 60);
    drain(node, 60);
    assert_false(stale.done || all.done || again.done);
    sem_post(&node->keeper.gate);
    assert_int_equal(await(node, &stale), LB_OK);
    assert_true(stale.blocked);
    assert_int_equal(await(node, &again), LB_OK);
    assert_true(again.blocked);
    assert_int_equal(await(node, &all), LB_OK);
    assert_int_equal(atomic_load(&memory_workspace(&node->memory, 1)->entries), 3);
}

static void await_ready(struct node *node)
{
    for (int i = 0; i < 500 && !lb_freshness_ready(node->freshness); i++)
        drain(node, 10);
    assert_true(lb_freshness_ready(node->freshness));
    drain(node, 200); /* what was refused is asked for again */
}

/* Soon: what was refused is not asked for again at once. */
static void all_are_there(struct node *node)
{
    struct request request;
    lb_err err = ask_alone(node, &request, 0, NULL);
    for (int i = 0; err && i < 500; i++) {
        drain(node, 10);
        err = ask_alone(node, &request, 0, NULL);
    }
    assert_int_equal(err, LB_OK);
}

static void a_question_that_fails_fails_its_requests_and_no_later_ones(void **state)
{
    struct node *node = *state;
    struct request requests[3];
    remote_lock(node->remote)->fail_question = LB_ERR_CONFLICT;
    remote_unlock(node->remote);
    for (uint32_t i = 0; i < 3; i++)
        ask(node, &requests[i], i, NULL);
    for (size_t i = 0; i < 3; i++)
        assert_int_equal(await(node, &requests[i]), LB_ERR_STORAGE_UNAVAILABLE);
    assert_false(lb_freshness_ready(node->freshness));
    remote_lock(node->remote)->fail_question = LB_OK;
    remote_unlock(node->remote);
    await_ready(node);
    assert_int_equal(ask_alone(node, &requests[0], 1, NULL), LB_OK);
    all_are_there(node);
}

static void a_workspace_that_cannot_be_asked_takes_no_other_with_it(void **state)
{
    struct node *node = *state;
    struct request requests[3];
    remote_lock(node->remote)->away = 2;
    remote_unlock(node->remote);
    for (int turn = 0; turn < 3; turn++) {
        remote_block(node->remote, 3, 10 + (uint64_t)turn, turn ? "eve" : "ada");
        for (uint32_t i = 0; i < 3; i++)
            ask(node, &requests[i], i + 1, turn ? "eve" : "ada");
        assert_int_equal(await(node, &requests[0]), LB_OK);
        assert_int_equal(await(node, &requests[1]), LB_ERR_STORAGE_UNAVAILABLE);
        assert_int_equal(await(node, &requests[2]), LB_OK);
        assert_true(!requests[0].blocked && requests[2].blocked);
        assert_true(lb_freshness_ready(node->freshness));
        drain(node, 60);
    }
    remote_lock(node->remote)->away = 0;
    remote_unlock(node->remote);
    remote_block(node->remote, 2, 20, "bob");
    for (int i = 0; i < 500 && !memory_blocks(&node->memory, 2, "bob"); i++)
        drain(node, 10);
    assert_int_equal(ask_alone(node, &requests[0], 2, "bob"), LB_OK);
    assert_true(requests[0].blocked);
    all_are_there(node);
}

static void a_reading_that_fails_fails_who_waits_for_it(void **state)
{
    struct node *node = *state;
    struct request request;
    remote_lock(node->remote)->fail_writer = LB_ERR_STORAGE_UNAVAILABLE;
    remote_unlock(node->remote);
    remote_block(node->remote, 1, 5, "ada");
    assert_int_equal(ask_alone(node, &request, 1, "ada"), LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(ask_alone(node, &request, 2, "ada"), LB_OK);
    remote_lock(node->remote)->fail_writer = LB_OK;
    remote_unlock(node->remote);
    assert_int_equal(ask_alone(node, &request, 1, "ada"), LB_OK);
    assert_true(request.blocked);
}

static void fill_with_workspaces(struct node *node)
{
    while (node->remote->workspace_count < REMOTE_WORKSPACES_MAX)
        remote_add_workspace(node->remote);
    for (uint32_t no = 1; no <= REMOTE_WORKSPACES_MAX; no++)
        remote_block(node->remote, no, no, "ada");
}

static unsigned failed_of_the_writer(struct node *node)
{
    unsigned failed = remote_lock(node->remote)->failed[1];
    remote_unlock(node->remote);
    return failed;
}

/* The writer has other things to do. Nothing is left out for ever. */
static void workspaces_are_read_one_by_one_for_a_second(void **state)
{
    struct node *node = *state;
    struct request request;
    remote_lock(node->remote)->fail_writer = LB_ERR_STORAGE_UNAVAILABLE;
    node->remote->silent_ms = 400;
    remote_unlock(node->remote);
    fill_with_workspaces(node);
    assert_int_equal(ask_alone(node, &request, 0, NULL), LB_ERR_STORAGE_UNAVAILABLE);
    assert_in_range(failed_of_the_writer(node), 2, 2 * 4); /* two readings at most, of 9 */
    lb_rcu_offline();
    lb_freshness_stop(node->freshness);
    lb_rcu_online();
}

/* A request waits until all of it is there; those about others come in between. */
static void a_long_log_is_read_in_pieces(void **state)
{
    struct node *node = *state;
    static const char *const names[] = {"ada", "bob", "eve", "dan", "liz", "tom", "zoe"};
    struct request requests[COUNT(names)];
    struct request other;
    assert_int_equal(ask_alone(node, &other, 2, NULL), LB_OK);
    remote_lock(node->remote)->scan_ms = 30;
    remote_unlock(node->remote);
    for (size_t i = 0; i < COUNT(names); i++)
        remote_block(node->remote, 1, 1 + i * 9000 + (i > 3) * 50000, names[i]);
    for (size_t i = 0; i < COUNT(names); i++)
        ask(node, &requests[i], 1, names[i]);
    for (int i = 0; i < 500 && !memory_blocks(&node->memory, 1, "ada"); i++)
        drain(node, 5);
    remote_block(node->remote, 3, 1, "kim");
    assert_int_equal(ask_alone(node, &other, 3, "kim"), LB_OK);
    assert_true(other.blocked);
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_int_equal(await(node, &requests[i]), LB_OK);
        assert_true(requests[i].blocked);
    }
    assert_int_equal(atomic_load(&memory_workspace(&node->memory, 1)->entries), COUNT(names));
}

static void what_is_silent_is_asked_a_tenth_of_the_time(void **state)
{
    struct node *node = *state;
    struct request request;
    remote_lock(node->remote)->away = 2;
    node->remote->silent_ms = 100;
    remote_unlock(node->remote);
    uint64_t until_ms = lb_clock_mono_ms() + 1000;
    while (lb_clock_mono_ms() < until_ms) {
        assert_int_equal(ask_alone(node, &request, 2, NULL), LB_ERR_STORAGE_UNAVAILABLE);
        assert_int_equal(ask_alone(node, &request, 1, NULL), LB_OK);
        drain(node, 20);
    }
    remote_lock(node->remote)->away = 0;
    unsigned failed = node->remote->failed[0];
    remote_unlock(node->remote);
    assert_in_range(failed, 1, 4);
}

/* Those about all cost the others no more than one about what is silent. */
static void all_are_not_asked_for_again_while_one_is_silent(void **state)
{
    struct node *node = *state;
    struct request request;
    unsigned asked = 0;
    remote_lock(node->remote)->away = 2;
    node->remote->silent_ms = 100;
    remote_unlock(node->remote);
    uint64_t until_ms = lb_clock_mono_ms() + 1000;
    while (lb_clock_mono_ms() < until_ms) {
        assert_int_equal(ask_alone(node, &request, 0, NULL), LB_ERR_STORAGE_UNAVAILABLE);
        assert_int_equal(ask_alone(node, &request, 1, NULL), LB_OK);
        asked++;
        drain(node, 20);
    }
    remote_lock(node->remote)->away = 0;
    unsigned failed = node->remote->failed[0];
    remote_unlock(node->remote);
    assert_in_range(failed, 1, 4);
    assert_true(asked > failed);
    all_are_there(node);
}

static void stopping_answers_everybody_and_takes_nobody_any_more(void **state)
{
    struct node *node = *state;
    struct request requests[40];
    struct request late = {.fresh.workspace = memory_workspace(&node->memory, 1)};
    remote_block(node->remote, 1, 5, "ada");
    for (uint32_t i = 0; i < COUNT(requests); i++)
        ask(node, &requests[i], i % 4, i % 4 == 1 ? "ada" : NULL);
    lb_rcu_offline();
    lb_freshness_stop(node->freshness);
    lb_rcu_online();
    lb_mailbox_drain(node->mailbox);
    for (size_t i = 0; i < COUNT(requests); i++) {
        assert_true(requests[i].done);
        assert_int_equal(requests[i].fresh.result, LB_OK);
        assert_true(requests[i].blocked == (i % 4 == 1));
    }
    assert_int_equal(lb_freshness_ask(node->freshness, &late.fresh), LB_ERR_STORAGE_UNAVAILABLE);
    assert_int_equal(lb_mailbox_drain(node->mailbox), 0);
}

static lb_err ask_for_key(struct node *node, const char *id)
{
    struct request request = {.task.run = go_on, .node = node};
    request.fresh.key_id = lb_str(id);
    request.fresh.completion = &request.task;
    request.fresh.home = node->mailbox;
    assert_int_equal(lb_freshness_ask(node->freshness, &request.fresh), LB_OK);
    return await(node, &request);
}

static void the_workspace_of_an_unknown_key_is_looked_for(void **state)
{
    struct node *node = *state;
    struct request first;
    assert_int_equal(ask_alone(node, &first, 0, NULL), LB_OK); /* the first poll is over */
    uint32_t no = remote_add_workspace(node->remote);
    remote_lock(node->remote)->keys[no - 1] =
        (struct lb_key_row){.no = 7, .id = "new", .workspace = no};
    remote_unlock(node->remote);
    assert_int_equal(ask_for_key(node, "new"), LB_OK);
    assert_non_null(lb_directory_key(node->memory.directory, LB_STR("new")));
    assert_ptr_equal(lb_directory_key(node->memory.directory, LB_STR("new"))->workspace,
                     memory_workspace(&node->memory, no));
    assert_int_equal(ask_for_key(node, "nobody's"), LB_OK);
    assert_null(lb_directory_key(node->memory.directory, LB_STR("nobody's")));
    remote_lock(node->remote)->fail_key = LB_ERR_STORAGE_UNAVAILABLE;
    remote_unlock(node->remote);
    assert_int_equal(ask_for_key(node, "new"), LB_ERR_STORAGE_UNAVAILABLE);
}

static void what_others_do_is_read_although_nobody_asks(void **state)
{
    struct node *node = *state;
    uint32_t no = remote_add_workspace(node->remote);
    remote_block(node->remote, no, 5, "ada");
    remote_block(node->remote, 1, 6, "bob");
    for (int i = 0; i < 500 && !(memory_blocks(&node->memory, no, "ada") &&
                                 memory_blocks(&node->memory, 1, "bob"));
         i++)
        drain(node, 10);
    assert_non_null(memory_workspace(&node->memory, no));
    assert_true(memory_blocks(&node->memory, no, "ada"));
    assert_true(memory_blocks(&node->memory, 1, "bob"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_node, close_node)
    const struct CMUnitTest tests[] = {
        TEST(requests_that_come_together_are_asked_for_together),
        TEST(a_request_is_not_answered_by_a_question_that_was_under_way),
        TEST(what_memory_lacks_is_read_first_and_others_go_on_at_once),
        TEST(a_question_that_fails_fails_its_requests_and_no_later_ones),
        TEST(a_workspace_that_cannot_be_asked_takes_no_other_with_it),
        TEST(a_reading_that_fails_fails_who_waits_for_it),
        TEST(workspaces_are_read_one_by_one_for_a_second),
        TEST(a_long_log_is_read_in_pieces),
        TEST(what_is_silent_is_asked_a_tenth_of_the_time),
        TEST(all_are_not_asked_for_again_while_one_is_silent),
        TEST(stopping_answers_everybody_and_takes_nobody_any_more),
        TEST(the_workspace_of_an_unknown_key_is_looked_for),
        TEST(what_others_do_is_read_although_nobody_asks),
    };
    return cmocka_run_group_tests_name("freshness", tests, NULL, NULL);
}
