/* What senders do: claim activities, and report how they went. */
#include "api/handlers.h"
#include "api/ids.h"
#include "api/blocklist/changes.h"
#include "api/body_items.h"
#include "api/outreach/leads.h"
#include "api/outreach/variants.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "domain/outreach/activity.h"
#include "domain/outreach/sequence.h"
#include "json/encode.h"
#include "store/names.h"

#define CLAIM_DEFAULT         50
#define LEASE_SECONDS_DEFAULT 300
/* Commits after which a claim that found nothing looks on, and for how long any claim goes on. */
#define CLAIM_TURNS_MAX 9
#define CLAIM_LOOKS_MS  2000
/* What the answer has of an activity beside its texts, about. */
#define ITEM_BYTES 400

/* --- Claim --- */

static void put_claimed(struct lb_buf *body, const struct lb_claim *claim,
                        const struct lb_claimed *item)
{
    struct lb_new_lead person = {.identifier = lb_claim_text(claim, item->identifier),
                                 .member_id = lb_claim_text(claim, item->member_id),
                                 .variables = lb_claim_text(claim, item->variables)};
    for (int i = 0; i < LB_LEAD_FIELD_COUNT; i++)
        person.fields[i] = lb_claim_text(claim, item->fields[i]);
    char lead[LB_ID_ROW_SIZE], step[LB_ID_ROW_SIZE];
    lb_id_write_row(lead, item->lead);
    lb_id_write_row(step, item->step);
    lb_buf_printf(body,
                  "{\"id\":\"" LB_ACTIVITY_PREFIX
                  "%s_%s\",\"type\":\"%s\",\"leadId\":\"" LB_LEAD_PREFIX "%s\",",
                  lead, step, lb_step_type_name(item->type), lead);
    lb_leads_put_person(body, &person);
    lb_buf_printf(body,
                  ",\"stepId\":\"" LB_STEP_PREFIX "%s\",\"order\":%u,\"attempt\":%u,\"variantId\":",
                  step, item->order, item->attempt);
    lb_variants_put_id(body, item->variant);
    lb_buf_append_lit(body, ",\"message\":");
    lb_json_put_string_or_null(body, lb_claim_text(claim, item->message));
    lb_buf_printf(body, ",\"leaseToken\":\"%s\",\"leaseExpiresAt\":", item->lease_token);
    lb_json_put_time(body, item->lease_until);
    lb_buf_append_lit(body, "}");
}

/* What the state of a claim's call is. */
struct claiming {
    struct lb_claim claim;
    size_t bytes;
    unsigned turns; /* in which nothing was found to hand out */
    uint64_t began_ms;
};

/* Of a short lease, a sender needs the rest for what it has to do. */
static uint64_t longest_ms(const struct lb_claim *claim)
{
    uint64_t half_ms = claim->lease_s * UINT64_C(1000) / 2;
    return claim->count && half_ms < CLAIM_LOOKS_MS ? half_ms : CLAIM_LOOKS_MS;
}

/* An empty answer would tell a sender that it may wait, and so would one with fewer than it wants.
 */
static bool goes_on(const struct lb_call *call, const struct claiming *claiming)
{
    const struct lb_claim *claim = &claiming->claim;
    bool in_vain = !claim->count && claim->cut && claiming->turns < CLAIM_TURNS_MAX;
    return !claim->write.result && (in_vain || claim->piece) &&
           lb_clock_mono_ms() - claiming->began_ms < longest_ms(claim) &&
           !lb_request_hung_up(call->req) && !atomic_load(&call->app->stopping);
}

static void put_all_claimed(struct lb_call *call)
{
    struct lb_claim *claim = &((struct claiming *)call->state)->claim;
    if (claim->count || lb_call_written(call)) {
        struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
        lb_buf_append_lit(body, "[");
        for (size_t i = 0; i < claim->count; i++) {
            if (i)
                lb_buf_append_lit(body, ",");
            put_claimed(body, claim, &claim->items[i]);
        }
        lb_buf_append_lit(body, "]");
    }
    lb_claim_fini(claim);
}

/* What was handed out before a write that failed, or was refused, is told all the same. */
static enum lb_progress reply_claimed(struct lb_call *call)
{
    struct claiming *claiming = call->state;
    struct lb_claim *claim = &claiming->claim;
    if (claim->write.result)
        lb_claim_forget(claim);
    if (goes_on(call, claiming)) {
        claiming->turns++;
        lb_claim_activities(claim);
        lb_err err = lb_call_try_write(call, &claim->write, claiming->bytes, reply_claimed);
        if (!err)
            return LB_PENDING;
        if (!claim->count) {
            lb_claim_fini(claim);
            return lb_call_refuse(call, err, NULL);
        }
    }
    return lb_call_put_answer(call, claim->texts.len + claim->count * ITEM_BYTES, put_all_claimed);
}

/* A whole number of the body; `fallback` when it is missing. False when the reply is set. */
static bool read_number(struct lb_call *call, const char *name, int64_t fallback, int64_t max,
                        int64_t *out)
{
    const struct lb_json *value = lb_json_member(call->body, name);
    *out = fallback;
    if (lb_json_type(value) == LB_JSON_MISSING || lb_json_type(value) == LB_JSON_NULL)
        return true;
    if (lb_json_int64(value, out) && *out >= 1 && *out <= max)
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "\"%s\" must be a whole number from 1 to %lld.", name, (long long)max);
    return false;
}

