/* Leads whose names are no LinkedIn names, and what they are found by: when a block of such a name
 * begins or ends, a few leads are set aside, or put back, in the same transaction; if there are
 * more, the name is noted in the store and the rest follows in small writes. So is a LinkedIn name
 * that is in many campaigns (exclusion.c). Claims do not wait for that, as they ask the blocklists.
 * Workspaces take turns, of one name with many leads at a time: one that notes on and on holds up
 * itself alone.
 * Leads that earlier versions stored get what they are found by in the same way, after a start.
 * Threads: the writer's. */
#include "base/clock.h"
#include "base/mailbox.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/walk.h"
#include "writer/retry.h"

#include <sodium.h>
#include <stddef.h>
#include <stdlib.h>

#define LOOKS_NOW_MAX 200 /* that the changes of one batch look at leads, or for some */
/* Of a write of its own, which all others wait for: each look takes several times as long where the
 * store is another process. */
#define LOOKS_AT_A_TIME        200
#define LOOKS_AT_A_TIME_REMOTE 50
#define REFS_AT_A_TIME         50
/* Another node may have noted something, and ended. */
#define LOOK_AGAIN_MS 60000

struct lb_refresh {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_outreach *outreach;
    struct lb_writer *writer; /* NULL: before the start */
    struct lb_mailbox *mailbox;
    struct lb_task done;
    bool under_way;
    bool may_be_pending;
    bool may_lack_forms;
    uint64_t began_ms;
    struct lb_retry retry;
    uint64_t looked_ms;
    uint32_t served;                /* the workspace whose turn it was last */
    struct lb_walk at;              /* half-way through a key, of what is committed */
    struct lb_walk reached;         /* by the write under way */
    uint64_t leads[REFS_AT_A_TIME]; /* to get their forms */
    size_t lead_count;
};

/* --- In the change itself --- */

static lb_err make_row(struct lb_list list, struct lb_str key, struct lb_pending_row *out)
{
    *out = (struct lb_pending_row){.list = list, .len = key.len};
    if (key.len > sizeof out->key)
        return LB_ERR_INTERNAL;
    memcpy(out->key, key.ptr, key.len);
    randombytes_buf(&out->token, sizeof out->token);
    out->token >>= 1;
    return LB_OK;
}

static lb_err note(struct lb_outreach *outreach, const struct lb_pending_row *row)
{
    outreach->refresh->may_be_pending = true;
    return outreach->settings.store->ops->lead_pending_put(outreach->settings.store, row);
}

lb_err lb_refresh_changed(struct lb_outreach *outreach, struct lb_list list, struct lb_str key)
{
    struct lb_walk walk;
    struct lb_pending_row row;
    size_t left = LOOKS_NOW_MAX - outreach->looks;
    bool done = false;
    lb_err err = make_row(list, key, &row);
    if (err)
        return err;
    lb_walk_begin(&walk, &row);
    err = lb_walk_on(outreach, &walk, &left, &done);
    outreach->looks = LOOKS_NOW_MAX - left;
    return err || done ? err : note(outreach, &row);
}

bool lb_refresh_may_look(struct lb_outreach *outreach)
{
    if (outreach->looks == LOOKS_NOW_MAX)
        return false;
    outreach->looks++;
    return true;
}

lb_err lb_refresh_note(struct lb_outreach *outreach, struct lb_list list, struct lb_str stored)
{
    struct lb_pending_row row;
    lb_err err = make_row(list, stored, &row);
    return err ? err : note(outreach, &row);
}

/* --- In writes of its own --- */

static bool is_at(const struct lb_walk *walk, const struct lb_pending_row *row)
{
    return walk->row.len == row->len && walk->row.token == row->token &&
           walk->row.list.workspace == row->list.workspace &&
           walk->row.list.campaign == row->list.campaign &&
           memcmp(walk->row.key, row->key, row->len) == 0;
}

static lb_err apply_pending(struct lb_write *write, struct lb_store *store)
{
    struct lb_refresh *refresh = (struct lb_refresh *)write;
    struct lb_pending_row row;
    const size_t looks = lb_store_is_remote(store) ? LOOKS_AT_A_TIME_REMOTE : LOOKS_AT_A_TIME;
    size_t left = looks;
    bool done = true, goes_on = false;
    lb_err err = LB_OK;
    write->touched = true;
    refresh->began_ms = lb_clock_mono_ms();
    refresh->reached = refresh->at;
    /* What was begun before is ended, and then it is the next workspace's turn. */
    while (!err && done && left && !goes_on) {
        err = store->ops->lead_pending_next(lb_outreach_reader(refresh->outreach),
                                            write->workspace - 1, &row);
        if (err || row.list.workspace != write->workspace)
            break;
        if (lb_teaches_links(&row)) /* a write of its own size */
            return left < looks ? LB_OK : lb_teach_links(refresh->outreach, &row, &done);
        goes_on = is_at(&refresh->reached, &row);
        if (!goes_on)
            lb_walk_begin(&refresh->reached, &row);
        err = lb_walk_on(refresh->outreach, &refresh->reached, &left, &done);
        if (!err && done) {
            refresh->reached.row.len = 0;
            err = store->ops->lead_pending_drop(store, &row);
        }
    }
    return err == LB_ERR_NOT_FOUND ? LB_OK : err;
}

