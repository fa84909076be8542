/* Removing rows of events that are too old to be shown. Rows of the log stay: they are the
 * blocklist, and only not shown. */
#include "domain/events/internal.h"

#include "base/clock.h"

#define WORKSPACES_AT_ONCE 20
#define ROWS_AT_ONCE       1000 /* in one write, which others wait for */
#define ROUND_MS           (10 * 60 * 1000)

static struct lb_events_sweep *sweep_of(struct lb_write *write)
{
    return (struct lb_events_sweep *)write;
}

static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    struct lb_events_sweep *sweep = sweep_of(write);
    int64_t before = lb_clock_wall_ms() - sweep->events->settings.retention_ms;
    size_t room = ROWS_AT_ONCE;
    lb_err err = LB_OK;
    sweep->next = sweep->events->sweep_at;
    for (int i = 0; !err && sweep->next && i < WORKSPACES_AT_ONCE && room > 1; i++) {
        size_t dropped;
        write->touched = true;
        err = store->ops->events_drop(store, sweep->next->row.no, before, room, &dropped);
        if (dropped + 1 < room) /* the last old one stays: this workspace has no more */
            sweep->next = lb_rcu_load(&sweep->next->next);
        room -= dropped;
    }
    return err;
}

static void publish(struct lb_write *write)
{
    sweep_of(write)->events->sweep_at = sweep_of(write)->next;
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
