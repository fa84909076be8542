#include "domain/access/directory.h"
#include "domain/access/key_cache.h"
#include "domain/access/key_text.h"
#include "support/starve.h"
#include "support/tsan.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define NOW    INT64_C(1800000000000)
#define SECOND UINT64_C(1000000000)

static struct lb_workspace *add_workspace(struct lb_directory *directory, uint32_t no,
                                          const char *id)
{
    struct lb_workspace_row row = {.no = no, .name = "Test", .plan = LB_PLAN_PRO};
    lb_str_copy(lb_str(id), row.id, sizeof row.id);
    return lb_directory_add_workspace(directory, &row);
}

static struct lb_key *add_key(struct lb_directory *directory, uint32_t no,
                              char text[LB_KEY_TEXT_SIZE], struct lb_key_row row)
{
    row.no = no;
    row.workspace = 1;
    lb_key_generate(text, &row);
    return lb_directory_add_key(directory, &row);
}

static struct lb_campaign *add_campaign(struct lb_directory *directory, uint32_t no,
                                        uint32_t workspace, const char *id,
                                        enum lb_campaign_status status)
{
    struct lb_campaign_row row = {.no = no, .workspace = workspace, .status = status};
    lb_str_copy(lb_str(id), row.id, sizeof row.id);
    return lb_directory_add_campaign(directory, &row);
}

static int setup(void **state)
{
    lb_rcu_thread_register();
    struct lb_directory *directory = *state = lb_directory_create();
    return directory && add_workspace(directory, 1, "ws_one") &&
                   add_workspace(directory, 2, "ws_two")
               ? 0
               : -1;
}

static int teardown(void **state)
{
    lb_directory_destroy(*state);
    lb_rcu_barrier();
    lb_rcu_thread_unregister();
    return 0;
}

static void a_valid_key_is_taken_and_its_use_noted(void **state)
{
    char text[LB_KEY_TEXT_SIZE];
    struct lb_key *key = add_key(*state, 1, text, (struct lb_key_row){.last_used_at = 5});
    struct lb_key *found = NULL;
    assert_int_equal(lb_directory_authenticate(*state, lb_str(text), NOW, &found), LB_OK);
    assert_ptr_equal(found, key);
    assert_ptr_equal(found->workspace, lb_directory_workspace(*state, LB_STR("ws_one")));
    assert_int_equal(atomic_load(&key->last_used_at), NOW);
    assert_int_equal(key->stored_last_used_at, 5);
}

