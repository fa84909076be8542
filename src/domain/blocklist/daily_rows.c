#include "domain/blocklist/change_parts.h"

#include "base/clock.h"

#define DAY_MS (INT64_C(24) * 60 * 60 * 1000)

/* When the entry with this number was recorded. */
static int64_t recorded_at(const struct lb_workspace *workspace, uint64_t number)
{
    struct lb_row_time time = {0};
    lb_row_times_find(workspace->row_times,
                      lb_row_times_published_id_of(workspace->row_times, number), &time);
    return time.at;
}

/* When so few of the last day's are left that there is room for another. */
static unsigned wait_s(const struct lb_workspace *workspace, uint64_t last, uint64_t max,
                       int64_t now)
{
    int64_t free_at = recorded_at(workspace, last + 1 - max) + DAY_MS;
    int64_t wait_ms = free_at - now;
    if (wait_ms < 1000)
        return 1;
    return wait_ms < DAY_MS ? (unsigned)((wait_ms + 999) / 1000) : (unsigned)(DAY_MS / 1000);
}

lb_err lb_change_check_daily(struct lb_change *change)
{
    struct lb_workspace *workspace = change->standing.workspace;
    if (change->beyond_daily)
        return LB_OK;
    uint64_t max = change->blocklist->max_daily_rows;
    uint64_t last = lb_blocklist_batch_log(change->blocklist, workspace)->last;
    if (last < max) /* in all its days */
        return LB_OK;
    int64_t now = lb_clock_wall_ms();
    uint64_t first = lb_row_times_number_since(workspace->row_times, now - DAY_MS);
    if (first == 0 || last + 1 - first < max)
        return LB_OK;
    unsigned seconds = wait_s(workspace, last, max, now);
    change->write.retry_after_s = seconds;
    return lb_fail(
        &change->write.reason, LB_ERR_RATE_LIMITED,
        "This workspace has recorded %llu blocks and unblocks within 24 hours, and may "
        "record %llu. Nothing was recorded. Try again in %u second%s, or ask the operator "
        "to raise max-workspace-daily-rows.",
        (unsigned long long)(last + 1 - first), (unsigned long long)max, seconds,
        lb_plural(seconds));
}
