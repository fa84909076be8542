#include "domain/outreach/lead.h"

#include "base/clock.h"
#include "domain/blocklist/country.h"
#include "domain/blocklist/links.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/lead_keys.h"
#include "domain/outreach/sequence.h"
#include "domain/outreach/counts.h"

#include <stdlib.h>

static struct lb_lead_change *change_of(struct lb_write *write)
{
    return (struct lb_lead_change *)write;
}

/* --- Adding --- */

/* Is there something to learn from meeting a lead again: the other one of its two names? Then
 * `lead` has both, and `*out_name` is the new one. */
static bool learns(const struct lb_new_lead *again, bool by_identifier, struct lb_lead_row *lead,
                   struct lb_str *out_name)
{
    if (lead->member_id.ptr || !again->member_id.ptr)
        return false;
    lead->member_id = again->member_id;
    *out_name = again->member_id;
    if (by_identifier)
        return true;
    /* Known by its member id alone until now. */
    lead->identifier = again->identifier;
    *out_name = again->identifier;
    return true;
}

/* The lead takes from the request what it did not have of its names. */
static lb_err learn(struct lb_lead_change *change, const struct lb_new_lead *again, uint64_t no,
                    bool by_identifier, struct lb_counts *counts)
{
    struct lb_store *store = change->outreach->settings.store;
    struct lb_lead_row before;
    struct lb_str name;
    enum lb_scope scope;
    lb_err err = store->ops->lead(lb_outreach_reader(change->outreach),
                                  change->standing.list.workspace, no, &before);
    struct lb_lead_row lead = before;
    if (err || !learns(again, by_identifier, &lead, &name))
        return err;
    change->write.touched = true;
    err = store->ops->lead_learn(store, &lead, name);
    if (!err)
        err = lb_outreach_scope(change->outreach, &lead, &scope);
    if (err || !lb_outreach_mark_blocked(&lead, scope != LB_SCOPE_NONE))
        return err;
    return lb_outreach_move(change->outreach, &before, &lead, counts);
}

/* A lead without a history goes. One that has one stays, completed, and gives its name to the other
 * one; how it was, is in `out`, but for its strings. */
static lb_err give_way(struct lb_lead_change *change, uint64_t no, bool stays,
                       struct lb_counts *counts, struct lb_lead_row *out)
{
    struct lb_store *store = change->outreach->settings.store;
    lb_err err = store->ops->lead(lb_outreach_reader(change->outreach),
                                  change->standing.list.workspace, no, out);
    struct lb_lead_row lead = *out;
    if (err)
        return err;
    if (!stays) {
        lb_counts_lead(counts, out, -1);
        return store->ops->lead_delete(store, out);
    }
    lead.status = LB_LEAD_COMPLETED;
    err = store->ops->lead_give_way(store, &lead);
    return err ? err : lb_outreach_move(change->outreach, out, &lead, counts);
}

/* From now on it does not stand so because it gave way. */
static void decide(struct lb_lead_row *lead, enum lb_lead_status status)
{
    lead->marks &= ~(unsigned)LB_MARK_GAVE_WAY;
    lead->status = status;
}

static void go_on(struct lb_lead_row *lead)
{
    decide(lead, lb_lead_was_begun(lead) ? LB_LEAD_ACTIVE : LB_LEAD_WAITING);
}

/* The lead that goes on takes over from the one that gave way: where that one had come to its end,
 * it ends, too, and its next delay counts from the later contact of both. A pause holds for both.
 */