/* A refused key is not used, and nobody learns why. */
static void a_key_that_is_malformed_unknown_or_has_a_wrong_secret_is_refused(void **state)
{
    struct lb_directory *directory = *state;
    char text[LB_KEY_TEXT_SIZE];
    char unknown[LB_KEY_TEXT_SIZE];
    struct lb_key_row row = {0};
    struct lb_key *key = add_key(directory, 1, text, row);
    struct lb_key *found = NULL;
    lb_key_generate(unknown, &row);
    struct lb_str cases[] = {
        {0}, LB_STR(""), LB_STR("lb_"), {text, sizeof text - 2}, {unknown, sizeof unknown - 1}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(lb_directory_authenticate(directory, cases[i], NOW, &found),
                         LB_ERR_INVALID_API_KEY);
    /* The id of one key with the secret of another, and a checksum that fits. */
    row = (struct lb_key_row){.no = 2, .workspace = 1};
    lb_key_generate(unknown, &row);
    memcpy(row.id, key->row.id, sizeof row.id);
    key->row.secret_hash[0] ^= 1;
    assert_int_equal(lb_directory_authenticate(directory, lb_str(text), NOW, &found),
                     LB_ERR_INVALID_API_KEY);
    assert_null(found);
    assert_int_equal(atomic_load(&key->last_used_at), 0);
}

static void a_revoked_key_is_refused_and_counted_once(void **state)
{
    char text[LB_KEY_TEXT_SIZE];
    struct lb_key *key = add_key(*state, 1, text, (struct lb_key_row){0});
    struct lb_key *found = NULL;
    assert_int_equal(atomic_load(&key->workspace->keys), 1);
    lb_directory_revoke_key(key, NOW - 10);
    lb_directory_revoke_key(key, NOW);
    assert_int_equal(atomic_load(&key->revoked_at), NOW - 10);
    assert_int_equal(atomic_load(&key->workspace->keys), 0);
    assert_int_equal(lb_directory_authenticate(*state, lb_str(text), NOW, &found),
                     LB_ERR_INVALID_API_KEY);
    /* One that comes revoked out of the store. */
    add_key(*state, 2, text, (struct lb_key_row){.revoked_at = NOW - 10});
    assert_int_equal(atomic_load(&key->workspace->keys), 0);
    assert_int_equal(lb_directory_authenticate(*state, lb_str(text), NOW, &found),
                     LB_ERR_INVALID_API_KEY);
}

static void a_key_is_good_until_its_end_and_no_longer(void **state)
{
    char text[LB_KEY_TEXT_SIZE];
    struct lb_key *found = NULL;
    add_key(*state, 1, text, (struct lb_key_row){.expires_at = NOW});
    assert_int_equal(lb_directory_authenticate(*state, lb_str(text), NOW - 1, &found), LB_OK);
    assert_int_equal(lb_directory_authenticate(*state, lb_str(text), NOW, &found),
                     LB_ERR_INVALID_API_KEY);
    assert_int_equal(lb_directory_authenticate(*state, lb_str(text), NOW + 1, &found),
                     LB_ERR_INVALID_API_KEY);
}

static lb_err authenticate(struct lb_directory *directory, const char *text, int64_t now_ms)
{
    struct lb_key *found = NULL;
    return lb_directory_authenticate(directory, lb_str(text), now_ms, &found);
}

/* --- keys that were used before: their text is known, and nothing else -------------------------
 */

static void a_key_that_was_used_can_be_revoked(void **state)
{
    char text[LB_KEY_TEXT_SIZE];
    struct lb_key *key = add_key(*state, 1, text, (struct lb_key_row){0});
    for (int i = 0; i < 3; i++)
        assert_int_equal(authenticate(*state, text, NOW), LB_OK);
    lb_directory_revoke_key(key, NOW);
    assert_int_equal(authenticate(*state, text, NOW), LB_ERR_INVALID_API_KEY);
    assert_int_equal(atomic_load(&key->last_used_at), NOW);
}

static void a_key_that_was_used_ends_and_notes_each_use(void **state)
{
    char text[LB_KEY_TEXT_SIZE];
    struct lb_key *key = add_key(*state, 1, text, (struct lb_key_row){.expires_at = NOW});
    for (int i = 5; i > 0; i--) {
        assert_int_equal(authenticate(*state, text, NOW - i), LB_OK);
        assert_int_equal(atomic_load(&key->last_used_at), NOW - i);
    }
    assert_int_equal(authenticate(*state, text, NOW), LB_ERR_INVALID_API_KEY);
    assert_int_equal(atomic_load(&key->last_used_at), NOW - 1);
}

/* Each byte of the text counts, also of one that is known. */
static void a_text_close_to_a_known_one_is_refused(void **state)
{
    struct lb_directory *directory = *state;
    char text[LB_KEY_TEXT_SIZE];
    char other[LB_KEY_TEXT_SIZE];
    add_key(directory, 1, text, (struct lb_key_row){0});
    add_key(directory, 2, other, (struct lb_key_row){0});
    assert_int_equal(authenticate(directory, text, NOW), LB_OK);
    assert_int_equal(authenticate(directory, other, NOW), LB_OK);
    for (size_t i = 0; i < sizeof text - 1; i++) {
        text[i] ^= 1;
        assert_int_equal(authenticate(directory, text, NOW), LB_ERR_INVALID_API_KEY);
        text[i] ^= 1;
    }
    text[sizeof text - 2] = '\0';
    assert_int_equal(authenticate(directory, text, NOW), LB_ERR_INVALID_API_KEY);
}

/* A revoked key's workspace gets another; and a key that was made for it and not added is none. */
static void a_new_key_in_place_of_another_is_itself(void **state)
{
    struct lb_directory *directory = *state;
    char old_text[LB_KEY_TEXT_SIZE];
    char new_text[LB_KEY_TEXT_SIZE];
    struct lb_key *found = NULL;
    struct lb_key *old = add_key(directory, 1, old_text, (struct lb_key_row){0});
    assert_int_equal(authenticate(directory, old_text, NOW), LB_OK);
    struct lb_key_row row = {.no = 2, .workspace = 1};
    lb_key_generate(new_text, &row);
    assert_non_null(lb_directory_make_key(directory, &row));
    assert_int_equal(authenticate(directory, new_text, NOW), LB_ERR_INVALID_API_KEY);
    lb_directory_forget_made(directory);
    assert_int_equal(authenticate(directory, new_text, NOW), LB_ERR_INVALID_API_KEY);
    struct lb_key *key = lb_directory_add_key(directory, &row); /* the same text, made again */
    lb_directory_revoke_key(old, NOW);
    assert_int_equal(lb_directory_authenticate(directory, lb_str(new_text), NOW, &found), LB_OK);
    assert_ptr_equal(found, key);
    assert_int_equal(authenticate(directory, old_text, NOW), LB_ERR_INVALID_API_KEY);
}

/* Twice as many as there are places: some are forgotten, and none is taken for another. */
static void more_keys_than_the_cache_holds_work_all_the_same(void **state)
{
    enum { KEYS = 2 * LB_KEY_CACHE_SETS * LB_KEY_CACHE_WAYS };
    struct lb_key_cache *cache = lb_key_cache_create();
    struct lb_key *keys = calloc(KEYS, sizeof *keys);
    size_t known = 0;
    size_t known_at_once = 0;
    assert_true(cache && keys);
    for (size_t i = 0; i < KEYS; i++) {
        struct lb_str text = {(const char *)&i, sizeof i};
        struct lb_text_hash hash = lb_key_cache_hash(cache, text);
        assert_null(lb_key_cache_find(cache, hash));
        lb_key_cache_put(cache, hash, &keys[i]);
        known_at_once += lb_key_cache_find(cache, hash) == &keys[i];
    }
    for (size_t i = 0; i < KEYS; i++) {
        struct lb_text_hash hash =
            lb_key_cache_hash(cache, (struct lb_str){(const char *)&i, sizeof i});
        const struct lb_key *found = lb_key_cache_find(cache, hash);
        assert_true(!found || found == &keys[i]);
        known += found != NULL;
    }
    assert_int_equal(known_at_once, KEYS);
    assert_true(known > KEYS / 3 && known <= KEYS / 2);
    free(keys);
    lb_key_cache_destroy(cache);
}

/* An attacker who knew the secret of one process would know nothing of another's. */
static void each_cache_has_a_secret_of_its_own(void **state)
{
    struct lb_key_cache *one = lb_key_cache_create();
    struct lb_key_cache *two = lb_key_cache_create();
    struct lb_text_hash a = lb_key_cache_hash(one, LB_STR("text"));
    struct lb_text_hash b = lb_key_cache_hash(two, LB_STR("text"));
    struct lb_text_hash again = lb_key_cache_hash(one, LB_STR("text"));
    assert_memory_equal(&a, &again, sizeof a);
    assert_true(a.words[0] != b.words[0] && a.words[1] != b.words[1]);
    lb_key_cache_destroy(one);
    lb_key_cache_destroy(two);
}

static void licences_follow_plan_and_end(void **state)
{
    static const struct {
        enum lb_plan plan;
        int64_t expires_at;
        lb_err expected;
    } cases[] = {
        {LB_PLAN_STARTER, 0, LB_ERR_LICENSE_REQUIRED},
        {LB_PLAN_STARTER, NOW + 1, LB_ERR_LICENSE_REQUIRED},
        {LB_PLAN_STARTER, NOW, LB_ERR_LICENSE_REQUIRED},
        {LB_PLAN_PRO, 0, LB_OK},
        {LB_PLAN_PRO, NOW + 1, LB_OK},
        {LB_PLAN_PRO, NOW, LB_ERR_LICENSE_EXPIRED},
        {LB_PLAN_PRO, NOW - 1, LB_ERR_LICENSE_EXPIRED},
        {LB_PLAN_AGENCY, 0, LB_OK},
        {LB_PLAN_AGENCY, NOW + 1, LB_OK},
        {LB_PLAN_AGENCY, NOW, LB_ERR_LICENSE_EXPIRED},
    };
    struct lb_workspace *workspace = lb_directory_workspace(*state, LB_STR("ws_one"));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        atomic_store(&workspace->plan, (int)cases[i].plan);
        atomic_store(&workspace->expires_at, cases[i].expires_at);
        assert_int_equal(lb_workspace_license(workspace, NOW), cases[i].expected);
    }
}

