/* The activities of a campaign, as they are listed. */
#include "api/handlers.h"
#include "api/ids.h"
#include "api/outreach/leads.h"
#include "api/outreach/variants.h"
#include "api/query.h"
#include "domain/blocklist/identifier.h"
#include "domain/outreach/schedule.h"
#include "json/encode.h"
#include "store/names.h"

#define TAKE_DEFAULT 10
#define TAKE_MAX     100

#define BIT(state) (1u << (state))
#define HANDED_OUT                                                                                 \
    (BIT(LB_ACTIVITY_CLAIMED) | BIT(LB_ACTIVITY_DONE) | BIT(LB_ACTIVITY_REPLIED) |                 \
     BIT(LB_ACTIVITY_FAILED))

/* What `state` can be: activities that were handed out, by their states, or what is derived from
 * the leads. */
enum source { FROM_ACTIVITIES, FROM_SCHEDULED, FROM_BLOCKED, FROM_CONTACTED };

static const struct choice {
    const char *name;
    enum source source;
    unsigned states;
} choices[] = {
    {"claimed", FROM_ACTIVITIES, BIT(LB_ACTIVITY_CLAIMED)},
    {"done", FROM_ACTIVITIES, BIT(LB_ACTIVITY_DONE)},
    {"replied", FROM_ACTIVITIES, BIT(LB_ACTIVITY_REPLIED)},
    {"failed", FROM_ACTIVITIES, BIT(LB_ACTIVITY_FAILED)},
    {"scheduled", FROM_SCHEDULED, 0},
    {"skipped_blocked", FROM_BLOCKED, 0},
    {"skipped_contacted", FROM_CONTACTED, 0},
};
static const struct choice all = {"", FROM_ACTIVITIES, HANDED_OUT};

/* A page on its way. */
struct listing {
    struct lb_call *call;
    struct lb_store_reader *reader;
    struct lb_buf *body;
    const struct choice *choice;
    uint64_t skip;
    uint64_t take;
    size_t given;
    struct lb_sequence sequence;
    struct lb_campaign_state state;
};

/* An activity as it is shown; what it has not is 0. */
struct shown {
    uint64_t lead;
    size_t step; /* in the sequence */
    const char *state;
    struct lb_str identifier;
    int64_t due_at;
    struct lb_activity_row activity; /* of an activity that was handed out */
};

static void put_times(struct lb_buf *body, const struct shown *shown)
{
    const struct lb_activity_row *activity = &shown->activity;
    bool claimed = activity->state == LB_ACTIVITY_CLAIMED;
    lb_buf_printf(body, ",\"attempts\":%u,\"dueAt\":", activity->attempts);
    lb_json_put_time_or_null(body, shown->due_at);
    lb_buf_append_lit(body, ",\"claimedAt\":");
    lb_json_put_time_or_null(body, activity->claimed_at);
    lb_buf_append_lit(body, ",\"leaseExpiresAt\":");
    lb_json_put_time_or_null(body, claimed ? activity->lease_until : 0);
    lb_buf_append_lit(body, ",\"completedAt\":");
    lb_json_put_time_or_null(body, activity->completed_at);
    lb_buf_append_lit(body, ",\"detail\":");
    lb_json_put_string_or_null(body, activity->detail);
    lb_buf_append_lit(body, "}");
}

static void put_activity(struct listing *listing, const struct shown *shown)
{
    struct lb_buf *body = listing->body;
    const struct lb_step_row *step = &listing->sequence.steps[shown->step];
    char lead[LB_ID_ROW_SIZE], number[LB_ID_ROW_SIZE];
    lb_id_write_row(lead, shown->lead);
    lb_id_write_row(number, step->no);
    if (body->len > 1)
        lb_buf_append_lit(body, ",");
    lb_buf_printf(body,
                  "{\"id\":\"" LB_ACTIVITY_PREFIX
                  "%s_%s\",\"type\":\"%s\",\"state\":\"%s\",\"leadId\":\"" LB_LEAD_PREFIX
                  "%s\",\"publicIdentifier\":",
                  lead, number, lb_step_type_name(step->type), shown->state, lead);
    struct lb_identifier today;
    lb_json_put_string(body, lb_identifier_held(shown->identifier, &today));
    lb_buf_printf(body, ",\"stepId\":\"" LB_STEP_PREFIX "%s\",\"order\":%u", number,
                  lb_sequence_order(&listing->sequence, shown->step));
    lb_buf_append_lit(body, ",\"variantId\":");
    lb_variants_put_id(body, shown->activity.variant);
    put_times(body, shown);
}

/* One more than the page has is asked for: it tells whether there is a next page. */
static bool is_full(struct listing *listing)
{
    return listing->given++ >= listing->take;
}

