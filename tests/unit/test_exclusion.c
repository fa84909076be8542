/* Leads that are blocked: whoever is blocked when a claim is applied is not handed out, whatever
 * the cache of it says; the cache and the counts follow every change of a blocklist; and what a
 * batch holds besides makes no difference. */
#include "base/log.h"
#include "domain/outreach/internal.h"
#include "store/row_number.h"
#include "support/outreach.h"
#include "support/tsan.h"

#include <poll.h>
#include <semaphore.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define C       "c"
#define D       "d"
#define MAX     400
#define LEASE_S 3600
#define MEMBER  "ACoAABcDeFgHiJkLmNoPqRsTuVwXyZ0123456789"

struct fixture {
    struct engine engine;
    struct engine_place place;
    struct claimed claimed[MAX];
    size_t count;
};

static int64_t sql(void **state, const char *text)
{
    int64_t value = outreach_sql(engine_of(state), text);
    assert_int_not_equal(value, -2);
    return value;
}

static void expect_consistent(void **state)
{
    const char *why;
    if (!outreach_consistent(((struct fixture *)*state)->place.path, NULL, &why))
        fail_msg("the file disagrees about %s", why);
}

static lb_err make_campaign(struct engine *engine, const char *campaign)
{
    struct lb_step_row step = {.type = LB_STEP_VISIT_PROFILE};
    lb_err err = engine_make_campaign(engine, campaign);
    if (!err)
        err = outreach_add_step(engine, campaign, step, 0, NULL);
    return err ? err : outreach_add_step(engine, campaign, step, 0, NULL);
}

static int setup(void **state)
{
    struct fixture *fixture = *state = calloc(1, sizeof *fixture);
    return engine_begin(&fixture->engine, &fixture->place) || make_campaign(&fixture->engine, C) ||
           make_campaign(&fixture->engine, D);
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    int failed = outreach_end(&fixture->engine, &fixture->place);
    free(fixture);
    return failed;
}

static struct outcome block(void **state, const char *campaign, const char *name)
{
    struct outcome outcome;
    assert_int_equal(engine_block(engine_of(state), campaign, &name, 1, NULL, &outcome), LB_OK);
    return outcome;
}

static struct outcome unblock(void **state, const char *campaign, const char *name)
{
    struct outcome outcome;
    assert_int_equal(engine_unblock(engine_of(state), campaign, &name, 1, &outcome), LB_OK);
    return outcome;
}

static struct outcome undo(void **state, struct outcome change)
{
    struct outcome outcome;
    assert_int_equal(engine_undo(engine_of(state), change.change, &outcome), LB_OK);
    return outcome;
}

static struct added add(void **state, const char *campaign, const char *identifier,
                        const char *member_id)
{
    struct added added;
    struct lb_new_lead lead = {.identifier = lb_str(identifier), .member_id = lb_str(member_id)};
    assert_int_equal(outreach_add(engine_of(state), campaign, &lead, 1, &added), LB_OK);
    return added;
}

static void activate(void **state, const char *campaign)
{
    assert_int_equal(outreach_activate(engine_of(state), campaign), LB_OK);
}

/* Claims all that is due; returns how many. */
static size_t claim(void **state, const char *campaign)
{
    struct fixture *fixture = *state;
    assert_int_equal(
        outreach_claim(&fixture->engine, campaign, MAX, LEASE_S, fixture->claimed, &fixture->count),
        LB_OK);
    return fixture->count;
}

static const struct claimed *first_claimed(void **state)
{
    return ((struct fixture *)*state)->claimed;
}

static bool set_aside(void **state, const char *campaign, const char *identifier)
{
    char text[256];
    struct lb_list list = engine_list(engine_of(state), campaign);
    snprintf(text, sizeof text,
             "SELECT set_aside FROM lead WHERE campaign = %u AND identifier = '%s'", list.campaign,
             identifier);
    int64_t value = sql(state, text);
    assert_true(value == 0 || value == 1);
    expect_consistent(state);
    return value;
}

static enum lb_campaign_status status(void **state, const char *campaign)
{
    struct engine *engine = engine_of(state);
    struct lb_list list = engine_list(engine, campaign);
    return (enum lb_campaign_status)atomic_load(
        &lb_directory_campaign(engine->directory, list.workspace, lb_str(campaign))->status);
}

/* --- Who is set aside ------------------------------------------------------------------------- */

