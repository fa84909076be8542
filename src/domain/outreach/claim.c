/* Handing activities out. */
#include "domain/outreach/activity.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/id.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/restraint.h"
#include "domain/outreach/schedule.h"
#include "domain/outreach/sequence.h"
#include "domain/outreach/counts.h"
#include "domain/outreach/template.h"
#include "domain/outreach/variant.h"

#include <stdio.h>
#include <stdlib.h>

/* Leads that the claims of one batch look at without handing them out: all other writes wait. Fewer
 * when others write, and where the store is another process: that takes ten times as long. */
#define FRUITLESS_MAX       1000
#define FRUITLESS_MAX_FEWER 100
/* Activities that one write hands out while others write. */
#define PIECE_MAX 200
/* Look-ups of who was contacted elsewhere that the claims of one batch make, and what is left for
 * each claim in any case. */
#define ASKED_MAX   4000
#define ASKED_LEAST 256
/* Strings that one claim hands out, but for the last: the writer makes them, and others wait. */
#define TEXTS_MAX_BYTES ((size_t)4 << 20)
/* That are recorded of an activity, with its report and the events that come of it. */
#define ACTIVITY_BYTES (2 * LB_RECORD_BYTES)
/* Leads that are fetched from the queue at a time. */
#define FETCH_MAX 256

/* A claim under way. */
struct claiming {
    struct lb_claim *claim;
    struct lb_store *store;
    struct lb_store_reader *reader;
    struct lb_sequence sequence; /* without texts */
    struct lb_sequence texts;    /* the same, with those of one step */
    uint64_t texts_of;           /* 0: of none yet */
    struct lb_campaign_state state;
    struct lb_buf variables; /* the campaign's */
    struct lb_counts counts;
    int64_t now;
    int64_t lease_until;
    bool others; /* write */
    /* What the claims of the batch before this one did. */
    size_t fruitless_before;
    size_t asked_before;
};

/* One that has itself looked at none in vain goes on, or claims of a campaign without end would
 * have all others of their batch come back empty. */
static bool may_look(const struct claiming *claiming)
{
    const struct lb_outreach *outreach = claiming->claim->outreach;
    bool fewer = claiming->others || lb_store_is_remote(claiming->store);
    size_t most = fewer ? FRUITLESS_MAX_FEWER : FRUITLESS_MAX;
    return outreach->fruitless < most || outreach->fruitless == claiming->fruitless_before;
}

/* The same for look-ups. */
static bool may_ask(const struct claiming *claiming)
{
    const struct lb_outreach *outreach = claiming->claim->outreach;
    return outreach->asked < ASKED_MAX || outreach->asked == claiming->asked_before;
}

/* How many this write may hand out still. */
static size_t left(const struct claiming *claiming)
{
    const struct lb_claim *claim = claiming->claim;
    size_t wanted = claim->max - claim->count, piece = claim->kept + PIECE_MAX - claim->count;
    return claiming->others && piece < wanted ? piece : wanted;
}

static bool wants_more(const struct claiming *claiming)
{
    return left(claiming) && claiming->claim->texts.len < TEXTS_MAX_BYTES && may_look(claiming);
}

/* --- One lead --- */

/* Copies a string after the claim's others. */
static struct lb_claimed_text keep(struct lb_claim *claim, struct lb_str text)
{
    struct lb_claimed_text kept = {claim->texts.len, text.len, text.ptr != NULL};
    if (text.ptr)
        lb_buf_append_str(&claim->texts, text);
    return kept;
}

static struct lb_claimed *new_item(struct lb_claim *claim)
{
    return lb_array_reserve(claim->items, claim->capacity, claim->count + 1)
               ? &claim->items[claim->count]
               : NULL;
}

static lb_err move(struct claiming *claiming, const struct lb_lead_row *before,
                   const struct lb_lead_row *lead)
{
    return lb_outreach_move(claiming->claim->outreach, before, lead, &claiming->counts);
}

/* The cache did not know: corrected here. */
static lb_err set_aside(struct claiming *claiming, const struct lb_lead_row *before)
{
    struct lb_lead_row lead = *before;
    lead.set_aside = true;
    claiming->claim->outreach->fruitless++;
    return move(claiming, before, &lead);
}

