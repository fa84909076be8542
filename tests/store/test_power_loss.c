/* The power is cut at random moments, again and again on one disk. What was acknowledged must be
 * there afterwards; what was not must be there wholly or not at all; memory, lists, the file and
 * its views must agree; and no start takes a torn file for damage.
 *
 * LEADBLOCK_SEED and LEADBLOCK_CYCLES (default 50) choose what runs; a failure names its seed. */
#include "base/log.h"
#include "base/rcu.h"
#include "store/sqlite/synced_mark.h"
#include "support/actor.h"
#include "support/faulty_vfs.h"
#include "support/random.h"
#include "support/thinned.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define PATH   "leadblock.db"
#define ACTORS 3
#define LIVES  3  /* of the server on one disk, before the last one */
#define STEPS  60 /* of each actor in one life, unless the power goes before */

/* When the power goes. */
enum moment {
    IN_OPEN,
    AT_AN_OPERATION,
    AT_A_COMMIT, /* at the sync that makes it durable, or not */
    IN_A_CHECKPOINT,
    AFTER_AN_ANSWER,
    IN_CLOSE,
    MOMENTS
};

struct cycle {
    uint64_t seed;
    uint64_t random;
    struct engine engine;
    struct actor *actors;
    size_t count;
    unsigned steps;
    enum moment moment;
    _Atomic unsigned left; /* operations of that kind until the power goes; 0: it does not */
};

/* What was reached in all cycles: a test that reaches nothing shows nothing. */
static struct {
    uint64_t acknowledged, cut_in_open, cut_at_operation, cut_in_checkpoint, done, undone;
} reached;
static _Atomic bool in_checkpoint; /* at the last operation before the cut */

static unsigned below(struct cycle *cycle, unsigned bound)
{
    return (unsigned)((random_next(&cycle->random) >> 20) % bound);
}

/* Only checkpoints change the database file itself. All these operations are the writer's. */
static void remember(void *context, enum faulty_op op, const char *name)
{
    struct cycle *cycle = context;
    bool of_checkpoint = strcmp(name, PATH) == 0;
    bool of_commit = !of_checkpoint && op == FAULTY_SYNC;
    if (faulty_power())
        atomic_store(&in_checkpoint, of_checkpoint);
    if ((cycle->moment == AT_A_COMMIT && of_commit) ||
        (cycle->moment == IN_A_CHECKPOINT && of_checkpoint))
        if (cycle->left && --cycle->left == 0)
            faulty_cut_power_at(1);
}

static void run_actor(struct actor *actor, unsigned steps)
{
    for (unsigned i = 0; i < steps && !actor->failure[0]; i++)
        if (actor_step(actor))
            return;
}

static void *actor_thread(void *context)
{
    lb_rcu_thread_register();
    run_actor(context, STEPS);
    lb_rcu_thread_unregister();
    return NULL;
}

static void run_actors(struct cycle *cycle)
{
    pthread_t threads[ACTORS];
    if (cycle->count == 1) {
        run_actor(&cycle->actors[0], cycle->steps);
        return;
    }
    for (size_t i = 0; i < cycle->count; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, actor_thread, &cycle->actors[i]), 0);
    lb_rcu_offline();
    for (size_t i = 0; i < cycle->count; i++)
        pthread_join(threads[i], NULL);
    lb_rcu_online();
}

static void expect(struct cycle *cycle, bool good, const char *what)
{
    const char *why = "";
    for (size_t i = 0; i < cycle->count; i++)
        if (cycle->actors[i].failure[0])
            why = cycle->actors[i].failure;
    if (good && !why[0])
        return;
    print_error("seed %llu: %s: %s\n", (unsigned long long)cycle->seed, what, why);
    fail();
}

static void verify(struct cycle *cycle)
{
    bool doubt[ACTORS];
    struct actor_state *before = calloc(cycle->count, sizeof *before);
    for (size_t i = 0; i < cycle->count; i++) {
        doubt[i] = cycle->actors[i].in_doubt;
        before[i] = cycle->actors[i].now;
    }
    expect(cycle, actors_verify(cycle->actors, cycle->count, PATH, FAULTY_VFS), "after a cut");
    for (size_t i = 0; i < cycle->count; i++) {
        bool same = memcmp(&before[i], &cycle->actors[i].now, sizeof before[i]) == 0;
        if (doubt[i])
            same ? reached.undone++ : reached.done++;
    }
    free(before);
}

/* False: the power went. */
static bool open_engine(struct cycle *cycle)
{
    lb_err err = engine_open(&cycle->engine, PATH, FAULTY_VFS);
    if (!err && !cycle->engine.workspace) {
        err = engine_make_workspace(&cycle->engine);
        if (err)
            engine_close(&cycle->engine);
    }
    if (err && faulty_power()) { /* a power loss that is taken for damage is a false alarm */
        print_error("%s\n", cycle->engine.refused.text);
        expect(cycle, false, "cannot open");
    }
    return !err;
}

