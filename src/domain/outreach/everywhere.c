/* Leads behind entries of the installation's list are set aside, or put back, in every workspace:
 * the transaction that changes the list only notes the name, as it may change no other workspace;
 * the rest follows in small writes, each in one workspace. Claims do not wait for that, as they ask
 * the list.
 *
 * Some names are taken at a time, and all workspaces are gone through with them. A write of another
 * node in one of them that does not know of the change has locked the workspace before it was made
 * (lb_nodes_lock), so that ours comes after it and finds its leads. All nodes go through what is
 * noted, since the one that has noted it may end; whichever comes last finds nothing to do.
 * Threads: the writer's. */
#include "base/clock.h"
#include "domain/access/nodes.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/walk.h"
#include "writer/own_write.h"

#include <sodium.h>

#define NAMES_AT_A_TIME 50
#define LOOKS_AT_A_TIME 200 /* of a write */
/* Another node may have noted something, and ended. */
#define LOOK_AGAIN_MS 60000

/* How far it is, with the names that were taken. */
struct place {
    struct lb_workspace *workspace; /* NULL: after the last */
    size_t name;
    struct lb_walk walk; /* of that name, unless it is a LinkedIn name; walk.row.len 0: nowhere */
};

struct lb_everywhere {
    struct lb_own_write own; /* first: `apply` and `finish` get it */
    struct lb_outreach *outreach;
    bool may_be_pending;
    uint64_t looked_ms;
    struct lb_pending_row rows[NAMES_AT_A_TIME];
    size_t row_count;
    struct place at;      /* of what is committed */
    struct place reached; /* by the write under way */
};

/* --- What is noted --- */

lb_err lb_everywhere_changed(struct lb_outreach *outreach, struct lb_str key)
{
    struct lb_pending_row row = {.list = {.workspace = LB_INSTALLATION_NO}, .len = key.len};
    if (key.len > sizeof row.key)
        return LB_ERR_INTERNAL;
    memcpy(row.key, key.ptr, key.len);
    randombytes_buf(&row.token, sizeof row.token);
    row.token >>= 1;
    outreach->everywhere->may_be_pending = true;
    return outreach->settings.store->ops->lead_pending_put(outreach->settings.store, &row);
}

static struct lb_str key_of(const struct lb_pending_row *row)
{
    return (struct lb_str){row->key, row->len};
}

/* --- In writes --- */

static void begin_name(struct place *place, const struct lb_pending_row *noted)
{
    struct lb_pending_row row = *noted;
    row.list.workspace = place->workspace->row.no;
    lb_walk_begin(&place->walk, &row);
}

/* The leads of one name in the workspace, for up to `*left` looks. */
static lb_err look_at_name(struct lb_everywhere *everywhere, size_t *left, bool *out_done)
{
    struct place *place = &everywhere->reached;
    const struct lb_pending_row *row = &everywhere->rows[place->name];
    struct lb_list list = {.workspace = place->workspace->row.no};
    if (lb_key_is_linkedin(key_of(row))) {
        *out_done = true;
        --*left;
        return lb_exclusion_changed(everywhere->outreach, list, key_of(row));
    }
    if (!place->walk.row.len)
        begin_name(place, row);
    lb_err err = lb_walk_on(everywhere->outreach, &place->walk, left, out_done);
    if (!err && *out_done)
        place->walk.row.len = 0;
    return err;
}

static void prefetch(const struct lb_everywhere *everywhere, struct lb_store *store)
{
    struct lb_str names[NAMES_AT_A_TIME];
    size_t count = 0;
    for (size_t i = everywhere->reached.name; i < everywhere->row_count; i++)
        if (lb_key_is_linkedin(key_of(&everywhere->rows[i])))
            names[count++] = key_of(&everywhere->rows[i]);
    if (count)
        store->ops->prefetch_names(lb_outreach_reader(everywhere->outreach),
                                   everywhere->own.write.workspace, names, count);
}

/* In one workspace, which is what a write may change. */
static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    struct lb_everywhere *everywhere = (struct lb_everywhere *)write;
    struct place *place = &everywhere->reached;
    size_t left = LOOKS_AT_A_TIME;
    bool done = true;
    lb_err err = LB_OK;
    write->touched = true;
    *place = everywhere->at;
    if (place->walk.row.len) /* what it points to is its own */
        lb_lead_range_of(key_of(&place->walk.row), &place->walk.range);
    prefetch(everywhere, store);
    while (!err && done && left && place->name < everywhere->row_count) {
        err = look_at_name(everywhere, &left, &done);
        place->name += !err && done;
    }
    return err;
}

