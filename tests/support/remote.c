#include "support/remote.h"

#include "store/log_items.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
/* After the above. */
#include <cmocka.h>

struct remote *remote_lock(struct remote *remote)
{
    pthread_mutex_lock(&remote->lock);
    return remote;
}

void remote_unlock(struct remote *remote)
{
    pthread_mutex_unlock(&remote->lock);
}

static struct remote *lock_store(struct lb_store *store)
{
    return remote_lock((struct remote *)store);
}

static lb_err unlock(struct remote *remote, lb_err err)
{
    remote_unlock(remote);
    return err;
}

static lb_err begin(struct lb_store *store)
{
    return LB_OK;
}

static void rollback(struct lb_store *store)
{
}

static void maintain(struct lb_store *store, bool idle)
{
}

static uint64_t log_next_id(struct lb_store *store)
{
    return 1;
}

static lb_err load_workspaces(struct lb_store *store, void *context,
                              lb_err (*each)(void *context, const struct lb_workspace_row *row))
{
    struct remote *remote = lock_store(store);
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < remote->workspace_count; i++)
        err = each(context, &remote->workspaces[i]);
    return unlock(remote, err);
}

static lb_err load_no_keys(struct lb_store *store, void *context,
                           lb_err (*each)(void *context, const struct lb_key_row *row))
{
    return LB_OK;
}

static lb_err load_no_campaigns(struct lb_store *store, void *context,
                                lb_err (*each)(void *context, const struct lb_campaign_row *row))
{
    return LB_OK;
}

static lb_err reader_open(struct lb_store *store, struct lb_store_reader **out)
{
    *out = &((struct remote *)store)->asking;
    return LB_OK;
}

static struct lb_store_reader *writer_reader(struct lb_store *store)
{
    return &((struct remote *)store)->writer;
}

static void reader_rest(struct lb_store_reader *reader)
{
}

static void prefetch_entries(struct lb_store_reader *reader, uint32_t workspace,
                             const uint64_t *ids, size_t count)
{
}

static lb_err log_row_of(struct lb_store_reader *reader, uint32_t workspace, uint64_t id,
                         struct lb_log_row *out)
{
    struct remote *remote = remote_lock(reader->remote);
    lb_err err = LB_ERR_NOT_FOUND;
    for (size_t i = 0; i < remote->row_count; i++)
        if (remote->rows[i].list.workspace == workspace && remote->rows[i].id <= id) {
            *out = remote->rows[i];
            err = LB_OK;
        }
    return unlock(remote, id == remote->fail_row_of ? LB_ERR_STORAGE_UNAVAILABLE : err);
}

static lb_err log_scan(struct lb_store_reader *reader, uint32_t workspace, uint64_t first,
                       uint64_t end, void *context,
                       lb_err (*each)(void *context, const struct lb_log_row *row))
{
    struct remote *remote = remote_lock(reader->remote);
    size_t left = remote->fail_after;
    unsigned scan_ms = remote->scan_ms;
    unlock(remote, LB_OK);
    if (scan_ms)
        nanosleep(&(struct timespec){.tv_nsec = scan_ms * 1000000L}, NULL);
    remote_lock(remote);
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < remote->row_count; i++) {
        struct lb_log_row row = remote->rows[i];
        if (row.list.workspace != workspace || row.id < first || row.id >= end)
            continue;
        if (remote->fail_after && left-- == 0)
            return unlock(remote, LB_ERR_STORAGE_UNAVAILABLE);
        unlock(remote, LB_OK); /* `each` may ask for others */
        err = each(context, &row);
        remote_lock(remote);
    }
    return unlock(remote, err);
}

static lb_err logs_scan(struct lb_store_reader *reader, uint32_t first, uint32_t last,
                        void *context, lb_err (*each)(void *context, const struct lb_log_row *row))
{
    struct remote *remote = remote_lock(reader->remote);
    lb_err err = remote->away >= first && remote->away <= last && remote->away
                     ? LB_ERR_STORAGE_UNAVAILABLE
                     : LB_OK;
    unlock(remote, LB_OK);
    for (uint32_t workspace = first; !err && workspace <= last; workspace++)
        err = log_scan(reader, workspace, 0, UINT64_MAX, context, each);
    return err;
}

/* It has no list of the installation. */
static bool is_there(const struct remote *remote, uint32_t workspace)
{
    return workspace != LB_INSTALLATION_NO && workspace <= remote->workspace_count;
}