static void one_life(struct cycle *cycle)
{
    cycle->moment = (enum moment)below(cycle, MOMENTS);
    cycle->steps = cycle->moment == AFTER_AN_ANSWER ? below(cycle, STEPS) : STEPS;
    if (cycle->moment == IN_OPEN)
        faulty_cut_power_at(1 + below(cycle, 40));
    bool opened = open_engine(cycle);
    reached.cut_in_open += !opened;
    if (opened && faulty_power()) {
        faulty_cut_power_at(0);
        verify(cycle);
        if (cycle->moment == AT_AN_OPERATION)
            faulty_cut_power_at(1 + below(cycle, 300));
        cycle->left = 1 + below(cycle, 20);
        faulty_watch(remember, cycle);
        run_actors(cycle);
        cycle->left = 0;
        reached.cut_at_operation += !faulty_power();
        reached.cut_in_checkpoint += !faulty_power() && in_checkpoint;
    }
    if (cycle->moment == IN_CLOSE && faulty_power())
        faulty_cut_power_at(1 + below(cycle, 12));
    else
        faulty_cut_power();
    if (opened)
        engine_close(&cycle->engine);
    faulty_restore_power();
    expect(cycle, true, "in life");
}

static void run_cycle(uint64_t seed)
{
    struct cycle cycle = {.seed = seed, .random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) | 1};
    faulty_format(seed);
    for (int i = 0; i < 4; i++)
        below(&cycle, 1);
    cycle.count = below(&cycle, 3) ? 1 : ACTORS;
    cycle.actors = calloc(cycle.count, sizeof *cycle.actors);
    for (size_t i = 0; i < cycle.count; i++)
        actor_init(&cycle.actors[i], &cycle.engine, (unsigned)i, seed);
    for (int life = 0; life < LIVES; life++)
        one_life(&cycle);
    assert_true(open_engine(&cycle));
    verify(&cycle);
    cycle.steps = 10;
    run_actors(&cycle);
    expect(&cycle, true, "in the last life");
    engine_close(&cycle.engine);
    assert_true(open_engine(&cycle)); /* after a clean end, with all still there */
    verify(&cycle);
    engine_close(&cycle.engine);
    for (size_t i = 0; i < cycle.count; i++)
        reached.acknowledged += cycle.actors[i].acknowledged;
    free(cycle.actors);
}

/* Seeds with which a start once took a power loss for damage. */
static const uint64_t taken_for_damage[] = {258, 1141, 5701, 20125};

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : otherwise;
}

static void acknowledged_changes_survive_power_loss(void **state)
{
    uint64_t first = number_from("LEADBLOCK_SEED", 1);
    uint64_t cycles = number_from("LEADBLOCK_CYCLES", getenv("LEADBLOCK_SEED") ? 1 : 50);
    for (uint64_t seed = first; seed < first + cycles; seed++)
        run_cycle(seed);
    for (size_t i = 0; !getenv("LEADBLOCK_SEED") && i < sizeof taken_for_damage / sizeof(uint64_t);
         i++)
        run_cycle(taken_for_damage[i]);
    print_message("%llu cycles, %llu changes acknowledged; power cut at an operation %llu times, "
                  "%llu of them in a checkpoint, in open %llu times; in doubt: %llu done, %llu "
                  "not\n",
                  (unsigned long long)cycles, (unsigned long long)reached.acknowledged,
                  (unsigned long long)reached.cut_at_operation,
                  (unsigned long long)reached.cut_in_checkpoint,
                  (unsigned long long)reached.cut_in_open, (unsigned long long)reached.done,
                  (unsigned long long)reached.undone);
    if (cycles < 50)
        return;
    assert_true(reached.acknowledged > cycles * 20);
    assert_true(reached.cut_at_operation > cycles / 4 && reached.cut_in_open > cycles / 8);
    assert_true(reached.cut_in_checkpoint > 0);
    assert_true(reached.done > 0 && reached.undone > 0);
}

/* The first start, which makes the schema: false when the power stayed to its end. */
static bool first_start_is_cut_at(uint64_t operation, uint64_t seed)
{
    struct cycle cycle = {.seed = seed};
    faulty_format(cycle.seed);
    faulty_cut_power_at(operation);
    bool opened = open_engine(&cycle), cut = !faulty_power();
    if (opened)
        engine_close(&cycle.engine);
    faulty_restore_power();
    cycle.engine = (struct engine){0};
    expect(&cycle, open_engine(&cycle), "the start after a cut in the first one");
    engine_close(&cycle.engine);
    return cut;
}

static void a_first_start_may_be_cut_anywhere(void **state)
{
    uint64_t operation = 1;
    while (first_start_is_cut_at(operation, number_from("LEADBLOCK_SEED", 0) + operation))
        operation += thinned_step(operation);
    print_message("cut at each of about %llu operations\n", (unsigned long long)operation);
    assert_true(operation > 100);
}

#define FIRST_OPERATIONS 4 /* of the file: they make its header */

