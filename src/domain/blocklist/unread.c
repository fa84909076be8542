/* After a start that could not read all, because a part of the store was away: the careful lane
 * asks for each of these workspaces until memory has it. Requests about them ask as all others do,
 * so that none is answered before. */
#include "base/log.h"
#include "base/rcu.h"
#include "domain/access/nodes.h"
#include "domain/blocklist/freshness_internal.h"

#include <string.h>

/* How often the log is told that more of what the start could not read is there. */
#define TELL_EVERY_MS 1000

void lb_freshness_expect(struct lb_freshness *freshness, struct lb_id_set *unread)
{
    struct lb_workspace *workspace = lb_directory_workspaces(freshness->settings.directory);
    atomic_store(&freshness->last_trouble, 1);
    atomic_store(&freshness->trouble, 1);
    for (; workspace; workspace = lb_rcu_load(&workspace->next))
        atomic_store(&workspace->confirmed, !lb_id_set_holds(unread, workspace->row.no));
    lb_directory_set_partial(freshness->settings.directory, unread->count > 0);
    freshness->unread = *unread;
    *unread = (struct lb_id_set){0};
}

struct look {
    struct lane *lane;
    bool lacks; /* memory lacks some of it; false as well when there is no such workspace */
    bool exists;
};

static lb_err see_version(void *context, const struct lb_workspace_version *latest)
{
    struct look *look = context;
    const struct lb_workspace *workspace = lb_lane_workspace(look->lane, latest->workspace);
    look->exists = true;
    look->lacks = !workspace || !lb_nodes_up_to(workspace, latest);
    return look->lacks ? lb_lane_compare(look->lane, latest) : LB_OK;
}

/* Memory has it, or it never was: its number is not asked for any more. */
static void forget_unread(struct lb_freshness *freshness, const struct look *look)
{
    struct lb_id_set *unread = &freshness->unread;
    size_t at = freshness->unread_at;
    memmove(&unread->ids[at], &unread->ids[at + 1], (--unread->count - at) * sizeof *unread->ids);
    freshness->read_since += look->exists;
}

static void tell_unread(struct lb_freshness *freshness)
{
    uint64_t now = lb_clock_mono_ms();
    if (freshness->unread.count && now < freshness->unread_told_ms + TELL_EVERY_MS)
        return;
    if (freshness->read_since || !freshness->unread.count)
        lb_log(LB_LOG_INFO, "start",
               "%zu workspaces that the start could not read have been read and are served; %zu"
               " are left",
               freshness->read_since, freshness->unread.count);
    freshness->read_since = 0;
    freshness->unread_told_ms = now;
}

/* Are they back? What memory lacks of those that are is gathered, and read like what other nodes
 * have written. */
void lb_unread_look(struct lane *lane)
{
    struct lb_freshness *freshness = lane->freshness;
    struct lb_store *store = freshness->settings.store;
    struct lb_id_set *unread = &freshness->unread;
    uint64_t now = lb_clock_mono_ms(), until_ms = now + SURVEY_MS, refused_ms = 0;
    for (size_t left = unread->count; left && now < until_ms && !is_stopping(freshness); left--) {
        struct look look = {.lane = lane};
        if (freshness->unread_at >= unread->count)
            freshness->unread_at = 0;
        lb_err err = lb_nodes_each_version(store, lane->reader, &unread->ids[freshness->unread_at],
                                           1, &look, see_version);
        refused_ms += err ? ms_since(now) : 0;
        if (err || look.lacks)
            freshness->unread_at++;
        else
            forget_unread(freshness, &look);
        now = lb_clock_mono_ms();
    }
    store->ops->reader_rest(lane->reader);
    lb_directory_set_partial(freshness->settings.directory, unread->count > 0);
    freshness->unread_quiet_ms = quiet_after(refused_ms);
    tell_unread(freshness);
}
