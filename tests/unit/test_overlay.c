#include "domain/blocklist/overlay.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define MANY 5000

static const struct lb_list list = {1, 2};

static struct lb_fingerprint fingerprint(uint64_t high)
{
    return (struct lb_fingerprint){.high = high + 1, .low = 7};
}

static bool record(struct lb_overlay *batch, struct lb_workspace *workspace, struct lb_list where,
                   uint64_t high, const char *identifier, uint64_t id, bool added)
{
    struct lb_event event = {.fingerprint = fingerprint(high),
                             .id = id,
                             .list = where,
                             .workspace = workspace,
                             .add = added};
    return lb_overlay_record(batch, &event, lb_str(identifier));
}

/* The entry that the batch knows; UINT64_MAX when it knows nothing. */
static uint64_t find(const struct lb_overlay *batch, struct lb_list where, uint64_t high,
                     const char *identifier)
{
    uint64_t id = 77;
    return lb_overlay_find(batch, where, fingerprint(high), lb_str(identifier), &id) ? id
                                                                                     : UINT64_MAX;
}

static void the_last_event_of_an_identifier_counts(void **state)
{
    struct lb_overlay batch = {0};
    struct lb_workspace workspace = {0};
    lb_overlay_begin(&batch, 10, LB_ENTRY_ID_MAX);
    assert_int_equal(batch.next_id, 10);
    assert_int_equal(find(&batch, list, 1, "john"), UINT64_MAX);
    assert_true(record(&batch, &workspace, list, 1, "john", 10, true));
    assert_int_equal(find(&batch, list, 1, "john"), 10);
    assert_true(record(&batch, &workspace, list, 1, "john", 10, false));
    assert_int_equal(find(&batch, list, 1, "john"), 0);
    assert_true(record(&batch, &workspace, list, 1, "john", 12, true));
    assert_int_equal(find(&batch, list, 1, "john"), 12);
    assert_int_equal(batch.event_count, 3); /* all are published, in order */
    assert_int_equal(workspace.batch_entries, 1);
    lb_overlay_fini(&batch);
}

/* Two people whose fingerprints are the same stay two; so does one person in two lists. */
static void identifiers_that_share_a_fingerprint_stay_apart(void **state)
{
    struct lb_overlay batch = {0};
    struct lb_workspace workspace = {0};
    const struct lb_list other_campaign = {1, 3};
    const struct lb_list other_workspace = {2, 2};
    lb_overlay_begin(&batch, 1, LB_ENTRY_ID_MAX);
    record(&batch, &workspace, list, 5, "john", 1, true);
    assert_int_equal(find(&batch, list, 5, "jane"), UINT64_MAX);
    record(&batch, &workspace, list, 5, "jane", 2, true);
    record(&batch, &workspace, other_campaign, 5, "john", 3, true);
    record(&batch, &workspace, other_workspace, 5, "john", 4, true);
    assert_int_equal(find(&batch, list, 5, "john"), 1);
    assert_int_equal(find(&batch, list, 5, "jane"), 2);
    assert_int_equal(find(&batch, other_campaign, 5, "john"), 3);
    assert_int_equal(find(&batch, other_workspace, 5, "john"), 4);
    assert_int_equal(find(&batch, list, 6, "john"), UINT64_MAX);
    lb_overlay_fini(&batch);
}

static void a_new_attempt_knows_nothing_of_the_one_that_was_rolled_back(void **state)
{
    struct lb_overlay batch = {0};
    struct lb_workspace one = {0};
    struct lb_workspace other = {0};
    lb_overlay_begin(&batch, 10, LB_ENTRY_ID_MAX);
    record(&batch, &one, list, 1, "john", 10, true);
    record(&batch, &one, list, 2, "jane", 11, true);
    record(&batch, &other, list, 3, "jack", 5, false);
    one.row_times = lb_row_times_create();
    struct lb_row_time row_time;
    assert_true(lb_overlay_record_row(&batch, (struct lb_overlay_row){&one, 10, true}));
    lb_overlay_drop(&batch);
    lb_row_times_publish(one.row_times);
    assert_false(lb_row_times_find(one.row_times, 10, &row_time));
    lb_row_times_destroy(one.row_times);
    batch.next_id = 12;
    assert_int_equal(one.batch_entries, 2);
    assert_int_equal(other.batch_entries, -1);
    lb_overlay_begin(&batch, 10, LB_ENTRY_ID_MAX);
    assert_int_equal(batch.next_id, 10);
    assert_int_equal(batch.event_count, 0);
    assert_int_equal(batch.row_count, 0);
    assert_int_equal(one.batch_entries, 0);
    assert_int_equal(other.batch_entries, 0);
    assert_int_equal(find(&batch, list, 1, "john"), UINT64_MAX);
    record(&batch, &one, list, 2, "jane", 10, true);
    assert_int_equal(find(&batch, list, 1, "john"), UINT64_MAX);
    assert_int_equal(find(&batch, list, 2, "jane"), 10);
    assert_int_equal(one.batch_entries, 1);
    lb_overlay_fini(&batch);
}

