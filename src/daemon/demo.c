#include "daemon/demo.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/access/admin.h"
#include "domain/outreach/campaign.h"

#include <string.h>

#define WORKSPACE_NAME "Demo"
#define CAMPAIGN_ID    "demo"
#define KEY_NAME       "demo"

static struct lb_workspace *find_workspace(struct lb_directory *directory)
{
    struct lb_workspace *each = lb_directory_workspaces(directory);
    while (each && strcmp(each->row.name, WORKSPACE_NAME) != 0)
        each = lb_rcu_load(&each->next);
    return each;
}

static lb_err make_workspace(struct lb_parts *parts, struct lb_workspace **out)
{
    *out = find_workspace(parts->app.directory);
    if (*out)
        return LB_OK;
    struct lb_admin_change change = {
        .directory = parts->app.directory,
        .workspace_row = {.name = WORKSPACE_NAME, .plan = LB_PLAN_AGENCY}};
    lb_admin_create_workspace(&change);
    lb_err err = lb_parts_write(parts, &change.write);
    *out = change.workspace;
    return err || *out ? err : LB_ERR_INTERNAL;
}

static lb_err make_license(struct lb_parts *parts, struct lb_workspace *workspace)
{
    if (lb_workspace_license(workspace, lb_clock_wall_ms()) == LB_OK)
        return LB_OK;
    struct lb_admin_change change = {.directory = parts->app.directory,
                                     .workspace = workspace,
                                     .workspace_row = {.plan = LB_PLAN_AGENCY}};
    lb_admin_set_plan(&change);
    return lb_parts_write(parts, &change.write);
}

static lb_err make_campaign(struct lb_parts *parts, struct lb_workspace *workspace)
{
    if (lb_directory_campaign(parts->app.directory, workspace->row.no, LB_STR(CAMPAIGN_ID)))
        return LB_OK;
    struct lb_campaign_change change = {.standing = {.directory = parts->app.directory,
                                                     .workspace = workspace,
                                                     .list = {.workspace = workspace->row.no}},
                                        .blocklist = parts->app.blocklist,
                                        .row = {.id = CAMPAIGN_ID, .name = "Demo campaign"}};
    lb_campaign_create(&change);
    return lb_parts_write(parts, &change.write);
}

/* The key of the start before, which stands in that start's log. */
static lb_err end_keys(struct lb_parts *parts, struct lb_workspace *workspace)
{
    lb_err err = LB_OK;
    for (struct lb_key *key = lb_rcu_load(&workspace->first_key); !err && key;
         key = lb_rcu_load(&key->next_of_workspace)) {
        if (strcmp(key->row.name, KEY_NAME) != 0 || key->row.made_by ||
            atomic_load(&key->revoked_at))
            continue;
        struct lb_admin_change change = {
            .directory = parts->app.directory, .workspace = workspace, .key = key};
        lb_admin_revoke_key(&change);
        err = lb_parts_write(parts, &change.write);
    }
    return err;
}

static void print_example(const char *url, const char *key)
{
    lb_log_say("\nTry it: block two leads in the campaign `demo`\n\n"
               "  curl -X POST %s/v1/campaigns/" CAMPAIGN_ID "/blocked-leads \\\n"
               "    -H 'x-api-key: %s' -H 'Content-Type: application/json' \\\n"
               "    -d '{\"publicIdentifiers\":[\"john-doe\",\"jane-smith\"]}'\n\n"
               "and ask about one of them\n\n"
               "  curl %s/v1/campaigns/" CAMPAIGN_ID
               "/blocked-leads/john-doe -H 'x-api-key: %s'\n\n",
               url, key, url, key);
}

lb_err lb_demo_make(struct lb_parts *parts, const char *url, struct lb_reason *reason)
{
    struct lb_workspace *workspace = NULL;
    lb_err err = make_workspace(parts, &workspace);
    if (!err)
        err = make_license(parts, workspace);
    if (!err)
        err = make_campaign(parts, workspace);
    struct lb_admin_change change = {
        .directory = parts->app.directory, .workspace = workspace, .key_row = {.name = KEY_NAME}};
    if (!err)
        err = end_keys(parts, workspace);
    if (!err) {
        lb_admin_create_key(&change);
        err = lb_parts_write(parts, &change.write);
    }
    if (err)
        return lb_fail(reason, err, "cannot make the demo: %s", lb_err_code(err));
    print_example(url, change.key_text);
    return LB_OK;
}
