/* A long random sequence of operations on two campaigns, and a simple model of the rules of
 * docs/api.md that says what must come of each: who is handed out, where each lead stands, what is
 * counted. LEADBLOCK_SEED chooses another sequence, LB_TEST_STEPS how long it is (3000). */
#include "base/log.h"
#include "domain/outreach/counts.h"
#include "support/outreach.h"
#include "support/random.h"
#include "support/tsan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
/* After the above. */
#include <cmocka.h>

#define PEOPLE    12
#define NAMES     (2 * PEOPLE) /* identifiers, then member ids */
#define CAMPAIGNS 2
#define LISTS     (CAMPAIGNS + 1) /* the workspace's own first */
#define ROWS_MAX  10              /* steps of a campaign, deleted ones too */
#define UNIT_S    1800            /* of the model's clock: the lease, and the first retry */

struct activity {
    bool there;
    enum lb_activity_state state;
    unsigned attempts, retries, times_done;
    char token[LB_LEASE_TOKEN_SIZE];
};

struct step {
    uint64_t no;
    bool deleted, stop;
    enum lb_step_type type;
    int64_t delay;
};

struct lead {
    bool there, has_member;
    uint64_t no;
    enum lb_lead_status status;
    enum lb_lead_queue queue;
    uint64_t step;
    int64_t since;
    unsigned marks;
    struct activity activities[ROWS_MAX]; /* by the step's `slot` */
};

struct campaign {
    char name[24];
    enum lb_campaign_status status;
    int64_t activated_at;
    struct step steps[ROWS_MAX]; /* by position */
    uint64_t slots[ROWS_MAX];    /* numbers of steps in order of creation */
    size_t step_count;
    struct lead leads[PEOPLE];
};

struct model {
    struct engine engine;
    bool linked[PEOPLE]; /* a lead of some campaign had both names, so that they count as one */
    struct engine_place place;
    uint64_t random;
    struct lb_store_reader *reader;
    int64_t now; /* in units */
    struct campaign campaigns[CAMPAIGNS];
    bool blocked[LISTS][NAMES];
    struct { /* the last change of a blocklist, while nothing else has changed one */
        uint64_t id;
        size_t list;
        bool before[NAMES];
    } last;
    unsigned handed_out, reported, passed_over;
};

static unsigned below(struct model *model, unsigned bound)
{
    return (unsigned)((random_next(&model->random) >> 20) % bound);
}

static const char *name_of(size_t name)
{
    static char texts[NAMES][48];
    snprintf(texts[name], sizeof *texts, name < PEOPLE ? "person-%zu" : "ACoAA%036zu", name);
    return texts[name];
}

/* --- The rules -------------------------------------------------------------------------------- */

static size_t slot_of(const struct campaign *campaign, uint64_t step)
{
    size_t slot = 0;
    while (campaign->slots[slot] != step)
        assert_true(++slot < campaign->step_count);
    return slot;
}

static size_t place_of(const struct campaign *campaign, uint64_t step)
{
    size_t place = 0;
    while (place < campaign->step_count && campaign->steps[place].no != step)
        place++;
    return place;
}

static bool is_blocked(const struct model *model, size_t campaign, size_t person)
{
    const struct lead *lead = &model->campaigns[campaign].leads[person];
    return model->blocked[0][person] || model->blocked[campaign + 1][person] ||
           ((lead->has_member || model->linked[person]) &&
            (model->blocked[0][PEOPLE + person] || model->blocked[campaign + 1][PEOPLE + person]));
}

static const struct step *next_live(const struct campaign *campaign, size_t place)
{
    for (; place < campaign->step_count; place++)
        if (!campaign->steps[place].deleted)
            return &campaign->steps[place];
    return NULL;
}