static void a_block_sets_leads_aside_where_it_counts(void **state)
{
    add(state, C, "ada", NULL);
    add(state, D, "ada", NULL);
    block(state, C, "ada");
    assert_true(set_aside(state, C, "ada") && !set_aside(state, D, "ada"));
    block(state, NULL, "ada");
    assert_true(set_aside(state, C, "ada") && set_aside(state, D, "ada"));
    unblock(state, C, "ada"); /* the workspace's stays */
    assert_true(set_aside(state, C, "ada") && set_aside(state, D, "ada"));
    block(state, D, "ada");
    unblock(state, NULL, "ada");
    assert_true(!set_aside(state, C, "ada") && set_aside(state, D, "ada"));
    unblock(state, D, "ada");
    assert_true(!set_aside(state, C, "ada") && !set_aside(state, D, "ada"));
}

static void undoing_sets_aside_and_back(void **state)
{
    add(state, C, "ada", NULL);
    add(state, D, "ada", NULL);
    const char *campaigns[] = {C, NULL};
    for (size_t i = 0; i < 2; i++) {
        struct outcome blocked = block(state, campaigns[i], "ada");
        struct outcome undone = undo(state, blocked);
        assert_true(!set_aside(state, C, "ada") && !set_aside(state, D, "ada"));
        undo(state, undone);
        assert_true(set_aside(state, C, "ada"));
        assert_int_equal(set_aside(state, D, "ada"), i == 1);
        struct outcome unblocked = unblock(state, campaigns[i], "ada");
        assert_false(set_aside(state, C, "ada"));
        undo(state, unblocked);
        assert_true(set_aside(state, C, "ada"));
        unblock(state, campaigns[i], "ada");
    }
    /* By entry ids, as the workspace's list is unblocked. */
    struct outcome blocked = block(state, NULL, "ada");
    assert_int_equal(engine_unblock_ids(engine_of(state), &blocked.change, 1, NULL), LB_OK);
    assert_true(!set_aside(state, C, "ada") && !set_aside(state, D, "ada"));
}

static void a_lead_is_blocked_by_either_of_its_names(void **state)
{
    add(state, C, "ada", MEMBER);
    block(state, C, MEMBER);
    assert_true(set_aside(state, C, "ada"));
    block(state, NULL, "ada");
    unblock(state, C, MEMBER);
    assert_true(set_aside(state, C, "ada"));
    block(state, NULL, MEMBER);
    unblock(state, NULL, "ada");
    assert_true(set_aside(state, C, "ada"));
    unblock(state, NULL, MEMBER);
    assert_false(set_aside(state, C, "ada"));
    /* Both in one request. */
    const char *both[] = {"ada", MEMBER};
    assert_int_equal(engine_block(engine_of(state), C, both, 2, NULL, NULL), LB_OK);
    assert_true(set_aside(state, C, "ada"));
    assert_int_equal(engine_unblock(engine_of(state), C, both, 2, NULL), LB_OK);
    assert_false(set_aside(state, C, "ada"));
}

static void who_is_blocked_already_is_added_set_aside(void **state)
{
    block(state, C, "ada");
    block(state, NULL, MEMBER);
    struct added added = add(state, C, "ada", NULL);
    assert_true(added.added == 1 && added.blocked == 1);
    assert_int_equal(add(state, D, "ada", NULL).blocked, 0);
    assert_int_equal(add(state, D, "bob", MEMBER).blocked, 1);
    assert_true(set_aside(state, C, "ada") && !set_aside(state, D, "ada"));
    assert_true(set_aside(state, D, "bob"));
    activate(state, D);
    assert_int_equal(claim(state, D), 1);
    assert_string_equal(first_claimed(state)->identifier, "ada");
}

static void a_lead_that_learns_a_blocked_name_is_set_aside(void **state)
{
    static const char second[] = "ACwAABcDeFgHiJkLmNoPqRsTuVwXyZ0123456789";
    block(state, NULL, MEMBER);
    block(state, C, "bob");
    add(state, C, "ada", NULL);
    add(state, C, second, NULL);
    add(state, C, "cleo", NULL);
    assert_false(set_aside(state, C, "ada"));
    struct added added = add(state, C, "ada", MEMBER);
    assert_true(added.added == 0 && added.duplicates == 1);
    assert_true(set_aside(state, C, "ada"));
    add(state, C, "bob", second); /* known by its member id until now */
    assert_true(set_aside(state, C, "bob"));
    add(state, C, "cleo", second); /* which is bob's, so they are one person */
    assert_true(set_aside(state, C, "cleo"));
    add(state, C, "dora", NULL);
    activate(state, C);
    assert_int_equal(claim(state, C), 1);
    assert_string_equal(first_claimed(state)->identifier, "dora");
    unblock(state, C, "bob");
    assert_int_equal(claim(state, C), 1); /* of the two, the older lead */
    assert_string_equal(first_claimed(state)->identifier, "bob");
}