enum lb_progress lb_activities_claim(struct lb_call *call)
{
    struct claiming *claiming = lb_call_alloc(call, sizeof *claiming);
    int64_t max;
    int64_t lease_s;
    if (!claiming)
        return LB_DONE;
    if ((call->req->body.len && !lb_call_parse_body(call, LB_JSON_OBJECT)) ||
        !read_number(call, "max", CLAIM_DEFAULT, LB_CLAIM_MAX, &max) ||
        !read_number(call, "leaseSeconds", LEASE_SECONDS_DEFAULT, LB_LEASE_SECONDS_MAX, &lease_s))
        return LB_DONE;
    struct lb_claim *claim = &claiming->claim;
    claim->outreach = call->app->outreach;
    claim->standing = lb_call_standing(call, true);
    claim->max = (size_t)max;
    claim->lease_s = (uint32_t)lease_s;
    claiming->bytes = (size_t)max * LB_CLAIMED_BYTES;
    claiming->began_ms = lb_clock_mono_ms();
    call->state = claiming;
    lb_claim_activities(claim);
    return lb_call_write_then(call, &claim->write, claiming->bytes, reply_claimed);
}

/* --- Complete --- */

static void reply_completed(struct lb_call *call)
{
    const struct lb_report *completion = call->state;
    if (!lb_call_written(call))
        return;
    bool opted_out = completion->result == LB_RESULT_OPTED_OUT;
    const char *message = opted_out            ? "Recorded; the lead has opted out and is blocked"
                          : completion->blocks ? "Recorded; the lead has replied and is blocked"
                          : completion->blocked
                              ? "Recorded; the lead has been blocked in the meantime"
                              : "Recorded";
    char lead[LB_ID_ROW_SIZE];
    if (completion->blocks && completion->opt_out->change.id.number)
        lb_changes_put_id(call, &completion->opt_out->change);
    lb_buf_printf(lb_reply_json(&call->req->reply, 200),
                  "{\"success\":true,\"message\":\"%s\",\"leadId\":\"" LB_LEAD_PREFIX
                  "%s\",\"status\":\"%s\",\"blocked\":%s}",
                  message, lb_id_write_row(lead, completion->lead),
                  lb_lead_status_name(completion->status), completion->blocked ? "true" : "false");
}

static bool refuse_report(struct lb_call *call, const char *what)
{
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY, "%s", what);
    return false;
}

static bool read_detail(struct lb_call *call, struct lb_str *out)
{
    const struct lb_json *value = lb_json_member(call->body, "detail");
    enum lb_json_type type = lb_json_type(value);
    if (type == LB_JSON_MISSING || type == LB_JSON_NULL)
        return true;
    struct lb_str text = lb_json_string(value);
    if (!text.ptr || memchr(text.ptr, 0, text.len) ||
        lb_utf8_count(text) > LB_DETAIL_CHARACTERS_MAX)
        return refuse_report(call, "\"detail\" must be a string of up to 500 characters, or null.");
    *out = text;
    return true;
}

/* A reply may block, if the campaign says so. */
static bool begin_reply(struct lb_call *call, struct lb_report *completion)
{
    completion->opt_out = lb_call_alloc(call, sizeof *completion->opt_out);
    if (!completion->opt_out)
        return false;
    completion->opt_out->change.blocklist = call->app->blocklist;
    return true;
}

/* "scope" of an opt-out: workspace, or campaign to limit it. */
static bool begin_opt_out(struct lb_call *call, struct lb_report *completion)
{
    const struct lb_json *value = lb_json_member(call->body, "scope");
    struct lb_str scope = lb_json_string(value);
    bool in_campaign = lb_str_equal(scope, LB_STR("campaign"));
    bool given = lb_json_type(value) != LB_JSON_MISSING && lb_json_type(value) != LB_JSON_NULL;
    if (given && !in_campaign && !lb_str_equal(scope, LB_STR("workspace")))
        return refuse_report(call, "\"scope\" must be workspace or campaign.");
    if (!begin_reply(call, completion))
        return false;
    completion->opt_out->in_campaign = in_campaign;
    return true;
}

static bool read_completion(struct lb_call *call, struct lb_report *completion)
{
    const struct lb_json *accepted = lb_json_member(call->body, "accepted");
    struct lb_str token = lb_json_string(lb_json_member(call->body, "leaseToken"));
    struct lb_str result = lb_json_string(lb_json_member(call->body, "result"));
    if (token.len == 0)
        return refuse_report(call, "\"leaseToken\" must be the one that the claim returned.");
    if (!lb_result_parse(result, &completion->result))
        return refuse_report(call, "\"result\" must be done, replied, opted_out, failed or retry.");
    if (lb_json_type(accepted) != LB_JSON_MISSING && lb_json_type(accepted) != LB_JSON_NULL &&
        !lb_json_bool(accepted, &completion->accepted))
        return refuse_report(call, "\"accepted\" must be true or false.");
    completion->lease_token = token;
    if (completion->result == LB_RESULT_OPTED_OUT && !begin_opt_out(call, completion))
        return false;
    if (completion->result == LB_RESULT_REPLIED && !begin_reply(call, completion))
        return false;
    return read_detail(call, &completion->detail);
}

enum lb_progress lb_activities_complete(struct lb_call *call)
{
    struct lb_report *completion = lb_call_alloc(call, sizeof *completion);
    if (!completion)
        return LB_DONE;
    if (!lb_call_parse_body(call, LB_JSON_OBJECT) || !read_completion(call, completion))
        return LB_DONE;
    lb_id_activity(call->req->params[0], &completion->lead, &completion->step);
    completion->outreach = call->app->outreach;
    completion->standing = lb_call_standing(call, false);
    call->state = completion;
    lb_activity_complete(completion);
    return lb_call_write(call, &completion->write, call->req->body.len, reply_completed);
}