/* Another campaign has contacted the person: comes back when the days are over. */
static lb_err skip(struct claiming *claiming, const struct lb_lead_row *before, int64_t contacted)
{
    struct lb_lead_row lead = *before;
    lead.set_aside = true;
    lead.contacted_at = contacted < claiming->now ? contacted : claiming->now;
    claiming->claim->outreach->fruitless++;
    return move(claiming, before, &lead);
}

/* Nothing more is handed out for the lead, which gets these marks. */
static lb_err finish(struct claiming *claiming, const struct lb_lead_row *before, unsigned marks)
{
    struct lb_lead_row lead = *before;
    lead.status = LB_LEAD_COMPLETED;
    lead.marks |= marks;
    lead.queue = LB_QUEUE_SCHEDULED;
    claiming->claim->outreach->fruitless++;
    return move(claiming, before, &lead);
}

/* An activity that was out, or given back, and goes to none again is let go: the sender that has
 * it may still report it. */
static lb_err let_go(struct claiming *claiming, const struct lb_lead_row *lead)
{
    struct lb_activity_row activity;
    lb_err err = claiming->store->ops->activity(claiming->reader, lead->workspace, lead->no,
                                                lead->step, &activity);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    activity.state = LB_ACTIVITY_RETRY;
    activity.changed_at = claiming->now;
    return claiming->store->ops->activity_put(claiming->store, &activity);
}

/* The step that the lead waited for is not the one that it gets: that one's delay counts. */
static lb_err wait_again(struct claiming *claiming, const struct lb_lead_row *before, size_t index)
{
    struct lb_lead_row lead = *before;
    lead.step = claiming->sequence.steps[index].no;
    lead.queue = LB_QUEUE_SCHEDULED;
    claiming->claim->outreach->fruitless++;
    return move(claiming, before, &lead);
}

/* Was it handed out, without a report since that it failed? Then the person counts as contacted. */
static bool was_out(const struct lb_activity_row *activity)
{
    bool reported = activity->state == LB_ACTIVITY_FAILED && activity->completed_at;
    return activity->attempts && !reported;
}

/* The text cannot be filled in: the activity has failed, and a person has to look at the lead. It
 * is completed only by a report once it has been out: see `contacts` in store/methods.h. */
static lb_err fail(struct claiming *claiming, struct lb_activity_row *activity,
                   const struct lb_lead_row *before, enum lb_rendering rendering,
                   struct lb_str missing)
{
    struct lb_lead_row lead = *before;
    char detail[256];
    int len = rendering == LB_RENDER_TOO_LONG
                  ? snprintf(detail, sizeof detail, "The filled-in text is longer than %d bytes.",
                             LB_MESSAGE_BYTES_MAX)
                  : snprintf(detail, sizeof detail,
                             "The lead has no '%.*s' and the template no fallback for it.",
                             (int)missing.len, missing.ptr ? missing.ptr : "");
    activity->completed_at = was_out(activity) ? 0 : claiming->now;
    activity->state = LB_ACTIVITY_FAILED;
    activity->changed_at = claiming->now;
    activity->detail = (struct lb_str){detail, (size_t)len};
    lead.status = LB_LEAD_ERROR;
    lead.queue = LB_QUEUE_SCHEDULED;
    if (lead.step) /* one for which nothing was handed out yet stays new */
        lead.step = activity->step;
    lead.since = claiming->now;
    claiming->claim->outreach->fruitless++;
    lb_err err = claiming->store->ops->activity_put(claiming->store, activity);
    return err ? err : move(claiming, before, &lead);
}

static lb_err lease(struct claiming *claiming, struct lb_activity_row *activity,
                    const struct lb_lead_row *before)
{
    struct lb_lead_row lead = *before;
    activity->state = LB_ACTIVITY_CLAIMED;
    activity->attempts++;
    activity->lease_until = claiming->lease_until;
    activity->claimed_at = claiming->now;
    activity->changed_at = claiming->now;
    activity->completed_at = 0;
    activity->detail = (struct lb_str){0};
    lb_id_random(activity->lease_token, sizeof activity->lease_token - 1);
    lead.status = LB_LEAD_ACTIVE;
    lead.queue = LB_QUEUE_CLAIMED;
    lead.step = activity->step;
    lead.since = claiming->lease_until;
    lb_err err = claiming->store->ops->activity_put(claiming->store, activity);
    return err ? err : move(claiming, before, &lead);
}

