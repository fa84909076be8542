/* What senders report of activities. */
#include "domain/outreach/activity.h"

#include "base/clock.h"
#include "domain/outreach/internal.h"
#include "domain/outreach/restraint.h"
#include "domain/outreach/lead_keys.h"
#include "domain/outreach/sequence.h"
#include "domain/outreach/counts.h"

/* A report under way. */
struct reporting {
    struct lb_report *completion;
    struct lb_store *store;
    struct lb_store_reader *reader;
    struct lb_sequence sequence;
    size_t index; /* of the step */
    struct lb_lead_row before;
    struct lb_lead_row lead;
    struct lb_activity_row activity;
    struct lb_buf detail; /* the activity's: others are read before it is written */
    bool lost;            /* the lease: only an opt-out is recorded */
    int64_t now;
    bool replied;                                /* the report says so, for the first time */
    struct lb_campaign_settings settings;        /* of the lead's campaign; of replies alone */
    struct lb_reply_company company;             /* of a reply that stops colleagues */
    struct lb_str names[LB_EXCLUSION_NAMES_MAX]; /* the lead's own; of replies alone */
    size_t name_count;
    char name_texts[LB_EXCLUSION_NAMES_MAX][LB_IDENTIFIER_SIZE];
};

bool lb_result_parse(struct lb_str name, enum lb_result *out)
{
    static const char *const names[] = {"done", "replied", "failed", "retry", "opted_out"};
    for (int result = 0; result < 5; result++) {
        if (lb_str_equal(name, lb_str(names[result]))) {
            *out = (enum lb_result)result;
            return true;
        }
    }
    return false;
}

static lb_err not_found(struct lb_report *completion)
{
    return lb_fail(&completion->write.reason, LB_ERR_ACTIVITY_NOT_FOUND,
                   "No activity with this id in this workspace.");
}

static bool opts_out(const struct lb_report *completion)
{
    return completion->result == LB_RESULT_OPTED_OUT;
}

/* Who opts out has replied. */
static bool replied(const struct reporting *reporting)
{
    return reporting->completion->result == LB_RESULT_REPLIED || opts_out(reporting->completion);
}

/* An opt-out counts all the same. */
static lb_err lease_lost(struct reporting *reporting)
{
    struct lb_report *completion = reporting->completion;
    reporting->lost = true;
    if (opts_out(completion))
        return LB_OK;
    return lb_fail(
        &completion->write.reason, LB_ERR_LEASE_LOST,
        "This lease token is not the one of the activity's last claim: the lease ran out, "
        "and another sender may have claimed it.");
}

static lb_err keep_detail(struct reporting *reporting)
{
    struct lb_str *detail = &reporting->activity.detail;
    lb_buf_append_str(&reporting->detail, *detail);
    if (detail->len)
        *detail = lb_buf_str(&reporting->detail);
    return reporting->detail.failed ? LB_ERR_STORAGE_UNAVAILABLE : LB_OK;
}

static void keep_key(struct lb_opt_out *opt_out, enum lb_name_type type, struct lb_str value)
{
    char room[LB_KEY_SIZE];
    char *copy = opt_out->keys[opt_out->change.count];
    size_t size = type == LB_NAME_LINKEDIN ? LB_IDENTIFIER_SIZE : LB_KEY_SIZE;
    if (!value.ptr || !lb_str_copy(lb_key_make(type, value, room), copy, size))
        return; /* no name, or not one of today's rules: the lead's others stand for it */
    opt_out->items[opt_out->change.count++].key = lb_str(copy);
}

/* Copies the names that will be blocked: other leads are read before. They are the lead's own: its
 * company is not, nor is its domain. */
static lb_err keep_names(struct lb_opt_out *opt_out, const struct lb_lead_row *lead)
{
    struct lb_exclusion_names names;
    struct lb_lead_keys keys;
    lb_exclusion_names(lead, &names);
    opt_out->change.count = 0;
    if (!lb_lead_keys(lead, &keys))
        return LB_ERR_STORAGE_UNAVAILABLE;
    for (size_t i = 0; i < names.count; i++)
        keep_key(opt_out, LB_NAME_LINKEDIN, names.names[i]);
    keep_key(opt_out, LB_NAME_EMAIL, keys.email);
    keep_key(opt_out, LB_NAME_PHONE, keys.phone);
    return LB_OK;
}

