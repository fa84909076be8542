#include "domain/access/nodes.h"

#include "base/clock.h"

/* How long locks are not waited for after one was not available. */
#define IMPATIENT_MS 1000
/* A part that is well answers in so many times what the installation's row takes. */
#define HURRY_TIMES 10

/* --- What sharing a store means --- */

bool lb_nodes_memory_may_lag(const struct lb_store *store)
{
    return store->shared != NULL;
}

bool lb_nodes_ids_are_numbers(const struct lb_store *store)
{
    return store->shared != NULL;
}

/* --- Locking --- */

static void refuse_writes(struct lb_write *first, uint32_t workspace)
{
    for (struct lb_write *write = first; write; write = write->next)
        if (!write->result && lb_write_changes(write, workspace))
            write->result =
                lb_fail(&write->reason, LB_ERR_OVERLOADED,
                        "This workspace is being changed elsewhere for longer than usual; nothing "
                        "was recorded. Try again in a moment.");
}

/* Drops the workspaces whose lock we did not get. */
static void refuse_others(struct lb_locked *locked, struct lb_write *first)
{
    size_t kept = 0;
    for (size_t i = 0; i < locked->count; i++) {
        if (locked->versions[i].workspace != LB_WORKSPACE_NONE)
            locked->versions[kept++] = locked->versions[i];
        else
            refuse_writes(first, locked->workspaces.ids[i]);
    }
    locked->count = kept;
}

lb_err lb_nodes_lock(struct lb_locked *locked, struct lb_store *store, struct lb_write *first)
{
    bool patient = lb_clock_mono_ms() >= locked->impatient_until_ms;
    locked->count = 0;
    locked->workspaces.count = 0;
    locked->installation.workspace = LB_WORKSPACE_NONE;
    if (!store->shared)
        return LB_OK;
    for (const struct lb_write *write = first; write; write = write->next) {
        if (write->result || !(write->workspace || write->installation))
            continue;
        if (!lb_id_set_add(&locked->workspaces, write->workspace))
            return LB_ERR_STORAGE_UNAVAILABLE;
    }
    size_t wanted = locked->workspaces.count;
    if (!lb_array_reserve(locked->versions, locked->capacity, wanted))
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_err err = LB_OK;
    if (wanted)
        err = store->shared->lock(store, locked->workspaces.ids, wanted, patient, locked->versions,
                                  &locked->installation);
    if (err == LB_ERR_CONFLICT)
        locked->impatient_until_ms = lb_clock_mono_ms() + IMPATIENT_MS;
    locked->count = wanted;
    if (!err)
        refuse_others(locked, first);
    return err;
}

void lb_locked_fini(struct lb_locked *locked)
{
    lb_id_set_fini(&locked->workspaces);
    free(locked->versions);
    *locked = (struct lb_locked){0};
}

/* --- Reading what others changed --- */

bool lb_nodes_up_to(const struct lb_workspace *workspace, const struct lb_workspace_version *latest)
{
    return atomic_load_explicit(&workspace->access_version, memory_order_acquire) ==
               latest->access_version &&
           atomic_load_explicit(&workspace->log_row, memory_order_acquire) == latest->log.row &&
           atomic_load_explicit(&workspace->log_token, memory_order_acquire) ==
               lb_log_mark_token(&latest->log);
}

struct refresh {
    struct lb_directory *directory;
    const struct lb_nodes_listener *listener;
};

static lb_err take_key(void *context, const struct lb_key_row *row)
{
    const struct refresh *refresh = context;
    struct lb_key *key = lb_directory_key(refresh->directory, lb_str(row->id));
    if (!key)
        return lb_directory_add_key(refresh->directory, row) ? LB_OK : LB_ERR_INTERNAL;
    if (row->revoked_at)
        lb_directory_revoke_key(key, row->revoked_at);
    return LB_OK;
}

/* The blocklist has ended, with its campaign or later. */
static lb_err end_list(const struct refresh *refresh, struct lb_campaign *campaign,
                       struct lb_kept_list *kept, struct lb_list list)
{
    bool known = campaign || kept;
    lb_err err = refresh->listener && known
                     ? refresh->listener->ended(refresh->listener->context, list)
                     : LB_OK;
    if (err)
        return err;
    if (campaign)
        lb_directory_remove_campaign(refresh->directory, campaign, NULL);
    if (kept)
        lb_directory_remove_kept(refresh->directory, kept);
    return LB_OK;
}

