/* What each workspace does now, for `leadblock top`: counts since the start, from memory. */
#include "api/call.h"
#include "api/handlers.h"

#include "base/clock.h"
#include "json/encode.h"

static void put_workspace(struct lb_app *app, struct lb_buf *body, struct lb_workspace *workspace,
                          uint32_t today)
{
    struct lb_day day = {.day = today};
    lb_directory_days(app->directory, workspace, today, 1, &day);
    lb_buf_append_lit(body, "{\"id\":");
    lb_json_put_string(body, lb_str(workspace->row.id));
    lb_buf_append_lit(body, ",\"name\":");
    lb_json_put_string(body, lb_str(workspace->row.name));
    lb_buf_printf(body,
                  ",\"entries\":%llu,\"checks\":%llu,\"checksBlocked\":%llu,\"blockedToday\":%llu,"
                  "\"unblockedToday\":%llu,\"queued\":%llu}",
                  (unsigned long long)atomic_load(&workspace->entries),
                  (unsigned long long)atomic_load(&workspace->checks),
                  (unsigned long long)atomic_load(&workspace->checks_blocked),
                  (unsigned long long)day.blocked, (unsigned long long)day.unblocked,
                  (unsigned long long)atomic_load(&workspace->writes.queued.taken));
}

enum lb_progress lb_admin_activity(struct lb_call *call)
{
    uint32_t today = (uint32_t)(lb_clock_wall_ms() / LB_DAY_MS);
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "[");
    for (struct lb_workspace *workspace = lb_directory_workspaces(call->app->directory); workspace;
         workspace = lb_rcu_load(&workspace->next)) {
        if (body->len > 1)
            lb_buf_append_lit(body, ",");
        put_workspace(call->app, body, workspace, today);
    }
    lb_buf_append_lit(body, "]");
    return LB_DONE;
}
