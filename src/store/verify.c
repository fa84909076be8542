#include "store/verify.h"

#include "base/array.h"
#include "store/chain.h"
#include "store/log_items.h"

#include <stdlib.h>

#define PROGRESS_EVERY 10000 /* rows */

struct verifying {
    struct lb_verify *verify;
    struct lb_reason *reason;
    struct lb_chains chains;
    uint64_t all; /* entries, about */
    uint64_t done;
    uint64_t next_id; /* of a store of one process: no row after this has a lower one */
};

static lb_err out_of_memory(const struct verifying *verifying)
{
    return lb_fail(verifying->reason, LB_ERR_INTERNAL, "out of memory");
}

static lb_err take_workspace(void *context, const struct lb_workspace_row *row)
{
    struct verifying *verifying = context;
    if (!lb_chains_begin(&verifying->chains, row->no, lb_str(row->id)))
        return out_of_memory(verifying);
    verifying->verify->workspaces += row->no != LB_INSTALLATION_NO;
    return LB_OK;
}

static lb_err report(struct verifying *verifying)
{
    struct lb_verify *verify = verifying->verify;
    if (!verify->progress || verify->rows % PROGRESS_EVERY)
        return LB_OK;
    return verify->progress(verify->context, verifying->done, verifying->all)
               ? LB_OK
               : lb_fail(verifying->reason, LB_ERR_STORAGE_UNAVAILABLE, "told to stop");
}

static lb_err wrong(const struct verifying *verifying, const struct lb_log_row *row,
                    const char *workspace, const char *what)
{
    return lb_fail(verifying->reason, LB_ERR_CONFLICT,
                   "row %llu (number %llu) of the blocklist log of workspace %s is wrong: %s",
                   (unsigned long long)row->id, (unsigned long long)row->number, workspace, what);
}

static lb_err check_row(void *context, const struct lb_log_row *row)
{
    struct verifying *verifying = context;
    const struct lb_chain_check *chain = lb_chains_of(&verifying->chains, row->list.workspace);
    const char *what = lb_chains_check_row(&verifying->chains, row);
    if (!what && row->id < verifying->next_id)
        what = "its entries' ids are those of the row before";
    if (what)
        return wrong(verifying, row, chain ? chain->id : "?", what);
    uint64_t items = lb_log_items_count(row->items);
    verifying->next_id = verifying->verify->store->shared ? 0 : row->id + items;
    verifying->verify->rows++;
    verifying->verify->entries += items;
    verifying->done = verifying->verify->store->shared ? verifying->verify->entries : row->id;
    struct lb_verify *verify = verifying->verify;
    lb_err err = verify->take ? verify->take(verify->take_context, chain->id, row) : LB_OK;
    return err ? err : report(verifying);
}

/* What was erased from a row is said by a later one. */
static lb_err check_erased(const struct verifying *verifying, const struct lb_chain_check *chain)
{
    uint64_t number;
    const char *what = lb_chain_check_end(chain, &number);
    return what ? lb_fail(verifying->reason, LB_ERR_CONFLICT,
                          "entry %llu of the blocklist log of workspace %s is wrong: %s",
                          (unsigned long long)number, chain->id, what)
                : LB_OK;
}

/* --- A store of one process: all workspaces in one pass --- */

static lb_err check_all(struct verifying *verifying)
{
    struct lb_store *store = verifying->verify->store;
    lb_err err = store->ops->log_read(store->ops->writer_reader(store), 0, 0, LB_ENTRY_ID_MAX + 1,
                                      verifying, check_row);
    for (size_t i = 0; !err && i < verifying->chains.capacity; i++)
        err = check_erased(verifying, &verifying->chains.array[i]);
    return err;
}

/* --- A shared one: each workspace up to where it stands --- */

struct versions {
    struct lb_workspace_version *array;
    size_t count, capacity;
};