/* The campaign is gone, its blocklist is not. */
static lb_err keep_list(const struct refresh *refresh, struct lb_campaign *campaign,
                        const struct lb_kept_list *kept, const struct lb_campaign_row *row)
{
    if (kept)
        return LB_OK;
    if (!campaign)
        return lb_directory_add_kept(refresh->directory, row) ? LB_OK : LB_ERR_INTERNAL;
    struct lb_kept_list *made = lb_directory_make_kept(refresh->directory, row);
    if (!made)
        return LB_ERR_INTERNAL;
    lb_directory_remove_campaign(refresh->directory, campaign, made);
    return LB_OK;
}

/* It is new to memory, also when it has the number of an earlier one, whose blocklist it has. */
static lb_err add_campaign(const struct refresh *refresh, struct lb_campaign *before,
                           const struct lb_kept_list *kept, const struct lb_campaign_row *row)
{
    bool listed = before || kept;
    if (before)
        lb_directory_remove_campaign(refresh->directory, before, NULL);
    struct lb_campaign *campaign = lb_directory_add_campaign(refresh->directory, row);
    if (!campaign)
        return LB_ERR_INTERNAL;
    campaign->listed = listed;
    return LB_OK;
}

static lb_err take_campaign(void *context, const struct lb_campaign_row *row)
{
    const struct refresh *refresh = context;
    struct lb_campaign *campaign = lb_directory_campaign_no(refresh->directory, row->no);
    struct lb_kept_list *kept = lb_directory_kept_no(refresh->directory, row->no);
    if (row->deleted && row->list_ended)
        return end_list(refresh, campaign, kept, (struct lb_list){row->workspace, row->no});
    if (row->deleted)
        return keep_list(refresh, campaign, kept, row);
    if (!campaign || campaign->row.created_at != row->created_at)
        return add_campaign(refresh, campaign, kept, row);
    atomic_store(&campaign->status, (int)row->status);
    if (strcmp(campaign->row.name, row->name) == 0)
        return LB_OK;
    struct lb_campaign *spare = malloc(sizeof *spare);
    if (spare)
        lb_directory_rename_campaign(refresh->directory, campaign, spare, row->name);
    return spare ? LB_OK : LB_ERR_INTERNAL;
}

/* The workspace as memory has it, made or brought up to date; NULL when out of memory. */
static struct lb_workspace *take_workspace(struct lb_directory *directory,
                                           const struct lb_workspace_row *row)
{
    struct lb_workspace *workspace = lb_directory_workspace_no(directory, row->no);
    if (!workspace)
        return lb_directory_add_workspace(directory, row);
    atomic_store(&workspace->plan, (int)row->plan);
    atomic_store(&workspace->expires_at, row->expires_at);
    atomic_store(&workspace->country, row->default_country);
    return workspace;
}

lb_err lb_nodes_refresh_access(struct lb_directory *directory, struct lb_store *store,
                               const struct lb_workspace_version *latest,
                               const struct lb_nodes_listener *listener)
{
    struct lb_workspace *workspace = lb_directory_workspace_no(directory, latest->workspace);
    uint64_t version = workspace ? atomic_load(&workspace->access_version) : 0;
    if (workspace)
        workspace->has_leads |= latest->has_leads;
    if (workspace && version == latest->access_version)
        return LB_OK;
    struct refresh refresh = {directory, listener};
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    struct lb_workspace_row row;
    lb_err err = store->shared->workspace(reader, latest->workspace, &row);
    if (err)
        return err;
    workspace = take_workspace(directory, &row);
    if (!workspace)
        return LB_ERR_INTERNAL;
    err = store->shared->keys_since(reader, latest->workspace, version, &refresh, take_key);
    if (!err)
        err = store->shared->campaigns_since(reader, latest->workspace, version, &refresh,
                                             take_campaign);
    workspace->has_leads |= latest->has_leads;
    if (!err)
        atomic_store_explicit(&workspace->access_version, latest->access_version,
                              memory_order_release);
    return err;
}

lb_err lb_nodes_each_version(struct lb_store *store, struct lb_store_reader *reader,
                             const uint32_t *workspaces, size_t count, void *context,
                             lb_err (*each)(void *context,
                                            const struct lb_workspace_version *version))
{
    uint64_t asked_ms = lb_clock_mono_ms();
    lb_err err = store->shared->versions(reader, workspaces, count, context, each);
    if (!err && count == 0)
        atomic_store(&store->answered_ms, asked_ms);
    return err;
}

