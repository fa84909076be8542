/* Rows of events in the store, as the contract in store/methods.h says. */
#include "support/backend.h"

#define WS         BACKEND_WORKSPACE
#define OTHER      BACKEND_OTHER_WORKSPACE
#define LISTED_MAX 8

/* With something different in each field. */
static struct lb_event_row make_row(uint32_t workspace, uint64_t log)
{
    return (struct lb_event_row){.workspace = workspace,
                                 .log = log,
                                 .epoch = LB_EPOCH_MAX,
                                 .at = (int64_t)log * 1000,
                                 .type = 6,
                                 .campaign = UINT32_MAX,
                                 .lead = (UINT64_C(1) << 53) - 1,
                                 .actor = LB_USER_NO_MIN,
                                 .detail = (UINT64_C(1) << LB_ROW_ITEMS_MAX) - 1};
}

static void append(struct backend *backend, uint32_t workspace, uint64_t log)
{
    struct lb_event_row row = make_row(workspace, log);
    assert_int_equal(backend->ops->event_append(backend->store, &row), LB_OK);
}

static lb_err found(struct backend *backend, uint32_t workspace, uint64_t number,
                    struct lb_event_row *out)
{
    return backend->ops->event(backend->reader, workspace, number, out);
}

static void events_are_numbered_in_their_workspace_and_read_back(void **state)
{
    struct backend *backend = *state;
    struct lb_event_row wanted = make_row(WS, 7);
    struct lb_event_row row;
    append(backend, WS, 5);
    append(backend, OTHER, 6);
    append(backend, WS, 7);
    backend_commit(backend);
    backend_reopen(backend);
    wanted.number = 2;
    assert_int_equal(found(backend, WS, 2, &row), LB_OK);
    assert_true(row.workspace == WS && row.number == 2 && row.log == 7);
    assert_true(row.epoch == wanted.epoch && row.at == wanted.at && row.type == wanted.type);
    assert_true(row.campaign == wanted.campaign && row.lead == wanted.lead);
    assert_true(row.actor == wanted.actor && row.detail == wanted.detail);
    assert_int_equal(found(backend, WS, LB_ENTRY_ID_MAX, &row), LB_OK);
    assert_int_equal(row.number, 2);
    assert_int_equal(found(backend, WS, 1, &row), LB_OK);
    assert_int_equal(row.log, 5);
    assert_int_equal(found(backend, WS, 0, &row), LB_ERR_NOT_FOUND);
    assert_int_equal(found(backend, OTHER, 9, &row), LB_OK);
    assert_true(row.number == 1 && row.log == 6);
}

static void what_was_rolled_back_takes_no_number(void **state)
{
    struct backend *backend = *state;
    struct lb_event_row row;
    append(backend, WS, 1);
    backend_commit(backend);
    backend_begin(backend);
    append(backend, WS, 2);
    backend->ops->rollback(backend->store);
    backend_begin(backend);
    append(backend, WS, 3);
    append(backend, WS, 3);
    backend_commit(backend);
    assert_int_equal(found(backend, WS, 9, &row), LB_OK);
    assert_int_equal(row.number, 3);
}

struct listed {
    uint64_t numbers[LISTED_MAX];
    size_t count, stop_after;
};

static lb_err list(void *context, const struct lb_event_row *row)
{
    struct listed *listed = context;
    assert_true(listed->count < LISTED_MAX && row->workspace == WS);
    listed->numbers[listed->count++] = row->number;
    return listed->count == listed->stop_after ? LB_ERR_OVERLOADED : LB_OK;
}

static struct listed page(struct backend *backend, uint64_t above, uint64_t log, size_t take)
{
    struct listed listed = {0};
    assert_int_equal(
        backend->ops->events_page(backend->reader, WS, above, log, take, &listed, list), LB_OK);
    return listed;
}

static void pages_go_upwards_to_a_place_in_the_log(void **state)
{
    struct backend *backend = *state;
    struct listed stopped = {.stop_after = 1};
    append(backend, WS, 3);
    append(backend, OTHER, 3);
    append(backend, WS, 3);
    append(backend, WS, 8);
    backend_commit(backend);
    struct listed listed = page(backend, 0, 8, LISTED_MAX);
    assert_true(listed.count == 3 && listed.numbers[0] == 1 && listed.numbers[2] == 3);
    listed = page(backend, 1, 7, LISTED_MAX);
    assert_true(listed.count == 1 && listed.numbers[0] == 2);
    listed = page(backend, 0, 8, 2);
    assert_true(listed.count == 2 && listed.numbers[1] == 2);
    assert_int_equal(page(backend, 3, 99, 9).count, 0);
    assert_int_equal(backend->ops->events_page(backend->reader, WS, 0, 9, 9, &stopped, list),
                     LB_ERR_OVERLOADED);
    assert_int_equal(stopped.count, 1);
}

/* Returns how many it removed. */
static size_t drop(struct backend *backend, int64_t before, size_t max)
{
    size_t dropped = 99;
    backend_begin(backend);
    assert_int_equal(backend->ops->events_drop(backend->store, WS, before, max, &dropped), LB_OK);
    backend_commit(backend);
    return dropped;
}

static void old_ones_are_dropped_but_for_the_last_of_them(void **state)
{
    struct backend *backend = *state;
    struct lb_event_row row;
    for (uint64_t log = 1; log <= 5; log++)
        append(backend, WS, log);
    append(backend, OTHER, 1);
    backend_commit(backend);
    assert_int_equal(drop(backend, 1000, 9), 0); /* none is older */
    assert_int_equal(page(backend, 0, 9, 9 - 1).numbers[0], 1);
    assert_int_equal(drop(backend, 3001, 2), 1); /* of the first two alone */
    struct listed listed = page(backend, 0, 9, LISTED_MAX);
    assert_true(listed.count == 4 && listed.numbers[0] == 2);
    assert_int_equal(drop(backend, 3001, 9), 1);
    listed = page(backend, 0, 9, LISTED_MAX);
    assert_true(listed.count == 3 && listed.numbers[0] == 3);
    assert_int_equal(drop(backend, INT64_MAX, 9), 2);
    listed = page(backend, 0, 9, LISTED_MAX);
    assert_true(listed.count == 1 && listed.numbers[0] == 5);
    assert_int_equal(found(backend, OTHER, 9, &row), LB_OK);
    backend_begin(backend);
    append(backend, WS, 6);
    backend_commit(backend);
    assert_int_equal(found(backend, WS, 9, &row), LB_OK);
    assert_int_equal(row.number, 6);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BACKEND_TEST(events_are_numbered_in_their_workspace_and_read_back),
        BACKEND_TEST(what_was_rolled_back_takes_no_number),
        BACKEND_TEST(pages_go_upwards_to_a_place_in_the_log),
        BACKEND_TEST(old_ones_are_dropped_but_for_the_last_of_them),
    };
    return backend_run_all("events", tests, sizeof tests / sizeof *tests);
}