static lb_err take_over(struct lb_lead_change *change, uint64_t no, const struct lb_lead_row *gone,
                        int64_t now, struct lb_counts *counts)
{
    struct lb_store *store = change->outreach->settings.store;
    int64_t contacted = gone->queue == LB_QUEUE_SCHEDULED ? gone->since : now;
    struct lb_lead_row before;
    lb_err err = store->ops->lead(lb_outreach_reader(change->outreach),
                                  change->standing.list.workspace, no, &before);
    struct lb_lead_row lead = before;
    if (err)
        return err;
    if (lead.marks & LB_MARK_GAVE_WAY) /* to that one */
        go_on(&lead);
    if ((gone->status == LB_LEAD_COMPLETED && !(gone->marks & LB_MARK_GAVE_WAY)) ||
        (gone->status == LB_LEAD_PAUSED && lb_lead_open(lead.status)))
        lead.status = gone->status;
    if (lb_lead_was_begun(gone) && lb_lead_was_begun(&lead) && lead.queue == LB_QUEUE_SCHEDULED &&
        lead.since < contacted)
        lead.since = contacted;
    if (lead.status == before.status && lead.since == before.since && lead.marks == before.marks)
        return LB_OK;
    return lb_outreach_move(change->outreach, &before, &lead, counts);
}

/* Is it the lead known by its member id that is kept? Of two with a history it is the other one,
 * unless that gave way to it at a claim: it does not know what was sent since. */
static bool keeps_member(const struct lb_lead_row *member, const struct lb_lead_row *named)
{
    bool gave_way = (named->marks & ~member->marks & LB_MARK_GAVE_WAY) != 0;
    return lb_lead_has_history(member) && (!lb_lead_has_history(named) || gave_way);
}

/* Two leads turn out to be one person: one that had only its public identifier, one that had only
 * its member id. The one with a history stays, with both names; the other one goes, or, when it
 * has one too, is completed, so that the person is not contacted twice. */
static lb_err merge(struct lb_lead_change *change, const struct lb_new_lead *again,
                    uint64_t by_identifier, uint64_t by_member, int64_t now,
                    struct lb_counts *counts)
{
    struct lb_store *store = change->outreach->settings.store;
    struct lb_store_reader *reader = lb_outreach_reader(change->outreach);
    struct lb_lead_row member, named, gave_way;
    lb_err err = store->ops->lead(reader, change->standing.list.workspace, by_member, &member);
    if (err || !lb_str_equal(member.identifier, again->member_id))
        return err; /* it has a public identifier of its own: no third name is learnt */
    err = store->ops->lead(reader, change->standing.list.workspace, by_identifier, &named);
    if (err || named.member_id.ptr)
        return err;
    bool keep_member = keeps_member(&member, &named);
    uint64_t kept = keep_member ? by_member : by_identifier;
    uint64_t gone = keep_member ? by_identifier : by_member;
    bool stays = lb_lead_has_history(keep_member ? &named : &member);
    change->write.touched = true;
    err = give_way(change, gone, stays, counts, &gave_way);
    if (!err)
        err = take_over(change, kept, &gave_way, now, counts);
    return err ? err : learn(change, again, kept, !keep_member, counts);
}

static lb_err meet_again(struct lb_lead_change *change, const struct lb_new_lead *again,
                         uint64_t by_identifier, uint64_t by_member, int64_t now,
                         struct lb_counts *counts)
{
    change->duplicates++;
    if (by_identifier && by_member)
        return by_identifier == by_member
                   ? LB_OK
                   : merge(change, again, by_identifier, by_member, now, counts);
    return learn(change, again, by_identifier ? by_identifier : by_member, by_identifier != 0,
                 counts);
}

/* What is recorded of it. */
static size_t bytes_of(const struct lb_new_lead *added)
{
    size_t bytes = LB_RECORD_BYTES + added->variables.len;
    for (int i = 0; i < LB_LEAD_FIELD_COUNT; i++)
        bytes += added->fields[i].len;
    return bytes;
}

