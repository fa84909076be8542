#include "hooks/subscription.h"

#include "base/array.h"
#include "base/clock.h"
#include "base/id.h"
#include "hooks/signature.h"

#include <stdio.h>

static struct lb_hook_change *change_of(struct lb_write *write)
{
    return (struct lb_hook_change *)write;
}

static lb_err audit(const struct lb_hook_change *change, struct lb_store *store, const char *action,
                    const char *id)
{
    struct lb_audit_row row = {.workspace = change->standing.workspace->row.no,
                               .actor = change->standing.actor.no,
                               .at = lb_clock_wall_ms(),
                               .action = lb_str(action),
                               .target = lb_str(id),
                               .source = change->standing.actor.source};
    return store->ops->audit_append(store, &row);
}

static void publish(struct lb_write *write)
{
    struct lb_hook_change *change = change_of(write);
    lb_hooks_changed(change->hooks, change->standing.workspace);
}

static void prepare(struct lb_hook_change *change,
                    lb_err (*apply)(struct lb_write *write, struct lb_store *store))
{
    change->write.workspace = change->standing.workspace->row.no;
    change->write.records = 2 * LB_RECORD_BYTES; /* with what the audit log says of its end */
    change->write.apply = apply;
    change->write.publish = publish;
}

/* --- Looking for one -------------------------------------------------------------------------- */

/* What a workspace has. */
struct search {
    const struct lb_hook_row *wanted;
    bool any_campaign;
    size_t count; /* of all of the workspace */
    char (*ids)[LB_ID_SIZE];
    size_t id_count, id_capacity;
    struct lb_hook_row first; /* of those that are wanted */
};

static lb_err look(void *context, const struct lb_hook_row *row)
{
    struct search *search = context;
    const struct lb_hook_row *wanted = search->wanted;
    search->count++;
    if (row->type != wanted->type || strcmp(row->url, wanted->url) != 0 ||
        (!search->any_campaign && strcmp(row->campaign_id, wanted->campaign_id) != 0))
        return LB_OK;
    if (!lb_array_reserve(search->ids, search->id_capacity, search->id_count + 1))
        return LB_ERR_OVERLOADED;
    if (search->id_count == 0)
        search->first = *row;
    memcpy(search->ids[search->id_count++], row->id, sizeof row->id);
    return LB_OK;
}

static lb_err search_for(struct lb_hook_change *change, struct lb_store *store,
                         struct search *search)
{
    return store->ops->hooks(store->ops->writer_reader(store), change->standing.workspace->row.no,
                             search, look);
}

/* --- Subscribing ------------------------------------------------------------------------------ */

static lb_err begin(struct lb_hook_change *change, struct lb_store *store)
{
    struct lb_event_cursor head;
    struct lb_hook_row *row = &change->row;
    lb_err err = lb_events_head(change->events, store->ops->writer_reader(store),
                                change->standing.workspace, &head);
    lb_event_cursor_write(&head, row->place);
    lb_hook_secret_make(row->secret);
    row->state = LB_HOOK_ACTIVE;
    row->old_secret_until = row->failing_since = row->next_at = 0;
    row->tries = 0;
    row->missed = 0;
    return err;
}

static lb_err insert(struct lb_hook_change *change, struct lb_store *store)
{
    struct lb_hook_row *row = &change->row;
    row->workspace = change->standing.workspace->row.no;
    row->actor = change->standing.actor.no;
    row->created_at = lb_clock_wall_ms();
    lb_id_make(row->id, sizeof row->id, "hk_");
    change->write.touched = true;
    lb_err err = begin(change, store);
    if (!err)
        err = store->ops->hook_insert(store, row);
    return err ? err : audit(change, store, "hook.subscribe", row->id);
}

static lb_err take_existing(struct lb_hook_change *change, struct lb_store *store,
                            const struct lb_hook_row *found)
{
    change->row = *found;
    if (found->state != LB_HOOK_GONE) {
        change->made = false;
        return LB_OK;
    }
    change->write.touched = true;
    lb_err err = begin(change, store);
    if (!err)
        err = store->ops->hook_update(store, &change->row);
    return err ? err : audit(change, store, "hook.subscribe", change->row.id);
}

static lb_err apply_subscribe(struct lb_write *write, struct lb_store *store)
{
    struct lb_hook_change *change = change_of(write);
    struct search search = {.wanted = &change->row};
    change->made = true;
    lb_err err = lb_standing_check(&change->standing, store, &write->reason);
    if (!err)
        err = search_for(change, store, &search);
    if (!err && search.id_count)
        err = take_existing(change, store, &search.first);
    else if (!err && search.count >= change->max_hooks)
        err = lb_fail(&write->reason, LB_ERR_LIMIT_REACHED,
                      "This workspace has %zu subscriptions, which is as many as it may. Remove "
                      "some, or ask the operator to raise max-workspace-hooks.",
                      search.count);
    else if (!err)
        err = insert(change, store);
    free(search.ids);
    return err;
}

