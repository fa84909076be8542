/* The contract of store.h about leads, against each backend: through its methods alone. */
#include "support/backend.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define WS           BACKEND_WORKSPACE
#define OTHER_WS     BACKEND_OTHER_WORKSPACE
#define LISTED_MAX   64

/* --- Leads ------------------------------------------------------------------------------------ */

static uint64_t put_lead(struct backend *backend, struct lb_lead_row row)
{
    if (!row.workspace)
        row.workspace = WS;
    row.no = 4711; /* which counts for nothing */
    assert_int_equal(backend->ops->lead_insert(backend->store, &row), LB_OK);
    assert_int_not_equal(row.no, 4711);
    return row.no;
}

static uint64_t add_lead(struct backend *backend, uint32_t campaign, const char *identifier)
{
    return put_lead(backend,
                    (struct lb_lead_row){.campaign = campaign, .identifier = lb_str(identifier)});
}

static struct lb_lead_row lead_of(struct backend *backend, uint64_t no)
{
    struct lb_lead_row row;
    assert_int_equal(backend->ops->lead(backend->reader, BACKEND_WORKSPACE, no, &row), LB_OK);
    return row;
}

static bool same_text(struct lb_str a, struct lb_str b)
{
    return !a.ptr == !b.ptr && lb_str_equal(a, b);
}

static void expect_same_lead(struct lb_lead_row a, const struct lb_lead_row *b)
{
    assert_true(same_text(a.identifier, b->identifier) && same_text(a.member_id, b->member_id));
    for (int i = 0; i < LB_LEAD_FIELD_COUNT; i++)
        assert_true(same_text(a.fields[i], b->fields[i]));
    assert_true(same_text(a.variables, b->variables));
    assert_true(a.workspace == b->workspace && a.campaign == b->campaign);
    assert_true(a.added_at == b->added_at && a.status == b->status);
    assert_true(a.set_aside == b->set_aside && a.queue == b->queue && a.step == b->step);
    assert_true(a.since == b->since && a.marks == b->marks);
}

/* How many campaigns above `after` have a lead of that name; their leads in `out`. */
static size_t named(struct backend *backend, uint32_t workspace, const char *name, uint32_t after,
                    size_t max, struct lb_lead_ref *out)
{
    size_t count = 4711;
    assert_int_equal(backend->ops->leads_named(backend->reader, workspace, lb_str(name), after, max,
                                               out, &count),
                     LB_OK);
    return count;
}

static void a_lead_comes_back_as_it_was_given(void **state)
{
    struct backend *backend = *state;
    struct lb_lead_row whole = {.workspace = OTHER_WS,
                                .campaign = 3000000000u,
                                .identifier = LB_STR("ada"),
                                .member_id = LB_STR("ACoAAada"),
                                .fields[LB_LEAD_FIRST_NAME] = LB_STR("Zo\xc3\xab"),
                                .fields[LB_LEAD_LAST_NAME] = LB_STR(""),
                                .fields[LB_LEAD_COMPANY_NAME] = LB_STR("a\0b"),
                                .fields[LB_LEAD_EMAIL] = LB_STR("ada@example.com"),
                                .fields[LB_LEAD_PHONE] = LB_STR("+44"),
                                .fields[LB_LEAD_HEADLINE] = LB_STR("Countess"),
                                .fields[LB_LEAD_WEBSITE] = LB_STR("https://example.com"),
                                .fields[LB_LEAD_COMPANY_URL] = LB_STR("https://example.com/x"),
                                .variables = LB_STR("a\tb\n"),
                                .added_at = INT64_C(1800000000000),
                                .status = LB_LEAD_ERROR,
                                .set_aside = true,
                                .queue = LB_QUEUE_RETRY,
                                .step = (UINT64_C(1) << 62) + 4000000000u,
                                .since = INT64_C(1800000000001),
                                .marks = 15};
    struct lb_lead_row bare = {.workspace = WS, .campaign = 1, .identifier = LB_STR("bob")};
    if (backend->store->shared) /* PostgreSQL's texts hold any character but this one */
        whole.fields[LB_LEAD_COMPANY_NAME] = LB_STR("a b");
    uint64_t first = put_lead(backend, whole);
    uint64_t second = put_lead(backend, bare);
    assert_true(second != first);
    backend_commit(backend);
    backend_reopen(backend);
    struct lb_lead_row found;
    assert_int_equal(backend->ops->lead(backend->reader, OTHER_WS, first, &found), LB_OK);
    expect_same_lead(found, &whole);
    expect_same_lead(lead_of(backend, second), &bare);
    struct lb_lead_row none;
    assert_int_equal(backend->ops->lead(backend->reader, BACKEND_WORKSPACE, second + 1, &none),
                     LB_ERR_NOT_FOUND);
    assert_int_equal(backend->ops->lead(backend->reader, BACKEND_WORKSPACE, 0, &none),
                     LB_ERR_NOT_FOUND);
}

