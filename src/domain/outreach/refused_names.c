#include "domain/outreach/refused_names.h"

#include <stdlib.h>

/* Entries, or leads, that are looked at before others have their turn: some ten milliseconds. */
#define LOOK_AT_MOST  20000
#define LEADS_AT_MOST 2000

struct lb_refused_names_list {
    uint32_t campaign; /* 0: the workspace's */
    bool deleted;
    char id[LB_ID_SIZE];
};

static void enter_list(struct lb_refused_names *looking, size_t at)
{
    looking->at = at;
    looking->leads = false;
    looking->below = 0;
    looking->progress = (struct lb_page_progress){.look = LOOK_AT_MOST};
}

/* Goes to a workspace, if there is one; false when out of memory. Ids are copied: a campaign may go
 * between two turns. */
static bool enter_workspace(struct lb_refused_names *looking, struct lb_workspace *workspace)
{
    size_t count;
    free(looking->lists);
    looking->lists = NULL;
    looking->workspace = workspace;
    looking->count = 0;
    enter_list(looking, 0);
    if (!workspace)
        return true;
    struct lb_list_owner *owners = lb_directory_list_owners(looking->directory, workspace, &count);
    if (owners)
        looking->lists = calloc(count + 1, sizeof *looking->lists);
    for (size_t i = 0; looking->lists && i < count; i++) {
        struct lb_refused_names_list *list = &looking->lists[i + 1];
        list->campaign = owners[i].no;
        list->deleted = owners[i].deleted;
        lb_str_copy(owners[i].id, list->id, sizeof list->id);
    }
    looking->count = count + 1;
    free(owners);
    return looking->lists != NULL;
}

static void judge(struct lb_refused_names *looking, struct lb_str name, bool lead)
{
    const struct lb_refused_names_list *list = &looking->lists[looking->at];
    char address[LB_IDENTIFIER_SIZE + 3] = "in/";
    struct lb_identifier today, meant;
    const char *wrong = lb_identifier_normalise(name, &today);
    if (!wrong || looking->found == LB_REFUSED_NAMES_MAX || name.len >= LB_IDENTIFIER_SIZE)
        return;
    memcpy(address + 3, name.ptr, name.len);
    bool known = !lb_identifier_normalise((struct lb_str){address, name.len + 3}, &meant);
    struct lb_refused_name refused = {.workspace = looking->workspace->row.id,
                                      .campaign = list->campaign ? list->id : NULL,
                                      .campaign_deleted = list->deleted,
                                      .lead = lead,
                                      .name = name,
                                      .reason = wrong,
                                      .meant = known ? lb_str(meant.text) : (struct lb_str){0}};
    looking->found++;
    looking->each(looking->context, &refused);
}

static lb_err judge_entry(void *context, const struct lb_entry *entry)
{
    judge(context, entry->key, false);
    return LB_OK;
}

/* Looks through a piece of the list. */
static lb_err look_at_list(struct lb_refused_names *looking, struct lb_store_reader *reader,
                           bool *out_more)
{
    struct lb_page_result result = {0};
    struct lb_page_query query = {
        .list = {looking->workspace->row.no, looking->lists[looking->at].campaign},
        .take = SIZE_MAX,
        .progress = &looking->progress};
    lb_err err =
        lb_blocklist_page(looking->blocklist, reader, &query, looking, judge_entry, &result);
    *out_more = result.unfinished;
    return err;
}

struct leads {
    struct lb_refused_names *looking;
    size_t count;
};

static lb_err judge_lead(void *context, const struct lb_lead_row *row)
{
    struct leads *leads = context;
    leads->count++;
    leads->looking->below = row->no;
    judge(leads->looking, row->identifier, true);
    return LB_OK;
}

static lb_err look_at_leads(struct lb_refused_names *looking, struct lb_store_reader *reader,
                            bool *out_more)
{
    struct leads leads = {.looking = looking};
    lb_err err = looking->store->ops->leads_page(
        reader, looking->workspace->row.no, looking->lists[looking->at].campaign, -1,
        looking->below, 0, LEADS_AT_MOST, &leads, judge_lead);
    *out_more = leads.count == LEADS_AT_MOST;
    return err;
}

/* After a list that was looked through. */
static bool go_on(struct lb_refused_names *looking)
{
    const struct lb_refused_names_list *list = &looking->lists[looking->at];
    if (list->campaign && !list->deleted && !looking->leads) {
        looking->leads = true;
        return true;
    }
    if (looking->at + 1 == looking->count)
        return enter_workspace(looking, lb_rcu_load(&looking->workspace->next));
    enter_list(looking, looking->at + 1);
    return true;
}

lb_err lb_refused_names_look(struct lb_refused_names *looking, struct lb_store_reader *reader,
                             bool *out_done)
{
    bool more = false;
    bool entered =
        looking->begun || enter_workspace(looking, lb_directory_workspaces(looking->directory));
    looking->begun = true;
    *out_done = false;
    if (!entered)
        return LB_ERR_OVERLOADED;
    if (!looking->workspace) {
        *out_done = true;
        return LB_OK;
    }
    lb_err err = looking->leads ? look_at_leads(looking, reader, &more)
                                : look_at_list(looking, reader, &more);
    if (err || more)
        return err;
    return go_on(looking) ? LB_OK : LB_ERR_OVERLOADED;
}

void lb_refused_names_fini(struct lb_refused_names *looking)
{
    free(looking->lists);
    looking->lists = NULL;
}
