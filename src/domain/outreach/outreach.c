#include "domain/outreach/internal.h"

#include "base/array.h"
#include "domain/outreach/counts.h"

/* Leads of one name that are looked up at a time: a name stands once in a campaign. */
#define REFS_AT_A_TIME 64

static void batch_begin(void *context)
{
    struct lb_outreach *outreach = context;
    outreach->status_count = 0;
    outreach->fruitless = 0;
    outreach->ending = 0;
    outreach->counted = (struct lb_list){0};
}

static lb_err write_count(struct lb_outreach *outreach);

static lb_err batch_prepare(void *context)
{
    return write_count(context);
}

static void batch_publish(void *context)
{
    struct lb_outreach *outreach = context;
    for (size_t i = 0; i < outreach->status_count; i++) {
        const struct lb_new_status *changed = &outreach->statuses[i];
        struct lb_campaign *campaign =
            lb_directory_campaign_no(outreach->settings.directory, changed->campaign);
        if (campaign)
            atomic_store(&campaign->status, (int)changed->status);
    }
}

static void upkeep(void *context)
{
    struct lb_outreach *outreach = context;
    lb_purge_upkeep(outreach->remains);
}

lb_err lb_outreach_campaign(struct lb_outreach *outreach, const struct lb_standing *standing,
                            struct lb_reason *reason, struct lb_campaign_state *out)
{
    lb_err err = lb_standing_check(standing, outreach->settings.store, reason);
    if (!err)
        err = write_count(outreach);
    if (!err)
        err = outreach->settings.store->ops->campaign_state(
            lb_outreach_reader(outreach), standing->list.workspace, standing->list.campaign, out);
    if (err == LB_ERR_NOT_FOUND) /* deleted by an earlier write of the batch */
        return lb_fail(reason, LB_ERR_CAMPAIGN_NOT_FOUND, "No campaign '%.*s' in this workspace.",
                       (int)standing->campaign_id.len, standing->campaign_id.ptr);
    return err;
}

lb_err lb_outreach_scope(struct lb_outreach *outreach, const struct lb_lead_row *lead,
                         enum lb_scope *out)
{
    struct lb_blocklist *blocklist = outreach->settings.blocklist;
    struct lb_list list = {lead->workspace, lead->campaign};
    enum lb_scope by_member = LB_SCOPE_NONE;
    lb_err err = lb_blocklist_check_in_batch(blocklist, list, lead->identifier, out);
    if (!err && *out != LB_SCOPE_WORKSPACE && lead->member_id.ptr)
        err = lb_blocklist_check_in_batch(blocklist, list, lead->member_id, &by_member);
    if (by_member == LB_SCOPE_WORKSPACE || *out == LB_SCOPE_NONE)
        *out = by_member == LB_SCOPE_NONE ? *out : by_member;
    return err;
}

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
        return lb_outreach_set_status(outreach, campaign, LB_CAMPAIGN_COMPLETED);
    if (state.status == LB_CAMPAIGN_COMPLETED && left)
        return lb_outreach_set_status(outreach, campaign, LB_CAMPAIGN_PAUSED);
    return LB_OK;
}

static lb_err write_count(struct lb_outreach *outreach)
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

lb_err lb_outreach_count(struct lb_outreach *outreach, struct lb_list campaign,
                         const struct lb_counts *change)
{
    lb_err err = outreach->counted.campaign == campaign.campaign ? LB_OK : write_count(outreach);
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
    return store->ops->lead_move(store, lead);
}

/* Brings a lead's set_aside in step with the blocklists. */
static lb_err refresh(struct lb_outreach *outreach, uint32_t workspace, uint64_t no)
{
    struct lb_store *store = outreach->settings.store;
    struct lb_lead_row before;
    enum lb_scope scope;
    lb_err err = store->ops->lead(lb_outreach_reader(outreach), workspace, no, &before);
    if (!err)
        err = lb_outreach_scope(outreach, &before, &scope);
    if (err || before.set_aside == (scope != LB_SCOPE_NONE))
        return err;
    struct lb_lead_row lead = before;
    struct lb_counts change = {0};
    lead.set_aside = scope != LB_SCOPE_NONE;
    err = lb_outreach_move(outreach, &before, &lead, &change);
    return err ? err : lb_outreach_count(outreach, lb_list_of_lead(&lead), &change);
}

static lb_err changed(void *context, struct lb_list list, struct lb_str identifier)
{
    struct lb_outreach *outreach = context;
    const struct lb_outreach_settings *settings = &outreach->settings;
    struct lb_workspace *workspace = lb_directory_workspace_no(settings->directory, list.workspace);
    if (!workspace || !workspace->has_leads)
        return LB_OK;
    struct lb_lead_ref refs[REFS_AT_A_TIME];
    uint32_t after = list.campaign ? list.campaign - 1 : 0;
    size_t max = list.campaign ? 1 : REFS_AT_A_TIME;
    size_t count;
    lb_err err;
    do {
        err = settings->store->ops->leads_named(lb_outreach_reader(outreach), list.workspace,
                                                identifier, after, max, refs, &count);
        for (size_t i = 0; !err && i < count; i++) {
            after = refs[i].campaign;
            bool meant = !list.campaign || refs[i].campaign == list.campaign;
            if (meant && lb_directory_campaign_no(settings->directory, refs[i].campaign))
                err = refresh(outreach, list.workspace, refs[i].lead);
        }
    } while (!err && count == REFS_AT_A_TIME);
    return err;
}

struct lb_outreach *lb_outreach_create(const struct lb_outreach_settings *settings)
{
    struct lb_outreach *outreach = calloc(1, sizeof *outreach);
    if (!outreach)
        return NULL;
    outreach->settings = *settings;
    outreach->remains = lb_purge_create(settings->store);
    if (!outreach->remains) {
        free(outreach);
        return NULL;
    }
    struct lb_blocklist_follower follower = {.context = outreach,
                                             .batch_begin = batch_begin,
                                             .changed = changed,
                                             .batch_prepare = batch_prepare,
                                             .batch_publish = batch_publish,
                                             .upkeep = upkeep};
    lb_blocklist_follow(settings->blocklist, &follower);
    return outreach;
}

void lb_outreach_destroy(struct lb_outreach *outreach)
{
    if (!outreach)
        return;
    lb_purge_destroy(outreach->remains);
    free(outreach->statuses);
    free(outreach);
}

lb_err lb_outreach_load(struct lb_outreach *outreach, struct lb_writer *writer)
{
    return lb_purge_load(outreach->remains, writer);
}

bool lb_outreach_reserve_end(struct lb_outreach *outreach)
{
    return lb_purge_reserve(outreach->remains, ++outreach->ending);
}

void lb_outreach_end_campaign(struct lb_outreach *outreach, struct lb_list campaign)
{
    lb_purge_add(outreach->remains, campaign);
}