/* Copies the lead's own LinkedIn names, as above. */
static void keep_own_names(struct reporting *reporting)
{
    struct lb_exclusion_names own;
    lb_exclusion_names(&reporting->before, &own);
    for (size_t i = 0; i < own.count; i++) {
        char *text = reporting->name_texts[reporting->name_count];
        if (lb_str_copy(own.names[i], text, LB_IDENTIFIER_SIZE))
            reporting->names[reporting->name_count++] = lb_str(text);
    }
}

/* Copies of the lead what a reply will need, and reads the settings of its campaign. */
static lb_err prepare_reply(struct reporting *reporting)
{
    const struct lb_report *completion = reporting->completion;
    const struct lb_lead_row *lead = &reporting->before;
    struct lb_campaign_state state;
    if (!replied(reporting))
        return LB_OK;
    lb_err err = completion->opt_out ? keep_names(completion->opt_out, lead) : LB_OK;
    lb_reply_company_of(lead, &reporting->company);
    keep_own_names(reporting);
    if (!err)
        err = reporting->store->ops->campaign_state(reporting->reader, lead->workspace,
                                                    lead->campaign, &state);
    if (!err)
        reporting->settings = state.settings;
    return err == LB_ERR_NOT_FOUND ? not_found(reporting->completion) : err;
}

/* Reads the lead, if it is one of the workspace's campaigns. */
static lb_err find_lead(struct reporting *reporting)
{
    struct lb_report *completion = reporting->completion;
    const struct lb_directory *directory = completion->standing.directory;
    struct lb_lead_row *lead = &reporting->before;
    lb_err err = reporting->store->ops->lead(reporting->reader, completion->standing.list.workspace,
                                             completion->lead, lead);
    const struct lb_campaign *campaign =
        err ? NULL : lb_directory_campaign_no(directory, lead->campaign);
    if (err == LB_ERR_NOT_FOUND ||
        (!err && (lead->workspace != completion->standing.workspace->row.no || !campaign ||
                  lb_directory_is_deleted(directory, campaign))))
        return not_found(completion);
    reporting->lead = *lead;
    return err ? err : prepare_reply(reporting);
}

static lb_err find_step(struct reporting *reporting)
{
    lb_err err = lb_sequence_load(reporting->store, reporting->reader,
                                  lb_list_of_lead(&reporting->before), false, &reporting->sequence);
    reporting->index = lb_sequence_find(&reporting->sequence, reporting->completion->step);
    return !err && reporting->index == LB_SEQUENCE_NONE ? not_found(reporting->completion) : err;
}

/* Reads lead, activity and step, and looks whether the token is the one of the last claim, before
 * anything that costs more. */
static lb_err find_reported(struct reporting *reporting)
{
    struct lb_report *completion = reporting->completion;
    struct lb_activity_row *activity = &reporting->activity;
    lb_err err = find_lead(reporting);
    if (err)
        return err;
    err = reporting->store->ops->activity(reporting->reader, completion->standing.list.workspace,
                                          completion->lead, completion->step, activity);
    bool claimed = err != LB_ERR_NOT_FOUND;
    if (claimed && !err && !lb_str_equal(lb_str(activity->lease_token), completion->lease_token))
        return lease_lost(reporting);
    if (!err)
        err = keep_detail(reporting);
    if (!err || !claimed)
        err = find_step(reporting);
    return !err && !claimed ? lease_lost(reporting) : err;
}

/* What the result tells about the lead, for the campaign's rates. Who is written to, or replies,
 * has accepted the invitation. A reply counts where something was sent: to a visit no lead can
 * reply. */