struct file_operations {
    uint64_t seen, of_file[FIRST_OPERATIONS];
    size_t count;
};

static void note_those_of_the_file(void *context, enum faulty_op op, const char *name)
{
    struct file_operations *all = context;
    all->seen++;
    if (strcmp(name, PATH) == 0 && all->count < FIRST_OPERATIONS)
        all->of_file[all->count++] = all->seen;
}

/* Of a write that is cut, some sectors are there: the seed says which. */
static void a_header_may_be_torn_in_any_way(void **state)
{
    struct cycle whole = {0};
    struct file_operations all = {0};
    uint64_t first = number_from("LEADBLOCK_SEED", 0);
    faulty_format(0);
    faulty_watch(note_those_of_the_file, &all);
    assert_true(open_engine(&whole));
    engine_close(&whole.engine);
    assert_int_equal(all.count, FIRST_OPERATIONS);
    for (size_t i = 0; i < all.count; i++)
        for (uint64_t seed = first; seed < first + 32; seed++)
            assert_true(first_start_is_cut_at(all.of_file[i], seed));
}

/* A process is killed, and the power goes while the next one begins to write the mark: what the
 * first one wrote last may not have been synced. */
static void a_kill_and_a_power_loss_leave_one_slot_of_the_mark(void **state)
{
    for (uint64_t seed = 1; seed <= 400; seed++) {
        struct lb_mark read;
        bool found = false;
        faulty_format(seed);
        sqlite3_vfs *disk = sqlite3_vfs_find(FAULTY_VFS);
        struct lb_synced_mark *mark = lb_synced_mark_create(disk, "/" PATH);
        for (unsigned put = 0; put < 2 + seed % 2; put++)
            lb_synced_mark_put(mark, put < 2);
        for (unsigned put = 0; put < 2; put++)
            assert_int_equal(lb_synced_mark_put(mark, false), SQLITE_OK);
        lb_synced_mark_destroy(mark);
        mark = lb_synced_mark_create(disk, "/" PATH);
        assert_int_equal(lb_synced_mark_read(mark, &read, &found), SQLITE_OK);
        assert_true(found);
        faulty_cut_power_at(1 + seed % 3);
        lb_synced_mark_put(mark, true);
        faulty_cut_power();
        lb_synced_mark_destroy(mark);
        faulty_restore_power();
        mark = lb_synced_mark_create(disk, "/" PATH);
        assert_int_equal(lb_synced_mark_read(mark, &read, &found), SQLITE_OK);
        lb_synced_mark_destroy(mark);
        if (!found)
            fail_msg("seed %llu: no slot is whole", (unsigned long long)seed);
    }
}

/* A disk that copies what is written over needs room for that, too. The other slot stays, and the
 * mark lags until there is room. */
static void a_full_disk_leaves_a_slot_of_the_mark(void **state)
{
    struct lb_mark read;
    bool found = false;
    faulty_format(1);
    sqlite3_vfs *disk = sqlite3_vfs_find(FAULTY_VFS);
    struct lb_synced_mark *mark = lb_synced_mark_create(disk, "/" PATH);
    lb_synced_mark_now(mark)->commits = 1;
    assert_int_equal(lb_synced_mark_put(mark, true), SQLITE_OK);
    for (unsigned commits = 2; commits < 5; commits++) {
        faulty_fail(commits % 2 ? FAULTY_SYNC : FAULTY_WRITE, 1, SQLITE_FULL, true);
        lb_synced_mark_now(mark)->commits = commits;
        assert_int_equal(lb_synced_mark_put(mark, true), SQLITE_FULL);
        assert_int_equal(lb_synced_mark_failure(mark), SQLITE_OK);
        faulty_heal();
    }
    struct lb_synced_mark *next = lb_synced_mark_create(disk, "/" PATH);
    assert_int_equal(lb_synced_mark_read(next, &read, &found), SQLITE_OK);
    assert_true(found && read.commits >= 1 && read.commits < 5);
    lb_synced_mark_destroy(next);
    assert_int_equal(lb_synced_mark_put(mark, true), SQLITE_OK);
    lb_synced_mark_destroy(mark);
    next = lb_synced_mark_create(disk, "/" PATH);
    assert_int_equal(lb_synced_mark_read(next, &read, &found), SQLITE_OK);
    assert_true(found && read.commits == 4);
    lb_synced_mark_destroy(next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_first_start_may_be_cut_anywhere),
        cmocka_unit_test(a_header_may_be_torn_in_any_way),
        cmocka_unit_test(a_kill_and_a_power_loss_leave_one_slot_of_the_mark),
        cmocka_unit_test(a_full_disk_leaves_a_slot_of_the_mark),
        cmocka_unit_test(acknowledged_changes_survive_power_loss),
    };
    lb_log_set_level((enum lb_log_level) - 1); /* commits that fail are what this is about */
    lb_rcu_thread_register();
    int failed = cmocka_run_group_tests_name("power loss", tests, NULL, NULL);
    lb_rcu_thread_unregister();
    return failed;
}
