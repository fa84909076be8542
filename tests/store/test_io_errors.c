/* The nth operation on the disk fails, for every n (support/thinned.h) until a run is clean; and
 * the disk is full.
 *
 * What an answer says must be so: acknowledged is there after the next start, storage_unavailable
 * and storage_full recorded nothing, outcome_unknown is there wholly or not at all and ends all
 * writing. The same script of changes runs each time; LEADBLOCK_SEED chooses another one. */
#include "base/log.h"
#include "base/rcu.h"
#include "store/migrations.h"
#include "store/sqlite/internal.h"
#include "support/actor.h"
#include "support/faulty_vfs.h"
#include "support/thinned.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define PATH  "leadblock.db"
#define STEPS 26

static uint64_t seed = 7;

struct run {
    struct engine engine;
    struct actor *actor;
    unsigned refused, full, unknown; /* answers */
};

static const char *described(const char *what, enum faulty_op op, uint64_t nth)
{
    static char text[128];
    snprintf(text, sizeof text, "%s, %s %llu", what, faulty_op_name(op), (unsigned long long)nth);
    return text;
}

static void expect(const struct run *run, bool good, const char *what)
{
    if (good && !run->actor->failure[0])
        return;
    print_error("%s: %s\n", what, run->actor->failure);
    exit(1); /* files are open: no other test could begin */
}

static void start(struct run *run)
{
    *run = (struct run){.actor = calloc(1, sizeof *run->actor)};
    faulty_format(seed);
    assert_int_equal(engine_open(&run->engine, PATH, FAULTY_VFS), LB_OK);
    assert_int_equal(engine_make_workspace(&run->engine), LB_OK);
    actor_init(run->actor, &run->engine, 0, seed);
}

static void reopen(struct run *run, const char *what)
{
    bool good = engine_open(&run->engine, PATH, FAULTY_VFS) == LB_OK &&
                actors_verify(run->actor, 1, PATH, FAULTY_VFS);
    expect(run, good, what);
}

static void finish(struct run *run)
{
    engine_close(&run->engine);
    free(run->actor);
}

static void step(struct run *run, const char *what)
{
    bool had_failed = atomic_load(&run->engine.failed);
    lb_err err = actor_step(run->actor);
    run->refused += err == LB_ERR_STORAGE_UNAVAILABLE;
    run->full += err == LB_ERR_STORAGE_FULL;
    run->unknown += err == LB_ERR_OUTCOME_UNKNOWN;
    if (had_failed && err != LB_ERR_STORAGE_UNAVAILABLE)
        expect(run, false, "accepted a change after an unknown outcome");
    if (atomic_load(&run->engine.failed) != (had_failed || err == LB_ERR_OUTCOME_UNKNOWN))
        expect(run, false, "an unknown outcome and the writer's end must come together");
    expect(run, true, what);
}

/* The writer goes on after it has answered: it writes the log back. Not in the middle of that. */
static void watch(struct run *run, void (*look)(void *, enum faulty_op, const char *),
                  void *context)
{
    engine_settle(&run->engine);
    faulty_watch(look, context);
}

/* The script with the nth operation failing; then a new start, after the power was lost or not.
 * False: nothing failed. */
static bool fail_nth(enum faulty_op op, uint64_t nth, int code, bool for_ever, bool power_loss,
                     struct run *total)
{
    struct run run;
    const char *what = described(power_loss ? "then power loss" : "then a restart", op, nth);
    start(&run);
    faulty_fail(op, nth, code, for_ever);
    for (int i = 0; i < STEPS; i++)
        step(&run, what);
    bool failed = faulty_heal();
    if (power_loss)
        faulty_cut_power();
    engine_close(&run.engine);
    if (power_loss)
        faulty_restore_power();
    reopen(&run, what);
    step(&run, what);
    expect(&run, run.actor->acknowledged > 0, "nothing works after the next start");
    total->refused += run.refused;
    total->full += run.full;
    total->unknown += run.unknown;
    finish(&run);
    return failed;
}

