/* The numbers of leads, steps and variants, against each backend, and what ids show of them. Epochs
 * are drawn by the test: linked with --wrap=lb_row_epoch. */
#include "support/backend.h"

#include "api/ids.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define WS           BACKEND_WORKSPACE
#define OTHER_WS     BACKEND_OTHER_WORKSPACE
#define EPOCH(value) (LB_ROW_EPOCH_MARK + (value))

uint64_t __real_lb_row_epoch(void);
uint64_t __wrap_lb_row_epoch(void);

/* What is drawn next; then real ones. */
static uint64_t drawn[8];
static size_t drawn_count, drawn_at;

uint64_t __wrap_lb_row_epoch(void)
{
    return drawn_at < drawn_count ? drawn[drawn_at++] : __real_lb_row_epoch();
}

static void draw(size_t count, const uint64_t *epochs)
{
    memcpy(drawn, epochs, count * sizeof *epochs);
    drawn_count = count;
    drawn_at = 0;
}

static uint64_t add_lead(struct backend *backend, uint32_t workspace, const char *name)
{
    struct lb_lead_row row = {
        .workspace = workspace, .campaign = workspace, .identifier = lb_str(name)};
    assert_int_equal(backend->ops->lead_insert(backend->store, &row), LB_OK);
    return row.no;
}

static uint64_t add_step(struct backend *backend)
{
    struct lb_step_row row = {.workspace = WS, .campaign = WS, .position = 1};
    assert_int_equal(backend->ops->step_insert(backend->store, &row), LB_OK);
    return row.no;
}

static uint64_t add_variant(struct backend *backend, uint64_t step)
{
    struct lb_variant_row row = {
        .workspace = WS, .campaign = WS, .step = step, .body = LB_STR("Hi")};
    assert_int_equal(backend->ops->variant_insert(backend->store, &row), LB_OK);
    return row.no;
}

static uint64_t count_of(uint64_t number)
{
    assert_false(lb_row_number_is_old(number));
    return lb_row_number_shown(number).number;
}

/* --- Counts ----------------------------------------------------------------------------------- */

static void they_count_in_their_workspace_over_commits_and_starts(void **state)
{
    struct backend *backend = *state;
    assert_int_equal(count_of(add_lead(backend, WS, "ada")), 1);
    assert_int_equal(count_of(add_lead(backend, OTHER_WS, "ada")), 1);
    assert_int_equal(count_of(add_lead(backend, OTHER_WS, "bob")), 2);
    backend_commit(backend);
    backend_begin(backend);
    uint64_t step = add_step(backend);
    assert_int_equal(count_of(step), 2);
    assert_int_equal(count_of(add_variant(backend, step)), 3);
    backend_commit(backend);
    backend_reopen(backend);
    backend_begin(backend);
    assert_int_equal(count_of(add_variant(backend, step)), 4);
    assert_int_equal(count_of(add_lead(backend, OTHER_WS, "eve")), 3);
    backend_commit(backend);
}

static void a_count_that_was_rolled_back_comes_again_with_another_epoch(void **state)
{
    struct backend *backend = *state;
    uint64_t gone = add_lead(backend, WS, "ada");
    backend->ops->rollback(backend->store);
    backend_begin(backend);
    uint64_t left = add_lead(backend, WS, "bob");
    backend_commit(backend);
    assert_int_equal(count_of(left), count_of(gone));
    assert_true(left != gone);
}

/* SQLite's rows are of all workspaces: one that has the number already has another one drawn. */
static void the_same_epoch_in_two_workspaces_is_no_failure(void **state)
{
    struct backend *backend = *state;
    const uint64_t same[] = {EPOCH(7), EPOCH(7), EPOCH(8)};
    struct lb_lead_row row;
    draw(COUNT(same), same);
    uint64_t one = add_lead(backend, WS, "ada");
    uint64_t other = add_lead(backend, OTHER_WS, "bob");
    backend_commit(backend);
    draw(0, same);
    assert_int_equal(backend->ops->lead(backend->reader, WS, one, &row), LB_OK);
    assert_true(lb_str_equal(row.identifier, lb_str("ada")));
    assert_int_equal(backend->ops->lead(backend->reader, OTHER_WS, other, &row), LB_OK);
    assert_true(lb_str_equal(row.identifier, lb_str("bob")));
}

static void numbers_grow_in_their_workspace(void **state)
{
    struct backend *backend = *state;
    const uint64_t falling[] = {EPOCH(3), EPOCH(2), EPOCH(1)};
    char name[16];
    draw(COUNT(falling), falling);
    uint64_t last = 0;
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "lead-%d", i);
        uint64_t number = add_lead(backend, WS, name);
        assert_true(number > last);
        last = number;
    }
    draw(0, falling);
    backend_commit(backend);
}

static void the_last_number_is_given_out_once(void **state)
{
    uint64_t count = LB_ROW_COUNT_MAX - 1;
    assert_int_equal(count_of(lb_row_number_next(&count)), LB_ROW_COUNT_MAX);
    for (int i = 0; i < 2; i++) {
        assert_int_equal(lb_row_number_next(&count), 0);
        assert_int_equal(count, LB_ROW_COUNT_MAX);
    }
}

