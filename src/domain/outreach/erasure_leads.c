#include "domain/outreach/erasure_internal.h"

#include "base/array.h"
#include "domain/blocklist/persons.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/lead_keys.h"

#include <stdlib.h>

#define REFS_AT_A_TIME 64

struct looking {
    struct lb_erasure *erasure;
    struct lb_store *store;
    struct lb_store_reader *reader;
    struct lb_reason *reason;
    uint32_t workspace;
};

static lb_err too_many(struct lb_reason *reason, const char *what)
{
    return lb_fail(reason, LB_ERR_PAYLOAD_TOO_LARGE,
                   "These names have more than %s, which is not one person: name the person by a "
                   "LinkedIn name or member id.",
                   what);
}

static bool has_name(const struct lb_erasure *erasure, struct lb_str key)
{
    for (size_t i = 0; i < erasure->name_count; i++)
        if (lb_str_equal(erasure->names[i].key, key))
            return true;
    return false;
}

static lb_err add_name(struct lb_erasure *erasure, struct lb_str key, bool leads)
{
    if (!key.len || lb_erased_is_key(key) || has_name(erasure, key))
        return LB_OK;
    if (erasure->name_count == LB_ERASURE_NAMES_MAX)
        return LB_ERR_PAYLOAD_TOO_LARGE;
    struct lb_erasure_name *name = &erasure->names[erasure->name_count];
    *name = (struct lb_erasure_name){.key = {malloc(key.len), key.len}, .leads = leads};
    if (!name->key.ptr)
        return LB_ERR_OVERLOADED;
    memcpy((char *)name->key.ptr, key.ptr, key.len);
    erasure->name_count++;
    return LB_OK;
}

lb_err lb_erasure_add(struct lb_erasure *erasure, struct lb_str key)
{
    return add_name(erasure, key, true);
}

static bool has_lead(const struct lb_erasure *erasure, uint64_t no)
{
    for (size_t i = 0; i < erasure->lead_count; i++)
        if (erasure->leads[i] == no)
            return true;
    return false;
}

/* Whether only leads of the person have an e-mail address or phone number is known when all of them
 * are: see add_shared. */
static lb_err take_lead(struct looking *looking, uint64_t no)
{
    struct lb_erasure *erasure = looking->erasure;
    struct lb_lead_row lead;
    struct lb_identifier today;
    if (has_lead(erasure, no))
        return LB_OK;
    lb_err err = looking->store->ops->lead(looking->reader, looking->workspace, no, &lead);
    if (err || lead.workspace != looking->workspace)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    if (erasure->lead_count == LB_ERASURE_LEADS_MAX)
        return too_many(looking->reason, "1,000 leads");
    if (!lb_array_reserve(erasure->leads, erasure->lead_capacity, erasure->lead_count + 1))
        return LB_ERR_OVERLOADED;
    erasure->leads[erasure->lead_count++] = no;
    err = add_name(erasure, lb_identifier_held(lead.identifier, &today), true);
    if (!err && lead.member_id.ptr)
        err = add_name(erasure, lead.member_id, true);
    return err;
}

/* Leads that gave the name to another one of their campaign. */
static lb_err look_for_given_way(struct looking *looking, struct lb_str name)
{
    struct lb_lead_ref refs[REFS_AT_A_TIME];
    struct lb_lead_ref after = {0};
    size_t count;
    lb_err err;
    do {
        err = looking->store->ops->leads_that_gave_way(looking->reader, looking->workspace, name,
                                                       after, REFS_AT_A_TIME, refs, &count);
        for (size_t i = 0; !err && i < count; i++) {
            after = refs[i];
            err = take_lead(looking, refs[i].lead);
        }
    } while (!err && count == REFS_AT_A_TIME);
    return err;
}

static lb_err look_for_linkedin(struct looking *looking, struct lb_str name)
{
    struct lb_lead_ref refs[REFS_AT_A_TIME];
    uint32_t after = 0;
    size_t count;
    lb_err err;
    do {
        err = looking->store->ops->leads_named(looking->reader, looking->workspace, name, after,
                                               REFS_AT_A_TIME, refs, &count);
        for (size_t i = 0; !err && i < count; i++) {
            after = refs[i].campaign;
            err = take_lead(looking, refs[i].lead);
        }
    } while (!err && count == REFS_AT_A_TIME);
    return err ? err : look_for_given_way(looking, name);
}