static lb_err keep_version(void *context, const struct lb_workspace_version *latest)
{
    struct versions *versions = context;
    if (!lb_array_reserve(versions->array, versions->capacity, versions->count + 1))
        return LB_ERR_INTERNAL;
    versions->array[versions->count++] = *latest;
    return LB_OK;
}

static lb_err find_row(void *context, const struct lb_log_row *row)
{
    *(uint64_t *)context = row->id;
    return LB_ERR_NOT_FOUND; /* one is enough */
}

/* No row comes after that, unless a node has written some meanwhile, which has moved the end. */
static lb_err check_end(struct verifying *verifying, const struct lb_workspace_version *latest)
{
    struct lb_store *store = verifying->verify->store;
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    uint32_t workspace = latest->workspace;
    struct versions now = {0};
    uint64_t found = 0;
    lb_err err = store->ops->log_read(reader, workspace, latest->log.row + 1, LB_ENTRY_ID_MAX + 1,
                                      &found, find_row);
    if (!found)
        return err;
    err = store->shared->versions(reader, &workspace, 1, &now, keep_version);
    bool moved = !err && (!now.count || now.array[0].log.row >= found);
    free(now.array);
    if (err || moved)
        return err;
    return lb_fail(verifying->reason, LB_ERR_CONFLICT,
                   "row %llu of the blocklist log of workspace %s is wrong: the log has rows after "
                   "where the workspace says that it ends: number %llu",
                   (unsigned long long)found, lb_chains_of(&verifying->chains, workspace)->id,
                   (unsigned long long)latest->log.last);
}

/* A node may have erased a text after the version was read, and the row that says so is one of
 * those that it has written then: they are read, too. */
static lb_err follow_erasures(struct verifying *verifying, struct lb_workspace_version *latest)
{
    struct lb_store *store = verifying->verify->store;
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    const struct lb_chain_check *chain = lb_chains_of(&verifying->chains, latest->workspace);
    lb_err err = LB_OK;
    uint64_t number;
    while (!err && lb_chain_check_end(chain, &number)) {
        struct versions now = {0};
        uint32_t workspace = latest->workspace;
        uint64_t from = latest->log.row + 1;
        err = store->shared->versions(reader, &workspace, 1, &now, keep_version);
        if (!err && now.count && now.array[0].log.row >= from)
            *latest = now.array[0];
        free(now.array);
        if (err || latest->log.row < from)
            break;
        err = store->ops->log_read(reader, workspace, from, latest->log.row + 1, verifying,
                                   check_row);
    }
    return err ? err : check_erased(verifying, chain);
}

static lb_err check_version(struct verifying *verifying, struct lb_workspace_version *latest)
{
    struct lb_store *store = verifying->verify->store;
    const struct lb_chain_check *chain = lb_chains_of(&verifying->chains, latest->workspace);
    if (!chain)
        return LB_OK; /* made after the workspaces were read */
    lb_err err = store->ops->log_read(store->ops->writer_reader(store), latest->workspace, 0,
                                      latest->log.row + 1, verifying, check_row);
    if (!err)
        err = follow_erasures(verifying, latest);
    if (err)
        return err;
    bool ends_there = latest->log.row == 0 ||
                      (latest->log.row == chain->row && latest->log.last == chain->next - 1 &&
                       memcmp(latest->log.digest, chain->digest, sizeof chain->digest) == 0);
    return ends_there
               ? check_end(verifying, latest)
               : lb_fail(verifying->reason, LB_ERR_CONFLICT,
                         "the blocklist log of workspace %s does not end where the workspace says: "
                         "after number %llu",
                         chain->id, (unsigned long long)latest->log.row);
}

static lb_err check_each(struct verifying *verifying)
{
    struct lb_store *store = verifying->verify->store;
    struct versions versions = {0};
    lb_err err =
        store->shared->versions(store->ops->writer_reader(store), NULL, 0, &versions, keep_version);
    for (size_t i = 0; !err && i < versions.count; i++)
        err = check_version(verifying, &versions.array[i]);
    free(versions.array);
    return err;
}