/* The first step from `place` on that is there and that the lead has not been through. */
static const struct step *next_step(const struct campaign *campaign, const struct lead *lead,
                                    size_t place)
{
    const struct step *step;
    while ((step = next_live(campaign, place)) != NULL) {
        const struct activity *activity = &lead->activities[slot_of(campaign, step->no)];
        if (!activity->there ||
            (activity->state != LB_ACTIVITY_DONE && activity->state != LB_ACTIVITY_REPLIED))
            return step;
        place = (size_t)(step - campaign->steps) + 1;
    }
    return NULL;
}

static const struct step *step_of(const struct campaign *campaign, const struct lead *lead)
{
    return next_step(campaign, lead, lead->step ? place_of(campaign, lead->step) : 0);
}

/* Does a claim look at the lead? One whose step is gone goes on to the next at once, due or not. */
static bool is_looked_at(const struct model *model, const struct campaign *campaign,
                         const struct lead *lead)
{
    if (lead->status > LB_LEAD_ACTIVE)
        return false;
    if (lead->queue != LB_QUEUE_SCHEDULED)
        return lead->since <= model->now;
    const struct step *first = next_live(campaign, 0);
    if (!lead->step)
        return first && campaign->activated_at + first->delay <= model->now;
    const struct step *step = &campaign->steps[place_of(campaign, lead->step)];
    return step->deleted || lead->since + step->delay <= model->now;
}

/* The step that a claim hands out to the lead now; NULL: none. What else it does is done. */
static const struct step *claim_lead(struct model *model, struct campaign *campaign,
                                     struct lead *lead)
{
    const struct step *step = step_of(campaign, lead);
    bool moved = lead->step && (!step || step->no != lead->step);
    if (moved && lead->queue != LB_QUEUE_SCHEDULED)
        lead->activities[slot_of(campaign, lead->step)].state = LB_ACTIVITY_RETRY;
    if (moved)
        lead->queue = LB_QUEUE_SCHEDULED;
    if (!step) {
        lead->status = LB_LEAD_COMPLETED;
        return NULL;
    }
    if (moved)
        lead->step = step->no;
    if (moved && lead->since + step->delay > model->now)
        return NULL;
    lead->step = step->no;
    struct activity *activity = &lead->activities[slot_of(campaign, step->no)];
    if (activity->there && activity->state == LB_ACTIVITY_FAILED)
        activity->retries = 0;
    activity->there = true;
    activity->state = LB_ACTIVITY_CLAIMED;
    activity->attempts++;
    lead->status = LB_LEAD_ACTIVE;
    lead->queue = LB_QUEUE_CLAIMED;
    lead->since = model->now + 1;
    return step;
}

static unsigned marks_after(const struct step *step, enum lb_result result, unsigned marks)
{
    bool replied = result == LB_RESULT_REPLIED;
    bool went_out = replied || result == LB_RESULT_DONE;
    if (went_out && step->type == LB_STEP_INVITATION)
        marks |= LB_MARK_INVITED | LB_MARK_CONTACTED;
    if (went_out && step->type == LB_STEP_MESSAGE)
        marks |= LB_MARK_CONTACTED;
    if (replied && (marks & LB_MARK_CONTACTED))
        marks |= LB_MARK_REPLIED;
    if ((marks & LB_MARK_INVITED) && (replied || (went_out && step->type == LB_STEP_MESSAGE)))
        marks |= LB_MARK_ACCEPTED;
    return marks;
}

static void give_up(struct model *model, struct lead *lead, struct activity *activity)
{
    activity->state = LB_ACTIVITY_FAILED;
    lead->queue = LB_QUEUE_SCHEDULED;
    lead->since = model->now;
    if (lb_lead_open(lead->status))
        lead->status = LB_LEAD_ERROR;
}

static void try_again(struct model *model, struct lead *lead, struct activity *activity)
{
    if (++activity->retries >= ENGINE_MAX_ATTEMPTS) {
        give_up(model, lead, activity);
        return;
    }
    activity->state = LB_ACTIVITY_RETRY;
    lead->queue = LB_QUEUE_RETRY;
    lead->since = model->now + (INT64_C(1) << (activity->retries - 1));
}

