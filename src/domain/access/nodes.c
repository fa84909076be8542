#include "domain/access/nodes.h"

#include "base/clock.h"

#include <stdlib.h>

/* After a lock was not had, for so long locks are not waited for. */
#define IMPATIENT_MS 1000

/* --- Locking --- */

static bool grow(struct lb_locked *locked)
{
    size_t capacity = locked->capacity ? locked->capacity * 2 : 64;
    uint32_t *workspaces = realloc(locked->workspaces, capacity * sizeof *workspaces);
    if (workspaces)
        locked->workspaces = workspaces;
    struct lb_stand *stands = realloc(locked->stands, capacity * sizeof *stands);
    if (stands)
        locked->stands = stands;
    if (!workspaces || !stands)
        return false;
    locked->capacity = capacity;
    return true;
}

/* Puts a workspace in its place, if it is not there yet. Most batches are about few. */
static bool insert(struct lb_locked *locked, uint32_t workspace)
{
    size_t low = 0;
    size_t high = locked->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (locked->workspaces[middle] < workspace)
            low = middle + 1;
        else
            high = middle;
    }
    if (low < locked->count && locked->workspaces[low] == workspace)
        return true;
    if (locked->count == locked->capacity && !grow(locked))
        return false;
    memmove(&locked->workspaces[low + 1], &locked->workspaces[low],
            (locked->count - low) * sizeof locked->workspaces[0]);
    locked->workspaces[low] = workspace;
    locked->count++;
    return true;
}

static void refuse_writes(struct lb_write *first, uint32_t workspace)
{
    for (struct lb_write *write = first; write; write = write->next)
        if (!write->result && write->workspace == workspace)
            write->result =
                lb_fail(&write->reason, LB_ERR_OVERLOADED,
                        "This workspace is being changed elsewhere for longer than usual; nothing "
                        "was recorded. Try again in a moment.");
}

/* Takes the workspaces that were not had out of the list. */
static void refuse_others(struct lb_locked *locked, struct lb_write *first)
{
    size_t kept = 0;
    for (size_t i = 0; i < locked->count; i++) {
        if (locked->stands[i].workspace)
            locked->stands[kept++] = locked->stands[i];
        else
            refuse_writes(first, locked->workspaces[i]);
    }
    locked->count = kept;
}

lb_err lb_nodes_lock(struct lb_locked *locked, struct lb_store *store, struct lb_write *first)
{
    bool patient = lb_clock_mono_ms() >= locked->impatient_until_ms;
    uint64_t ids = 0;
    locked->count = 0;
    for (const struct lb_write *write = first; write; write = write->next) {
        if (write->result || !write->workspace)
            continue;
        ids += write->entries;
        if (!insert(locked, write->workspace))
            return LB_ERR_STORAGE_UNAVAILABLE;
    }
    locked->first_id = 0;
    lb_err err = LB_OK;
    if (locked->count)
        err = store->shared->lock(store, locked->workspaces, locked->count, patient, ids,
                                  locked->stands, &locked->first_id);
    if (err == LB_ERR_CONFLICT)
        locked->impatient_until_ms = lb_clock_mono_ms() + IMPATIENT_MS;
    if (!err)
        refuse_others(locked, first);
    locked->end_id = locked->first_id + ids;
    return err;
}

void lb_locked_fini(struct lb_locked *locked)
{
    free(locked->workspaces);
    free(locked->stands);
    *locked = (struct lb_locked){0};
}

/* --- Reading what others changed --- */

bool lb_nodes_up_to(const struct lb_workspace *workspace, const struct lb_stand *stand)
{
    return atomic_load_explicit(&workspace->access_version, memory_order_acquire) ==
               stand->access_version &&
           atomic_load_explicit(&workspace->log_row, memory_order_acquire) == stand->log.row &&
           atomic_load_explicit(&workspace->log_token, memory_order_acquire) == stand->log.token;
}

struct refresh {
    struct lb_access *access;
    const struct lb_nodes_listener *listener;
};

static lb_err take_key(void *context, const struct lb_key_row *row)
{
    const struct refresh *refresh = context;
    struct lb_key *key = lb_access_key(refresh->access, lb_str(row->id));
    if (!key)
        return lb_access_add_key(refresh->access, row) ? LB_OK : LB_ERR_INTERNAL;
    if (row->revoked_at)
        lb_access_revoke_key(key, row->revoked_at);
    return LB_OK;
}