/* --- Claims ----------------------------------------------------------------------------------- */

static void unblocking_puts_a_lead_back_where_it_stood(void **state)
{
    struct engine *engine = engine_of(state);
    struct reported reported;
    add(state, C, "ada", NULL);
    add(state, C, "bob", NULL);
    activate(state, C);
    assert_int_equal(claim(state, C), 2);
    struct claimed ada = first_claimed(state)[0];
    struct claimed bob = first_claimed(state)[1];
    assert_int_equal(outreach_complete(engine, &ada, LB_RESULT_DONE, NULL, NULL), LB_OK);
    block(state, NULL, "ada"); /* it waits */
    block(state, C, "bob");    /* it is out */
    assert_int_equal(status(state, C), LB_CAMPAIGN_COMPLETED);
    assert_int_equal(outreach_complete(engine, &bob, LB_RESULT_DONE, NULL, &reported), LB_OK);
    assert_true(reported.blocked && reported.status == LB_LEAD_ACTIVE);
    assert_int_equal(claim(state, C), 0);
    unblock(state, NULL, "ada");
    assert_int_equal(status(state, C), LB_CAMPAIGN_PAUSED);
    assert_int_equal(claim(state, C), 0);
    activate(state, C);
    assert_int_equal(claim(state, C), 1);
    assert_string_equal(first_claimed(state)->identifier, "ada");
    assert_int_equal(first_claimed(state)->order, 2);
    unblock(state, C, "bob");
    assert_int_equal(claim(state, C), 1);
    assert_int_equal(first_claimed(state)->order, 2);
}

/* The file is changed behind the server's back: whatever the cache says, the lists are asked. */
static void a_claim_corrects_a_cache_that_says_less_than_the_lists(void **state)
{
    struct engine *engine = engine_of(state);
    char name[32];
    for (int i = 0; i < 20; i++) {
        snprintf(name, sizeof name, "lead-%d", i);
        const char *pointer = name;
        add(state, C, name, NULL);
        if (i % 4 != 3) {
            assert_int_equal(engine_block(engine, i % 2 ? C : NULL, &pointer, 1, NULL, NULL),
                             LB_OK);
        }
    }
    activate(state, C);
    assert_int_equal(sql(state, "SELECT leads_set_aside FROM campaign WHERE id = 'c'"), 15);
    sql(state, "UPDATE lead SET set_aside = 0");
    sql(state, "UPDATE campaign SET leads_set_aside = 0");
    assert_int_equal(claim(state, C), 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(engine_check(engine, C, first_claimed(state)[i].identifier), 0);
    expect_consistent(state);
    assert_int_equal(sql(state, "SELECT leads_set_aside FROM campaign WHERE id = 'c'"), 15);
}

/* More campaigns than are looked up at a time. */
static void a_block_of_the_workspace_reaches_all_campaigns(void **state)
{
    enum { MANY = 150 };
    char name[24];
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "many-%d", i);
        assert_int_equal(engine_make_campaign(engine_of(state), name), LB_OK);
        add(state, name, i % 2 ? "ada" : "bob", i % 2 ? NULL : MEMBER);
        add(state, name, "cleo", NULL);
    }
    const char *both[] = {"ada", MEMBER};
    assert_int_equal(engine_block(engine_of(state), NULL, both, 2, NULL, NULL), LB_OK);
    assert_int_equal(sql(state, "SELECT sum(leads_set_aside) FROM campaign"), MANY);
    expect_consistent(state);
    assert_int_equal(engine_unblock(engine_of(state), NULL, both, 2, NULL), LB_OK);
    assert_int_equal(sql(state, "SELECT sum(leads_set_aside) FROM campaign"), 0);
    expect_consistent(state);
}

/* --- What is read in one transaction --- */

static struct lb_store_ops counting;
static const struct lb_store_ops *counted;
static _Atomic size_t leads_read, most_leads_read, texts_read;

static lb_err counting_begin(struct lb_store *store)
{
    atomic_store(&leads_read, 0);
    return counted->begin(store);
}

