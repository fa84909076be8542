/* Leads behind entries of the installation's list are set aside, or put back, in every workspace:
 * the transaction that changes the list only notes the name, as it may change no other workspace;
 * the rest follows in small writes, each in one workspace. Claims do not wait for that, as they ask
 * the list.
 *
 * Some names are taken at a time, and all workspaces are gone through with them. In a shared store
 * each name is gone through twice: a write of another node that was under way when the name was
 * noted may not have known of it, and have set a lead to what held before. All nodes go through
 * what is noted; whichever is the last finds nothing to do.
 * Threads: the writer's. */
#include "base/clock.h"
#include "base/mailbox.h"
#include "domain/access/nodes.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/walk.h"

#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>

#define NAMES_AT_A_TIME 50
#define LOOKS_AT_A_TIME 200 /* of a write */
#define RETRY_AFTER_MS  1000
/* Another node may have noted something, and ended. */
#define LOOK_AGAIN_MS 60000
/* No write of another node takes longer, from when it asked what memory lacks. */
#define SETTLED_MS 30000

/* Of a token of such a name: the time at which it was noted is above these. */
#define TOKEN_RANDOM_BITS 20

/* How far it is, with the names that were taken. */
struct place {
    struct lb_workspace *workspace; /* NULL: after the last */
    size_t name;
    struct lb_walk walk; /* of that name, unless it is a LinkedIn name; walk.row.len 0: nowhere */
};

struct lb_everywhere {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_outreach *outreach;
    struct lb_writer *writer; /* NULL: before the start */
    struct lb_mailbox *mailbox;
    struct lb_task done;
    bool under_way;
    bool may_be_pending;
    uint64_t not_before_ms;
    uint64_t next_pass_ms; /* 0: when something is noted */
    /* A pass goes through all that is noted, by name. */
    int64_t pass_at;      /* when this one began, wall clock; 0: none is under way */
    int64_t last_pass_at; /* the one before */
    bool left_some;       /* to be gone through once more */
    struct lb_str after;  /* the last name that was taken; in `after_text` */
    char after_text[LB_LEAD_FORM_SIZE];
    struct lb_pending_row rows[NAMES_AT_A_TIME];
    size_t row_count;
    bool last_rows;
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
    row.token >>= 64 - TOKEN_RANDOM_BITS;
    row.token |= (uint64_t)lb_clock_wall_ms() << TOKEN_RANDOM_BITS;
    row.token &= INT64_MAX;
    outreach->everywhere->may_be_pending = true;
    return outreach->settings.store->ops->lead_pending_put(outreach->settings.store, &row);
}

static int64_t noted_at(const struct lb_pending_row *row)
{
    return (int64_t)(row->token >> TOKEN_RANDOM_BITS);
}

/* Will no node write any more what held before the name was noted? Clocks of nodes differ a little,
 * and one that is far ahead is not waited for. */
static bool is_settled(const struct lb_everywhere *everywhere, const struct lb_pending_row *row)
{
    int64_t age = everywhere->pass_at - noted_at(row);
    return !lb_nodes_memory_may_lag(everywhere->outreach->settings.store) || age >= SETTLED_MS ||
           age <= -10 * SETTLED_MS;
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
                                   everywhere->write.workspace, names, count);
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
        if (is_settled(everywhere, &everywhere->rows[i]))
            err = store->ops->lead_pending_drop(store, &everywhere->rows[i]);
    return err;
}

static struct lb_workspace *with_leads(struct lb_workspace *workspace)
{
    while (workspace && !workspace->has_leads)
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
        at->workspace = with_leads(lb_rcu_load(&at->workspace->next));
        at->name = 0;
        at->walk.row.len = 0;
    }
}

static void finish(struct lb_task *task)
{
    struct lb_everywhere *everywhere =
        (struct lb_everywhere *)((char *)task - offsetof(struct lb_everywhere, done));
    everywhere->under_way = false;
    if (everywhere->write.result)
        everywhere->not_before_ms = lb_clock_mono_ms() + RETRY_AFTER_MS;
    else
        go_on(everywhere);
}

static void submit(struct lb_everywhere *everywhere)
{
    const struct lb_workspace *workspace = everywhere->at.workspace;
    everywhere->done.run = finish;
    everywhere->write = (struct lb_write){.apply = workspace ? apply : apply_drop,
                                          .completion = &everywhere->done,
                                          .home = everywhere->mailbox,
                                          .workspace = workspace ? workspace->row.no : 0};
    everywhere->under_way = lb_writer_submit(everywhere->writer, &everywhere->write) == LB_OK;
}