static unsigned take_all(struct lb_key *key, uint32_t rate, uint64_t at)
{
    unsigned taken = 0;
    while (taken < 1000000 && lb_key_take_request(key, rate, at))
        taken++;
    return taken;
}

/* A second's worth at once, then one per interval, at the exact moment and not before. */
static void a_rate_is_kept_to_the_nanosecond(void **state)
{
    struct lb_key key = {.row.rate_limit = 10};
    const uint64_t begin = 1000 * SECOND;
    const uint64_t interval = SECOND / 10;
    assert_int_equal(take_all(&key, 0, begin), 10);
    assert_false(lb_key_take_request(&key, 0, begin + interval - 1));
    assert_true(lb_key_take_request(&key, 0, begin + interval));
    assert_false(lb_key_take_request(&key, 0, begin + interval));
    assert_int_equal(take_all(&key, 0, begin + 4 * interval), 3);
    assert_int_equal(take_all(&key, 0, begin + 100 * SECOND), 10); /* never more than a second's */
}

static void a_refused_request_costs_nothing(void **state)
{
    struct lb_key key = {.row.rate_limit = 1};
    assert_true(lb_key_take_request(&key, 0, 100 * SECOND));
    for (int i = 0; i < 1000; i++)
        assert_false(lb_key_take_request(&key, 0, 100 * SECOND + SECOND / 2));
    assert_true(lb_key_take_request(&key, 0, 101 * SECOND));
}

