/* Rows of events that are too old go, of each workspace to its end, and not too many at once. */
#include "base/clock.h"
#include "domain/events/events.h"
#include "support/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define OLD_ROWS 2500
#define AT_ONCE  1000 /* as domain/events/sweep.c has it */

struct append {
    struct lb_write write; /* first */
    struct lb_event_row row;
    size_t count;
};

static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    struct append *append = (struct append *)write;
    lb_err err = LB_OK;
    write->touched = true;
    for (size_t i = 0; !err && i < append->count; i++)
        err = store->ops->event_append(store, &append->row);
    return err;
}

static void append(struct engine *engine, int64_t at, size_t count)
{
    struct append append = {.write.apply = apply,
                            .row = {.workspace = engine->workspace->row.no,
                                    .at = at,
                                    .type = LB_EVENT_MESSAGE_RECEIVED},
                            .count = count};
    assert_int_equal(engine_submit(engine, &append.write), LB_OK);
}

static lb_err count_row(void *context, const struct lb_event_row *row)
{
    ++*(size_t *)context;
    return LB_OK;
}

static size_t count_rows(struct engine *engine)
{
    struct lb_store_reader *reader;
    size_t count = 0;
    assert_int_equal(engine->store->ops->reader_open(engine->store, &reader), LB_OK);
    assert_int_equal(engine->store->ops->events_page(reader, engine->workspace->row.no, 0, 1,
                                                     2 * OLD_ROWS, &count, count_row),
                     LB_OK);
    engine->store->ops->reader_close(reader);
    return count;
}

static void a_workspace_with_many_old_ones_has_the_next_turn_too(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_events_settings settings = {.store = engine->store,
                                          .directory = engine->directory,
                                          .blocklist = engine->blocklist,
                                          .retention_ms = 60 * 60 * 1000};
    struct lb_events *events = lb_events_create(&settings);
    struct lb_events_sweep sweep = {.events = events};
    size_t left = OLD_ROWS + 2;
    append(engine, 1, OLD_ROWS);
    append(engine, lb_clock_wall_ms(), 2);
    for (int sweeps = 1; lb_events_sweep_due(events); sweeps++) {
        size_t before = left;
        assert_true(sweeps <= OLD_ROWS / (AT_ONCE - 1) + 1);
        lb_events_sweep(&sweep);
        assert_int_equal(engine_submit(engine, &sweep.write), LB_OK);
        left = count_rows(engine);
        assert_true(before - left < AT_ONCE);
    }
    assert_int_equal(left, 1 + 2); /* one old one stays, to count on from */
    lb_events_destroy(events);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_workspace_with_many_old_ones_has_the_next_turn_too,
                                        engine_setup, engine_teardown),
    };
    return cmocka_run_group_tests_name("events_sweep", tests, NULL, NULL);
}
