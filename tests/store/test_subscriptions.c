/* Rows of subscriptions and deliveries in the store, as the contract in store/methods.h says. */
#include "support/backend.h"

#include <stdio.h>

#define WS    BACKEND_WORKSPACE
#define OTHER BACKEND_OTHER_WORKSPACE

/* With something different in each field. */
static struct lb_hook_row make_row(uint32_t workspace, const char *id)
{
    struct lb_hook_row row = {.workspace = workspace,
                              .type = 6,
                              .campaign = UINT32_MAX,
                              .old_secret_until = INT64_C(1) << 41,
                              .created_at = INT64_C(1) << 40,
                              .actor = LB_USER_NO_MIN,
                              .state = LB_HOOK_PAUSED,
                              .tries = 3,
                              .failing_since = (INT64_C(1) << 40) + 1,
                              .next_at = (INT64_C(1) << 40) + 2,
                              .missed = 4};
    snprintf(row.id, sizeof row.id, "%s", id);
    snprintf(row.url, sizeof row.url, "https://example.com/%s", id);
    snprintf(row.campaign_id, sizeof row.campaign_id, "c-%s", id);
    snprintf(row.place, sizeof row.place, "e1-2-3-4");
    memset(row.secret, 0xa5, sizeof row.secret);
    memset(row.old_secret, 0x5a, sizeof row.old_secret);
    return row;
}

static void assert_same(const struct lb_hook_row *a, const struct lb_hook_row *b)
{
    assert_string_equal(a->id, b->id);
    assert_string_equal(a->url, b->url);
    assert_string_equal(a->campaign_id, b->campaign_id);
    assert_string_equal(a->place, b->place);
    assert_memory_equal(a->secret, b->secret, sizeof a->secret);
    if (a->old_secret_until)
        assert_memory_equal(a->old_secret, b->old_secret, sizeof a->old_secret);
    assert_true(a->workspace == b->workspace && a->type == b->type && a->campaign == b->campaign);
    assert_true(a->old_secret_until == b->old_secret_until && a->created_at == b->created_at);
    assert_true(a->actor == b->actor && a->state == b->state && a->tries == b->tries);
    assert_true(a->failing_since == b->failing_since && a->next_at == b->next_at);
    assert_true(a->missed == b->missed && a->lease == b->lease);
}

static struct lb_hook_row insert(struct backend *backend, uint32_t workspace, const char *id)
{
    struct lb_hook_row row = make_row(workspace, id);
    assert_int_equal(backend->ops->hook_insert(backend->store, &row), LB_OK);
    return row;
}

static struct lb_hook_row find(struct backend *backend, uint32_t workspace, const char *id)
{
    struct lb_hook_row row;
    assert_int_equal(backend->ops->hook(backend->reader, workspace, lb_str(id), &row), LB_OK);
    return row;
}

static lb_err count(void *context, const struct lb_hook_row *row)
{
    ++*(size_t *)context;
    return LB_OK;
}

static size_t hooks_of(struct backend *backend, uint32_t workspace)
{
    size_t found = 0;
    assert_int_equal(backend->ops->hooks(backend->reader, workspace, &found, count), LB_OK);
    return found;
}

static void subscriptions_are_read_back(void **state)
{
    struct backend *backend = *state;
    struct lb_hook_row row = insert(backend, WS, "hk_a"), found;
    insert(backend, WS, "hk_b");
    insert(backend, OTHER, "hk_a");
    backend_commit(backend);
    backend_reopen(backend);
    found = find(backend, WS, "hk_a");
    assert_same(&row, &found);
    assert_int_equal(backend->ops->hook(backend->reader, WS, LB_STR("hk_c"), &found),
                     LB_ERR_NOT_FOUND);
    assert_int_equal(hooks_of(backend, WS), 2);
    assert_int_equal(hooks_of(backend, OTHER), 1);
    assert_int_equal(hooks_of(backend, 0), 3);
}

