/* The contract of store.h about campaigns that contact people, their steps and activities, against
 * each backend: through its methods alone. */
#include "support/backend.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define WS           BACKEND_WORKSPACE
#define LISTED_MAX   64

static uint32_t add_campaign(struct backend *backend, const char *id)
{
    struct lb_campaign_row row = {.workspace = WS, .name = "Spring", .created_at = 6};
    lb_str_copy(lb_str(id), row.id, sizeof row.id);
    assert_int_equal(backend->ops->campaign_insert(backend->store, &row), LB_OK);
    return row.no;
}

static uint64_t add_lead(struct backend *backend, uint32_t campaign, const char *identifier)
{
    struct lb_lead_row row = {
        .workspace = WS, .campaign = campaign, .identifier = lb_str(identifier)};
    assert_int_equal(backend->ops->lead_insert(backend->store, &row), LB_OK);
    return row.no;
}

static bool same_text(struct lb_str a, struct lb_str b)
{
    return !a.ptr == !b.ptr && lb_str_equal(a, b);
}

/* --- A campaign's state ----------------------------------------------------------------------- */

static struct lb_campaign_state state_of(struct backend *backend, uint32_t campaign)
{
    struct lb_campaign_state state;
    assert_int_equal(
        backend->ops->campaign_state(backend->reader, BACKEND_WORKSPACE, campaign, &state), LB_OK);
    return state;
}

static const struct lb_counts each_another = {.leads = {1, 2, 3, 4, 5},
                                              .set_aside = 6,
                                              .invited = 7,
                                              .accepted = 8,
                                              .contacted = 9,
                                              .replied = 10};

static void a_new_campaign_has_counted_nothing(void **state)
{
    struct backend *backend = *state;
    const struct lb_counts nothing = {0};
    uint32_t campaign = add_campaign(backend, "spring");
    backend_commit(backend);
    struct lb_campaign_state now = state_of(backend, campaign);
    assert_memory_equal(&now.counts, &nothing, sizeof nothing);
    assert_int_equal(now.status, LB_CAMPAIGN_DRAFT);
    assert_int_equal(now.activated_at, 0);
    assert_null(now.variables.ptr);
}

static void counts_add_up_for_their_campaign_alone(void **state)
{
    struct backend *backend = *state;
    uint32_t campaign = add_campaign(backend, "spring");
    uint32_t other = add_campaign(backend, "summer");
    struct lb_counts back = {.leads = {-1, 0, 0, 0, 1}, .set_aside = -6};
    const struct lb_counts nothing = {0};
    struct lb_counts wanted = {.leads = {1, 4, 6, 8, 11},
                               .set_aside = 6,
                               .invited = 14,
                               .accepted = 16,
                               .contacted = 18,
                               .replied = 20};
    assert_int_equal(
        backend->ops->campaign_count(backend->store, BACKEND_WORKSPACE, campaign, &each_another),
        LB_OK);
    assert_int_equal(
        backend->ops->campaign_count(backend->store, BACKEND_WORKSPACE, campaign, &each_another),
        LB_OK);
    assert_int_equal(
        backend->ops->campaign_count(backend->store, BACKEND_WORKSPACE, campaign, &back), LB_OK);
    backend_commit(backend);
    backend_reopen(backend);
    struct lb_campaign_state now = state_of(backend, campaign);
    assert_memory_equal(&now.counts, &wanted, sizeof wanted);
    now = state_of(backend, other);
    assert_memory_equal(&now.counts, &nothing, sizeof nothing);
}

static void status_activation_and_variables_are_kept(void **state)
{
    struct backend *backend = *state;
    uint32_t campaign = add_campaign(backend, "spring");
    struct lb_str variables = LB_STR("city\tM\xc3\xbcnchen\nempty\t\n");
    for (int status = LB_CAMPAIGN_DRAFT; status <= LB_CAMPAIGN_ERROR; status++) {
        assert_int_equal(backend->ops->campaign_set_status(backend->store, BACKEND_WORKSPACE,
                                                           campaign,
                                                           (enum lb_campaign_status)status),
                         LB_OK);
        assert_int_equal(backend->ops->campaign_activated(backend->store, BACKEND_WORKSPACE,
                                                          campaign, 100 + status),
                         LB_OK);
        assert_int_equal(backend->ops->campaign_set_variables(backend->store, BACKEND_WORKSPACE,
                                                              campaign, variables),
                         LB_OK);
        backend_commit(backend);
        struct lb_campaign_state now = state_of(backend, campaign);
        assert_int_equal(now.status, status);
        assert_int_equal(now.activated_at, 100 + status);
        assert_true(same_text(now.variables, variables));
        variables = (struct lb_str){0};
        if (status % 2)
            variables = LB_STR("");
        backend_begin(backend);
    }
}

