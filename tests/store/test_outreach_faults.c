/* The nth write to the disk, sync or allocation fails while leads are added, claimed, reported or
 * blocked, for every n (support/thinned.h) until the operation comes through untouched: all of it
 * is done or nothing, as the answer says, and what is kept twice in the file agrees. */
#include "base/log.h"
#include "base/rcu.h"
#include "support/faulty_memory.h"
#include "support/faulty_vfs.h"
#include "support/outreach.h"
#include "support/thinned.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define PATH    "leadblock.db"
#define C       "c"
#define LEADS   12
#define NEW     8
#define LEASE_S 3600

/* --- The operations --------------------------------------------------------------------------- */

struct run {
    struct engine engine;
    struct claimed out; /* before the operation, for reporting it */
    uint64_t step;      /* the second, which has a variant */
    struct claimed claimed[LEADS + NEW];
    size_t count;
    struct added added;
    struct outcome outcome;
};

static char names[LEADS + NEW][24];
static const char *pointers[LEADS + NEW];

static lb_err add(struct run *run)
{
    struct lb_new_lead leads[NEW];
    for (size_t i = 0; i < NEW; i++)
        leads[i] = (struct lb_new_lead){.identifier = lb_str(names[LEADS + i]),
                                        .fields[LB_LEAD_FIRST_NAME] = LB_STR("Ada")};
    leads[0].identifier = lb_str(names[1]); /* which learns */
    leads[0].member_id = LB_STR("ACoAAlearnt");
    return outreach_add(&run->engine, C, leads, NEW, &run->added);
}

static lb_err claim(struct run *run)
{
    return outreach_claim(&run->engine, C, LEADS, LEASE_S, run->claimed, &run->count);
}

static lb_err complete(struct run *run)
{
    return outreach_complete(&run->engine, &run->out, LB_RESULT_REPLIED, "a detail", NULL);
}

static lb_err opt_out(struct run *run)
{
    return outreach_complete(&run->engine, &run->out, LB_RESULT_OPTED_OUT, "a detail", NULL);
}

static lb_err remove_step(struct run *run)
{
    return outreach_remove_step(&run->engine, C, run->step);
}

static lb_err block(struct run *run)
{
    return engine_block(&run->engine, NULL, pointers, LEADS / 2, "asked us to", &run->outcome);
}

static int64_t ask(const char *sql)
{
    return outreach_ask(PATH, FAULTY_VFS, sql);
}

/* Each with what tells whether it was done: the answer to `sql` if so, and if not. What a claim
 * answered must be what the file says, too. */
static const struct operation {
    const char *name;
    lb_err (*run)(struct run *run);
    const char *sql;
    int64_t undone, done;
} operations[] = {
    {"add", add,
     "SELECT (SELECT count(*) FROM lead) + (SELECT count(*) FROM lead_name)"
     " + (SELECT sum(leads_waiting) FROM campaign)",
     3 * LEADS - 1, 3 * LEADS - 1 + 3 * (NEW - 1) + 1},
    {"claim", claim,
     "SELECT (SELECT count(*) FROM activity WHERE state = 1)"
     " + (SELECT count(*) FROM lead WHERE queue = 1) + (SELECT sum(leads_active) FROM campaign)",
     3, 3 * LEADS},
    {"complete", complete,
     "SELECT (SELECT count(*) FROM activity WHERE state = 3 AND detail = 'a detail')"
     " + (SELECT count(*) FROM lead WHERE status = 3)"
     " + (SELECT sum(leads_completed + leads_replied) FROM campaign)",
     0, 4},
    {"opt out", opt_out,
     "SELECT (SELECT count(*) FROM activity WHERE state = 3 AND detail = 'a detail')"
     " + (SELECT count(*) FROM lead WHERE status = 3 AND marks & 16)"
     " + (SELECT sum(leads_completed + leads_replied) FROM campaign)"
     " + (SELECT count(*) FROM blocklist_live WHERE reason = 'a detail')"
     " + (SELECT count(*) FROM lead WHERE set_aside)",
     0, 6},
    {"remove step", remove_step,
     "SELECT (SELECT count(*) FROM step WHERE deleted_at) + (SELECT count(*) = 0 FROM "
     "step_variant)",
     0, 2},
    {"block", block,
     "SELECT (SELECT count(*) FROM blocklist_live) + (SELECT count(*) FROM lead WHERE set_aside)"
     " + (SELECT sum(leads_set_aside) FROM campaign)",
     0, 3 * (LEADS / 2)},
};