static void end_campaign(const struct refresh *refresh, struct lb_campaign *campaign)
{
    struct lb_list list = {campaign->row.workspace, campaign->row.no};
    lb_access_remove_campaign(refresh->access, campaign);
    if (refresh->listener)
        refresh->listener->ended(refresh->listener->context, list);
}

static lb_err take_campaign(void *context, const struct lb_campaign_row *row, bool deleted)
{
    const struct refresh *refresh = context;
    struct lb_campaign *campaign = lb_access_campaign_no(refresh->access, row->no);
    if (deleted) {
        if (campaign)
            end_campaign(refresh, campaign);
        return LB_OK;
    }
    if (!campaign)
        return lb_access_add_campaign(refresh->access, row) ? LB_OK : LB_ERR_INTERNAL;
    atomic_store(&campaign->status, (int)row->status);
    return LB_OK;
}

/* The workspace as memory has it, made or brought up to date; NULL when out of memory. */
static struct lb_workspace *take_workspace(struct lb_access *access,
                                           const struct lb_workspace_row *row)
{
    struct lb_workspace *workspace = lb_access_workspace_no(access, row->no);
    if (!workspace)
        return lb_access_add_workspace(access, row);
    atomic_store(&workspace->plan, (int)row->plan);
    atomic_store(&workspace->expires_at, row->expires_at);
    return workspace;
}

lb_err lb_nodes_refresh_access(struct lb_access *access, struct lb_store *store,
                               const struct lb_stand *stand,
                               const struct lb_nodes_listener *listener)
{
    struct lb_workspace *workspace = lb_access_workspace_no(access, stand->workspace);
    uint64_t version = workspace ? atomic_load(&workspace->access_version) : 0;
    if (workspace)
        workspace->has_leads |= stand->has_leads;
    if (workspace && version == stand->access_version)
        return LB_OK;
    struct refresh refresh = {access, listener};
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    struct lb_workspace_row row;
    lb_err err = store->shared->workspace(reader, stand->workspace, &row);
    if (err)
        return err;
    workspace = take_workspace(access, &row);
    if (!workspace)
        return LB_ERR_INTERNAL;
    err = store->shared->keys_since(reader, stand->workspace, version, &refresh, take_key);
    if (!err)
        err = store->shared->campaigns_since(reader, stand->workspace, version, &refresh,
                                             take_campaign);
    workspace->has_leads |= stand->has_leads;
    if (!err)
        atomic_store_explicit(&workspace->access_version, stand->access_version,
                              memory_order_release);
    return err;
}

/* --- At start --- */

static lb_err take_stand(void *context, const struct lb_stand *stand)
{
    struct lb_stands *stands = context;
    if (stands->count == stands->capacity) {
        size_t capacity = stands->capacity ? stands->capacity * 2 : 64;
        struct lb_stand *array = realloc(stands->array, capacity * sizeof *array);
        if (!array)
            return LB_ERR_STORAGE_UNAVAILABLE;
        stands->array = array;
        stands->capacity = capacity;
    }
    stands->array[stands->count++] = *stand;
    return LB_OK;
}

lb_err lb_nodes_stands(struct lb_store *store, struct lb_store_reader *reader,
                       const uint32_t *workspaces, size_t count, struct lb_stands *out)
{
    out->count = 0;
    return store->shared->stands(reader, workspaces, count, out, take_stand);
}

void lb_stands_fini(struct lb_stands *stands)
{
    free(stands->array);
    *stands = (struct lb_stands){0};
}

lb_err lb_nodes_load_access(struct lb_access *access, struct lb_store *store)
{
    struct lb_stands stands = {0};
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    /* The stands first: what changes after them is read again. */
    lb_err err = lb_nodes_stands(store, reader, NULL, 0, &stands);
    if (!err)
        err = lb_access_load(access, store);
    for (size_t i = 0; !err && i < stands.count; i++) {
        const struct lb_stand *stand = &stands.array[i];
        struct lb_workspace *workspace = lb_access_workspace_no(access, stand->workspace);
        if (workspace)
            atomic_store(&workspace->access_version, stand->access_version);
    }
    lb_stands_fini(&stands);
    return err;
}