lb_err lb_verify_log(struct lb_verify *verify, struct lb_reason *reason)
{
    struct lb_store *store = verify->store;
    struct verifying verifying = {.verify = verify, .reason = reason};
    verify->workspaces = verify->rows = verify->entries = 0;
    reason->text[0] = '\0';
    verifying.all = store->ops->log_next_id(store);
    lb_err err = store->ops->load_workspaces(store, &verifying, take_workspace);
    if (!err)
        err = store->shared ? check_each(&verifying) : check_all(&verifying);
    lb_chains_fini(&verifying.chains);
    if (err && !reason->text[0])
        lb_fail(reason, err, "the blocklist log cannot be read");
    return err;
}

/* --- Only where the log ends ------------------------------------------------------------------ */

struct extents {
    uint64_t recorded_last_id;
    struct lb_log_extent found, all; /* see log_loaded in store/methods.h */
};

static lb_err add_row(void *context, const struct lb_log_row *row)
{
    struct extents *extents = context;
    lb_log_extent_add(&extents->all, row);
    if (row->id <= extents->recorded_last_id)
        extents->found = extents->all;
    return LB_OK;
}

static lb_err check_extent(struct lb_store *store, struct lb_reason *reason)
{
    struct extents extents = {.recorded_last_id = store->recorded.last_id};
    lb_err err = store->ops->log_scan(store->ops->writer_reader(store), 0, 0, LB_ENTRY_ID_MAX + 1,
                                      &extents, add_row);
    return err ? err : store->ops->log_loaded(store, &extents.found, &extents.all, reason);
}

static lb_err take_mark(void *context, const struct lb_log_row *row)
{
    *(struct lb_log_mark *)context = lb_log_mark_after(row, lb_log_items_count(row->items));
    return LB_OK;
}

static lb_err last_mark(struct lb_store *store, uint32_t workspace, uint64_t first,
                        struct lb_log_mark *out)
{
    *out = (struct lb_log_mark){0};
    return store->ops->log_read(store->ops->writer_reader(store), workspace, first,
                                LB_ENTRY_ID_MAX + 1, out, take_mark);
}

static lb_err check_head(struct lb_store *store, const struct lb_workspace_version *latest,
                         struct lb_reason *reason)
{
    const struct lb_log_mark *known = &latest->log;
    struct lb_log_mark mark;
    lb_err err = last_mark(store, latest->workspace, known->row, &mark);
    if (err || (mark.row == known->row && mark.last == known->last &&
                memcmp(mark.digest, known->digest, sizeof mark.digest) == 0))
        return err;
    err = last_mark(store, latest->workspace, 0, &mark);
    uint64_t lost = known->last > mark.last ? known->last - mark.last : 0;
    return err ? err
               : lb_fail(reason, LB_ERR_CONFLICT,
                         "damage: the blocklist log of workspace number %u ends after number %llu, "
                         "and the workspace says after number %llu: at most %llu entries are lost; "
                         "restore a backup",
                         latest->workspace, (unsigned long long)mark.last,
                         (unsigned long long)known->last, (unsigned long long)lost);
}

static lb_err check_heads(struct lb_store *store, struct lb_reason *reason)
{
    struct versions versions = {0};
    lb_err err =
        store->shared->versions(store->ops->writer_reader(store), NULL, 0, &versions, keep_version);
    for (size_t i = 0; !err && i < versions.count; i++)
        err = check_head(store, &versions.array[i], reason);
    free(versions.array);
    return err;
}

lb_err lb_verify_end(struct lb_store *store, struct lb_reason *reason)
{
    reason->text[0] = '\0';
    lb_err err = store->shared ? check_heads(store, reason) : check_extent(store, reason);
    if (err && !reason->text[0])
        lb_fail(reason, err, "the blocklist log cannot be read");
    return err;
}