static void fail_each(enum faulty_op op, int code, bool for_ever, struct run *total)
{
    uint64_t nth = 1;
    *total = (struct run){0};
    while (fail_nth(op, nth, code, for_ever, nth % 2, total))
        nth += thinned_step(nth);
    print_message("%s: %llu operations; %u refused, %u full, %u unknown\n", faulty_op_name(op),
                  (unsigned long long)nth, total->refused, total->full, total->unknown);
    assert_true(nth > 1);
}

static void failed_writes_are_told(void **state)
{
    struct run total;
    fail_each(FAULTY_WRITE, SQLITE_IOERR_WRITE, false, &total);
    assert_true(total.unknown > 0);
    assert_int_equal(total.full, 0);
}

static void failed_syncs_are_told(void **state)
{
    struct run total;
    fail_each(FAULTY_SYNC, SQLITE_IOERR_FSYNC, false, &total);
    assert_true(total.unknown > 0);
}

static void failing_syncs_are_told(void **state)
{
    struct run total;
    fail_each(FAULTY_SYNC, SQLITE_IOERR_FSYNC, true, &total);
    assert_true(total.unknown > 0);
}

/* The script's database is small: a store that has just been opened reads. Reading happens before
 * the commit: nothing is recorded, and the next change works. */
static void failed_reads_are_told(void **state)
{
    unsigned refused = 0;
    bool failed = true;
    for (uint64_t nth = 1; failed; nth += thinned_step(nth)) {
        struct run run;
        const char *what = described("a read fails", FAULTY_READ, nth);
        start(&run);
        for (int i = 0; i < STEPS; i++)
            step(&run, what);
        engine_close(&run.engine);
        assert_int_equal(engine_open(&run.engine, PATH, FAULTY_VFS), LB_OK);
        faulty_fail(FAULTY_READ, nth, SQLITE_IOERR_READ, false);
        for (int i = 0; i < STEPS; i++)
            step(&run, what);
        failed = faulty_heal();
        engine_close(&run.engine);
        reopen(&run, what);
        refused += run.refused;
        finish(&run);
    }
    print_message("reads: %u refused\n", refused);
}

/* A page of a list is what is there, or an error. */
static void failed_reads_of_lists_are_errors(void **state)
{
    struct run run;
    bool failed = true;
    unsigned errors = 0;
    start(&run);
    for (int i = 0; i < STEPS; i++)
        step(&run, "before");
    const struct lb_store_ops *ops = run.engine.store->ops;
    for (uint64_t nth = 1; failed; nth += thinned_step(nth)) {
        struct lb_store_reader *reader;
        assert_int_equal(ops->reader_open(run.engine.store, &reader), LB_OK);
        faulty_fail(FAULTY_READ, nth, SQLITE_IOERR_READ, false);
        bool good = actor_verify(run.actor, reader);
        failed = faulty_heal();
        ops->reader_close(reader);
        if (good)
            continue;
        errors++;
        assert_true(failed && strstr(run.actor->failure, "cannot read list"));
        run.actor->failure[0] = '\0';
    }
    print_message("reads of lists: %u errors\n", errors);
    assert_true(errors > 0);
    finish(&run);
}

/* Whatever fails while the store is opened, the server does not start, or is complete. */
static void failed_starts_lose_nothing(void **state)
{
    static const int codes[FAULTY_OPS] = {SQLITE_IOERR_READ,     SQLITE_CANTOPEN,
                                          SQLITE_IOERR_WRITE,    SQLITE_IOERR_FSYNC,
                                          SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_DELETE};
    for (enum faulty_op op = FAULTY_READ; op < FAULTY_OPS; op++) {
        struct run run;
        bool failed = true;
        start(&run);
        for (int i = 0; i < STEPS; i++)
            step(&run, "before");
        /* Left without an end, so that the next start has a log to recover. */
        for (uint64_t nth = 1; failed; nth += thinned_step(nth)) {
            const char *what = described("start", op, nth);
            faulty_cut_power();
            engine_close(&run.engine);
            faulty_restore_power();
            faulty_fail(op, nth, codes[op], false);
            lb_err err = engine_open(&run.engine, PATH, FAULTY_VFS);
            failed = faulty_heal();
            if (err)
                expect(&run, failed, what);
            else
                expect(&run, actors_verify(run.actor, 1, PATH, FAULTY_VFS), what);
            if (err)
                reopen(&run, what);
            step(&run, what);
        }
        finish(&run);
    }
}

