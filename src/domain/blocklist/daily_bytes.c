/* The bound on what a workspace records within a day, around each batch of the writer. */
#include "domain/blocklist/internal.h"

#include "base/clock.h"

static struct lb_workspace *counted(const struct lb_blocklist *blocklist,
                                    const struct lb_write *write)
{
    return write->result || !write->records || !write->workspace
               ? NULL
               : lb_directory_workspace_no(blocklist->directory, write->workspace);
}

static void refuse(const struct lb_blocklist *blocklist, struct lb_write *write, unsigned wait_s)
{
    unsigned long long mib = blocklist->max_daily_bytes >> 20;
    write->retry_after_s = wait_s;
    write->result = lb_fail(
        &write->reason, LB_ERR_RATE_LIMITED,
        "This workspace has recorded %llu MiB of leads, texts and activities within 24 hours, as "
        "much as it may. Nothing was recorded; blocks still are. Try again in %u second%s, or ask "
        "the operator to raise max-workspace-daily-bytes.",
        mib, wait_s, lb_plural(wait_s));
}

void lb_daily_bytes_check(struct lb_blocklist *blocklist, struct lb_write *first)
{
    int64_t now = lb_clock_wall_ms();
    blocklist->first_write = first;
    for (struct lb_write *write = first; write; write = write->next) {
        struct lb_workspace *workspace = counted(blocklist, write);
        unsigned wait_s;
        if (workspace && !write->never_refused &&
            lb_daily_bytes_full(&workspace->recorded, now, blocklist->max_daily_bytes, &wait_s))
            refuse(blocklist, write, wait_s);
    }
}

void lb_daily_bytes_publish(struct lb_blocklist *blocklist)
{
    int64_t now = lb_clock_wall_ms();
    for (const struct lb_write *write = blocklist->first_write; write; write = write->next) {
        struct lb_workspace *workspace = counted(blocklist, write);
        if (workspace)
            lb_daily_bytes_add(&workspace->recorded, now, write->records);
    }
}
