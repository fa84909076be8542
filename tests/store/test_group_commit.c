/* What the writer promises around a commit: nothing is seen before it is durable, what is
 * acknowledged is seen, a batch's writes do not spoil each other, and who may do something is
 * looked at once more when it is done. */
#include "base/log.h"
#include "base/rcu.h"
#include "support/engine.h"
#include "support/faulty_vfs.h"

#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define PATH  "leadblock.db"
#define BULK  3000
#define TIMES 40

static struct engine engine;
static char texts[BULK][16];
static const char *names[BULK];

static int open_it(void **state)
{
    faulty_format(1);
    return engine_open(&engine, PATH, FAULTY_VFS) || engine_make_workspace(&engine);
}

static int close_it(void **state)
{
    faulty_watch(NULL, NULL);
    engine_close(&engine);
    return 0;
}

/* --- Seen --- */

struct watched {
    uint64_t want; /* what checks must say meanwhile */
    unsigned looks, wrong;
    bool synced; /* the commit has reached its sync: from then on it may be seen */
};

static void look(void *context, enum faulty_op op, const char *name)
{
    struct watched *watched = context;
    watched->looks++;
    if (watched->synced)
        return; /* it is acknowledged any moment, and what follows is the next checkpoint */
    if (engine_check(&engine, NULL, "first") != watched->want ||
        engine_check(&engine, NULL, "last") != (watched->want ? watched->want + 1 : 0))
        watched->wrong++;
    watched->synced = op == FAULTY_SYNC;
}

static void nothing_is_seen_before_it_is_durable(void **state)
{
    static const char *const both[] = {"first", "last"};
    for (int i = 0; i < 10; i++) {
        struct watched watched = {0};
        struct outcome outcome;
        engine_settle(&engine); /* the writer may still be at work after the last answer */
        faulty_watch(look, &watched);
        assert_int_equal(engine_block(&engine, NULL, both, 2, NULL, &outcome), LB_OK);
        faulty_watch(NULL, NULL);
        watched.want = outcome.change;
        watched.synced = false;
        assert_int_equal(engine_check(&engine, NULL, "last"), outcome.change + 1);
        engine_settle(&engine); /* the writer may still be at work after the last answer */
        faulty_watch(look, &watched);
        assert_int_equal(engine_unblock(&engine, NULL, both, 2, NULL), LB_OK);
        faulty_watch(NULL, NULL);
        assert_true(watched.looks >= 4);
        assert_int_equal(watched.wrong, 0);
    }
}

/* Many at once, so that publishing them takes longer than it takes to answer. */
static void what_is_acknowledged_is_seen(void **state)
{
    for (int i = 0; i < TIMES; i++) {
        struct outcome outcome;
        assert_int_equal(engine_block(&engine, NULL, names, BULK, NULL, &outcome), LB_OK);
        assert_int_equal(engine_check(&engine, NULL, names[BULK - 1]), outcome.change + BULK - 1);
        assert_int_equal(engine_check(&engine, NULL, names[0]), outcome.change);
        assert_int_equal(engine_unblock(&engine, NULL, names, BULK, NULL), LB_OK);
        assert_int_equal(engine_check(&engine, NULL, names[BULK - 1]), 0);
        assert_int_equal(engine_check(&engine, NULL, names[0]), 0);
        assert_int_equal(engine_undo(&engine, outcome.change + BULK, NULL), LB_OK);
        assert_int_equal(engine_check(&engine, NULL, names[BULK - 1]), outcome.change + BULK - 1);
        assert_int_equal(engine_unblock(&engine, NULL, names, BULK, NULL), LB_OK);
    }
}

/* --- Batches --- */

struct job {
    struct lb_change change; /* first */
    struct lb_task task;
    struct lb_change_item item;
    struct lb_fingerprint fingerprint;
    lb_err spoils; /* the error of one that writes something and then fails */
    char name[16];
};

#define JOBS 24

static struct job jobs[JOBS];
static size_t arrived;
static sem_t stalled, released;

static void arrive(struct lb_task *task)
{
    arrived++;
}

static lb_err spoil(struct lb_write *write, struct lb_store *store)
{
    struct job *job = (struct job *)write;
    struct lb_log_row row = {.id = LB_ENTRY_ID_MAX - (uint64_t)(job - jobs) - 1,
                             .list = job->change.standing.list,
                             .items = LB_STR("nobody")};
    write->touched = true;
    assert_int_equal(store->ops->log_append(store, &row), LB_OK);
    return job->spoils;
}

static void prepare_job(struct job *job, struct lb_mailbox *mailbox, lb_err spoils)
{
    *job = (struct job){.spoils = spoils};
    snprintf(job->name, sizeof job->name, "job-%d", (int)(job - jobs));
    job->item.key = lb_str(job->name);
    job->change = (struct lb_change){.blocklist = engine.blocklist,
                                     .standing = engine_standing(&engine, NULL),
                                     .items = &job->item,
                                     .fingerprints = &job->fingerprint,
                                     .count = 1};
    lb_change_block(&job->change);
    if (spoils)
        job->change.write.apply = spoil;
    job->task.run = arrive;
    job->change.write.completion = &job->task;
    job->change.write.home = mailbox;
}