static void a_key_s_own_rate_goes_before_the_default(void **state)
{
    struct lb_key own = {.row.rate_limit = 3};
    struct lb_key none = {0};
    struct lb_key fast = {.row.rate_limit = 1000};
    assert_int_equal(take_all(&own, 100, SECOND), 3);
    assert_int_equal(take_all(&none, 7, SECOND), 7);
    assert_int_equal(take_all(&fast, 1, SECOND), 1000);
    struct lb_key unlimited = {0};
    assert_int_equal(take_all(&unlimited, 0, SECOND), 1000000);
}

struct taking {
    struct lb_key *key;
    _Atomic unsigned *taken;
};

static void *take_some(void *context)
{
    struct taking *taking = context;
    for (int i = 0; i < 20000; i++)
        *taking->taken += lb_key_take_request(taking->key, 0, SECOND);
    return NULL;
}

static void threads_share_one_rate(void **state)
{
    struct lb_key key = {.row.rate_limit = 5000};
    _Atomic unsigned taken = 0;
    struct taking taking = {&key, &taken};
    pthread_t threads[4];
    for (int i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, take_some, &taking), 0);
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(taken, 5000);
}

static void campaigns_belong_to_their_workspace(void **state)
{
    struct lb_directory *directory = *state;
    struct lb_campaign *one = add_campaign(directory, 1, 1, "same", LB_CAMPAIGN_DRAFT);
    struct lb_campaign *two = add_campaign(directory, 2, 2, "same", LB_CAMPAIGN_DRAFT);
    assert_ptr_equal(lb_directory_campaign(directory, 1, LB_STR("same")), one);
    assert_ptr_equal(lb_directory_campaign(directory, 2, LB_STR("same")), two);
    assert_null(lb_directory_campaign(directory, 3, LB_STR("same")));
    assert_null(lb_directory_campaign(directory, 1, LB_STR("Same")));
    assert_null(add_campaign(directory, 3, 99, "lost", LB_CAMPAIGN_DRAFT));
    assert_false(lb_directory_campaign_no(directory, 3));
}