/* A new folder: a first start that fails leaves nothing that hinders the next. */
static void failed_first_starts_hinder_nothing(void **state)
{
    static const enum faulty_op ops[] = {FAULTY_OPEN, FAULTY_WRITE, FAULTY_SYNC, FAULTY_DELETE};
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++) {
        bool failed = true;
        for (uint64_t nth = 1; failed; nth += thinned_step(nth)) {
            struct engine engine;
            faulty_format(nth);
            faulty_fail(ops[i], nth, i ? SQLITE_IOERR : SQLITE_CANTOPEN, false);
            lb_err err = engine_open(&engine, PATH, FAULTY_VFS);
            failed = faulty_heal();
            if (!err)
                engine_close(&engine);
            assert_int_equal(engine_open(&engine, PATH, FAULTY_VFS), LB_OK);
            assert_int_equal(engine_make_workspace(&engine), LB_OK);
            engine_close(&engine);
        }
    }
}

/* Once there is room again the same process works on. */
static void a_full_disk_refuses_and_recovers(void **state)
{
    unsigned full = 0;
    bool failed = true;
    for (uint64_t nth = 1; failed; nth += thinned_step(nth)) {
        struct run run;
        const char *what = described("full", FAULTY_WRITE, nth);
        start(&run);
        faulty_fail(FAULTY_WRITE, nth, SQLITE_FULL, nth % 3 != 0);
        for (int i = 0; i < STEPS; i++)
            step(&run, what);
        assert_int_equal(run.unknown + run.refused, 0);
        full += run.full;
        expect(&run, actors_verify(run.actor, 1, PATH, FAULTY_VFS), what);
        failed = faulty_heal();
        uint64_t before = run.actor->acknowledged;
        for (int i = 0; i < 5; i++)
            step(&run, what);
        assert_true(run.actor->acknowledged == before + 5);
        if (nth % 2)
            faulty_cut_power();
        engine_close(&run.engine);
        if (nth % 2)
            faulty_restore_power();
        reopen(&run, what);
        finish(&run);
    }
    print_message("full: %u refused\n", full);
    assert_true(full > 0);
}

/* A disk of a given size: what is there can be overwritten, nothing can grow. */
static void a_disk_without_room_refuses_and_recovers(void **state)
{
    for (unsigned extra = 0; extra < 64; extra += 3) {
        struct run run;
        start(&run);
        step(&run, "with room");
        faulty_set_room(faulty_used() + extra * 1000);
        for (int i = 0; i < 4 * STEPS; i++)
            step(&run, "without room");
        assert_int_equal(run.unknown + run.refused, 0);
        expect(&run, actors_verify(run.actor, 1, PATH, FAULTY_VFS), "checks without room");
        uint64_t before = run.actor->acknowledged;
        faulty_set_room(0);
        for (int i = 0; i < 5; i++)
            step(&run, "with room again");
        assert_true(run.actor->acknowledged == before + 5);
        faulty_cut_power();
        engine_close(&run.engine);
        faulty_restore_power();
        reopen(&run, "after a full disk and a power loss");
        if (extra == 0)
            assert_true(run.full > 0);
        finish(&run);
    }
}

static void restart_without_power(struct run *run, const char *what)
{
    faulty_cut_power();
    engine_close(&run->engine);
    faulty_set_room(0);
    faulty_restore_power();
    faulty_set_room(faulty_used());
    reopen(run, what);
}

/* What a crash has left in the log cannot be written back: all is answered, nothing is written
 * after it, and once there is room the same process works on. */
