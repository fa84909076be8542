/* Undos of undos, in whatever order: what holds, and what each answers. */
#include "base/log.h"
#include "domain/blocklist/undone.h"
#include "support/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

static void restart(void **state)
{
    struct engine_fixture *fixture = *state;
    engine_restart(&fixture->engine, &fixture->place);
}

static uint64_t block(struct engine *engine, const char *name, const char *reason)
{
    struct outcome outcome = {0};
    assert_int_equal(engine_block(engine, NULL, &name, 1, reason, &outcome), LB_OK);
    assert_int_not_equal(outcome.change, 0);
    return outcome.change;
}

static uint64_t unblock(struct engine *engine, const char *name)
{
    struct outcome outcome = {0};
    assert_int_equal(engine_unblock(engine, NULL, &name, 1, &outcome), LB_OK);
    assert_int_equal(outcome.unblocked, 1);
    return outcome.change;
}

/* Its change; 0: it did nothing. */
static uint64_t undo(struct engine *engine, uint64_t change, uint64_t blocked, uint64_t unblocked)
{
    struct outcome outcome = {0};
    assert_int_equal(engine_undo(engine, change, &outcome), LB_OK);
    assert_int_equal(outcome.blocked, blocked);
    assert_int_equal(outcome.unblocked, unblocked);
    return outcome.change;
}

static bool is_blocked(const struct engine *engine, const char *name)
{
    return engine_check(engine, NULL, name) != 0;
}

static void what_holds_again_can_be_undone_again(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t change = block(engine, "john", NULL);
    uint64_t undone = undo(engine, change, 0, 1);
    undo(engine, undone, 1, 0);
    uint64_t again = undo(engine, change, 0, 1);
    assert_int_not_equal(again, 0);
    assert_false(is_blocked(engine, "john"));
    assert_int_equal(undo(engine, change, 0, 0), 0); /* so that a retry is safe */
    assert_int_not_equal(undo(engine, undone, 1, 0), 0);
    assert_int_equal(undo(engine, undone, 0, 0), 0);
    assert_int_equal(undo(engine, again, 0, 0), 0);
    assert_true(is_blocked(engine, "john"));
}

static void the_same_holds_for_an_unblock(void **state)
{
    struct engine *engine = engine_of(state);
    block(engine, "john", NULL);
    uint64_t change = unblock(engine, "john");
    uint64_t undone = undo(engine, change, 1, 0);
    uint64_t second = undo(engine, undone, 0, 1);
    assert_int_not_equal(undo(engine, change, 1, 0), 0);
    assert_int_equal(undo(engine, change, 0, 0), 0);
    assert_int_equal(undo(engine, second, 0, 0), 0);
    assert_int_not_equal(undo(engine, undone, 0, 1), 0);
}

/* Each of a family of changes says whether the first of them holds: the undo of one that says what
 * is so makes it otherwise, and of another one does nothing. */
static void undos_of_undos_do_what_a_plain_model_does(void **state)
{
    enum { STEPS = 60 };
    uint64_t changes[STEPS + 1] = {0};
    bool says[STEPS + 1] = {true}, blocked = true;
    size_t count = 1;
    changes[0] = block(engine_of(state), "john", NULL);
    srand(7);
    for (int step = 0; step < STEPS; step++) {
        struct engine *engine = engine_of(state);
        size_t which = (size_t)rand() % count;
        bool does = says[which] == blocked;
        uint64_t made = undo(engine, changes[which], does && !blocked, does && blocked);
        assert_int_equal(made != 0, does);
        if (does) {
            blocked = !blocked;
            changes[count] = made;
            says[count++] = blocked;
        }
        assert_int_equal(is_blocked(engine, "john"), blocked);
        if (step % 10 == 9)
            restart(state);
    }
    assert_true(count > 20);
}

