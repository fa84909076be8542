#include "domain/blocklist/outbox.h"

#include "base/array.h"
#include "domain/blocklist/internal.h"

static lb_err append(struct lb_blocklist *blocklist, struct lb_workspace *workspace,
                     struct lb_event_row *row)
{
    row->workspace = workspace->row.no;
    row->epoch = lb_blocklist_epoch(blocklist, row->workspace);
    row->at = blocklist->batch.now_ms;
    return blocklist->store->ops->event_append(blocklist->store, row);
}

lb_err lb_outbox_record(struct lb_blocklist *blocklist, struct lb_workspace *workspace,
                        struct lb_event_row row)
{
    size_t count = blocklist->with_events_count;
    bool noted = count && blocklist->with_events[count - 1] == workspace;
    if (!lb_array_reserve(blocklist->with_events, blocklist->with_events_capacity, count + 1))
        return LB_ERR_STORAGE_UNAVAILABLE;
    if (!noted)
        blocklist->with_events[blocklist->with_events_count++] = workspace;
    row.log = lb_blocklist_batch_log(blocklist, workspace)->last;
    return append(blocklist, workspace, &row);
}

lb_err lb_outbox_quiet(struct lb_blocklist *blocklist, struct lb_workspace *workspace,
                       uint64_t log_row, uint64_t items)
{
    struct lb_event_row row = {.type = LB_EVENT_QUIET, .log = log_row, .detail = items};
    if (workspace->row.no == LB_INSTALLATION_NO) /* it has no feed */
        return LB_OK;
    return append(blocklist, workspace, &row);
}
