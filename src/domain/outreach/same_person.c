/* Leads that are found by a name, and two of a campaign that are one person: they were stored under
 * forms of a name that are one today (old_names.h), or under names that were found to be one
 * person's later (domain/blocklist/persons.h). */
#include "domain/blocklist/identifier.h"
#include "domain/outreach/counts.h"
#include "domain/outreach/internal.h"

bool lb_lead_was_begun(const struct lb_lead_row *lead)
{
    return lead->step != 0;
}

bool lb_lead_has_history(const struct lb_lead_row *lead)
{
    bool gave_way = (lead->marks & LB_MARK_GAVE_WAY) != 0;
    return lb_lead_was_begun(lead) || (lead->status != LB_LEAD_WAITING && !gave_way);
}

/* The number of the campaign's lead that is stored under this name; 0: not found. */
static lb_err find_stored(const struct lb_outreach *outreach, struct lb_store_reader *reader,
                          struct lb_list list, struct lb_str name, uint64_t *out)
{
    struct lb_lead_ref ref;
    size_t count;
    *out = 0;
    lb_err err = outreach->settings.store->ops->leads_named(reader, list.workspace, name,
                                                            list.campaign - 1, 1, &ref, &count);
    if (!err && count && ref.campaign == list.campaign)
        *out = ref.lead;
    return err;
}

lb_err lb_outreach_look_up_lead(const struct lb_outreach *outreach, struct lb_store_reader *reader,
                                struct lb_list list, struct lb_str name, uint64_t *out)
{
    struct lb_str stored;
    size_t cursor = 0;
    lb_err err = find_stored(outreach, reader, list, name, out);
    while (!err && !*out &&
           lb_old_names_next(&outreach->old_names, list.workspace, name, &cursor, &stored))
        err = find_stored(outreach, reader, list, stored, out);
    return err;
}

lb_err lb_outreach_find_lead(struct lb_outreach *outreach, struct lb_list list, struct lb_str name,
                             uint64_t *out)
{
    return lb_outreach_look_up_lead(outreach, lb_outreach_reader(outreach), list, name, out);
}

/* A pause is no history here: the lead that goes on takes it over. */
static bool is_ahead(const struct lb_lead_row *lead)
{
    return lb_lead_has_history(lead) && (lb_lead_was_begun(lead) || lead->status != LB_LEAD_PAUSED);
}

/* Does the lead that is stored under this name go on in the place of `lead`? Of two that have a
 * history, or none, it is the older one, but for one that gave way; and where one has ended by a
 * reply, the other ends. */
static lb_err compare(struct lb_outreach *outreach, const struct lb_lead_row *lead,
                      struct lb_str name, struct lb_same_person *out)
{
    struct lb_lead_row other;
    uint64_t no;
    lb_err err =
        find_stored(outreach, lb_outreach_reader(outreach), lb_list_of_lead(lead), name, &no);
    if (err || !no || no == lead->no)
        return err;
    err = outreach->settings.store->ops->lead(lb_outreach_reader(outreach), lead->workspace, no,
                                              &other);
    if (err)
        return err;
    bool ahead = is_ahead(&other);
    bool replied = other.status == LB_LEAD_COMPLETED && (other.marks & LB_MARK_REPLIED);
    if (!(other.marks & LB_MARK_GAVE_WAY))
        out->gives_way = replied || (ahead == is_ahead(lead) ? no < lead->no : ahead);
    if (!out->gives_way && other.status == LB_LEAD_PAUSED)
        out->paused = no;
    return LB_OK;
}

void lb_outreach_add_same(const struct lb_outreach *outreach, uint32_t workspace,
                          const struct lb_str *names, size_t count, struct lb_other_names *out)
{
    const struct lb_persons *people = lb_blocklist_persons(outreach->settings.blocklist);
    for (size_t i = 0; i < count; i++) {
        struct lb_other_names others;
        lb_persons_others_in_batch(people, workspace, names[i], LB_PERSON_SAME, &others);
        for (size_t j = 0; j < others.count; j++)
            lb_other_names_add(out, others.names[j]);
    }
}