static void the_state_of_a_deleted_campaign_is_not_found(void **state)
{
    struct backend *backend = *state;
    struct lb_campaign_state now;
    uint32_t campaign = add_campaign(backend, "spring");
    uint32_t other = add_campaign(backend, "summer");
    assert_int_equal(backend->ops->campaign_state(backend->reader, BACKEND_WORKSPACE, 0, &now),
                     LB_ERR_NOT_FOUND);
    backend_commit(backend);
    assert_int_equal(
        backend->ops->campaign_state(backend->reader, BACKEND_WORKSPACE, other + 1, &now),
        LB_ERR_NOT_FOUND);
    backend_begin(backend);
    assert_int_equal(backend->ops->campaign_delete(backend->store, BACKEND_WORKSPACE, campaign, 9),
                     LB_OK);
    /* In the transaction it is gone, for others it is there until the commit. */
    struct lb_store_reader *writer = backend->ops->writer_reader(backend->store);
    assert_int_equal(backend->ops->campaign_state(writer, BACKEND_WORKSPACE, campaign, &now),
                     LB_ERR_NOT_FOUND);
    assert_int_equal(
        backend->ops->campaign_state(backend->reader, BACKEND_WORKSPACE, campaign, &now), LB_OK);
    /* Counting there does no harm. */
    assert_int_equal(
        backend->ops->campaign_count(backend->store, BACKEND_WORKSPACE, campaign, &each_another),
        LB_OK);
    backend->ops->reader_rest(backend->reader);
    backend_commit(backend);
    assert_int_equal(
        backend->ops->campaign_state(backend->reader, BACKEND_WORKSPACE, campaign, &now),
        LB_ERR_NOT_FOUND);
    assert_int_equal(backend->ops->campaign_state(backend->reader, BACKEND_WORKSPACE, other, &now),
                     LB_OK);
}

/* --- What a deleted campaign leaves ----------------------------------------------------------- */

struct campaigns {
    size_t count;
    uint32_t numbers[8];
};

static lb_err take_campaign(void *context, uint32_t workspace, uint32_t campaign)
{
    struct campaigns *found = context;
    found->numbers[found->count++] = campaign;
    return LB_OK;
}

static lb_err refuse_campaign(void *context, uint32_t workspace, uint32_t campaign)
{
    ++*(int *)context;
    return LB_ERR_OVERLOADED;
}

static struct campaigns remains(struct backend *backend)
{
    struct campaigns found = {0};
    assert_int_equal(backend->ops->load_deleted_campaigns(backend->store, &found, take_campaign),
                     LB_OK);
    return found;
}

static uint64_t add_step(struct backend *backend, uint32_t campaign, uint32_t position)
{
    struct lb_step_row row = {.workspace = WS, .campaign = campaign, .position = position};
    assert_int_equal(backend->ops->step_insert(backend->store, &row), LB_OK);
    return row.no;
}

static void remains_are_of_deleted_campaigns_with_leads_or_steps(void **state)
{
    struct backend *backend = *state;
    uint32_t alive = add_campaign(backend, "alive");
    uint32_t with_both = add_campaign(backend, "both");
    uint32_t with_leads = add_campaign(backend, "leads");
    uint32_t with_steps = add_campaign(backend, "steps");
    uint32_t empty = add_campaign(backend, "empty");
    uint32_t with[] = {alive, with_both, with_leads};
    int calls = 0;
    for (size_t i = 0; i < COUNT(with); i++) {
        add_lead(backend, with[i], "ada");
        add_lead(backend, with[i], "bob");
    }
    add_step(backend, alive, 1);
    add_step(backend, with_both, 1);
    add_step(backend, with_steps, 1);
    backend_commit(backend);
    assert_int_equal(remains(backend).count, 0);
    backend_begin(backend);
    for (uint32_t no = with_both; no <= empty; no++)
        assert_int_equal(backend->ops->campaign_delete(backend->store, BACKEND_WORKSPACE, no, 9),
                         LB_OK);
    backend_commit(backend);
    backend_reopen(backend);
    struct campaigns found = remains(backend);
    assert_int_equal(found.count, 3);
    assert_int_equal(found.numbers[0] + found.numbers[1] + found.numbers[2],
                     with_both + with_leads + with_steps);
    assert_int_equal(backend->ops->load_deleted_campaigns(backend->store, &calls, refuse_campaign),
                     LB_ERR_OVERLOADED);
    assert_int_equal(calls, 1);
    backend_begin(backend);
    assert_int_equal(backend->ops->steps_drop(backend->store, BACKEND_WORKSPACE, with_steps),
                     LB_OK);
    backend_commit(backend);
    assert_int_equal(remains(backend).count, 2);
}

