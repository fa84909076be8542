#include "hooks/internal.h"

#include "base/clock.h"

#include <stdlib.h>

static void count_states(struct lb_hooks *hooks)
{
    uint64_t by_state[LB_HOOK_STATE_COUNT] = {0};
    for (const struct lb_hook *hook = hooks->all; hook; hook = hook->next)
        by_state[hook->row.state]++;
    for (int i = 0; i < LB_HOOK_STATE_COUNT; i++)
        atomic_store(&hooks->by_state[i], by_state[i]);
}

static struct lb_hook *find_hook(const struct lb_workspace *workspace, const char *id)
{
    struct lb_hook *hook = workspace->hooks;
    while (hook && (hook->gone || strcmp(hook->row.id, id) != 0))
        hook = hook->next_of_workspace;
    return hook;
}

static void read_url(struct lb_hooks *hooks, struct lb_hook *hook)
{
    hook->url_refused = lb_hook_url_read(&hooks->settings.guard, lb_str(hook->row.url), &hook->url,
                                         &hook->url_reason) != LB_OK;
}

static struct lb_hook *add(struct lb_hooks *hooks, struct lb_workspace *workspace,
                           const struct lb_hook_row *row)
{
    struct lb_hook *hook = calloc(1, sizeof *hook);
    if (!hook)
        return NULL;
    hook->row = *row;
    hook->workspace = workspace;
    hook->next = hooks->all;
    hook->link = &hooks->all;
    if (hook->next)
        hook->next->link = &hook->next;
    hooks->all = hook;
    hook->next_of_workspace = workspace->hooks;
    workspace->hooks = hook;
    hook->noted_ms = lb_clock_mono_ms();
    read_url(hooks, hook);
    return hook;
}

/* Goes on where the store says. */
static void go_on(struct lb_hook *hook, const struct lb_hook_row *row)
{
    hook->row = *row;
    memcpy(hook->stored_place, row->place, sizeof hook->stored_place);
    hook->loaded_ms = lb_clock_mono_ms();
    lb_hook_rewind(hook);
}

/* When it may be looked at: at once, or after the pause that follows a failure. */
static void schedule(struct lb_hooks *hooks, struct lb_hook *hook)
{
    int64_t pause = hook->row.next_at - lb_clock_wall_ms();
    bool active = hook->row.state == LB_HOOK_ACTIVE && !hook->gone;
    if (hook->phase != LB_HOOK_IDLE && hook->phase != LB_HOOK_WAITING)
        return;
    if (!active)
        hook->phase = LB_HOOK_IDLE;
    else if (pause > 0)
        lb_hook_wait_until(hooks, hook, lb_clock_mono_ms() + (uint64_t)pause);
    else
        lb_hook_ready(hooks, hook);
}

/* The owner has changed it, or another node has delivered. What this node is about to record is
 * newer. */
static void update(struct lb_hooks *hooks, struct lb_hook *hook, const struct lb_hook_row *row)
{
    bool unrecorded = hook->dirty || hook->recording;
    bool ours = unrecorded || hook->leased || hook->phase == LB_HOOK_SENDING;
    bool ended = unrecorded && hook->row.state > LB_HOOK_PAUSED;
    memcpy(hook->row.secret, row->secret, sizeof row->secret);
    memcpy(hook->row.old_secret, row->old_secret, sizeof row->old_secret);
    hook->row.old_secret_until = row->old_secret_until;
    if (ours) {
        bool resumed = !ended && row->state == LB_HOOK_ACTIVE && row->next_at == 0 &&
                       (hook->row.state != row->state || hook->row.next_at != 0);
        if (!ended)
            hook->row.state = row->state;
        if (resumed) {
            hook->row.tries = row->tries;
            hook->row.failing_since = row->failing_since;
            hook->row.next_at = 0;
            schedule(hooks, hook);
        }
        return;
    }
    if (hook->row.state == row->state && hook->row.next_at == row->next_at &&
        strcmp(hook->stored_place, row->place) == 0)
        return;
    go_on(hook, row);
    schedule(hooks, hook);
}

struct reading {
    struct lb_hooks *hooks;
    struct lb_workspace *workspace; /* that is read, or the last one that was found */
};

/* Rows and workspaces are in about the same order: it is looked for after the last one first. */
static struct lb_workspace *find_workspace(struct lb_hooks *hooks, struct lb_workspace *last,
                                           uint32_t no)
{
    struct lb_workspace *workspace = last;
    while (workspace && workspace->row.no != no)
        workspace = lb_rcu_load(&workspace->next);
    if (workspace)
        return workspace;
    workspace = lb_directory_workspaces(hooks->settings.directory);
    while (workspace && workspace->row.no != no)
        workspace = lb_rcu_load(&workspace->next);
    return workspace;
}

