#include "domain/blocklist/lack.h"

#include "base/clock.h"
#include "base/rcu.h"
#include "domain/access/nodes.h"

/* Writes wait meanwhile. */
#define APART_MS 1000

struct reading {
    struct lb_lack *lack;
    const struct lb_freshness_settings *settings;
    const _Atomic bool *stopping;
};

static bool is_stopped(const struct reading *reading)
{
    return atomic_load(reading->stopping) && !reading->lack->first;
}

static lb_err read_versions(const struct reading *reading, const uint32_t *workspaces, size_t count)
{
    struct lb_store *store = reading->settings->store;
    struct lb_workspace_versions versions = {0};
    lb_err err =
        lb_nodes_versions(store, store->ops->writer_reader(store), workspaces, count, &versions);
    for (size_t i = 0; !err && i < versions.count; i++) {
        err = is_stopped(reading)
                  ? LB_ERR_STORAGE_UNAVAILABLE
                  : lb_blocklist_refresh(reading->settings->blocklist, &versions.array[i]);
        lb_rcu_quiescent();
    }
    lb_workspace_versions_fini(&versions);
    return err;
}

static lb_err read_apart(const struct reading *reading, uint32_t *from)
{
    const struct lb_id_set *all = &reading->lack->workspaces;
    uint64_t until_ms = lb_clock_mono_ms() + APART_MS;
    size_t first = lb_ids_place(all->ids, all->count, *from);
    bool over = false;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < all->count; i++) {
        uint32_t no = all->ids[(first + i) % all->count];
        if (!over && (lb_clock_mono_ms() >= until_ms || is_stopped(reading))) {
            over = true;
            *from = no;
        }
        if ((over || read_versions(reading, &no, 1)) && !lb_id_set_add(&reading->lack->failed, no))
            err = LB_ERR_STORAGE_UNAVAILABLE;
    }
    return err;
}

/* The versions are asked for once more: the answer that called for this may be older than what this
 * node has written since. */
void lb_lack_read(struct lb_lack *lack, const struct lb_freshness_settings *settings,
                  const _Atomic bool *stopping, uint32_t *from)
{
    struct lb_store *store = settings->store;
    const struct reading reading = {lack, settings, stopping};
    const struct lb_id_set *all = &lack->workspaces;
    lack->failed.count = 0;
    lack->err = read_versions(&reading, all->ids, all->count);
    if (lack->err && all->count > 1)
        lack->err = read_apart(&reading, from);
    store->ops->reader_rest(store->ops->writer_reader(store));
}