static lb_err see_campaign(void *context, const struct lb_campaign_row *row)
{
    ((bool *)context)[row->no] = row->has_leads;
    return LB_OK;
}

static void a_loaded_campaign_says_whether_it_has_leads(void **state)
{
    struct backend *backend = *state;
    bool seen[8] = {false};
    uint32_t without = add_campaign(backend, "without");
    uint32_t with = add_campaign(backend, "with");
    add_lead(backend, with, "ada");
    backend_commit(backend);
    seen[without] = true;
    assert_int_equal(backend->ops->load_campaigns(backend->store, seen, see_campaign), LB_OK);
    assert_true(seen[with]);
    assert_false(seen[without]);
}

/* --- Steps ------------------------------------------------------------------------------------ */

struct steps {
    size_t count;
    size_t stop_after;
    struct lb_step_row rows[8];
    char bodies[8][32];
};

static lb_err take_step(void *context, const struct lb_step_row *row)
{
    struct steps *steps = context;
    lb_str_copy(row->body, steps->bodies[steps->count], sizeof *steps->bodies);
    steps->rows[steps->count++] = *row;
    return steps->count == steps->stop_after ? LB_ERR_OVERLOADED : LB_OK;
}

static struct steps steps_of(struct backend *backend, uint32_t campaign)
{
    struct steps steps = {0};
    assert_int_equal(backend->ops->steps(backend->reader, BACKEND_WORKSPACE, campaign, LB_TEXTS_ALL,
                                         &steps, take_step),
                     LB_OK);
    return steps;
}

static void expect_step(const struct steps *steps, size_t i, const struct lb_step_row *wanted,
                        const char *body)
{
    const struct lb_step_row *row = &steps->rows[i];
    assert_true(row->no == wanted->no && row->workspace == wanted->workspace);
    assert_true(row->campaign == wanted->campaign && row->position == wanted->position);
    assert_true(row->type == wanted->type && row->delay_hours == wanted->delay_hours);
    assert_true(row->stop_on_reply == wanted->stop_on_reply);
    assert_true(row->deleted_at == wanted->deleted_at);
    assert_int_equal(row->body.ptr != NULL, body != NULL);
    assert_string_equal(steps->bodies[i], body ? body : "");
}

static void steps_come_by_position_the_deleted_ones_too(void **state)
{
    struct backend *backend = *state;
    struct lb_step_row visit = {
        .workspace = WS, .campaign = 7, .position = 3, .type = LB_STEP_VISIT_PROFILE};
    struct lb_step_row invitation = {.workspace = WS,
                                     .campaign = 7,
                                     .position = 1,
                                     .type = LB_STEP_INVITATION,
                                     .delay_hours = 8760,
                                     .stop_on_reply = true,
                                     .body = LB_STR("")};
    struct lb_step_row message = {.workspace = WS,
                                  .campaign = 7,
                                  .position = 2,
                                  .type = LB_STEP_MESSAGE,
                                  .deleted_at = 99,
                                  .body = LB_STR("Hi {{firstName}} \xe2\x82\xac")};
    assert_int_equal(backend->ops->step_insert(backend->store, &visit), LB_OK);
    assert_int_equal(backend->ops->step_insert(backend->store, &invitation), LB_OK);
    assert_int_equal(backend->ops->step_insert(backend->store, &message), LB_OK);
    assert_true(visit.no && visit.no < invitation.no && invitation.no < message.no);
    add_step(backend, 8, 1);
    backend_commit(backend);
    backend_reopen(backend);
    struct steps steps = steps_of(backend, 7);
    assert_int_equal(steps.count, 3);
    expect_step(&steps, 0, &invitation, "");
    expect_step(&steps, 1, &message, "Hi {{firstName}} \xe2\x82\xac");
    expect_step(&steps, 2, &visit, NULL);
    steps = (struct steps){.stop_after = 2};
    assert_int_equal(
        backend->ops->steps(backend->reader, BACKEND_WORKSPACE, 7, LB_TEXTS_ALL, &steps, take_step),
        LB_ERR_OVERLOADED);
    assert_int_equal(steps.count, 2);
    assert_int_equal(steps_of(backend, 9).count, 0);
}