static lb_err lock_workspaces(struct lb_store *store, const uint32_t *workspaces, size_t count,
                              bool patient, struct lb_workspace_version *out,
                              struct lb_workspace_version *out_installation)
{
    if (out_installation)
        *out_installation = (struct lb_workspace_version){.workspace = LB_WORKSPACE_NONE};
    struct remote *remote = lock_store(store);
    for (size_t i = 0; i < count; i++) {
        remote->locked[i] = workspaces[i];
        out[i] = is_there(remote, workspaces[i])
                     ? remote->versions[workspaces[i] - 1]
                     : (struct lb_workspace_version){.workspace = LB_WORKSPACE_NONE};
    }
    remote->locked_count = count;
    return unlock(remote, LB_OK);
}

static void note_question(struct remote *remote, const uint32_t *workspaces, size_t count)
{
    if (count == 0)
        return;
    remote->questions++;
    remote->asked = count - (workspaces[0] == LB_INSTALLATION_NO); /* of workspaces */
    for (size_t i = 1; i < count; i++)
        remote->unsorted |= workspaces[i - 1] >= workspaces[i];
}

static bool names(const uint32_t *workspaces, size_t count, uint32_t workspace)
{
    for (size_t i = 0; i < count; i++)
        if (workspaces[i] == workspace)
            return true;
    return false;
}

static lb_err versions(struct lb_store_reader *reader, const uint32_t *workspaces, size_t count,
                       void *context,
                       lb_err (*each)(void *context, const struct lb_workspace_version *latest))
{
    struct remote *remote = remote_lock(reader->remote);
    struct lb_workspace_version found[REMOTE_WORKSPACES_MAX];
    size_t size = count ? 0 : remote->workspace_count;
    memcpy(found, remote->versions, size * sizeof *found);
    for (size_t i = 0; i < count; i++)
        if (is_there(remote, workspaces[i]))
            found[size++] = remote->versions[workspaces[i] - 1];
    if (reader->asks)
        note_question(remote, workspaces, count);
    lb_err err = reader->asks ? remote->fail_question : remote->fail_writer;
    if (remote->away && (!count || names(workspaces, count, remote->away)))
        err = LB_ERR_STORAGE_UNAVAILABLE;
    remote->failed[!reader->asks] += err != LB_OK;
    unsigned silent_ms = err ? remote->silent_ms : 0;
    bool hold = reader->asks && remote->hold && count;
    remote->hold &= !hold;
    unlock(remote, LB_OK);
    if (silent_ms)
        nanosleep(&(struct timespec){silent_ms / 1000, silent_ms % 1000 * 1000000L}, NULL);
    if (hold) {
        sem_post(&remote->held);
        sem_wait(&remote->gate);
    }
    for (size_t i = 0; !err && i < size; i++)
        err = each(context, &found[i]);
    return err;
}

static lb_err workspace(struct lb_store_reader *reader, uint32_t no, struct lb_workspace_row *out)
{
    struct remote *remote = remote_lock(reader->remote);
    *out = remote->workspaces[no - 1];
    return unlock(remote, LB_OK);
}

static lb_err workspaces_of_keys(struct lb_store_reader *reader, const struct lb_str *key_ids,
                                 size_t count, uint32_t *out)
{
    struct remote *remote = remote_lock(reader->remote);
    for (size_t key = 0; key < count; key++) {
        out[key] = 0;
        for (uint32_t i = 0; i < remote->workspace_count; i++)
            if (remote->keys[i].no && lb_str_equal(key_ids[key], lb_str(remote->keys[i].id)))
                out[key] = i + 1;
    }
    return unlock(remote, remote->fail_key);
}

static lb_err keys_since(struct lb_store_reader *reader, uint32_t no, uint64_t version,
                         void *context, lb_err (*each)(void *context, const struct lb_key_row *row))
{
    struct remote *remote = remote_lock(reader->remote);
    struct lb_key_row row = remote->keys[no - 1];
    unlock(remote, LB_OK);
    return row.no ? each(context, &row) : LB_OK;
}

static lb_err campaigns_since(struct lb_store_reader *reader, uint32_t no, uint64_t version,
                              void *context,
                              lb_err (*each)(void *context, const struct lb_campaign_row *row))
{
    struct remote *remote = remote_lock(reader->remote);
    struct lb_campaign_row row = remote->campaigns[no - 1];
    unlock(remote, LB_OK);
    return row.no ? each(context, &row) : LB_OK;
}

