/* Leads that were skipped because another campaign had contacted them come back when the days are
 * over, or the setting has been changed: in small writes of 200 at most, fewer when the people are
 * in many campaigns, of one campaign after the other, so that one whose writes fail holds no other
 * up. One that was contacted again meanwhile stays aside until those days are over.
 *
 * A contact may also stop counting: it is reported failed, or its campaign or lead is deleted. So
 * all skipped leads are looked at again, slowly: about once a minute when they are few.
 *
 * All nodes look; whichever comes second finds nothing to do. Threads: the writer's. */
#include "base/clock.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/restraint.h"
#include "writer/own_write.h"

#define LEADS_AT_A_TIME 200
/* In one write, but for those of its first lead; the other leads follow in the next one. */
#define LOOK_UPS_MAX   2000
#define LOOK_AGAIN_MS  2000
#define SWEEP_AGAIN_MS 60000           /* from the end of a round */
#define SWEEP_REST_MS  1000            /* within one */
#define REST_FACTOR    20              /* times as long as a look took */
#define EVER           (INT64_MAX / 2) /* after all days */

struct lb_contacted {
    struct lb_own_write own; /* first: `apply` and `finish` get it */
    struct lb_outreach *outreach;
    uint64_t look_at_ms;
    struct lb_retry looks; /* which ask all parts of the database, unlike writes */
    struct lb_list looked; /* the campaign whose leads came back last */
    uint64_t sweep_at_ms;
    uint64_t sweep_began_ms;
    bool sweeps;                  /* the write under way */
    struct lb_list swept;         /* campaigns up to this one */
    struct lb_list list_of_place; /* the one after it that is swept */
    struct lb_skipped_place place;
    struct lb_list list;
    uint64_t leads[LEADS_AT_A_TIME];
    size_t count;
    size_t known; /* the first ones, for which the write had look-ups */
};

void lb_contacted_look(struct lb_contacted *contacted)
{
    contacted->look_at_ms = 0;
}

/* Are its days over, or is the contact none any more? Then it is put back, unless there is another
 * contact, or it is blocked by now. */
static lb_err put_back(struct lb_outreach *outreach, const struct lb_restraint_question *question,
                       uint64_t no, const struct lb_contact *contact, struct lb_counts *counts)
{
    int64_t over = question->now - lb_skip_contacted_ms(&question->settings);
    struct lb_lead_row before, lead;
    enum lb_scope scope;
    lb_err err = outreach->settings.store->ops->lead(question->reader, question->list.workspace, no,
                                                     &before);
    bool counts_still = before.contacted_at > over && contact->at >= before.contacted_at;
    if (err || !before.contacted_at || counts_still)
        return err;
    lead = before;
    err = lb_outreach_scope(outreach, &lead, &scope);
    lead.contacted_at = scope == LB_SCOPE_NONE ? contact->at : 0;
    lead.set_aside = scope != LB_SCOPE_NONE || contact->at;
    return err ? err : lb_outreach_move(outreach, &before, &lead, counts);
}

static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    struct lb_contacted *contacted = (struct lb_contacted *)write;
    struct lb_outreach *outreach = contacted->outreach;
    struct lb_restraint_question question = {
        .outreach = outreach,
        .reader = lb_outreach_reader(outreach),
        .list = contacted->list,
        .exclusion = lb_outreach_exclusion(outreach, contacted->list.workspace),
        .now = lb_clock_wall_ms(),
        .look_ups_max = LOOK_UPS_MAX};
    struct lb_restraint restraints[LEADS_AT_A_TIME];
    struct lb_campaign_state state;
    struct lb_counts counts = {0};
    size_t known = 0;
    contacted->known = contacted->count;
    lb_err err = store->ops->campaign_state(question.reader, contacted->list.workspace,
                                            contacted->list.campaign, &state);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    write->touched = true;
    question.settings.skip_contacted_days = state.settings.skip_contacted_days;
    store->ops->prefetch_leads(question.reader, contacted->list.workspace, contacted->leads,
                               contacted->count, 0);
    err = lb_restraints_find(&question, contacted->leads, contacted->count, restraints, &known);
    for (size_t i = 0; !err && i < known; i++)
        err = put_back(outreach, &question, contacted->leads[i], &restraints[i].contact, &counts);
    if (!err)
        contacted->known = known;
    if (err == LB_ERR_NOT_FOUND) /* deleted meanwhile; the others are looked at again */
        err = LB_OK;
    return err ? err : lb_outreach_count(outreach, contacted->list, &counts);
}

static uint64_t rest_ms(uint64_t took, uint64_t least)
{
    return took * REST_FACTOR > least ? took * REST_FACTOR : least;
}

static void submit(struct lb_contacted *contacted, bool sweeps)
{
    contacted->sweeps = sweeps;
    struct lb_write write = {.apply = apply, .heavy = true, .workspace = contacted->list.workspace};
    lb_own_write_submit(&contacted->own, &write); /* if not, by a later look */
}

