#include "domain/outreach/exclusion.h"

#include "domain/outreach/internal.h"
#include "domain/outreach/lead_keys.h"

/* Leads of one name that are looked up at a time: a name is once in a campaign. */
#define REFS_AT_A_TIME 64
/* Leads of one person at which a change looks itself, in any case; all others wait for it. */
#define LEADS_NOW 5

void lb_exclusion_names(const struct lb_lead_row *lead, struct lb_exclusion_names *out)
{
    out->count = 0;
    out->names[out->count++] = lb_identifier_held(lead->identifier, &out->today);
    if (lead->member_id.ptr)
        out->names[out->count++] = lead->member_id; /* which no rule has changed */
}

lb_err lb_exclusion_each_typed(const struct lb_lead_row *lead, void *context,
                               lb_err (*each)(void *context, struct lb_str key))
{
    struct lb_lead_keys keys;
    lb_err err = lb_lead_keys(lead, &keys) ? LB_OK : LB_ERR_STORAGE_UNAVAILABLE;
    for (size_t i = 0; !err && i < keys.count; i++)
        err = each(context, keys.keys[i]);
    return err;
}

static void others_of(const struct lb_exclusion *exclusion, struct lb_str name,
                      enum lb_person_side side, struct lb_other_names *out)
{
    const struct lb_persons *people = lb_blocklist_persons(exclusion->blocklist);
    uint32_t workspace = exclusion->workspace->row.no;
    if (exclusion->in_batch)
        lb_persons_others_in_batch(people, workspace, name, side, out);
    else
        lb_persons_others(people, workspace, name, side, out);
}

void lb_exclusion_add_others(const struct lb_exclusion *exclusion, struct lb_other_names *out)
{
    size_t own = out->count;
    if (!exclusion->workspace || !lb_persons_any(exclusion->workspace))
        return;
    for (size_t i = 0; i < own; i++) {
        struct lb_other_names others;
        others_of(exclusion, out->names[i], LB_PERSON_ASKED, &others);
        for (size_t j = 0; j < others.count; j++)
            lb_other_names_add(out, others.names[j]);
    }
}

void lb_exclusion_all_names(const struct lb_exclusion *exclusion, const struct lb_lead_row *lead,
                            struct lb_exclusion_names *own, struct lb_other_names *out)
{
    out->count = 0;
    lb_exclusion_names(lead, own);
    for (size_t i = 0; i < own->count; i++)
        lb_other_names_add(out, own->names[i]);
    lb_exclusion_add_others(exclusion, out);
}

lb_err lb_exclusion_each(const struct lb_exclusion *exclusion, const struct lb_lead_row *lead,
                         void *context, lb_err (*each)(void *context, struct lb_str key))
{
    struct lb_exclusion_names own;
    struct lb_other_names names;
    lb_err err = LB_OK;
    lb_exclusion_all_names(exclusion, lead, &own, &names);
    for (size_t i = 0; !err && i < names.count; i++)
        err = each(context, names.names[i]);
    bool all =
        exclusion->workspace && lb_blocklist_asks_all(exclusion->blocklist, exclusion->workspace);
    return err || !all ? err : lb_exclusion_each_typed(lead, context, each);
}

struct asking {
    struct lb_list list;
    lb_scope_look_up *look_up;
    void *context;
    enum lb_scope scope;
};

static lb_err ask(void *context, struct lb_str key)
{
    struct asking *asking = context;
    enum lb_scope scope;
    if (asking->scope == LB_SCOPE_INSTALLATION)
        return LB_OK;
    lb_err err = asking->look_up(asking->context, asking->list, key, &scope);
    if (!err && scope > asking->scope)
        asking->scope = scope;
    return err;
}

lb_err lb_exclusion_scope(const struct lb_exclusion *exclusion, const struct lb_lead_row *lead,
                          lb_scope_look_up *look_up, void *context, enum lb_scope *out)
{
    struct asking asking = {.list = lb_list_of_lead(lead), .look_up = look_up, .context = context};
    lb_err err = lb_exclusion_each(exclusion, lead, &asking, ask);
    *out = asking.scope;
    return err;
}

static lb_err look_up_in_batch(void *context, struct lb_list list, struct lb_str name,
                               enum lb_scope *out)
{
    return lb_blocklist_check_in_batch(context, list, name, out);
}