static void the_strings_of_a_row_live_until_the_next_call_of_its_method(void **state)
{
    struct backend *backend = *state;
    struct lb_lead_ref refs[4];
    struct lb_activity_row activity = {.step = 7, .workspace = WS, .campaign = 1};
    struct lb_activity_row other = activity;
    activity.detail = LB_STR("a detail that has to stay as it is");
    uint64_t no = activity.lead = put_lead(
        backend, (struct lb_lead_row){.campaign = 1, .identifier = LB_STR("ada-who-has-a-name")});
    other.lead = add_lead(backend, 1, "bob");
    assert_int_equal(backend->ops->activity_put(backend->store, &activity), LB_OK);
    struct lb_store_reader *reader = backend->ops->writer_reader(backend->store);
    struct lb_lead_row row;
    struct lb_campaign_state campaign;
    assert_int_equal(backend->ops->lead(reader, BACKEND_WORKSPACE, no, &row), LB_OK);
    assert_int_equal(backend->ops->activity(reader, BACKEND_WORKSPACE, no, 7, &activity), LB_OK);
    /* Other methods, and writes to these very rows. */
    assert_int_equal(backend->ops->campaign_state(reader, BACKEND_WORKSPACE, 1, &campaign),
                     LB_ERR_NOT_FOUND);
    assert_int_equal(backend->ops->leads_named(reader, WS, LB_STR("bob"), 0, 4, refs, &(size_t){0}),
                     LB_OK);
    struct lb_lead_row moved = row;
    moved.step = 9;
    moved.member_id = LB_STR("ACoAAmember-that-is-longer-than-what-was-there");
    assert_int_equal(backend->ops->lead_move(backend->store, &moved), LB_OK);
    assert_int_equal(backend->ops->lead_learn(backend->store, &moved, moved.member_id), LB_OK);
    assert_int_equal(backend->ops->activity_put(backend->store, &other), LB_OK);
    assert_int_equal(backend->ops->activity_put(backend->store, &activity), LB_OK);
    assert_true(lb_str_equal(row.identifier, LB_STR("ada-who-has-a-name")));
    assert_true(lb_str_equal(activity.detail, LB_STR("a detail that has to stay as it is")));
    assert_int_equal(backend->ops->lead_delete(backend->store, &row), LB_OK);
    assert_true(lb_str_equal(row.identifier, LB_STR("ada-who-has-a-name")));
    backend_commit(backend);
}

static void a_lead_is_found_by_each_of_its_names_in_each_campaign(void **state)
{
    struct backend *backend = *state;
    struct lb_lead_ref refs[8];
    struct lb_lead_row row = {.identifier = LB_STR("ada"), .member_id = LB_STR("ACoAAada")};
    uint64_t leads[6] = {0};
    for (uint32_t campaign = 5; campaign > 0; campaign--) {
        row.campaign = campaign;
        leads[campaign] = put_lead(backend, row);
    }
    row.workspace = OTHER_WS;
    row.campaign = 9;
    uint64_t elsewhere = put_lead(backend, row);
    backend_commit(backend);
    const char *const names[] = {"ada", "ACoAAada"};
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_int_equal(named(backend, WS, names[i], 0, 8, refs), 5);
        for (uint32_t campaign = 1; campaign <= 5; campaign++) {
            assert_int_equal(refs[campaign - 1].campaign, campaign);
            assert_int_equal(refs[campaign - 1].lead, leads[campaign]);
        }
        assert_int_equal(named(backend, WS, names[i], 0, 2, refs), 2);
        assert_int_equal(refs[1].campaign, 2);
        assert_int_equal(named(backend, WS, names[i], 2, 8, refs), 3);
        assert_int_equal(refs[0].campaign, 3);
        assert_int_equal(named(backend, WS, names[i], 4, 1, refs), 1);
        assert_int_equal(refs[0].campaign, 5);
        assert_int_equal(named(backend, WS, names[i], 5, 8, refs), 0);
        assert_int_equal(named(backend, OTHER_WS, names[i], 0, 8, refs), 1);
        assert_int_equal(refs[0].lead, elsewhere);
    }
    assert_int_equal(named(backend, WS, "ad", 0, 8, refs), 0);
    assert_int_equal(named(backend, WS, "ADA", 0, 8, refs), 0);
    assert_int_equal(named(backend, WS, "acoaaada", 0, 8, refs), 0);
}

struct found_names {
    size_t count;
    char texts[8][64];
};

static lb_err take_name(void *context, uint32_t workspace, struct lb_str name)
{
    struct found_names *found = context;
    assert_int_equal(workspace, WS);
    assert_true(found->count < COUNT(found->texts));
    assert_true(lb_str_copy(name, found->texts[found->count++], sizeof *found->texts));
    return LB_OK;
}

static lb_err refuse_name(void *context, uint32_t workspace, struct lb_str name)
{
    ++*(size_t *)context;
    return LB_ERR_INTERNAL;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(a, b);
}