static void an_updated_step_keeps_its_number_and_campaign(void **state)
{
    struct backend *backend = *state;
    struct lb_step_row row = {.no = add_step(backend, 7, 1),
                              .workspace = WS,
                              .campaign = 66,
                              .position = 4,
                              .type = LB_STEP_MESSAGE,
                              .delay_hours = 5,
                              .stop_on_reply = true,
                              .deleted_at = 6,
                              .body = LB_STR("text")};
    uint64_t neighbour = add_step(backend, 7, 2);
    assert_int_equal(backend->ops->step_update(backend->store, &row), LB_OK);
    backend_commit(backend);
    struct steps steps = steps_of(backend, 7);
    assert_int_equal(steps.count, 2);
    assert_int_equal(steps.rows[0].no, neighbour);
    row.campaign = 7;
    expect_step(&steps, 1, &row, "text");
}

static void steps_are_dropped_with_their_campaign(void **state)
{
    struct backend *backend = *state;
    uint64_t last = 0;
    for (uint32_t i = 1; i <= 3; i++) {
        add_step(backend, 7, i);
        last = add_step(backend, 8, i);
    }
    assert_int_equal(backend->ops->steps_drop(backend->store, BACKEND_WORKSPACE, 8), LB_OK);
    assert_int_equal(backend->ops->steps_drop(backend->store, BACKEND_WORKSPACE, 9), LB_OK);
    assert_true(add_step(backend, 8, 1) > last); /* numbers are never used twice */
    backend_commit(backend);
    assert_int_equal(steps_of(backend, 7).count, 3);
    assert_int_equal(steps_of(backend, 8).count, 1);
}

/* --- Variants --------------------------------------------------------------------------------- */

struct variants {
    struct lb_variant_row rows[LISTED_MAX];
    char texts[LISTED_MAX][2][64];
    size_t count;
};

static lb_err keep_variant(void *context, const struct lb_variant_row *row)
{
    struct variants *variants = context;
    struct lb_variant_row *kept = &variants->rows[variants->count];
    *kept = *row;
    struct lb_str *texts[] = {&kept->body, &kept->icp};
    for (int i = 0; i < 2; i++) {
        char *copy = variants->texts[variants->count][i];
        assert_true(lb_str_copy(*texts[i], copy, sizeof variants->texts[0][0]) || !texts[i]->ptr);
        if (texts[i]->ptr)
            texts[i]->ptr = copy;
    }
    variants->count++;
    return LB_OK;
}

static struct variants variants_with(struct backend *backend, uint32_t campaign, int64_t texts)
{
    static struct variants variants;
    variants.count = 0;
    assert_int_equal(
        backend->ops->variants(backend->reader, WS, campaign, texts, &variants, keep_variant),
        LB_OK);
    return variants;
}

static struct variants variants_of(struct backend *backend, uint32_t campaign)
{
    return variants_with(backend, campaign, LB_TEXTS_ALL);
}

static uint64_t add_variant(struct backend *backend, uint32_t campaign, uint64_t step)
{
    struct lb_variant_row row = {.workspace = WS,
                                 .campaign = campaign,
                                 .step = step,
                                 .body = LB_STR("Hello \xc3\xa4"),
                                 .counts = {1, 2, 3}};
    assert_int_equal(backend->ops->variant_insert(backend->store, &row), LB_OK);
    return row.no;
}

static void variants_come_by_step_and_number(void **state)
{
    struct backend *backend = *state;
    uint64_t late = add_variant(backend, 7, 20);
    uint64_t first = add_variant(backend, 7, 10);
    uint64_t second = add_variant(backend, 7, 10);
    add_variant(backend, 8, 10);
    backend_commit(backend);
    struct variants found = variants_of(backend, 7);
    assert_int_equal(found.count, 3);
    assert_true(found.rows[0].no == first && found.rows[1].no == second &&
                found.rows[2].no == late);
    const struct lb_variant_row *row = &found.rows[2];
    assert_true(row->workspace == WS && row->campaign == 7 && row->step == 20 && !row->disabled);
    assert_true(lb_str_equal(row->body, LB_STR("Hello \xc3\xa4")) && !row->icp.ptr);
    assert_true(row->counts.done == 1 && row->counts.accepted == 2 && row->counts.replied == 3);
}

