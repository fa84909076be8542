/* How many leads a workspace may still have. Their number is the sum of its campaigns' counts,
 * which is read again only when the room that was found is used up. A node of several holds an
 * eighth of it, and no more than ROOM_OF_A_NODE_MAX, which the others do not know of: together they
 * exceed the bound by what each holds, at most. */
#include "domain/outreach/internal.h"

#include "domain/access/nodes.h"

#define SHARE_OF_A_NODE    8
#define ROOM_OF_A_NODE_MAX 10000

static uint64_t left_of(uint64_t max, uint64_t total)
{
    return total < max ? max - total : 0;
}

static lb_err find_room(struct lb_outreach *outreach, struct lb_workspace *workspace, uint64_t *out)
{
    struct lb_store *store = outreach->settings.store;
    uint64_t total = 0;
    lb_err err = lb_outreach_write_count(outreach);
    if (!err)
        err = store->ops->leads_total(lb_outreach_reader(outreach), workspace->row.no, &total);
    *out = left_of(outreach->settings.max_workspace_leads, total);
    return err;
}

static uint64_t room_to_hold(const struct lb_outreach *outreach, uint64_t room)
{
    if (!lb_nodes_memory_may_lag(outreach->settings.store))
        return room;
    uint64_t share = room / SHARE_OF_A_NODE;
    return share < ROOM_OF_A_NODE_MAX ? share : ROOM_OF_A_NODE_MAX;
}

lb_err lb_outreach_take_room(struct lb_outreach *outreach, struct lb_workspace *workspace,
                             uint64_t count, struct lb_reason *reason)
{
    uint64_t max = outreach->settings.max_workspace_leads;
    uint64_t room;
    if (!max || count <= workspace->leads_room) {
        workspace->leads_room -= max ? count : 0;
        return LB_OK;
    }
    lb_err err = find_room(outreach, workspace, &room);
    if (err)
        return err;
    workspace->leads_room = 0;
    if (count > room)
        return lb_fail(reason, LB_ERR_WORKSPACE_OVERLOADED,
                       "A workspace may have %llu leads in all its campaigns and this would exceed "
                       "that. Delete campaigns that are done, or ask the operator to raise "
                       "max-workspace-leads.",
                       (unsigned long long)max);
    workspace->leads_room = room_to_hold(outreach, room - count);
    return LB_OK;
}