/* Of one campaign in one workspace. */
static void expect_names_of_each(const struct backend *backend, size_t count)
{
    const struct lb_store_shared *shared = backend->store->shared;
    struct found_names found = {0};
    if (!shared)
        return;
    struct lb_store_reader *reader = backend->ops->writer_reader(backend->store);
    assert_int_equal(shared->lead_names(reader, WS, &found, take_name), LB_OK);
    assert_int_equal(found.count, count);
    assert_int_equal(shared->lead_names(reader, WS + 1, &found, take_name), LB_OK);
    assert_int_equal(found.count, count);
}

static void names_with_characters_that_names_have_no_longer_are_found(void **state)
{
    struct backend *backend = *state;
    static const char *const changed[] = {
        "a\xe2\x9d\xa4\xef\xb8\x8f",
        "b\xef\xbd\x81",
        "c\xf3\xa0\x84\x80",
        "d\xe1\xa0\x8b",
        "e\xe3\x85\xa4",
    };
    struct found_names found = {0};
    size_t calls = 0;
    for (size_t i = 0; i < COUNT(changed); i++) {
        add_lead(backend, 1, changed[i]);
        add_lead(backend, 2, changed[i]); /* named once */
    }
    add_lead(backend, 1, "jos\xc3\xa9");
    add_lead(backend, 1, "\xe7\x8e\x8b-\xe2\x9d\xa4");
    add_lead(backend, 1, "plain-[1]");
    backend_commit(backend);
    assert_int_equal(backend->ops->load_lead_names(backend->store, &found, take_name), LB_OK);
    assert_int_equal(found.count, COUNT(changed));
    qsort(found.texts, found.count, sizeof *found.texts, by_text);
    for (size_t i = 0; i < COUNT(changed); i++)
        assert_string_equal(found.texts[i], changed[i]);
    assert_int_equal(backend->ops->load_lead_names(backend->store, &calls, refuse_name),
                     LB_ERR_INTERNAL);
    assert_int_equal(calls, 1);
    expect_names_of_each(backend, COUNT(changed));
}

static void a_lead_learns_a_name(void **state)
{
    struct backend *backend = *state;
    struct lb_lead_ref refs[4];
    uint64_t by_identifier = add_lead(backend, 1, "ada");
    uint64_t by_member = add_lead(backend, 1, "ACoAAbob");
    struct lb_lead_row row = {.no = by_identifier, .workspace = WS, .campaign = 1};
    row.identifier = LB_STR("ada");
    row.member_id = LB_STR("ACoAAada");
    assert_int_equal(backend->ops->lead_learn(backend->store, &row, row.member_id), LB_OK);
    row.no = by_member;
    row.identifier = LB_STR("bob");
    row.member_id = LB_STR("ACoAAbob");
    assert_int_equal(backend->ops->lead_learn(backend->store, &row, row.identifier), LB_OK);
    backend_commit(backend);
    backend_reopen(backend);
    const char *const names[] = {"ada", "ACoAAada", "bob", "ACoAAbob"};
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_int_equal(named(backend, WS, names[i], 0, 4, refs), 1);
        assert_int_equal(refs[0].lead, i < 2 ? by_identifier : by_member);
    }
    struct lb_lead_row learnt = lead_of(backend, by_member);
    assert_true(lb_str_equal(learnt.identifier, LB_STR("bob")));
    assert_true(lb_str_equal(learnt.member_id, LB_STR("ACoAAbob")));
    learnt = lead_of(backend, by_identifier);
    assert_true(lb_str_equal(learnt.member_id, LB_STR("ACoAAada")));
}

static void moving_a_lead_sets_what_moves_and_nothing_else(void **state)
{
    struct backend *backend = *state;
    struct lb_lead_row before = {.workspace = WS,
                                 .campaign = 1,
                                 .identifier = LB_STR("ada"),
                                 .fields[LB_LEAD_FIRST_NAME] = LB_STR("Ada"),
                                 .added_at = 3};
    uint64_t no = put_lead(backend, before);
    uint64_t neighbour = add_lead(backend, 1, "bob");
    struct lb_lead_row moved = {.no = no,
                                .workspace = WS,
                                .campaign = 9,
                                .identifier = LB_STR("other"),
                                .fields[LB_LEAD_FIRST_NAME] = LB_STR("Other"),
                                .added_at = 10,
                                .status = LB_LEAD_PAUSED,
                                .set_aside = true,
                                .queue = LB_QUEUE_CLAIMED,
                                .step = 11,
                                .since = 12,
                                .marks = 13};
    assert_int_equal(backend->ops->lead_move(backend->store, &moved), LB_OK);
    backend_commit(backend);
    before.status = moved.status;
    before.set_aside = true;
    before.queue = moved.queue;
    before.step = 11;
    before.since = 12;
    before.marks = 13;
    expect_same_lead(lead_of(backend, no), &before);
    struct lb_lead_row bare = {.workspace = WS, .campaign = 1, .identifier = LB_STR("bob")};
    expect_same_lead(lead_of(backend, neighbour), &bare);
}

