/* Looking for a person who is to be erased, while memory is short. */
#include "domain/outreach/erasure.h"
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
    struct engine engine;
    struct lb_store_reader *reader;
    char folder[] = "/tmp/leadblock-erasure-XXXXXX";
    char path[64], command[64];
    uint64_t failed = 1;
    (void)state;
    lb_rcu_thread_register();
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/db", folder);
    assert_int_equal(engine_open(&engine, path, NULL), LB_OK);
    assert_int_equal(engine_make_workspace(&engine), LB_OK);
    assert_int_equal(engine_block(&engine, NULL, names, 1, "friend of Zelda-M9", NULL), LB_OK);
    engine_settle(&engine);
    assert_int_equal(engine.store->ops->reader_open(engine.store, &reader), LB_OK);
    for (uint64_t nth = 1; failed; nth++) {
        size_t rows;
        lb_err err = find(&engine, reader, nth, &failed, &rows);
        assert_true(failed ? err != LB_OK || rows == 1 : err == LB_OK && rows == 1);
        assert_true(nth < 100);
    }
    engine.store->ops->reader_close(reader);
    engine_close(&engine);
    lb_rcu_thread_unregister();
    snprintf(command, sizeof command, "rm -r %s", folder);
    assert_int_equal(system(command), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            memory_that_is_short_never_means_that_a_reason_does_not_mention_the_person),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
