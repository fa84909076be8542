#include "domain/blocklist/lack.h"

#include "base/clock.h"
#include "base/rcu.h"
#include "domain/access/nodes.h"

#include <string.h>

/* Writes wait meanwhile. From the answer about the versions on; where that came from far away, for
 * so many times as long, as others' writes ask as often, but not for long: it may have been slow.
 */
#define READ_MS       25
#define READ_TIMES    10
#define READ_MORE_MAX 250
#define APART_MS      1000
/* Workspaces of one question. */
#define GROUP_MAX 256

struct reading {
    struct lb_lack *lack;
    const struct lb_freshness_settings *settings;
    const _Atomic bool *stopping;
    uint64_t until_ms;       /* 0: no answer came so far */
    uint64_t apart_until_ms; /* 0: none has failed so far */
    bool over;               /* the time is, and `*from` has had none of it */
    uint32_t *from;
};

static bool is_stopped(const struct reading *reading)
{
    return atomic_load(reading->stopping) && !reading->lack->first;
}

static lb_err add_to(struct lb_id_set *set, uint32_t no)
{
    return lb_id_set_add(set, no) ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
}

/* It had no turn: the first of them is the first one of the next reading. */
static lb_err leave(struct reading *reading, uint32_t no)
{
    if (!reading->over)
        *reading->from = no;
    reading->over = true;
    return add_to(&reading->lack->rest, no);
}

static lb_err read_one(struct reading *reading, const struct lb_workspace_version *latest)
{
    bool all = false;
    lb_err err = LB_OK;
    if (is_stopped(reading))
        return LB_ERR_STORAGE_UNAVAILABLE;
    if (lb_clock_mono_ms() >= reading->until_ms)
        return leave(reading, latest->workspace);
    err = lb_blocklist_refresh_some(reading->settings->blocklist, latest, reading->until_ms, &all);
    return err || all ? err : add_to(&reading->lack->rest, latest->workspace);
}

/* One of them at least is read, however far away the store is. */
static void begin_reading(struct reading *reading, uint64_t asked_ms)
{
    uint64_t now_ms = lb_clock_mono_ms();
    uint64_t more_ms = (now_ms - asked_ms) * READ_TIMES;
    if (!reading->until_ms)
        reading->until_ms = now_ms + READ_MS + (more_ms < READ_MORE_MAX ? more_ms : READ_MORE_MAX);
}

static lb_err read_versions(struct reading *reading, const uint32_t *workspaces, size_t count)
{
    struct lb_store *store = reading->settings->store;
    struct lb_workspace_versions versions = {0};
    uint64_t asked_ms = lb_clock_mono_ms();
    lb_err err =
        lb_nodes_versions(store, store->ops->writer_reader(store), workspaces, count, &versions);
    if (!err)
        begin_reading(reading, asked_ms);
    for (size_t i = 0; !err && i < versions.count; i++) {
        err = read_one(reading, &versions.array[i]);
        lb_rcu_quiescent();
    }
    lb_workspace_versions_fini(&versions);
    return err;
}

/* Each alone. Those that the time is too short for have failed. */
static lb_err read_apart(struct reading *reading, const uint32_t *workspaces, size_t count)
{
    bool over = false;
    lb_err err = LB_OK;
    if (!reading->apart_until_ms)
        reading->apart_until_ms = lb_clock_mono_ms() + APART_MS;
    for (size_t i = 0; !err && i < count; i++) {
        uint32_t no = workspaces[i];
        if (!over && (lb_clock_mono_ms() >= reading->apart_until_ms || is_stopped(reading))) {
            over = true;
            *reading->from = no;
        }
        if (over || read_versions(reading, &no, 1))
            err = add_to(&reading->lack->failed, no);
    }
    return err;
}

/* Those that requests wait for, and the installation's list, which all wait for. */
static bool is_waited_for(const struct lb_id_set *wanted, uint32_t no)
{
    return no == LB_INSTALLATION_NO || lb_id_set_holds(wanted, no);
}

static size_t put_those(const struct lb_id_set *all, size_t first, const struct lb_id_set *wanted,
                        bool waited_for, uint32_t *out)
{
    size_t count = 0;
    for (size_t i = 0; i < all->count; i++) {
        uint32_t no = all->ids[(first + i) % all->count];
        if (is_waited_for(wanted, no) == waited_for)
            out[count++] = no;
    }
    return count;
}

/* The workspaces in the order in which they are read; NULL when out of memory. */
static uint32_t *in_order(const struct lb_lack *lack, uint32_t from)
{
    const struct lb_id_set *all = &lack->workspaces;
    struct lb_id_set wanted = {0};
    uint32_t *order = malloc((all->count + 1) * sizeof *order);
    size_t first = lb_ids_place(all->ids, all->count, from);
    for (const struct lb_fresh *fresh = lack->first; order && fresh; fresh = fresh->next)
        if (lb_id_set_holds(all, fresh->no))
            lb_id_set_add(&wanted, fresh->no); /* without memory, it has its turn later */
    if (order) {
        size_t count = put_those(all, first, &wanted, true, order);
        put_those(all, first, &wanted, false, order + count);
    }
    lb_id_set_fini(&wanted);
    return order;
}

static lb_err read_group(struct reading *reading, const uint32_t *workspaces, size_t count)
{
    lb_err err = LB_OK;
    if (reading->until_ms && lb_clock_mono_ms() >= reading->until_ms) {
        for (size_t i = 0; !err && i < count; i++)
            err = leave(reading, workspaces[i]);
        return err;
    }
    err = read_versions(reading, workspaces, count);
    if (err && count == 1)
        return add_to(&reading->lack->failed, workspaces[0]);
    return err ? read_apart(reading, workspaces, count) : LB_OK;
}

/* The versions are asked for once more: the answer that called for this may be older than what this
 * node has written since. */
void lb_lack_read(struct lb_lack *lack, const struct lb_freshness_settings *settings,
                  const _Atomic bool *stopping, uint32_t *from)
{
    struct lb_store *store = settings->store;
    struct reading reading = {
        .lack = lack, .settings = settings, .stopping = stopping, .from = from};
    uint32_t *order = in_order(lack, *from);
    size_t count = lack->workspaces.count, group;
    lack->failed.count = lack->rest.count = 0;
    lack->err = order ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
    for (size_t i = 0; !lack->err && i < count; i += group) {
        group = count - i < GROUP_MAX ? count - i : GROUP_MAX;
        lack->err = read_group(&reading, order + i, group);
    }
    free(order);
    store->ops->reader_rest(store->ops->writer_reader(store));
}