static void a_removed_campaign_is_gone_and_its_id_free(void **state)
{
    struct lb_directory *directory = *state;
    struct lb_campaign *old = add_campaign(directory, 7, 1, "c", LB_CAMPAIGN_DRAFT);
    assert_true(lb_directory_campaign_no(directory, 7));
    lb_directory_remove_campaign(directory, old, NULL);
    assert_null(lb_directory_campaign(directory, 1, LB_STR("c")));
    assert_false(lb_directory_campaign_no(directory, 7));
    struct lb_campaign *new = add_campaign(directory, 8, 1, "c", LB_CAMPAIGN_DRAFT);
    assert_ptr_equal(lb_directory_campaign(directory, 1, LB_STR("c")), new);
    assert_false(lb_directory_campaign_no(directory, 7));
    assert_true(lb_directory_campaign_no(directory, 8));
    assert_false(lb_directory_campaign_no(directory, UINT32_MAX));
}

/* Ids of a page, joined. */
static const char *page(struct lb_directory *directory, int status, size_t skip, size_t take,
                        size_t *out_total)
{
    static char text[256];
    struct lb_campaign_row rows[16];
    const struct lb_workspace *workspace = lb_directory_workspace(directory, LB_STR("ws_one"));
    size_t count =
        lb_directory_page_campaigns(directory, workspace, status, skip, take, rows, out_total);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        strcat(text, rows[i].id);
        assert_true(status < 0 || (int)rows[i].status == status);
    }
    return text;
}

static void campaigns_are_paged_newest_first(void **state)
{
    struct lb_directory *directory = *state;
    size_t total = 0;
    assert_string_equal(page(directory, -1, 0, 10, &total), "");
    assert_int_equal(total, 0);
    struct lb_campaign *campaigns[5];
    for (unsigned i = 0; i < 5; i++) {
        char id[2] = {(char)('a' + i), '\0'};
        campaigns[i] =
            add_campaign(directory, i + 1, 1, id, i % 2 ? LB_CAMPAIGN_ACTIVE : LB_CAMPAIGN_DRAFT);
    }
    add_campaign(directory, 6, 2, "x", LB_CAMPAIGN_DRAFT); /* of another workspace */
    assert_string_equal(page(directory, -1, 0, 10, &total), "edcba");
    assert_int_equal(total, 5);
    assert_string_equal(page(directory, -1, 0, 2, &total), "ed");
    assert_string_equal(page(directory, -1, 2, 2, &total), "cb");
    assert_string_equal(page(directory, -1, 4, 2, &total), "a");
    assert_string_equal(page(directory, -1, 5, 2, &total), "");
    assert_int_equal(total, 5);
    assert_string_equal(page(directory, -1, SIZE_MAX, 2, &total), "");
    assert_string_equal(page(directory, -1, 0, 0, &total), "");
    assert_int_equal(total, 5);
    assert_string_equal(page(directory, LB_CAMPAIGN_ACTIVE, 0, 10, &total), "db");
    assert_int_equal(total, 2);
    assert_string_equal(page(directory, LB_CAMPAIGN_ACTIVE, 1, 10, &total), "b");
    lb_directory_remove_campaign(directory, campaigns[1], NULL);
    assert_string_equal(page(directory, -1, 0, 10, &total), "edca");
    atomic_store(&campaigns[4]->status, LB_CAMPAIGN_PAUSED);
    assert_string_equal(page(directory, LB_CAMPAIGN_PAUSED, 0, 10, &total), "e");
    lb_directory_remove_campaign(directory, campaigns[4], NULL);
    lb_directory_remove_campaign(directory, campaigns[0], NULL);
    assert_string_equal(page(directory, -1, 0, 10, &total), "dc");
}

static void workspaces_and_keys_are_listed_in_order_of_creation(void **state)
{
    char text[LB_KEY_TEXT_SIZE];
    struct lb_workspace *first = lb_directory_workspaces(*state);
    assert_string_equal(first->row.id, "ws_one");
    struct lb_workspace *second = lb_rcu_load(&first->next);
    assert_string_equal(second->row.id, "ws_two");
    assert_null(lb_rcu_load(&second->next));
    assert_ptr_equal(lb_directory_workspace_no(*state, 2), second);
    assert_null(lb_directory_workspace_no(*state, 3));
    assert_null(lb_directory_workspace_no(*state, UINT32_MAX));
    struct lb_key *one = add_key(*state, 1, text, (struct lb_key_row){0});
    struct lb_key *two = add_key(*state, 2, text, (struct lb_key_row){0});
    assert_ptr_equal(lb_directory_keys(*state), one);
    assert_ptr_equal(lb_rcu_load(&one->next), two);
    assert_ptr_equal(lb_directory_key(*state, lb_str(two->row.id)), two);
}