static lb_err counting_lead(struct lb_store_reader *reader, uint32_t workspace, uint64_t no,
                            struct lb_lead_row *out)
{
    size_t read = atomic_fetch_add(&leads_read, 1) + 1;
    if (read > atomic_load(&most_leads_read))
        atomic_store(&most_leads_read, read);
    return counted->lead(reader, workspace, no, out);
}

static lb_err counting_steps(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                             int64_t texts, void *context,
                             lb_err (*each)(void *context, const struct lb_step_row *row))
{
    if (texts != LB_TEXTS_NONE)
        atomic_fetch_add(&texts_read, texts == LB_TEXTS_ALL ? 1000 : 1);
    return counted->steps(reader, workspace, campaign, texts, context, each);
}

static void count_reads(void **state)
{
    struct engine *engine = engine_of(state);
    if (engine->store->ops != &counting) {
        counted = engine->store->ops;
        counting = *counted;
        counting.begin = counting_begin;
        counting.lead = counting_lead;
        counting.steps = counting_steps;
        engine->store->ops = &counting;
    }
    atomic_store(&most_leads_read, 0);
    atomic_store(&texts_read, 0);
}

static void await_set_aside(void **state, int64_t wanted)
{
    for (int tries = 0; tries < 6000; tries++) {
        if (sql(state, "SELECT sum(leads_set_aside) FROM campaign") == wanted)
            return;
        poll(NULL, 0, 5);
    }
    fail_msg("the leads are not set aside, or put back");
}

/* All other writes would wait for one who is in thousands of campaigns. Claims do not wait for the
 * rest. */
static void one_person_of_many_campaigns_is_set_aside_in_small_writes(void **state)
{
    enum { MANY = 450, MOST = 250 };
    char name[24];
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "many-%d", i);
        assert_int_equal(i < MANY - 1 ? engine_make_campaign(engine_of(state), name)
                                      : make_campaign(engine_of(state), name),
                         LB_OK);
        add(state, name, i % 2 ? "ada" : MEMBER, NULL);
    }
    activate(state, name);
    count_reads(state);
    const char *both[] = {"ada", MEMBER};
    assert_int_equal(engine_block(engine_of(state), NULL, both, 2, NULL, NULL), LB_OK);
    assert_int_equal(claim(state, name), 0);
    await_set_aside(state, MANY);
    expect_consistent(state);
    assert_int_equal(status(state, name), LB_CAMPAIGN_COMPLETED);
    assert_int_equal(engine_unblock(engine_of(state), NULL, both, 2, NULL), LB_OK);
    await_set_aside(state, 0);
    expect_consistent(state);
    assert_in_range(atomic_load(&most_leads_read), 1, MOST);
}

static void a_claim_reads_the_texts_of_what_it_hands_out(void **state)
{
    add(state, C, "ada", NULL);
    activate(state, C);
    count_reads(state);
    assert_int_equal(claim(state, C), 1);
    assert_int_equal(atomic_load(&texts_read), 1);
    assert_int_equal(claim(state, C), 0);
    assert_int_equal(atomic_load(&texts_read), 1);
}

/* A claim that finds nothing but what it cannot hand out ends, and the next one goes on. */
static void a_claim_looks_at_so_many_leads_and_no_more(void **state)
{
    enum { BLOCKED = 1050 };
    struct engine *engine = engine_of(state);
    static char texts[BLOCKED][16];
    static const char *names[BLOCKED];
    static struct lb_new_lead leads[BLOCKED];
    engine->outreach->settings.max_campaign_leads = 2 * BLOCKED;
    for (size_t i = 0; i < BLOCKED; i++) {
        snprintf(texts[i], sizeof texts[i], "lead-%zu", i);
        names[i] = texts[i];
        leads[i] = (struct lb_new_lead){.identifier = lb_str(names[i])};
    }
    assert_int_equal(engine_block(engine, C, names, BLOCKED, NULL, NULL), LB_OK);
    assert_int_equal(outreach_add(engine, C, leads, BLOCKED, NULL), LB_OK);
    add(state, C, "ada", NULL);
    activate(state, C);
    sql(state, "UPDATE lead SET set_aside = 0");
    sql(state, "UPDATE campaign SET leads_set_aside = 0");
    assert_int_equal(claim(state, C), 0);
    assert_int_equal(sql(state, "SELECT leads_set_aside FROM campaign WHERE id = 'c'"), 1000);
    assert_int_equal(claim(state, C), 1);
    assert_string_equal(first_claimed(state)->identifier, "ada");
    expect_consistent(state);
}

