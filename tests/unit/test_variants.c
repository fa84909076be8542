/* Which variant of a step's text a lead gets. */
#include "domain/outreach/variant.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define LEADS      100000
#define FIRST_LEAD 7 /* numbers of leads are given out one after the other */
#define STEP       5

static const struct lb_step_row step = {.no = STEP, .type = LB_STEP_MESSAGE};

/* A step with variants of these numbers, and one of another step before them. */
struct varied {
    struct lb_variant_row rows[LB_VARIANTS_PER_STEP_MAX + 1];
    struct lb_sequence sequence;
};

static void vary(struct varied *varied, uint32_t first, size_t count)
{
    *varied = (struct varied){.rows = {{.no = 1, .step = STEP - 1}}};
    for (size_t i = 1; i <= count; i++)
        varied->rows[i] = (struct lb_variant_row){.no = first + (uint32_t)i, .step = STEP};
    varied->sequence.variants = varied->rows;
    varied->sequence.variant_count = count + 1;
}

static uint32_t chosen(const struct varied *varied, uint64_t lead, uint32_t before)
{
    const struct lb_variant_row *variant = lb_variant_of(&varied->sequence, &step, lead, before);
    return variant ? variant->no : 0;
}

/* To 2 % of an even share, whatever the number of variants and where their numbers begin. */
static void leads_are_spread_evenly(void **state)
{
    static const uint32_t begins[] = {1, 100, 4000000000u};
    for (size_t begin = 0; begin < 3; begin++) {
        for (size_t count = 1; count <= LB_VARIANTS_PER_STEP_MAX; count++) {
            struct varied varied;
            size_t got[LB_VARIANTS_PER_STEP_MAX + 1] = {0};
            vary(&varied, begins[begin], count);
            for (uint64_t lead = FIRST_LEAD; lead < FIRST_LEAD + LEADS; lead++)
                got[chosen(&varied, lead, 0) - begins[begin]]++;
            for (size_t i = 1; i <= count; i++)
                assert_in_range(got[i], LEADS / count - LEADS / 50, LEADS / count + LEADS / 50);
        }
    }
}

static void the_choice_is_the_same_each_time(void **state)
{
    struct varied varied, again;
    vary(&varied, 10, 4);
    vary(&again, 10, 4);
    for (uint64_t lead = 1; lead < 1000; lead++)
        assert_int_equal(chosen(&varied, lead, 0), chosen(&again, lead, 0));
}

/* A variant that comes takes leads from the others alone, and one that goes gives its leads to
 * these: nobody else gets another text. */
static void a_change_of_the_set_moves_only_the_leads_that_it_must(void **state)
{
    struct varied few, more;
    size_t moved = 0;
    vary(&few, 10, 4);
    vary(&more, 10, 5);
    for (uint64_t lead = FIRST_LEAD; lead < FIRST_LEAD + LEADS; lead++) {
        uint32_t before = chosen(&few, lead, 0);
        uint32_t after = chosen(&more, lead, 0);
        assert_true(after == before || after == 15);
        moved += after != before;
    }
    assert_in_range(moved, LEADS / 5 - LEADS / 50, LEADS / 5 + LEADS / 50);
}

static void a_lead_keeps_what_it_was_handed_out_while_that_is_enabled(void **state)
{
    struct varied varied;
    vary(&varied, 10, 3);
    for (uint64_t lead = 1; lead < 1000; lead++) {
        for (uint32_t before = 11; before <= 13; before++)
            assert_int_equal(chosen(&varied, lead, before), before);
        assert_int_equal(chosen(&varied, lead, 1), chosen(&varied, lead, 0));
        assert_int_equal(chosen(&varied, lead, 99), chosen(&varied, lead, 0));
    }
    varied.rows[2].disabled = true;
    for (uint64_t lead = 1; lead < 1000; lead++)
        assert_true(chosen(&varied, lead, 12) != 12 && chosen(&varied, lead, 12) != 0);
}

static void without_an_enabled_variant_there_is_none(void **state)
{
    struct varied varied;
    vary(&varied, 10, 2);
    varied.rows[1].disabled = varied.rows[2].disabled = true;
    assert_int_equal(chosen(&varied, 1, 0), 0);
    assert_int_equal(lb_variants_enabled(&varied.sequence, STEP), 0);
    vary(&varied, 10, 0);
    assert_int_equal(chosen(&varied, 1, 0), 0);
    assert_int_equal(lb_variants_enabled(&varied.sequence, STEP - 1), 1);
}

static void a_visit_sends_none(void **state)
{
    struct varied varied;
    const struct lb_step_row visit = {.no = STEP, .type = LB_STEP_VISIT_PROFILE};
    vary(&varied, 10, 2);
    assert_null(lb_variant_of(&varied.sequence, &visit, 1, 11));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(leads_are_spread_evenly),
        cmocka_unit_test(the_choice_is_the_same_each_time),
        cmocka_unit_test(a_change_of_the_set_moves_only_the_leads_that_it_must),
        cmocka_unit_test(a_lead_keeps_what_it_was_handed_out_while_that_is_enabled),
        cmocka_unit_test(without_an_enabled_variant_there_is_none),
        cmocka_unit_test(a_visit_sends_none),
    };
    return cmocka_run_group_tests_name("variants", tests, NULL, NULL);
}