static unsigned marks_of(const struct reporting *reporting)
{
    const struct lb_report *completion = reporting->completion;
    enum lb_step_type type = reporting->sequence.steps[reporting->index].type;
    unsigned marks = reporting->lead.marks;
    bool went_out = completion->result == LB_RESULT_DONE || replied(reporting);
    bool accepted =
        completion->accepted || replied(reporting) || (went_out && type == LB_STEP_MESSAGE);
    if (went_out && type == LB_STEP_INVITATION)
        marks |= LB_MARK_INVITED | LB_MARK_CONTACTED;
    if (went_out && type == LB_STEP_MESSAGE)
        marks |= LB_MARK_CONTACTED;
    if (replied(reporting) && (marks & LB_MARK_CONTACTED))
        marks |= LB_MARK_REPLIED;
    if (accepted && (marks & LB_MARK_INVITED))
        marks |= LB_MARK_ACCEPTED;
    return marks;
}

/* Is this what the lead waits for? Not when the step was skipped or done otherwise meanwhile. */
static bool is_current(const struct reporting *reporting)
{
    return reporting->lead.step == reporting->completion->step &&
           reporting->lead.queue != LB_QUEUE_SCHEDULED;
}

/* The lead goes on to the next step, or has been through all. What a person has set it to stays,
 * but for a reply. */
static lb_err advance(struct reporting *reporting, bool stop)
{
    struct lb_lead_row *lead = &reporting->lead;
    size_t next = LB_SEQUENCE_NONE;
    lb_err err = lb_sequence_step_after(&reporting->sequence, reporting->store, reporting->reader,
                                        lead->no, reporting->index, &next);
    if (err)
        return err;
    lead->queue = LB_QUEUE_SCHEDULED;
    lead->since = reporting->now;
    if (next != LB_SEQUENCE_NONE)
        lead->step = reporting->sequence.steps[next].no;
    if (stop || (next == LB_SEQUENCE_NONE && lb_lead_open(lead->status)))
        lead->status = LB_LEAD_COMPLETED;
    return LB_OK;
}

static void give_up(struct reporting *reporting)
{
    reporting->activity.state = LB_ACTIVITY_FAILED;
    reporting->activity.completed_at = reporting->now;
    reporting->lead.queue = LB_QUEUE_SCHEDULED;
    reporting->lead.since = reporting->now;
    if (lb_lead_open(reporting->lead.status))
        reporting->lead.status = LB_LEAD_ERROR;
}

static void try_again(struct reporting *reporting)
{
    const struct lb_outreach_settings *settings = &reporting->completion->outreach->settings;
    if (++reporting->activity.retries >= settings->max_attempts) {
        give_up(reporting);
        return;
    }
    int64_t after_ms = (int64_t)settings->retry_backoff_s * 1000;
    for (uint32_t i = 1; i < reporting->activity.retries && after_ms < LB_RETRY_AFTER_MAX_MS; i++)
        after_ms *= 2;
    reporting->activity.state = LB_ACTIVITY_RETRY;
    reporting->lead.queue = LB_QUEUE_RETRY;
    reporting->lead.since =
        reporting->now + (after_ms < LB_RETRY_AFTER_MAX_MS ? after_ms : LB_RETRY_AFTER_MAX_MS);
}

static bool stops(const struct reporting *reporting)
{
    return opts_out(reporting->completion) ||
           (replied(reporting) && reporting->sequence.steps[reporting->index].stop_on_reply);
}

/* A first report for the last claim. */
static lb_err report(struct reporting *reporting)
{
    struct lb_activity_row *activity = &reporting->activity;
    enum lb_result result = reporting->completion->result;
    if (result == LB_RESULT_FAILED && is_current(reporting)) {
        give_up(reporting);
        return LB_OK;
    }
    if (result == LB_RESULT_RETRY && is_current(reporting)) {
        try_again(reporting);
        return LB_OK;
    }
    activity->state = result == LB_RESULT_DONE ? LB_ACTIVITY_DONE
                      : replied(reporting)     ? LB_ACTIVITY_REPLIED
                                               : LB_ACTIVITY_FAILED;
    activity->completed_at = reporting->now;
    if (is_current(reporting))
        return advance(reporting, stops(reporting));
    if (stops(reporting)) /* the lead has gone on meanwhile: no further */
        reporting->lead.status = LB_LEAD_COMPLETED;
    return LB_OK;
}