static lb_err do_nothing(struct lb_write *write, struct lb_store *store)
{
    (void)write;
    (void)store;
    return LB_OK;
}

/* Others wait for it. */
static void a_claim_looks_at_fewer_leads_while_others_write(void **state)
{
    enum { BLOCKED = 150 };
    struct engine *engine = engine_of(state);
    struct lb_writer_share other = {0};
    struct lb_write light = {.apply = do_nothing, .share = &other};
    char name[24];
    for (size_t i = 0; i < BLOCKED; i++) {
        const char *pointer = name;
        snprintf(name, sizeof name, "lead-%zu", i);
        add(state, C, name, NULL);
        assert_int_equal(engine_block(engine, C, &pointer, 1, NULL, NULL), LB_OK);
    }
    add(state, C, "ada", NULL);
    activate(state, C);
    sql(state, "UPDATE lead SET set_aside = 0");
    sql(state, "UPDATE campaign SET leads_set_aside = 0");
    assert_int_equal(engine_submit(engine, &light), LB_OK);
    assert_int_equal(claim(state, C), 0);
    assert_int_equal(sql(state, "SELECT leads_set_aside FROM campaign WHERE id = 'c'"), 100);
    assert_int_equal(claim(state, C), 1);
    expect_consistent(state);
}

static void a_claim_hands_out_a_piece_at_a_time_while_others_write(void **state)
{
    enum { MANY = 250, PIECE = 200 };
    static char texts[MANY][16];
    static struct lb_new_lead leads[MANY];
    struct engine *engine = engine_of(state);
    struct lb_writer_share other = {0};
    struct lb_write light = {.apply = do_nothing, .share = &other};
    for (size_t i = 0; i < MANY; i++) {
        snprintf(texts[i], sizeof texts[i], "lead-%zu", i);
        leads[i] = (struct lb_new_lead){.identifier = lb_str(texts[i])};
    }
    assert_int_equal(outreach_add(engine, C, leads, MANY, NULL), LB_OK);
    activate(state, C);
    assert_int_equal(engine_submit(engine, &light), LB_OK);
    /* One claim that goes on keeps what it has. */
    struct lb_claim going_on = {.outreach = engine->outreach,
                                .standing = engine_standing(engine, C),
                                .max = MANY,
                                .lease_s = LEASE_S};
    lb_claim_activities(&going_on);
    assert_int_equal(engine_submit(engine, &going_on.write), LB_OK);
    assert_int_equal(going_on.count, PIECE);
    assert_true(going_on.piece);
    lb_claim_activities(&going_on);
    assert_int_equal(engine_submit(engine, &going_on.write), LB_OK);
    assert_int_equal(going_on.count, MANY);
    assert_false(going_on.piece);
    for (size_t i = 0; i < MANY; i++)
        for (size_t j = 0; j < i; j++)
            assert_int_not_equal(going_on.items[i].lead, going_on.items[j].lead);
    uint64_t first = lb_row_number_shown(going_on.items[0].lead).number;
    for (size_t i = 0; i < MANY; i++) {
        const struct lb_claimed *item = &going_on.items[i];
        assert_true(lb_str_equal(lb_claim_text(&going_on, item->identifier),
                                 lb_str(texts[lb_row_number_shown(item->lead).number - first])));
    }
    lb_claim_fini(&going_on);
    expect_consistent(state);
}

static void a_campaign_in_which_all_are_blocked_is_completed(void **state)
{
    add(state, C, "ada", NULL);
    add(state, C, "bob", NULL);
    block(state, C, "ada");
    activate(state, C);
    assert_int_equal(status(state, C), LB_CAMPAIGN_ACTIVE);
    block(state, NULL, "bob");
    assert_int_equal(status(state, C), LB_CAMPAIGN_COMPLETED);
    activate(state, C); /* nobody is left: completed at once */
    assert_int_equal(status(state, C), LB_CAMPAIGN_COMPLETED);
    assert_int_equal(outreach_pause(engine_of(state), C), LB_OK);
    assert_int_equal(status(state, C), LB_CAMPAIGN_COMPLETED);
    add(state, C, "cleo", NULL);
    assert_int_equal(status(state, C), LB_CAMPAIGN_PAUSED);
    activate(state, C);
    /* The next start says the same. */
    struct fixture *fixture = *state;
    block(state, C, "cleo");
    engine_restart(&fixture->engine, &fixture->place);
    assert_int_equal(status(state, C), LB_CAMPAIGN_COMPLETED);
    unblock(state, C, "cleo");
    assert_int_equal(status(state, C), LB_CAMPAIGN_PAUSED);
}

