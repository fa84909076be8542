/* Times that a clock which was ahead has left behind. When a clock stands in 2028 for a while and
 * is set right, leads would wait until 2028: for a lease to end, for a retry, for a delay to pass.
 * No such time can lie further ahead than the longest that is allowed from now; what does counts
 * from now on.
 *
 * A clock that is behind looks the same, as after a boot, before a time service has set it; leads
 * would be handed out early, and twice, once it goes right. So the clock is believed only when it
 * has not been set back for a while.
 *
 * Looked for at the first claims of a campaign then, until nothing is found: that costs a few
 * queries, and nothing later. Threads: the writer's. */
#include "domain/outreach/activity.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/sequence.h"

/* Leads that one claim sets right for each step and queue: all other writes wait. */
#define LEADS_MAX 100

static const enum lb_lead_queue queues[] = {LB_QUEUE_CLAIMED, LB_QUEUE_RETRY, LB_QUEUE_SCHEDULED};

static int64_t latest(enum lb_lead_queue queue, int64_t now)
{
    switch (queue) {
    case LB_QUEUE_CLAIMED:
        return now + LB_CLOCK_SLACK_MS + (int64_t)LB_LEASE_SECONDS_MAX * 1000;
    case LB_QUEUE_RETRY:
        return now + LB_CLOCK_SLACK_MS + LB_RETRY_AFTER_MAX_MS;
    default:
        return now + LB_CLOCK_SLACK_MS;
    }
}

/* The lease begins now: its sender may still be at work, and another must not get the activity. */
static lb_err begin_lease(struct lb_righting *righting, struct lb_lead_row *lead)
{
    struct lb_store *store = righting->outreach->settings.store;
    struct lb_activity_row activity;
    int64_t now = righting->now;
    lb_err err = store->ops->activity(lb_outreach_reader(righting->outreach), lead->workspace,
                                      lead->no, lead->step, &activity);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    int64_t length = activity.lease_until - activity.claimed_at;
    if (length < 0 || length > (int64_t)LB_LEASE_SECONDS_MAX * 1000)
        length = (int64_t)LB_LEASE_SECONDS_MAX * 1000;
    activity.claimed_at = now;
    activity.changed_at = now;
    activity.lease_until = now + length;
    lead->since = activity.lease_until;
    return store->ops->activity_put(store, &activity);
}

static lb_err set_right(struct lb_righting *righting, uint64_t no)
{
    struct lb_outreach *outreach = righting->outreach;
    struct lb_lead_row before;
    lb_err err = outreach->settings.store->ops->lead(lb_outreach_reader(outreach),
                                                     righting->list.workspace, no, &before);
    if (err)
        return err;
    struct lb_lead_row lead = before;
    lead.since = righting->now;
    if (lead.queue == LB_QUEUE_CLAIMED)
        err = begin_lease(righting, &lead);
    righting->found++;
    return err ? err : lb_outreach_move(outreach, &before, &lead, righting->counts);
}

static lb_err search(struct lb_righting *righting, uint64_t step, enum lb_lead_queue queue)
{
    struct lb_outreach *outreach = righting->outreach;
    const struct lb_store_ops *ops = outreach->settings.store->ops;
    struct lb_store_reader *reader = lb_outreach_reader(outreach);
    struct lb_list list = righting->list;
    uint64_t leads[LEADS_MAX];
    size_t count = 0;
    lb_err err = ops->leads_ahead(reader, list.workspace, list.campaign, queue, step,
                                  latest(queue, righting->now), LEADS_MAX, leads, &count);
    if (!err && count)
        ops->prefetch_leads(reader, list.workspace, leads, count, step);
    for (size_t i = 0; !err && i < count; i++)
        err = set_right(righting, leads[i]);
    return err;
}

/* In a store that is far away each queue would be a question. */
static void look_ahead(const struct lb_righting *righting, const struct lb_sequence *sequence)
{
    const struct lb_store_ops *ops = righting->outreach->settings.store->ops;
    struct lb_list list = righting->list;
    for (size_t i = 0; i < sequence->count; i++)
        for (size_t j = 0; j < sizeof queues / sizeof *queues; j++)
            ops->prefetch_ahead(lb_outreach_reader(righting->outreach), list.workspace,
                                list.campaign, queues[j], sequence->steps[i].no,
                                latest(queues[j], righting->now));
}

static lb_err search_all(struct lb_righting *righting, const struct lb_sequence *sequence)
{
    lb_err err = LB_OK;
    look_ahead(righting, sequence);
    for (size_t i = 0; !err && i < sequence->count; i++)
        for (size_t j = 0; !err && j < sizeof queues / sizeof *queues; j++)
            err = search(righting, sequence->steps[i].no, queues[j]);
    return err;
}

static bool is_steady(const struct lb_outreach *outreach)
{
    return lb_clock_boot_ms() - atomic_load(&outreach->steady_since_ms) >= LB_CLOCK_STEADY_MS;
}

static lb_err set_activation(struct lb_righting *righting, struct lb_campaign_state *state)
{
    struct lb_store *store = righting->outreach->settings.store;
    if (state->activated_at <= righting->now + LB_CLOCK_SLACK_MS)
        return LB_OK;
    state->activated_at = righting->now;
    righting->found++;
    return store->ops->campaign_activated(store, righting->list.workspace, righting->list.campaign,
                                          righting->now);
}

lb_err lb_outreach_set_right(struct lb_righting *righting, const struct lb_sequence *sequence,
                             struct lb_campaign_state *state)
{
    struct lb_outreach *outreach = righting->outreach;
    struct lb_campaign *campaign =
        lb_directory_campaign_no(outreach->settings.directory, righting->list.campaign);
    unsigned times = atomic_load(&outreach->times_set_back) + 1;
    righting->found = 0;
    if (!campaign || campaign->set_right == times || !is_steady(outreach))
        return LB_OK;
    lb_err err = set_activation(righting, state);
    if (!err)
        err = search_all(righting, sequence);
    if (!err && righting->found)
        lb_log(LB_LOG_WARN, "clock",
               "campaign %s: %zu times were further ahead than any can be, as after a clock was "
               "ahead; they count from now on",
               campaign->row.id, righting->found);
    /* What was found is not committed yet. */
    if (!err && !righting->found)
        campaign->set_right = times;
    return err;
}

void lb_outreach_clock_set_back(struct lb_outreach *outreach)
{
    atomic_store(&outreach->steady_since_ms, lb_clock_boot_ms());
    atomic_fetch_add(&outreach->times_set_back, 1);
}