/* --- Passes --- */

/* The list as it stood when the names were read: what was noted later is noted still. */
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

/* Leaves those out that the pass before has gone through, and which are not settled yet. */
static void sift(struct lb_everywhere *everywhere)
{
    size_t kept = 0;
    for (size_t i = 0; i < everywhere->row_count; i++) {
        const struct lb_pending_row *row = &everywhere->rows[i];
        bool settled = is_settled(everywhere, row);
        everywhere->left_some |= !settled;
        if (settled || noted_at(row) >= everywhere->last_pass_at - SETTLED_MS / 10)
            everywhere->rows[kept++] = *row;
    }
    everywhere->row_count = kept;
}

/* Takes some names. */
static lb_err take(struct lb_everywhere *everywhere)
{
    struct lb_store *store = everywhere->outreach->settings.store;
    lb_err err = store->ops->lead_pending_everywhere(lb_outreach_reader(everywhere->outreach),
                                                     everywhere->after, NAMES_AT_A_TIME,
                                                     everywhere->rows, &everywhere->row_count);
    if (!err && everywhere->row_count)
        err = refresh_list(everywhere);
    if (err) {
        everywhere->row_count = 0;
        return err;
    }
    everywhere->last_rows = everywhere->row_count < NAMES_AT_A_TIME;
    if (everywhere->row_count) {
        const struct lb_pending_row *last = &everywhere->rows[everywhere->row_count - 1];
        memcpy(everywhere->after_text, last->key, last->len);
        everywhere->after = (struct lb_str){everywhere->after_text, last->len};
    }
    sift(everywhere);
    struct lb_workspace *first = lb_directory_workspaces(everywhere->outreach->settings.directory);
    everywhere->at = (struct place){.workspace = with_leads(first)};
    return LB_OK;
}

static void end_pass(struct lb_everywhere *everywhere)
{
    everywhere->last_pass_at = everywhere->pass_at;
    everywhere->pass_at = 0;
    everywhere->next_pass_ms =
        lb_clock_mono_ms() + (everywhere->left_some ? SETTLED_MS : LOOK_AGAIN_MS);
}

static bool begins_pass(struct lb_everywhere *everywhere, uint64_t now)
{
    if (!everywhere->may_be_pending && now < everywhere->next_pass_ms)
        return false;
    everywhere->may_be_pending = false;
    everywhere->left_some = false;
    everywhere->last_rows = false;
    everywhere->after = (struct lb_str){0};
    everywhere->pass_at = lb_clock_wall_ms();
    return true;
}

void lb_everywhere_upkeep(struct lb_everywhere *everywhere)
{
    uint64_t now = lb_clock_mono_ms();
    lb_mailbox_drain(everywhere->mailbox);
    if (!everywhere->writer || everywhere->under_way || now < everywhere->not_before_ms)
        return;
    if (!everywhere->row_count) {
        if (everywhere->pass_at && everywhere->last_rows)
            end_pass(everywhere);
        if (!everywhere->pass_at && !begins_pass(everywhere, now))
            return;
        if (take(everywhere))
            everywhere->not_before_ms = now + RETRY_AFTER_MS;
    }
    if (everywhere->row_count)
        submit(everywhere);
}

/* --- Begin and end --- */

struct lb_everywhere *lb_everywhere_create(struct lb_outreach *outreach)
{
    struct lb_everywhere *everywhere = calloc(1, sizeof *everywhere);
    if (!everywhere)
        return NULL;
    everywhere->outreach = outreach;
    everywhere->mailbox = lb_mailbox_create();
    if (everywhere->mailbox)
        return everywhere;
    free(everywhere);
    return NULL;
}

void lb_everywhere_destroy(struct lb_everywhere *everywhere)
{
    if (!everywhere)
        return;
    lb_mailbox_drain(everywhere->mailbox);
    lb_mailbox_destroy(everywhere->mailbox);
    free(everywhere);
}

void lb_everywhere_begin(struct lb_everywhere *everywhere, struct lb_writer *writer)
{
    everywhere->writer = writer;
    everywhere->may_be_pending = true;
}