/* --- Deleted campaigns ------------------------------------------------------------------------ */

#define LEFT                                                                                       \
    "SELECT (SELECT count(*) FROM lead) + (SELECT count(*) FROM lead_name)"                        \
    " + (SELECT count(*) FROM step) + (SELECT count(*) FROM activity)"

static void add_many(void **state, const char *campaign, size_t count)
{
    static char names[1000][32];
    static char members[1000][48];
    static struct lb_new_lead leads[1000];
    struct added added;
    for (size_t i = 0; i < count; i++) {
        snprintf(names[i], sizeof names[i], "lead-%zu", i);
        snprintf(members[i], sizeof members[i], "ACoAA%040zu", i);
        leads[i] = (struct lb_new_lead){.identifier = lb_str(names[i]),
                                        .member_id = lb_str(i % 2 ? members[i] : NULL)};
    }
    assert_int_equal(outreach_add(engine_of(state), campaign, leads, count, &added), LB_OK);
    assert_int_equal(added.added, count);
}

static void await_left(void **state, int64_t wanted)
{
    lb_rcu_offline();
    for (int i = 0; i < 2000 && sql(state, LEFT) != wanted; i++)
        poll(NULL, 0, 10);
    lb_rcu_online();
    assert_int_equal(sql(state, LEFT), wanted);
}

static void a_deleted_campaign_leaves_nothing_behind(void **state)
{
    struct engine *engine = engine_of(state);
    add(state, D, "ada", NULL);
    int64_t others = sql(state, LEFT) - 2; /* but for the steps of C */
    add_many(state, C, 350);
    activate(state, C);
    assert_int_equal(claim(state, C), 350);
    for (size_t i = 0; i < 350; i += 7)
        assert_int_equal(
            outreach_complete(engine, &first_claimed(state)[i], LB_RESULT_DONE, NULL, NULL), LB_OK);
    block(state, C, "lead-1");
    assert_int_equal(outreach_delete_campaign(engine, C), LB_OK);
    /* Others go on meanwhile, a new campaign of that name among them. */
    assert_int_equal(make_campaign(engine, C), LB_OK);
    for (int i = 0; i < 10; i++) {
        block(state, NULL, i % 2 ? "ada" : "lead-3");
        unblock(state, NULL, i % 2 ? "ada" : "lead-3");
        add(state, C, "lead-1", NULL);
        assert_int_equal(outreach_delete_lead(engine, outreach_lead(engine, C, "lead-1")), LB_OK);
    }
    await_left(state, others + 2);
    assert_int_equal(
        outreach_complete(engine, &first_claimed(state)[1], LB_RESULT_DONE, NULL, NULL),
        LB_ERR_ACTIVITY_NOT_FOUND);
    expect_consistent(state);
}

static void what_a_stop_left_of_a_deleted_campaign_goes_after_the_next_start(void **state)
{
    struct fixture *fixture = *state;
    add_many(state, C, 300); /* a whole number of pieces */
    assert_int_equal(outreach_delete_campaign(&fixture->engine, C), LB_OK);
    assert_int_equal(outreach_delete_campaign(&fixture->engine, D), LB_OK); /* steps alone */
    for (int i = 0; i < 8; i++) {
        engine_restart(&fixture->engine, &fixture->place);
    }
    await_left(state, 0);
}

/* --- Batches ---------------------------------------------------------------------------------- */

static sem_t stalled, released;

static lb_err stall(struct lb_write *write, struct lb_store *store)
{
    sem_post(&stalled);
    sem_wait(&released);
    return LB_OK;
}

static size_t arrived;

static void arrive(struct lb_task *task)
{
    arrived++;
}