void lb_hook_subscribe(struct lb_hook_change *change)
{
    prepare(change, apply_subscribe);
}

/* --- Ending ----------------------------------------------------------------------------------- */

static lb_err drop(struct lb_hook_change *change, struct lb_store *store, const char *id)
{
    change->write.touched = true;
    lb_err err = store->ops->hook_delete(store, change->standing.workspace->row.no, lb_str(id));
    return err ? err : audit(change, store, "hook.unsubscribe", id);
}

static lb_err apply_unsubscribe(struct lb_write *write, struct lb_store *store)
{
    struct lb_hook_change *change = change_of(write);
    struct search search = {.wanted = &change->row, .any_campaign = true};
    lb_err err = lb_standing_check(&change->standing, store, &write->reason);
    if (!err)
        err = search_for(change, store, &search);
    for (size_t i = 0; !err && i < search.id_count; i++)
        err = drop(change, store, search.ids[i]);
    free(search.ids);
    return err;
}

void lb_hook_unsubscribe(struct lb_hook_change *change)
{
    prepare(change, apply_unsubscribe);
    change->write.records = 0;
}

/* Reads the subscription that the change names. */
static lb_err find_hook(struct lb_hook_change *change, struct lb_store *store)
{
    char id[LB_ID_SIZE];
    memcpy(id, change->row.id, sizeof id);
    lb_err err = lb_standing_check(&change->standing, store, &change->write.reason);
    if (!err)
        err = store->ops->hook(store->ops->writer_reader(store), change->standing.workspace->row.no,
                               lb_str(id), &change->row);
    if (err == LB_ERR_NOT_FOUND)
        return lb_fail(&change->write.reason, LB_ERR_HOOK_NOT_FOUND,
                       "This workspace has no subscription '%s'.", id);
    return err;
}

static lb_err apply_remove(struct lb_write *write, struct lb_store *store)
{
    struct lb_hook_change *change = change_of(write);
    lb_err err = find_hook(change, store);
    return err ? err : drop(change, store, change->row.id);
}

void lb_hook_remove(struct lb_hook_change *change)
{
    prepare(change, apply_remove);
    change->write.records = 0;
}

/* --- Changing --------------------------------------------------------------------------------- */

static lb_err find_living(struct lb_hook_change *change, struct lb_store *store)
{
    lb_err err = find_hook(change, store);
    if (!err && change->row.state == LB_HOOK_GONE)
        return lb_fail(&change->write.reason, LB_ERR_HOOK_ENDED,
                       "The receiver has answered 410, which ended this subscription. Subscribe "
                       "again.");
    return err;
}

static lb_err update(struct lb_hook_change *change, struct lb_store *store, const char *action)
{
    change->write.touched = true;
    change->row.place[0] = '\0'; /* where deliveries are is theirs to say */
    lb_err err = store->ops->hook_update(store, &change->row);
    return err ? err : audit(change, store, action, change->row.id);
}

static lb_err apply_pause(struct lb_write *write, struct lb_store *store)
{
    struct lb_hook_change *change = change_of(write);
    lb_err err = find_living(change, store);
    if (err || change->row.state == LB_HOOK_PAUSED)
        return err;
    change->row.state = LB_HOOK_PAUSED;
    return update(change, store, "hook.pause");
}

void lb_hook_pause(struct lb_hook_change *change)
{
    prepare(change, apply_pause);
}

/* One that waits for its next try makes it at once. */
static lb_err apply_resume(struct lb_write *write, struct lb_store *store)
{
    struct lb_hook_change *change = change_of(write);
    lb_err err = find_living(change, store);
    if (err)
        return err;
    change->row.state = LB_HOOK_ACTIVE;
    change->row.tries = 0;
    change->row.failing_since = 0;
    change->row.next_at = 0;
    return update(change, store, "hook.resume");
}

void lb_hook_resume(struct lb_hook_change *change)
{
    prepare(change, apply_resume);
}

static lb_err apply_rotate(struct lb_write *write, struct lb_store *store)
{
    struct lb_hook_change *change = change_of(write);
    lb_err err = find_living(change, store);
    if (err)
        return err;
    memcpy(change->row.old_secret, change->row.secret, sizeof change->row.secret);
    change->row.old_secret_until = lb_clock_wall_ms() + LB_HOOK_OVERLAP_MS;
    lb_hook_secret_make(change->row.secret);
    change->made = true;
    return update(change, store, "hook.rotate");
}

void lb_hook_rotate(struct lb_hook_change *change)
{
    prepare(change, apply_rotate);
}
