/* Who the people of events are. */
#include "domain/events/internal.h"

#include "base/array.h"
#include "domain/access/nodes.h"
#include "domain/blocklist/entry.h"

static uint64_t id_of(const struct lb_events *events, const struct lb_workspace *workspace,
                      uint64_t number)
{
    return lb_nodes_ids_are_numbers(events->settings.store)
               ? number
               : lb_row_times_published_id_of(workspace->row_times, number);
}

/* Lets the store fetch at once the entries that take_names reads. */
static lb_err prefetch_entries(struct lb_events *events, struct lb_store_reader *reader,
                               const struct lb_events_page *page)
{
    struct lb_event_space *space = page->space;
    size_t count = 0;
    if (!lb_array_reserve(space->ids, space->id_capacity, space->person_count))
        return LB_ERR_OVERLOADED;
    for (size_t i = 0; i < space->person_count; i++)
        if (space->people[i].target)
            space->ids[count++] = id_of(events, page->workspace, space->people[i].target);
    if (count)
        events->settings.store->ops->prefetch_entries(reader, page->workspace->row.no, space->ids,
                                                      count);
    return LB_OK;
}

/* The names of the entries that rows take back, or bring back. */
static lb_err take_names(struct lb_events *events, struct lb_store_reader *reader,
                         const struct lb_events_page *page)
{
    struct lb_event_space *space = page->space;
    struct lb_entry_cursor cursor = {
        .store = events->settings.store, .reader = reader, .workspace = page->workspace->row.no};
    lb_err err = prefetch_entries(events, reader, page);
    for (size_t i = 0; !err && i < space->person_count; i++) {
        struct lb_event_draft_lead *person = &space->people[i];
        struct lb_entry entry;
        if (!person->target)
            continue;
        err = lb_entry_read(&cursor, id_of(events, page->workspace, person->target), &entry);
        if (!err && entry.number == person->target)
            person->key = lb_event_keep(space, entry.key);
        if (err == LB_ERR_NOT_FOUND)
            err = LB_OK;
    }
    return err;
}

static struct lb_str str_of(const struct lb_event_space *space, const struct lb_event_text *text)
{
    struct lb_str none = {0};
    struct lb_str kept = {space->texts.ptr + text->at, text->len};
    return text->none ? none : kept;
}

static bool has_linkedin(const struct lb_event_space *space,
                         const struct lb_event_draft_lead *person)
{
    return !person->key.none && lb_key_is_linkedin(str_of(space, &person->key));
}

/* Of people who are blocked or unblocked in a campaign: its leads of these names. */
static lb_err find_leads(struct lb_events *events, struct lb_store_reader *reader,
                         const struct lb_events_page *page)
{
    struct lb_event_space *space = page->space;
    const struct lb_store_ops *ops = events->settings.store->ops;
    uint32_t workspace = page->workspace->row.no;
    size_t count = 0;
    lb_err err = LB_OK;
    if (!lb_array_reserve(space->names, space->name_capacity, space->person_count))
        return LB_ERR_OVERLOADED;
    for (size_t i = 0; i < space->draft_count; i++) {
        const struct lb_event_draft *draft = &space->drafts[i];
        for (size_t n = 0; draft->event.campaign && n < draft->event.lead_count; n++) {
            const struct lb_event_draft_lead *person = &space->people[draft->first_lead + n];
            if (has_linkedin(space, person))
                space->names[count++] = str_of(space, &person->key);
        }
    }
    if (count)
        ops->prefetch_names(reader, workspace, space->names, count);
    for (size_t i = 0; !err && i < space->draft_count; i++) {
        const struct lb_event_draft *draft = &space->drafts[i];
        for (size_t n = 0; !err && draft->event.campaign && n < draft->event.lead_count; n++) {
            struct lb_event_draft_lead *person = &space->people[draft->first_lead + n];
            struct lb_lead_ref found;
            size_t found_count = 0;
            if (!has_linkedin(space, person))
                continue;
            err = ops->leads_named(reader, workspace, str_of(space, &person->key),
                                   draft->event.campaign - 1, 1, &found, &found_count);
            if (!err && found_count && found.campaign == draft->event.campaign)
                person->lead = found.lead;
        }
    }
    return err;
}

/* What is known of the leads, as it is now. */
static lb_err take_leads(struct lb_events *events, struct lb_store_reader *reader,
                         const struct lb_events_page *page)
{
    struct lb_event_space *space = page->space;
    const struct lb_store_ops *ops = events->settings.store->ops;
    uint32_t workspace = page->workspace->row.no;
    size_t count = 0;
    lb_err err = LB_OK;
    for (size_t i = 0; i < space->person_count; i++)
        if (space->people[i].lead)
            space->ids[count++] = space->people[i].lead;
    if (count)
        ops->prefetch_leads(reader, workspace, space->ids, count, 0);
    for (size_t i = 0; !err && i < space->person_count; i++) {
        struct lb_event_draft_lead *person = &space->people[i];
        struct lb_lead_row row;
        if (!person->lead)
            continue;
        err = ops->lead(reader, workspace, person->lead, &row);
        if (err == LB_ERR_NOT_FOUND || (!err && row.workspace != workspace)) {
            person->lead = 0; /* deleted since */
            err = LB_OK;
            continue;
        }
        if (err)
            break;
        person->status = row.status;
        if (person->key.none)
            person->key = lb_event_keep(space, row.identifier);
        for (size_t k = 0; k < LB_EVENT_LEAD_FIELDS; k++)
            person->fields[k] = lb_event_keep(space, row.fields[k]);
    }
    return err;
}

/* Turns the drafts into the page's results. */
static lb_err finish(struct lb_events_page *page)
{
    struct lb_event_space *space = page->space;
    if (space->texts.failed ||
        !lb_array_reserve(space->events, space->event_capacity, space->draft_count) ||
        !lb_array_reserve(space->leads, space->lead_capacity, space->person_count))
        return LB_ERR_OVERLOADED;
    for (size_t i = 0; i < space->person_count; i++) {
        const struct lb_event_draft_lead *person = &space->people[i];
        space->leads[i] = (struct lb_event_lead){.key = str_of(space, &person->key),
                                                 .reason = str_of(space, &person->reason),
                                                 .lead = person->lead,
                                                 .status = person->status};
        for (size_t k = 0; k < LB_EVENT_LEAD_FIELDS; k++)
            space->leads[i].fields[k] = str_of(space, &person->fields[k]);
    }
    for (size_t i = 0; i < space->draft_count; i++) {
        const struct lb_event_draft *draft = &space->drafts[i];
        space->events[i] = draft->event;
        space->events[i].import = str_of(space, &draft->import);
        space->events[i].leads = space->leads + draft->first_lead;
    }
    page->events = space->events;
    page->count = space->draft_count;
    return LB_OK;
}

lb_err lb_event_people(struct lb_events *events, struct lb_store_reader *reader,
                       struct lb_events_page *page)
{
    lb_err err = take_names(events, reader, page);
    if (!err)
        err = find_leads(events, reader, page);
    if (!err)
        err = take_leads(events, reader, page);
    return err ? err : finish(page);
}
