/* What the log says of one person, from its rows. */
#include "domain/blocklist/history.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static const struct lb_str ada[] = {{"ada", 3}};

static lb_err take(struct lb_history *history, uint64_t number, enum lb_log_kind kind,
                   uint32_t campaign, const char *items)
{
    struct lb_log_row row = {.id = number,
                             .number = number,
                             .list = {.workspace = 1, .campaign = campaign},
                             .kind = kind,
                             .actor = 5,
                             .at = (int64_t)number * 10,
                             .epoch = number == 1 ? 77 : 0,
                             .items = lb_str(items)};
    return lb_history_take(history, &row);
}

static void expect_event(const struct lb_history *history, size_t at, uint64_t row, uint64_t entry,
                         enum lb_log_kind kind)
{
    assert_true(at < history->event_count);
    const struct lb_history_event *event = &history->events[at];
    assert_int_equal(event->row, row);
    assert_int_equal(event->entry, entry);
    assert_int_equal(event->kind, kind);
    assert_int_equal(event->at, row * 10);
    assert_true(lb_str_equal(lb_history_str(history, &event->name), LB_STR("ada")));
    assert_null(lb_history_str(history, &event->reason).ptr);
}

static void events_that_name_entries_by_number_are_of_the_person(void **state)
{
    struct lb_history history = {.names = ada, .name_count = 1};
    assert_int_equal(take(&history, 1, LB_LOG_BLOCK, 0, "bob,ada,adam"), LB_OK);
    assert_int_equal(take(&history, 4, LB_LOG_BLOCK, 9, "ada"), LB_OK);
    assert_int_equal(take(&history, 5, LB_LOG_UNBLOCK, 0, "1,2"), LB_OK);
    assert_int_equal(take(&history, 7, LB_LOG_UNBLOCK, 0, "3"), LB_OK);
    assert_int_equal(history.event_count, 3);
    expect_event(&history, 0, 1, 2, LB_LOG_BLOCK);
    expect_event(&history, 1, 4, 4, LB_LOG_BLOCK);
    expect_event(&history, 2, 5, 2, LB_LOG_UNBLOCK);
    assert_int_equal(history.list_count, 2);
    assert_true(history.lists[0].campaign == 0 && history.lists[0].blocking == 0);
    assert_true(history.lists[1].campaign == 9 && history.lists[1].blocking == 1);
    assert_int_equal(take(&history, 8, LB_LOG_RESTORE, 0, "2"), LB_OK);
    assert_int_equal(take(&history, 9, LB_LOG_RESTORE, 0, "2"), LB_OK); /* in force already */
    expect_event(&history, 3, 8, 2, LB_LOG_RESTORE);
    assert_int_equal(history.lists[0].blocking, 1);
    lb_history_fini(&history);
}

static void a_change_is_named_by_its_first_row(void **state)
{
    struct lb_history history = {.names = ada, .name_count = 1};
    struct lb_log_row row = {
        .number = 3, .continues = true, .undoes = 2, .epoch = 88, .items = LB_STR("ada")};
    assert_int_equal(take(&history, 1, LB_LOG_BLOCK, 0, "bob"), LB_OK);
    assert_int_equal(take(&history, 2, LB_LOG_BLOCK, 0, "carol"), LB_OK);
    assert_int_equal(lb_history_take(&history, &row), LB_OK);
    assert_int_equal(history.event_count, 1);
    assert_true(history.events[0].change.number == 2 && history.events[0].change.epoch == 77);
    assert_true(history.events[0].undoes.number == 2 && history.events[0].undoes.epoch == 77);
    row = (struct lb_log_row){.number = 4, .items = LB_STR("ada")};
    assert_int_equal(lb_history_take(&history, &row), LB_OK);
    assert_true(history.events[1].change.number == 4 && history.events[1].change.epoch == 88);
    assert_int_equal(history.events[1].undoes.number, 0);
    lb_history_fini(&history);
}

