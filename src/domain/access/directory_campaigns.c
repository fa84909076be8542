/* Campaigns in the directory, and the blocklists of those that were deleted. */
#include "domain/access/directory_internal.h"

#include "base/array.h"
#include "base/clock.h"

#include <stddef.h>
#include <stdio.h>

/* Room for the campaign, and those that were made before it, in the workspace's list. */
static bool reserve_place(struct lb_directory *directory, struct lb_workspace *workspace)
{
    pthread_mutex_lock(&directory->lock);
    bool done = lb_array_grow(&workspace->campaigns, &workspace->campaign_capacity,
                              workspace->campaign_count + workspace->made_campaigns + 1,
                              sizeof(struct lb_campaign *));
    pthread_mutex_unlock(&directory->lock);
    workspace->made_campaigns += done;
    return done;
}

struct lb_campaign *lb_directory_make_campaign(struct lb_directory *directory,
                                               const struct lb_campaign_row *row)
{
    struct lb_workspace *workspace = lb_directory_workspace_no(directory, row->workspace);
    if (!workspace ||
        !lb_array_grow(&directory->campaigns_by_no, &directory->campaigns_by_no_capacity,
                       (size_t)row->no + 1, sizeof(struct lb_campaign *)))
        return NULL;
    struct lb_campaign *campaign = calloc(1, sizeof *campaign);
    if (!campaign || !reserve_place(directory, workspace)) {
        free(campaign);
        return NULL;
    }
    campaign->row = *row;
    campaign->workspace = workspace;
    campaign->node.key = lb_str(campaign->row.id);
    campaign->node.scope = row->workspace;
    atomic_init(&campaign->status, (int)row->status);
    lb_made_note(&directory->made_campaigns, &campaign->node);
    return campaign;
}

/* Takes a kept list out of the workspace's; under the lock. */
static void take_kept(struct lb_kept_list *kept)
{
    struct lb_workspace *workspace = kept->workspace;
    size_t at = 0;
    while (workspace->kept[at] != kept)
        at++;
    workspace->kept_count--;
    memmove(workspace->kept + at, workspace->kept + at + 1,
            (workspace->kept_count - at) * sizeof *workspace->kept);
}

static void free_kept(struct lb_rcu_head *head)
{
    free((char *)head - offsetof(struct lb_kept_list, rcu));
}

static void forget_kept(struct lb_directory *directory, struct lb_kept_list *kept)
{
    lb_registry_remove(directory->kept, &kept->node);
    lb_rcu_defer(&kept->rcu, free_kept);
}

void lb_directory_add_made_campaign(struct lb_directory *directory, struct lb_campaign *campaign)
{
    struct lb_workspace *workspace = campaign->workspace;
    struct lb_kept_list *kept = lb_directory_kept_no(directory, campaign->row.no);
    lb_made_take(&directory->made_campaigns, &campaign->node);
    campaign->known_ns = lb_clock_mono_ns();
    pthread_mutex_lock(&directory->lock);
    workspace->campaigns[workspace->campaign_count++] = campaign;
    if (kept)
        take_kept(kept);
    pthread_mutex_unlock(&directory->lock);
    workspace->made_campaigns--;
    directory->campaigns_by_no[campaign->row.no] = campaign;
    workspace->has_leads |= campaign->row.has_leads;
    lb_registry_add(directory->campaigns, &campaign->node);
    if (kept)
        forget_kept(directory, kept);
}

struct lb_campaign *lb_directory_add_campaign(struct lb_directory *directory,
                                              const struct lb_campaign_row *row)
{
    struct lb_campaign *campaign = lb_directory_make_campaign(directory, row);
    if (campaign)
        lb_directory_add_made_campaign(directory, campaign);
    return campaign;
}

static void free_campaign(struct lb_rcu_head *head)
{
    free((char *)head - offsetof(struct lb_campaign, rcu));
}

/* Adds a made one to the workspace's; under the lock. */
static void put_kept(struct lb_directory *directory, struct lb_kept_list *kept)
{
    struct lb_workspace *workspace = kept->workspace;
    lb_made_take(&directory->made_kept, &kept->node);
    workspace->kept[workspace->kept_count++] = kept;
    workspace->made_kept--;
}

/* The place of a campaign in its workspace's list. The lock is held. */
static size_t place_in_workspace(const struct lb_campaign *campaign)
{
    size_t at = 0;
    while (campaign->workspace->campaigns[at] != campaign)
        at++;
    return at;
}