static void a_start_without_room_refuses_and_recovers(void **state)
{
    unsigned full = 0;
    for (int round = 0; round < 24; round++) {
        struct run run;
        start(&run);
        for (int i = 0; i < 3 + round; i++)
            step(&run, "with room");
        for (int restarts = 0; restarts <= round % 3; restarts++) {
            restart_without_power(&run, "started without room");
            for (int i = 0; i < 5; i++)
                step(&run, "without room");
            expect(&run, actors_verify(run.actor, 1, PATH, FAULTY_VFS), "checks without room");
        }
        assert_int_equal(run.unknown + run.refused, 0);
        full += run.full;
        uint64_t before = run.actor->acknowledged;
        faulty_set_room(0);
        for (int i = 0; i < 5; i++)
            step(&run, "with room again");
        assert_true(run.actor->acknowledged == before + 5);
        faulty_cut_power();
        engine_close(&run.engine);
        faulty_restore_power();
        reopen(&run, "after a start without room and a power loss");
        finish(&run);
    }
    print_message("started without room: %u refused\n", full);
    assert_true(full > 0);
}

/* Writing the log back fails for ever: all changes are in the log, which just grows. */
struct checkpoint_fault {
    uint64_t hits, writes;
};

static void fail_database_syncs(void *context, enum faulty_op op, const char *name)
{
    struct checkpoint_fault *fault = context;
    if (op != FAULTY_SYNC || strcmp(name, PATH) != 0)
        return;
    fault->hits++;
    faulty_fail(FAULTY_SYNC, 1, SQLITE_IOERR_FSYNC, false);
}

static void failing_checkpoints_lose_nothing(void **state)
{
    struct checkpoint_fault fault = {0};
    struct run run;
    start(&run);
    watch(&run, fail_database_syncs, &fault);
    for (int i = 0; i < 6 * STEPS; i++)
        step(&run, "while checkpoints fail");
    assert_true(fault.hits > 1);
    assert_int_equal(run.actor->acknowledged, 6 * STEPS);
    faulty_cut_power();
    faulty_watch(NULL, NULL);
    engine_close(&run.engine);
    faulty_heal();
    faulty_restore_power();
    reopen(&run, "after checkpoints failed and a power loss");
    finish(&run);
}

/* Another program's transaction, which keeps checkpoints from writing back what comes after it. */
static sqlite3 *begin_reading(void)
{
    sqlite3 *db = NULL;
    int flags = SQLITE_OPEN_READONLY;
    assert_int_equal(sqlite3_open_v2(PATH, &db, flags, lb_pages_vfs(FAULTY_VFS)->zName), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db, "BEGIN; SELECT count(*) FROM blocklist_log", NULL, NULL, NULL), SQLITE_OK);
    return db;
}

static void fail_first_database_sync(void *context, enum faulty_op op, const char *name)
{
    struct checkpoint_fault *fault = context;
    if (strcmp(name, PATH) != 0)
        return;
    fault->writes += op == FAULTY_WRITE;
    if (op == FAULTY_SYNC && ++fault->hits == 1)
        faulty_fail(FAULTY_SYNC, 1, SQLITE_IOERR_FSYNC, false);
}

/* While the first reads, nothing is written back; then what came before the second one. */
static void write_back_in_part(struct run *run, struct checkpoint_fault *fault)
{
    sqlite3 *first = begin_reading();
    for (int i = 0; i < STEPS; i++)
        step(run, "while another program reads");
    engine_settle(&run->engine);
    sqlite3 *second = begin_reading();
    step(run, "after what the second one reads");
    watch(run, fail_first_database_sync, fault);
    sqlite3_close(first);
    for (int i = 0; i < STEPS; i++)
        step(run, "while another program reads");
    engine_settle(&run->engine);
    assert_true(fault->writes > 0);
    assert_int_equal(fault->hits, 0);
    sqlite3_close(second);
}

/* What a sync could not write no later one writes, also what an earlier checkpoint has written. */
static void a_failed_sync_of_a_part_loses_nothing(void **state)
{
    uint64_t first = seed;
    for (; seed < first + 6; seed++) {
        struct checkpoint_fault fault = {0};
        struct run run;
        start(&run);
        write_back_in_part(&run, &fault);
        while (fault.hits < 3)
            step(&run, "while a checkpoint fails, and later");
        engine_settle(&run.engine);
        faulty_watch(NULL, NULL);
        faulty_cut_power();
        engine_close(&run.engine);
        faulty_heal();
        faulty_restore_power();
        reopen(&run, "after a checkpoint in two parts failed and a power loss");
        finish(&run);
    }
    seed = first;
}