static void a_deleted_lead_takes_its_names_and_activities_along(void **state)
{
    struct backend *backend = *state;
    struct lb_lead_ref refs[4];
    struct lb_activity_row activity = {.workspace = WS, .campaign = 1};
    struct lb_lead_row row = {.workspace = WS,
                              .campaign = 1,
                              .identifier = LB_STR("ada"),
                              .member_id = LB_STR("ACoAAada")};
    uint64_t gone = put_lead(backend, row);
    row.campaign = 2;
    uint64_t stays = put_lead(backend, row);
    for (uint64_t step = 1; step <= 3; step++) {
        activity.step = step;
        activity.lead = gone;
        assert_int_equal(backend->ops->activity_put(backend->store, &activity), LB_OK);
        activity.lead = stays;
        assert_int_equal(backend->ops->activity_put(backend->store, &activity), LB_OK);
    }
    row.campaign = 1;
    row.no = gone;
    assert_int_equal(backend->ops->lead_delete(backend->store, &row), LB_OK);
    backend_commit(backend);
    backend_reopen(backend);
    assert_int_equal(backend->ops->lead(backend->reader, BACKEND_WORKSPACE, gone, &row),
                     LB_ERR_NOT_FOUND);
    assert_int_equal(named(backend, WS, "ada", 0, 4, refs), 1);
    assert_int_equal(refs[0].lead, stays);
    assert_int_equal(named(backend, WS, "ACoAAada", 0, 4, refs), 1);
    for (uint64_t step = 1; step <= 3; step++) {
        assert_int_equal(
            backend->ops->activity(backend->reader, BACKEND_WORKSPACE, gone, step, &activity),
            LB_ERR_NOT_FOUND);
        assert_int_equal(
            backend->ops->activity(backend->reader, BACKEND_WORKSPACE, stays, step, &activity),
            LB_OK);
    }
    backend_begin(backend); /* the name is free again, the number is not */
    uint64_t again = add_lead(backend, 1, "ada");
    assert_true(again > stays);
    row = (struct lb_lead_row){
        .no = again, .workspace = WS, .campaign = 1, .identifier = LB_STR("ada")};
    assert_int_equal(backend->ops->lead_delete(backend->store, &row), LB_OK);
    assert_true(add_lead(backend, 1, "ada") > again);
    backend_commit(backend);
}

/* --- What is due ------------------------------------------------------------------------------ */

static size_t due(struct backend *backend, uint32_t campaign, enum lb_lead_queue queue,
                  uint64_t step, int64_t before, size_t max, uint64_t *out)
{
    size_t count = 4711;
    assert_int_equal(backend->ops->leads_due(backend->reader, BACKEND_WORKSPACE, campaign, queue,
                                             step, before, max, out, &count),
                     LB_OK);
    assert_true(count <= max);
    return count;
}

static size_t ahead(struct backend *backend, uint32_t campaign, enum lb_lead_queue queue,
                    uint64_t step, int64_t after, size_t max, uint64_t *out)
{
    size_t count = 4711;
    assert_int_equal(backend->ops->leads_ahead(backend->reader, BACKEND_WORKSPACE, campaign, queue,
                                               step, after, max, out, &count),
                     LB_OK);
    assert_true(count <= max);
    return count;
}

/* Of each status, queue and step, set aside and not; their numbers by that. */
typedef uint64_t all_kinds[LB_LEAD_STATUS_COUNT][2][LB_QUEUE_COUNT][3];

static void add_all_kinds(struct backend *backend, all_kinds leads)
{
    for (int status = 0; status < LB_LEAD_STATUS_COUNT; status++)
        for (int aside = 0; aside < 2; aside++)
            for (int queue = 0; queue < LB_QUEUE_COUNT; queue++)
                for (uint64_t step = 0; step < 3; step++) {
                    char name[48];
                    snprintf(name, sizeof name, "%d-%d-%d-%u", status, aside, queue,
                             (unsigned)step);
                    leads[status][aside][queue][step] = put_lead(
                        backend, (struct lb_lead_row){.campaign = 1,
                                                      .identifier = lb_str(name),
                                                      .status = (enum lb_lead_status)status,
                                                      .set_aside = aside,
                                                      .queue = (enum lb_lead_queue)queue,
                                                      .step = step,
                                                      .since = 100 - status});
                }
}

