#include "domain/outreach/campaign.h"

#include "base/clock.h"
#include "base/id.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/sequence.h"
#include "domain/outreach/counts.h"

#include <stdlib.h>

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
    struct lb_audit_row row = {.workspace = change->standing.workspace->row.no,
                               .actor = change->standing.actor.no,
                               .at = lb_clock_wall_ms(),
                               .action = lb_str(action),
                               .target = lb_str(change->row.id),
                               .source = change->standing.actor.source};
    return store->ops->audit_append(store, &row);
}

static lb_err insert_steps(struct lb_campaign_change *change, struct lb_store *store)
{
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < change->step_count; i++) {
        struct lb_step_row *step = &change->steps[i];
        step->workspace = change->row.workspace;
        step->campaign = change->row.no;
        step->position = (uint32_t)i + 1;
        err = store->ops->step_insert(store, step);
    }
    if (!err && change->variables.ptr)
        err = store->ops->campaign_set_variables(store, change->row.workspace, change->row.no,
                                                 change->variables);
    return err;
}

static lb_err apply_create(struct lb_write *write, struct lb_store *store)
{
    struct lb_campaign_change *change = change_of(write);
    lb_err err = lb_standing_check(&change->standing, store, &write->reason);
    if (err)
        return err;
    const struct lb_workspace *workspace = change->standing.workspace;
    if (change->max_campaigns &&
        workspace->campaign_count + workspace->made_campaigns >= change->max_campaigns)
        return lb_fail(
            &write->reason, LB_ERR_LIMIT_REACHED,
            "This workspace has %zu campaigns, which is as many as it may. Delete some, or "
            "ask the operator to raise max-workspace-campaigns.",
            workspace->campaign_count + workspace->made_campaigns);
    change->row.workspace = change->standing.workspace->row.no;
    change->row.created_at = lb_clock_wall_ms();
    change->row.status = LB_CAMPAIGN_DRAFT;
    err = store->ops->campaign_insert(store, &change->row);
    if (err == LB_ERR_ALREADY_EXISTS)
        return lb_fail(&write->reason, err, "This workspace has a campaign '%s' already.",
                       change->row.id);
    write->touched = true;
    if (!err)
        err = insert_steps(change, store);
    if (!err) {
        change->made = lb_directory_make_campaign(change->standing.directory, &change->row);
        err = change->made ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
    }
    return err ? err : audit(change, store, "campaign.create");
}

static void publish_create(struct lb_write *write)
{
    struct lb_campaign_change *change = change_of(write);
    lb_directory_add_made_campaign(change->standing.directory, change->made);
}

/* The campaign that the standing names; lb_standing_check has found it. */
static struct lb_campaign *campaign_of(const struct lb_campaign_change *change)
{
    return lb_directory_campaign(change->standing.directory, change->standing.workspace->row.no,
                                 change->standing.campaign_id);
}

/* Takes the memory that publishing the end of the campaign needs. */
static bool reserve_end(const struct lb_campaign_change *change)
{
    return (!change->blocklist || lb_blocklist_reserve_end(change->blocklist)) &&
           (!change->outreach || lb_outreach_reserve_end(change->outreach));
}

static lb_err apply_delete(struct lb_write *write, struct lb_store *store)
{
    struct lb_campaign_change *change = change_of(write);
    lb_err err = lb_standing_check(&change->standing, store, &write->reason);
    if (err)
        return err;
    change->row = campaign_of(change)->row;
    if (!reserve_end(change))
        return LB_ERR_STORAGE_UNAVAILABLE;
    write->touched = true;
    err = store->ops->campaign_delete(store, change->row.workspace, change->row.no,
                                      lb_clock_wall_ms());
    return err ? err : audit(change, store, "campaign.delete");
}

static void publish_delete(struct lb_write *write)
{
    struct lb_campaign_change *change = change_of(write);
    struct lb_campaign *campaign = campaign_of(change);
    if (!campaign || campaign->row.no != change->row.no)
        return; /* deleted twice in one batch */
    lb_directory_remove_campaign(change->standing.directory, campaign);
    if (change->blocklist)
        lb_blocklist_end_list(change->blocklist, change->standing.list);
    if (change->outreach)
        lb_outreach_end_campaign(change->outreach, change->standing.list);
}

/* Reads the campaign of the standing as it is in the open transaction. */
static lb_err read_state(struct lb_campaign_change *change, struct lb_campaign_state *out)
{
    lb_err err =
        lb_outreach_campaign(change->outreach, &change->standing, &change->write.reason, out);
    if (err)
        return err;
    change->row = campaign_of(change)->row;
    change->row.status = out->status;
    change->texts.len = 0; /* a write may be applied again */
    lb_buf_append_str(&change->texts, out->variables);
    change->state = *out;
    change->state.variables = lb_buf_str(&change->texts);
    if (change->texts.failed)
        return LB_ERR_OVERLOADED;
    lb_sequence_fini(&change->sequence);
    return lb_sequence_load(change->outreach->settings.store, lb_outreach_reader(change->outreach),
                            change->standing.list, true, &change->sequence);
}