/* The reply came after the step had been reported done. */
static void report_late_reply(struct reporting *reporting)
{
    struct lb_lead_row *lead = &reporting->lead;
    reporting->activity.state = LB_ACTIVITY_REPLIED;
    if (stops(reporting))
        lead->status = LB_LEAD_COMPLETED;
}

/* --- Variants --- */

static bool has_gone_out(enum lb_activity_state state)
{
    return state == LB_ACTIVITY_DONE || state == LB_ACTIVITY_REPLIED;
}

/* The variant to which the lead's acceptance is owed: that of its invitation, or when that had none
 * the one whose activity tells of it. */
static lb_err accepted_variant(const struct reporting *reporting, uint64_t *out)
{
    const struct lb_sequence *sequence = &reporting->sequence;
    lb_err err = LB_OK;
    *out = reporting->activity.variant;
    for (size_t i = 0; !err && i < sequence->count; i++) {
        struct lb_activity_row activity;
        if (sequence->steps[i].type != LB_STEP_INVITATION || i == reporting->index)
            continue;
        err = reporting->store->ops->activity(reporting->reader, reporting->lead.workspace,
                                              reporting->lead.no, sequence->steps[i].no, &activity);
        if (!err && has_gone_out(activity.state) && activity.variant)
            *out = activity.variant;
        err = err == LB_ERR_NOT_FOUND ? LB_OK : err;
    }
    return err;
}

/* Adds what the report has told to the counts of variants; `before`: the activity's state. */
static lb_err count_variants(struct reporting *reporting, enum lb_activity_state before)
{
    const struct lb_store_ops *ops = reporting->store->ops;
    const struct lb_activity_row *activity = &reporting->activity;
    struct lb_variant_counts more = {.done = has_gone_out(activity->state) - has_gone_out(before),
                                     .replied = (activity->state == LB_ACTIVITY_REPLIED) -
                                                (before == LB_ACTIVITY_REPLIED)};
    unsigned new_marks = reporting->lead.marks & ~reporting->before.marks;
    uint32_t workspace = reporting->lead.workspace;
    uint64_t accepted = 0;
    lb_err err = LB_OK;
    if (activity->variant && (more.done || more.replied))
        err = ops->variant_count(reporting->store, workspace, activity->variant, &more);
    if (!err && (new_marks & LB_MARK_ACCEPTED))
        err = accepted_variant(reporting, &accepted);
    more = (struct lb_variant_counts){.accepted = 1};
    return err || !accepted ? err
                            : ops->variant_count(reporting->store, workspace, accepted, &more);
}

/* --- The report --- */

static lb_err write_activity(struct reporting *reporting)
{
    reporting->activity.changed_at = reporting->now;
    reporting->replied = reporting->activity.state == LB_ACTIVITY_REPLIED;
    if (reporting->completion->detail.ptr)
        reporting->activity.detail = reporting->completion->detail;
    reporting->completion->write.touched = true;
    return reporting->store->ops->activity_put(reporting->store, &reporting->activity);
}

/* Is it the first report of the last claim? */
static bool is_open(const struct reporting *reporting)
{
    enum lb_activity_state state = reporting->activity.state;
    return state == LB_ACTIVITY_CLAIMED ||
           (state == LB_ACTIVITY_RETRY && reporting->completion->result != LB_RESULT_RETRY);
}

static bool is_late_reply(const struct reporting *reporting)
{
    enum lb_activity_state state = reporting->activity.state;
    return replied(reporting) && (state == LB_ACTIVITY_DONE || state == LB_ACTIVITY_FAILED);
}

/* Is it a reply that is not known yet? */
static bool is_news(const struct reporting *reporting)
{
    return !reporting->lost && replied(reporting) &&
           (is_open(reporting) || is_late_reply(reporting));
}