static void texts_are_read_of_the_step_that_is_asked_for(void **state)
{
    struct backend *backend = *state;
    struct lb_step_row row = {
        .workspace = WS, .campaign = 7, .position = 1, .body = LB_STR("Of a step")};
    assert_int_equal(backend->ops->step_insert(backend->store, &row), LB_OK);
    uint64_t first = row.no;
    row.position = 2;
    assert_int_equal(backend->ops->step_insert(backend->store, &row), LB_OK);
    uint64_t second = row.no;
    add_variant(backend, 7, first);
    add_variant(backend, 7, second);
    backend_commit(backend);
    struct variants variants = variants_with(backend, 7, (int64_t)second);
    assert_int_equal(variants.count, 2);
    assert_null(variants.rows[0].body.ptr);
    assert_int_equal(variants.rows[0].counts.replied, 3);
    assert_true(lb_str_equal(variants.rows[1].body, LB_STR("Hello \xc3\xa4")));
    variants = variants_with(backend, 7, LB_TEXTS_NONE);
    assert_int_equal(variants.count, 2);
    assert_null(variants.rows[1].body.ptr);
    struct steps steps = {0};
    assert_int_equal(backend->ops->steps(backend->reader, BACKEND_WORKSPACE, 7, (int64_t)second,
                                         &steps, take_step),
                     LB_OK);
    assert_null(steps.rows[0].body.ptr);
    assert_non_null(steps.rows[1].body.ptr);
}

static void an_updated_variant_keeps_its_place_and_counts(void **state)
{
    struct backend *backend = *state;
    const struct lb_variant_counts more = {10, 0, -1};
    struct lb_variant_row row = {.no = add_variant(backend, 7, 10),
                                 .workspace = WS,
                                 .campaign = 9,
                                 .step = 9,
                                 .disabled = true,
                                 .body = LB_STR("Other"),
                                 .icp = LB_STR("Founders")};
    uint64_t untouched = add_variant(backend, 7, 10);
    assert_int_equal(backend->ops->variant_update(backend->store, &row), LB_OK);
    assert_int_equal(backend->ops->variant_count(backend->store, WS, row.no, &more), LB_OK);
    assert_int_equal(backend->ops->variant_count(backend->store, WS, 4000000000u, &more), LB_OK);
    backend_commit(backend);
    struct variants found = variants_of(backend, 7);
    assert_int_equal(found.count, 2);
    const struct lb_variant_row *now = &found.rows[0];
    assert_true(now->no == row.no && now->step == 10 && now->disabled);
    assert_true(lb_str_equal(now->body, row.body) && lb_str_equal(now->icp, row.icp));
    assert_true(now->counts.done == 11 && now->counts.accepted == 2 && now->counts.replied == 2);
    assert_true(found.rows[1].no == untouched && found.rows[1].counts.done == 1);
}

static void variants_go_alone_or_with_step_or_campaign(void **state)
{
    struct backend *backend = *state;
    const struct lb_store_ops *ops = backend->ops;
    uint64_t gone = add_variant(backend, 7, 10);
    add_variant(backend, 7, 10);
    add_variant(backend, 7, 20);
    uint64_t last = add_variant(backend, 8, 10);
    assert_int_equal(ops->variant_delete(backend->store, WS, gone), LB_OK);
    backend_commit(backend);
    assert_int_equal(variants_of(backend, 7).count, 2);
    backend_begin(backend);
    assert_int_equal(ops->variants_drop(backend->store, WS, 7, 20), LB_OK);
    backend_commit(backend);
    assert_int_equal(variants_of(backend, 7).rows[0].step, 10);
    backend_begin(backend);
    assert_int_equal(ops->variants_drop(backend->store, WS, 7, 0), LB_OK);
    assert_int_equal(ops->variant_delete(backend->store, WS, last), LB_OK);
    assert_true(add_variant(backend, 8, 10) > last); /* numbers are never used twice */
    backend_commit(backend);
    assert_int_equal(variants_of(backend, 7).count, 0);
    assert_int_equal(variants_of(backend, 8).count, 1);
}

/* --- Activities ------------------------------------------------------------------------------- */

static const struct lb_activity_row whole_activity = {
    .lead = UINT64_C(5000000000),
    .step = (UINT64_C(1) << 62) + 4000000000u,
    .workspace = WS,
    .campaign = 7,
    .state = LB_ACTIVITY_REPLIED,
    .attempts = 3,
    .retries = 2,
    .lease_token = "0123456789abcdefghjkmnpqrs",
    .lease_until = INT64_C(1800000000000),
    .claimed_at = INT64_C(1800000000001),
    .completed_at = INT64_C(1800000000002),
    .changed_at = INT64_C(1800000000003),
    .detail = {"quoted \"\xc3\xa4\"", 11},
    .variant = (UINT64_C(1) << 62) + 3999999999u,
};