static void only_open_leads_that_are_not_set_aside_are_due(void **state)
{
    struct backend *backend = *state;
    static all_kinds leads;
    uint64_t found[8];
    add_all_kinds(backend, leads);
    backend_commit(backend);
    for (int queue = 0; queue < LB_QUEUE_COUNT; queue++)
        for (uint64_t step = 0; step < 3; step++) {
            size_t count = due(backend, 1, (enum lb_lead_queue)queue, step, INT64_MAX, 8, found);
            assert_int_equal(count, 2);
            assert_int_equal(found[0], leads[LB_LEAD_ACTIVE][0][queue][step]); /* waits longer */
            assert_int_equal(found[1], leads[LB_LEAD_WAITING][0][queue][step]);
            assert_int_equal(due(backend, 2, (enum lb_lead_queue)queue, step, INT64_MAX, 8, found),
                             0);
            count = ahead(backend, 1, (enum lb_lead_queue)queue, step, 0, 8, found);
            assert_int_equal(count, 2);
            assert_int_equal(found[0], leads[LB_LEAD_WAITING][0][queue][step]); /* further ahead */
            assert_int_equal(found[1], leads[LB_LEAD_ACTIVE][0][queue][step]);
            assert_int_equal(ahead(backend, 2, (enum lb_lead_queue)queue, step, 0, 8, found), 0);
        }
    assert_int_equal(due(backend, 1, LB_QUEUE_SCHEDULED, 3, INT64_MAX, 8, found), 0);
}

static void who_waits_longest_is_due_first_up_to_a_time_and_a_number(void **state)
{
    struct backend *backend = *state;
    static const int64_t since[] = {50, 10, 40, 10, 20, 30};
    static const size_t order[] = {1, 3, 4, 5, 2, 0};
    uint64_t leads[COUNT(since)];
    uint64_t found[8];
    for (size_t i = 0; i < COUNT(since); i++) {
        char name[8];
        snprintf(name, sizeof name, "l%zu", i);
        leads[i] = put_lead(
            backend, (struct lb_lead_row){
                         .campaign = 1, .identifier = lb_str(name), .step = 5, .since = since[i]});
    }
    backend_commit(backend);
    for (size_t max = 0; max <= 8; max++)
        for (int64_t before = 5; before <= 55; before += 5) {
            size_t wanted = 0;
            for (size_t i = 0; i < COUNT(since); i++)
                wanted += since[i] <= before;
            size_t count = due(backend, 1, LB_QUEUE_SCHEDULED, 5, before, max, found);
            assert_int_equal(count, wanted < max ? wanted : max);
            for (size_t i = 0; i < count; i++)
                assert_int_equal(found[i], leads[order[i]]);
            size_t rest = COUNT(since) - wanted;
            count = ahead(backend, 1, LB_QUEUE_SCHEDULED, 5, before, max, found);
            assert_int_equal(count, rest < max ? rest : max);
            for (size_t i = 0; i < count; i++)
                assert_int_equal(found[i], leads[order[COUNT(since) - 1 - i]]);
        }
    backend_begin(backend); /* the writer sees what its transaction changes */
    struct lb_lead_row moved = {.no = leads[1], .workspace = WS, .step = 5, .since = 60};
    assert_int_equal(backend->ops->lead_move(backend->store, &moved), LB_OK);
    size_t count;
    assert_int_equal(backend->ops->leads_due(backend->ops->writer_reader(backend->store),
                                             BACKEND_WORKSPACE, 1, LB_QUEUE_SCHEDULED, 5, 100, 8,
                                             found, &count),
                     LB_OK);
    assert_true(count == 6 && found[0] == leads[3] && found[5] == leads[1]);
    assert_int_equal(due(backend, 1, LB_QUEUE_SCHEDULED, 5, 100, 8, found), 6);
    assert_int_equal(found[0], leads[1]);
    backend_commit(backend);
}

/* As the writer sees it; `ahead` or due. */
static size_t waiting(struct backend *backend, bool ahead, enum lb_lead_queue queue, uint64_t step,
                      int64_t since)
{
    const struct lb_store_ops *ops = backend->ops;
    uint64_t found[8];
    size_t count = 4711;
    lb_err err = (ahead ? ops->leads_ahead : ops->leads_due)(
        ops->writer_reader(backend->store), WS, 1, queue, step, since, 8, found, &count);
    assert_int_equal(err, LB_OK);
    return count;
}

static void look_ahead(struct backend *backend, int64_t since)
{
    struct lb_store_reader *reader = backend->ops->writer_reader(backend->store);
    for (enum lb_lead_queue queue = 0; queue < LB_QUEUE_COUNT; queue++)
        for (uint64_t step = 0; step < 9; step++) {
            backend->ops->prefetch_due(reader, WS, 1, queue, step, since);
            backend->ops->prefetch_ahead(reader, WS, 1, queue, step, since);
        }
}