/* Submits the writes so that they are one batch, in this order, and waits for them. */
static void run_batch(void **state, struct lb_write **writes, size_t count)
{
    struct engine *engine = engine_of(state);
    struct lb_mailbox *mailbox = lb_mailbox_create();
    struct pollfd waited = {.fd = lb_mailbox_fd(mailbox), .events = POLLIN};
    struct lb_task tasks[8];
    struct lb_task task = {.run = arrive};
    struct lb_write first = {.apply = stall, .completion = &task, .home = mailbox};
    struct lb_writer_stats before, after;
    arrived = 0;
    sem_init(&stalled, 0, 0);
    sem_init(&released, 0, 0);
    lb_writer_stats(engine->writer, &before);
    assert_int_equal(lb_writer_submit(engine->writer, &first), LB_OK);
    lb_rcu_offline();
    sem_wait(&stalled);
    for (size_t i = 0; i < count; i++) {
        tasks[i] = (struct lb_task){.run = arrive};
        writes[i]->completion = &tasks[i];
        writes[i]->home = mailbox;
        assert_int_equal(lb_writer_submit(engine->writer, writes[i]), LB_OK);
    }
    sem_post(&released);
    while (arrived < count + 1) {
        poll(&waited, 1, -1);
        lb_mailbox_drain(mailbox);
    }
    lb_rcu_online();
    lb_writer_stats(engine->writer, &after);
    assert_true(after.batches - before.batches >= 2); /* and upkeep's own */
    lb_mailbox_destroy(mailbox);
}

/* What the four writes of a batch need. */
struct four {
    struct lb_campaign_change deletion;
    struct lb_lead_change addition;
    struct lb_claim claim;
    struct lb_change block;
    struct lb_new_lead lead;
    struct lb_change_item item;
    struct lb_fingerprint fingerprint;
};

static void prepare_four(void **state, struct four *four, const char *blocked_in)
{
    struct engine *engine = engine_of(state);
    *four = (struct four){.lead = {.identifier = LB_STR("new")}, .item = {.key = LB_STR("ada")}};
    four->deletion = (struct lb_campaign_change){.standing = engine_standing(engine, C),
                                                 .blocklist = engine->blocklist,
                                                 .outreach = engine->outreach};
    four->addition = (struct lb_lead_change){.standing = engine_standing(engine, C),
                                             .outreach = engine->outreach,
                                             .leads = &four->lead,
                                             .count = 1};
    four->claim = (struct lb_claim){.standing = engine_standing(engine, C),
                                    .outreach = engine->outreach,
                                    .max = MAX,
                                    .lease_s = LEASE_S};
    four->block = (struct lb_change){.standing = engine_standing(engine, blocked_in),
                                     .blocklist = engine->blocklist,
                                     .items = &four->item,
                                     .fingerprints = &four->fingerprint,
                                     .count = 1};
    lb_campaign_delete(&four->deletion);
    lb_lead_add(&four->addition);
    lb_claim_activities(&four->claim);
    lb_change_block(&four->block);
}

/* Places of the four in the batch. */
enum { DELETE, ADD, CLAIM, BLOCK, WRITES };

static void judge_four(struct four *four, const size_t *at)
{
    bool gone_for_add = at[DELETE] < at[ADD];
    bool gone_for_claim = at[DELETE] < at[CLAIM];
    size_t wanted = 1 + (at[ADD] < at[CLAIM]) + (at[CLAIM] < at[BLOCK]); /* bob, new, ada */
    assert_int_equal(four->deletion.write.result, LB_OK);
    assert_int_equal(four->addition.write.result, gone_for_add ? LB_ERR_CAMPAIGN_NOT_FOUND : LB_OK);
    assert_int_equal(four->claim.write.result, gone_for_claim ? LB_ERR_CAMPAIGN_NOT_FOUND : LB_OK);
    bool gone_for_block = at[DELETE] < at[BLOCK] && four->block.standing.campaign_id.ptr;
    assert_int_equal(four->block.write.result, gone_for_block ? LB_ERR_CAMPAIGN_NOT_FOUND : LB_OK);
    assert_int_equal(four->claim.count, gone_for_claim ? 0 : wanted);
}

static void a_batch_is_the_same_as_its_writes_one_after_the_other(void **state)
{
    struct fixture *fixture = *state;
    for (size_t order = 0; order < 48; order++) {
        struct four four;
        struct lb_write *writes[WRITES];
        size_t left[WRITES] = {0, 1, 2, 3};
        size_t at[WRITES];
        size_t code = order / 2;
        add(state, C, "ada", NULL);
        add(state, C, "bob", NULL);
        add(state, D, "ada", NULL);
        activate(state, C);
        prepare_four(state, &four, order % 2 ? C : NULL);
        struct lb_write *const all[WRITES] = {&four.deletion.write, &four.addition.write,
                                              &four.claim.write, &four.block.write};
        for (size_t i = 0; i < WRITES; i++) {
            size_t pick = code % (WRITES - i);
            code /= WRITES - i;
            at[left[pick]] = i;
            writes[i] = all[left[pick]];
            memmove(left + pick, left + pick + 1, (WRITES - i - pick - 1) * sizeof *left);
        }
        run_batch(state, writes, WRITES);
        judge_four(&four, at);
        expect_consistent(state);
        assert_int_equal(set_aside(state, D, "ada"), order % 2 == 0);
        lb_claim_fini(&four.claim);
        unblock(state, NULL, "ada");
        assert_int_equal(make_campaign(&fixture->engine, C), LB_OK);
        /* Its blocklist goes on. */
        bool blocked = order % 2 && at[BLOCK] < at[DELETE];
        assert_int_equal(engine_check(&fixture->engine, C, "ada") != 0, blocked);
        unblock(state, C, "ada");
    }
    await_left(state, 4 + 2);
}