lb_err lb_nodes_workspaces_of_keys(struct lb_store *store, struct lb_store_reader *reader,
                                   const struct lb_str *key_ids, size_t count, uint32_t *out)
{
    return store->shared->workspaces_of_keys(reader, key_ids, count, out);
}

static lb_err keep_version(void *context, const struct lb_workspace_version *latest)
{
    struct lb_workspace_versions *versions = context;
    if (!lb_array_reserve(versions->array, versions->capacity, versions->count + 1))
        return LB_ERR_STORAGE_UNAVAILABLE;
    versions->array[versions->count++] = *latest;
    return LB_OK;
}

lb_err lb_nodes_versions(struct lb_store *store, struct lb_store_reader *reader,
                         const uint32_t *workspaces, size_t count,
                         struct lb_workspace_versions *out)
{
    out->count = 0;
    return lb_nodes_each_version(store, reader, workspaces, count, out, keep_version);
}

void lb_workspace_versions_fini(struct lb_workspace_versions *versions)
{
    free(versions->array);
    *versions = (struct lb_workspace_versions){0};
}

/* --- At start --- */

lb_err lb_nodes_load_access(struct lb_directory *directory, struct lb_store *store)
{
    if (!store->shared)
        return lb_directory_load(directory, store);
    struct lb_workspace_versions versions = {0};
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    /* The versions first: what changes after them is read again. */
    lb_err err = lb_nodes_versions(store, reader, NULL, 0, &versions);
    if (!err)
        err = lb_directory_load(directory, store);
    for (size_t i = 0; !err && i < versions.count; i++) {
        const struct lb_workspace_version *latest = &versions.array[i];
        struct lb_workspace *workspace = lb_directory_workspace_no(directory, latest->workspace);
        if (workspace)
            atomic_store(&workspace->access_version, latest->access_version);
    }
    lb_workspace_versions_fini(&versions);
    return err;
}

lb_err lb_nodes_highest_workspace(struct lb_store *store, struct lb_store_reader *reader,
                                  uint32_t *out)
{
    return store->shared->highest_workspace(reader, out);
}

static lb_err note_answer(void *context, const struct lb_workspace_version *latest)
{
    *(bool *)context = true;
    return LB_OK;
}

/* The first question connects as well, and tells nothing. */
static unsigned find_patience(struct lb_store *store, struct lb_store_reader *reader)
{
    static const uint32_t installation = LB_INSTALLATION_NO;
    bool answers = false;
    uint64_t took_ms = 0;
    for (int i = 0; i < 2; i++) {
        uint64_t asked_ms = lb_clock_mono_ms();
        if (lb_nodes_each_version(store, reader, &installation, 1, &answers, note_answer))
            return LB_NODES_HURRY_MS;
        took_ms = lb_clock_mono_ms() - asked_ms;
    }
    store->ops->reader_rest(reader);
    uint64_t patience_ms = took_ms * HURRY_TIMES;
    return patience_ms > LB_NODES_HURRY_MS ? (unsigned)patience_ms : LB_NODES_HURRY_MS;
}

lb_err lb_nodes_open_hurried(struct lb_store *store, struct lb_store_reader **out,
                             unsigned *out_patience_ms)
{
    lb_err err = store->ops->reader_open(store, out);
    if (err)
        return err;
    unsigned patience = find_patience(store, *out);
    store->shared->reader_hurries(*out, patience);
    if (out_patience_ms)
        *out_patience_ms = patience;
    return LB_OK;
}

lb_err lb_nodes_load_installation(struct lb_directory *directory, struct lb_store *store)
{
    static const uint32_t installation = LB_INSTALLATION_NO;
    struct lb_workspace_versions versions = {0};
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    lb_err err = lb_nodes_versions(store, reader, &installation, 1, &versions);
    if (!err)
        err = versions.count ? lb_nodes_refresh_access(directory, store, &versions.array[0], NULL)
                             : LB_ERR_STORAGE_UNAVAILABLE;
    lb_workspace_versions_fini(&versions);
    return err;
}

bool lb_nodes_part_is_away(struct lb_store *store)
{
    static const uint32_t installation = LB_INSTALLATION_NO;
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    bool answers = false, all = false;
    return lb_nodes_each_version(store, reader, &installation, 1, &answers, note_answer) == LB_OK &&
           answers && lb_nodes_each_version(store, reader, NULL, 0, &all, note_answer) != LB_OK;
}