/* The activity of this lead and step, new or claimed before. */
static lb_err find_activity(struct claiming *claiming, const struct lb_lead_row *lead,
                            uint64_t step, struct lb_activity_row *out)
{
    lb_err err =
        claiming->store->ops->activity(claiming->reader, lead->workspace, lead->no, step, out);
    if (err == LB_ERR_NOT_FOUND) {
        *out = (struct lb_activity_row){lead->no, step, lead->workspace, lead->campaign};
        return LB_OK;
    }
    if (!err && out->state == LB_ACTIVITY_FAILED)
        out->retries = 0; /* a person has set the lead back */
    return err;
}

static void fill_in(struct lb_claim *claim, struct lb_claimed *item, const struct lb_lead_row *lead)
{
    item->lead = lead->no;
    item->identifier = keep(claim, lead->identifier);
    item->member_id = keep(claim, lead->member_id);
    for (int i = 0; i < LB_LEAD_FIELD_COUNT; i++)
        item->fields[i] = keep(claim, lead->fields[i]);
    item->variables = keep(claim, lead->variables);
}

/* Reads the texts of a step, if they are not those that were read last: all of a campaign may be
 * megabytes, and most claims hand out one step, or nothing. */
static lb_err read_texts(struct claiming *claiming, uint64_t step)
{
    if (claiming->texts_of == step)
        return LB_OK;
    lb_sequence_fini(&claiming->texts);
    lb_err err =
        lb_sequence_load_texts_of(claiming->store, claiming->reader, claiming->claim->standing.list,
                                  (int64_t)step, &claiming->texts);
    claiming->texts_of = err ? 0 : step;
    return err;
}

/* The message of a step for a lead: `body`, filled in. */
static enum lb_rendering put_message(struct claiming *claiming, struct lb_str body,
                                     const struct lb_lead_row *lead, struct lb_claimed *item,
                                     struct lb_str *out_missing)
{
    struct lb_buf *texts = &claiming->claim->texts;
    size_t at = texts->len;
    if (!body.ptr)
        return LB_RENDERED;
    enum lb_rendering result =
        lb_template_render(body, lead, lb_buf_str(&claiming->variables), texts, out_missing);
    item->message = (struct lb_claimed_text){at, texts->len - at, true};
    return result;
}

/* Hands out step `index` to the lead, with its text filled in, or fails it. */
static lb_err hand_out(struct claiming *claiming, const struct lb_lead_row *lead, size_t index)
{
    struct lb_claim *claim = claiming->claim;
    const struct lb_step_row *step = &claiming->sequence.steps[index];
    struct lb_activity_row activity;
    lb_err err = read_texts(claiming, step->no);
    if (!err)
        err = find_activity(claiming, lead, step->no, &activity);
    struct lb_claimed *item = err ? NULL : new_item(claim);
    if (!item)
        return err ? err : LB_ERR_STORAGE_UNAVAILABLE;
    const struct lb_variant_row *variant =
        lb_variant_of(&claiming->texts, step, lead->no, activity.variant);
    activity.variant = variant ? variant->no : 0;
    *item = (struct lb_claimed){.step = step->no,
                                .order = lb_sequence_order(&claiming->sequence, index),
                                .type = step->type,
                                .attempt = activity.attempts + 1,
                                .variant = activity.variant,
                                .lease_until = claiming->lease_until};
    size_t texts_before = claim->texts.len;
    struct lb_str missing;
    fill_in(claim, item, lead);
    enum lb_rendering rendering =
        put_message(claiming, variant ? variant->body : claiming->texts.steps[index].body, lead,
                    item, &missing);
    if (claim->texts.failed)
        return LB_ERR_STORAGE_UNAVAILABLE;
    if (rendering != LB_RENDERED) {
        claim->texts.len = texts_before;
        return fail(claiming, &activity, lead, rendering, missing);
    }
    err = lease(claiming, &activity, lead);
    memcpy(item->lease_token, activity.lease_token, sizeof item->lease_token);
    claim->count++;
    return err;
}

/* Finds the step that the lead gets, which is another one than it waited for when that is gone, and
 * goes on with it. */
