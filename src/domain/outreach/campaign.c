#include "domain/outreach/campaign.h"

#include "base/clock.h"
#include "base/id.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/restraint.h"
#include "domain/outreach/sequence.h"
#include "domain/outreach/counts.h"
#include "domain/blocklist/kept.h"

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
    if (!err && (lb_restrains(&change->settings) || change->settings.block_on_reply))
        err = store->ops->campaign_set_settings(store, change->row.workspace, change->row.no,
                                                &change->settings);
    return err;
}

/* The number of the deleted campaign of that id, with its blocklist. LB_ERR_NOT_FOUND when there is
 * none. Times of the two differ, so that a request about the one is never about the other. */
static lb_err find_kept(struct lb_campaign_change *change, struct lb_store *store)
{
    struct lb_campaign_row *row = &change->row;
    int64_t before = 0;
    lb_err err = store->ops->campaign_kept(store->ops->writer_reader(store), row->workspace,
                                           lb_str(row->id), &row->no, &before);
    if (!err && row->created_at <= before)
        row->created_at = before + 1;
    return err;
}

/* Its leads must be gone: the new campaign's have the same number. */
static lb_err empty_kept(struct lb_campaign_change *change, struct lb_store *store,
                         struct lb_list list)
{
    bool emptied;
    lb_err err = lb_purge_now(store, list, &emptied);
    if (err || emptied) {
        change->write.touched = true; /* but not for a refusal: it would cost the whole batch */
        return err;
    }
    if (change->outreach)
        lb_purge_add(change->outreach->remains, list);
    return lb_fail(&change->write.reason, LB_ERR_OVERLOADED,
                   "The leads of the campaign '%s' that was deleted are still being removed; "
                   "nothing was recorded. Try again in a moment, or use another id.",
                   change->row.id);
}

static lb_err take_over(struct lb_campaign_change *change, struct lb_store *store)
{
    struct lb_list list = {change->row.workspace, change->row.no};
    struct lb_change *carried = &change->carried;
    lb_err err = empty_kept(change, store, list);
    change->kept_list = true;
    if (!err && change->outreach) /* what the batch has counted for the campaign before */
        err = lb_outreach_write_count(change->outreach);
    if (!err)
        err = store->ops->campaign_revive(store, &change->row);
    if (err || !change->blocklist)
        return err;
    *carried = (struct lb_change){.blocklist = change->blocklist, .standing = change->standing};
    carried->standing.campaign_id = (struct lb_str){0};
    return lb_kept_carry_over(carried, store, list, &change->kept_people);
}

/* Inserts the campaign, or takes the place of the one that had its id. */
static lb_err insert(struct lb_campaign_change *change, struct lb_store *store)
{
    change->kept_list = false;
    change->kept_people = 0;
    lb_err err = find_kept(change, store);
    if (!err)
        return take_over(change, store);
    if (err == LB_ERR_NOT_FOUND)
        err = store->ops->campaign_insert(store, &change->row);
    if (err == LB_ERR_ALREADY_EXISTS)
        return lb_fail(&change->write.reason, err, "This workspace has a campaign '%s' already.",
                       change->row.id);
    change->write.touched = true;
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
    err = insert(change, store);
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
    change->made->listed = change->kept_list;
    lb_directory_add_made_campaign(change->standing.directory, change->made);
}

/* The campaign that the standing names; lb_standing_check has found it. */
static struct lb_campaign *campaign_of(const struct lb_campaign_change *change)
{
    return lb_directory_campaign(change->standing.directory, change->standing.workspace->row.no,
                                 change->standing.campaign_id);
}

/* Takes the memory that publishing the end of the campaign needs. */
static bool reserve_end(struct lb_campaign_change *change)
{
    if (!change->list_ends)
        change->kept = lb_directory_make_kept(change->standing.directory, &change->row);
    return (change->list_ends || change->kept) &&
           (!change->list_ends || !change->blocklist ||
            lb_blocklist_reserve_end(change->blocklist)) &&
           (!change->outreach || lb_outreach_reserve_end(change->outreach));
}

static lb_err end_list(struct lb_campaign_change *change, struct lb_store *store)
{
    lb_err err = store->ops->campaign_end_list(store, change->row.workspace, change->row.no,
                                               lb_clock_wall_ms());
    return err || !change->drops_list ? err : audit(change, store, "campaign.drop_blocks");
}

static lb_err apply_drop(struct lb_write *write, struct lb_store *store)
{
    struct lb_campaign_change *change = change_of(write);
    struct lb_standing standing = change->standing;
    standing.campaign_id = (struct lb_str){0};
    lb_err err = lb_standing_check(&standing, store, &write->reason);
    change->row.workspace = change->standing.workspace->row.no;
    if (!err)
        err = find_kept(change, store);
    if (err == LB_ERR_NOT_FOUND)
        return lb_fail(&write->reason, LB_ERR_CAMPAIGN_NOT_FOUND,
                       "No campaign '%s' in this workspace, and no blocklist of a deleted one.",
                       change->row.id);
    if (!err && change->blocklist && !lb_blocklist_reserve_end(change->blocklist))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    write->touched = true;
    return err ? err : end_list(change, store);
}