/* --- Ids -------------------------------------------------------------------------------------- */

static uint64_t number(uint64_t count, uint64_t epoch)
{
    return UINT64_C(1) << 62 | count << LB_ROW_EPOCH_BITS | epoch;
}

static void an_id_shows_count_and_epoch_and_leads_back(void **state)
{
    const struct {
        uint64_t number;
        const char *text;
    } rows[] = {
        {1, "1"},
        {LB_ROW_OLD_MAX, "9007199254740991"},
        {number(1, EPOCH(0)), "1_g00000"},
        {number(12, EPOCH(31)), "12_g0000z"},
        {number(LB_ROW_COUNT_MAX, 2 * LB_ROW_EPOCH_MARK - 1), "4294967295_zzzzzz"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[LB_ID_ROW_SIZE];
        assert_string_equal(lb_id_write_row(text, rows[i].number), rows[i].text);
        assert_true(lb_id_row(lb_str(text), LB_STR("")) == rows[i].number);
    }
}

static void other_texts_are_the_number_that_nothing_has(void **state)
{
    static const char *const texts[] = {"",
                                        "ld_",
                                        "ld_0",
                                        "ld_01",
                                        "ld_-1",
                                        "ld_9007199254740992",
                                        "ld_4611686019501129728", /* 1_g00000 as it is stored */
                                        "ld_1_",
                                        "ld_1_g0000",
                                        "ld_1_g000000",
                                        "ld_1_000000",
                                        "ld_1_f00000",
                                        "ld_1_G00000",
                                        "ld_1_g0000u",
                                        "ld_0_g00000",
                                        "ld_01_g00000",
                                        "ld_4294967296_g00000",
                                        "ld_1_g00000_",
                                        "ld__g00000",
                                        "st_1",
                                        "ld_1_g00000\xff",
                                        ("ld_1_\xff"
                                         "00000")};
    for (size_t i = 0; i < COUNT(texts); i++)
        assert_int_equal(lb_id_lead(lb_str(texts[i])), 0);
}

static void an_activity_is_two_of_them_old_or_new(void **state)
{
    static const struct {
        const char *text;
        uint64_t lead, step; /* 0: it is none */
    } ids[] = {
        {"ac_12_7", 12, 7},
        {"ac_12_345678", 12, 345678},
        {"ac_1_g00000_7", (UINT64_C(1) << 62) + (3 << 29), 7},
        {"ac_7_1_g00000", 7, (UINT64_C(1) << 62) + (3 << 29)},
        {"ac_1_g00000_1_g00000", (UINT64_C(1) << 62) + (3 << 29), (UINT64_C(1) << 62) + (3 << 29)},
        {"ac_12", 0, 0},
        {"ac_12_", 0, 0},
        {"ac_1_g00000", 0, 0},
        {"ac_1_g00000_", 0, 0},
        {"ac_12_7_8", 0, 0},
        {"ac__7", 0, 0},
        {"ac_1_g00000_g00000", 0, 0},
        {"ac_1_g00000_1_g00000_1", 0, 0},
        {"ld_12_7", 0, 0},
    };
    for (size_t i = 0; i < COUNT(ids); i++) {
        uint64_t lead = 1, step = 1;
        lb_id_activity(lb_str(ids[i].text), &lead, &step);
        assert_true(lead == ids[i].lead && step == ids[i].step);
    }
}

static void epochs_differ_and_have_their_mark(void **state)
{
    for (int i = 0; i < 1000; i++) {
        uint64_t one = __real_lb_row_epoch();
        assert_true(one & LB_ROW_EPOCH_MARK && one >> LB_ROW_EPOCH_BITS == 0);
        assert_true(one != __real_lb_row_epoch());
    }
}

static void numbers_of_times_grow_also_in_one_millisecond(void **state)
{
    int64_t at = INT64_C(1795895850022);
    uint64_t last = 0;
    for (int i = 0; i < 1000; i++) {
        uint64_t number = lb_row_number_of_time(at + i / 100);
        assert_true(number > last && number <= INT64_MAX);
        last = number;
    }
    /* After a clock was set back they are of its time again. */
    assert_true(lb_row_number_of_time(at - 3600000) < last);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BACKEND_TEST(they_count_in_their_workspace_over_commits_and_starts),
        BACKEND_TEST(a_count_that_was_rolled_back_comes_again_with_another_epoch),
        BACKEND_TEST(the_same_epoch_in_two_workspaces_is_no_failure),
        BACKEND_TEST(numbers_grow_in_their_workspace),
        cmocka_unit_test(the_last_number_is_given_out_once),
        cmocka_unit_test(an_id_shows_count_and_epoch_and_leads_back),
        cmocka_unit_test(other_texts_are_the_number_that_nothing_has),
        cmocka_unit_test(an_activity_is_two_of_them_old_or_new),
        cmocka_unit_test(epochs_differ_and_have_their_mark),
        cmocka_unit_test(numbers_of_times_grow_also_in_one_millisecond),
    };
    return backend_run_all("row numbers", tests, COUNT(tests));
}
