/* Entries that wait for their person: against a plain list, with batches that are committed or not.
 */
#include "domain/blocklist/twins.h"

#include "base/rcu.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <time.h>
/* After the above. */
#include <cmocka.h>

#define PEOPLE  5
#define ENTRIES 40

/* Which entries wait: entry `id` is person `id % PEOPLE`'s. */
struct model {
    bool waits[ENTRIES + 1];
};

static struct lb_fingerprint person(uint64_t id)
{
    return (struct lb_fingerprint){.high = (id % PEOPLE + 1) << 40, .low = 7};
}

static void assert_same(const struct lb_twins *twins, const struct model *model)
{
    for (uint64_t who = 0; who < PEOPLE; who++) {
        uint64_t oldest = 0;
        size_t count = 0;
        for (uint64_t id = ENTRIES; id > 0; id--) {
            if (id % PEOPLE != who)
                continue;
            assert_int_equal(lb_twins_waits(twins, person(who), id), model->waits[id]);
            count += model->waits[id];
            oldest = model->waits[id] ? id : oldest;
        }
        assert_int_equal(lb_twins_oldest(twins, person(who)), oldest);
        assert_int_equal(lb_twins_count(twins, person(who)), count);
    }
}

static void move(struct lb_twins *twins, struct model *model)
{
    uint64_t id = (uint64_t)rand() % ENTRIES + 1;
    assert_true(model->waits[id] ? lb_twins_remove(twins, person(id), id)
                                 : lb_twins_add(twins, person(id), id));
    model->waits[id] = !model->waits[id];
    assert_same(twins, model);
}

static void what_waits_is_as_the_last_commit_left_it(void **state)
{
    (void)state;
    struct lb_twins twins = {0};
    struct model committed = {0};
    srand(1);
    assert_same(&twins, &committed);
    for (int batch = 0; batch < 2000; batch++) {
        struct model model = committed;
        for (int moves = rand() % 6; moves > 0; moves--)
            move(&twins, &model);
        struct model half = model;
        size_t at = twins.move_count;
        move(&twins, &model);
        lb_twins_roll_back(&twins, at);
        assert_same(&twins, &half);
        if (rand() % 2) {
            committed = half;
            lb_twins_commit(&twins);
        }
        lb_twins_roll_back(&twins, 0);
        assert_same(&twins, &committed);
    }
    lb_twins_fini(&twins);
}

static void nothing_waits_for_a_list_that_has_ended(void **state)
{
    (void)state;
    struct lb_twins twins = {0};
    for (uint64_t id = 1; id <= ENTRIES; id++)
        assert_true(lb_twins_add(&twins, person(id), id));
    lb_twins_commit(&twins);
    lb_twins_drop(&twins, person(2));
    assert_int_equal(lb_twins_count(&twins, person(2)), 0);
    assert_int_equal(lb_twins_count(&twins, person(3)), ENTRIES / PEOPLE);
    lb_twins_fini(&twins);
}

static void only_who_was_noted_may_have_several(void **state)
{
    (void)state;
    struct lb_twins twins = {0};
    struct lb_list list = {.workspace = 3, .campaign = 4};
    struct lb_str name;
    size_t cursor = 0;
    assert_false(lb_twins_possible(&twins, person(1)));
    assert_false(lb_twins_next_renamed(&twins, &cursor, &list, &name));
    assert_true(lb_twins_note(&twins, person(1), list, LB_STR("ann")));
    assert_true(lb_twins_note(&twins, person(1), list, LB_STR("ann")));
    assert_true(lb_twins_note(&twins, person(3), list, LB_STR("bob-x")));
    list = (struct lb_list){0};
    assert_true(lb_twins_next_renamed(&twins, &cursor, &list, &name));
    assert_true(list.workspace == 3 && list.campaign == 4 && lb_str_equal(name, LB_STR("ann")));
    assert_true(lb_twins_next_renamed(&twins, &cursor, &list, &name));
    assert_true(list.workspace == 3 && lb_str_equal(name, LB_STR("bob-x")));
    assert_false(lb_twins_next_renamed(&twins, &cursor, &list, &name));
    assert_true(lb_twins_possible(&twins, person(1)));
    assert_false(lb_twins_possible(&twins, person(2)));
    assert_int_equal(lb_twins_count(&twins, person(1)), 0);
    lb_twins_fini(&twins);
}

static void what_is_taken_back_twice_is_as_the_last_commit_left_it(void **state)
{
    (void)state;
    struct lb_twins twins = {0};
    assert_false(lb_twins_is_held(&twins, person(1), 1));
    assert_true(lb_twins_hold(&twins, person(1), 1));
    lb_twins_commit(&twins);
    assert_true(lb_twins_hold(&twins, person(6), 6)); /* the same person's */
    assert_true(lb_twins_let_go(&twins, person(1), 1));
    assert_true(lb_twins_is_held(&twins, person(6), 6));
    assert_false(lb_twins_is_held(&twins, person(1), 1));
    assert_false(lb_twins_waits(&twins, person(6), 6));
    lb_twins_roll_back(&twins, 0);
    assert_true(lb_twins_is_held(&twins, person(1), 1));
    assert_false(lb_twins_is_held(&twins, person(6), 6));
    lb_twins_fini(&twins);
}