uint32_t remote_add_workspace(struct remote *remote)
{
    remote_lock(remote);
    struct lb_workspace_row *row = &remote->workspaces[remote->workspace_count++];
    uint32_t no = row->no = (uint32_t)remote->workspace_count;
    row->plan = LB_PLAN_AGENCY;
    snprintf(row->id, sizeof row->id, "ws_%u", no);
    remote->versions[no - 1] = (struct lb_workspace_version){.workspace = no, .access_version = 1};
    remote_unlock(remote);
    return no;
}

void remote_append(struct remote *remote, struct lb_list list, enum lb_log_kind kind, uint64_t id,
                   const char *items)
{
    struct lb_log_row row = {
        .id = id, .number = id, .list = list, .kind = kind, .items = lb_str(items)};
    memcpy(row.digest, &id, sizeof id); /* no chain, but one row's tells it from another's */
    remote_lock(remote);
    remote->rows[remote->row_count++] = row;
    remote->versions[list.workspace - 1].log =
        (struct lb_log_mark){.row = id, .last = id + lb_log_items_count(row.items) - 1};
    memcpy(remote->versions[list.workspace - 1].log.digest, row.digest, sizeof row.digest);
    remote_unlock(remote);
}

void remote_block(struct remote *remote, uint32_t workspace, uint64_t id, const char *items)
{
    remote_append(remote, (struct lb_list){workspace, 0}, LB_LOG_BLOCK, id, items);
}

static void open_remote(struct remote *remote)
{
    *remote = (struct remote){
        .ops = {.begin = begin,
                .commit = begin,
                .probe = begin,
                .rollback = rollback,
                .maintain = maintain,
                .log_next_id = log_next_id,
                .load_workspaces = load_workspaces,
                .load_keys = load_no_keys,
                .load_campaigns = load_no_campaigns,
                .reader_open = reader_open,
                .writer_reader = writer_reader,
                .reader_close = reader_rest,
                .reader_rest = reader_rest,
                .prefetch_entries = prefetch_entries,
                .log_row_of = log_row_of,
                .log_scan = log_scan},
        .shared = {.lock = lock_workspaces,
                   .versions = versions,
                   .workspace = workspace,
                   .workspaces_of_keys = workspaces_of_keys,
                   .keys_since = keys_since,
                   .campaigns_since = campaigns_since,
                   .logs_scan = logs_scan},
        .writer = {.remote = remote},
        .asking = {.remote = remote, .asks = true},
    };
    remote->store = (struct lb_store){.ops = &remote->ops, .shared = &remote->shared};
    pthread_mutex_init(&remote->lock, NULL);
    sem_init(&remote->held, 0, 0);
    sem_init(&remote->gate, 0, 0);
    for (int i = 0; i < 3; i++)
        remote_add_workspace(remote);
}

void memory_open(struct memory *memory)
{
    *memory = (struct memory){0};
    struct lb_store *store = &memory->remote.store;
    struct lb_reason reason;
    lb_rcu_thread_register();
    open_remote(&memory->remote);
    memory->directory = lb_directory_create();
    assert_int_equal(lb_nodes_load_access(memory->directory, store), LB_OK);
    struct lb_blocklist_settings settings = {memory->directory, store, 1000};
    memory->blocklist = lb_blocklist_create(&settings);
    assert_int_equal(lb_blocklist_load(memory->blocklist, NULL, NULL, &reason), LB_OK);
}

void memory_close(struct memory *memory)
{
    assert_false(memory->remote.unsorted);
    lb_blocklist_destroy(memory->blocklist);
    lb_directory_destroy(memory->directory);
    lb_rcu_barrier();
    lb_rcu_thread_unregister();
    pthread_mutex_destroy(&memory->remote.lock);
    sem_destroy(&memory->remote.held);
    sem_destroy(&memory->remote.gate);
}

struct lb_workspace *memory_workspace(const struct memory *memory, uint32_t no)
{
    char id[LB_ID_SIZE];
    snprintf(id, sizeof id, "ws_%u", no);
    return lb_directory_workspace(memory->directory, lb_str(id));
}

bool memory_blocks(const struct memory *memory, uint32_t no, const char *identifier)
{
    struct lb_list list = {no, 0};
    return lb_blocklist_find(memory->blocklist, list, lb_str(identifier)) != 0;
}
