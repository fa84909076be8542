/* Sendings of files: which one an import belongs to, and what becomes of one that lost its own. */
#include "base/log.h"
#include "domain/blocklist/imports.h"
#include "support/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define ID "spring"

static void begin(struct engine *engine, struct lb_imports_run *run)
{
    *run = (struct lb_imports_run){
        .row = {.id = ID, .list = engine_list(engine, NULL), .bytes = 7, .column = 2}};
    lb_imports_begin(run, engine->workspace);
}

/* Blocks one more; `name` NULL: the sending ends. */
static lb_err step(struct engine *engine, struct lb_imports_run *run, const char *name)
{
    struct lb_change_item item = {.key = lb_str(name)};
    struct lb_fingerprint fingerprint;
    struct lb_imports_step step = {.change = {.blocklist = engine->blocklist,
                                              .standing = engine_standing(engine, NULL),
                                              .items = &item,
                                              .fingerprints = &fingerprint,
                                              .import = LB_STR(ID),
                                              .count = name != NULL},
                                   .run = run,
                                   .last = !name,
                                   .finished = true,
                                   .counts = {.rows = 3}};
    lb_change_block(&step.change);
    lb_imports_prepare(&step);
    lb_err err = engine_submit(engine, &step.change.write);
    if (!err)
        lb_imports_recorded(&step);
    else
        assert_true(step.change.write.reason.text[0]);
    return err;
}

static struct lb_imports_undo undo(struct engine *engine)
{
    struct lb_imports_undo undo = {
        .change = {.blocklist = engine->blocklist, .standing = engine_standing(engine, NULL)},
        .id = LB_STR(ID),
        .below = UINT64_MAX >> 1};
    lb_imports_undo(&undo);
    undo.change.write.result = engine_submit(engine, &undo.change.write);
    return undo;
}

static struct lb_blocklist_import_row stored(struct engine *engine)
{
    struct lb_blocklist_import_row row;
    struct lb_store_reader *reader;
    assert_int_equal(engine->store->ops->reader_open(engine->store, &reader), LB_OK);
    assert_int_equal(
        engine->store->ops->import(reader, engine_list(engine, NULL).workspace, LB_STR(ID), &row),
        LB_OK);
    engine->store->ops->reader_close(reader);
    return row;
}

static enum lb_imports_state state_of(struct engine *engine)
{
    struct lb_blocklist_import_row row = stored(engine);
    return lb_imports_state(&row, engine->workspace, engine->store, row.touched_at);
}

static void an_import_runs_until_its_sending_ends(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_imports_run run;
    begin(engine, &run);
    assert_int_equal(step(engine, &run, "ann"), LB_OK);
    assert_int_equal(state_of(engine), LB_IMPORT_RUNNING);
    assert_int_equal(undo(engine).change.write.result, LB_ERR_WORKSPACE_OVERLOADED);
    assert_int_equal(step(engine, &run, "bob"), LB_OK);
    assert_int_equal(step(engine, &run, NULL), LB_OK);
    lb_imports_end(engine->workspace);
    struct lb_blocklist_import_row row = stored(engine);
    assert_int_equal(state_of(engine), LB_IMPORT_DONE);
    assert_true(row.done == 2 && row.rows == 3 && row.bytes == 7 && row.run == 0);
    assert_true(row.finished_at && row.started_at && row.column == 2);
}

static void one_that_ended_without_a_word_is_broken_off(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_imports_run run;
    begin(engine, &run);
    assert_int_equal(step(engine, &run, "ann"), LB_OK);
    lb_imports_end(engine->workspace);
    assert_int_equal(state_of(engine), LB_IMPORT_BROKEN_OFF);
    struct lb_imports_undo undone = undo(engine);
    assert_true(undone.done && undone.change.unblocked == 1);
    assert_int_equal(state_of(engine), LB_IMPORT_UNDONE);
}

static void an_import_whose_undo_was_undone_can_be_undone_again(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_imports_run run;
    struct outcome outcome;
    begin(engine, &run);
    assert_int_equal(step(engine, &run, "ann"), LB_OK);
    assert_int_equal(step(engine, &run, "bob"), LB_OK);
    assert_int_equal(step(engine, &run, NULL), LB_OK);
    lb_imports_end(engine->workspace);
    uint64_t last = undo(engine).change.id.number; /* of the last change of two */
    struct lb_imports_undo first = undo(engine);
    assert_true(first.done && first.change.unblocked == 1);
    assert_int_equal(state_of(engine), LB_IMPORT_UNDONE);
    assert_true(undo(engine).change.id.number == 0);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(engine_undo(engine, last, &outcome), LB_OK);
        assert_int_equal(outcome.blocked, 1);
        assert_int_equal(state_of(engine), LB_IMPORT_DONE);
        struct lb_imports_undo again = undo(engine);
        assert_true(again.done && again.change.unblocked == 1);
        last = again.change.id.number;
        assert_int_equal(state_of(engine), LB_IMPORT_UNDONE);
        assert_true(undo(engine).change.id.number == 0);
    }
    assert_int_equal(engine_check(engine, NULL, "ann") + engine_check(engine, NULL, "bob"), 0);
}

/* Undone by another node, to which it seemed to be broken off. */
static void a_sending_whose_import_was_undone_records_nothing_more(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_imports_run run;
    begin(engine, &run);
    assert_int_equal(step(engine, &run, "ann"), LB_OK);
    lb_imports_end(engine->workspace);
    assert_true(undo(engine).done);
    assert_int_equal(step(engine, &run, "bob"), LB_ERR_ALREADY_EXISTS);
    assert_int_equal(step(engine, &run, NULL), LB_ERR_ALREADY_EXISTS);
    assert_int_equal(engine_check(engine, NULL, "bob"), 0);
    assert_int_equal(state_of(engine), LB_IMPORT_UNDONE);
}

static void a_sending_that_was_taken_over_records_nothing_more(void **state)
{
    struct engine *engine = engine_of(state);
    struct lb_imports_run first, second;
    begin(engine, &first);
    assert_int_equal(step(engine, &first, "ann"), LB_OK);
    begin(engine, &second);
    assert_int_equal(step(engine, &second, "bob"), LB_OK);
    assert_int_equal(step(engine, &first, "cid"), LB_ERR_ALREADY_EXISTS);
    assert_int_equal(step(engine, &second, NULL), LB_OK);
    assert_int_equal(engine_check(engine, NULL, "cid"), 0);
    assert_int_equal(stored(engine).done, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, engine_setup, engine_teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        TEST(an_import_runs_until_its_sending_ends),
        TEST(one_that_ended_without_a_word_is_broken_off),
        TEST(an_import_whose_undo_was_undone_can_be_undone_again),
        TEST(a_sending_whose_import_was_undone_records_nothing_more),
        TEST(a_sending_that_was_taken_over_records_nothing_more),
    };
    lb_log_set_level(LB_LOG_ERROR);
    return cmocka_run_group_tests_name("import_runs", tests, NULL, NULL);
}