/* Calls `each` for leads that have an e-mail address or phone number. */
static lb_err each_with(struct looking *looking, struct lb_str key,
                        lb_err (*each)(struct looking *looking, uint64_t no))
{
    struct lb_lead_ref refs[REFS_AT_A_TIME];
    struct lb_lead_range range;
    struct lb_lead_place place = {0};
    size_t count;
    lb_err err;
    lb_lead_range_of(key, &range);
    if (!range.first.ptr || range.first.len > sizeof place.form)
        return LB_OK;
    place.len = range.first.len;
    memcpy(place.form, range.first.ptr, range.first.len);
    do {
        err = looking->store->ops->leads_by_form(looking->reader, looking->workspace, range.form,
                                                 range.last, &place, REFS_AT_A_TIME, refs, &count);
        for (size_t i = 0; !err && i < count; i++)
            err = each(looking, refs[i].lead);
    } while (!err && count == REFS_AT_A_TIME);
    return err;
}

/* All names that were seen together with one are the person's, whosever they were last. */
static lb_err take_linked(struct looking *looking, struct lb_str name, bool is_writer)
{
    const struct lb_persons *people =
        lb_blocklist_persons(looking->erasure->outreach->settings.blocklist);
    struct lb_other_names others;
    lb_err err = LB_OK;
    if (is_writer)
        lb_persons_all_in_batch(people, looking->workspace, name, &others);
    else
        lb_persons_all(people, looking->workspace, name, &others);
    for (size_t i = 0; !err && i < others.count; i++)
        err = add_name(looking->erasure, others.names[i], true);
    return err;
}

static lb_err look_for_old_forms(struct looking *looking, struct lb_str name)
{
    size_t cursor = 0;
    struct lb_str stored;
    lb_err err = LB_OK;
    while (!err && lb_old_names_next(&looking->erasure->outreach->old_names, looking->workspace,
                                     name, &cursor, &stored))
        err = look_for_linkedin(looking, stored);
    return err;
}

/* LB_ERR_CONFLICT only ends the look. */
static lb_err is_other(struct looking *looking, uint64_t no)
{
    return has_lead(looking->erasure, no) ? LB_OK : LB_ERR_CONFLICT;
}

/* A name of the lead, unless another person's lead has it, too. */
static lb_err add_shared(struct looking *looking, struct lb_str key)
{
    lb_err err = key.ptr ? each_with(looking, key, is_other) : LB_ERR_CONFLICT;
    if (err)
        return err == LB_ERR_CONFLICT ? LB_OK : err;
    return add_name(looking->erasure, key, false);
}

static lb_err take_contacts(struct looking *looking, uint64_t no)
{
    struct lb_lead_row lead;
    struct lb_lead_keys keys;
    char email[LB_KEY_SIZE], phone[LB_KEY_SIZE];
    lb_err err = looking->store->ops->lead(looking->reader, looking->workspace, no, &lead);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    if (!lb_lead_keys(&lead, &keys))
        return LB_ERR_STORAGE_UNAVAILABLE;
    if (keys.email.ptr)
        err = add_shared(looking, lb_key_make(LB_NAME_EMAIL, keys.email, email));
    if (!err && keys.phone.ptr)
        err = add_shared(looking, lb_key_make(LB_NAME_PHONE, keys.phone, phone));
    return err;
}

lb_err lb_erasure_find_leads(struct lb_erasure *erasure, struct lb_store_reader *reader,
                             bool is_writer, struct lb_reason *reason)
{
    struct looking looking = {.erasure = erasure,
                              .store = erasure->outreach->settings.store,
                              .reader = reader,
                              .reason = reason,
                              .workspace = erasure->change.standing.workspace->row.no};
    lb_err err = LB_OK;
    erasure->lead_count = 0;
    for (size_t i = 0; !err && i < erasure->name_count; i++) {
        struct lb_str key = erasure->names[i].key;
        if (!erasure->names[i].leads)
            continue;
        if (!lb_key_is_linkedin(key)) {
            err = each_with(&looking, key, take_lead);
            continue;
        }
        err = take_linked(&looking, key, is_writer);
        if (!err)
            err = look_for_linkedin(&looking, key);
        if (!err && is_writer)
            err = look_for_old_forms(&looking, key);
    }
    for (size_t i = 0; !err && i < erasure->lead_count; i++)
        err = take_contacts(&looking, erasure->leads[i]);
    if (err == LB_ERR_PAYLOAD_TOO_LARGE && !reason->text[0])
        return too_many(reason, "100 names");
    return err;
}