static lb_err take_activity(void *context, const struct lb_activity_row *row)
{
    struct listing *listing = context;
    struct lb_lead_row lead;
    struct shown shown = {.lead = row->lead,
                          .step = lb_sequence_find(&listing->sequence, row->step),
                          .state = lb_activity_state_name(row->state),
                          .activity = *row};
    if (is_full(listing) || shown.step == LB_SEQUENCE_NONE)
        return LB_OK;
    lb_err err =
        listing->call->app->store->ops->lead(listing->reader, row->workspace, row->lead, &lead);
    if (err)
        return err;
    shown.identifier = lead.identifier;
    put_activity(listing, &shown);
    return LB_OK;
}

/* What a lead waits for. */
static lb_err take_lead(void *context, const struct lb_lead_row *lead)
{
    struct listing *listing = context;
    const struct lb_store_ops *ops = listing->call->app->store->ops;
    struct lb_due due;
    bool scheduled = listing->choice->source == FROM_SCHEDULED;
    if (is_full(listing))
        return LB_OK;
    lb_err err = lb_due_find(listing->call->app->store, listing->reader, &listing->sequence,
                             &listing->state, lead, &due);
    if (err || due.step == LB_SEQUENCE_NONE)
        return err;
    struct shown shown = {.lead = lead->no,
                          .step = due.step,
                          .state = listing->choice->name,
                          .identifier = lead->identifier,
                          .due_at = scheduled ? due.at : 0};
    struct lb_activity_row activity;
    err = ops->activity(listing->reader, lead->workspace, lead->no,
                        listing->sequence.steps[due.step].no, &activity);
    if (!err)
        shown.activity = activity;
    if (err && err != LB_ERR_NOT_FOUND)
        return err;
    put_activity(listing, &shown);
    return LB_OK;
}

static lb_err read_page(struct listing *listing)
{
    const struct lb_store_ops *ops = listing->call->app->store->ops;
    struct lb_list list = listing->call->list;
    size_t take = listing->take + 1;
    switch (listing->choice->source) {
    case FROM_SCHEDULED:
        return ops->leads_scheduled(listing->reader, list.workspace, list.campaign, listing->skip,
                                    take, listing, take_lead);
    case FROM_BLOCKED:
    case FROM_CONTACTED:
        return ops->leads_set_aside(listing->reader, list.workspace, list.campaign,
                                    listing->choice->source == FROM_CONTACTED, listing->skip, take,
                                    listing, take_lead);
    default:
        return ops->activities_page(listing->reader, list.workspace, list.campaign,
                                    listing->choice->states, listing->skip, take, listing,
                                    take_activity);
    }
}

static lb_err read_all(struct listing *listing)
{
    struct lb_store *store = listing->call->app->store;
    struct lb_list list = listing->call->list;
    lb_err err =
        store->ops->campaign_state(listing->reader, list.workspace, list.campaign, &listing->state);
    if (!err)
        err = lb_sequence_load(store, listing->reader, list, false, &listing->sequence);
    return err ? err : read_page(listing);
}

static enum lb_turn read_activities(struct lb_call *call, struct lb_store_reader *reader)
{
    struct listing *listing = call->state;
    listing->reader = reader;
    listing->body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(listing->body, "[");
    lb_err err = read_all(listing);
    lb_buf_append_lit(listing->body, "]");
    lb_sequence_fini(&listing->sequence);
    if (err == LB_ERR_NOT_FOUND)
        lb_call_campaign_not_found(call);
    else if (err)
        lb_call_refuse(call, err, NULL);
    else if (listing->take && listing->given > listing->take)
        lb_query_put_link(call, "take=%llu&skip=%llu%s%s", (unsigned long long)listing->take,
                          (unsigned long long)listing->skip + listing->take,
                          listing->choice == &all ? "" : "&state=", listing->choice->name);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static bool read_choice(struct lb_call *call, const struct choice **out)
{
    struct lb_str wanted;
    if (!lb_query_text(call, "state", &wanted))
        return false;
    *out = &all;
    if (!wanted.ptr)
        return true;
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        *out = &choices[i];
        if (lb_str_equal(wanted, lb_str(choices[i].name)))
            return true;
    }
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                   "The parameter 'state' must be claimed, done, replied, failed, scheduled, "
                   "skipped_blocked or skipped_contacted.");
    return false;
}

enum lb_progress lb_activities_list(struct lb_call *call)
{
    struct listing *listing = lb_call_alloc(call, sizeof *listing);
    if (!listing)
        return LB_DONE;
    listing->call = call;
    call->state = listing;
    if (!lb_query_only(call, "skip offset take limit state") ||
        !lb_query_number(call, "skip", "offset", 0, UINT32_MAX, &listing->skip) ||
        !lb_query_number(call, "take", "limit", TAKE_DEFAULT, TAKE_MAX, &listing->take) ||
        !read_choice(call, &listing->choice))
        return LB_DONE;
    return lb_call_read(call, read_activities);
}