static void expect_activity(struct backend *backend, const struct lb_activity_row *wanted)
{
    struct lb_activity_row row;
    assert_int_equal(backend->ops->activity(backend->reader, BACKEND_WORKSPACE, wanted->lead,
                                            wanted->step, &row),
                     LB_OK);
    assert_true(row.lead == wanted->lead && row.step == wanted->step);
    assert_true(row.workspace == wanted->workspace && row.campaign == wanted->campaign);
    assert_true(row.state == wanted->state && row.attempts == wanted->attempts);
    assert_true(row.retries == wanted->retries && row.lease_until == wanted->lease_until);
    assert_true(row.claimed_at == wanted->claimed_at && row.changed_at == wanted->changed_at);
    assert_true(row.completed_at == wanted->completed_at);
    assert_string_equal(row.lease_token, wanted->lease_token);
    assert_true(same_text(row.detail, wanted->detail));
    assert_true(row.variant == wanted->variant);
}

static void an_activity_comes_back_and_is_replaced(void **state)
{
    struct backend *backend = *state;
    struct lb_activity_row row = whole_activity;
    struct lb_activity_row neighbour = {.lead = row.lead, .step = 1, .workspace = WS};
    assert_int_equal(
        backend->ops->activity(backend->reader, BACKEND_WORKSPACE, row.lead, row.step, &row),
        LB_ERR_NOT_FOUND);
    row = whole_activity;
    assert_int_equal(backend->ops->activity_put(backend->store, &row), LB_OK);
    assert_int_equal(backend->ops->activity_put(backend->store, &neighbour), LB_OK);
    backend_commit(backend);
    backend_reopen(backend);
    expect_activity(backend, &whole_activity);
    backend_begin(backend);
    row = (struct lb_activity_row){
        .lead = row.lead, .step = row.step, .workspace = WS, .campaign = 7, .changed_at = 1};
    assert_int_equal(backend->ops->activity_put(backend->store, &row), LB_OK);
    backend_commit(backend);
    expect_activity(backend, &row);
    expect_activity(backend, &neighbour);
    assert_int_equal(backend->ops->activity(backend->reader, BACKEND_WORKSPACE, row.lead, 2, &row),
                     LB_ERR_NOT_FOUND);
}

struct listed {
    size_t count;
    size_t stop_after;
    struct lb_activity_row rows[LISTED_MAX];
};

static lb_err take_activity(void *context, const struct lb_activity_row *row)
{
    struct listed *listed = context;
    assert_true(listed->count < LISTED_MAX && row->campaign == 7);
    listed->rows[listed->count++] = *row;
    return listed->count == listed->stop_after ? LB_ERR_OVERLOADED : LB_OK;
}

#define PAGED 30

/* The latest changed first, and of those at the same time the greatest lead and step. */
static int compare(const void *a, const void *b)
{
    const struct lb_activity_row *x = a;
    const struct lb_activity_row *y = b;
    if (x->changed_at != y->changed_at)
        return x->changed_at > y->changed_at ? -1 : 1;
    if (x->lead != y->lead)
        return x->lead > y->lead ? -1 : 1;
    return x->step > y->step ? -1 : 1;
}

static void expect_page(struct backend *backend, const struct lb_activity_row *rows,
                        unsigned states, size_t skip, size_t take)
{
    struct listed got = {0};
    size_t at = 0;
    assert_int_equal(backend->ops->activities_page(backend->reader, BACKEND_WORKSPACE, 7, states,
                                                   skip, take, &got, take_activity),
                     LB_OK);
    for (size_t i = 0, skipped = 0; i < PAGED && at < take; i++) {
        if (!(states >> rows[i].state & 1) || skipped++ < skip)
            continue;
        assert_true(at < got.count);
        assert_true(got.rows[at].lead == rows[i].lead && got.rows[at].step == rows[i].step);
        assert_int_equal(got.rows[at].state, rows[i].state);
        at++;
    }
    assert_int_equal(got.count, at);
}

