/* How far a campaign is: the counts of its leads, and its status. */
#include "domain/outreach/internal.h"

#include "base/array.h"
#include "domain/outreach/counts.h"

lb_err lb_outreach_set_status(struct lb_outreach *outreach, struct lb_list campaign,
                              enum lb_campaign_status status)
{
    struct lb_store *store = outreach->settings.store;
    if (!lb_array_reserve(outreach->statuses, outreach->status_capacity,
                          outreach->status_count + 1))
        return LB_ERR_STORAGE_UNAVAILABLE;
    outreach->statuses[outreach->status_count++] =
        (struct lb_new_status){campaign.campaign, status};
    return store->ops->campaign_set_status(store, campaign.workspace, campaign.campaign, status);
}

static lb_err add_news(struct lb_outreach *outreach, struct lb_list campaign,
                       enum lb_event_type type, const struct lb_counts *counts)
{
    if (!lb_array_reserve(outreach->news, outreach->news_capacity, outreach->news_count + 1))
        return LB_ERR_STORAGE_UNAVAILABLE;
    outreach->news[outreach->news_count++] =
        (struct lb_campaign_news){campaign, type, lb_counts_progress(counts)};
    return LB_OK;
}

lb_err lb_outreach_tell_news(struct lb_outreach *outreach)
{
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < outreach->news_count; i++) {
        const struct lb_campaign_news *news = &outreach->news[i];
        struct lb_workspace *workspace =
            lb_directory_workspace_no(outreach->settings.directory, news->campaign.workspace);
        if (workspace)
            err = lb_events_record(outreach->settings.events, workspace, news->type,
                                   news->campaign.campaign, 0, 0, news->progress);
    }
    outreach->news_count = 0;
    return err;
}

static lb_err complete(struct lb_outreach *outreach, struct lb_list campaign,
                       const struct lb_counts *counts)
{
    lb_err err = lb_outreach_set_status(outreach, campaign, LB_CAMPAIGN_COMPLETED);
    return err ? err : add_news(outreach, campaign, LB_EVENT_CAMPAIGN_COMPLETED, counts);
}

/* `outreach->count` is what has changed. */
static lb_err settle(struct lb_outreach *outreach, struct lb_list campaign)
{
    struct lb_campaign_state state;
    struct lb_store *store = outreach->settings.store;
    lb_err err = store->ops->campaign_state(lb_outreach_reader(outreach), campaign.workspace,
                                            campaign.campaign, &state);
    if (err) /* not found: deleted by an earlier write of the batch */
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    bool left = lb_counts_left(&state.counts) > 0;
    if (state.status == LB_CAMPAIGN_ACTIVE && !left && lb_counts_total(&state.counts) > 0)
        return complete(outreach, campaign, &state.counts);
    if (state.status == LB_CAMPAIGN_ACTIVE && !left && lb_counts_total(&outreach->count) < 0)
        return add_news(outreach, campaign, LB_EVENT_CAMPAIGN_WITHOUT_LEADS, &state.counts);
    if (state.status == LB_CAMPAIGN_COMPLETED && left)
        return lb_outreach_set_status(outreach, campaign, LB_CAMPAIGN_PAUSED);
    return LB_OK;
}

lb_err lb_outreach_write_count(struct lb_outreach *outreach)
{
    struct lb_store *store = outreach->settings.store;
    struct lb_list campaign = outreach->counted;
    if (!campaign.campaign)
        return LB_OK;
    outreach->counted = (struct lb_list){0};
    lb_err err =
        store->ops->campaign_count(store, campaign.workspace, campaign.campaign, &outreach->count);
    return err ? err : settle(outreach, campaign);
}

lb_err lb_outreach_campaign(struct lb_outreach *outreach, const struct lb_standing *standing,
                            struct lb_reason *reason, struct lb_campaign_state *out)
{
    lb_err err = lb_standing_check(standing, outreach->settings.store, reason);
    if (!err)
        err = lb_outreach_write_count(outreach);
    if (!err)
        err = outreach->settings.store->ops->campaign_state(
            lb_outreach_reader(outreach), standing->list.workspace, standing->list.campaign, out);
    if (err == LB_ERR_NOT_FOUND) /* deleted by an earlier write of the batch */
        return lb_fail(reason, LB_ERR_CAMPAIGN_NOT_FOUND, "No campaign '%.*s' in this workspace.",
                       (int)standing->campaign_id.len, standing->campaign_id.ptr);
    return err;
}

lb_err lb_outreach_count(struct lb_outreach *outreach, struct lb_list campaign,
                         const struct lb_counts *change)
{
    lb_err err =
        outreach->counted.campaign == campaign.campaign ? LB_OK : lb_outreach_write_count(outreach);
    if (!outreach->counted.campaign)
        outreach->count = (struct lb_counts){0};
    outreach->counted = campaign;
    lb_counts_add(&outreach->count, change);
    return err;
}

lb_err lb_outreach_move(struct lb_outreach *outreach, const struct lb_lead_row *before,
                        const struct lb_lead_row *lead, struct lb_counts *change)
{
    struct lb_store *store = outreach->settings.store;
    lb_counts_lead(change, before, -1);
    lb_counts_lead(change, lead, 1);
    lb_err err = lead->contacted_at == before->contacted_at
                     ? LB_OK
                     : store->ops->lead_set_contacted(store, lead);
    if (!err && lb_outreach_is_blocked(lead) && !lb_outreach_is_blocked(before))
        err = lb_exclusion_find_anew(outreach, lead);
    return err ? err : store->ops->lead_move(store, lead);
}