static void an_update_leaves_the_place_to_deliveries(void **state)
{
    struct backend *backend = *state;
    struct lb_hook_row row = insert(backend, WS, "hk_a"), found;
    struct lb_hook_row changed = row;
    changed.state = LB_HOOK_ACTIVE;
    changed.tries = 0;
    changed.failing_since = changed.next_at = changed.old_secret_until = 0;
    changed.missed = 9;
    changed.place[0] = '\0';
    memset(changed.secret, 1, sizeof changed.secret);
    assert_int_equal(backend->ops->hook_update(backend->store, &changed), LB_OK);
    backend_commit(backend);
    memcpy(changed.place, row.place, sizeof row.place);
    changed.missed = row.missed;
    found = find(backend, WS, "hk_a");
    assert_same(&changed, &found);
    backend_begin(backend);
    snprintf(changed.place, sizeof changed.place, "e9-0-0-0");
    changed.missed = 0;
    assert_int_equal(backend->ops->hook_update(backend->store, &changed), LB_OK);
    snprintf(changed.id, sizeof changed.id, "hk_none");
    assert_int_equal(backend->ops->hook_update(backend->store, &changed), LB_ERR_NOT_FOUND);
    backend_commit(backend);
    found = find(backend, WS, "hk_a");
    assert_string_equal(found.place, "e9-0-0-0");
    assert_int_equal(found.missed, 0);
}

static struct lb_hook_progress progress_of(const char *id, uint64_t held, uint64_t lease)
{
    struct lb_hook_progress progress = {
        .workspace = WS, .held = held, .lease = lease, .tries = 1, .next_at = 5, .missed = 6};
    snprintf(progress.id, sizeof progress.id, "%s", id);
    snprintf(progress.place, sizeof progress.place, "e5-0-0-0");
    return progress;
}

static bool is_lost(struct backend *backend, struct lb_hook_progress progress)
{
    assert_int_equal(backend->ops->hooks_progress(backend->store, &progress, 1), LB_OK);
    return progress.lost;
}

static void a_lease_is_taken_by_one_and_nobody_else_records(void **state)
{
    struct backend *backend = *state;
    struct lb_hook_row row = make_row(WS, "hk_a");
    row.state = LB_HOOK_ACTIVE;
    assert_int_equal(backend->ops->hook_insert(backend->store, &row), LB_OK);
    struct lb_hook_progress take = progress_of("hk_a", 0, 11);
    take.take = true;
    assert_false(is_lost(backend, take));
    assert_true(is_lost(backend, take)); /* the second finds another lease */
    assert_true(is_lost(backend, progress_of("hk_a", 0, 0)));
    assert_true(is_lost(backend, progress_of("hk_a", 12, 12)));
    assert_true(is_lost(backend, progress_of("hk_none", 11, 11)));
    backend_commit(backend);
    row = find(backend, WS, "hk_a");
    assert_true(row.lease == 11 && row.beat == 1);
    assert_string_equal(row.place, "e1-2-3-4"); /* taking it moves nothing */
    backend_begin(backend);
    assert_false(is_lost(backend, progress_of("hk_a", 11, 11)));
    take.held = 11;
    take.beat = 1;
    take.lease = 12;
    assert_true(is_lost(backend, take)); /* its beat has gone on */
    take.beat = 2;
    assert_false(is_lost(backend, take));
    assert_false(is_lost(backend, progress_of("hk_a", 12, 0)));
    backend_commit(backend);
    row = find(backend, WS, "hk_a");
    assert_true(row.lease == 0 && row.tries == 1 && row.next_at == 5 && row.missed == 6);
    assert_string_equal(row.place, "e5-0-0-0");
}

static void what_was_paused_stays_paused(void **state)
{
    struct backend *backend = *state;
    struct lb_hook_row row = insert(backend, WS, "hk_a");
    struct lb_hook_progress progress = progress_of("hk_a", 0, 0);
    progress.state = LB_HOOK_FAILING;
    assert_false(is_lost(backend, progress));
    struct lb_hook_progress take = progress_of("hk_a", 0, 11);
    take.take = true;
    take.beat = 1;
    assert_true(is_lost(backend, take));
    backend_commit(backend);
    row = find(backend, WS, "hk_a");
    assert_true(row.state == LB_HOOK_PAUSED);
    assert_string_equal(row.place, "e5-0-0-0"); /* it was delivered all the same */
}

static struct lb_delivery_row delivery_of(const char *hook, uint64_t no)
{
    struct lb_delivery_row row = {.workspace = WS,
                                  .no = no,
                                  .kind = LB_DELIVERY_RETRY,
                                  .state = LB_DELIVERY_GIVEN_UP,
                                  .tries = 7,
                                  .first_at = INT64_C(1) << 40,
                                  .last_at = (INT64_C(1) << 40) + 1,
                                  .status = 503,
                                  .duration_ms = 5001,
                                  .bytes = 1 << 20};
    snprintf(row.hook, sizeof row.hook, "%s", hook);
    snprintf(row.event, sizeof row.event, "e%llx-0-0-0", (unsigned long long)no);
    snprintf(row.place, sizeof row.place, "e1-0-0-0");
    snprintf(row.error, sizeof row.error, "the receiver answered 503");
    return row;
}

