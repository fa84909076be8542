/* People of several names in memory: what the batch has changed, and what readers find. */
#include "domain/blocklist/persons.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define MEMBER LB_STR("ACoAA00000000000000000000000000000000001")
#define OTHER  LB_STR("ACoAA00000000000000000000000000000000002")
#define SALES  LB_STR("ACwAA00000000000000000000000000000000001")

static struct lb_workspace workspace;
static struct lb_persons *persons;
static uint64_t number;

static size_t others(struct lb_str name, enum lb_person_side side)
{
    struct lb_other_names out;
    lb_persons_others(persons, workspace.row.no, name, side, &out);
    return out.count;
}

static size_t others_in_batch(struct lb_str name, enum lb_person_side side)
{
    struct lb_other_names out;
    lb_persons_others_in_batch(persons, workspace.row.no, name, side, &out);
    return out.count;
}

static void link_names(struct lb_str member, struct lb_str name)
{
    struct lb_other_names names;
    struct lb_person_draft draft;
    assert_int_equal(lb_persons_meet(persons, workspace.row.no, member, name, &draft),
                     LB_PERSON_NEW);
    assert_true(lb_persons_link(persons, &workspace, member, name, ++number, &draft, &names));
}

static void end_link(struct lb_str member, struct lb_str name, uint64_t of)
{
    struct lb_other_names names;
    assert_true(lb_persons_unlink(persons, &workspace, member, name, of, &names));
}

static void commit(void)
{
    lb_persons_publish(persons);
    lb_persons_retire(persons);
}

static int setup(void **state)
{
    workspace = (struct lb_workspace){.row.no = 3};
    number = 0;
    persons = lb_persons_create();
    return persons ? 0 : -1;
}

static int teardown(void **state)
{
    lb_persons_destroy(persons);
    free(workspace.conflicts);
    return 0;
}

static void a_link_is_seen_by_readers_once_it_is_durable(void **state)
{
    link_names(MEMBER, LB_STR("anna"));
    assert_int_equal(others_in_batch(MEMBER, LB_PERSON_ASKED), 1);
    assert_int_equal(others(MEMBER, LB_PERSON_ASKED), 0);
    lb_persons_roll_back(persons);
    assert_int_equal(others_in_batch(MEMBER, LB_PERSON_ASKED), 0);
    link_names(MEMBER, LB_STR("anna"));
    commit();
    assert_int_equal(others(LB_STR("anna"), LB_PERSON_ASKED), 1);
    assert_int_equal(workspace.links, 1);
}

static void a_batch_that_fails_leaves_people_as_they_were(void **state)
{
    link_names(MEMBER, LB_STR("anna"));
    link_names(SALES, LB_STR("anna"));
    commit();
    for (int i = 0; i < 3; i++) {
        link_names(MEMBER, LB_STR("anna-2"));
        end_link(SALES, LB_STR("anna"), 2);
        assert_int_equal(others_in_batch(MEMBER, LB_PERSON_ASKED), 2);
        assert_int_equal(others_in_batch(SALES, LB_PERSON_ASKED), 0);
        lb_persons_roll_back(persons);
        assert_int_equal(others_in_batch(SALES, LB_PERSON_ASKED), 2);
    }
    assert_int_equal(workspace.links, 2);
}

/* While one takes the place of the other: a block of any of their names is found. */
static void readers_find_both_until_the_old_person_is_retired(void **state)
{
    link_names(MEMBER, LB_STR("anna"));
    commit();
    end_link(MEMBER, LB_STR("anna"), 1);
    link_names(OTHER, LB_STR("anna"));
    lb_persons_publish(persons);
    assert_int_equal(others(LB_STR("anna"), LB_PERSON_ASKED), 2);
    lb_persons_retire(persons);
    assert_int_equal(others(LB_STR("anna"), LB_PERSON_ASKED), 1);
    assert_int_equal(others(MEMBER, LB_PERSON_ASKED), 0);
}

static void a_person_without_a_link_falls_apart(void **state)
{
    link_names(MEMBER, LB_STR("anna"));
    link_names(MEMBER, LB_STR("anna-2"));
    link_names(SALES, LB_STR("anna-2"));
    link_names(SALES, LB_STR("anna-3"));
    commit();
    assert_int_equal(others(LB_STR("anna"), LB_PERSON_SAME), 4);
    end_link(SALES, LB_STR("anna-2"), 3);
    commit();
    assert_int_equal(others(LB_STR("anna"), LB_PERSON_SAME), 2);
    assert_int_equal(others(LB_STR("anna-3"), LB_PERSON_SAME), 1);
}

static void a_pair_holds_while_one_of_its_numbers_does(void **state)
{
    link_names(MEMBER, LB_STR("anna"));
    link_names(OTHER, LB_STR("anna"));
    link_names(MEMBER, LB_STR("anna")); /* which is the first one's again */
    commit();
    assert_int_equal(others(LB_STR("anna"), LB_PERSON_ASKED), 1);
    assert_int_equal(others(LB_STR("anna"), LB_PERSON_COVERED), 2);
    end_link(MEMBER, LB_STR("anna"), 1);
    assert_int_equal(others_in_batch(LB_STR("anna"), LB_PERSON_COVERED), 2);
    end_link(MEMBER, LB_STR("anna"), 3);
    assert_int_equal(others_in_batch(LB_STR("anna"), LB_PERSON_COVERED), 1);
    commit();
}