#define DAY 20000

static struct lb_day day_of(struct lb_directory *directory, const char *workspace, uint32_t day)
{
    struct lb_day out;
    lb_directory_days(directory, lb_directory_workspace(directory, lb_str(workspace)), day, 1,
                      &out);
    assert_int_equal(out.day, day);
    return out;
}

static void days_begin_at_midnight_utc(void **state)
{
    struct lb_directory *directory = *state;
    struct lb_workspace *workspace = lb_directory_workspace(directory, LB_STR("ws_one"));
    lb_directory_count_day(directory, workspace, DAY * INT64_C(86400000) - 1, 1, 0);
    lb_directory_count_day(directory, workspace, DAY * INT64_C(86400000), 10, 2);
    lb_directory_count_day(directory, workspace, DAY * INT64_C(86400000) + 86399999, 100, 3);
    lb_directory_count_day(directory, workspace, DAY * INT64_C(86400000) + 86400000, 1000, 4);
    assert_int_equal(day_of(directory, "ws_one", DAY - 1).blocked, 1);
    assert_int_equal(day_of(directory, "ws_one", DAY).blocked, 110);
    assert_int_equal(day_of(directory, "ws_one", DAY).unblocked, 5);
    assert_int_equal(day_of(directory, "ws_one", DAY + 1).blocked, 1000);
    assert_int_equal(day_of(directory, "ws_two", DAY).blocked, 0);
}

static void days_without_anything_are_zero_and_none_is_left_out(void **state)
{
    struct lb_directory *directory = *state;
    struct lb_workspace *workspace = lb_directory_workspace(directory, LB_STR("ws_one"));
    struct lb_day days[400];
    for (uint32_t day = 0; day < 400; day += 3)
        lb_directory_count_day(directory, workspace, (DAY + day) * INT64_C(86400000), day + 1, day);
    lb_directory_days(directory, workspace, DAY, 400, days);
    for (uint32_t i = 0; i < 400; i++) {
        assert_int_equal(days[i].day, DAY + i);
        assert_int_equal(days[i].blocked, i % 3 ? 0 : i + 1);
        assert_int_equal(days[i].unblocked, i % 3 ? 0 : i);
    }
    lb_directory_days(directory, workspace, DAY + 399, 2, days);
    assert_int_equal(days[0].blocked, 400);
    assert_int_equal(days[1].blocked, 0);
}

/* A clock that was set back, and a log that is read in another order. */
static void days_may_come_in_any_order(void **state)
{
    struct lb_directory *directory = *state;
    struct lb_workspace *workspace = lb_directory_workspace(directory, LB_STR("ws_one"));
    static const uint32_t order[] = {5, 1, 3, 5, 0, 4, 1};
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        lb_directory_count_day(directory, workspace, (DAY + order[i]) * INT64_C(86400000), 1, 0);
    static const uint32_t expected[] = {1, 2, 0, 1, 1, 2};
    for (uint32_t i = 0; i < 6; i++)
        assert_int_equal(day_of(directory, "ws_one", DAY + i).blocked, expected[i]);
}

/* More than there is room for, in one batch. */
static void what_was_made_is_added_without_memory(void **state)
{
    enum { MADE = 100 };
    struct lb_directory *directory = *state;
    struct lb_workspace *workspace = lb_directory_workspace(directory, LB_STR("ws_one"));
    struct lb_campaign *made[MADE];
    for (uint32_t i = 0; i < MADE; i++) {
        struct lb_campaign_row row = {.no = i + 1, .workspace = 1};
        snprintf(row.id, sizeof row.id, "campaign-%u", i);
        made[i] = lb_directory_make_campaign(directory, &row);
        assert_non_null(made[i]);
        assert_null(lb_directory_campaign(directory, 1, lb_str(row.id)));
    }
    assert_true(workspace->campaign_capacity >= MADE);
    starve_at(1, true);
    for (uint32_t i = MADE; i-- > MADE / 2;) /* in whatever order */
        lb_directory_add_made_campaign(directory, made[i]);
    for (uint32_t i = 0; i < MADE / 2; i++)
        lb_directory_add_made_campaign(directory, made[i]);
    assert_int_equal(starve_end(), 0);
    assert_int_equal(workspace->campaign_count, MADE);
    assert_int_equal(workspace->made_campaigns, 0);
    for (uint32_t i = 0; i < MADE; i++)
        assert_ptr_equal(lb_directory_campaign_no(directory, i + 1), made[i]);
}

