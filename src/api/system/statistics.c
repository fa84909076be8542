/* Numbers of a workspace: the size of its lists, and what happened on each day. */
#include "api/handlers.h"
#include "api/query.h"

#include "base/clock.h"

#define DAYS_DEFAULT 30
#define DAYS_MAX     400

struct counting {
    uint32_t first_day;
    size_t count;
    struct lb_day days[DAYS_MAX];
    struct lb_checks_row checks[DAYS_MAX];
};

static lb_err take_checks(void *context, const struct lb_checks_row *row)
{
    struct counting *counting = context;
    if (row->day - counting->first_day < counting->count)
        counting->checks[row->day - counting->first_day] = *row;
    return LB_OK;
}

/* What this node has not written down yet belongs to today. */
static void add_unwritten(struct counting *counting, const struct lb_workspace *workspace)
{
    struct lb_checks_row *today = &counting->checks[counting->count - 1];
    /* What is stored first: it never is more than what is counted later. */
    uint64_t stored = atomic_load(&workspace->stored_checks);
    uint64_t stored_blocked = atomic_load(&workspace->stored_checks_blocked);
    today->checks += atomic_load(&workspace->checks) - stored;
    today->blocked += atomic_load(&workspace->checks_blocked) - stored_blocked;
}

static void put_day(struct lb_buf *body, const struct counting *counting, size_t i)
{
    char time[LB_TIME_TEXT_SIZE];
    lb_time_format((int64_t)counting->days[i].day * LB_DAY_MS, time);
    time[10] = '\0'; /* the date alone */
    lb_buf_printf(body,
                  "%s{\"date\":\"%s\",\"blocked\":%llu,\"unblocked\":%llu,\"checks\":%llu,"
                  "\"checksBlocked\":%llu}",
                  i ? "," : "", time, (unsigned long long)counting->days[i].blocked,
                  (unsigned long long)counting->days[i].unblocked,
                  (unsigned long long)counting->checks[i].checks,
                  (unsigned long long)counting->checks[i].blocked);
}

/* How many blocks the workspace's own list has, of names of every type. */
static uint64_t count_own(struct lb_call *call)
{
    const struct lb_list list = {.workspace = call->workspace->row.no};
    uint64_t own = lb_blocklist_count(call->app->blocklist, list, LB_NAME_LINKEDIN);
    for (enum lb_name_type type = LB_NAME_MEMBER_ID + 1; type < LB_NAME_TYPES; type++)
        own += lb_blocklist_count(call->app->blocklist, list, type);
    return own;
}

static void put_sizes(struct lb_buf *body, const char *name, uint64_t own, uint64_t total)
{
    lb_buf_printf(body, "\"%s\":{\"workspace\":%llu,\"campaigns\":%llu,\"total\":%llu},", name,
                  (unsigned long long)own, (unsigned long long)(total > own ? total - own : 0),
                  (unsigned long long)total);
}

static enum lb_turn read_statistics(struct lb_call *call, struct lb_store_reader *reader)
{
    struct counting *counting = call->state;
    struct lb_app *app = call->app;
    lb_directory_days(app->directory, call->workspace, counting->first_day, counting->count,
                      counting->days);
    lb_err err = app->store->ops->checks(reader, call->workspace->row.no, counting->first_day,
                                         counting, take_checks);
    add_unwritten(counting, call->workspace);
    uint64_t entries = atomic_load_explicit(&call->workspace->entries, memory_order_relaxed);
    uint64_t typed = atomic_load_explicit(&call->workspace->typed_entries, memory_order_relaxed);
    uint64_t total = entries > typed ? entries - typed : 0;
    uint64_t own = lb_blocklist_count(
        app->blocklist, (struct lb_list){.workspace = call->workspace->row.no}, LB_NAME_LINKEDIN);
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "{");
    put_sizes(body, "blockedLeads", own, total);
    put_sizes(body, "names", count_own(call), entries);
    lb_buf_append_lit(body, "\"days\":[");
    for (size_t i = 0; i < counting->count; i++)
        put_day(body, counting, i);
    lb_buf_append_lit(body, "]}");
    if (err)
        lb_call_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, NULL);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_statistics_get(struct lb_call *call)
{
    struct counting *counting = lb_call_alloc(call, sizeof *counting);
    uint64_t days;
    if (!counting)
        return LB_DONE;
    if (!lb_query_number(call, "days", NULL, DAYS_DEFAULT, DAYS_MAX, &days))
        return LB_DONE;
    if (days == 0) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                       "The parameter 'days' must be a whole number from 1 to %d.", DAYS_MAX);
        return LB_DONE;
    }
    counting->count = days;
    counting->first_day = (uint32_t)(lb_clock_wall_ms() / LB_DAY_MS) - (uint32_t)days + 1;
    call->state = counting;
    return lb_call_read(call, read_statistics);
}
