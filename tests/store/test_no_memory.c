/* SQLite's nth allocation fails, early ones each, later ones here and there: what an answer says
 * must be so, and a start is complete or does not happen. */
#include "base/log.h"
#include "base/rcu.h"
#include "support/actor.h"
#include "support/faulty_memory.h"
#include "support/faulty_vfs.h"
#include "support/thinned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define PATH  "leadblock.db"
#define STEPS 15
#define SEED  3
#define PACE  20 /* late allocations fail here and there */

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
    faulty_memory_heal();
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

static void changes_without_memory_are_told(void **state)
{
    struct engine engine;
    struct actor *actor = calloc(1, sizeof *actor);
    unsigned refused = 0, unknown = 0;
    uint64_t number = 1;
    bool hit = true;
    for (int64_t nth = 1; hit; nth = thinned_nth(nth, &number, PACE)) {
        start(&engine, actor);
        faulty_memory_fail(nth);
        for (int i = 0; i < STEPS; i++) {
            lb_err err = actor_step(actor);
            refused += err == LB_ERR_STORAGE_UNAVAILABLE;
            unknown += err == LB_ERR_OUTCOME_UNKNOWN;
            expect(actor, true, "a change", nth);
        }
        hit = faulty_memory_failed();
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
    for (int64_t nth = 1; hit; nth = thinned_nth(nth, &number, PACE)) {
        faulty_cut_power(); /* so that there is a log to recover */
        engine_close(&engine);
        faulty_restore_power();
        faulty_memory_fail(nth);
        lb_err err = engine_open(&engine, PATH, FAULTY_VFS);
        hit = faulty_memory_heal();
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
    faulty_memory_install();
    lb_log_set_level((enum lb_log_level) - 1); /* failures are what this is about */
    lb_rcu_thread_register();
    int broken = cmocka_run_group_tests_name("no memory", tests, NULL, NULL);
    lb_rcu_thread_unregister();
    return broken;
}