static void advance(struct model *model, struct campaign *campaign, struct lead *lead,
                    const struct step *step, bool stop)
{
    size_t place = (size_t)(step - campaign->steps) + 1;
    const struct step *next = next_step(campaign, lead, place);
    model->passed_over += next != next_live(campaign, place);
    lead->queue = LB_QUEUE_SCHEDULED;
    lead->since = model->now;
    if (next)
        lead->step = next->no;
    if ((stop || !next) && lb_lead_open(lead->status))
        lead->status = LB_LEAD_COMPLETED;
}

/* A report with the token of the last claim. */
static void report(struct model *model, struct campaign *campaign, struct lead *lead,
                   const struct step *step, enum lb_result result)
{
    struct activity *activity = &lead->activities[slot_of(campaign, step->no)];
    bool current = lead->step == step->no && lead->queue != LB_QUEUE_SCHEDULED;
    bool open = activity->state == LB_ACTIVITY_CLAIMED ||
                (activity->state == LB_ACTIVITY_RETRY && result != LB_RESULT_RETRY);
    bool replied = result == LB_RESULT_REPLIED;
    if (!open && !(replied &&
                   (activity->state == LB_ACTIVITY_DONE || activity->state == LB_ACTIVITY_FAILED)))
        return;
    lead->marks = marks_after(step, result, lead->marks);
    if (!open) { /* the reply came later */
        activity->state = LB_ACTIVITY_REPLIED;
        if (step->stop && lead->status != LB_LEAD_COMPLETED)
            lead->status = LB_LEAD_COMPLETED;
        return;
    }
    if (result == LB_RESULT_FAILED && current) {
        give_up(model, lead, activity);
    } else if (result == LB_RESULT_FAILED) {
        activity->state = LB_ACTIVITY_FAILED;
    } else if (result == LB_RESULT_RETRY) {
        assert_true(current);
        try_again(model, lead, activity);
    } else {
        activity->state = replied ? LB_ACTIVITY_REPLIED : LB_ACTIVITY_DONE;
        activity->times_done++;
        assert_int_equal(activity->times_done, 1);
        if (current)
            advance(model, campaign, lead, step, replied && step->stop);
    }
}

static struct lb_counts tally_of(const struct model *model, size_t number)
{
    struct lb_counts counts = {0};
    for (size_t person = 0; person < PEOPLE; person++) {
        const struct lead *lead = &model->campaigns[number].leads[person];
        if (!lead->there)
            continue;
        struct lb_lead_row row = {.status = lead->status,
                                  .set_aside = is_blocked(model, number, person),
                                  .marks = lead->marks};
        lb_counts_lead(&counts, &row, 1);
    }
    return counts;
}

static void settle(struct model *model)
{
    for (size_t i = 0; i < CAMPAIGNS; i++) {
        struct campaign *campaign = &model->campaigns[i];
        struct lb_counts counts = tally_of(model, i);
        if (campaign->status == LB_CAMPAIGN_ACTIVE && lb_counts_total(&counts) &&
            !lb_counts_left(&counts))
            campaign->status = LB_CAMPAIGN_COMPLETED;
        else if (campaign->status == LB_CAMPAIGN_COMPLETED && lb_counts_left(&counts))
            campaign->status = LB_CAMPAIGN_PAUSED;
    }
}

/* --- Operations ------------------------------------------------------------------------------- */

static struct campaign *some_campaign(struct model *model, size_t *out)
{
    *out = below(model, CAMPAIGNS);
    return &model->campaigns[*out];
}