static void what_is_taken_back_more_often_is_let_go_as_often(void **state)
{
    (void)state;
    struct lb_twins twins = {0};
    for (int i = 0; i < 3; i++)
        assert_true(lb_twins_hold(&twins, person(1), 1));
    assert_true(lb_twins_hold(&twins, person(6), 6)); /* the same person's */
    lb_twins_commit(&twins);
    for (int i = 0; i < 3; i++) {
        assert_true(lb_twins_is_held(&twins, person(1), 1));
        assert_true(lb_twins_let_go(&twins, person(1), 1));
    }
    assert_false(lb_twins_is_held(&twins, person(1), 1));
    assert_true(lb_twins_is_held(&twins, person(6), 6));
    lb_twins_roll_back(&twins, 1);
    assert_true(lb_twins_let_go(&twins, person(1), 1));
    assert_true(lb_twins_let_go(&twins, person(1), 1));
    assert_false(lb_twins_is_held(&twins, person(1), 1));
    lb_twins_roll_back(&twins, 0);
    lb_twins_drop(&twins, person(1)); /* all of it */
    assert_true(lb_twins_hold(&twins, person(1), 1));
    assert_true(lb_twins_let_go(&twins, person(1), 1));
    assert_false(lb_twins_is_held(&twins, person(1), 1));
    assert_false(lb_twins_is_held(&twins, person(6), 6));
    lb_twins_fini(&twins);
}

/* Ids of one person, from 1. */
static void what_counts_no_more_is_told(void **state)
{
    (void)state;
    struct lb_twins twins = {0};
    for (uint64_t id = 2; id <= LB_TWINS_MAX; id++)
        assert_true(lb_twins_add(&twins, person(0), id));
    assert_int_equal(twins.left_out_count, 0);
    assert_true(lb_twins_add(&twins, person(0), 50));
    assert_int_equal(twins.left_out_count, 1);
    assert_int_equal(twins.left_out[0].id, 2);
    assert_false(lb_twins_waits(&twins, person(0), 2));
    lb_twins_roll_back(&twins, LB_TWINS_MAX - 1); /* the last addition */
    assert_int_equal(twins.left_out_count, 0);
    assert_true(lb_twins_waits(&twins, person(0), 2));
    lb_twins_fini(&twins);
}

static uint64_t thread_ns(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_nsec;
}

/* What it costs to ask for a person again who has been asked for as often as counts, while so many
 * blocks of others end some day. */
static uint64_t cost_beside(size_t others)
{
    struct lb_ends ends = {0};
    struct lb_twins twins = {.ends = &ends};
    for (uint64_t id = 1; id <= others; id++) {
        struct lb_due_entry due = {
            .end = 1, .id = id, .fingerprint = {.high = id * 0x9e3779b97f4a7c15}};
        assert_true(lb_ends_add(&ends, &due));
    }
    lb_ends_commit(&ends);
    uint64_t begun = thread_ns();
    for (uint64_t id = others + 1; id <= others + 300; id++) {
        struct lb_due_entry due = {.end = (int64_t)id, .id = id, .fingerprint = person(0)};
        assert_true(lb_ends_add(&ends, &due));
        assert_true(lb_twins_add(&twins, person(0), id));
        lb_twins_commit(&twins);
        lb_ends_commit(&ends);
    }
    uint64_t took = thread_ns() - begun;
    assert_int_equal(lb_twins_count(&twins, person(0)), LB_TWINS_MAX - 1);
    lb_twins_fini(&twins);
    lb_ends_fini(&ends);
    return took;
}

/* A scan of all of them would take a thousand times as long. */
static void how_many_blocks_end_does_not_matter(void **state)
{
    (void)state;
    uint64_t few = UINT64_MAX, many = UINT64_MAX;
    for (int i = 0; i < 3; i++) {
        uint64_t took = cost_beside(10);
        few = took < few ? took : few;
        took = cost_beside(100000);
        many = took < many ? took : many;
    }
    assert_true(many < 20 * few + 5000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_waits_is_as_the_last_commit_left_it),
        cmocka_unit_test(what_is_taken_back_twice_is_as_the_last_commit_left_it),
        cmocka_unit_test(what_is_taken_back_more_often_is_let_go_as_often),
        cmocka_unit_test(what_counts_no_more_is_told),
        cmocka_unit_test(how_many_blocks_end_does_not_matter),
        cmocka_unit_test(nothing_waits_for_a_list_that_has_ended),
        cmocka_unit_test(only_who_was_noted_may_have_several),
    };
    lb_rcu_thread_register();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    lb_rcu_thread_unregister();
    return failed;
}