static void publish_drop(struct lb_write *write)
{
    struct lb_campaign_change *change = change_of(write);
    struct lb_directory *directory = change->standing.directory;
    struct lb_kept_list *kept = lb_directory_kept_no(directory, change->row.no);
    if (!kept)
        return; /* dropped twice in one batch */
    lb_directory_remove_kept(directory, kept);
    if (change->blocklist)
        lb_blocklist_end_list(change->blocklist,
                              (struct lb_list){change->row.workspace, change->row.no});
}

static lb_err apply_delete(struct lb_write *write, struct lb_store *store)
{
    struct lb_campaign_change *change = change_of(write);
    lb_err err = lb_standing_check(&change->standing, store, &write->reason);
    change->was_deleted = err == LB_ERR_CAMPAIGN_NOT_FOUND && change->drops_list;
    if (change->was_deleted) { /* meanwhile */
        lb_str_copy(change->standing.campaign_id, change->row.id, sizeof change->row.id);
        return apply_drop(write, store);
    }
    if (err)
        return err;
    struct lb_campaign *campaign = campaign_of(change);
    change->row = campaign->row;
    /* Of a list that never had anybody there is nothing to keep. */
    change->list_ends = change->drops_list || (change->blocklist && !campaign->listed);
    change->kept_list = !change->list_ends;
    if (change->kept_list &&
        campaign->workspace->kept_count + campaign->workspace->made_kept >= LB_KEPT_LISTS_MAX)
        return lb_fail(&write->reason, LB_ERR_LIMIT_REACHED,
                       "This workspace keeps the blocklists of %d deleted campaigns, which is as "
                       "many as it may. Delete this one with blocks=drop, or end some of those "
                       "first.",
                       LB_KEPT_LISTS_MAX);
    change->kept_people =
        change->blocklist ? lb_kept_count(change->blocklist, change->standing.list) : 0;
    if (!reserve_end(change))
        return LB_ERR_STORAGE_UNAVAILABLE;
    write->touched = true;
    err = store->ops->campaign_delete(store, change->row.workspace, change->row.no,
                                      lb_clock_wall_ms());
    if (!err)
        err = audit(change, store, "campaign.delete");
    if (!err && change->list_ends)
        err = end_list(change, store);
    if (!err)
        lb_directory_note_deletion(change->standing.directory, campaign);
    return err;
}

static void publish_delete(struct lb_write *write)
{
    struct lb_campaign_change *change = change_of(write);
    struct lb_campaign *campaign = campaign_of(change);
    if (change->was_deleted) {
        publish_drop(write);
        return;
    }
    lb_directory_remove_campaign(change->standing.directory, campaign,
                                 change->list_ends ? NULL : change->kept);
    if (change->list_ends && change->blocklist)
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
    return lb_sequence_load_texts_of(change->outreach->settings.store,
                                     lb_outreach_reader(change->outreach), change->standing.list,
                                     LB_TEXTS_NONE, &change->sequence);
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

static bool sets_any(const struct lb_campaign_change *change)
{
    return change->sets_block_on_reply || change->sets_skip_contacted ||
           change->sets_stop_colleagues;
}

/* Sets those settings that are given; the others stay as they are. */
static lb_err apply_settings(struct lb_campaign_change *change, struct lb_store *store)
{
    struct lb_campaign_settings settings = change->state.settings;
    if (!sets_any(change))
        return LB_OK;
    if (change->sets_block_on_reply)
        settings.block_on_reply = change->settings.block_on_reply;
    if (change->sets_skip_contacted)
        settings.skip_contacted_days = change->settings.skip_contacted_days;
    if (change->sets_stop_colleagues)
        settings.stop_colleagues = change->settings.stop_colleagues;
    lb_contacted_look(change->outreach->contacted);
    return store->ops->campaign_set_settings(store, change->row.workspace, change->row.no,
                                             &settings);
}

static lb_err apply_change(struct lb_write *write, struct lb_store *store)
{
    struct lb_campaign_change *change = change_of(write);
    struct lb_campaign_state state;
    bool renames = change->new_name[0] != '\0';
    lb_err err = read_state(change, &state);
    if (err || (!renames && !change->sets_variables && !sets_any(change)))
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
        err = apply_settings(change, store);
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

/* What is recorded of the campaign's own rows and texts, with what the audit log says of its end.
 */
static size_t bytes_of(const struct lb_campaign_change *change)
{
    size_t bytes = 2 * LB_RECORD_BYTES + change->variables.len;
    for (size_t i = 0; i < change->step_count; i++)
        bytes += LB_RECORD_BYTES + change->steps[i].body.len;
    return bytes;
}

void lb_campaign_create(struct lb_campaign_change *change)
{
    change->write.records = bytes_of(change);
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

void lb_campaign_drop_list(struct lb_campaign_change *change)
{
    change->drops_list = true;
    change->write.apply = apply_drop;
    change->write.publish = publish_drop;
}

void lb_campaign_activate(struct lb_campaign_change *change)
{
    change->write.records = 2 * LB_RECORD_BYTES; /* with its pause, which is never refused */
    change->write.apply = apply_activate;
}

void lb_campaign_pause(struct lb_campaign_change *change)
{
    change->write.apply = apply_pause;
}

void lb_campaign_change(struct lb_campaign_change *change)
{
    change->write.records = bytes_of(change);
    /* Its settings keep people from being contacted. */
    change->write.never_refused =
        sets_any(change) && !change->sets_variables && !change->new_name[0];
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