static void a_queue_in_which_no_lead_waited_has_those_that_came_since(void **state)
{
    struct backend *backend = *state;
    struct lb_lead_row lead = {
        .workspace = WS, .campaign = 1, .identifier = LB_STR("ada"), .step = 5, .since = 50};
    lead.no = put_lead(backend, lead);
    look_ahead(backend, 100);
    assert_int_equal(waiting(backend, false, LB_QUEUE_SCHEDULED, 5, 100), 1);
    assert_int_equal(waiting(backend, false, LB_QUEUE_RETRY, 5, 100), 0);
    assert_int_equal(waiting(backend, true, LB_QUEUE_SCHEDULED, 5, 100), 0);
    assert_int_equal(waiting(backend, true, LB_QUEUE_SCHEDULED, 5, 40), 1); /* another time */
    lead.queue = LB_QUEUE_RETRY;
    lead.since = 200;
    assert_int_equal(backend->ops->lead_move(backend->store, &lead), LB_OK);
    assert_int_equal(waiting(backend, false, LB_QUEUE_SCHEDULED, 5, 100), 0);
    assert_int_equal(waiting(backend, true, LB_QUEUE_RETRY, 5, 100), 1);
    look_ahead(backend, 100);
    assert_int_equal(waiting(backend, false, LB_QUEUE_RETRY, 5, 100), 0);
    assert_int_equal(waiting(backend, false, LB_QUEUE_RETRY, 5, 300), 1);
    lead.since = 80;
    assert_int_equal(backend->ops->lead_move(backend->store, &lead), LB_OK);
    assert_int_equal(waiting(backend, false, LB_QUEUE_RETRY, 5, 100), 1);
    lead.set_aside = true;
    lead.contacted_at = 7;
    assert_int_equal(backend->ops->lead_set_contacted(backend->store, &lead), LB_OK);
    look_ahead(backend, 100);
    assert_int_equal(waiting(backend, false, LB_QUEUE_RETRY, 5, 100), 0);
    lead.set_aside = false;
    lead.contacted_at = 0;
    assert_int_equal(backend->ops->lead_set_contacted(backend->store, &lead), LB_OK);
    assert_int_equal(waiting(backend, false, LB_QUEUE_RETRY, 5, 100), 1);
    look_ahead(backend, 100);
    assert_int_equal(waiting(backend, false, LB_QUEUE_SCHEDULED, 0, 100), 0);
    add_lead(backend, 1, "bob");
    assert_int_equal(waiting(backend, false, LB_QUEUE_SCHEDULED, 0, 100), 1);
    look_ahead(backend, -1);
    assert_int_equal(waiting(backend, true, LB_QUEUE_SCHEDULED, 0, -1), 1);
    assert_int_equal(waiting(backend, false, LB_QUEUE_SCHEDULED, 0, -1), 0);
    backend_commit(backend);
}

/* --- Pages ------------------------------------------------------------------------------------ */

struct listed {
    size_t count;
    size_t stop_after;
    uint64_t numbers[LISTED_MAX];
};

static lb_err take_lead(void *context, const struct lb_lead_row *row)
{
    struct listed *listed = context;
    assert_true(listed->count < LISTED_MAX && row->identifier.ptr && row->campaign == 1);
    listed->numbers[listed->count++] = row->no;
    return listed->count == listed->stop_after ? LB_ERR_OVERLOADED : LB_OK;
}

static struct listed page(struct backend *backend, int status, uint64_t below, uint64_t skip,
                          size_t take)
{
    struct listed listed = {0};
    assert_int_equal(backend->ops->leads_page(backend->reader, BACKEND_WORKSPACE, 1, status, below,
                                              skip, take, &listed, take_lead),
                     LB_OK);
    return listed;
}

#define PAGED 30

static void pages_hold_all_statuses_newest_first(void **state)
{
    struct backend *backend = *state;
    uint64_t numbers[PAGED];
    for (size_t i = 0; i < PAGED; i++) {
        char name[8];
        snprintf(name, sizeof name, "l%zu", i);
        numbers[i] =
            put_lead(backend, (struct lb_lead_row){.campaign = 1,
                                                   .identifier = lb_str(name),
                                                   .set_aside = i % 3 == 0,
                                                   .status = (enum lb_lead_status)(i * 7 / 2 % 5)});
        add_lead(backend, 2, name);
    }
    backend_commit(backend);
    for (int status = -1; status < LB_LEAD_STATUS_COUNT; status++)
        for (size_t skip = 0; skip <= PAGED; skip += 3)
            for (size_t below = 0; below <= PAGED; below += 6) {
                struct listed wanted = {0};
                size_t skipped = 0;
                for (size_t i = below ? below - 1 : PAGED; i-- > 0;)
                    if ((status < 0 || (int)(i * 7 / 2 % 5) == status) && skipped++ >= skip &&
                        wanted.count < 4)
                        wanted.numbers[wanted.count++] = numbers[i];
                struct listed got = page(backend, status, below ? numbers[below - 1] : 0, skip, 4);
                assert_int_equal(got.count, wanted.count);
                assert_memory_equal(got.numbers, wanted.numbers, sizeof got.numbers);
            }
    assert_int_equal(page(backend, -1, 0, 0, 0).count, 0);
    struct listed stopped = {.stop_after = 3};
    assert_int_equal(backend->ops->leads_page(backend->reader, BACKEND_WORKSPACE, 1, -1, 0, 0, 20,
                                              &stopped, take_lead),
                     LB_ERR_OVERLOADED);
    assert_int_equal(stopped.count, 3);
}

