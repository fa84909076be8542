/* Counting leads. */
#include "domain/outreach/counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

static const struct lb_counts nothing;

static struct lb_counts tally_of(const struct lb_lead_row *lead)
{
    struct lb_counts counts = {0};
    lb_counts_lead(&counts, lead, 1);
    return counts;
}

static void a_lead_is_counted_by_its_status(void **state)
{
    for (int status = 0; status < LB_LEAD_STATUS_COUNT; status++) {
        struct lb_lead_row lead = {.status = (enum lb_lead_status)status};
        struct lb_counts counts = tally_of(&lead);
        struct lb_counts wanted = {0};
        wanted.leads[status] = 1;
        assert_memory_equal(&counts, &wanted, sizeof counts);
        assert_int_equal(lb_counts_total(&counts), 1);
    }
}

/* Who is finished is not left out because of a block. */
static void only_open_leads_are_set_aside(void **state)
{
    for (int status = 0; status < LB_LEAD_STATUS_COUNT; status++) {
        struct lb_lead_row lead = {.status = (enum lb_lead_status)status, .set_aside = true};
        struct lb_counts counts = tally_of(&lead);
        bool open = status != LB_LEAD_COMPLETED && status != LB_LEAD_ERROR;
        assert_int_equal(lb_lead_open(lead.status), open);
        assert_int_equal(counts.set_aside, open);
        assert_int_equal(counts.leads[status], 1);
        assert_int_equal(lb_counts_left(&counts), 0);
        lead.set_aside = false;
        counts = tally_of(&lead);
        assert_int_equal(counts.set_aside, 0);
        assert_int_equal(lb_counts_left(&counts), open);
    }
}

static void marks_are_counted_one_by_one(void **state)
{
    for (unsigned marks = 0; marks < 16; marks++) {
        struct lb_lead_row lead = {.status = LB_LEAD_ERROR, .marks = marks};
        struct lb_counts counts = tally_of(&lead);
        assert_int_equal(counts.invited, (marks & LB_MARK_INVITED) != 0);
        assert_int_equal(counts.accepted, (marks & LB_MARK_ACCEPTED) != 0);
        assert_int_equal(counts.contacted, (marks & LB_MARK_CONTACTED) != 0);
        assert_int_equal(counts.replied, (marks & LB_MARK_REPLIED) != 0);
    }
}

static void counting_in_and_out_leaves_nothing(void **state)
{
    struct lb_counts counts = {0};
    for (int sign = 1; sign >= -1; sign -= 2)
        for (int status = 0; status < LB_LEAD_STATUS_COUNT; status++)
            for (unsigned bits = 0; bits < 32; bits++) {
                struct lb_lead_row lead = {.status = (enum lb_lead_status)status,
                                           .set_aside = bits & 1,
                                           .marks = bits >> 1};
                lb_counts_lead(&counts, &lead, sign);
            }
    assert_memory_equal(&counts, &nothing, sizeof counts);
}

static void progress_is_the_share_of_those_that_are_done_rounded_down(void **state)
{
    struct lb_counts counts = {0};
    assert_int_equal(lb_counts_progress(&counts), 0);
    counts.leads[LB_LEAD_WAITING] = 1;
    assert_int_equal(lb_counts_progress(&counts), 0);
    counts.set_aside = 1;
    assert_int_equal(lb_counts_progress(&counts), 100);
    counts = (struct lb_counts){.leads = {100, 60, 40, 50, 49}, .set_aside = 1};
    assert_int_equal(lb_counts_total(&counts), 299);
    assert_int_equal(lb_counts_left(&counts), 199);
    assert_int_equal(lb_counts_progress(&counts), 33);
    /* Not all: not a hundred. */
    counts = (struct lb_counts){.leads = {1, 0, 0, 999999, 0}};
    assert_int_equal(lb_counts_progress(&counts), 99);
    counts = (struct lb_counts){.leads = {0, 0, 0, 5000000000, 5000000000}};
    assert_int_equal(lb_counts_progress(&counts), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_lead_is_counted_by_its_status),
        cmocka_unit_test(only_open_leads_are_set_aside),
        cmocka_unit_test(marks_are_counted_one_by_one),
        cmocka_unit_test(counting_in_and_out_leaves_nothing),
        cmocka_unit_test(progress_is_the_share_of_those_that_are_done_rounded_down),
    };
    return cmocka_run_group_tests_name("counts", tests, NULL, NULL);
}