/* An unblock that holds again, another one, and the undo of the block. */
static void a_request_that_three_changes_ended_is_back_when_all_are_undone(void **state)
{
    for (int order = 0; order < 6; order++) {
        static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2},
                                         {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
        char name[16];
        snprintf(name, sizeof name, "john-%d", order);
        struct engine *engine = engine_of(state);
        uint64_t asked = block(engine, name, NULL);
        uint64_t first = unblock(engine, name);
        uint64_t back = undo(engine, first, 1, 0);
        uint64_t second = unblock(engine, name);
        uint64_t ends[] = {second, undo(engine, back, 0, 0), undo(engine, asked, 0, 0)};
        assert_true(ends[1] && ends[2]); /* they are remembered */
        if (order % 2)
            restart(state);
        for (int i = 0; i < 3; i++) {
            assert_false(is_blocked(engine_of(state), name));
            assert_int_not_equal(undo(engine_of(state), ends[orders[order][i]], i == 2, 0), 0);
        }
        assert_true(is_blocked(engine_of(state), name));
    }
}

static struct lb_change undo_change(struct engine *engine, uint64_t number)
{
    struct lb_change change = {.blocklist = engine->blocklist,
                               .standing = engine_standing(engine, NULL),
                               .undone = engine_id(engine, number)};
    lb_change_undo(&change);
    assert_int_equal(engine_submit(engine, &change.write), LB_OK);
    return change;
}

/* The undo of an unblock brings several requests for one person back, and its own undo takes them
 * all back again. */
static void a_person_of_several_requests_stays_once_or_not_at_all(void **state)
{
    struct engine *engine = engine_of(state);
    block(engine, "john", "one");
    block(engine, "john", "two");
    block(engine, "jane", "one");
    uint64_t freed = unblock(engine, "john");
    uint64_t back = undo(engine, freed, 1, 0);
    struct lb_change again = undo_change(engine, back);
    assert_int_equal(again.unblocked, 1);
    assert_int_equal(again.stayed, 0);
    undo(engine, again.id.number, 1, 0);
    block(engine, "john", "three");
    again = undo_change(engine, freed); /* holds already: nothing is taken back */
    assert_int_equal(again.id.number, 0);
    again = undo_change(engine, back);
    assert_int_equal(again.unblocked, 0);
    assert_int_equal(again.stayed, 1);
    assert_true(is_blocked(engine, "john"));
}

static void it_is_told_which_undo_holds(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t change = block(engine, "john", NULL);
    uint64_t undone = undo(engine, change, 0, 1);
    assert_int_equal(undo_change(engine, change).undone_by.number, undone);
    assert_int_equal(undo_change(engine, change).undone_by.epoch, engine_id(engine, undone).epoch);
    uint64_t back = undo(engine, undone, 1, 0);
    assert_int_equal(undo_change(engine, undone).undone_by.number, back);
    uint64_t again = undo(engine, change, 0, 1);
    assert_int_equal(undo_change(engine, change).undone_by.number, again);
    assert_int_equal(undo_change(engine, back).undone_by.number, again);
}

static void a_chain_of_any_length_is_walked_some_undos_at_a_time(void **state)
{
    struct engine *engine = engine_of(state);
    uint64_t first = block(engine, "john", NULL), last = first, before = first;
    for (int i = 0; i < 2 * LB_UNDONE_STEPS + 4; i++) {
        before = last;
        last = undo(engine, last, (uint64_t)i % 2, (uint64_t) !(i % 2));
    }
    assert_true(is_blocked(engine, "john"));
    for (int i = 0; i < 2; i++) { /* each by itself, it does nothing */
        struct lb_change attempt = undo_change(engine, first);
        assert_true(attempt.goes_on && !attempt.id.number && !attempt.undone_by.number);
        assert_true(attempt.walked.chain.goes_on);
    }
    assert_int_equal(undo(engine, before, 0, 0), 0);
    uint64_t again = undo(engine, first, 0, 1);
    assert_int_not_equal(again, 0);
    assert_false(is_blocked(engine, "john"));
    assert_int_equal(undo(engine, first, 0, 0), 0);
    assert_int_equal(undo(engine, last, 0, 0), 0);
    assert_int_not_equal(undo(engine, again, 1, 0), 0);
    assert_int_not_equal(undo(engine, first, 0, 1), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(what_holds_again_can_be_undone_again),
        TEST(the_same_holds_for_an_unblock),
        TEST(undos_of_undos_do_what_a_plain_model_does),
        TEST(a_request_that_three_changes_ended_is_back_when_all_are_undone),
        TEST(a_person_of_several_requests_stays_once_or_not_at_all),
        TEST(it_is_told_which_undo_holds),
        TEST(a_chain_of_any_length_is_walked_some_undos_at_a_time),
    };
    lb_log_set_level(LB_LOG_ERROR);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