static void links_are_forgotten_by_their_numbers(void **state)
{
    static const uint64_t numbers[] = {1, 3};
    link_names(MEMBER, LB_STR("anna"));
    link_names(MEMBER, LB_STR("anna-2"));
    link_names(OTHER, LB_STR("bea"));
    commit();
    assert_true(lb_persons_forget_links(persons, &workspace, numbers, 2));
    commit();
    assert_int_equal(others(MEMBER, LB_PERSON_ASKED), 1);
    assert_int_equal(others(LB_STR("anna-2"), LB_PERSON_ASKED), 1);
    assert_int_equal(others(OTHER, LB_PERSON_ASKED), 0);
    assert_int_equal(workspace.links, 1);
}

static void a_person_has_eight_names(void **state)
{
    struct lb_person_draft draft;
    char name[16];
    for (int i = 0; i < LB_PERSON_NAMES_MAX - 1; i++) {
        snprintf(name, sizeof name, "anna-%d", i);
        link_names(MEMBER, lb_str(name));
    }
    assert_int_equal(lb_persons_meet(persons, workspace.row.no, MEMBER, LB_STR("anna"), &draft),
                     LB_PERSON_TOO_MANY);
    assert_int_equal(lb_persons_meet(persons, workspace.row.no, MEMBER, LB_STR("anna-0"), &draft),
                     LB_PERSON_KNOWN);
    assert_false(lb_persons_has_conflict(persons, &workspace, MEMBER, LB_STR("anna")));
    assert_true(lb_persons_add_conflict(persons, &workspace, MEMBER, LB_STR("anna"), 9));
    assert_true(lb_persons_has_conflict(persons, &workspace, MEMBER, LB_STR("anna")));
    commit();
    uint64_t numbers[LB_CONFLICTS_MAX];
    assert_int_equal(lb_persons_conflicts(persons, &workspace, numbers), 1);
    assert_int_equal(numbers[0], 9);
    assert_true(lb_persons_drop_conflict(persons, &workspace, 9));
    commit();
    assert_int_equal(lb_persons_conflicts(persons, &workspace, numbers), 0);
}

static bool add_conflicts(uint64_t first, uint64_t last)
{
    char name[32];
    bool good = true;
    for (uint64_t at = first; good && at <= last; at++) {
        snprintf(name, sizeof name, "pair-%u", (unsigned)at);
        good = lb_persons_add_conflict(persons, &workspace, MEMBER, lb_str(name), at);
    }
    return good;
}

static bool has_conflict(unsigned at)
{
    char name[32];
    snprintf(name, sizeof name, "pair-%u", at);
    return lb_persons_has_conflict(persons, &workspace, MEMBER, lb_str(name));
}

static void the_latest_conflicts_are_known_in_a_batch_and_after_it(void **state)
{
    uint64_t numbers[LB_CONFLICTS_MAX];
    assert_true(add_conflicts(1, 2500));
    assert_true(has_conflict(2500) && has_conflict(1501) && !has_conflict(1500));
    commit();
    assert_int_equal(lb_persons_conflicts(persons, &workspace, numbers), LB_CONFLICTS_MAX);
    assert_true(numbers[0] == 2500 && numbers[LB_CONFLICTS_MAX - 1] == 1501);
    assert_true(has_conflict(2500) && has_conflict(1501) && !has_conflict(1500));
    assert_true(add_conflicts(2501, 2502));
    assert_true(lb_persons_drop_conflict(persons, &workspace, 2501));
    commit();
    assert_int_equal(lb_persons_conflicts(persons, &workspace, numbers), LB_CONFLICTS_MAX - 1);
    assert_true(numbers[0] == 2502 && !has_conflict(2501) && !has_conflict(1502));
}

static void conflicts_of_a_batch_that_failed_are_forgotten(void **state)
{
    struct lb_workspace other = {.row.no = 4};
    assert_true(add_conflicts(1, 200));
    assert_false(lb_persons_has_conflict(persons, &other, MEMBER, LB_STR("pair-1")));
    lb_persons_roll_back(persons);
    assert_false(has_conflict(200));
    assert_true(add_conflicts(1, 3));
    commit();
    assert_true(has_conflict(3) && !has_conflict(4));
}

static int group_setup(void **state)
{
    lb_rcu_thread_register();
    return 0;
}

static int group_teardown(void **state)
{
    lb_rcu_barrier();
    lb_rcu_thread_unregister();
    return 0;
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_link_is_seen_by_readers_once_it_is_durable),
        TEST(a_batch_that_fails_leaves_people_as_they_were),
        TEST(readers_find_both_until_the_old_person_is_retired),
        TEST(a_person_without_a_link_falls_apart),
        TEST(a_pair_holds_while_one_of_its_numbers_does),
        TEST(links_are_forgotten_by_their_numbers),
        TEST(a_person_has_eight_names),
        TEST(the_latest_conflicts_are_known_in_a_batch_and_after_it),
        TEST(conflicts_of_a_batch_that_failed_are_forgotten),
    };
    return cmocka_run_group_tests_name("persons", tests, group_setup, group_teardown);
}