struct mark_fault {
    int code;
    bool log_synced; /* by the operation before */
    uint64_t hits;
};

static void fail_mark_writes(void *context, enum faulty_op op, const char *name)
{
    struct mark_fault *fault = context;
    if (op == FAULTY_WRITE && strstr(name, "-mark") && fault->log_synced) {
        fault->hits++;
        faulty_fail(FAULTY_WRITE, 1, fault->code, false);
    }
    fault->log_synced = op == FAULTY_SYNC && strstr(name, "-wal");
}

/* After a commit: it lags then, and the store says so, for the process must end. A full disk is no
 * such failure. */
static unsigned fail_marks(int code)
{
    struct mark_fault fault = {.code = code};
    struct lb_reason reason;
    struct run run;
    unsigned told = 0;
    start(&run);
    step(&run, "before");
    uint64_t before = run.actor->acknowledged;
    watch(&run, fail_mark_writes, &fault);
    for (int i = 0; i < STEPS; i++) {
        step(&run, "while the mark cannot be written");
        told += run.engine.store->ops->intact(run.engine.store, &reason) != LB_OK;
    }
    assert_true(fault.hits > STEPS / 2);
    assert_true(run.actor->acknowledged - before == STEPS);
    faulty_cut_power();
    faulty_watch(NULL, NULL);
    engine_close(&run.engine);
    faulty_heal();
    faulty_restore_power();
    reopen(&run, "after the mark could not be written and a power loss");
    finish(&run);
    return told;
}

static void a_mark_that_cannot_be_written_loses_nothing_and_is_told(void **state)
{
    assert_true(fail_marks(SQLITE_IOERR_WRITE) > STEPS / 2);
    assert_int_equal(fail_marks(SQLITE_FULL), 0);
}