static struct lb_outreach *spoilt;

/* Writes something, then fails: the batch is applied again without it. */
static lb_err spoil(struct lb_write *write, struct lb_store *store)
{
    struct lb_counts wrong = {.leads = {7, 7, 7, 7, 7}, .set_aside = 7};
    write->touched = true;
    for (uint32_t campaign = 1; campaign <= 2; campaign++)
        assert_int_equal(store->ops->campaign_count(store, 1, campaign, &wrong), LB_OK);
    assert_int_equal(lb_outreach_set_status(spoilt, (struct lb_list){1, 1}, LB_CAMPAIGN_ERROR),
                     LB_OK);
    return LB_ERR_BAD_REQUEST;
}

static void a_write_that_fails_leaves_its_neighbours_alone(void **state)
{
    spoilt = engine_of(state)->outreach;
    for (size_t place = 0; place < 4; place++) {
        struct four four;
        struct lb_write spoiler = {.apply = spoil};
        struct lb_write *writes[4];
        size_t at = 0;
        add(state, C, "ada", NULL);
        add(state, C, "bob", NULL);
        activate(state, C);
        prepare_four(state, &four, C);
        struct lb_write *const others[] = {&four.addition.write, &four.claim.write,
                                           &four.block.write};
        for (size_t i = 0; i < 4; i++)
            writes[i] = i == place ? &spoiler : others[at++];
        run_batch(state, writes, 4);
        assert_int_equal(spoiler.result, LB_ERR_BAD_REQUEST);
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(others[i]->result, LB_OK);
        assert_int_equal(four.addition.added, 1);
        assert_int_equal(four.claim.count, 3);
        expect_consistent(state);
        assert_int_equal(status(state, C), LB_CAMPAIGN_ACTIVE);
        assert_int_equal(sql(state, "SELECT count(*) FROM activity"), 3);
        assert_int_equal(sql(state, "SELECT max(attempts) FROM activity"), 1);
        lb_claim_fini(&four.claim);
        unblock(state, C, "ada");
        static const char *const leads[] = {"ada", "bob", "new"};
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(outreach_delete_lead(engine_of(state),
                                                  outreach_lead(engine_of(state), C, leads[i])),
                             LB_OK);
        assert_int_equal(outreach_pause(engine_of(state), C), LB_OK);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_block_sets_leads_aside_where_it_counts),
        TEST(undoing_sets_aside_and_back),
        TEST(a_lead_is_blocked_by_either_of_its_names),
        TEST(who_is_blocked_already_is_added_set_aside),
        TEST(a_lead_that_learns_a_blocked_name_is_set_aside),
        TEST(unblocking_puts_a_lead_back_where_it_stood),
        TEST(a_claim_corrects_a_cache_that_says_less_than_the_lists),
        TEST(a_block_of_the_workspace_reaches_all_campaigns),
        TEST(one_person_of_many_campaigns_is_set_aside_in_small_writes),
        TEST(a_claim_reads_the_texts_of_what_it_hands_out),
        TEST(a_claim_looks_at_so_many_leads_and_no_more),
        TEST(a_claim_looks_at_fewer_leads_while_others_write),
        TEST(a_claim_hands_out_a_piece_at_a_time_while_others_write),
        TEST(a_campaign_in_which_all_are_blocked_is_completed),
        TEST(a_deleted_campaign_leaves_nothing_behind),
        TEST(what_a_stop_left_of_a_deleted_campaign_goes_after_the_next_start),
        TEST(a_batch_is_the_same_as_its_writes_one_after_the_other),
        TEST(a_write_that_fails_leaves_its_neighbours_alone),
    };
    lb_log_set_level(LB_LOG_ERROR);
    return cmocka_run_group_tests_name("exclusion", tests, NULL, NULL);
}