/* Leads that the write had no look-ups left for. */
static void submit_rest(struct lb_contacted *contacted)
{
    contacted->count -= contacted->known;
    memmove(contacted->leads, contacted->leads + contacted->known,
            contacted->count * sizeof *contacted->leads);
    submit(contacted, contacted->sweeps);
}

static void finish(struct lb_write *write)
{
    struct lb_contacted *contacted = (struct lb_contacted *)write;
    uint64_t now = lb_clock_mono_ms();
    if (!write->result && contacted->known < contacted->count)
        submit_rest(contacted);
    else if (contacted->sweeps)
        contacted->sweep_at_ms = now + rest_ms(now - contacted->sweep_began_ms, SWEEP_REST_MS);
    else
        contacted->look_at_ms = 0;
}

/* The leads of the next campaign that has some whose days are over, those after the last one first.
 */
static lb_err find_due(struct lb_contacted *contacted)
{
    const struct lb_store_ops *ops = contacted->outreach->settings.store->ops;
    struct lb_store_reader *reader = lb_outreach_reader(contacted->outreach);
    struct lb_skipped_place place = {0};
    int64_t now = lb_clock_wall_ms(), over;
    lb_err err = ops->campaign_skipping(reader, contacted->looked, now, &contacted->list, &over);
    if (err == LB_ERR_NOT_FOUND && contacted->looked.workspace) {
        contacted->looked = (struct lb_list){0};
        err = ops->campaign_skipping(reader, contacted->looked, now, &contacted->list, &over);
    }
    contacted->count = 0;
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    contacted->looked = contacted->list;
    return ops->leads_skipped(reader, contacted->list, over, LEADS_AT_A_TIME, &place,
                              contacted->leads, &contacted->count);
}

static void look(struct lb_contacted *contacted, uint64_t began)
{
    lb_err err = find_due(contacted);
    uint64_t now = lb_clock_mono_ms();
    if (err) {
        lb_retry_put_off(&contacted->looks, began);
        return;
    }
    contacted->looks = (struct lb_retry){0};
    contacted->look_at_ms = now + rest_ms(now - began, LOOK_AGAIN_MS);
    if (contacted->count)
        submit(contacted, false);
}

/* The next skipped leads of all, whenever their days end; none: the round is over. */
static lb_err find_any(struct lb_contacted *contacted)
{
    const struct lb_store_ops *ops = contacted->outreach->settings.store->ops;
    struct lb_store_reader *reader = lb_outreach_reader(contacted->outreach);
    struct lb_list next = {0};
    int64_t over;
    contacted->count = 0;
    lb_err err = ops->campaign_skipping(reader, contacted->swept, EVER, &next, &over);
    if (err && err != LB_ERR_NOT_FOUND)
        return err;
    if (err || next.campaign != contacted->list_of_place.campaign)
        contacted->place = (struct lb_skipped_place){0};
    contacted->list = contacted->list_of_place = next;
    if (!err)
        err = ops->leads_skipped(reader, next, over, LEADS_AT_A_TIME, &contacted->place,
                                 contacted->leads, &contacted->count);
    if (err || contacted->count < LEADS_AT_A_TIME)
        contacted->swept = next;
    return err == LB_ERR_NOT_FOUND ? LB_OK : err;
}

static void sweep(struct lb_contacted *contacted)
{
    contacted->sweep_began_ms = lb_clock_mono_ms();
    lb_err err = find_any(contacted);
    uint64_t now = lb_clock_mono_ms();
    bool round_over = !contacted->list_of_place.workspace;
    contacted->sweep_at_ms =
        now + (err || round_over ? SWEEP_AGAIN_MS
                                 : rest_ms(now - contacted->sweep_began_ms, SWEEP_REST_MS));
    if (!err && contacted->count)
        submit(contacted, true);
}

void lb_contacted_upkeep(struct lb_contacted *contacted)
{
    uint64_t now = lb_clock_mono_ms();
    struct lb_store *store = contacted->outreach->settings.store;
    if (!lb_own_write_is_idle(&contacted->own) || lb_retry_waits(&contacted->own.retry, store))
        return;
    if (now >= contacted->look_at_ms && !lb_retry_waits(&contacted->looks, store))
        look(contacted, now);
    else if (now >= contacted->sweep_at_ms)
        sweep(contacted);
}

/* --- Begin and end --- */

struct lb_contacted *lb_contacted_create(struct lb_outreach *outreach)
{
    struct lb_contacted *contacted = lb_own_write_create(sizeof *contacted, finish);
    if (contacted)
        contacted->outreach = outreach;
    return contacted;
}

void lb_contacted_destroy(struct lb_contacted *contacted)
{
    lb_own_write_destroy(contacted);
}

void lb_contacted_begin(struct lb_contacted *contacted, struct lb_writer *writer)
{
    contacted->own.writer = writer;
}