/* Generations number attempts; slots of the very first must not come back with the number. */
static void generations_may_wrap(void **state)
{
    struct lb_overlay batch = {0};
    struct lb_workspace workspace = {0};
    lb_overlay_begin(&batch, 1, LB_ENTRY_ID_MAX);
    assert_int_equal(batch.generation, 1);
    record(&batch, &workspace, list, 1, "john", 1, true);
    batch.generation = UINT32_MAX;
    lb_overlay_begin(&batch, 1, LB_ENTRY_ID_MAX);
    assert_true(batch.generation != 0);
    record(&batch, &workspace, list, 2, "jane", 1, true);
    assert_int_equal(find(&batch, list, 1, "john"), UINT64_MAX);
    assert_int_equal(find(&batch, list, 2, "jane"), 1);
    lb_overlay_fini(&batch);
    struct lb_overlay unused = {.generation = UINT32_MAX}; /* before it has any slots */
    lb_overlay_begin(&unused, 1, LB_ENTRY_ID_MAX);
    assert_int_equal(find(&unused, list, 1, "john"), UINT64_MAX);
    lb_overlay_fini(&unused);
}

/* Also when all of them want the same slot. */
static void growth_keeps_what_is_known(void **state)
{
    struct lb_overlay batch = {0};
    struct lb_workspace workspace = {0};
    char name[32];
    for (unsigned attempt = 0; attempt < 3; attempt++) {
        lb_overlay_begin(&batch, 1, LB_ENTRY_ID_MAX);
        for (unsigned i = 0; i < MANY; i++) {
            snprintf(name, sizeof name, "lead-%u-%u", attempt, i);
            uint64_t high = attempt == 1 ? (uint64_t)(i % 7) << 32 : i;
            assert_true(record(&batch, &workspace, list, high, name, i + 1, i % 5 != 0));
        }
        for (unsigned i = 0; i < MANY; i++) {
            snprintf(name, sizeof name, "lead-%u-%u", attempt, i);
            uint64_t high = attempt == 1 ? (uint64_t)(i % 7) << 32 : i;
            assert_int_equal(find(&batch, list, high, name), i % 5 ? i + 1 : 0);
        }
        assert_int_equal(batch.event_count, MANY);
        assert_int_equal(workspace.batch_entries, MANY * 4 / 5 - MANY / 5);
    }
    lb_overlay_fini(&batch);
}

static void time_does_not_go_back_between_batches(void **state)
{
    struct lb_overlay batch = {0};
    lb_overlay_begin(&batch, 1, LB_ENTRY_ID_MAX);
    int64_t ahead = batch.now_ms + 1000000;
    batch.now_ms = ahead;
    lb_overlay_begin(&batch, 1, LB_ENTRY_ID_MAX);
    assert_int_equal(batch.now_ms, ahead);
    lb_overlay_fini(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_last_event_of_an_identifier_counts),
        cmocka_unit_test(identifiers_that_share_a_fingerprint_stay_apart),
        cmocka_unit_test(a_new_attempt_knows_nothing_of_the_one_that_was_rolled_back),
        cmocka_unit_test(generations_may_wrap),
        cmocka_unit_test(growth_keeps_what_is_known),
        cmocka_unit_test(time_does_not_go_back_between_batches),
    };
    return cmocka_run_group_tests_name("overlay", tests, NULL, NULL);
}