static void add_leads(struct model *model)
{
    size_t number, count = 1 + below(model, 4);
    struct campaign *campaign = some_campaign(model, &number);
    struct lb_new_lead leads[4];
    struct added added, wanted = {0};
    for (size_t i = 0; i < count; i++) {
        size_t person = below(model, PEOPLE);
        struct lead *lead = &campaign->leads[person];
        bool with_member = below(model, 2);
        leads[i] = (struct lb_new_lead){.identifier = lb_str(name_of(person))};
        if (with_member)
            leads[i].member_id = lb_str(name_of(PEOPLE + person));
        model->linked[person] |= with_member;
        wanted.duplicates += lead->there;
        wanted.added += !lead->there;
        if (lead->there) {
            lead->has_member |= with_member;
            continue;
        }
        *lead = (struct lead){.there = true, .has_member = with_member, .since = model->now};
        wanted.blocked += is_blocked(model, number, person);
    }
    assert_int_equal(outreach_add(&model->engine, campaign->name, leads, count, &added), LB_OK);
    assert_memory_equal(&added, &wanted, sizeof added);
    for (size_t person = 0; person < PEOPLE; person++)
        if (campaign->leads[person].there && !campaign->leads[person].no)
            campaign->leads[person].no =
                outreach_lead(&model->engine, campaign->name, name_of(person));
}

static void change_list(struct model *model)
{
    size_t list = below(model, LISTS), count = 1 + below(model, 3);
    bool blocking = below(model, 3) == 0; /* or all would be, soon */
    const char *where = list ? model->campaigns[list - 1].name : NULL;
    const char *names[3];
    struct outcome outcome;
    uint64_t changed = 0;
    bool before[NAMES];
    memcpy(before, model->blocked[list], sizeof before);
    for (size_t i = 0; i < count; i++) {
        size_t name = below(model, NAMES);
        names[i] = name_of(name);
        changed += model->blocked[list][name] != blocking;
        model->blocked[list][name] = blocking;
    }
    assert_int_equal(blocking ? engine_block(&model->engine, where, names, count, NULL, &outcome)
                              : engine_unblock(&model->engine, where, names, count, &outcome),
                     LB_OK);
    assert_int_equal(outcome.blocked + outcome.unblocked, changed);
    if (!changed)
        return;
    model->last.id = outcome.change;
    model->last.list = list;
    memcpy(model->last.before, before, sizeof before);
}

static void undo(struct model *model)
{
    struct outcome outcome;
    bool now[NAMES];
    if (!model->last.id)
        return;
    bool *blocked = model->blocked[model->last.list];
    assert_int_equal(engine_undo(&model->engine, model->last.id, &outcome), LB_OK);
    memcpy(now, blocked, sizeof now);
    memcpy(blocked, model->last.before, sizeof now);
    memcpy(model->last.before, now, sizeof now);
    model->last.id = outcome.change;
}

static void claim(struct model *model)
{
    size_t number, count, wanted = 0;
    struct campaign *campaign = some_campaign(model, &number);
    struct claimed claimed[PEOPLE + 1];
    assert_int_equal(
        outreach_claim(&model->engine, campaign->name, PEOPLE + 1, UNIT_S, claimed, &count), LB_OK);
    for (size_t person = 0; campaign->status == LB_CAMPAIGN_ACTIVE && person < PEOPLE; person++) {
        struct lead *lead = &campaign->leads[person];
        if (!lead->there || is_blocked(model, number, person) ||
            !is_looked_at(model, campaign, lead))
            continue;
        const struct step *step = claim_lead(model, campaign, lead);
        if (!step)
            continue;
        size_t i = 0;
        while (i < count && claimed[i].lead != lead->no)
            i++;
        assert_true(i < count);
        struct activity *activity = &lead->activities[slot_of(campaign, step->no)];
        assert_true(claimed[i].step == step->no && claimed[i].attempt == activity->attempts);
        memcpy(activity->token, claimed[i].token, sizeof activity->token);
        wanted++;
    }
    assert_int_equal(count, wanted);
    model->handed_out += (unsigned)count;
}

