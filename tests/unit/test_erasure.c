/* Looking for a person who is to be erased, while memory is short; and what is forgotten. */
#include "domain/outreach/erasure.h"
#include "domain/outreach/internal.h"
#include "support/engine.h"
#include "support/starve.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define MENTIONED "zelda-m9"

static lb_err find(const struct engine *engine, struct lb_store_reader *reader, uint64_t nth,
                   uint64_t *out_failed, size_t *out_rows)
{
    struct lb_erasure *erasure = calloc(1, sizeof *erasure);
    bool done = false;
    erasure->outreach = engine->outreach;
    erasure->change = (struct lb_change){.blocklist = engine->blocklist,
                                         .standing = engine_standing(engine, NULL)};
    lb_err err = lb_erasure_add(erasure, LB_STR(MENTIONED));
    starve_at(nth, false);
    while (!err && !done)
        err = lb_erasure_find(erasure, reader, &done, NULL);
    *out_failed = starve_end();
    *out_rows = erasure->row_count;
    lb_erasure_fini(erasure);
    free(erasure);
    return err;
}

static void memory_that_is_short_never_means_that_a_reason_does_not_mention_the_person(void **state)
{
    static const char *const names[] = {"somebody"};
    struct engine *engine = engine_of(state);
    struct lb_store_reader *reader;
    uint64_t failed = 1;
    assert_int_equal(engine_block(engine, NULL, names, 1, "friend of Zelda-M9", NULL), LB_OK);
    engine_settle(engine);
    assert_int_equal(engine->store->ops->reader_open(engine->store, &reader), LB_OK);
    for (uint64_t nth = 1; failed; nth++) {
        size_t rows;
        lb_err err = find(engine, reader, nth, &failed, &rows);
        assert_true(failed ? err != LB_OK || rows == 1 : err == LB_OK && rows == 1);
        assert_true(nth < 100);
    }
    engine->store->ops->reader_close(reader);
}

/* --- What is forgotten ------------------------------------------------------------------------ */

#define TODAY "ann-\xe2\x9d\xa4"
#define OLD   TODAY "\xef\xb8\x8f" /* that a lead of an earlier version has */

static const struct lb_store_ops *real;
static uint32_t workspace_no;
static unsigned forgotten_today, forgotten_old;

static lb_err load_old_name(struct lb_store *store, void *context,
                            lb_err (*each)(void *context, uint32_t workspace, struct lb_str name))
{
    lb_err err = each(context, workspace_no, LB_STR(OLD));
    return err ? err : each(context, workspace_no + 1, LB_STR(OLD));
}

static lb_err count_forgotten(struct lb_store *store, uint32_t workspace, struct lb_str key,
                              struct lb_str value, bool ids)
{
    assert_int_equal(workspace, workspace_no);
    assert_true(lb_str_equal(key, value));
    forgotten_today += lb_str_equal(key, LB_STR(TODAY));
    forgotten_old += lb_str_equal(key, LB_STR(OLD));
    return real->name_forget(store, workspace, key, value, ids);
}

static void erase(struct engine *engine, struct lb_str name)
{
    struct lb_store_reader *reader;
    struct lb_erasure *erasure = calloc(1, sizeof *erasure);
    bool done = false;
    erasure->outreach = engine->outreach;
    erasure->change = (struct lb_change){.blocklist = engine->blocklist,
                                         .standing = engine_standing(engine, NULL)};
    assert_int_equal(engine->store->ops->reader_open(engine->store, &reader), LB_OK);
    assert_int_equal(lb_erasure_add(erasure, name), LB_OK);
    while (!done)
        assert_int_equal(lb_erasure_find(erasure, reader, &done, NULL), LB_OK);
    lb_erasure_prepare(erasure);
    assert_int_equal(engine_submit(engine, &erasure->change.write), LB_OK);
    assert_false(erasure->again);
    engine->store->ops->reader_close(reader);
    lb_erasure_fini(erasure);
    free(erasure);
}

static void what_is_noted_under_an_old_form_of_the_name_is_forgotten_too(void **state)
{
    static struct lb_store_ops ops; /* until the engine has ended */
    struct engine *engine = engine_of(state);
    engine_settle(engine);
    workspace_no = engine->workspace->row.no;
    real = engine->store->ops;
    ops = *real;
    ops.load_lead_names = load_old_name;
    ops.name_forget = count_forgotten;
    engine->store->ops = &ops;
    assert_int_equal(lb_old_names_load(&engine->outreach->old_names, engine->store), LB_OK);
    erase(engine, LB_STR(TODAY));
    assert_int_equal(forgotten_today, 1);
    assert_int_equal(forgotten_old, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            memory_that_is_short_never_means_that_a_reason_does_not_mention_the_person,
            engine_setup, engine_teardown),
        cmocka_unit_test_setup_teardown(
            what_is_noted_under_an_old_form_of_the_name_is_forgotten_too, engine_setup,
            engine_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