/* Holds the writer up in its first commit, so that the other jobs are one batch. */
static void stall(void *context, enum faulty_op op, const char *name)
{
    bool *once = context;
    if (*once)
        return;
    *once = true;
    sem_post(&stalled);
    sem_wait(&released);
}

/* Job 0 alone, all others in one batch; every `nth` of these spoils it. */
static void run_jobs(size_t count, size_t nth, lb_err spoils)
{
    bool once = false;
    struct lb_mailbox *mailbox = lb_mailbox_create();
    struct pollfd waited = {.fd = lb_mailbox_fd(mailbox), .events = POLLIN};
    struct lb_writer_stats before, after;
    arrived = 0;
    lb_writer_stats(engine.writer, &before);
    sem_init(&stalled, 0, 0);
    sem_init(&released, 0, 0);
    engine_settle(&engine);
    faulty_watch(stall, &once);
    for (size_t i = 0; i < count; i++) {
        prepare_job(&jobs[i], mailbox, nth && i && i % nth == 0 ? spoils : LB_OK);
        assert_int_equal(lb_writer_submit(engine.writer, &jobs[i].change.write), LB_OK);
        lb_rcu_offline();
        if (i == 0)
            sem_wait(&stalled);
        lb_rcu_online();
    }
    sem_post(&released);
    lb_rcu_offline();
    while (arrived < count) {
        poll(&waited, 1, -1);
        lb_mailbox_drain(mailbox);
    }
    lb_rcu_online();
    faulty_watch(NULL, NULL);
    lb_writer_stats(engine.writer, &after);
    assert_int_equal(after.batches - before.batches, 2);
    lb_mailbox_destroy(mailbox);
}

static void expect_recorded(size_t i, bool recorded)
{
    assert_int_equal(engine_check(&engine, NULL, jobs[i].name) != 0, recorded);
}

static void expect_neighbours_unharmed(lb_err spoils)
{
    run_jobs(JOBS, 4, spoils);
    for (size_t i = 0; i < JOBS; i++) {
        bool spoiler = i && i % 4 == 0;
        assert_int_equal(jobs[i].change.write.result, spoiler ? spoils : LB_OK);
        expect_recorded(i, !spoiler);
    }
    engine_close(&engine);
    assert_int_equal(engine_open(&engine, PATH, FAULTY_VFS), LB_OK);
    for (size_t i = 0; i < JOBS; i++)
        expect_recorded(i, !(i && i % 4 == 0));
    uint64_t first = engine_check(&engine, NULL, jobs[0].name);
    assert_int_equal(engine_check(&engine, NULL, jobs[JOBS - 1].name), first + 18);
}

static void a_refused_write_leaves_its_neighbours_alone(void **state)
{
    expect_neighbours_unharmed(LB_ERR_BAD_REQUEST);
}

static void a_write_that_failed_leaves_its_neighbours_alone(void **state)
{
    expect_neighbours_unharmed(LB_ERR_STORAGE_UNAVAILABLE);
}

/* The writer gives up on a batch with too many of them; what it then says is so. */
static void a_batch_that_is_given_up_recorded_nothing(void **state)
{
    run_jobs(JOBS, 2, LB_ERR_BAD_REQUEST);
    assert_int_equal(jobs[0].change.write.result, LB_OK);
    for (size_t i = 1; i < JOBS; i++) {
        assert_int_not_equal(jobs[i].change.write.result, LB_OK);
        expect_recorded(i, false);
    }
    engine_close(&engine);
    assert_int_equal(engine_open(&engine, PATH, FAULTY_VFS), LB_OK);
    for (size_t i = 0; i < JOBS; i++)
        expect_recorded(i, i == 0);
}

static void a_batch_is_committed_as_one(void **state)
{
    run_jobs(JOBS, 0, LB_OK);
    for (size_t i = 0; i < JOBS; i++)
        assert_int_equal(jobs[i].change.write.result, LB_OK);
    engine_close(&engine);
    assert_int_equal(engine_open(&engine, PATH, FAULTY_VFS), LB_OK);
    for (size_t i = 0; i < JOBS; i++)
        expect_recorded(i, true);
}

/* Fails the first sync after job 0 was committed and published. */
static void fail_next_commit(void *context, enum faulty_op op, const char *name)
{
    stall(context, op, name);
    if (op != FAULTY_SYNC || !engine_check(&engine, NULL, jobs[0].name))
        return;
    faulty_fail(FAULTY_SYNC, 1, SQLITE_IOERR_FSYNC, false);
    faulty_watch(NULL, NULL);
}