static lb_err list(void *context, const struct lb_delivery_row *row)
{
    uint64_t **next = context;
    *(*next)++ = row->no;
    return LB_OK;
}

static void deliveries_are_replaced_listed_and_bounded(void **state)
{
    struct backend *backend = *state;
    uint64_t numbers[2 * LB_DELIVERIES_KEPT], *next = numbers;
    struct lb_delivery_row row = delivery_of("hk_a", 5), found;
    for (uint64_t no = 1; no <= LB_DELIVERIES_KEPT + 10; no++) {
        struct lb_delivery_row each = delivery_of("hk_a", no);
        assert_int_equal(backend->ops->delivery_put(backend->store, &each), LB_OK);
    }
    struct lb_delivery_row other = delivery_of("hk_b", 1);
    assert_int_equal(backend->ops->delivery_put(backend->store, &other), LB_OK);
    row = delivery_of("hk_a", 50);
    row.state = LB_DELIVERY_DONE;
    row.tries = 8;
    row.error[0] = '\0';
    assert_int_equal(backend->ops->delivery_put(backend->store, &row), LB_OK);
    backend_commit(backend);
    assert_int_equal(backend->ops->delivery(backend->reader, WS, LB_STR("hk_a"), 50, &found),
                     LB_OK);
    assert_true(found.state == LB_DELIVERY_DONE && found.kind == row.kind && found.tries == 8);
    assert_true(found.first_at == row.first_at && found.last_at == row.last_at);
    assert_true(found.status == 503 && found.duration_ms == 5001 && found.bytes == 1 << 20);
    assert_string_equal(found.event, row.event);
    assert_string_equal(found.place, row.place);
    assert_string_equal(found.error, "");
    assert_string_equal(found.hook, "hk_a");
    assert_int_equal(backend->ops->delivery(backend->reader, WS, LB_STR("hk_a"), 10, &found),
                     LB_ERR_NOT_FOUND);
    assert_int_equal(backend->ops->delivery(backend->reader, WS, LB_STR("hk_b"), 1, &found), LB_OK);
    assert_int_equal(
        backend->ops->deliveries_page(backend->reader, WS, LB_STR("hk_a"), 0, 150, &next, list),
        LB_OK);
    assert_int_equal(next - numbers, LB_DELIVERIES_KEPT);
    assert_true(numbers[0] == LB_DELIVERIES_KEPT + 10 && numbers[1] == LB_DELIVERIES_KEPT + 9);
    next = numbers;
    assert_int_equal(
        backend->ops->deliveries_page(backend->reader, WS, LB_STR("hk_a"), 50, 2, &next, list),
        LB_OK);
    assert_true(next == numbers + 2 && numbers[0] == 49 && numbers[1] == 48);
}

static void a_subscription_is_removed_with_its_deliveries(void **state)
{
    struct backend *backend = *state;
    struct lb_delivery_row row = delivery_of("hk_a", 1), other = delivery_of("hk_b", 1), found;
    insert(backend, WS, "hk_a");
    insert(backend, WS, "hk_b");
    assert_int_equal(backend->ops->delivery_put(backend->store, &row), LB_OK);
    assert_int_equal(backend->ops->delivery_put(backend->store, &other), LB_OK);
    assert_int_equal(backend->ops->hook_delete(backend->store, WS, LB_STR("hk_a")), LB_OK);
    backend_commit(backend);
    assert_int_equal(hooks_of(backend, WS), 1);
    assert_int_equal(backend->ops->delivery(backend->reader, WS, LB_STR("hk_a"), 1, &found),
                     LB_ERR_NOT_FOUND);
    assert_int_equal(backend->ops->delivery(backend->reader, WS, LB_STR("hk_b"), 1, &found), LB_OK);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BACKEND_TEST(subscriptions_are_read_back),
        BACKEND_TEST(an_update_leaves_the_place_to_deliveries),
        BACKEND_TEST(a_lease_is_taken_by_one_and_nobody_else_records),
        BACKEND_TEST(what_was_paused_stays_paused),
        BACKEND_TEST(deliveries_are_replaced_listed_and_bounded),
        BACKEND_TEST(a_subscription_is_removed_with_its_deliveries),
    };
    return backend_run_all("subscriptions", tests, sizeof tests / sizeof *tests);
}
