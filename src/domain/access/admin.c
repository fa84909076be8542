#include "domain/access/admin.h"

#include "base/clock.h"
#include "base/id.h"
#include "domain/access/standing.h"

static struct lb_admin_change *change_of(struct lb_write *write)
{
    return (struct lb_admin_change *)write;
}

static lb_err audit(const struct lb_admin_change *change, struct lb_store *store,
                    uint32_t workspace, const char *action, const char *target)
{
    struct lb_audit_row row = {.workspace = workspace,
                               .actor = change->actor.no,
                               .at = lb_clock_wall_ms(),
                               .action = lb_str(action),
                               .target = lb_str(target),
                               .source = change->actor.source};
    return store->ops->audit_append(store, &row);
}

static lb_err apply_create_workspace(struct lb_write *write, struct lb_store *store)
{
    struct lb_admin_change *change = change_of(write);
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (err)
        return err;
    write->touched = true;
    err = store->ops->workspace_insert(store, &change->workspace_row);
    if (!err) {
        change->made_workspace =
            lb_directory_make_workspace(change->directory, &change->workspace_row);
        err = change->made_workspace ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
    }
    return err ? err
               : audit(change, store, change->workspace_row.no, "workspace.create",
                       change->workspace_row.id);
}

static void publish_create_workspace(struct lb_write *write)
{
    struct lb_admin_change *change = change_of(write);
    change->workspace = change->made_workspace;
    lb_directory_add_made_workspace(change->directory, change->workspace);
}

void lb_admin_create_workspace(struct lb_admin_change *change)
{
    lb_id_make(change->workspace_row.id, sizeof change->workspace_row.id, "ws_");
    change->workspace_row.created_at = lb_clock_wall_ms();
    change->write.apply = apply_create_workspace;
    change->write.publish = publish_create_workspace;
}

static lb_err apply_set_plan(struct lb_write *write, struct lb_store *store)
{
    struct lb_admin_change *change = change_of(write);
    const struct lb_workspace_row *row = &change->workspace->row;
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (err)
        return err;
    write->touched = true;
    err = store->ops->workspace_set_plan(store, row->no, change->workspace_row.plan,
                                         change->workspace_row.expires_at);
    return err ? err : audit(change, store, row->no, "workspace.set_plan", row->id);
}

static void publish_set_plan(struct lb_write *write)
{
    struct lb_admin_change *change = change_of(write);
    atomic_store(&change->workspace->plan, (int)change->workspace_row.plan);
    atomic_store(&change->workspace->expires_at, change->workspace_row.expires_at);
}

void lb_admin_set_plan(struct lb_admin_change *change)
{
    change->write.workspace = change->workspace->row.no;
    change->write.apply = apply_set_plan;
    change->write.publish = publish_set_plan;
}

static lb_err apply_set_country(struct lb_write *write, struct lb_store *store)
{
    struct lb_admin_change *change = change_of(write);
    const struct lb_workspace_row *row = &change->workspace->row;
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (err)
        return err;
    write->touched = true;
    err = store->ops->workspace_set_country(store, row->no, change->workspace_row.default_country);
    return err ? err : audit(change, store, row->no, "workspace.change", row->id);
}

static void publish_set_country(struct lb_write *write)
{
    struct lb_admin_change *change = change_of(write);
    atomic_store(&change->workspace->country, change->workspace_row.default_country);
}

void lb_admin_set_country(struct lb_admin_change *change)
{
    change->write.workspace = change->workspace->row.no;
    change->write.records = LB_RECORD_BYTES;
    change->write.apply = apply_set_country;
    change->write.publish = publish_set_country;
}

static lb_err check_key_limits(struct lb_admin_change *change)
{
    struct lb_key_counts counts;
    lb_directory_count_keys(change->directory, change->workspace, change->actor.no,
                            lb_clock_wall_ms(), &counts);
    if (change->max_keys && counts.workspace >= change->max_keys)
        return lb_fail(&change->write.reason, LB_ERR_LIMIT_REACHED,
                       "This workspace has %u API keys, which is as many as it may; one that was "
                       "made today counts although it is revoked. Revoke some, or ask the operator "
                       "to raise max-workspace-keys.",
                       counts.workspace);
    if (change->max_maker_keys && change->actor.no && counts.maker >= change->max_maker_keys)
        return lb_fail(&change->write.reason, LB_ERR_LIMIT_REACHED,
                       "You have made %u API keys in this workspace, which is as many as you may; "
                       "one that was made today counts although it is revoked. Revoke some, or ask "
                       "the operator to raise max-user-keys.",
                       counts.maker);
    return LB_OK;
}