static void a_failed_commit_is_unknown_to_the_whole_batch(void **state)
{
    bool once = false;
    struct lb_mailbox *mailbox = lb_mailbox_create();
    sem_init(&stalled, 0, 0);
    sem_init(&released, 0, 0);
    arrived = 0;
    engine_settle(&engine);
    faulty_watch(fail_next_commit, &once);
    for (size_t i = 0; i < JOBS; i++) {
        prepare_job(&jobs[i], mailbox, LB_OK);
        assert_int_equal(lb_writer_submit(engine.writer, &jobs[i].change.write), LB_OK);
        lb_rcu_offline();
        if (i == 0)
            sem_wait(&stalled);
        lb_rcu_online();
    }
    sem_post(&released);
    lb_rcu_offline();
    while (arrived < JOBS)
        lb_mailbox_drain(mailbox);
    lb_rcu_online();
    assert_true(faulty_heal());
    assert_int_equal(jobs[0].change.write.result, LB_OK);
    for (size_t i = 1; i < JOBS; i++) {
        assert_int_equal(jobs[i].change.write.result, LB_ERR_OUTCOME_UNKNOWN);
        expect_recorded(i, false);
    }
    assert_true(atomic_load(&engine.failed));
    lb_mailbox_destroy(mailbox);
}

/* --- Standing --- */

static struct lb_key *make_key(void)
{
    struct lb_admin_change change = {
        .directory = engine.directory, .workspace = engine.workspace, .key_row = {.name = "Test"}};
    lb_admin_create_key(&change);
    assert_int_equal(engine_submit(&engine, &change.write), LB_OK);
    return change.key;
}

static lb_err block_as(struct lb_standing standing)
{
    struct lb_change_item item = {.key = LB_STR("somebody")};
    struct lb_fingerprint fingerprint;
    struct lb_change change = {.blocklist = engine.blocklist,
                               .standing = standing,
                               .items = &item,
                               .fingerprints = &fingerprint,
                               .count = 1};
    lb_change_block(&change);
    return engine_submit(&engine, &change.write);
}

static void a_key_revoked_meanwhile_changes_nothing(void **state)
{
    struct lb_standing standing = engine_standing(&engine, NULL);
    standing.key = make_key();
    struct lb_admin_change revoke = {.directory = engine.directory, .key = standing.key};
    lb_admin_revoke_key(&revoke);
    assert_int_equal(engine_submit(&engine, &revoke.write), LB_OK);
    assert_int_equal(block_as(standing), LB_ERR_INVALID_API_KEY);
    assert_int_equal(engine_check(&engine, NULL, "somebody"), 0);
    standing.key = make_key();
    assert_int_equal(block_as(standing), LB_OK);
}

static void a_licence_that_ended_meanwhile_changes_nothing(void **state)
{
    struct lb_standing standing = engine_standing(&engine, NULL);
    standing.needs_license = true;
    struct lb_admin_change change = {.directory = engine.directory,
                                     .workspace = engine.workspace,
                                     .workspace_row = {.plan = LB_PLAN_AGENCY, .expires_at = 1}};
    lb_admin_set_plan(&change);
    assert_int_equal(engine_submit(&engine, &change.write), LB_OK);
    assert_int_equal(block_as(standing), LB_ERR_LICENSE_EXPIRED);
    assert_int_equal(engine_check(&engine, NULL, "somebody"), 0);
}

static void a_campaign_deleted_meanwhile_changes_nothing(void **state)
{
    assert_int_equal(engine_make_campaign(&engine, "gone"), LB_OK);
    struct lb_standing standing = engine_standing(&engine, "gone");
    assert_int_equal(engine_delete_campaign(&engine, "gone"), LB_OK);
    assert_int_equal(block_as(standing), LB_ERR_CAMPAIGN_NOT_FOUND);
    assert_int_equal(engine_make_campaign(&engine, "gone"), LB_OK); /* another one of that id */
    assert_int_equal(block_as(standing), LB_ERR_CAMPAIGN_NOT_FOUND);
    assert_int_equal(engine_check(&engine, "gone", "somebody"), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_it, close_it)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(nothing_is_seen_before_it_is_durable),
        TEST(what_is_acknowledged_is_seen),
        TEST(a_refused_write_leaves_its_neighbours_alone),
        TEST(a_write_that_failed_leaves_its_neighbours_alone),
        TEST(a_batch_that_is_given_up_recorded_nothing),
        TEST(a_batch_is_committed_as_one),
        TEST(a_failed_commit_is_unknown_to_the_whole_batch),
        TEST(a_key_revoked_meanwhile_changes_nothing),
        TEST(a_licence_that_ended_meanwhile_changes_nothing),
        TEST(a_campaign_deleted_meanwhile_changes_nothing),
    };
    for (size_t i = 0; i < BULK; i++) {
        snprintf(texts[i], sizeof texts[i], "bulk-%zu", i);
        names[i] = texts[i];
    }
    lb_log_set_level((enum lb_log_level) - 1);
    lb_rcu_thread_register();
    int failed = cmocka_run_group_tests_name("group commit", tests, NULL, NULL);
    lb_rcu_thread_unregister();
    return failed;
}