static void start(struct run *run)
{
    struct lb_step_row step = {
        .type = LB_STEP_MESSAGE, .stop_on_reply = true, .body = LB_STR("Hi {{firstName|you}}")};
    struct lb_new_lead leads[LEADS];
    *run = (struct run){.count = 0};
    faulty_format(1);
    assert_int_equal(engine_open(&run->engine, PATH, FAULTY_VFS), LB_OK);
    assert_int_equal(engine_make_workspace(&run->engine), LB_OK);
    assert_int_equal(engine_make_campaign(&run->engine, C), LB_OK);
    assert_int_equal(outreach_add_step(&run->engine, C, step, 0, NULL), LB_OK);
    assert_int_equal(outreach_add_step(&run->engine, C, step, 0, &run->step), LB_OK);
    assert_int_equal(outreach_add_variant(&run->engine, C, run->step, "Hello"), LB_OK);
    for (size_t i = 0; i < LEADS; i++)
        leads[i] = (struct lb_new_lead){.identifier = lb_str(names[i])};
    assert_int_equal(outreach_add(&run->engine, C, leads, LEADS, NULL), LB_OK);
    assert_int_equal(outreach_activate(&run->engine, C), LB_OK);
    assert_int_equal(outreach_claim(&run->engine, C, 1, LEASE_S, &run->out, &run->count), LB_OK);
    assert_int_equal(run->count, 1);
}

static void expect(bool good, const struct operation *operation, int64_t nth, const char *what)
{
    if (good)
        return;
    print_error("%s, failure %lld: %s\n", operation->name, (long long)nth, what);
    exit(1); /* files are open: no other test could begin */
}

/* What is in the file, and whether that is what was said. */
static void judge(const struct run *run, const struct operation *operation, int64_t nth, lb_err err)
{
    const char *why;
    int64_t found = ask(operation->sql);
    expect(outreach_consistent(PATH, FAULTY_VFS, &why), operation, nth, why);
    expect(found == operation->done || found == operation->undone, operation, nth,
           "neither done nor not");
    expect(err != LB_OK || found == operation->done, operation, nth, "acknowledged but not done");
    expect(err != LB_ERR_STORAGE_UNAVAILABLE || found == operation->undone, operation, nth,
           "refused but done");
    expect(err == LB_OK || err == LB_ERR_STORAGE_UNAVAILABLE || err == LB_ERR_OUTCOME_UNKNOWN,
           operation, nth, lb_err_code(err));
    if (err || operation->run != claim)
        return;
    expect(run->count == LEADS - 1, operation, nth, "a claim that answered with too few");
    for (size_t i = 0; i < run->count; i++)
        expect(strcmp(run->claimed[i].message, "Hi you") == 0, operation, nth, "a wrong text");
}

/* Runs it with a fault that `inject` sets up; false when nothing failed. */
static bool run_once(const struct operation *operation, int64_t nth, void (*inject)(int64_t nth),
                     bool (*heal)(void))
{
    struct run run;
    start(&run);
    inject(nth);
    lb_err err = operation->run(&run);
    bool hit = heal();
    expect(hit || !err, operation, nth, "refused without a reason");
    if (err != LB_ERR_OUTCOME_UNKNOWN) { /* then the file is the next start's */
        judge(&run, operation, nth, err);
        /* The writer goes on, and the operation can be repeated. */
        lb_err again = err ? operation->run(&run) : LB_OK;
        judge(&run, operation, nth, again);
        expect(again == LB_OK, operation, nth, "cannot be repeated");
    }
    engine_close(&run.engine);
    assert_int_equal(engine_open(&run.engine, PATH, FAULTY_VFS), LB_OK);
    judge(&run, operation, nth, LB_ERR_OUTCOME_UNKNOWN);
    engine_close(&run.engine);
    return hit;
}

static void fail_each(void (*inject)(int64_t nth), bool (*heal)(void), int64_t pace)
{
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        int64_t nth = 1;
        uint64_t number = 1; /* of the case */
        while (run_once(&operations[i], nth, inject, heal))
            nth = thinned_nth(nth, &number, pace);
        print_message("%s: up to failure %lld\n", operations[i].name, (long long)nth);
        assert_true(nth > 1);
    }
}

static void inject_write(int64_t nth)
{
    faulty_fail(FAULTY_WRITE, (uint64_t)nth, SQLITE_IOERR_WRITE, false);
}

static void inject_sync(int64_t nth)
{
    faulty_fail(FAULTY_SYNC, (uint64_t)nth, SQLITE_IOERR_FSYNC, false);
}

static void a_failed_write_is_all_or_nothing(void **state)
{
    fail_each(inject_write, faulty_heal, 1000);
}

