/* What deleted campaigns leave behind, leads, steps and their variants, is deleted in small writes
 * of its own: one large one would make all others wait. A write that fails is tried again later.
 * Threads: the writer's. */
#include "domain/outreach/internal.h"

#include "base/array.h"
#include "base/clock.h"
#include "writer/own_write.h"

#include <stdlib.h>

/* Leads that one write deletes: about two milliseconds' worth; fewer when there is more to them. */
#define LEADS_AT_A_TIME 100
#define BYTES_AT_A_TIME ((size_t)128 << 10)
#define LOOK_AGAIN_MS   60000

struct lb_purge {
    struct lb_own_write own; /* first: `apply` and `finish` get it */
    struct lb_store *store;
    struct lb_list campaign; /* of the write under way */
    bool emptied;            /* which deletes the last of it */
    uint64_t look_at_ms; /* when the store is asked for all of them again; 0: it has told them */
    struct lb_list *campaigns;
    size_t count;
    size_t capacity;
};

bool lb_purge_reserve(struct lb_purge *remains, size_t count)
{
    /* One more for the campaign of the write under way, which comes back. */
    return lb_array_reserve(remains->campaigns, remains->capacity, remains->count + count + 1);
}

void lb_purge_add(struct lb_purge *remains, struct lb_list campaign)
{
    for (size_t i = 0; i < remains->count; i++)
        if (remains->campaigns[i].campaign == campaign.campaign)
            return;
    if (remains->count == remains->capacity && !lb_purge_reserve(remains, 1))
        return; /* at start only, later there is room; the next start finds it */
    remains->campaigns[remains->count++] = campaign;
}

static lb_err load_one(void *context, uint32_t workspace, uint32_t campaign)
{
    lb_purge_add(context, (struct lb_list){workspace, campaign});
    return LB_OK;
}

static lb_err load(struct lb_purge *remains)
{
    return remains->store->ops->load_deleted_campaigns(remains->store, remains, load_one);
}

static void look_again(struct lb_purge *remains)
{
    if (!remains->look_at_ms || lb_clock_mono_ms() < remains->look_at_ms)
        return;
    lb_err err = load(remains);
    remains->look_at_ms = err ? lb_clock_mono_ms() + LOOK_AGAIN_MS : 0;
}

struct found {
    uint64_t leads[LEADS_AT_A_TIME];
    size_t count;
};

static lb_err take_number(void *context, const struct lb_lead_row *row)
{
    struct found *found = context;
    found->leads[found->count++] = row->no;
    return LB_OK;
}

/* Deletes some of the leads; with the last of them, `*out_emptied`, the steps. */
static lb_err delete_some(struct lb_store *store, struct lb_list list, bool *out_emptied)
{
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    struct found found = {.count = 0};
    lb_err err = store->ops->leads_page(reader, list.workspace, list.campaign, -1, 0, 0,
                                        LEADS_AT_A_TIME, &found, take_number);
    if (!err)
        store->ops->prefetch_leads(reader, list.workspace, found.leads, found.count, 0);
    size_t done = 0, bytes = 0;
    while (!err && done < found.count && bytes < BYTES_AT_A_TIME) {
        struct lb_lead_row lead;
        err = store->ops->lead(reader, list.workspace, found.leads[done++], &lead);
        if (!err)
            bytes += lead.variables.len;
        if (!err)
            err = store->ops->lead_delete(store, &lead);
    }
    *out_emptied = done < LEADS_AT_A_TIME && done == found.count;
    if (!err && *out_emptied)
        err = store->ops->variants_drop(store, list.workspace, list.campaign, 0);
    if (!err && *out_emptied)
        err = store->ops->steps_drop(store, list.workspace, list.campaign);
    if (!err && *out_emptied)
        err = store->ops->stopped_companies_drop(store, list);
    return err;
}

static lb_err see_lead(void *context, const struct lb_lead_row *row)
{
    *(bool *)context = true;
    return LB_OK;
}

lb_err lb_purge_now(struct lb_store *store, struct lb_list campaign, bool *out_emptied)
{
    bool many = false;
    *out_emptied = false;
    lb_err err =
        store->ops->leads_page(store->ops->writer_reader(store), campaign.workspace,
                               campaign.campaign, -1, 0, LB_PURGE_NOW_MAX, 1, &many, see_lead);
    while (!err && !many && !*out_emptied)
        err = delete_some(store, campaign, out_emptied);
    return err;
}

/* A new campaign may have the number by now, and its leads are its own. */
static lb_err apply(struct lb_write *write, struct lb_store *store)
{
    struct lb_purge *remains = (struct lb_purge *)write;
    struct lb_campaign_state state;
    lb_err err =
        store->ops->campaign_state(store->ops->writer_reader(store), remains->campaign.workspace,
                                   remains->campaign.campaign, &state);
    remains->emptied = true;
    if (err != LB_ERR_NOT_FOUND)
        return err;
    write->touched = true;
    return delete_some(store, remains->campaign, &remains->emptied);
}

static void finish(struct lb_write *write)
{
    struct lb_purge *remains = (struct lb_purge *)write;
    if (write->result || !remains->emptied)
        lb_purge_add(remains, remains->campaign);
}

void lb_purge_upkeep(struct lb_purge *remains, bool partly)
{
    bool idle = lb_own_write_is_idle(&remains->own);
    if (!partly) /* else it would wait for what is away */
        look_again(remains);
    if (remains->count == 0 || !idle || lb_retry_waits(&remains->own.retry, remains->store))
        return;
    remains->campaign = remains->campaigns[remains->count - 1];
    struct lb_write write = {
        .apply = apply, .heavy = true, .workspace = remains->campaign.workspace};
    if (lb_own_write_submit(&remains->own, &write) == LB_OK)
        remains->count--;
}

/* --- Begin and end --- */

struct lb_purge *lb_purge_create(struct lb_store *store)
{
    struct lb_purge *remains = lb_own_write_create(sizeof *remains, finish);
    if (remains)
        remains->store = store;
    return remains;
}

void lb_purge_destroy(struct lb_purge *remains)
{
    struct lb_list *campaigns = remains ? remains->campaigns : NULL;
    lb_own_write_destroy(remains);
    free(campaigns);
}

lb_err lb_purge_load(struct lb_purge *remains, struct lb_writer *writer, bool partly)
{
    remains->own.writer = writer;
    remains->look_at_ms = partly ? lb_clock_mono_ms() + LOOK_AGAIN_MS : 0;
    return partly ? LB_OK : load(remains);
}