void lb_directory_rename_campaign(struct lb_directory *directory, struct lb_campaign *campaign,
                                  struct lb_campaign *spare, const char *name)
{
    struct lb_workspace *workspace = campaign->workspace;
    *spare = (struct lb_campaign){.row = campaign->row,
                                  .known_ns = campaign->known_ns,
                                  .set_right = campaign->set_right,
                                  .listed = campaign->listed,
                                  .deleted_in = campaign->deleted_in,
                                  .workspace = workspace};
    lb_str_copy(lb_str(name), spare->row.name, sizeof spare->row.name);
    spare->node.key = lb_str(spare->row.id);
    spare->node.scope = spare->row.workspace;
    atomic_init(&spare->status, atomic_load(&campaign->status));
    lb_registry_add(directory->campaigns, &spare->node); /* first: it is never missing */
    lb_registry_remove(directory->campaigns, &campaign->node);
    directory->campaigns_by_no[spare->row.no] = spare;
    pthread_mutex_lock(&directory->lock);
    workspace->campaigns[place_in_workspace(campaign)] = spare;
    pthread_mutex_unlock(&directory->lock);
    lb_rcu_defer(&campaign->rcu, free_campaign);
}

void lb_directory_remove_campaign(struct lb_directory *directory, struct lb_campaign *campaign,
                                  struct lb_kept_list *kept)
{
    struct lb_workspace *workspace = campaign->workspace;
    pthread_mutex_lock(&directory->lock);
    size_t at = place_in_workspace(campaign);
    workspace->campaign_count--;
    memmove(workspace->campaigns + at, workspace->campaigns + at + 1,
            (workspace->campaign_count - at) * sizeof *workspace->campaigns);
    if (kept)
        put_kept(directory, kept);
    pthread_mutex_unlock(&directory->lock);
    if (kept)
        lb_registry_add(directory->kept, &kept->node);
    lb_registry_remove(directory->campaigns, &campaign->node);
    directory->campaigns_by_no[campaign->row.no] = NULL;
    lb_rcu_defer(&campaign->rcu, free_campaign);
}

struct lb_campaign *lb_directory_campaign_no(const struct lb_directory *directory, uint32_t no)
{
    return no < directory->campaigns_by_no_capacity ? directory->campaigns_by_no[no] : NULL;
}

size_t lb_directory_page_campaigns(struct lb_directory *directory,
                                   const struct lb_workspace *workspace, int status, size_t skip,
                                   size_t take, struct lb_campaign_row *out, size_t *out_total)
{
    size_t matched = 0;
    size_t copied = 0;
    pthread_mutex_lock(&directory->lock);
    for (size_t i = workspace->campaign_count; i-- > 0;) {
        const struct lb_campaign *campaign = workspace->campaigns[i];
        int its_status = atomic_load(&campaign->status);
        if (status >= 0 && its_status != status)
            continue;
        if (matched++ < skip || copied == take)
            continue;
        out[copied] = campaign->row;
        out[copied++].status = (enum lb_campaign_status)its_status;
    }
    pthread_mutex_unlock(&directory->lock);
    *out_total = matched;
    return copied;
}

struct lb_campaign **lb_directory_list_campaigns(struct lb_directory *directory,
                                                 const struct lb_workspace *workspace,
                                                 size_t *out_count)
{
    pthread_mutex_lock(&directory->lock);
    size_t count = workspace->campaign_count;
    struct lb_campaign **list = malloc((count + 1) * sizeof(struct lb_campaign *));
    if (list && count)
        memcpy(list, workspace->campaigns, count * sizeof(struct lb_campaign *));
    pthread_mutex_unlock(&directory->lock);
    *out_count = list ? count : 0;
    return list;
}

/* --- Lists of deleted campaigns --- */

static bool reserve_kept_place(struct lb_directory *directory, struct lb_workspace *workspace)
{
    pthread_mutex_lock(&directory->lock);
    bool done = lb_array_grow(&workspace->kept, &workspace->kept_capacity,
                              workspace->kept_count + workspace->made_kept + 1,
                              sizeof(struct lb_kept_list *));
    pthread_mutex_unlock(&directory->lock);
    workspace->made_kept += done;
    return done;
}