static void what_was_made_and_forgotten_is_gone(void **state)
{
    struct lb_directory *directory = *state;
    struct lb_workspace *workspace = lb_directory_workspace(directory, LB_STR("ws_one"));
    struct lb_workspace_row workspace_row = {.no = 9, .id = "ws_nine"};
    struct lb_key_row key_row = {.no = 7, .workspace = 1, .id = "key_seven"};
    struct lb_campaign_row campaign_row = {.no = 7, .workspace = 1, .id = "seven"};
    for (int i = 0; i < 3; i++) {
        assert_non_null(lb_directory_make_workspace(directory, &workspace_row));
        assert_non_null(lb_directory_make_key(directory, &key_row));
        assert_non_null(lb_directory_make_campaign(directory, &campaign_row));
        lb_directory_forget_made(directory);
        assert_int_equal(workspace->made_campaigns, 0);
    }
    assert_null(lb_directory_workspace(directory, LB_STR("ws_nine")));
    assert_null(lb_directory_key(directory, LB_STR("key_seven")));
    assert_null(lb_directory_campaign(directory, 1, LB_STR("seven")));
    assert_int_equal(atomic_load(&workspace->keys), 0);
    assert_non_null(lb_directory_add_campaign(directory, &campaign_row));
}

static void making_without_memory_fails_and_changes_nothing(void **state)
{
    struct lb_directory *directory = *state;
    struct lb_workspace_row workspace_row = {.no = 900, .id = "ws_nine"};
    struct lb_campaign_row campaign_row = {.no = 900, .workspace = 1, .id = "seven"};
    uint64_t failed = 1;
    for (uint64_t nth = 1; failed; nth++) {
        starve_at(nth, false);
        bool made = lb_directory_make_workspace(directory, &workspace_row) &&
                    lb_directory_make_campaign(directory, &campaign_row);
        failed = starve_end();
        assert_int_equal(made, !failed);
        lb_directory_forget_made(directory);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_valid_key_is_taken_and_its_use_noted),
        TEST(a_key_that_is_malformed_unknown_or_has_a_wrong_secret_is_refused),
        TEST(a_revoked_key_is_refused_and_counted_once),
        TEST(a_key_is_good_until_its_end_and_no_longer),
        TEST(a_key_that_was_used_can_be_revoked),
        TEST(a_key_that_was_used_ends_and_notes_each_use),
        TEST(a_text_close_to_a_known_one_is_refused),
        TEST(a_new_key_in_place_of_another_is_itself),
        TEST(more_keys_than_the_cache_holds_work_all_the_same),
        TEST(each_cache_has_a_secret_of_its_own),
        TEST(licences_follow_plan_and_end),
        TEST(a_rate_is_kept_to_the_nanosecond),
        TEST(a_refused_request_costs_nothing),
        TEST(a_key_s_own_rate_goes_before_the_default),
        TEST(threads_share_one_rate),
        TEST(campaigns_belong_to_their_workspace),
        TEST(a_removed_campaign_is_gone_and_its_id_free),
        TEST(campaigns_are_paged_newest_first),
        TEST(workspaces_and_keys_are_listed_in_order_of_creation),
        TEST(days_begin_at_midnight_utc),
        TEST(days_without_anything_are_zero_and_none_is_left_out),
        TEST(days_may_come_in_any_order),
        TEST(what_was_made_is_added_without_memory),
        TEST(what_was_made_and_forgotten_is_gone),
        TEST(making_without_memory_fails_and_changes_nothing),
    };
    return cmocka_run_group_tests_name("access", tests, NULL, NULL);
}
