#include "daemon/restore_sides.h"

#include "base/clock.h"
#include "domain/blocklist/country.h"
#include "store/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

static void compare_countries(struct lb_restore *restore, const struct lb_workspace *before,
                              const struct lb_workspace *now)
{
    struct lb_str was = lb_workspace_country(before), is = lb_workspace_country(now);
    char detail[LB_NAME_SIZE + 64];
    snprintf(detail, sizeof detail, "%s: %s now, and was %s", before->row.name,
             is.ptr ? is.ptr : "none", was.ptr ? was.ptr : "none");
    if (!lb_str_equal(was, is))
        tell(restore, LB_RESTORE_COUNTRY_BACK, before->row.id, detail);
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
            unsigned long long entries = atomic_load(&workspace->entries);
            snprintf(detail, sizeof detail, "%s, %llu %s", workspace->row.name, entries,
                     entries == 1 ? "entry" : "entries");
            tell(restore, LB_RESTORE_WORKSPACE_LOST, workspace->row.id, detail);
            continue;
        }
        describe_license(workspace, was, sizeof was);
        describe_license(same, is, sizeof is);
        snprintf(detail, sizeof detail, "%s: %s now, and was %s", workspace->row.name, is, was);
        if (strcmp(was, is) != 0)
            tell(restore, LB_RESTORE_LICENSE_BACK, workspace->row.id, detail);
        compare_countries(restore, workspace, same);
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

struct side {
    struct lb_store *store;
    struct lb_store_reader *reader;
};

struct users {
    struct lb_restore *restore;
    struct side own, other;
    bool of_backup;
};

/* All zero when it is not on. */
static lb_err read_factor(const struct side *side, const struct lb_user_row *user,
                          struct lb_factor_row *out)
{
    lb_err err = side->store->ops->factor(side->reader, user->no, out);
    if (err == LB_ERR_NOT_FOUND || (!err && !out->confirmed_at)) {
        *out = (struct lb_factor_row){.user = user->no};
        return LB_OK;
    }
    return err;
}

static bool is_same_factor(const struct lb_factor_row *a, const struct lb_factor_row *b)
{
    return memcmp(a->sealed, b->sealed, sizeof a->sealed) == 0 &&
           a->recovery_count == b->recovery_count &&
           memcmp(a->recovery, b->recovery, a->recovery_count * sizeof *a->recovery) == 0;
}

/* `user` of the backup, and the same of before. */
static lb_err compare_factor(const struct users *users, const struct lb_user_row *user,
                             const struct lb_user_row *same)
{
    struct lb_factor_row is, was;
    char detail[96];
    lb_err err = read_factor(&users->own, user, &is);
    if (!err)
        err = read_factor(&users->other, same, &was);
    if (err || is_same_factor(&is, &was))
        return err;
    snprintf(detail, sizeof detail, "%s, %s", lb_role_name(user->role),
             !is.confirmed_at    ? "off, and was on"
             : !was.confirmed_at ? "on, and was off"
                                 : "with its earlier secret or recovery codes");
    tell(users->restore, LB_RESTORE_FACTOR_BACK, user->email, detail);
    return LB_OK;
}

static lb_err compare_user(void *context, const struct lb_user_row *user)
{
    struct users *users = context;
    struct lb_user_row same;
    const struct side *other = &users->other;
    lb_err err = other->store->ops->user_by_id(other->reader, lb_str(user->id), &same);
    if (err == LB_ERR_NOT_FOUND)
        tell(users->restore, users->of_backup ? LB_RESTORE_USER_BACK : LB_RESTORE_USER_LOST,
             user->email, lb_role_name(user->role));
    if (err || !users->of_backup)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    if (user->password_hash[0] && strcmp(user->password_hash, same.password_hash) != 0)
        tell(users->restore, LB_RESTORE_PASSWORD_BACK, user->email, lb_role_name(user->role));
    return compare_factor(users, user, &same);
}

lb_err lb_restore_compare(struct lb_restore *restore, struct lb_restore_old *old,
                          struct lb_parts *parts, struct lb_store_reader *reader)
{
    struct lb_directory *now = parts->app.directory;
    struct side backup = {parts->app.store, reader};
    struct side before = {old->end.store, old->reader};
    struct users back = {restore, backup, before, true};
    struct users lost = {restore, before, backup, false};
    compare_keys(restore, old->directory, now);
    compare_workspaces(restore, old->directory, now);
    lb_err err = compare_campaigns(restore, LB_RESTORE_CAMPAIGN_LOST, old->directory, now);
    if (!err)
        err = compare_campaigns(restore, LB_RESTORE_CAMPAIGN_BACK, now, old->directory);
    if (!err)
        err = backup.store->ops->users(reader, true, &back, compare_user);
    return err ? err : before.store->ops->users(old->reader, true, &lost, compare_user);
}
