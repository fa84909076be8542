/* What senders report of activities. */
#include "domain/outreach/activity.h"

#include "base/clock.h"
#include "domain/outreach/internal.h"
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
    int64_t now;
    bool replied; /* the report says so, for the first time */
};

bool lb_result_parse(struct lb_str name, enum lb_result *out)
{
    static const char *const names[] = {"done", "replied", "failed", "retry"};
    for (int result = 0; result < 4; result++) {
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

static lb_err lease_lost(struct lb_report *completion)
{
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

/* Reads the lead, if it is one of the workspace's campaigns. */
static lb_err find_lead(struct reporting *reporting)
{
    struct lb_report *completion = reporting->completion;
    struct lb_lead_row *lead = &reporting->before;
    lb_err err = reporting->store->ops->lead(reporting->reader, completion->standing.list.workspace,
                                             completion->lead, lead);
    if (err == LB_ERR_NOT_FOUND ||
        (!err && (lead->workspace != completion->standing.workspace->row.no ||
                  !lb_directory_campaign_no(completion->standing.directory, lead->campaign))))
        return not_found(completion);
    reporting->lead = *lead;
    return err;
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
        return lease_lost(completion);
    if (!err)
        err = keep_detail(reporting);
    if (!err || !claimed)
        err = find_step(reporting);
    return !err && !claimed ? lease_lost(completion) : err;
}

/* What the result tells about the lead, for the campaign's rates. Who is written to, or replies,
 * has accepted the invitation. */
static unsigned marks_of(const struct reporting *reporting)
{
    const struct lb_report *completion = reporting->completion;
    enum lb_step_type type = reporting->sequence.steps[reporting->index].type;
    unsigned marks = reporting->lead.marks;
    bool went_out = completion->result == LB_RESULT_DONE || completion->result == LB_RESULT_REPLIED;
    bool replied = completion->result == LB_RESULT_REPLIED;
    bool accepted = completion->accepted || replied || (went_out && type == LB_STEP_MESSAGE);
    if (went_out && type == LB_STEP_INVITATION)
        marks |= LB_MARK_INVITED | LB_MARK_CONTACTED;
    if (went_out && type == LB_STEP_MESSAGE)
        marks |= LB_MARK_CONTACTED;
    if (replied)
        marks |= LB_MARK_REPLIED | LB_MARK_CONTACTED;
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

/* The lead goes on to the next step, or has been through all. What a person has set it to stays. */
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
    if ((stop || next == LB_SEQUENCE_NONE) && lb_lead_open(lead->status))
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
    return reporting->completion->result == LB_RESULT_REPLIED &&
           reporting->sequence.steps[reporting->index].stop_on_reply;
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
    activity->state = result == LB_RESULT_DONE      ? LB_ACTIVITY_DONE
                      : result == LB_RESULT_REPLIED ? LB_ACTIVITY_REPLIED
                                                    : LB_ACTIVITY_FAILED;
    activity->completed_at = reporting->now;
    return is_current(reporting) ? advance(reporting, stops(reporting)) : LB_OK;
}

/* The reply came after the step had been reported done. */
static void report_late_reply(struct reporting *reporting)
{
    struct lb_lead_row *lead = &reporting->lead;
    reporting->activity.state = LB_ACTIVITY_REPLIED;
    if (stops(reporting) && (lb_lead_open(lead->status) || lead->status == LB_LEAD_ERROR))
        lead->status = LB_LEAD_COMPLETED;
}

/* Repeating a report changes nothing; what the lead is known to have done is taken all the same. */
static lb_err record(struct reporting *reporting)
{
    enum lb_activity_state state = reporting->activity.state;
    enum lb_result result = reporting->completion->result;
    bool open =
        state == LB_ACTIVITY_CLAIMED || (state == LB_ACTIVITY_RETRY && result != LB_RESULT_RETRY);
    bool late_reply =
        result == LB_RESULT_REPLIED && (state == LB_ACTIVITY_DONE || state == LB_ACTIVITY_FAILED);
    lb_err err = LB_OK;
    if (open || late_reply)
        reporting->lead.marks = marks_of(reporting);
    else if (reporting->completion->accepted && (reporting->lead.marks & LB_MARK_INVITED))
        reporting->lead.marks |= LB_MARK_ACCEPTED;
    if (open)
        err = report(reporting);
    else if (late_reply)
        report_late_reply(reporting);
    if (err || !(open || late_reply))
        return err;
    reporting->activity.changed_at = reporting->now;
    reporting->replied = reporting->activity.state == LB_ACTIVITY_REPLIED;
    if (reporting->completion->detail.ptr)
        reporting->activity.detail = reporting->completion->detail;
    reporting->completion->write.touched = true;
    return reporting->store->ops->activity_put(reporting->store, &reporting->activity);
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
    if (!err)
        err = record(&reporting);
    if (!err)
        err = write_lead(&reporting);
    if (!err)
        err = tell_events(&reporting);
    if (!err)
        err = lb_outreach_scope(completion->outreach, &reporting.lead, &scope);
    completion->blocked = scope != LB_SCOPE_NONE;
    completion->status = reporting.lead.status;
    lb_sequence_fini(&reporting.sequence);
    lb_buf_fini(&reporting.detail);
    return err;
}

static void prefetch_activity(struct lb_write *write, struct lb_store *store)
{
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