static void complete(struct model *model)
{
    size_t number, person = below(model, PEOPLE);
    struct campaign *campaign = some_campaign(model, &number);
    for (int i = 0; i < PEOPLE && campaign->leads[person].queue != LB_QUEUE_CLAIMED; i++)
        person = below(model, PEOPLE);
    struct lead *lead = &campaign->leads[person];
    if (!lead->there || !campaign->step_count)
        return;
    const struct step *step = &campaign->steps[below(model, (unsigned)campaign->step_count)];
    if (lead->queue != LB_QUEUE_SCHEDULED && below(model, 8))
        step = &campaign->steps[place_of(campaign, lead->step)];
    const struct activity *activity = &lead->activities[slot_of(campaign, step->no)];
    unsigned pick = below(model, 6); /* done half of the time */
    enum lb_result result = pick < 3 ? LB_RESULT_DONE : (enum lb_result)(pick - 2);
    struct claimed claimed = {.lead = lead->no, .step = step->no};
    struct reported reported;
    bool good = activity->token[0] && below(model, 8);
    strcpy(claimed.token, good ? activity->token : "nobody has been given that");
    lb_err err = outreach_complete(&model->engine, &claimed, result, "as it was", &reported);
    assert_int_equal(err, good ? LB_OK : LB_ERR_LEASE_LOST);
    if (!good)
        return;
    report(model, campaign, lead, step, result);
    assert_int_equal(reported.status, lead->status);
    assert_int_equal(reported.blocked, is_blocked(model, number, person));
    model->reported++;
}

static void change_lead(struct model *model)
{
    size_t number;
    struct campaign *campaign = some_campaign(model, &number);
    struct lead *lead = &campaign->leads[below(model, PEOPLE)];
    enum lb_lead_status now;
    if (!lead->there)
        return;
    if (below(model, 4) == 0) {
        assert_int_equal(outreach_delete_lead(&model->engine, lead->no), LB_OK);
        *lead = (struct lead){0};
        return;
    }
    enum lb_lead_status wanted = (enum lb_lead_status)below(model, LB_LEAD_STATUS_COUNT);
    if (below(model, 2))
        wanted = LB_LEAD_ACTIVE;
    if (wanted > LB_LEAD_ACTIVE)
        lead->status = wanted;
    else if (!lead->step)
        lead->status = LB_LEAD_WAITING;
    else if (step_of(campaign, lead)) {
        /* What asks for what it is changes nothing; the next claim moves it on. */
        if (lead->status != LB_LEAD_ACTIVE && lead->queue == LB_QUEUE_SCHEDULED)
            lead->step = step_of(campaign, lead)->no;
        lead->status = LB_LEAD_ACTIVE;
    }
    assert_int_equal(outreach_set_status(&model->engine, lead->no, wanted, &now), LB_OK);
    assert_int_equal(now, lead->status);
}

static size_t live_steps(const struct campaign *campaign)
{
    size_t count = 0;
    for (size_t i = 0; i < campaign->step_count; i++)
        count += !campaign->steps[i].deleted;
    return count;
}

/* Where the `order`-th step that is there stands. */
static size_t place_of_order(const struct campaign *campaign, size_t order)
{
    size_t place = 0;
    for (size_t seen = 0; place < campaign->step_count; place++)
        if ((seen += !campaign->steps[place].deleted) == order)
            break;
    return place;
}

static void put_step(struct campaign *campaign, struct step step, size_t place)
{
    memmove(&campaign->steps[place + 1], &campaign->steps[place],
            (campaign->step_count - place) * sizeof step);
    campaign->steps[place] = step;
    campaign->step_count++;
}

static void add_step(struct model *model, struct campaign *campaign)
{
    size_t order = 1 + below(model, (unsigned)live_steps(campaign) + 1);
    struct step step = {.type = (enum lb_step_type)below(model, LB_STEP_TYPE_COUNT),
                        .stop = below(model, 2),
                        .delay = 2 * below(model, 3)};
    struct lb_step_row row = {.type = step.type,
                              .delay_hours = (uint32_t)step.delay / 2,
                              .stop_on_reply = step.stop,
                              .body = lb_str(step.type == LB_STEP_MESSAGE ? "Hi" : NULL)};
    assert_int_equal(
        outreach_add_step(&model->engine, campaign->name, row, (uint32_t)order, &step.no), LB_OK);
    campaign->slots[campaign->step_count] = step.no;
    put_step(campaign, step, place_of_order(campaign, order));
}