static lb_err serve(struct claiming *claiming, const struct lb_lead_row *lead)
{
    const struct lb_sequence *sequence = &claiming->sequence;
    size_t index;
    lb_err err = lb_sequence_step_of(sequence, claiming->store, claiming->reader, lead->no,
                                     lead->step, &index);
    bool waited_for =
        !lead->step || (index != LB_SEQUENCE_NONE && sequence->steps[index].no == lead->step);
    if (!err && waited_for && index != LB_SEQUENCE_NONE)
        return hand_out(claiming, lead, index);
    if (!err && lead->queue != LB_QUEUE_SCHEDULED)
        err = let_go(claiming, lead);
    if (err)
        return err;
    return index == LB_SEQUENCE_NONE ? finish(claiming, lead, 0)
                                     : wait_again(claiming, lead, index);
}

/* Another lead is the same person, or a colleague has replied. */
static lb_err give_way(struct claiming *claiming, const struct lb_lead_row *lead, unsigned marks)
{
    lb_err err = lead->queue == LB_QUEUE_SCHEDULED ? LB_OK : let_go(claiming, lead);
    return err ? err : finish(claiming, lead, marks);
}

/* Another lead is the same person and gives way, but is paused: so is this one. */
static lb_err take_pause(struct claiming *claiming, const struct lb_lead_row *before,
                         uint64_t paused)
{
    struct lb_outreach *outreach = claiming->claim->outreach;
    struct lb_lead_row lead = *before;
    lead.status = LB_LEAD_PAUSED;
    outreach->fruitless++;
    lb_err err = move(claiming, before, &lead);
    return err ? err
               : lb_outreach_end_lead(outreach, claiming->claim->standing.list, paused,
                                      LB_MARK_GAVE_WAY, &claiming->counts);
}

/* Looks at one lead of the queue; it leaves its place in the queue in any case. */
static lb_err take_lead(struct claiming *claiming, uint64_t no,
                        const struct lb_restraint *restraint)
{
    struct lb_outreach *outreach = claiming->claim->outreach;
    struct lb_lead_row lead;
    enum lb_scope scope;
    struct lb_same_person same;
    claiming->claim->write.touched = true;
    lb_err err = claiming->store->ops->lead(claiming->reader,
                                            claiming->claim->standing.list.workspace, no, &lead);
    if (!err)
        err = lb_outreach_scope(outreach, &lead, &scope);
    if (!err && scope != LB_SCOPE_NONE)
        return set_aside(claiming, &lead);
    if (!err)
        err = lb_outreach_same_person(outreach, &lead, &same);
    if (err)
        return err;
    if (same.gives_way || restraint->colleague)
        return give_way(claiming, &lead, same.gives_way ? LB_MARK_GAVE_WAY : 0);
    if (same.paused)
        return take_pause(claiming, &lead, same.paused);
    return restraint->contact.at ? skip(claiming, &lead, restraint->contact.at)
                                 : serve(claiming, &lead);
}

/* What keeps these leads from being handed out, beside blocks. */
static lb_err find_restraints(struct claiming *claiming, const uint64_t *leads, size_t count,
                              struct lb_restraint out[FETCH_MAX], size_t *out_known)
{
    struct lb_outreach *outreach = claiming->claim->outreach;
    size_t left = outreach->asked < ASKED_MAX ? ASKED_MAX - outreach->asked : 0;
    struct lb_list list = claiming->claim->standing.list;
    const struct lb_restraint_question question = {
        .outreach = outreach,
        .reader = claiming->reader,
        .list = list,
        .settings = claiming->state.settings,
        .exclusion = lb_outreach_exclusion(outreach, list.workspace),
        .now = claiming->now,
        .look_ups_max = left < ASKED_LEAST ? ASKED_LEAST : left,
        .asked = &outreach->asked};
    return lb_restraints_find(&question, leads, count, out, out_known);
}

/* --- The queue --- */

/* The number of the first step that is there; 0 when none is. */
static uint64_t first_step(const struct claiming *claiming)
{
    size_t first = lb_sequence_next(&claiming->sequence, 0);
    return first == LB_SEQUENCE_NONE ? 0 : claiming->sequence.steps[first].no;
}