static lb_err insert(struct lb_lead_change *change, const struct lb_new_lead *added, int64_t now,
                     struct lb_counts *counts)
{
    struct lb_store *store = change->outreach->settings.store;
    enum lb_scope scope;
    struct lb_lead_row lead = {.workspace = change->standing.list.workspace,
                               .campaign = change->standing.list.campaign,
                               .identifier = added->identifier,
                               .member_id = added->member_id,
                               .variables = added->variables,
                               .added_at = now,
                               .status = LB_LEAD_WAITING,
                               .since = now};
    struct lb_lead_keys keys;
    char hosts[2][LB_LEAD_HOST_SIZE], phone[LB_LEAD_PHONE_SIZE];
    memcpy(lead.fields, added->fields, sizeof lead.fields);
    lb_lead_read_phone(&lead, lb_workspace_country(change->standing.workspace), phone);
    if (!lb_lead_fill_forms(&lead, &keys, hosts))
        return LB_ERR_STORAGE_UNAVAILABLE;
    lb_err err = lb_outreach_scope(change->outreach, &lead, &scope);
    if (err)
        return err;
    lead.set_aside = scope != LB_SCOPE_NONE;
    change->write.touched = true;
    change->write.records += bytes_of(added);
    change->added++;
    change->blocked += lead.set_aside;
    lb_counts_lead(counts, &lead, 1);
    return store->ops->lead_insert(store, &lead);
}

/* The lead of the campaign that is the same person by another name; 0: not found. */
static lb_err find_person(struct lb_lead_change *change, const struct lb_new_lead *lead,
                          uint64_t *out)
{
    struct lb_outreach *outreach = change->outreach;
    struct lb_list list = change->standing.list;
    const struct lb_str names[] = {lead->identifier, lead->member_id};
    struct lb_other_names others = {0};
    lb_err err = LB_OK;
    *out = 0;
    if (!lb_persons_any(change->standing.workspace))
        return LB_OK;
    lb_outreach_add_same(outreach, list.workspace, names, lead->member_id.ptr ? 2 : 1, &others);
    for (size_t i = 0; !err && !*out && i < others.count; i++)
        err = lb_outreach_find_lead(outreach, list, others.names[i], out);
    return err;
}

static lb_err add(struct lb_lead_change *change, const struct lb_new_lead *given, int64_t now,
                  struct lb_counts *counts)
{
    struct lb_new_lead lead = *given;
    struct lb_list list = change->standing.list;
    uint64_t by_identifier;
    uint64_t by_member = 0, by_other = 0;
    if (lead.member_id.ptr && lb_str_equal(lead.member_id, lead.identifier))
        lead.member_id = (struct lb_str){0};
    lb_err err = lb_outreach_find_lead(change->outreach, list, lead.identifier, &by_identifier);
    if (!err && lead.member_id.ptr)
        err = lb_outreach_find_lead(change->outreach, list, lead.member_id, &by_member);
    if (!err && !by_identifier && !by_member)
        err = find_person(change, &lead, &by_other);
    if (err)
        return err;
    change->duplicates += by_other != 0;
    if (by_other)
        return LB_OK;
    return by_identifier || by_member
               ? meet_again(change, &lead, by_identifier, by_member, now, counts)
               : insert(change, &lead, now, counts);
}

/* Two names of a lead are one person's, and that is learnt before the lead is added: so the lead is
 * asked for by all names, and one that the campaign has by another name is found. */
static lb_err link_and_add(struct lb_lead_change *change, struct lb_linking *linking,
                           const struct lb_new_lead *lead, int64_t now, struct lb_counts *counts)
{
    bool has_both = lead->member_id.ptr && !lb_identifier_is_member_id(lead->identifier);
    lb_err err = has_both ? lb_linking_add(linking, lead->member_id, lead->identifier) : LB_OK;
    if (err)
        change->write.reason = change->links.write.reason;
    return err ? err : add(change, lead, now, counts);
}

/* How many of them the campaign does not have; of those that are given twice, each counts. */
static lb_err count_new(struct lb_lead_change *change, uint64_t *out)
{
    lb_err err = LB_OK;
    *out = 0;
    for (size_t i = 0; !err && i < change->count; i++) {
        uint64_t lead = 0;
        const struct lb_new_lead *given = &change->leads[i];
        struct lb_list list = change->standing.list;
        err = lb_outreach_find_lead(change->outreach, list, given->identifier, &lead);
        if (!err && !lead && given->member_id.ptr)
            err = lb_outreach_find_lead(change->outreach, list, given->member_id, &lead);
        *out += !lead;
    }
    return err;
}