/* Repeating a report changes nothing; what the lead is known to have done is taken all the same. */
static lb_err record(struct reporting *reporting)
{
    enum lb_activity_state state = reporting->activity.state;
    bool open = is_open(reporting);
    bool late_reply = is_late_reply(reporting);
    lb_err err = LB_OK;
    if (open || late_reply)
        reporting->lead.marks = marks_of(reporting);
    else if (reporting->completion->accepted && (reporting->lead.marks & LB_MARK_INVITED))
        reporting->lead.marks |= LB_MARK_ACCEPTED;
    if (open)
        err = report(reporting);
    else if (late_reply)
        report_late_reply(reporting);
    if ((open || late_reply) && stops(reporting))
        reporting->lead.marks &= ~(unsigned)LB_MARK_GAVE_WAY; /* it has ended by itself */
    if (!err && (open || late_reply))
        err = write_activity(reporting);
    return err ? err : count_variants(reporting, state);
}

static bool lead_changed(const struct lb_lead_row *a, const struct lb_lead_row *b)
{
    return a->status != b->status || a->queue != b->queue || a->step != b->step ||
           a->since != b->since || a->marks != b->marks;
}

static lb_err write_lead(struct reporting *reporting)
{
    struct lb_report *completion = reporting->completion;
    struct lb_outreach *outreach = completion->outreach;
    struct lb_counts counts = {0};
    if (!lead_changed(&reporting->before, &reporting->lead))
        return LB_OK;
    completion->write.touched = true;
    lb_err err = lb_outreach_move(outreach, &reporting->before, &reporting->lead, &counts);
    return err ? err : lb_outreach_count(outreach, lb_list_of_lead(&reporting->lead), &counts);
}

/* What blocks the lead that has opted out or replied, and whether it may. It is asked before
 * anything is written: a refusal afterwards would cost the whole batch another attempt. Of a lead
 * that is known to have opted out nothing is added while its name is in the list that the report
 * names, however long ago it came there: the report is repeated. Another list does not stand for
 * it: its entry may be taken back. */
static lb_err prepare_block(struct reporting *reporting)
{
    struct lb_report *completion = reporting->completion;
    struct lb_opt_out *opt_out = completion->opt_out;
    struct lb_change *change = &opt_out->change;
    struct lb_list list = {.workspace = completion->standing.list.workspace,
                           .campaign = opt_out->in_campaign ? reporting->lead.campaign : 0};
    bool known = (reporting->before.marks & LB_MARK_OPTED_OUT) != 0;
    size_t count = 0;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < change->count; i++) {
        bool listed = false;
        if (known)
            err = lb_blocklist_is_listed_in_batch(change->blocklist, list, opt_out->items[i].key,
                                                  &listed);
        if (!listed)
            opt_out->items[count++] = opt_out->items[i];
    }
    for (size_t i = 0; i < count; i++)
        opt_out->items[i].reason =
            completion->detail.len
                ? completion->detail
                : (opts_out(completion) ? LB_STR("Opted out") : LB_STR("Replied"));
    change->items = opt_out->items;
    change->fingerprints = opt_out->fingerprints;
    change->count = count;
    change->standing = completion->standing;
    change->standing.list = list;
    change->write.touched = false;
    change->beyond_daily = true;
    lb_change_block(change);
    if (!err && count)
        err = lb_change_check_block(change);
    if (err)
        completion->write.reason = change->write.reason;
    return err;
}

static lb_err block(struct reporting *reporting)
{
    struct lb_report *completion = reporting->completion;
    struct lb_change *change = &completion->opt_out->change;
    lb_err err = change->count ? change->write.apply(&change->write, reporting->store) : LB_OK;
    completion->write.touched |= change->write.touched;
    if (err)
        completion->write.reason = change->write.reason;
    return err;
}

static lb_err record_all(struct reporting *reporting)
{
    bool opted_out = opts_out(reporting->completion);
    bool blocks = opted_out || (reporting->settings.block_on_reply && is_news(reporting));
    lb_err err = LB_OK;
    reporting->completion->blocks = blocks;
    if (blocks)
        err = reporting->completion->opt_out ? prepare_block(reporting) : LB_ERR_INTERNAL;
    if (!err && !reporting->lost)
        err = record(reporting);
    if (opted_out)
        reporting->lead.marks |= LB_MARK_OPTED_OUT;
    if (!err)
        err = write_lead(reporting);
    return !err && blocks ? block(reporting) : err;
}

