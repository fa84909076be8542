#include "daemon/restore_sides.h"

#include "base/clock.h"
#include "store/names.h"

#include <stdio.h>
#include <stdlib.h>

static void tell(struct lb_restore *restore, enum lb_restore_what what, const char *name,
                 const char *detail)
{
    restore->tell(restore->context, what, name, detail, 1);
}

static void compare_keys(struct lb_restore *restore, struct lb_directory *before,
                         struct lb_directory *now)
{
    for (struct lb_key *key = lb_directory_keys(before); key; key = lb_rcu_load(&key->next)) {
        char detail[2 * LB_NAME_SIZE + 32];
        struct lb_key *same = lb_directory_key(now, lb_str(key->row.id));
        bool revoked = atomic_load(&key->revoked_at) != 0;
        snprintf(detail, sizeof detail, "%s, workspace %s", key->row.name,
                 key->workspace->row.name);
        if (!same && !revoked)
            tell(restore, LB_RESTORE_KEY_LOST, key->row.id, detail);
        else if (same && revoked && !atomic_load(&same->revoked_at))
            tell(restore, LB_RESTORE_KEY_BACK, key->row.id, detail);
    }
}

static void describe_license(struct lb_workspace *workspace, char *out, size_t size)
{
    char until[LB_TIME_TEXT_SIZE] = "";
    int64_t ends = atomic_load(&workspace->expires_at);
    if (ends)
        lb_time_format(ends, until);
    snprintf(out, size, "%s%s%s", lb_plan_name((enum lb_plan)atomic_load(&workspace->plan)),
             ends ? " until " : "", until);
}

static void compare_workspaces(struct lb_restore *restore, struct lb_directory *before,
                               struct lb_directory *now)
{
    for (struct lb_workspace *workspace = lb_directory_workspaces(before); workspace;
         workspace = lb_rcu_load(&workspace->next)) {
        char was[64];
        char is[64];
        char detail[LB_NAME_SIZE + 160];
        struct lb_workspace *same = lb_directory_workspace(now, lb_str(workspace->row.id));
        if (!same) {
            snprintf(detail, sizeof detail, "%s, %llu entries", workspace->row.name,
                     (unsigned long long)atomic_load(&workspace->entries));
            tell(restore, LB_RESTORE_WORKSPACE_LOST, workspace->row.id, detail);
            continue;
        }
        describe_license(workspace, was, sizeof was);
        describe_license(same, is, sizeof is);
        snprintf(detail, sizeof detail, "%s: %s now, and was %s", workspace->row.name, is, was);
        if (strcmp(was, is) != 0)
            tell(restore, LB_RESTORE_LICENSE_BACK, workspace->row.id, detail);
    }
}

/* Campaigns of `of` that `other` has not. */
static lb_err compare_campaigns(struct lb_restore *restore, enum lb_restore_what what,
                                struct lb_directory *of, struct lb_directory *other)
{
    for (struct lb_workspace *workspace = lb_directory_workspaces(of); workspace;
         workspace = lb_rcu_load(&workspace->next)) {
        size_t count = 0;
        struct lb_workspace *same = lb_directory_workspace(other, lb_str(workspace->row.id));
        if (!same)
            continue;
        struct lb_campaign **campaigns = lb_directory_list_campaigns(of, workspace, &count);
        if (!campaigns)
            return LB_ERR_INTERNAL;
        for (size_t i = 0; i < count; i++) {
            char detail[2 * LB_NAME_SIZE + 32];
            if (lb_directory_campaign(other, same->row.no, lb_str(campaigns[i]->row.id)))
                continue;
            snprintf(detail, sizeof detail, "%s, workspace %s", campaigns[i]->row.name,
                     workspace->row.name);
            tell(restore, what, campaigns[i]->row.id, detail);
        }
        free(campaigns);
    }
    return LB_OK;
}

struct users {
    struct lb_restore *restore;
    struct lb_store *other;
    struct lb_store_reader *other_reader;
    bool of_backup;
};

static lb_err compare_user(void *context, const struct lb_user_row *user)
{
    struct users *users = context;
    struct lb_user_row same;
    lb_err err = users->other->ops->user_by_id(users->other_reader, lb_str(user->id), &same);
    if (err && err != LB_ERR_NOT_FOUND)
        return err;
    if (err)
        tell(users->restore, users->of_backup ? LB_RESTORE_USER_BACK : LB_RESTORE_USER_LOST,
             user->email, lb_role_name(user->role));
    else if (users->of_backup && user->password_hash[0] &&
             strcmp(user->password_hash, same.password_hash) != 0)
        tell(users->restore, LB_RESTORE_PASSWORD_BACK, user->email, lb_role_name(user->role));
    return LB_OK;
}

lb_err lb_restore_compare(struct lb_restore *restore, struct lb_restore_old *old,
                          struct lb_parts *parts, struct lb_store_reader *reader)
{
    struct lb_directory *now = parts->app.directory;
    struct lb_store *store = parts->app.store;
    struct lb_store *before = old->end.store;
    struct users back = {restore, before, old->reader, true};
    struct users lost = {restore, store, reader, false};
    compare_keys(restore, old->directory, now);
    compare_workspaces(restore, old->directory, now);
    lb_err err = compare_campaigns(restore, LB_RESTORE_CAMPAIGN_LOST, old->directory, now);
    if (!err)
        err = compare_campaigns(restore, LB_RESTORE_CAMPAIGN_BACK, now, old->directory);
    if (!err)
        err = store->ops->users(reader, &back, compare_user);
    return err ? err : before->ops->users(old->reader, &lost, compare_user);
}