static lb_err give_forms(struct lb_outreach *outreach, uint32_t workspace, uint64_t no)
{
    struct lb_store *store = outreach->settings.store;
    struct lb_lead_row row;
    struct lb_lead_keys keys;
    char hosts[2][LB_LEAD_HOST_SIZE];
    lb_err err = store->ops->lead(lb_outreach_reader(outreach), workspace, no, &row);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    if (!lb_lead_fill_forms(&row, &keys, hosts))
        return LB_ERR_STORAGE_UNAVAILABLE;
    err = store->ops->lead_set_forms(store, &row);
    bool there = lb_directory_campaign_no(outreach->settings.directory, row.campaign) != NULL;
    return err || !there ? err : lb_exclusion_refresh_lead(outreach, workspace, no);
}

static lb_err apply_forms(struct lb_write *write, struct lb_store *store)
{
    struct lb_refresh *refresh = (struct lb_refresh *)write;
    lb_err err = LB_OK;
    write->touched = true;
    refresh->began_ms = lb_clock_mono_ms();
    refresh->reached = refresh->at;
    store->ops->prefetch_leads(lb_outreach_reader(refresh->outreach), write->workspace,
                               refresh->leads, refresh->lead_count, 0);
    for (size_t i = 0; !err && i < refresh->lead_count; i++)
        err = give_forms(refresh->outreach, write->workspace, refresh->leads[i]);
    return err;
}

static void finish(struct lb_task *task)
{
    struct lb_refresh *refresh =
        (struct lb_refresh *)((char *)task - offsetof(struct lb_refresh, done));
    refresh->under_way = false;
    lb_retry_note(&refresh->retry, refresh->write.result, refresh->began_ms);
    if (!refresh->write.result)
        refresh->at = refresh->reached;
}

/* Of no workspace's share: one that has filled its own would stop this for all. Heavy, as so many
 * leads are many pages. */
static lb_err submit(struct lb_refresh *refresh, uint32_t workspace,
                     lb_err (*apply)(struct lb_write *, struct lb_store *))
{
    refresh->done.run = finish;
    refresh->began_ms = lb_clock_mono_ms();
    refresh->write = (struct lb_write){.apply = apply,
                                       .completion = &refresh->done,
                                       .home = refresh->mailbox,
                                       .heavy = true,
                                       .workspace = workspace};
    lb_err err = lb_writer_submit(refresh->writer, &refresh->write);
    refresh->under_way = !err;
    return err;
}

/* The workspace whose turn it is: the one in whose key a walk is half-way, as it would have to
 * begin again, or else the next one. */
static lb_err find_turn(struct lb_refresh *refresh, uint32_t *out_workspace)
{
    const struct lb_store_ops *ops = refresh->outreach->settings.store->ops;
    struct lb_store_reader *reader = lb_outreach_reader(refresh->outreach);
    struct lb_pending_row row;
    bool half_way = false;
    lb_err err = LB_OK;
    if (refresh->at.row.len) {
        err = ops->lead_pending_next(reader, refresh->at.row.list.workspace - 1, &row);
        half_way = !err && is_at(&refresh->at, &row);
    }
    if (!err && !half_way)
        err = ops->lead_pending_next(reader, refresh->served, &row);
    if (!err)
        *out_workspace = row.list.workspace;
    return err;
}

/* Is something noted? Then it is dealt with. */
static lb_err see_pending(struct lb_refresh *refresh)
{
    uint32_t workspace;
    lb_err err = find_turn(refresh, &workspace);
    refresh->may_be_pending = err != LB_ERR_NOT_FOUND;
    refresh->looked_ms = lb_clock_mono_ms();
    if (!err) {
        err = submit(refresh, workspace, apply_pending);
        if (!err)
            refresh->served = workspace;
        return err;
    }
    return err == LB_ERR_NOT_FOUND ? LB_OK : err;
}

static lb_err see_forms(struct lb_refresh *refresh)
{
    struct lb_store *store = refresh->outreach->settings.store;
    uint32_t workspace = 0;
    lb_err err =
        store->ops->leads_without_forms(lb_outreach_reader(refresh->outreach), REFS_AT_A_TIME,
                                        &workspace, refresh->leads, &refresh->lead_count);
    refresh->may_lack_forms = err || refresh->lead_count;
    if (!err && refresh->lead_count)
        return submit(refresh, workspace, apply_forms);
    return err;
}

void lb_refresh_upkeep(struct lb_refresh *refresh)
{
    uint64_t now = lb_clock_mono_ms();
    lb_err err = LB_OK;
    lb_mailbox_drain(refresh->mailbox);
    if (!refresh->writer || refresh->under_way ||
        lb_retry_waits(&refresh->retry, refresh->outreach->settings.store))
        return;
    if (refresh->may_be_pending || now - refresh->looked_ms >= LOOK_AGAIN_MS)
        err = see_pending(refresh);
    if (!err && !refresh->under_way && refresh->may_lack_forms)
        err = see_forms(refresh);
    if (err)
        lb_retry_note(&refresh->retry, err, now);
}

/* --- Begin and end --- */

struct lb_refresh *lb_refresh_create(struct lb_outreach *outreach)
{
    struct lb_refresh *refresh = calloc(1, sizeof *refresh);
    if (!refresh)
        return NULL;
    refresh->outreach = outreach;
    refresh->mailbox = lb_mailbox_create();
    if (refresh->mailbox)
        return refresh;
    free(refresh);
    return NULL;
}

void lb_refresh_destroy(struct lb_refresh *refresh)
{
    if (!refresh)
        return;
    lb_mailbox_drain(refresh->mailbox);
    lb_mailbox_destroy(refresh->mailbox);
    free(refresh);
}

void lb_refresh_begin(struct lb_refresh *refresh, struct lb_writer *writer)
{
    refresh->writer = writer;
    refresh->may_be_pending = refresh->may_lack_forms = true;
}