static void change_steps(struct model *model)
{
    size_t number, live;
    struct campaign *campaign = some_campaign(model, &number);
    if ((live = live_steps(campaign)) < 2 || below(model, 3) == 0) {
        if (campaign->step_count < ROWS_MAX)
            add_step(model, campaign);
        return;
    }
    size_t from = place_of_order(campaign, 1 + below(model, (unsigned)live));
    struct step step = campaign->steps[from];
    if (below(model, 3) == 0) {
        assert_int_equal(outreach_remove_step(&model->engine, campaign->name, step.no), LB_OK);
        campaign->steps[from].deleted = true;
        return;
    }
    size_t order = 1 + below(model, (unsigned)live);
    size_t to = place_of_order(campaign, order);
    assert_int_equal(outreach_move_step(&model->engine, campaign->name, step.no, (uint32_t)order),
                     LB_OK);
    memmove(&campaign->steps[from], &campaign->steps[from + 1],
            (campaign->step_count - from - 1) * sizeof step);
    campaign->step_count--;
    put_step(campaign, step, to);
}

static void change_status(struct model *model)
{
    size_t number;
    struct campaign *campaign = some_campaign(model, &number);
    struct lb_counts counts = tally_of(model, number);
    if (below(model, 6) == 0) {
        assert_int_equal(outreach_pause(&model->engine, campaign->name), LB_OK);
        if (campaign->status != LB_CAMPAIGN_COMPLETED)
            campaign->status = LB_CAMPAIGN_PAUSED;
        return;
    }
    bool active = campaign->status == LB_CAMPAIGN_ACTIVE;
    bool ready = active || (live_steps(campaign) && lb_counts_total(&counts));
    assert_int_equal(outreach_activate(&model->engine, campaign->name),
                     ready ? LB_OK : LB_ERR_CAMPAIGN_NOT_READY);
    if (ready && !active) {
        campaign->status = LB_CAMPAIGN_ACTIVE;
        campaign->activated_at = model->now;
    }
}

static void make_campaign(struct model *model, size_t number)
{
    struct campaign *campaign = &model->campaigns[number];
    *campaign = (struct campaign){.status = LB_CAMPAIGN_DRAFT};
    snprintf(campaign->name, sizeof campaign->name, "c-%zu", number);
    assert_int_equal(engine_make_campaign(&model->engine, campaign->name), LB_OK);
    for (int i = 0; i < 3; i++)
        add_step(model, campaign);
}

static void recreate(struct model *model)
{
    size_t number = below(model, CAMPAIGNS);
    const char *name = model->campaigns[number].name;
    bool drops = below(model, 3) == 0;
    assert_int_equal(outreach_delete_campaign(&model->engine, name), LB_OK);
    lb_err dropped = drops ? engine_drop_campaign(&model->engine, name) : LB_OK;
    assert_true(dropped == LB_OK ||
                dropped == LB_ERR_CAMPAIGN_NOT_FOUND); /* it had no blocks ever */
    if (drops) {
        memset(model->blocked[number + 1], 0, sizeof model->blocked[number + 1]);
        if (model->last.list == number + 1)
            model->last.id = 0;
    }
    make_campaign(model, number);
}

static void pass_time(struct model *model)
{
    unsigned units = 1 + below(model, 3);
    long long ms = units * UNIT_S * 1000LL;
    char text[128];
    snprintf(text, sizeof text, "UPDATE lead SET since = since - %lld", ms);
    assert_int_equal(outreach_sql(&model->engine, text), -1);
    snprintf(text, sizeof text, "UPDATE campaign SET activated_at = activated_at - %lld", ms);
    assert_int_equal(outreach_sql(&model->engine, text), -1);
    model->now += units;
}

static void open_reader(struct model *model)
{
    assert_int_equal(model->engine.store->ops->reader_open(model->engine.store, &model->reader),
                     LB_OK);
}

static void close_reader(struct model *model)
{
    model->engine.store->ops->reader_close(model->reader);
}