/* Notes which doubtful leads the campaign does not have, in their order. */
static lb_err refuse_doubtful(struct lb_lead_change *change)
{
    lb_err err = LB_OK;
    change->refused_count = 0;
    for (size_t i = 0; change->refused && !err && i < change->count; i++) {
        uint64_t lead;
        if (!change->leads[i].doubt)
            continue;
        err = lb_outreach_find_lead(change->outreach, change->standing.list,
                                    change->leads[i].identifier, &lead);
        if (!err && !lead)
            change->refused[change->refused_count++] = &change->leads[i];
    }
    return !err && change->refused_count && !change->lenient ? LB_ERR_INVALID_IDENTIFIER : err;
}

static lb_err take_room(struct lb_lead_change *change, uint64_t more)
{
    lb_err err = lb_outreach_take_room(change->outreach, change->standing.workspace, more,
                                       &change->write.reason);
    return err ? err : refuse_doubtful(change);
}

static lb_err check_add(struct lb_lead_change *change)
{
    const struct lb_outreach_settings *settings = &change->outreach->settings;
    struct lb_reason *reason = &change->write.reason;
    struct lb_campaign_state state;
    lb_err err = lb_outreach_campaign(change->outreach, &change->standing, reason, &state);
    if (err)
        return err;
    uint64_t total = (uint64_t)lb_counts_total(&state.counts);
    uint64_t more = change->count;
    if (total + more > settings->max_campaign_leads ||
        (settings->max_workspace_leads && more > change->standing.workspace->leads_room))
        err = count_new(change, &more);
    if (err)
        return err;
    if (!more || total + more <= settings->max_campaign_leads)
        return take_room(change, more);
    return lb_fail(reason, LB_ERR_WORKSPACE_OVERLOADED,
                   "A campaign may have %llu leads and this would exceed that. Make "
                   "another campaign, or ask the operator to raise max-campaign-leads.",
                   (unsigned long long)settings->max_campaign_leads);
}

/* Lets the store look for all names at once. */
static void prefetch_names(struct lb_write *write, struct lb_store *store)
{
    if (!lb_store_is_remote(store))
        return;
    const struct lb_lead_change *change = change_of(write);
    struct lb_str *names = malloc(change->count * 2 * sizeof *names);
    size_t count = 0;
    for (size_t i = 0; names && i < change->count; i++) {
        names[count++] = change->leads[i].identifier;
        if (change->leads[i].member_id.ptr)
            names[count++] = change->leads[i].member_id;
    }
    if (names)
        store->ops->prefetch_names(store->ops->writer_reader(store),
                                   change->standing.list.workspace, names, count);
    free(names);
}

static lb_err apply_add(struct lb_write *write, struct lb_store *store)
{
    struct lb_lead_change *change = change_of(write);
    struct lb_counts counts = {0};
    lb_err err = check_add(change);
    int64_t now = lb_clock_wall_ms();
    write->records = 0;
    change->added = 0;
    change->duplicates = 0;
    change->blocked = 0;
    /* From here on blocks look for leads of this workspace; one time too often does no harm. */
    change->standing.workspace->has_leads = true;
    struct lb_linking linking;
    change->links = (struct lb_change){.blocklist = change->outreach->settings.blocklist,
                                       .standing = change->standing};
    lb_linking_begin(&linking, &change->links, store);
    const struct lb_new_lead *const *refused = change->refused;
    size_t left = change->refused_count;
    for (size_t i = 0; !err && i < change->count; i++) {
        if (left && *refused == &change->leads[i]) {
            refused++;
            left--;
        } else {
            err = link_and_add(change, &linking, &change->leads[i], now, &counts);
        }
    }
    if (!err)
        err = lb_linking_flush(&linking);
    write->retry_after_s = change->links.write.retry_after_s;
    write->touched |= change->links.write.touched;
    if (err || !write->touched)
        return err;
    return lb_outreach_count(change->outreach, change->standing.list, &counts);
}

/* --- Changing one --- */