struct lb_kept_list *lb_directory_make_kept(struct lb_directory *directory,
                                            const struct lb_campaign_row *row)
{
    struct lb_workspace *workspace = lb_directory_workspace_no(directory, row->workspace);
    size_t id_size = strlen(row->id) + 1;
    size_t name_len = strlen(row->name);
    struct lb_kept_list *kept = workspace ? calloc(1, sizeof *kept + id_size + name_len + 1) : NULL;
    if (!kept || !reserve_kept_place(directory, workspace)) {
        free(kept);
        return NULL;
    }
    kept->workspace = workspace;
    kept->no = row->no;
    kept->created_at = row->created_at;
    memcpy(kept->id, row->id, id_size);
    memcpy(kept->id + id_size, row->name, name_len);
    kept->name = (struct lb_str){kept->id + id_size, name_len};
    snprintf(kept->no_text, sizeof kept->no_text, "%u", row->no);
    kept->node.key = lb_str(kept->no_text);
    lb_made_note(&directory->made_kept, &kept->node);
    return kept;
}

struct lb_kept_list *lb_directory_add_kept(struct lb_directory *directory,
                                           const struct lb_campaign_row *row)
{
    struct lb_kept_list *kept = lb_directory_make_kept(directory, row);
    if (!kept)
        return NULL;
    pthread_mutex_lock(&directory->lock);
    put_kept(directory, kept);
    pthread_mutex_unlock(&directory->lock);
    lb_registry_add(directory->kept, &kept->node);
    return kept;
}

void lb_directory_remove_kept(struct lb_directory *directory, struct lb_kept_list *kept)
{
    pthread_mutex_lock(&directory->lock);
    take_kept(kept);
    pthread_mutex_unlock(&directory->lock);
    forget_kept(directory, kept);
}

struct lb_kept_list *lb_directory_kept_no(const struct lb_directory *directory, uint32_t no)
{
    char digits[LB_U64_DIGITS];
    return (struct lb_kept_list *)lb_registry_find(directory->kept, 0, lb_str_of_u64(no, digits));
}

bool lb_directory_has_list(const struct lb_directory *directory, uint32_t no)
{
    return lb_directory_campaign_no(directory, no) || lb_directory_kept_no(directory, no);
}

struct lb_list_owner *lb_directory_list_owners(struct lb_directory *directory,
                                               const struct lb_workspace *workspace,
                                               size_t *out_count)
{
    size_t count = 0;
    pthread_mutex_lock(&directory->lock);
    struct lb_list_owner *owners =
        calloc(workspace->campaign_count + workspace->kept_count + 1, sizeof *owners);
    for (size_t i = workspace->campaign_count; owners && i-- > 0;) {
        const struct lb_campaign_row *row = &workspace->campaigns[i]->row;
        owners[count++] =
            (struct lb_list_owner){row->no, lb_str(row->id), lb_str(row->name), false};
    }
    for (size_t i = workspace->kept_count; owners && i-- > 0;) {
        const struct lb_kept_list *kept = workspace->kept[i];
        owners[count++] = (struct lb_list_owner){kept->no, lb_str(kept->id), kept->name, true};
    }
    pthread_mutex_unlock(&directory->lock);
    *out_count = count;
    return owners;
}

static bool copy_kept_id(const struct lb_directory *directory, const struct lb_workspace *workspace,
                         uint32_t no, char out[LB_ID_SIZE])
{
    const struct lb_kept_list *kept = lb_directory_kept_no(directory, no);
    return kept && kept->workspace == workspace && lb_str_copy(lb_str(kept->id), out, LB_ID_SIZE);
}

bool lb_directory_list_id(struct lb_directory *directory, const struct lb_workspace *workspace,
                          uint32_t no, char out[LB_ID_SIZE], bool *out_deleted)
{
    bool found = false;
    *out_deleted = copy_kept_id(directory, workspace, no, out);
    if (*out_deleted)
        return true;
    pthread_mutex_lock(&directory->lock);
    for (size_t i = workspace->campaign_count; !found && i-- > 0;) {
        found = workspace->campaigns[i]->row.no == no;
        if (found)
            memcpy(out, workspace->campaigns[i]->row.id, LB_ID_SIZE);
    }
    pthread_mutex_unlock(&directory->lock);
    if (!found) /* deleted this very moment */
        *out_deleted = copy_kept_id(directory, workspace, no, out);
    return found || *out_deleted;
}

/* --- The open batch --- */

void lb_directory_begin_batch(struct lb_directory *directory)
{
    directory->batch++;
}

void lb_directory_note_deletion(const struct lb_directory *directory, struct lb_campaign *campaign)
{
    campaign->deleted_in = directory->batch;
}

bool lb_directory_is_deleted(const struct lb_directory *directory,
                             const struct lb_campaign *campaign)
{
    return campaign->deleted_in && campaign->deleted_in == directory->batch;
}