static lb_err take_row(void *context, const struct lb_hook_row *row)
{
    struct reading *reading = context;
    struct lb_hooks *hooks = reading->hooks;
    struct lb_workspace *workspace = reading->workspace;
    if (!workspace || workspace->row.no != row->workspace) {
        workspace = find_workspace(hooks, workspace, row->workspace);
        if (!workspace)
            return LB_OK; /* memory does not know it yet */
        reading->workspace = workspace;
    }
    struct lb_hook *hook = find_hook(workspace, row->id);
    if (hook) {
        update(hooks, hook, row);
    } else {
        hook = add(hooks, workspace, row);
        if (!hook)
            return LB_ERR_OVERLOADED;
        go_on(hook, row);
        atomic_store(&workspace->has_hooks, true); /* before it looks */
        schedule(hooks, hook);
    }
    hook->seen = true;
    return LB_OK;
}

static void watch(struct lb_hooks *hooks)
{
    if (!hooks->watching && hooks->all) {
        lb_events_watch(hooks->settings.events, &hooks->watch);
        hooks->watching = true;
    } else if (hooks->watching && !hooks->all) {
        lb_events_unwatch(hooks->settings.events, &hooks->watch);
        hooks->watching = false;
    }
}

/* Those that the reading did not find. */
static void drop_unseen(struct lb_hooks *hooks, const struct lb_workspace *workspace)
{
    struct lb_hook *next;
    for (struct lb_hook *hook = hooks->all; hook; hook = next) {
        next = hook->next;
        if ((workspace && hook->workspace != workspace) || hook->seen)
            continue;
        hook->gone = true;
        lb_hook_settle(hooks, hook);
    }
}

void lb_hook_table_read(struct lb_hooks *hooks, struct lb_workspace *workspace)
{
    const struct lb_store_ops *ops = hooks->settings.store->ops;
    struct reading reading = {hooks, workspace};
    if (!hooks
             ->watching) { /* first, so that no event comes unseen between the look and the watch */
        lb_events_watch(hooks->settings.events, &hooks->watch);
        hooks->watching = true;
    }
    for (struct lb_hook *hook = hooks->all; hook; hook = hook->next)
        hook->seen = false;
    lb_err err = ops->hooks(hooks->reader, workspace ? workspace->row.no : 0, &reading, take_row);
    ops->reader_rest(hooks->reader);
    if (!err)
        drop_unseen(hooks, workspace);
    else /* once more, with all of them */
        hooks->poll_ms = lb_clock_mono_ms() + 1000;
    watch(hooks);
    count_states(hooks);
}

bool lb_hook_reload(struct lb_hooks *hooks, struct lb_hook *hook)
{
    struct lb_hook_row row;
    const struct lb_store_ops *ops = hooks->settings.store->ops;
    lb_err err = ops->hook(hooks->reader, hook->workspace->row.no, lb_str(hook->row.id), &row);
    ops->reader_rest(hooks->reader);
    if (err == LB_ERR_NOT_FOUND)
        hook->gone = true;
    if (err)
        return false;
    go_on(hook, &row);
    return true;
}

static void unlink_of_workspace(struct lb_hook *hook)
{
    struct lb_hook **link = &hook->workspace->hooks;
    while (*link != hook)
        link = &(*link)->next_of_workspace;
    *link = hook->next_of_workspace;
    if (!hook->workspace->hooks)
        atomic_store(&hook->workspace->has_hooks, false);
}

static void free_hook(struct lb_hook *hook)
{
    *hook->link = hook->next;
    if (hook->next)
        hook->next->link = hook->link;
    unlink_of_workspace(hook);
    lb_hook_rewind(hook);
    free(hook);
}

void lb_hook_settle(struct lb_hooks *hooks, struct lb_hook *hook)
{
    bool at_rest = hook->phase == LB_HOOK_IDLE || hook->phase == LB_HOOK_WAITING ||
                   hook->phase == LB_HOOK_HELD;
    if (hook->gone && at_rest && !hook->recording && !hook->dirty)
        free_hook(hook);
}

void lb_hook_table_free(struct lb_hooks *hooks)
{
    struct lb_hook *next;
    for (struct lb_hook *hook = hooks->all; hook; hook = next) {
        next = hook->next;
        free_hook(hook);
    }
}