struct lb_exclusion lb_outreach_exclusion(const struct lb_outreach *outreach, uint32_t workspace)
{
    const struct lb_outreach_settings *settings = &outreach->settings;
    return (struct lb_exclusion){.blocklist = settings->blocklist,
                                 .workspace =
                                     lb_directory_workspace_no(settings->directory, workspace),
                                 .in_batch = true};
}

lb_err lb_outreach_scope(struct lb_outreach *outreach, const struct lb_lead_row *lead,
                         enum lb_scope *out)
{
    struct lb_exclusion exclusion = lb_outreach_exclusion(outreach, lead->workspace);
    return lb_exclusion_scope(&exclusion, lead, look_up_in_batch, outreach->settings.blocklist,
                              out);
}

bool lb_outreach_mark_blocked(struct lb_lead_row *lead, bool blocked)
{
    if (lb_outreach_is_blocked(lead) == blocked)
        return false;
    lead->set_aside = blocked;
    lead->contacted_at = 0;
    return true;
}

lb_err lb_exclusion_find_anew(struct lb_outreach *outreach, const struct lb_lead_row *lead)
{
    struct lb_store *store = outreach->settings.store;
    struct lb_lead_row row = *lead;
    struct lb_lead_keys keys;
    char hosts[2][LB_LEAD_HOST_SIZE];
    if (!lb_lead_has_page_elsewhere(lead))
        return LB_OK;
    if (!lb_lead_fill_forms(&row, &keys, hosts))
        return LB_ERR_STORAGE_UNAVAILABLE;
    return store->ops->lead_set_forms(store, &row);
}

lb_err lb_exclusion_refresh_lead(struct lb_outreach *outreach, uint32_t workspace, uint64_t no)
{
    struct lb_store *store = outreach->settings.store;
    struct lb_lead_row before;
    enum lb_scope scope;
    lb_err err = store->ops->lead(lb_outreach_reader(outreach), workspace, no, &before);
    if (!err)
        err = lb_outreach_scope(outreach, &before, &scope);
    struct lb_lead_row lead = before;
    struct lb_counts change = {0};
    if (err)
        return err;
    if (!lb_outreach_mark_blocked(&lead, scope != LB_SCOPE_NONE))
        return scope == LB_SCOPE_NONE ? LB_OK : lb_exclusion_find_anew(outreach, &lead);
    err = lb_outreach_move(outreach, &before, &lead, &change);
    return err ? err : lb_outreach_count(outreach, lb_list_of_lead(&lead), &change);
}

/* One of those of its person (`*left`), or of the batch. */
static bool may_look(struct lb_outreach *outreach, size_t *left)
{
    if (!*left)
        return lb_refresh_may_look(outreach);
    --*left;
    return true;
}

/* The leads that are stored under this name. Where there are many, the rest follows in small
 * writes: one person may be in all campaigns. */
static lb_err refresh_stored(struct lb_outreach *outreach, struct lb_list list, struct lb_str name,
                             size_t *left)
{
    const struct lb_outreach_settings *settings = &outreach->settings;
    struct lb_lead_ref refs[REFS_AT_A_TIME];
    uint32_t after = list.campaign ? list.campaign - 1 : 0;
    size_t max = list.campaign ? 1 : REFS_AT_A_TIME;
    size_t count;
    lb_err err;
    do {
        err = settings->store->ops->leads_named(lb_outreach_reader(outreach), list.workspace, name,
                                                after, max, refs, &count);
        for (size_t i = 0; !err && i < count; i++) {
            after = refs[i].campaign;
            bool meant = !list.campaign || refs[i].campaign == list.campaign;
            if (!meant || !lb_directory_campaign_no(settings->directory, refs[i].campaign))
                continue;
            if (!may_look(outreach, left))
                return lb_refresh_note(outreach, list, name);
            err = lb_exclusion_refresh_lead(outreach, list.workspace, refs[i].lead);
        }
    } while (!err && count == REFS_AT_A_TIME);
    return err;
}

/* The leads of this name, in the form of today or an earlier one. */
static lb_err refresh_named(struct lb_outreach *outreach, struct lb_list list, struct lb_str name,
                            size_t *left)
{
    struct lb_str stored;
    size_t cursor = 0;
    lb_err err = refresh_stored(outreach, list, name, left);
    while (!err && lb_old_names_next(&outreach->old_names, list.workspace, name, &cursor, &stored))
        err = refresh_stored(outreach, list, stored, left);
    return err;
}