static void scheduled_and_set_aside_leads_have_pages_of_their_own(void **state)
{
    struct backend *backend = *state;
    static all_kinds leads;
    struct listed got = {0};
    add_all_kinds(backend, leads);
    backend_commit(backend);
    assert_int_equal(backend->ops->leads_scheduled(backend->reader, BACKEND_WORKSPACE, 1, 0, 60,
                                                   &got, take_lead),
                     LB_OK);
    assert_int_equal(got.count, 2 * 2 * 3);
    size_t at = 0;
    for (int queue = LB_QUEUE_SCHEDULED; queue <= LB_QUEUE_RETRY; queue += 2)
        for (uint64_t step = 0; step < 3; step++)
            for (int status = LB_LEAD_ACTIVE; status >= LB_LEAD_WAITING; status--)
                assert_int_equal(got.numbers[at++], leads[status][0][queue][step]);
    struct listed part = {0};
    assert_int_equal(backend->ops->leads_scheduled(backend->reader, BACKEND_WORKSPACE, 1, 4, 5,
                                                   &part, take_lead),
                     LB_OK);
    assert_int_equal(part.count, 5);
    assert_memory_equal(part.numbers, got.numbers + 4, 5 * sizeof *part.numbers);

    got = (struct listed){0};
    assert_int_equal(backend->ops->leads_set_aside(backend->reader, BACKEND_WORKSPACE, 1, false, 0,
                                                   60, &got, take_lead),
                     LB_OK);
    assert_int_equal(got.count, 3 * LB_QUEUE_COUNT * 3);
    for (size_t i = 1; i < got.count; i++)
        assert_true(got.numbers[i] < got.numbers[i - 1]);
    assert_int_equal(got.numbers[0], leads[LB_LEAD_PAUSED][1][2][2]);
    assert_int_equal(got.numbers[got.count - 1], leads[LB_LEAD_WAITING][1][0][0]);
    part = (struct listed){0};
    assert_int_equal(backend->ops->leads_set_aside(backend->reader, BACKEND_WORKSPACE, 1, false, 20,
                                                   60, &part, take_lead),
                     LB_OK);
    assert_int_equal(part.count, got.count - 20);
    assert_memory_equal(part.numbers, got.numbers + 20, part.count * sizeof *part.numbers);
}

/* --- What was rolled back --------------------------------------------------------------------- */

static void rolled_back_leads_were_never_there(void **state)
{
    struct backend *backend = *state;
    struct lb_lead_ref refs[4];
    uint64_t found[8];
    uint64_t ada = add_lead(backend, 1, "ada");
    backend_commit(backend);
    backend_begin(backend);
    struct lb_lead_row row = {.no = ada, .workspace = WS, .campaign = 1};
    row.identifier = LB_STR("ada");
    row.member_id = LB_STR("ACoAAada");
    row.step = 3;
    assert_int_equal(backend->ops->lead_learn(backend->store, &row, row.member_id), LB_OK);
    assert_int_equal(backend->ops->lead_move(backend->store, &row), LB_OK);
    uint64_t bob = add_lead(backend, 1, "bob");
    struct lb_lead_row held; /* a row at hand does not hinder it */
    assert_int_equal(backend->ops->lead(backend->ops->writer_reader(backend->store),
                                        BACKEND_WORKSPACE, bob, &held),
                     LB_OK);
    backend->ops->rollback(backend->store);
    backend_begin(backend);
    assert_int_equal(backend->ops->lead_delete(backend->store, &row), LB_OK);
    backend->ops->rollback(backend->store);
    assert_int_equal(named(backend, WS, "ada", 0, 4, refs), 1);
    assert_int_equal(named(backend, WS, "ACoAAada", 0, 4, refs), 0);
    assert_int_equal(named(backend, WS, "bob", 0, 4, refs), 0);
    assert_int_equal(due(backend, 1, LB_QUEUE_SCHEDULED, 0, 9, 8, found), 1);
    assert_int_equal(due(backend, 1, LB_QUEUE_SCHEDULED, 3, 9, 8, found), 0);
    assert_null(lead_of(backend, ada).member_id.ptr);
    assert_int_equal(backend->ops->lead(backend->reader, BACKEND_WORKSPACE, bob, &held),
                     LB_ERR_NOT_FOUND);
}

static struct lb_pending_row noted(uint32_t workspace, const char *key, uint64_t token)
{
    struct lb_pending_row row = {
        .list = {.workspace = workspace}, .token = token, .len = strlen(key)};
    memcpy(row.key, key, row.len);
    return row;
}

/* How many keys are noted of the installation's list; they are in `out`. */
static size_t everywhere(struct backend *backend, size_t max, struct lb_pending_row *out)
{
    size_t count = 4711;
    assert_int_equal(backend->ops->lead_pending_everywhere(backend->reader, max, out, &count),
                     LB_OK);
    backend->ops->reader_rest(backend->reader);
    return count;
}