static lb_err apply_create_key(struct lb_write *write, struct lb_store *store)
{
    struct lb_admin_change *change = change_of(write);
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (!err)
        err = check_key_limits(change);
    if (err)
        return err;
    write->touched = true;
    err = store->ops->key_insert(store, &change->key_row);
    if (!err) {
        change->made_key = lb_directory_make_key(change->directory, &change->key_row);
        err = change->made_key ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
    }
    return err ? err
               : audit(change, store, change->key_row.workspace, "key.create", change->key_row.id);
}

static void publish_create_key(struct lb_write *write)
{
    struct lb_admin_change *change = change_of(write);
    change->key = change->made_key;
    lb_directory_add_made_key(change->directory, change->key);
}

void lb_admin_create_key(struct lb_admin_change *change)
{
    change->write.workspace = change->workspace->row.no;
    lb_key_generate(change->key_text, &change->key_row);
    change->key_row.workspace = change->workspace->row.no;
    change->key_row.made_by = change->actor.no;
    change->key_row.created_at = lb_clock_wall_ms();
    change->write.apply = apply_create_key;
    change->write.publish = publish_create_key;
}

static lb_err apply_revoke_key(struct lb_write *write, struct lb_store *store)
{
    struct lb_admin_change *change = change_of(write);
    const struct lb_key_row *row = &change->key->row;
    lb_err err = lb_actor_check(&change->actor, store, &write->reason);
    if (err || atomic_load(&change->key->revoked_at))
        return err; /* already: nothing to add */
    write->touched = true;
    change->key_row.revoked_at = lb_clock_wall_ms();
    err = store->ops->key_revoke(store, row->workspace, row->no, change->key_row.revoked_at);
    return err ? err : audit(change, store, row->workspace, "key.revoke", row->id);
}

static void publish_revoke_key(struct lb_write *write)
{
    struct lb_admin_change *change = change_of(write);
    if (change->key_row.revoked_at)
        lb_directory_revoke_key(change->key, change->key_row.revoked_at);
}

void lb_admin_revoke_key(struct lb_admin_change *change)
{
    change->write.workspace = change->key->row.workspace;
    change->write.apply = apply_revoke_key;
    change->write.publish = publish_revoke_key;
}

static lb_err apply_touch_keys(struct lb_write *write, struct lb_store *store)
{
    lb_err err = LB_OK;
    struct lb_key *key = lb_directory_keys(change_of(write)->directory);
    for (; !err && key; key = lb_rcu_load(&key->next)) {
        int64_t last_used_at = atomic_load_explicit(&key->last_used_at, memory_order_relaxed);
        if (last_used_at == key->stored_last_used_at)
            continue;
        write->touched = true;
        err = store->ops->key_touch(store, key->row.workspace, key->row.no, last_used_at);
        key->batch_last_used_at = last_used_at;
    }
    return err;
}

/* Only now is it known that the store has them: the batch may have been rolled back. */
static void publish_touch_keys(struct lb_write *write)
{
    struct lb_key *key = lb_directory_keys(change_of(write)->directory);
    for (; key; key = lb_rcu_load(&key->next))
        key->stored_last_used_at = key->batch_last_used_at;
}

/* Adds what was checked since the last time to the counts of the day that it is now. */
static lb_err apply_checks(struct lb_write *write, struct lb_store *store)
{
    lb_err err = LB_OK;
    struct lb_workspace *each = lb_directory_workspaces(change_of(write)->directory);
    for (; !err && each; each = lb_rcu_load(&each->next)) {
        uint64_t checks = atomic_load_explicit(&each->checks, memory_order_relaxed);
        uint64_t blocked = atomic_load_explicit(&each->checks_blocked, memory_order_relaxed);
        each->batch_checks =
            (struct lb_checks_row){each->row.no, (uint32_t)(lb_clock_wall_ms() / LB_DAY_MS),
                                   checks - atomic_load(&each->stored_checks),
                                   blocked - atomic_load(&each->stored_checks_blocked)};
        /* Of a check that is being counted just now, either may be seen without the other. */
        if (each->batch_checks.checks == 0 && each->batch_checks.blocked == 0)
            continue;
        write->touched = true;
        err = store->ops->checks_add(store, &each->batch_checks);
    }
    return err;
}

static lb_err apply_note(struct lb_write *write, struct lb_store *store)
{
    lb_err err = apply_touch_keys(write, store);
    return err ? err : apply_checks(write, store);
}

static void publish_note(struct lb_write *write)
{
    publish_touch_keys(write);
    struct lb_workspace *each = lb_directory_workspaces(change_of(write)->directory);
    for (; each; each = lb_rcu_load(&each->next)) {
        atomic_fetch_add(&each->stored_checks, each->batch_checks.checks);
        atomic_fetch_add(&each->stored_checks_blocked, each->batch_checks.blocked);
        each->batch_checks = (struct lb_checks_row){0};
    }
}

void lb_admin_note(struct lb_admin_change *change)
{
    change->write.apply = apply_note;
    change->write.publish = publish_note;
}