static void a_failed_sync_is_all_or_nothing(void **state)
{
    fail_each(inject_sync, faulty_heal, 1000);
}

static void a_failed_allocation_is_all_or_nothing(void **state)
{
    fail_each(faulty_memory_fail, faulty_memory_heal, 12);
}

/* --- Any method of the store ------------------------------------------------------------------ */

/* The store's methods, of which the nth write of a batch fails after it was done. */
static struct lb_store_ops faulty_ops;
static const struct lb_store_ops *real_ops;
static int64_t calls_until_failure;
static _Atomic bool method_failed;

static lb_err after(lb_err err)
{
    if (err || calls_until_failure == 0 || --calls_until_failure)
        return err;
    atomic_store(&method_failed, true);
    return LB_ERR_STORAGE_UNAVAILABLE;
}

static lb_err lead_insert(struct lb_store *store, struct lb_lead_row *row)
{
    return after(real_ops->lead_insert(store, row));
}

static lb_err lead_learn(struct lb_store *store, const struct lb_lead_row *row, struct lb_str name)
{
    return after(real_ops->lead_learn(store, row, name));
}

static lb_err lead_move(struct lb_store *store, const struct lb_lead_row *row)
{
    return after(real_ops->lead_move(store, row));
}

static lb_err activity_put(struct lb_store *store, const struct lb_activity_row *row)
{
    return after(real_ops->activity_put(store, row));
}

static lb_err campaign_count(struct lb_store *store, uint32_t workspace, uint32_t no,
                             const struct lb_counts *change)
{
    return after(real_ops->campaign_count(store, workspace, no, change));
}

static lb_err campaign_set_status(struct lb_store *store, uint32_t workspace, uint32_t no,
                                  enum lb_campaign_status status)
{
    return after(real_ops->campaign_set_status(store, workspace, no, status));
}

static lb_err log_append(struct lb_store *store, const struct lb_log_row *row)
{
    return after(real_ops->log_append(store, row));
}

static lb_err step_update(struct lb_store *store, const struct lb_step_row *row)
{
    return after(real_ops->step_update(store, row));
}

static lb_err variants_drop(struct lb_store *store, uint32_t workspace, uint32_t campaign,
                            uint64_t step)
{
    return after(real_ops->variants_drop(store, workspace, campaign, step));
}

static bool run_with_failing_method(const struct operation *operation, int64_t nth)
{
    struct run run;
    start(&run);
    real_ops = run.engine.store->ops;
    faulty_ops = *real_ops;
    faulty_ops.lead_insert = lead_insert;
    faulty_ops.lead_learn = lead_learn;
    faulty_ops.lead_move = lead_move;
    faulty_ops.activity_put = activity_put;
    faulty_ops.campaign_count = campaign_count;
    faulty_ops.campaign_set_status = campaign_set_status;
    faulty_ops.log_append = log_append;
    faulty_ops.step_update = step_update;
    faulty_ops.variants_drop = variants_drop;
    calls_until_failure = nth;
    atomic_store(&method_failed, false);
    run.engine.store->ops = &faulty_ops; /* the writer waits for work, of which there is none */
    lb_err err = operation->run(&run);
    bool hit = atomic_load(&method_failed);
    expect(!err == !hit, operation, nth, "said otherwise");
    judge(&run, operation, nth, err);
    if (err)
        judge(&run, operation, nth, operation->run(&run));
    run.engine.store->ops = real_ops;
    engine_close(&run.engine);
    return hit;
}

static void a_failed_method_is_all_or_nothing(void **state)
{
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        int64_t nth = 1;
        while (run_with_failing_method(&operations[i], nth))
            nth++;
        print_message("%s: %lld writes\n", operations[i].name, (long long)nth - 1);
        assert_true(nth > 2);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failed_write_is_all_or_nothing),
        cmocka_unit_test(a_failed_sync_is_all_or_nothing),
        cmocka_unit_test(a_failed_allocation_is_all_or_nothing),
        cmocka_unit_test(a_failed_method_is_all_or_nothing),
    };
    for (size_t i = 0; i < LEADS + NEW; i++) {
        snprintf(names[i], sizeof names[i], "lead-%zu", i);
        pointers[i] = names[i];
    }
    faulty_memory_install();
    lb_log_set_level((enum lb_log_level) - 1); /* failures are what this is about */
    lb_rcu_thread_register();
    int broken = cmocka_run_group_tests_name("outreach faults", tests, NULL, NULL);
    lb_rcu_thread_unregister();
    return broken;
}