static void keys_of_the_installation_are_noted_apart_from_those_of_workspaces(void **state)
{
    struct backend *backend = *state;
    struct lb_pending_row rows[4], row;
    const struct lb_pending_row keys[] = {
        noted(LB_INSTALLATION_NO, "ada", 1), noted(LB_INSTALLATION_NO, "bob", 2),
        noted(WS, "~links", 5), noted(WS, "~z", 3), noted(LB_INSTALLATION_NO, "ada", 4)};
    for (size_t i = 0; i < COUNT(keys); i++)
        assert_int_equal(backend->ops->lead_pending_put(backend->store, &keys[i]), LB_OK);
    backend_commit(backend);
    assert_int_equal(everywhere(backend, 4, rows), 2);
    assert_int_equal(everywhere(backend, 1, rows), 1);
    assert_true(rows[0].len == 3 && memcmp(rows[0].key, "ada", 3) == 0 && rows[0].token == 4);
    assert_int_equal(backend->ops->lead_pending_next(backend->reader, 0, &row), LB_OK);
    /* Links are taught after all else. */
    assert_true(row.list.workspace == WS && row.len == 2 && memcmp(row.key, "~z", 2) == 0);
    backend->ops->reader_rest(backend->reader);
    backend_begin(backend);
    assert_int_equal(backend->ops->lead_pending_drop(backend->store, &keys[0]), LB_OK);
    assert_int_equal(backend->ops->lead_pending_drop(backend->store, &keys[1]), LB_OK);
    backend_commit(backend);
    assert_int_equal(everywhere(backend, 4, rows), 1); /* it was noted again meanwhile */
    assert_int_equal(rows[0].token, 4);
}

static void expect_next(struct backend *backend, uint32_t after, uint32_t workspace,
                        const char *key)
{
    struct lb_pending_row row;
    assert_int_equal(backend->ops->lead_pending_next(backend->reader, after, &row), LB_OK);
    assert_int_equal(row.list.workspace, workspace);
    assert_true(lb_str_equal((struct lb_str){row.key, row.len}, lb_str(key)));
    backend->ops->reader_rest(backend->reader);
}

static void workspaces_with_noted_keys_follow_each_other(void **state)
{
    struct backend *backend = *state;
    const uint32_t other = BACKEND_OTHER_WORKSPACE;
    const struct lb_pending_row keys[] = {noted(WS, "bob", 1), noted(WS, "ada", 2),
                                          noted(other, "cleo", 3), noted(other, "~links", 4)};
    for (size_t i = 0; i < COUNT(keys); i++)
        assert_int_equal(backend->ops->lead_pending_put(backend->store, &keys[i]), LB_OK);
    backend_commit(backend);
    expect_next(backend, WS, other, "cleo");
    expect_next(backend, other, WS, "ada");
    expect_next(backend, WS - 1, WS, "ada");
    expect_next(backend, other - 1, other, "cleo");
    expect_next(backend, WS + other, WS < other ? WS : other, WS < other ? "ada" : "cleo");
    backend_begin(backend);
    assert_int_equal(backend->ops->lead_pending_drop(backend->store, &keys[2]), LB_OK);
    backend_commit(backend);
    expect_next(backend, WS, WS, "ada"); /* links come after all else */
    backend_begin(backend);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(backend->ops->lead_pending_drop(backend->store, &keys[i]), LB_OK);
    backend_commit(backend);
    expect_next(backend, WS, other, "~links");
    expect_next(backend, other, other, "~links");
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        BACKEND_TEST(a_lead_comes_back_as_it_was_given),
        BACKEND_TEST(the_strings_of_a_row_live_until_the_next_call_of_its_method),
        BACKEND_TEST(a_lead_is_found_by_each_of_its_names_in_each_campaign),
        BACKEND_TEST(names_with_characters_that_names_have_no_longer_are_found),
        BACKEND_TEST(a_lead_learns_a_name),
        BACKEND_TEST(moving_a_lead_sets_what_moves_and_nothing_else),
        BACKEND_TEST(a_deleted_lead_takes_its_names_and_activities_along),
        BACKEND_TEST(only_open_leads_that_are_not_set_aside_are_due),
        BACKEND_TEST(who_waits_longest_is_due_first_up_to_a_time_and_a_number),
        BACKEND_TEST(a_queue_in_which_no_lead_waited_has_those_that_came_since),
        BACKEND_TEST(pages_hold_all_statuses_newest_first),
        BACKEND_TEST(scheduled_and_set_aside_leads_have_pages_of_their_own),
        BACKEND_TEST(rolled_back_leads_were_never_there),
        BACKEND_TEST(keys_of_the_installation_are_noted_apart_from_those_of_workspaces),
        BACKEND_TEST(workspaces_with_noted_keys_follow_each_other),
    };
    return backend_run_all("leads", tests, COUNT(tests));
}