static lb_err apply_drop(struct lb_write *write, struct lb_store *store)
{
    struct lb_everywhere *everywhere = (struct lb_everywhere *)write;
    lb_err err = LB_OK;
    write->touched = true;
    for (size_t i = 0; !err && i < everywhere->row_count; i++)
        err = store->ops->lead_pending_drop(store, &everywhere->rows[i]);
    return err;
}

/* The first from there on that may have leads. In a shared store a write of another node may just
 * have added the first one. */
static struct lb_workspace *with_leads(const struct lb_everywhere *everywhere,
                                       struct lb_workspace *workspace)
{
    bool any = lb_nodes_memory_may_lag(everywhere->outreach->settings.store);
    while (workspace && !any && !workspace->has_leads)
        workspace = lb_rcu_load(&workspace->next);
    return workspace;
}

static void go_on(struct lb_everywhere *everywhere)
{
    struct place *at = &everywhere->at;
    if (!everywhere->at.workspace) { /* what was noted is dropped */
        everywhere->row_count = 0;
        return;
    }
    *at = everywhere->reached;
    if (at->walk.row.len)
        lb_lead_range_of(key_of(&at->walk.row), &at->walk.range);
    if (at->name == everywhere->row_count) {
        at->workspace = with_leads(everywhere, lb_rcu_load(&at->workspace->next));
        at->name = 0;
        at->walk.row.len = 0;
    }
}

static void finish(struct lb_write *write)
{
    if (!write->result)
        go_on((struct lb_everywhere *)write);
}

static void submit(struct lb_everywhere *everywhere)
{
    const struct lb_workspace *workspace = everywhere->at.workspace;
    struct lb_write write = {.apply = workspace ? apply : apply_drop,
                             .workspace = workspace ? workspace->row.no : 0};
    lb_own_write_submit(&everywhere->own, &write); /* if not, by the next upkeep */
}

/* --- What is next --- */

/* The list as it is now that the names were read: what was noted later is noted still. */
static lb_err refresh_list(const struct lb_everywhere *everywhere)
{
    const struct lb_outreach_settings *settings = &everywhere->outreach->settings;
    struct lb_workspace_versions versions = {0};
    uint32_t no = LB_INSTALLATION_NO;
    if (!lb_nodes_memory_may_lag(settings->store))
        return LB_OK;
    lb_err err = lb_nodes_versions(settings->store, lb_outreach_reader(everywhere->outreach), &no,
                                   1, &versions);
    if (!err && versions.count)
        err = lb_blocklist_refresh(settings->blocklist, &versions.array[0]);
    lb_workspace_versions_fini(&versions);
    return err;
}

/* Takes some names, if any are noted. */
static lb_err take(struct lb_everywhere *everywhere)
{
    const struct lb_outreach_settings *settings = &everywhere->outreach->settings;
    size_t count;
    lb_err err = settings->store->ops->lead_pending_everywhere(
        lb_outreach_reader(everywhere->outreach), NAMES_AT_A_TIME, everywhere->rows, &count);
    if (!err && count)
        err = refresh_list(everywhere);
    everywhere->may_be_pending = err || count;
    everywhere->looked_ms = lb_clock_mono_ms();
    everywhere->row_count = err ? 0 : count;
    everywhere->at = (struct place){
        .workspace = with_leads(everywhere, lb_directory_workspaces(settings->directory))};
    return err;
}

void lb_everywhere_upkeep(struct lb_everywhere *everywhere)
{
    uint64_t now = lb_clock_mono_ms();
    if (!lb_own_write_is_idle(&everywhere->own) ||
        lb_retry_waits(&everywhere->own.retry, everywhere->outreach->settings.store))
        return;
    bool looks = everywhere->may_be_pending || now - everywhere->looked_ms >= LOOK_AGAIN_MS;
    lb_err err = !everywhere->row_count && looks ? take(everywhere) : LB_OK;
    if (err)
        lb_retry_note(&everywhere->own.retry, err, now);
    if (everywhere->row_count)
        submit(everywhere);
}

/* --- Begin and end --- */

struct lb_everywhere *lb_everywhere_create(struct lb_outreach *outreach)
{
    struct lb_everywhere *everywhere = lb_own_write_create(sizeof *everywhere, finish);
    if (everywhere)
        everywhere->outreach = outreach;
    return everywhere;
}

void lb_everywhere_destroy(struct lb_everywhere *everywhere)
{
    lb_own_write_destroy(everywhere);
}

void lb_everywhere_begin(struct lb_everywhere *everywhere, struct lb_writer *writer)
{
    everywhere->own.writer = writer;
    everywhere->may_be_pending = true;
}