lb_err lb_exclusion_changed(void *context, struct lb_list list, struct lb_str identifier)
{
    struct lb_outreach *outreach = context;
    if (list.workspace == LB_INSTALLATION_NO)
        return lb_everywhere_changed(outreach, identifier);
    struct lb_exclusion exclusion = lb_outreach_exclusion(outreach, list.workspace);
    size_t left = LEADS_NOW;
    if (!exclusion.workspace || !exclusion.workspace->has_leads)
        return LB_OK;
    struct lb_other_names others = {0};
    if (!lb_key_is_linkedin(identifier))
        return lb_refresh_changed(outreach, list, identifier);
    if (lb_persons_any(exclusion.workspace))
        others_of(&exclusion, identifier, LB_PERSON_COVERED, &others);
    lb_err err = refresh_named(outreach, list, identifier, &left);
    for (size_t i = 0; !err && i < others.count; i++)
        err = refresh_named(outreach, list, others.names[i], &left);
    return err;
}

lb_err lb_exclusion_linked(void *context, uint32_t no, struct lb_str name)
{
    struct lb_outreach *outreach = context;
    size_t left = LEADS_NOW;
    const struct lb_workspace *workspace =
        lb_directory_workspace_no(outreach->settings.directory, no);
    if (!workspace || !workspace->has_leads)
        return LB_OK;
    return refresh_named(outreach, (struct lb_list){.workspace = no}, name, &left);
}

/* A count of the leads of a person, by one name after the other. */
struct counting {
    const struct lb_directory *directory;
    struct lb_store *store;
    struct lb_store_reader *reader;
    struct lb_list list;
    const struct lb_other_names *names;
};

/* Does the lead have one of the first `count` names? Then it is counted already. */
static lb_err has_earlier(const struct counting *counting, size_t count,
                          const struct lb_lead_ref *ref, bool *out)
{
    lb_err err = LB_OK;
    *out = false;
    for (size_t i = 0; !err && !*out && i < count; i++) {
        struct lb_lead_ref found;
        size_t any;
        err = counting->store->ops->leads_named(counting->reader, counting->list.workspace,
                                                counting->names->names[i], ref->campaign - 1, 1,
                                                &found, &any);
        *out = !err && any && found.lead == ref->lead;
    }
    return err;
}

/* Leads of campaigns that are there, by the name of this index and by none before it. */
static lb_err count_named(const struct counting *counting, size_t index, uint64_t *out)
{
    struct lb_list list = counting->list;
    struct lb_lead_ref refs[REFS_AT_A_TIME];
    uint32_t after = list.campaign ? list.campaign - 1 : 0;
    size_t max = list.campaign ? 1 : REFS_AT_A_TIME;
    size_t count;
    lb_err err;
    do {
        err = counting->store->ops->leads_named(counting->reader, list.workspace,
                                                counting->names->names[index], after, max, refs,
                                                &count);
        for (size_t i = 0; !err && i < count; i++) {
            bool twice = true;
            after = refs[i].campaign;
            if ((!list.campaign || after == list.campaign) &&
                lb_directory_campaign_no(counting->directory, after))
                err = has_earlier(counting, index, &refs[i], &twice);
            *out += !twice;
        }
    } while (!err && count == REFS_AT_A_TIME);
    return err;
}

lb_err lb_exclusion_count(const struct lb_exclusion *exclusion,
                          const struct lb_directory *directory, struct lb_store *store,
                          struct lb_store_reader *reader, struct lb_list list, struct lb_str key,
                          uint64_t *out)
{
    lb_err err = LB_OK;
    *out = 0;
    if (lb_key_is_linkedin(key)) {
        struct lb_other_names names = {.count = 1, .names = {key}};
        struct counting counting = {directory, store, reader, list, &names};
        struct lb_other_names others = {0};
        if (lb_persons_any(exclusion->workspace))
            others_of(exclusion, key, LB_PERSON_COVERED, &others);
        for (size_t i = 0; i < others.count; i++)
            lb_other_names_add(&names, others.names[i]);
        for (size_t i = 0; !err && i < names.count; i++)
            err = count_named(&counting, i, out);
        return err;
    }
    struct lb_lead_range range;
    lb_lead_range_of(key, &range);
    if (!range.first.ptr) /* no host is as long */
        return LB_OK;
    return store->ops->leads_by_form_count(reader, list, range.form, range.first, range.last, out);
}