static void pages_hold_the_activities_of_the_states_latest_change_first(void **state)
{
    struct backend *backend = *state;
    struct lb_activity_row rows[PAGED];
    for (size_t i = 0; i < PAGED; i++) {
        rows[i] = (struct lb_activity_row){.lead = 1 + i % 7,
                                           .step = (uint32_t)(1 + i / 7),
                                           .workspace = WS,
                                           .campaign = 7,
                                           .state = (enum lb_activity_state)(i * 3 % 5),
                                           .changed_at = (int64_t)(i * 11 % 9)};
        struct lb_activity_row elsewhere = rows[i];
        elsewhere.campaign = 8;
        elsewhere.lead += 100;
        assert_int_equal(backend->ops->activity_put(backend->store, &rows[i]), LB_OK);
        assert_int_equal(backend->ops->activity_put(backend->store, &elsewhere), LB_OK);
    }
    backend_commit(backend);
    qsort(rows, PAGED, sizeof *rows, compare);
    for (unsigned states = 0; states < 32; states++)
        for (size_t skip = 0; skip <= PAGED; skip += 5) {
            expect_page(backend, rows, states, skip, 4);
            expect_page(backend, rows, states, skip, PAGED + 1);
        }
    struct listed stopped = {.stop_after = 2};
    assert_int_equal(backend->ops->activities_page(backend->reader, BACKEND_WORKSPACE, 7, 31, 0, 20,
                                                   &stopped, take_activity),
                     LB_ERR_OVERLOADED);
    assert_int_equal(stopped.count, 2);
}

/* --- What was rolled back --------------------------------------------------------------------- */

static void rolled_back_changes_were_never_made(void **state)
{
    struct backend *backend = *state;
    const struct lb_counts nothing = {0};
    struct lb_activity_row row = whole_activity;
    uint32_t campaign = add_campaign(backend, "spring");
    uint64_t step = add_step(backend, campaign, 1);
    assert_int_equal(backend->ops->activity_put(backend->store, &row), LB_OK);
    backend_commit(backend);
    for (int round = 0; round < 2; round++) {
        struct lb_step_row changed = {.no = step, .position = 9, .type = LB_STEP_MESSAGE};
        backend_begin(backend);
        row.state = LB_ACTIVITY_CLAIMED;
        assert_int_equal(backend->ops->activity_put(backend->store, &row), LB_OK);
        assert_int_equal(backend->ops->step_update(backend->store, &changed), LB_OK);
        add_step(backend, campaign, 2);
        if (round)
            assert_int_equal(backend->ops->steps_drop(backend->store, BACKEND_WORKSPACE, campaign),
                             LB_OK);
        assert_int_equal(backend->ops->campaign_count(backend->store, BACKEND_WORKSPACE, campaign,
                                                      &each_another),
                         LB_OK);
        assert_int_equal(
            backend->ops->campaign_activated(backend->store, BACKEND_WORKSPACE, campaign, 5),
            LB_OK);
        assert_int_equal(backend->ops->campaign_set_variables(backend->store, BACKEND_WORKSPACE,
                                                              campaign, LB_STR("a\tb\n")),
                         LB_OK);
        assert_int_equal(
            backend->ops->campaign_delete(backend->store, BACKEND_WORKSPACE, campaign, 5), LB_OK);
        backend->ops->rollback(backend->store);
        struct lb_campaign_state now = state_of(backend, campaign);
        assert_memory_equal(&now.counts, &nothing, sizeof nothing);
        assert_true(now.activated_at == 0 && !now.variables.ptr);
        struct steps steps = steps_of(backend, campaign);
        assert_true(steps.count == 1 && steps.rows[0].position == 1);
        expect_activity(backend, &whole_activity);
    }
    assert_int_equal(remains(backend).count, 0);
}

/* --- Who was contacted ------------------------------------------------------------------------ */

#define CAMPAIGNS 5
#define VISITS    3

/* A lead of each of these names in several campaigns, contacted there, and visited before. */
static void add_contacted(struct backend *backend, const struct lb_str *names, size_t count)
{
    for (uint32_t i = 0; i < CAMPAIGNS; i++) {
        char id[16];
        snprintf(id, sizeof id, "other-%u", i);
        uint32_t campaign = add_campaign(backend, id);
        struct lb_step_row steps[VISITS + 1];
        for (uint64_t step = 0; step <= VISITS; step++) {
            steps[step] = (struct lb_step_row){.workspace = WS,
                                               .campaign = campaign,
                                               .position = step + 1,
                                               .type = step < VISITS ? LB_STEP_VISIT_PROFILE
                                                                     : LB_STEP_MESSAGE};
            assert_int_equal(backend->ops->step_insert(backend->store, &steps[step]), LB_OK);
        }
        for (size_t n = 0; n < count; n++) {
            struct lb_activity_row row = {.lead = add_lead(backend, campaign, names[n].ptr),
                                          .workspace = WS,
                                          .campaign = campaign,
                                          .state = LB_ACTIVITY_DONE};
            for (uint64_t step = 0; step <= VISITS; step++) {
                row.step = steps[step].no;
                row.claimed_at = 100 + i * 10 + step;
                assert_int_equal(backend->ops->activity_put(backend->store, &row), LB_OK);
            }
        }
    }
}