/* The same for leads under other names of the person. */
static lb_err compare_others(struct lb_outreach *outreach, struct lb_lead_row *lead,
                             struct lb_same_person *out)
{
    struct lb_exclusion_names own;
    struct lb_other_names all = {0};
    lb_err err = LB_OK;
    lb_exclusion_names(lead, &own);
    lb_outreach_add_same(outreach, lead->workspace, own.names, own.count, &all);
    for (size_t i = 0; !err && !out->gives_way && i < all.count; i++)
        err = compare(outreach, lead, all.names[i], out);
    return err || !all.count ? err
                             : outreach->settings.store->ops->lead(lb_outreach_reader(outreach),
                                                                   lead->workspace, lead->no, lead);
}

lb_err lb_outreach_same_person(struct lb_outreach *outreach, struct lb_lead_row *lead,
                               struct lb_same_person *out)
{
    const struct lb_old_names *old_names = &outreach->old_names;
    const struct lb_workspace *workspace =
        lb_directory_workspace_no(outreach->settings.directory, lead->workspace);
    struct lb_identifier today;
    struct lb_str stored;
    size_t cursor = 0;
    *out = (struct lb_same_person){.gives_way = lead->gave_way};
    if (out->gives_way)
        return LB_OK;
    if (workspace && lb_persons_any(workspace)) {
        lb_err err = compare_others(outreach, lead, out);
        if (err || out->gives_way)
            return err;
    }
    struct lb_str held = lb_identifier_held(lead->identifier, &today);
    if (!lb_old_names_next(old_names, lead->workspace, held, &cursor, &stored))
        return LB_OK;
    char name[LB_IDENTIFIER_SIZE]; /* the lead's strings end when another one is read */
    memcpy(name, held.ptr, held.len);
    held.ptr = name;
    lb_err err = compare(outreach, lead, held, out);
    do {
        if (!err && !out->gives_way)
            err = compare(outreach, lead, stored, out);
    } while (!err && lb_old_names_next(old_names, lead->workspace, held, &cursor, &stored));
    return err ? err
               : outreach->settings.store->ops->lead(lb_outreach_reader(outreach), lead->workspace,
                                                     lead->no, lead);
}

/* --- After a reply --- */

lb_err lb_outreach_end_lead(struct lb_outreach *outreach, struct lb_list list, uint64_t no,
                            unsigned marks, struct lb_counts *counts)
{
    struct lb_lead_row before, lead;
    lb_err err = outreach->settings.store->ops->lead(lb_outreach_reader(outreach), list.workspace,
                                                     no, &before);
    lead = before;
    lead.status = LB_LEAD_COMPLETED;
    lead.marks |= marks;
    return err || before.status == LB_LEAD_COMPLETED
               ? err
               : lb_outreach_move(outreach, &before, &lead, counts);
}

lb_err lb_outreach_end_others(struct lb_outreach *outreach, struct lb_list list, uint64_t lead,
                              const struct lb_str *own, size_t count)
{
    const struct lb_workspace *workspace =
        lb_directory_workspace_no(outreach->settings.directory, list.workspace);
    struct lb_other_names names = {0};
    struct lb_counts counts = {0};
    lb_err err = LB_OK;
    for (size_t i = 0; i < count; i++)
        lb_other_names_add(&names, own[i]);
    if (workspace && lb_persons_any(workspace))
        lb_outreach_add_same(outreach, list.workspace, own, count, &names);
    for (size_t i = 0; !err && i < names.count; i++) {
        uint64_t other;
        err = lb_outreach_find_lead(outreach, list, names.names[i], &other);
        if (!err && other && other != lead)
            err = lb_outreach_end_lead(outreach, list, other, 0, &counts);
    }
    return err ? err : lb_outreach_count(outreach, list, &counts);
}
