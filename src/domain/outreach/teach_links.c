/* Leads that were stored before there were links teach which names are one person's, as new ones do
 * (lead.c): the migration has noted each campaign, like a key whose leads are to be looked at, and
 * the queue of those (refresh.c) comes here, some leads at a time, newest first. How far it is
 * stands in the note's token, so that another process or node goes on there.
 *
 * When an old lead was seen is not known well enough to say that it was the last time: a name that
 * is known with another member id of that form already, from what came since or from another old
 * lead, is left as it is. Else the older sighting would count as the latest one (person.h), and a
 * block of whose name it is today would end for it. */
#include "domain/blocklist/links.h"
#include "domain/blocklist/persons.h"
#include "domain/outreach/internal.h"

#define LEADS_AT_A_TIME 50

struct pair {
    char member[LB_IDENTIFIER_SIZE], name[LB_IDENTIFIER_SIZE];
    size_t member_len, name_len;
};

struct page {
    struct pair pairs[LEADS_AT_A_TIME];
    size_t count; /* of leads that have both names */
    size_t leads;
    uint64_t last;
};

bool lb_teaches_links(const struct lb_pending_row *row)
{
    static const struct lb_str mark = LB_STR(LB_TEACH_LINKS);
    return lb_str_equal((struct lb_str){row->key, row->len}, mark);
}

static lb_err take(void *context, const struct lb_lead_row *lead)
{
    struct page *page = context;
    struct pair *pair = &page->pairs[page->count];
    page->leads++;
    page->last = lead->no;
    if (!lead->member_id.ptr || lb_identifier_is_member_id(lead->identifier) ||
        !lb_str_copy(lead->member_id, pair->member, sizeof pair->member) ||
        !lb_str_copy(lead->identifier, pair->name, sizeof pair->name))
        return LB_OK;
    pair->member_len = lead->member_id.len;
    pair->name_len = lead->identifier.len;
    page->count++;
    return LB_OK;
}

/* Is the name known with another member id of that form? Its third letter tells the form. */
static bool is_anothers(const struct lb_persons *people, uint32_t workspace, struct lb_str member,
                        struct lb_str name)
{
    struct lb_other_names known;
    lb_persons_others_in_batch(people, workspace, name, LB_PERSON_COVERED, &known);
    for (size_t i = 0; i < known.count; i++)
        if (lb_identifier_is_member_id(known.names[i]) && !lb_str_equal(known.names[i], member) &&
            known.names[i].ptr[2] == member.ptr[2])
            return true;
    return false;
}

/* When the workspace has no room for more links, the rest is left out: they are learnt when the
 * leads are added again. */
static lb_err teach(struct lb_outreach *outreach, const struct page *page, uint32_t no,
                    bool *out_full)
{
    struct lb_directory *directory = outreach->settings.directory;
    struct lb_workspace *workspace = lb_directory_workspace_no(directory, no);
    struct lb_change change = {.blocklist = outreach->settings.blocklist,
                               .beyond_daily = true,
                               .standing = {.directory = directory,
                                            .actor = {.no = LB_SERVER_NO},
                                            .workspace = workspace,
                                            .list = {.workspace = no}}};
    const struct lb_persons *people = lb_blocklist_persons(change.blocklist);
    struct lb_linking linking;
    lb_err err = LB_OK;
    lb_linking_begin(&linking, &change, outreach->settings.store);
    for (size_t i = 0; !err && workspace && i < page->count; i++) {
        const struct pair *pair = &page->pairs[i];
        struct lb_identifier today;
        struct lb_str member = {pair->member, pair->member_len};
        struct lb_str name =
            lb_identifier_held((struct lb_str){pair->name, pair->name_len}, &today);
        if (!is_anothers(people, no, member, name))
            err = lb_linking_add(&linking, member, name);
    }
    *out_full = err == LB_ERR_WORKSPACE_OVERLOADED;
    if (*out_full)
        err = LB_OK;
    return err ? err : lb_linking_flush(&linking);
}

lb_err lb_teach_links(struct lb_outreach *outreach, const struct lb_pending_row *row,
                      bool *out_done)
{
    struct lb_store *store = outreach->settings.store;
    struct page page = {0};
    bool full = false;
    lb_err err =
        store->ops->leads_page(lb_outreach_reader(outreach), row->list.workspace,
                               row->list.campaign, -1, row->token, 0, LEADS_AT_A_TIME, &page, take);
    if (!err)
        err = teach(outreach, &page, row->list.workspace, &full);
    *out_done = full || page.leads < LEADS_AT_A_TIME;
    if (err || *out_done)
        return err ? err : store->ops->lead_pending_drop(store, row);
    struct lb_pending_row next = *row;
    next.token = page.last;
    return store->ops->lead_pending_put(store, &next);
}