/* Of an earlier version, with rows in a log that has no digests before LB_SQLITE_SCHEMA_CHAIN. */
static void make_schema(size_t version)
{
    sqlite3 *db;
    char set[96];
    assert_int_equal(sqlite3_open_v2(PATH, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                     lb_pages_vfs(FAULTY_VFS)->zName),
                     SQLITE_OK);
    assert_int_equal(lb_pages_reserve(db), SQLITE_OK);
    for (size_t i = 0; i < version; i++)
        assert_int_equal(sqlite3_exec(db, lb_sqlite_migrations[i].sql, NULL, NULL, NULL),
                         SQLITE_OK);
    snprintf(set, sizeof set, "PRAGMA application_id = 0x6c656164; PRAGMA user_version = %zu",
             version);
    assert_int_equal(sqlite3_exec(db, set, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(
        sqlite3_exec(db,
                     "INSERT INTO workspace (no, id, name, plan, created_at, expires_at)"
                     " VALUES (1, 'ws_1', 'Old', 'pro', 5, 0)",
                     NULL, NULL, NULL),
        SQLITE_OK);
    if (version < LB_SQLITE_SCHEMA_CHAIN)
        assert_int_equal(
            sqlite3_exec(
                db,
                "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n LIMIT 500)"
                " INSERT INTO blocklist_log (id, workspace, campaign, kind, continues, key,"
                " at, items) SELECT n, 1, 0, 0, 0, 0, 8, 'person-' || n FROM n",
                NULL, NULL, NULL),
            SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* With ever more room, until there is enough. How often there was too little for the schema. */
static unsigned upgrade_with_little_room(size_t version, uint64_t rows)
{
    struct lb_sqlite_settings settings = {PATH, FAULTY_VFS, 64};
    struct lb_store *store = NULL;
    struct lb_reason reason;
    unsigned refused = 0;
    faulty_format(seed);
    make_schema(version);
    for (uint64_t room = faulty_used(); !store; room += 8192) {
        faulty_set_room(room);
        lb_err err = lb_sqlite_open(&settings, &store, &reason);
        if (err && !(err == LB_ERR_STORAGE_FULL && strstr(reason.text, " is full; free at least ")))
            fail_msg("refused with: %s", reason.text);
        refused += err && strstr(reason.text, "bring the database to this version's schema");
    }
    assert_int_equal(store->ops->log_next_id(store), rows + 1);
    store->ops->close(store);
    faulty_set_room(0);
    assert_int_equal(lb_sqlite_open(&settings, &store, &reason), LB_OK);
    assert_int_equal(store->ops->log_next_id(store), rows + 1);
    store->ops->close(store);
    return refused;
}

static void an_upgrade_for_which_there_is_no_room_is_refused_and_goes_on_later(void **state)
{
    assert_true(upgrade_with_little_room(LB_SQLITE_SCHEMA_CHECKSUMS, 500) > 3);
    assert_true(upgrade_with_little_room(lb_sqlite_migration_count - 1, 0) > 0);
}

struct order {
    bool fail;   /* each sync of the mark */
    bool marked; /* since the log was written last */
    uint64_t writes, early;
};

static void look_at_order(void *context, enum faulty_op op, const char *name)
{
    struct order *order = context;
    if (op == FAULTY_SYNC && strstr(name, "-mark")) {
        order->marked = true;
        if (order->fail)
            faulty_fail(FAULTY_SYNC, 1, SQLITE_IOERR_FSYNC, false);
    }
    if (op == FAULTY_WRITE && strstr(name, "-wal"))
        order->marked = false;
    if (op == FAULTY_WRITE && strcmp(name, PATH) == 0) {
        order->writes++;
        order->early += !order->marked;
    }
}

/* Otherwise a start would take a damaged log for one of which the database has nothing. */
static void the_mark_says_durably_that_the_log_is_written_back_before_it_is(void **state)
{
    for (int fail = 0; fail < 2; fail++) {
        struct order order = {.fail = fail};
        struct run run;
        start(&run);
        watch(&run, look_at_order, &order);
        for (int i = 0; i < 6 * STEPS; i++)
            step(&run, "while the order is looked at");
        watch(&run, NULL, NULL);
        faulty_heal();
        if (!fail) /* else the store gives up when the mark's second is over */
            assert_int_equal(run.actor->acknowledged, 6 * STEPS);
        assert_int_equal(order.early, 0);
        assert_true(fail ? order.writes == 0 : order.writes > 0);
        engine_close(&run.engine);
        reopen(&run, "after its order was looked at");
        finish(&run);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(failed_writes_are_told),
        cmocka_unit_test(failed_syncs_are_told),
        cmocka_unit_test(failing_syncs_are_told),
        cmocka_unit_test(failed_reads_are_told),
        cmocka_unit_test(failed_reads_of_lists_are_errors),
        cmocka_unit_test(failed_starts_lose_nothing),
        cmocka_unit_test(failed_first_starts_hinder_nothing),
        cmocka_unit_test(a_full_disk_refuses_and_recovers),
        cmocka_unit_test(a_disk_without_room_refuses_and_recovers),
        cmocka_unit_test(a_start_without_room_refuses_and_recovers),
        cmocka_unit_test(failing_checkpoints_lose_nothing),
        cmocka_unit_test(a_failed_sync_of_a_part_loses_nothing),
        cmocka_unit_test(an_upgrade_for_which_there_is_no_room_is_refused_and_goes_on_later),
        cmocka_unit_test(a_mark_that_cannot_be_written_loses_nothing_and_is_told),
        cmocka_unit_test(the_mark_says_durably_that_the_log_is_written_back_before_it_is),
    };
    if (getenv("LEADBLOCK_SEED"))
        seed = strtoull(getenv("LEADBLOCK_SEED"), NULL, 10);
    lb_log_set_level((enum lb_log_level) - 1); /* failures are what this is about */
    lb_rcu_thread_register();
    int failed = cmocka_run_group_tests_name("I/O errors", tests, NULL, NULL);
    lb_rcu_thread_unregister();
    return failed;
}
