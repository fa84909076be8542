/* Workspaces and their licenses: for operators, in the dashboard and at the command line. What is
 * set for a workspace: for its members, too. */
#include "api/access/admin.h"
#include "api/body_items.h"
#include "api/country.h"
#include "api/handlers.h"
#include "api/query.h"

#include "base/clock.h"
#include "domain/blocklist/country.h"
#include "domain/blocklist/typed_name.h"
#include "json/encode.h"
#include "store/names.h"

struct lb_workspace *lb_admin_named_workspace(struct lb_call *call, struct lb_str wanted)
{
    struct lb_directory *directory = call->app->directory;
    struct lb_workspace *found = lb_directory_workspace(directory, wanted);
    size_t named = 0;
    struct lb_workspace *each = found ? NULL : lb_directory_workspaces(directory);
    for (; each; each = lb_rcu_load(&each->next)) {
        if (lb_str_equal(lb_str(each->row.name), wanted)) {
            found = each;
            named++;
        }
    }
    if (found && named <= 1)
        return found;
    if (named > 1)
        lb_reply_error(
            &call->req->reply, LB_ERR_BAD_REQUEST,
            "%zu workspaces have this name; use the id (see `leadblock workspace list`).", named);
    else
        lb_reply_error(&call->req->reply, LB_ERR_WORKSPACE_NOT_FOUND,
                       "Workspace '%.*s' does not exist. See `leadblock workspace list`.",
                       wanted.len > 64 ? 64 : (int)wanted.len, wanted.ptr);
    return NULL;
}

bool lb_admin_find_workspace(struct lb_call *call)
{
    if (call->workspace) /* of who is signed in */
        return true;
    call->workspace = lb_admin_named_workspace(call, call->req->params[0]);
    if (call->workspace)
        call->list.workspace = call->workspace->row.no;
    return call->workspace != NULL;
}

struct lb_admin_change *lb_admin_begin(struct lb_call *call)
{
    struct lb_admin_change *change = lb_call_alloc(call, sizeof *change);
    if (!change)
        return NULL;
    change->directory = call->app->directory;
    change->actor = lb_call_actor(call);
    change->workspace = call->workspace;
    call->state = change;
    return change;
}

bool lb_admin_read_time(struct lb_call *call, const char *name, int64_t *out)
{
    const struct lb_json *value = lb_json_member(call->body, name);
    enum lb_json_type type = lb_json_type(value);
    *out = 0;
    if (type == LB_JSON_MISSING || type == LB_JSON_NULL)
        return true;
    bool parsed = type == LB_JSON_STRING && lb_time_parse(lb_json_string(value), out);
    if (parsed && *out > lb_clock_wall_ms())
        return true;
    if (parsed) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                       "\"%s\" lies in the past: give a date to come.", name);
        return false;
    }
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "\"%s\" must be a date such as 2027-01-31 or 2027-01-31T12:00:00Z.", name);
    return false;
}

static bool read_plan(struct lb_call *call, struct lb_workspace_row *row)
{
    struct lb_str name = lb_json_string(lb_json_member(call->body, "plan"));
    if (lb_plan_parse(name, &row->plan))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "\"plan\" must be starter, pro or agency.");
    return false;
}

static void put_row(struct lb_buf *body, const struct lb_workspace_row *row)
{
    lb_buf_append_lit(body, "{\"id\":");
    lb_json_put_string(body, lb_str(row->id));
    lb_buf_append_lit(body, ",\"name\":");
    lb_json_put_string(body, lb_str(row->name));
    lb_buf_printf(body, ",\"plan\":\"%s\",\"expiresAt\":", lb_plan_name(row->plan));
    lb_json_put_time_or_null(body, row->expires_at);
    lb_buf_append_lit(body, ",\"createdAt\":");
    lb_json_put_time(body, row->created_at);
    lb_buf_append_lit(body, ",\"defaultCountry\":");
    lb_json_put_string_or_null(body, lb_country_of(row->default_country));
}