/* As a page of them has to find its place again, and tell which requests hold. */
static void events_are_told_apart_by_the_items_that_say_them(void **state)
{
    struct lb_history history = {.names = ada, .name_count = 1};
    struct lb_log_row imported = {.number = 1,
                                  .kind = LB_LOG_BLOCK,
                                  .items = LB_STR("bob,ada"),
                                  .import = LB_STR("from-crm")};
    assert_int_equal(lb_history_take(&history, &imported), LB_OK);
    assert_int_equal(take(&history, 3, LB_LOG_BLOCK_AGAIN, 0, "ada"), LB_OK);
    assert_int_equal(take(&history, 4, LB_LOG_UNBLOCK, 0, "1,2,3,x"), LB_OK);
    assert_int_equal(history.event_count, 4);
    assert_true(history.events[0].item == 2 && history.events[1].item == 3);
    assert_true(history.events[2].item == 5 && history.events[3].item == 6);
    assert_true(
        lb_str_equal(lb_history_str(&history, &history.events[0].import), LB_STR("from-crm")));
    assert_null(lb_history_str(&history, &history.events[1].import).ptr);
    assert_false(lb_history_blocks(&history, 2) || lb_history_blocks(&history, 3));
    assert_int_equal(take(&history, 8, LB_LOG_RESTORE, 0, "3"), LB_OK);
    assert_true(lb_history_blocks(&history, 3));
    assert_false(lb_history_blocks(&history, 1) || lb_history_blocks(&history, 2));
    lb_history_fini(&history);
}

static void a_request_holds_when_as_much_was_restored_as_taken_back(void **state)
{
    struct lb_history history = {.names = ada, .name_count = 1};
    assert_int_equal(take(&history, 1, LB_LOG_BLOCK, 0, "ada"), LB_OK);
    for (uint64_t number = 2; number < 5; number++)
        assert_int_equal(take(&history, number, LB_LOG_UNBLOCK, 0, "1"), LB_OK);
    for (uint64_t number = 5; number < 8; number++) {
        assert_false(lb_history_blocks(&history, 1));
        assert_int_equal(take(&history, number, LB_LOG_RESTORE, 0, "1"), LB_OK);
    }
    assert_true(lb_history_blocks(&history, 1));
    lb_history_fini(&history);
}

/* Full-width letters were names of their own once. */
static void names_of_earlier_rules_are_of_the_person_unless_asked_exactly(void **state)
{
    for (int exact = 0; exact < 2; exact++) {
        struct lb_history history = {.names = ada, .name_count = 1, .exact = exact};
        assert_int_equal(take(&history, 1, LB_LOG_BLOCK, 0, "\uff41\uff44\uff41"), LB_OK);
        assert_int_equal(history.event_count, exact ? 0 : 1);
        lb_history_fini(&history);
    }
}

static void a_history_has_an_end(void **state)
{
    struct lb_history history = {.names = ada, .name_count = 1};
    for (uint64_t number = 1; number <= LB_HISTORY_EVENTS_MAX; number++)
        assert_int_equal(take(&history, number, LB_LOG_BLOCK, 0, "ada"), LB_OK);
    assert_int_equal(take(&history, LB_HISTORY_EVENTS_MAX + 1, LB_LOG_BLOCK, 0, "bob"), LB_OK);
    assert_int_equal(take(&history, LB_HISTORY_EVENTS_MAX + 2, LB_LOG_BLOCK, 0, "ada"),
                     LB_ERR_PAYLOAD_TOO_LARGE);
    lb_history_fini(&history);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_that_name_entries_by_number_are_of_the_person),
        cmocka_unit_test(a_change_is_named_by_its_first_row),
        cmocka_unit_test(events_are_told_apart_by_the_items_that_say_them),
        cmocka_unit_test(a_request_holds_when_as_much_was_restored_as_taken_back),
        cmocka_unit_test(names_of_earlier_rules_are_of_the_person_unless_asked_exactly),
        cmocka_unit_test(a_history_has_an_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