/* Takes leads that wait for step `step`, in this queue, since `before` or earlier. */
static lb_err take_due(struct claiming *claiming, uint64_t step, enum lb_lead_queue queue,
                       int64_t before)
{
    const struct lb_store_ops *ops = claiming->store->ops;
    struct lb_list list = claiming->claim->standing.list;
    uint64_t likely = step ? step : first_step(claiming);
    static const struct lb_restraint NONE;
    bool restrains = lb_restrains(&claiming->state.settings);
    struct lb_restraint restraints[FETCH_MAX];
    uint64_t leads[FETCH_MAX];
    lb_err err = LB_OK;
    bool all = false;
    size_t count = 0, known;
    size_t more =
        1; /* where the first ones were blocked, others may be: a company's, for example */
    while (!err && !all && wants_more(claiming) && may_ask(claiming)) {
        size_t wanted = left(claiming) > more ? left(claiming) : more;
        wanted = wanted < FETCH_MAX ? wanted : FETCH_MAX;
        more *= 4;
        err = ops->leads_due(claiming->reader, list.workspace, list.campaign, queue, step, before,
                             wanted, leads, &count);
        if (!err && count)
            ops->prefetch_leads(claiming->reader, list.workspace, leads, count, likely);
        known = count; /* of those after them is asked when they are fetched again */
        if (!err && count && restrains)
            err = find_restraints(claiming, leads, count, restraints, &known);
        for (size_t i = 0; !err && i < known && wants_more(claiming); i++)
            err = take_lead(claiming, leads[i], restrains ? &restraints[i] : &NONE);
        all = count < wanted && known == count; /* those that were taken have left the queue */
    }
    return err;
}

/* In this order: leases that ran out, retries, and those that are scheduled. */
static const enum lb_lead_queue queues[] = {LB_QUEUE_CLAIMED, LB_QUEUE_RETRY, LB_QUEUE_SCHEDULED};
#define QUEUES (sizeof queues / sizeof *queues)

/* Since when or earlier those of a queue of a step wait that are taken: where the step was deleted,
 * also those that are not due. */
static int64_t taken_since(const struct claiming *claiming, const struct lb_step_row *step,
                           enum lb_lead_queue queue)
{
    if (queue != LB_QUEUE_SCHEDULED)
        return claiming->now;
    return step->deleted_at ? INT64_MAX : lb_due_since(step, claiming->now);
}

/* In a store that is far away each queue would be a question, and few have leads. */
static void look_ahead(const struct claiming *claiming)
{
    const struct lb_store_ops *ops = claiming->store->ops;
    struct lb_list list = claiming->claim->standing.list;
    for (size_t i = 0; i < claiming->sequence.count * QUEUES; i++) {
        const struct lb_step_row *step = &claiming->sequence.steps[i / QUEUES];
        enum lb_lead_queue queue = queues[i % QUEUES];
        ops->prefetch_due(claiming->reader, list.workspace, list.campaign, queue, step->no,
                          taken_since(claiming, step, queue));
    }
}

/* Those that wait for one step. */
static lb_err take_step(struct claiming *claiming, const struct lb_step_row *step)
{
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < QUEUES; i++)
        err = take_due(claiming, step->no, queues[i], taken_since(claiming, step, queues[i]));
    return err;
}

/* Those that wait for steps that were deleted: they go on to what comes after these. */
static lb_err take_deleted(struct claiming *claiming)
{
    const struct lb_sequence *sequence = &claiming->sequence;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < sequence->count && wants_more(claiming); i++)
        if (sequence->steps[i].deleted_at)
            err = take_step(claiming, &sequence->steps[i]);
    return err;
}

/* Those who are furthest come first. */
static lb_err take_begun(struct claiming *claiming)
{
    const struct lb_sequence *sequence = &claiming->sequence;
    lb_err err = LB_OK;
    for (size_t i = sequence->count; !err && i-- > 0 && wants_more(claiming);) {
        const struct lb_step_row *step = &sequence->steps[i];
        if (!step->deleted_at)
            err = take_step(claiming, step);
    }
    return err;
}

/* Those for whom nothing was handed out yet. */
static lb_err take_new(struct claiming *claiming)
{
    size_t first = lb_sequence_next(&claiming->sequence, 0);
    if (first == LB_SEQUENCE_NONE)
        return LB_OK;
    int64_t due = lb_due_at(&claiming->sequence.steps[first], claiming->state.activated_at);
    return due <= claiming->now ? take_due(claiming, 0, LB_QUEUE_SCHEDULED, INT64_MAX) : LB_OK;
}