/* From now on nothing is handed out for colleagues of the lead in its campaign: a claim finds that
 * their company is stopped. Some are completed at once, the rest in small writes (refresh.c). */
static lb_err stop_colleagues(const struct reporting *reporting)
{
    struct lb_outreach *outreach = reporting->completion->outreach;
    const struct lb_reply_company *company = &reporting->company;
    struct lb_stopped_company_row row = {.list = lb_list_of_lead(&reporting->lead),
                                         .lead = reporting->lead.no,
                                         .at = reporting->now};
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < company->stop_count; i++) {
        row.key = company->stops[i];
        err = reporting->store->ops->stopped_company_put(reporting->store, &row);
    }
    for (size_t i = 0; !err && i < company->key_count; i++)
        err = lb_refresh_changed(outreach, row.list, company->keys[i]);
    reporting->completion->write.touched = true;
    return err;
}

/* Tells who follows the workspace's events what the report has made known. */
static lb_err tell(const struct reporting *reporting, enum lb_event_type type)
{
    const struct lb_report *completion = reporting->completion;
    return lb_events_record(completion->outreach->settings.events, completion->standing.workspace,
                            type, reporting->lead.campaign, reporting->lead.no,
                            completion->standing.actor.no, 0);
}

static lb_err tell_events(const struct reporting *reporting)
{
    unsigned news = reporting->lead.marks & ~reporting->before.marks;
    lb_err err = LB_OK;
    if (news & LB_MARK_ACCEPTED)
        err = tell(reporting, LB_EVENT_CONNECTION_REQUEST_ACCEPTED);
    if (!err && reporting->replied)
        err = tell(reporting, LB_EVENT_MESSAGE_RECEIVED);
    if (!err && (news & LB_MARK_OPTED_OUT))
        err = tell(reporting, LB_EVENT_LEAD_OPTED_OUT);
    return err;
}

static lb_err apply_completion(struct lb_write *write, struct lb_store *store)
{
    struct lb_report *completion = (struct lb_report *)write;
    struct reporting reporting = {.completion = completion,
                                  .store = store,
                                  .reader = lb_outreach_reader(completion->outreach),
                                  .now = lb_clock_wall_ms()};
    enum lb_scope scope = LB_SCOPE_NONE;
    lb_err err = lb_standing_check(&completion->standing, store, &write->reason);
    if (!err)
        err = find_reported(&reporting);
    bool is_new = !err && is_news(&reporting);
    bool ends = is_new && stops(&reporting);
    bool stops_others =
        !err && reporting.settings.stop_colleagues && (is_new || opts_out(completion));
    if (!err)
        err = record_all(&reporting);
    if (!err)
        err = tell_events(&reporting);
    if (!err && !completion->blocks) /* else other leads were read meanwhile, in place of it */
        err = lb_outreach_scope(completion->outreach, &reporting.lead, &scope);
    if (!err && stops_others)
        err = stop_colleagues(&reporting);
    if (!err && ends)
        err = lb_outreach_end_others(completion->outreach, lb_list_of_lead(&reporting.lead),
                                     reporting.lead.no, reporting.names, reporting.name_count);
    completion->blocked = completion->blocks || scope != LB_SCOPE_NONE;
    completion->status = reporting.lead.status;
    lb_sequence_fini(&reporting.sequence);
    lb_buf_fini(&reporting.detail);
    return err;
}

static void prefetch_activity(struct lb_write *write, struct lb_store *store)
{
    if (!lb_store_is_remote(store))
        return;
    const struct lb_report *completion = (struct lb_report *)write;
    store->ops->prefetch_leads(lb_outreach_reader(completion->outreach),
                               completion->standing.list.workspace, &completion->lead, 1,
                               completion->step);
}

void lb_activity_complete(struct lb_report *completion)
{
    completion->write.look_ahead = prefetch_activity;
    completion->write.apply = apply_completion;
}
