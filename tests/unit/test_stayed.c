/* What the answer of an undo says of people who stay blocked: of what was recorded alone. */
#include "api/app.h"
#include "api/blocklist/stayed.h"
#include "support/engine.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

static struct lb_app app;
static struct lb_call call = {.app = &app};

static int setup(void **state)
{
    static const char *const names[] = {"ada", "bob"};
    if (engine_setup(state))
        return -1;
    struct engine *engine = engine_of(state);
    app.store = engine->store;
    app.directory = engine->directory;
    return engine_block(engine, NULL, names, 2, NULL, NULL);
}

/* What the writer does when it applies the undo. */
static void attempt(struct lb_stayed *stayed, struct lb_change *undo, const struct engine *engine,
                    const char *name)
{
    struct lb_store_reader *reader;
    uint64_t id = engine_check(engine, NULL, name);
    assert_int_equal(engine->store->ops->reader_open(engine->store, &reader), LB_OK);
    lb_stayed_expect(stayed, &call, undo);
    assert_int_equal(undo->on_stayed(undo, reader, &id, 1), LB_OK);
    engine->store->ops->reader_close(reader);
}

static void assert_says(const struct lb_stayed *stayed, const char *count, const char *name,
                        const char *no_name)
{
    struct lb_buf body = {0};
    lb_stayed_put(stayed, &body);
    lb_buf_append(&body, "", 1);
    assert_non_null(strstr(body.ptr, count));
    assert_true(!name || strstr(body.ptr, name));
    assert_null(strstr(body.ptr, no_name));
    lb_buf_fini(&body);
}

static void people_of_what_was_not_recorded_are_left_out(void **state)
{
    const struct engine *engine = engine_of(state);
    struct lb_stayed stayed = {0};
    struct lb_change undo = {.standing = engine_standing(engine, NULL)};
    attempt(&stayed, &undo, engine, "ada"); /* of whose batch nothing was recorded */
    assert_says(&stayed, "\"stayed\":0,", NULL, "ada");
    attempt(&stayed, &undo, engine, "bob");
    undo.stayed = 1;
    lb_stayed_keep(&stayed, &undo);
    assert_says(&stayed, "\"stayed\":1,", "bob", "ada");
    attempt(&stayed, &undo, engine, "ada");
    undo.stayed = 0; /* tried again, it found nothing to do */
    lb_stayed_keep(&stayed, &undo);
    assert_says(&stayed, "\"stayed\":1,", "bob", "ada");
    lb_stayed_fini(&stayed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(people_of_what_was_not_recorded_are_left_out, setup,
                                        engine_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
