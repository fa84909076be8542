/* When the server tries a write of its own again. */
#include "writer/retry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
/* After the above. */
#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SLACK_MS     500 /* of a busy machine */

static uint64_t waits_ms(lb_err err, uint64_t took_ms)
{
    uint64_t now = lb_clock_mono_ms();
    return lb_retry_at_ms(err, now - took_ms) - now;
}

static void what_was_silent_is_tried_again_late(void **state)
{
    static const lb_err errs[] = {LB_ERR_STORAGE_UNAVAILABLE, LB_ERR_OUTCOME_UNKNOWN};
    for (size_t i = 0; i < COUNT(errs); i++) {
        assert_in_range(waits_ms(errs[i], 2000), LB_RETRY_LATE_MS, LB_RETRY_LATE_MS + SLACK_MS);
        assert_in_range(waits_ms(errs[i], 1), LB_RETRY_SOON_MS, LB_RETRY_SOON_MS + SLACK_MS);
    }
}

/* Locks are waited for as long, and a queue. */
static void what_was_in_the_way_is_tried_again_soon(void **state)
{
    static const lb_err errs[] = {LB_ERR_CONFLICT, LB_ERR_OVERLOADED, LB_ERR_STORAGE_FULL};
    for (size_t i = 0; i < COUNT(errs); i++)
        assert_in_range(waits_ms(errs[i], 5000), LB_RETRY_SOON_MS, LB_RETRY_SOON_MS + SLACK_MS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_silent_is_tried_again_late),
        cmocka_unit_test(what_was_in_the_way_is_tried_again_soon),
    };
    return cmocka_run_group_tests_name("retry", tests, NULL, NULL);
}