/* Reads the lead that the change names, if it is one of the workspace's campaigns. */
static lb_err find_lead(struct lb_lead_change *change, struct lb_lead_row *out)
{
    struct lb_store *store = change->outreach->settings.store;
    lb_err err = lb_standing_check(&change->standing, store, &change->write.reason);
    if (!err)
        err = store->ops->lead(lb_outreach_reader(change->outreach),
                               change->standing.list.workspace, change->lead, out);
    if (err && err != LB_ERR_NOT_FOUND)
        return err;
    if (!err && out->workspace == change->standing.workspace->row.no &&
        lb_directory_campaign_no(change->standing.directory, out->campaign))
        return LB_OK;
    lb_fail(&change->write.reason, LB_ERR_LEAD_NOT_FOUND,
            "No lead with this id in this workspace.");
    return LB_ERR_LEAD_NOT_FOUND;
}

/* "Go on where it stood." A lead that has been through everything stays completed. */
static lb_err resume(struct lb_lead_change *change, struct lb_lead_row *lead)
{
    struct lb_store *store = change->outreach->settings.store;
    struct lb_store_reader *reader = lb_outreach_reader(change->outreach);
    struct lb_sequence sequence;
    size_t step = LB_SEQUENCE_NONE;
    lb_err err = lb_sequence_load(store, reader, lb_list_of_lead(lead), false, &sequence);
    if (!err && lb_lead_was_begun(lead))
        err = lb_sequence_step_of(&sequence, store, reader, lead->no, lead->step, &step);
    bool more = !lb_lead_was_begun(lead) || step != LB_SEQUENCE_NONE;
    if (!err && more)
        go_on(lead);
    if (!err && step != LB_SEQUENCE_NONE && lead->queue == LB_QUEUE_SCHEDULED)
        lead->step = sequence.steps[step].no; /* the one that it waited for may be done */
    lb_sequence_fini(&sequence);
    return err;
}

static lb_err apply_set_status(struct lb_write *write, struct lb_store *store)
{
    struct lb_lead_change *change = change_of(write);
    struct lb_lead_row before;
    lb_err err = find_lead(change, &before);
    if (err)
        return err;
    struct lb_lead_row lead = before;
    if (lead.gave_way)
        lead.status = LB_LEAD_COMPLETED; /* the person is contacted by the other lead */
    else if (change->wanted == LB_LEAD_WAITING || change->wanted == LB_LEAD_ACTIVE)
        err = resume(change, &lead);
    else
        decide(&lead, change->wanted);
    change->status = lead.status;
    if (err || (lead.status == before.status && lead.marks == before.marks))
        return err;
    struct lb_counts counts = {0};
    write->touched = true;
    err = lb_outreach_move(change->outreach, &before, &lead, &counts);
    return err ? err : lb_outreach_count(change->outreach, lb_list_of_lead(&lead), &counts);
}

static lb_err apply_delete(struct lb_write *write, struct lb_store *store)
{
    struct lb_lead_change *change = change_of(write);
    struct lb_lead_row lead;
    lb_err err = find_lead(change, &lead);
    if (err)
        return err;
    struct lb_counts counts = {0};
    lb_counts_lead(&counts, &lead, -1);
    write->touched = true;
    err = store->ops->lead_delete(store, &lead);
    return err ? err : lb_outreach_count(change->outreach, lb_list_of_lead(&lead), &counts);
}

void lb_lead_add(struct lb_lead_change *change)
{
    change->write.look_ahead = prefetch_names;
    change->write.records = LB_RECORD_BYTES;
    change->write.apply = apply_add;
}

void lb_lead_set_status(struct lb_lead_change *change)
{
    /* Events may come of going on and ending in turn; ending is never refused. */
    bool goes_on = change->wanted == LB_LEAD_WAITING || change->wanted == LB_LEAD_ACTIVE;
    change->write.records = goes_on ? LB_RECORD_BYTES : 0;
    change->write.apply = apply_set_status;
}

void lb_lead_delete(struct lb_lead_change *change)
{
    change->write.apply = apply_delete;
}
