/* SQLite's nth allocation fails, early ones each, later ones here and there: what an answer says
 * must be so, and a start is complete or does not happen. */
#include "base/log.h"
#include "base/rcu.h"
#include "support/actor.h"
#include "support/faulty_vfs.h"
#include "support/thinned.h"

#include <setjmp.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define PATH  "leadblock.db"
#define STEPS 15
#define SEED  3

static sqlite3_mem_methods real;
static _Atomic int64_t fail_in; /* allocations; 0: none fails */
static _Atomic bool failed;

static bool fails(void)
{
    if (atomic_load(&fail_in) == 0 || atomic_fetch_sub(&fail_in, 1) != 1)
        return false;
    atomic_store(&failed, true);
    return true;
}

static void *allocate(int size)
{
    return fails() ? NULL : real.xMalloc(size);
}

static void *resize(void *memory, int size)
{
    return fails() ? NULL : real.xRealloc(memory, size);
}

static void expect(const struct actor *actor, bool good, const char *what, int64_t nth)
{
    if (good && !actor->failure[0])
        return;
    print_error("%s, allocation %lld: %s\n", what, (long long)nth, actor->failure);
    exit(1); /* files are open: no other test could begin */
}

/* Nothing fails from here on; what was acknowledged must be there. */
static void restart_and_verify(struct engine *engine, struct actor *actor, int64_t nth)
{
    atomic_store(&fail_in, 0);
    engine_close(engine);
    bool good =
        engine_open(engine, PATH, FAULTY_VFS) == LB_OK && actors_verify(actor, 1, PATH, FAULTY_VFS);
    expect(actor, good, "after the next start", nth);
    expect(actor, actor_step(actor) == LB_OK, "a change after the next start", nth);
}

static void start(struct engine *engine, struct actor *actor)
{
    faulty_format(SEED);
    assert_int_equal(engine_open(engine, PATH, FAULTY_VFS), LB_OK);
    assert_int_equal(engine_make_workspace(engine), LB_OK);
    actor_init(actor, engine, 0, SEED);
}

/* The allocation that fails in the next case (support/thinned.h). */
static int64_t next(int64_t nth, uint64_t *number)
{
    uint64_t steps = thinned_step(*number);
    *number += steps;
    while (steps--)
        nth += 1 + nth / 20;
    return nth;
}

static void changes_without_memory_are_told(void **state)
{
    struct engine engine;
    struct actor *actor = calloc(1, sizeof *actor);
    unsigned refused = 0, unknown = 0;
    uint64_t number = 1;
    bool hit = true;
    for (int64_t nth = 1; hit; nth = next(nth, &number)) {
        start(&engine, actor);
        atomic_store(&failed, false);
        atomic_store(&fail_in, nth);
        for (int i = 0; i < STEPS; i++) {
            lb_err err = actor_step(actor);
            refused += err == LB_ERR_STORAGE_UNAVAILABLE;
            unknown += err == LB_ERR_OUTCOME_UNKNOWN;
            expect(actor, true, "a change", nth);
        }
        hit = atomic_load(&failed);
        restart_and_verify(&engine, actor, nth);
        engine_close(&engine);
    }
    print_message("%u refused, %u unknown\n", refused, unknown);
    assert_true(refused > 0);
    free(actor);
}

static void starts_without_memory_are_complete_or_fail(void **state)
{
    struct engine engine;
    struct actor *actor = calloc(1, sizeof *actor);
    unsigned refused = 0;
    uint64_t number = 1;
    bool hit = true;
    start(&engine, actor);
    for (int i = 0; i < 3 * STEPS; i++)
        assert_int_equal(actor_step(actor), LB_OK);
    for (int64_t nth = 1; hit; nth = next(nth, &number)) {
        faulty_cut_power(); /* so that there is a log to recover */
        engine_close(&engine);
        faulty_restore_power();
        atomic_store(&failed, false);
        atomic_store(&fail_in, nth);
        lb_err err = engine_open(&engine, PATH, FAULTY_VFS);
        atomic_store(&fail_in, 0);
        hit = atomic_load(&failed);
        refused += err != LB_OK;
        expect(actor, !err || hit, "a start", nth);
        if (err)
            expect(actor, engine_open(&engine, PATH, FAULTY_VFS) == LB_OK, "the next start", nth);
        expect(actor, actors_verify(actor, 1, PATH, FAULTY_VFS), "after a start", nth);
    }
    print_message("%u starts refused\n", refused);
    assert_true(refused > 0);
    engine_close(&engine);
    free(actor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_without_memory_are_told),
        cmocka_unit_test(starts_without_memory_are_complete_or_fail),
    };
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);
    sqlite3_mem_methods faulty = real;
    faulty.xMalloc = allocate;
    faulty.xRealloc = resize;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &faulty);
    sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0); /* or small ones would never fail */
    lb_log_set_level((enum lb_log_level) - 1);     /* failures are what this is about */
    lb_rcu_thread_register();
    int broken = cmocka_run_group_tests_name("no memory", tests, NULL, NULL);
    lb_rcu_thread_unregister();
    return broken;
}