static lb_err check_ready(struct lb_campaign_change *change, const struct lb_campaign_state *state)
{
    struct lb_store *store = change->outreach->settings.store;
    struct lb_sequence sequence;
    lb_err err = lb_sequence_load(store, lb_outreach_reader(change->outreach),
                                  change->standing.list, false, &sequence);
    uint32_t steps = lb_sequence_length(&sequence);
    lb_sequence_fini(&sequence);
    if (err || (steps && lb_counts_total(&state->counts)))
        return err;
    return lb_fail(&change->write.reason, LB_ERR_CAMPAIGN_NOT_READY,
                   "The campaign has no %s yet; add at least one with POST /v1/campaigns/%s/%s.",
                   steps ? "lead" : "step", change->row.id, steps ? "leads" : "steps");
}

static lb_err apply_activate(struct lb_write *write, struct lb_store *store)
{
    struct lb_campaign_change *change = change_of(write);
    const struct lb_counts nothing = {0};
    struct lb_campaign_state state;
    lb_err err = read_state(change, &state);
    if (err || state.status == LB_CAMPAIGN_ACTIVE)
        return err;
    err = check_ready(change, &state);
    if (err)
        return err;
    write->touched = true;
    err = store->ops->campaign_activated(store, change->row.workspace, change->row.no,
                                         lb_clock_wall_ms());
    if (!err)
        err = lb_outreach_set_status(change->outreach, change->standing.list, LB_CAMPAIGN_ACTIVE);
    if (!err)
        err = audit(change, store, "campaign.activate");
    if (!err)
        err = lb_outreach_count(change->outreach, change->standing.list, &nothing);
    return err ? err : read_state(change, &state);
}

static lb_err apply_pause(struct lb_write *write, struct lb_store *store)
{
    struct lb_campaign_change *change = change_of(write);
    struct lb_campaign_state state;
    lb_err err = read_state(change, &state);
    if (err || state.status == LB_CAMPAIGN_PAUSED || state.status == LB_CAMPAIGN_COMPLETED)
        return err;
    write->touched = true;
    err = lb_outreach_set_status(change->outreach, change->standing.list, LB_CAMPAIGN_PAUSED);
    change->row.status = LB_CAMPAIGN_PAUSED;
    return err ? err : audit(change, store, "campaign.pause");
}

static lb_err apply_change(struct lb_write *write, struct lb_store *store)
{
    struct lb_campaign_change *change = change_of(write);
    struct lb_campaign_state state;
    bool renames = change->new_name[0] != '\0';
    lb_err err = read_state(change, &state);
    if (err || (!renames && !change->sets_variables))
        return err;
    if (renames && !change->spare && !(change->spare = malloc(sizeof *change->spare)))
        return LB_ERR_STORAGE_UNAVAILABLE;
    write->touched = true;
    if (renames)
        err = store->ops->campaign_set_name(store, change->row.workspace, change->row.no,
                                            lb_str(change->new_name));
    if (!err && change->sets_variables)
        err = store->ops->campaign_set_variables(store, change->row.workspace, change->row.no,
                                                 change->variables);
    if (!err)
        err = audit(change, store, "campaign.change");
    if (!err)
        err = read_state(change, &state);
    if (renames)
        memcpy(change->row.name, change->new_name, sizeof change->row.name);
    return err;
}

static void publish_change(struct lb_write *write)
{
    struct lb_campaign_change *change = change_of(write);
    struct lb_campaign *campaign = campaign_of(change);
    if (!change->spare || !campaign || campaign->row.no != change->row.no)
        return; /* deleted in the same batch */
    lb_directory_rename_campaign(change->standing.directory, campaign, change->spare,
                                 change->new_name);
    change->spare = NULL;
}

void lb_campaign_create(struct lb_campaign_change *change)
{
    change->write.workspace = change->standing.workspace->row.no;
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

void lb_campaign_activate(struct lb_campaign_change *change)
{
    change->write.apply = apply_activate;
}

void lb_campaign_pause(struct lb_campaign_change *change)
{
    change->write.apply = apply_pause;
}

void lb_campaign_change(struct lb_campaign_change *change)
{
    change->write.apply = apply_change;
    change->write.publish = publish_change;
}

void lb_campaign_change_fini(struct lb_campaign_change *change)
{
    free(change->spare);
    change->spare = NULL;
    lb_buf_fini(&change->texts);
    lb_sequence_fini(&change->sequence);
}
