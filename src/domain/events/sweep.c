/* Removing rows of events that are too old to be shown. Rows of the log stay: they are the
 * blocklist, and only not shown. */
#include "domain/events/internal.h"

#include "base/clock.h"

#define WORKSPACES_AT_ONCE 20
#define ROWS_AT_ONCE       5000 /* of a workspace, in a round */
#define ROUND_MS           (10 * 60 * 1000)

static struct lb_events_sweep *sweep_of(struct lb_write *write)
{
    return (struct lb_events_sweep *)write;
}

static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    const struct lb_events *events = sweep_of(write)->events;
    int64_t before = lb_clock_wall_ms() - events->settings.retention_ms;
    const struct lb_workspace *workspace = events->sweep_at;
    lb_err err = LB_OK;
    for (int i = 0; !err && workspace && i < WORKSPACES_AT_ONCE; i++) {
        write->touched = true;
        err = store->ops->events_drop(store, workspace->row.no, before, ROWS_AT_ONCE);
        workspace = lb_rcu_load(&workspace->next);
    }
    return err;
}

static void publish(struct lb_write *write)
{
    struct lb_events *events = sweep_of(write)->events;
    for (int i = 0; events->sweep_at && i < WORKSPACES_AT_ONCE; i++)
        events->sweep_at = lb_rcu_load(&events->sweep_at->next);
}

bool lb_events_sweep_due(struct lb_events *events)
{
    uint64_t now_ms = lb_clock_mono_ms();
    int64_t round_ms = events->settings.retention_ms / 10;
    if (round_ms > ROUND_MS)
        round_ms = ROUND_MS;
    if (!events->sweep_at && now_ms >= events->sweep_again_ms) {
        events->sweep_at = lb_directory_workspaces(events->settings.directory);
        events->sweep_again_ms = now_ms + (uint64_t)round_ms;
    }
    return events->sweep_at != NULL;
}

void lb_events_sweep(struct lb_events_sweep *sweep)
{
    sweep->write.apply = apply;
    sweep->write.publish = publish;
}