/* Of a clock that was ahead. */
static lb_err set_right(struct claiming *claiming)
{
    struct lb_righting righting = {.outreach = claiming->claim->outreach,
                                   .list = claiming->claim->standing.list,
                                   .counts = &claiming->counts,
                                   .now = claiming->now};
    lb_err err = lb_outreach_set_right(&righting, &claiming->sequence, &claiming->state);
    claiming->claim->write.touched |= righting.found != 0;
    return err;
}

/* Have leases that the claim itself gave out run out since? It would hand those out again. */
static bool ran_out(const struct claiming *claiming)
{
    const struct lb_claim *claim = claiming->claim;
    return claim->kept && claim->items[0].lease_until <= claiming->now;
}

static lb_err take_all(struct claiming *claiming)
{
    if (ran_out(claiming))
        return LB_OK;
    lb_err err = set_right(claiming);
    if (!err && wants_more(claiming))
        look_ahead(claiming);
    if (!err)
        err = take_deleted(claiming);
    if (!err)
        err = take_begun(claiming);
    if (!err && wants_more(claiming))
        err = take_new(claiming);
    if (err || !claiming->claim->write.touched)
        return err;
    return lb_outreach_count(claiming->claim->outreach, claiming->claim->standing.list,
                             &claiming->counts);
}

static lb_err prepare(struct claiming *claiming)
{
    struct lb_claim *claim = claiming->claim;
    lb_err err = lb_outreach_campaign(claim->outreach, &claim->standing, &claim->write.reason,
                                      &claiming->state);
    if (err || claiming->state.status != LB_CAMPAIGN_ACTIVE)
        return err;
    lb_buf_append_str(&claiming->variables, claiming->state.variables);
    if (claiming->variables.failed)
        return LB_ERR_STORAGE_UNAVAILABLE;
    return lb_sequence_load(claiming->store, claiming->reader, claim->standing.list, false,
                            &claiming->sequence);
}

static lb_err apply_claim(struct lb_write *write, struct lb_store *store)
{
    struct lb_claim *claim = (struct lb_claim *)write;
    struct claiming claiming = {.claim = claim,
                                .store = store,
                                .reader = lb_outreach_reader(claim->outreach),
                                .now = lb_clock_wall_ms(),
                                .others = write->writer &&
                                          lb_writer_has_others(write->writer, write->share),
                                .fruitless_before = claim->outreach->fruitless,
                                .asked_before = claim->outreach->asked};
    lb_claim_forget(claim);
    claiming.lease_until = claiming.now + (int64_t)claim->lease_s * 1000;
    lb_err err = prepare(&claiming);
    if (!err && claiming.state.status == LB_CAMPAIGN_ACTIVE)
        err = take_all(&claiming);
    claim->cut = !may_look(&claiming) || !may_ask(&claiming);
    claim->piece = !left(&claiming) && claim->count < claim->max;
    write->records = (claim->count - claim->kept) * ACTIVITY_BYTES;
    lb_sequence_fini(&claiming.sequence);
    lb_sequence_fini(&claiming.texts);
    lb_buf_fini(&claiming.variables);
    return err;
}

void lb_claim_activities(struct lb_claim *claim)
{
    claim->kept = claim->count;
    claim->kept_texts = claim->texts.len;
    claim->write.records = ACTIVITY_BYTES;
    claim->write.apply = apply_claim;
}

void lb_claim_forget(struct lb_claim *claim)
{
    claim->count = claim->kept;
    claim->texts.len = claim->kept_texts;
    claim->piece = false;
}

struct lb_str lb_claim_text(const struct lb_claim *claim, struct lb_claimed_text text)
{
    if (!text.given)
        return (struct lb_str){0};
    return (struct lb_str){text.len ? claim->texts.ptr + text.at : "", text.len};
}

void lb_claim_fini(struct lb_claim *claim)
{
    free(claim->items);
    lb_buf_fini(&claim->texts);
    claim->items = NULL;
    claim->count = claim->capacity = claim->kept = claim->kept_texts = 0;
}
