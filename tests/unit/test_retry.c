/* When the server tries a write of its own again. */
#include "writer/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* After the above. */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The linker gives every call of the program's to this. */
uint64_t __wrap_lb_clock_mono_ns(void);

/* Stands still, however busy the machine is. */
uint64_t __wrap_lb_clock_mono_ns(void)
{
    return UINT64_C(3600000) * 1000000;
}

static uint64_t waits_ms(lb_err err, uint64_t took_ms)
{
    struct lb_retry retry = {0};
    uint64_t now = lb_clock_mono_ms();
    lb_retry_note(&retry, err, now - took_ms);
    return retry.at_ms - now;
}

static void what_was_silent_is_tried_again_late(void **state)
{
    static const lb_err errs[] = {LB_ERR_STORAGE_UNAVAILABLE, LB_ERR_OUTCOME_UNKNOWN};
    for (size_t i = 0; i < COUNT(errs); i++) {
        assert_int_equal(waits_ms(errs[i], 2000), LB_RETRY_LATE_MS);
        assert_int_equal(waits_ms(errs[i], 1), LB_RETRY_SOON_MS);
    }
}

/* Locks are waited for as long, and a queue. */
static void what_was_in_the_way_is_tried_again_soon(void **state)
{
    static const lb_err errs[] = {LB_ERR_CONFLICT, LB_ERR_OVERLOADED, LB_ERR_STORAGE_FULL};
    for (size_t i = 0; i < COUNT(errs); i++)
        assert_int_equal(waits_ms(errs[i], 5000), LB_RETRY_SOON_MS);
}

/* Has waited for what is silent, so long ago. */
static struct lb_retry silent(uint64_t ago_ms)
{
    struct lb_retry retry = {0};
    lb_retry_put_off(&retry, lb_clock_mono_ms() - ago_ms - 1000);
    retry.at_ms -= ago_ms;
    retry.silent_ms -= ago_ms;
    return retry;
}

static void what_was_silent_is_tried_as_soon_as_all_answer(void **state)
{
    uint64_t now = lb_clock_mono_ms();
    struct lb_retry retry = silent(10000);
    struct lb_store store = {.answered_ms = now - 11500};
    assert_true(lb_retry_waits(&retry, &store)); /* answered before it began */
    atomic_store(&store.answered_ms, now - 10500);
    assert_false(lb_retry_waits(&retry, &store));
    lb_retry_note(&retry, LB_OK, now);
    assert_false(lb_retry_waits(&retry, &store));
}

/* The answer may be one that was on its way. */
static void it_is_not_tried_at_once(void **state)
{
    struct lb_retry retry = silent(0);
    struct lb_store store = {.answered_ms = lb_clock_mono_ms() + 1};
    assert_true(lb_retry_waits(&retry, &store));
}

static void what_is_silent_for_writes_alone_is_tried_twice_and_then_late(void **state)
{
    uint64_t now = lb_clock_mono_ms();
    struct lb_retry retry = silent(20000);
    struct lb_store store = {.answered_ms = now - 1000};
    assert_false(lb_retry_waits(&retry, &store));
    lb_retry_note(&retry, LB_ERR_STORAGE_UNAVAILABLE, now - 5000);
    retry.silent_ms -= 10000; /* later, when all have answered again */
    retry.at_ms -= 10000;
    assert_true(lb_retry_waits(&retry, &store));
    retry.at_ms -= LB_RETRY_LATE_MS;
    retry.silent_ms -= LB_RETRY_LATE_MS;
    assert_false(lb_retry_waits(&retry, &store));
    lb_retry_note(&retry, LB_ERR_STORAGE_UNAVAILABLE, now - 5000);
    retry.silent_ms -= 10000;
    retry.at_ms -= 10000;
    assert_true(lb_retry_waits(&retry, &store));
}

/* All had answered when it began; only then a part fell silent, and is until after the second try.
 */
static void an_answer_from_before_is_no_sign_that_writes_alone_wait(void **state)
{
    uint64_t now = lb_clock_mono_ms();
    struct lb_retry retry = silent(2000);
    struct lb_store store = {.answered_ms = now - 2500};
    assert_false(lb_retry_waits(&retry, &store));
    lb_retry_note(&retry, LB_ERR_STORAGE_UNAVAILABLE, now - 1500);
    retry.silent_ms -= 1200;
    retry.at_ms -= 1200;
    assert_true(lb_retry_waits(&retry, &store));
    atomic_store(&store.answered_ms, now - 100);
    assert_false(lb_retry_waits(&retry, &store));
}

/* The minute has passed, and nothing had answered: the next failure is the same outage. */
static void an_outage_of_minutes_is_over_when_all_answer(void **state)
{
    uint64_t now = lb_clock_mono_ms();
    struct lb_retry retry = silent(LB_RETRY_LATE_MS);
    struct lb_store store = {.answered_ms = 0};
    assert_false(lb_retry_waits(&retry, &store));
    lb_retry_note(&retry, LB_ERR_STORAGE_UNAVAILABLE, now - 5000);
    retry.silent_ms -= 5000;
    retry.at_ms -= 5000;
    atomic_store(&store.answered_ms, now - 1000);
    assert_false(lb_retry_waits(&retry, &store));
}

/* One that was tried since all had answered, and had nothing to do. */
static void an_outage_is_not_that_of_another_day(void **state)
{
    uint64_t now = lb_clock_mono_ms();
    struct lb_retry retry = silent(LB_RETRY_LATELY_MS + 1000);
    struct lb_store store = {.answered_ms = now - 60000};
    assert_false(lb_retry_waits(&retry, &store));
    lb_retry_note(&retry, LB_ERR_STORAGE_UNAVAILABLE, now - 5000);
    retry.silent_ms -= 5000;
    retry.at_ms -= 5000;
    atomic_store(&store.answered_ms, now - 1000);
    assert_false(lb_retry_waits(&retry, &store));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_silent_is_tried_again_late),
        cmocka_unit_test(what_was_in_the_way_is_tried_again_soon),
        cmocka_unit_test(what_was_silent_is_tried_as_soon_as_all_answer),
        cmocka_unit_test(it_is_not_tried_at_once),
        cmocka_unit_test(what_is_silent_for_writes_alone_is_tried_twice_and_then_late),
        cmocka_unit_test(an_answer_from_before_is_no_sign_that_writes_alone_wait),
        cmocka_unit_test(an_outage_of_minutes_is_over_when_all_answer),
        cmocka_unit_test(an_outage_is_not_that_of_another_day),
    };
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
