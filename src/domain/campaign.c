#include "domain/campaign.h"

#include "base/clock.h"
#include "base/id.h"
#include "domain/must.h"

static struct lb_campaign_change *change_of(struct lb_write *write)
{
    return (struct lb_campaign_change *)write;
}

bool lb_campaign_id_valid(struct lb_str id)
{
    if (id.len == 0 || id.len > LB_CAMPAIGN_ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
              c == '_' || c == '-'))
            return false;
    }
    return true;
}

static lb_err audit(const struct lb_campaign_change *change, struct lb_store *store,
                    const char *action)
{
    const struct lb_key *key = change->standing.key;
    struct lb_audit_row row = {.workspace = change->standing.workspace->row.no,
                               .key = key ? key->row.no : 0,
                               .at = lb_clock_wall_ms(),
                               .action = action,
                               .target = change->row.id};
    return store->ops->audit_append(store, &row);
}

static lb_err apply_create(struct lb_write *write, struct lb_store *store)
{
    struct lb_campaign_change *change = change_of(write);
    lb_err err = lb_standing_check(&change->standing, &write->reason);
    if (err)
        return err;
    if (change->max_campaigns &&
        change->standing.workspace->campaign_count >= change->max_campaigns)
        return lb_fail(
            &write->reason, LB_ERR_WORKSPACE_OVERLOADED,
            "This workspace has %zu campaigns, which is as many as it may. Delete some, or "
            "ask the operator to raise max-workspace-campaigns.",
            change->standing.workspace->campaign_count);
    change->row.workspace = change->standing.workspace->row.no;
    change->row.created_at = lb_clock_wall_ms();
    change->row.status = LB_CAMPAIGN_DRAFT;
    err = store->ops->campaign_insert(store, &change->row);
    if (err == LB_ERR_ALREADY_EXISTS)
        return lb_fail(&write->reason, err, "This workspace has a campaign '%s' already.",
                       change->row.id);
    write->touched = true;
    return err ? err : audit(change, store, "campaign.create");
}

static void publish_create(struct lb_write *write)
{
    struct lb_campaign_change *change = change_of(write);
    lb_must(lb_access_add_campaign(change->standing.access, &change->row) != NULL);
}

/* The campaign that the standing names; lb_standing_check has found it. */
static struct lb_campaign *campaign_of(const struct lb_campaign_change *change)
{
    return lb_access_campaign(change->standing.access, change->standing.workspace->row.no,
                              change->standing.campaign_id);
}

static lb_err apply_delete(struct lb_write *write, struct lb_store *store)
{
    struct lb_campaign_change *change = change_of(write);
    lb_err err = lb_standing_check(&change->standing, &write->reason);
    if (err)
        return err;
    change->row = campaign_of(change)->row;
    write->touched = true;
    err = store->ops->campaign_delete(store, change->row.no, lb_clock_wall_ms());
    return err ? err : audit(change, store, "campaign.delete");
}

static void publish_delete(struct lb_write *write)
{
    struct lb_campaign_change *change = change_of(write);
    struct lb_campaign *campaign = campaign_of(change);
    if (!campaign || campaign->row.no != change->row.no)
        return; /* deleted twice in one batch */
    lb_access_remove_campaign(change->standing.access, campaign);
    if (change->blocklist)
        lb_blocklist_end_list(change->blocklist, change->standing.list);
}

static lb_err apply_set_status(struct lb_write *write, struct lb_store *store)
{
    struct lb_campaign_change *change = change_of(write);
    lb_err err = lb_standing_check(&change->standing, &write->reason);
    if (err)
        return err;
    enum lb_campaign_status status = change->row.status;
    change->row = campaign_of(change)->row;
    change->row.status = status;
    write->touched = true;
    err = store->ops->campaign_set_status(store, change->row.no, status);
    return err ? err
               : audit(change, store,
                       status == LB_CAMPAIGN_ACTIVE ? "campaign.activate" : "campaign.pause");
}

static void publish_set_status(struct lb_write *write)
{
    struct lb_campaign_change *change = change_of(write);
    struct lb_campaign *campaign = campaign_of(change);
    if (campaign && campaign->row.no == change->row.no)
        atomic_store(&campaign->status, (int)change->row.status);
}

void lb_campaign_create(struct lb_campaign_change *change)
{
    if (!change->row.id[0])
        lb_id_make(change->row.id, sizeof change->row.id, "cmp_");
    change->write.apply = apply_create;
    change->write.publish = publish_create;
}

void lb_campaign_delete(struct lb_campaign_change *change)
{
    change->write.apply = apply_delete;
    change->write.publish = publish_delete;
}

void lb_campaign_set_status(struct lb_campaign_change *change)
{
    change->write.apply = apply_set_status;
    change->write.publish = publish_set_status;
}