static void restart(struct model *model)
{
    close_reader(model);
    engine_restart(&model->engine, &model->place);
    open_reader(model);
}

/* --- Comparing -------------------------------------------------------------------------------- */

static void compare_lead(struct model *model, size_t number, size_t person)
{
    const struct lead *lead = &model->campaigns[number].leads[person];
    struct lb_lead_row row;
    lb_err err = model->engine.store->ops->lead(model->reader, 1, lead->no, &row);
    assert_int_equal(err, lead->there ? LB_OK : LB_ERR_NOT_FOUND);
    if (err)
        return;
    assert_int_equal(row.status, lead->status);
    assert_int_equal(row.set_aside, is_blocked(model, number, person));
    assert_int_equal(row.queue, lead->queue);
    assert_int_equal(row.step, lead->step);
    assert_int_equal(row.marks, lead->marks);
    assert_int_equal(row.member_id.ptr != NULL, lead->has_member);
}

static void compare(struct model *model)
{
    const struct lb_store_ops *ops = model->engine.store->ops;
    for (size_t i = 0; i < CAMPAIGNS; i++) {
        const struct campaign *campaign = &model->campaigns[i];
        struct lb_list list = engine_list(&model->engine, campaign->name);
        struct lb_counts wanted = tally_of(model, i);
        struct lb_campaign_state state;
        assert_int_equal(ops->campaign_state(model->reader, 1, list.campaign, &state), LB_OK);
        assert_int_equal(state.status, campaign->status);
        assert_int_equal(atomic_load(&lb_directory_campaign(model->engine.directory, list.workspace,
                                                            lb_str(campaign->name))
                                          ->status),
                         campaign->status);
        assert_memory_equal(&state.counts, &wanted, sizeof wanted);
        for (size_t person = 0; person < PEOPLE; person++)
            compare_lead(model, i, person);
    }
    ops->reader_rest(model->reader);
}

static void (*const operations[])(struct model *) = {
    add_leads,     add_leads,     add_leads,     change_list, change_list,  undo,
    claim,         claim,         claim,         claim,       complete,     complete,
    complete,      complete,      complete,      complete,    complete,     complete,
    complete,      complete,      change_lead,   change_lead, change_steps, change_status,
    change_status, change_status, change_status, pass_time,   pass_time,    pass_time,
};

static void open_model(struct model *model, uint64_t seed)
{
    model->random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
    assert_int_equal(engine_begin(&model->engine, &model->place), 0);
    open_reader(model);
    for (size_t i = 0; i < CAMPAIGNS; i++)
        make_campaign(model, i);
}

static void a_long_sequence_of_operations_goes_as_the_rules_say(void **state)
{
    const char *seed = getenv("LEADBLOCK_SEED"), *steps = getenv("LB_TEST_STEPS");
    struct model *model = calloc(1, sizeof *model);
    const char *why;
    open_model(model, seed ? strtoull(seed, NULL, 10) : 1);
    for (int i = 0, count = steps ? atoi(steps) : 3000; i < count; i++) {
        if (below(model, 150) == 0)
            recreate(model);
        else if (below(model, 300) == 0)
            restart(model);
        else
            operations[below(model, sizeof operations / sizeof *operations)](model);
        settle(model);
        compare(model);
        if (i % 50 == 0 && !outreach_consistent(model->place.path, NULL, &why))
            fail_msg("the file disagrees about %s", why);
        lb_rcu_quiescent();
    }
    print_message("%u handed out, %u reports, %u passed over a step that was done\n",
                  model->handed_out, model->reported, model->passed_over);
    assert_true(model->handed_out > 0 && model->reported > 0 && (seed || model->passed_over > 0));
    close_reader(model);
    assert_int_equal(outreach_end(&model->engine, &model->place), 0);
    free(model);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_long_sequence_of_operations_goes_as_the_rules_say),
    };
    lb_log_set_level(LB_LOG_ERROR);
    return cmocka_run_group_tests_name("outreach model", tests, NULL, NULL);
}