/* Asks with `left` look-ups; returns how many are left then. */
static size_t ask_contacts(struct backend *backend, const struct lb_str *names, size_t count,
                           size_t left, size_t wanted)
{
    const struct lb_list list = {WS, 4000};
    struct lb_contact contacts[8];
    size_t answered = 4711;
    assert_int_equal(
        backend->ops->contacts(backend->reader, list, 0, names, count, &left, contacts, &answered),
        LB_OK);
    assert_int_equal(answered, wanted);
    for (size_t i = 0; i < answered; i++) {
        bool known = !lb_str_equal(names[i], LB_STR("unknown"));
        assert_int_equal(contacts[i].at, known ? 100 + (CAMPAIGNS - 1) * 10 + VISITS : 0);
        assert_int_equal(contacts[i].campaign != 0, known);
    }
    return left;
}

/* A name costs one, and each activity of its leads another: also those that are no contact. */
static void look_ups_of_contacts_are_bounded_by_what_is_read(void **state)
{
    struct backend *backend = *state;
    const struct lb_str names[] = {LB_STR("ada"), LB_STR("unknown"), LB_STR("bob"), LB_STR("eve")};
    const struct lb_str all[] = {names[0], names[2], names[3]};
    const size_t each = 1 + (VISITS + 1) * CAMPAIGNS;
    add_contacted(backend, all, COUNT(all));
    backend_commit(backend);
    assert_int_equal(ask_contacts(backend, names, COUNT(names), 1000, 4), 1000 - 3 * each - 1);
    assert_int_equal(ask_contacts(backend, names, COUNT(names), 0, 1), 0);
    assert_int_equal(ask_contacts(backend, names, COUNT(names), each, 1), 0);
    assert_int_equal(ask_contacts(backend, names, COUNT(names), each + 1, 2), 0);
    assert_int_equal(ask_contacts(backend, names, COUNT(names), each + 2, 3), 0);
    assert_int_equal(ask_contacts(backend, names + 2, 2, 2 * each, 2), 0);
    assert_int_equal(ask_contacts(backend, names, 0, 9, 0), 9);
}

/* A lead for which nothing was handed out is read, too. */
static void a_lead_without_activities_is_a_look_up(void **state)
{
    struct backend *backend = *state;
    const struct lb_str names[] = {LB_STR("unknown"), LB_STR("unknown")};
    add_lead(backend, add_campaign(backend, "one"), "unknown");
    add_lead(backend, add_campaign(backend, "two"), "unknown");
    backend_commit(backend);
    assert_int_equal(ask_contacts(backend, names, 2, 10, 2), 4);
    assert_int_equal(ask_contacts(backend, names, 2, 3, 1), 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BACKEND_TEST(a_new_campaign_has_counted_nothing),
        BACKEND_TEST(counts_add_up_for_their_campaign_alone),
        BACKEND_TEST(status_activation_and_variables_are_kept),
        BACKEND_TEST(the_state_of_a_deleted_campaign_is_not_found),
        BACKEND_TEST(remains_are_of_deleted_campaigns_with_leads_or_steps),
        BACKEND_TEST(a_loaded_campaign_says_whether_it_has_leads),
        BACKEND_TEST(steps_come_by_position_the_deleted_ones_too),
        BACKEND_TEST(an_updated_step_keeps_its_number_and_campaign),
        BACKEND_TEST(steps_are_dropped_with_their_campaign),
        BACKEND_TEST(variants_come_by_step_and_number),
        BACKEND_TEST(texts_are_read_of_the_step_that_is_asked_for),
        BACKEND_TEST(an_updated_variant_keeps_its_place_and_counts),
        BACKEND_TEST(variants_go_alone_or_with_step_or_campaign),
        BACKEND_TEST(an_activity_comes_back_and_is_replaced),
        BACKEND_TEST(pages_hold_the_activities_of_the_states_latest_change_first),
        BACKEND_TEST(rolled_back_changes_were_never_made),
        BACKEND_TEST(look_ups_of_contacts_are_bounded_by_what_is_read),
        BACKEND_TEST(a_lead_without_activities_is_a_look_up),
    };
    return backend_run_all("campaigns", tests, COUNT(tests));
}