static struct lb_workspace_row current_row(struct lb_workspace *workspace)
{
    struct lb_workspace_row row = workspace->row;
    row.plan = (enum lb_plan)atomic_load(&workspace->plan);
    row.expires_at = atomic_load(&workspace->expires_at);
    row.default_country = atomic_load(&workspace->country);
    return row;
}

static void reply_created(struct lb_call *call)
{
    const struct lb_admin_change *change = call->state;
    if (!lb_call_written(call))
        return;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 201);
    put_row(body, &change->workspace_row);
    lb_buf_append_lit(body, "}");
}

enum lb_progress lb_workspaces_post(struct lb_call *call)
{
    struct lb_admin_change *change = lb_admin_begin(call);
    if (!change || !lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !lb_body_name(call, change->workspace_row.name) ||
        !read_plan(call, &change->workspace_row) ||
        !lb_admin_read_time(call, "expiresAt", &change->workspace_row.expires_at))
        return LB_DONE;
    lb_admin_create_workspace(change);
    return lb_call_write(call, &change->write, 0, reply_created);
}

enum lb_progress lb_workspaces_list(struct lb_call *call)
{
    if (!lb_query_only(call, ""))
        return LB_DONE;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "[");
    struct lb_workspace *each = lb_directory_workspaces(call->app->directory);
    for (bool first = true; each; each = lb_rcu_load(&each->next), first = false) {
        struct lb_workspace_row row = current_row(each);
        if (!first)
            lb_buf_append_lit(body, ",");
        put_row(body, &row);
        lb_buf_append_lit(body, ",\"entries\":");
        if (call->app->blocklist)
            lb_buf_append_u64(body, atomic_load(&each->entries));
        else
            lb_buf_append_lit(body, "null"); /* not counted: no server is running */
        size_t campaigns;
        struct lb_campaign_row unused;
        lb_directory_page_campaigns(call->app->directory, each, -1, 0, 0, &unused, &campaigns);
        lb_buf_printf(body, ",\"keys\":%u,\"campaigns\":%zu}", atomic_load(&each->keys), campaigns);
    }
    lb_buf_append_lit(body, "]");
    return LB_DONE;
}

static void reply_changed(struct lb_call *call)
{
    const struct lb_admin_change *change = call->state;
    if (!lb_call_written(call))
        return;
    struct lb_workspace_row row = current_row(change->workspace);
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    put_row(body, &row);
    lb_buf_append_lit(body, "}");
}

enum lb_progress lb_workspaces_plan(struct lb_call *call)
{
    if (!lb_admin_find_workspace(call) || !lb_call_parse_body(call, LB_JSON_OBJECT))
        return LB_DONE;
    struct lb_admin_change *change = lb_admin_begin(call);
    if (!change || !read_plan(call, &change->workspace_row) ||
        !lb_admin_read_time(call, "expiresAt", &change->workspace_row.expires_at))
        return LB_DONE;
    lb_admin_set_plan(change);
    return lb_call_write(call, &change->write, 0, reply_changed);
}

/* null: none. A missing one is no wish to have none. */
static bool read_country(struct lb_call *call, uint16_t *out)
{
    const struct lb_json *value = lb_json_member(call->body, "defaultCountry");
    struct lb_str country = lb_name_country(lb_json_string(value));
    *out = lb_country_number(country);
    if (*out || lb_json_type(value) == LB_JSON_NULL)
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "\"defaultCountry\" " LB_COUNTRY_MUST_BE ", or null.");
    return false;
}

enum lb_progress lb_workspaces_patch(struct lb_call *call)
{
    if (!lb_admin_find_workspace(call) || !lb_call_parse_body(call, LB_JSON_OBJECT))
        return LB_DONE;
    struct lb_admin_change *change = lb_admin_begin(call);
    if (!change || !read_country(call, &change->workspace_row.default_country))
        return LB_DONE;
    lb_admin_set_country(change);
    return lb_call_write(call, &change->write, 0, reply_changed);
}
