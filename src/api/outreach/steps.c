/* The steps of a campaign: what is sent, in which order, after which delays. */
#include "api/outreach/steps.h"

#include "api/handlers.h"
#include "api/ids.h"
#include "api/body_items.h"
#include "api/outreach/variants.h"
#include "base/utf8.h"
#include "domain/outreach/template.h"
#include "json/encode.h"
#include "store/names.h"

#define HOURS_PER_DAY 24u

/* The contract counts delays in days, with up to 4 decimals; they are kept in hours. */
static void put_days(struct lb_buf *body, uint32_t hours)
{
    unsigned days = hours / HOURS_PER_DAY;
    unsigned decimals = (hours % HOURS_PER_DAY * 10000 + HOURS_PER_DAY / 2) / HOURS_PER_DAY;
    int width = 4;
    for (; decimals && decimals % 10 == 0; width--)
        decimals /= 10;
    if (decimals)
        lb_buf_printf(body, "%u.%0*u", days, width, decimals);
    else
        lb_buf_printf(body, "%u", days);
}

/* `variants`: the name of the member with the step's variants. */
static void put_step(struct lb_buf *body, const struct lb_sequence *sequence,
                     const struct lb_step_row *step, uint32_t order, const char *variants)
{
    lb_buf_append_lit(body, "{\"id\":\"" LB_STEP_PREFIX);
    lb_id_put_row(body, step->no);
    lb_buf_printf(body, "\",\"type\":\"%s\",\"order\":%u,\"delay\":", lb_step_type_name(step->type),
                  order);
    put_days(body, step->delay_hours);
    lb_buf_printf(body, ",\"delayHours\":%u,\"stopOnReply\":%s", step->delay_hours,
                  step->stop_on_reply ? "true" : "false");
    lb_buf_append_lit(body, ",\"genericBody\":");
    if (step->body.ptr)
        lb_json_put_string(body, step->body);
    else
        lb_buf_append_lit(body, "null");
    lb_buf_printf(body, ",\"%s\":", variants);
    lb_variants_put(body, sequence, step->no);
    lb_buf_append_lit(body, "}");
}

void lb_steps_put(struct lb_buf *body, const struct lb_sequence *sequence, const char *variants)
{
    uint32_t order = 0;
    lb_buf_append_lit(body, "[");
    for (size_t i = 0; i < sequence->count; i++) {
        if (sequence->steps[i].deleted_at)
            continue;
        if (order)
            lb_buf_append_lit(body, ",");
        put_step(body, sequence, &sequence->steps[i], ++order, variants);
    }
    lb_buf_append_lit(body, "]");
}

void lb_steps_put_brief(struct lb_buf *body, const struct lb_sequence *sequence, size_t index)
{
    if (index == LB_SEQUENCE_NONE) {
        lb_buf_append_lit(body, "null");
        return;
    }
    const struct lb_step_row *step = &sequence->steps[index];
    char number[LB_ID_ROW_SIZE];
    lb_buf_printf(body, "{\"id\":\"" LB_STEP_PREFIX "%s\",\"type\":\"%s\",\"order\":%u}",
                  lb_id_write_row(number, step->no), lb_step_type_name(step->type),
                  lb_sequence_order(sequence, index));
}

/* --- Bodies --- */

/* Where a step is read from and to. */
struct reading {
    struct lb_call *call;
    const struct lb_json *body;
    struct lb_step_row *row;
    unsigned given; /* see lb_step_field */
    struct lb_reason reason;
};

static bool wrong(struct reading *reading, const char *what)
{
    lb_reply_error(&reading->call->req->reply, LB_ERR_INVALID_BODY, "%s", what);
    return false;
}

static bool present(const struct lb_json *value)
{
    return lb_json_type(value) != LB_JSON_MISSING;
}

static bool read_type(struct reading *reading)
{
    const struct lb_json *value = lb_json_member(reading->body, "type");
    if (!present(value))
        return true;
    if (!lb_step_type_parse(lb_json_string(value), &reading->row->type))
        return wrong(reading,
                     "The \"type\" of a step must be visit_profile, invitation or message.");
    reading->given |= LB_STEP_TYPE;
    return true;
}

/* Days as the nearest whole hour, but never nothing for what is more than 0. */
static bool read_days(const struct lb_json *value, int64_t *out_hours)
{
    double days;
    if (!lb_json_double(value, &days) || days < 0 || days * HOURS_PER_DAY > LB_STEP_DELAY_MAX)
        return false;
    int64_t hours = (int64_t)(days * HOURS_PER_DAY + 0.5);
    *out_hours = hours == 0 && days > 0 ? 1 : hours;
    return true;
}

/* "delay" in days, as WaLead's clients send it, or "delayHours". */
static bool read_delay(struct reading *reading)
{
    const struct lb_json *delay = lb_json_member(reading->body, "delay");
    const struct lb_json *delay_hours = lb_json_member(reading->body, "delayHours");
    int64_t by_days = 0;
    int64_t hours = 0;
    if (!present(delay) && !present(delay_hours))
        return true;
    if (present(delay) && !read_days(delay, &by_days))
        return wrong(reading, "The \"delay\" of a step must be a number of days from 0 to 365.");
    if (present(delay_hours) &&
        (!lb_json_int64(delay_hours, &hours) || hours < 0 || hours > LB_STEP_DELAY_MAX))
        return wrong(reading, "The \"delayHours\" of a step must be a whole number of hours from 0 "
                              "to 8760.");
    if (present(delay) && present(delay_hours) && by_days != hours)
        return wrong(reading, "\"delay\" (in days) and \"delayHours\" of a step differ. "
                              "Send one of them.");
    reading->row->delay_hours = (uint32_t)(present(delay) ? by_days : hours);
    reading->given |= LB_STEP_DELAY;
    return true;
}

static bool read_stop(struct reading *reading)
{
    const struct lb_json *value = lb_json_member(reading->body, "stopOnReply");
    if (!present(value))
        return true;
    if (!lb_json_bool(value, &reading->row->stop_on_reply))
        return wrong(reading, "\"stopOnReply\" must be true or false.");
    reading->given |= LB_STEP_STOP;
    return true;
}

static bool read_template(struct reading *reading)
{
    const struct lb_json *value = lb_json_member(reading->body, "genericBody");
    enum lb_json_type type = lb_json_type(value);
    struct lb_str text = lb_json_string(value);
    struct lb_kept kept = {0};
    if (type == LB_JSON_MISSING)
        return true;
    reading->given |= LB_STEP_BODY;
    if (type == LB_JSON_NULL || (text.ptr && text.len == 0))
        return true;
    if (!text.ptr || memchr(text.ptr, 0, text.len))
        return wrong(reading,
                     "The \"genericBody\" must be a string without NUL characters, or null.");
    if (lb_utf8_count(text) > LB_TEMPLATE_CHARACTERS_MAX)
        return wrong(reading, "The \"genericBody\" is longer than 10000 characters.");
    if (!lb_keep(reading->call, &kept, &text))
        return lb_call_no_memory(reading->call);
    reading->row->body = text;
    lb_err err = lb_template_check(text, &reading->reason);
    if (err)
        lb_reply_error(&reading->call->req->reply, err, "%s", reading->reason.text);
    return !err;
}

static bool read_fields(struct reading *reading)
{
    if (lb_json_type(reading->body) != LB_JSON_OBJECT)
        return wrong(reading, "A step must be a JSON object.");
    return read_type(reading) && read_delay(reading) && read_stop(reading) &&
           read_template(reading);
}

/* A whole step, with defaults for what is missing. */
static bool read_step(struct reading *reading)
{
    *reading->row = (struct lb_step_row){.stop_on_reply = true};
    if (!read_fields(reading))
        return false;
    if (!(reading->given & LB_STEP_TYPE))
        return wrong(reading, "A step needs a \"type\": visit_profile, invitation or message.");
    lb_err err = lb_step_check(reading->row, false, &reading->reason);
    if (err)
        lb_reply_error(&reading->call->req->reply, err, "%s", reading->reason.text);
    return !err;
}

bool lb_steps_read(struct lb_call *call, const struct lb_json *array, struct lb_step_row **out,
                   size_t *out_count)
{
    enum lb_json_type type = lb_json_type(array);
    size_t count = lb_json_length(array);
    *out_count = 0;
    if (type == LB_JSON_MISSING || type == LB_JSON_NULL)
        return true;
    if (type != LB_JSON_ARRAY || count > LB_STEPS_MAX) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                       "\"steps\" must be an array of at most %d steps.", LB_STEPS_MAX);
        return false;
    }
    *out = lb_call_alloc(call, (count + 1) * sizeof **out);
    if (!*out)
        return false;
    for (size_t i = 0; i < count; i++) {
        struct reading reading = {.call = call, .body = lb_json_item(array, i), .row = &(*out)[i]};
        if (!read_step(&reading))
            return false;
    }
    *out_count = count;
    return true;
}

/* "order": a place from 1, or missing. */
static bool read_order(struct lb_call *call, uint32_t *out)
{
    const struct lb_json *value = lb_json_member(call->body, "order");
    int64_t order;
    if (!present(value))
        return true;
    if (lb_json_int64(value, &order) && order >= 1 && order <= LB_STEPS_MAX) {
        *out = (uint32_t)order;
        return true;
    }
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "The \"order\" of a step must be its place, from 1 to %d.", LB_STEPS_MAX);
    return false;
}

/* --- Handlers --- */

static struct lb_step_change *begin_step_change(struct lb_call *call)
{
    struct lb_step_change *change = lb_call_alloc(call, sizeof *change);
    if (!change)
        return NULL;
    change->outreach = call->app->outreach;
    change->standing = lb_call_standing(call, false);
    call->state = change;
    return change;
}

static void reply_added(struct lb_call *call)
{
    const struct lb_step_change *change = call->state;
    const struct lb_sequence without_variants = {0};
    if (lb_call_written(call))
        put_step(lb_reply_json(&call->req->reply, 201), &without_variants, &change->row,
                 change->order_now, "variants");
}

enum lb_progress lb_steps_post(struct lb_call *call)
{
    struct lb_step_change *change = begin_step_change(call);
    if (!change || !lb_call_parse_body(call, LB_JSON_OBJECT))
        return LB_DONE;
    struct reading reading = {.call = call, .body = call->body, .row = &change->row};
    if (!read_step(&reading) || !read_order(call, &change->order))
        return LB_DONE;
    lb_step_add(change);
    return lb_call_write(call, &change->write, call->req->body.len, reply_added);
}

static void reply_replaced(struct lb_call *call)
{
    if (lb_call_written(call))
        lb_call_reply_done(call, 200, "Step changed");
}

enum lb_progress lb_steps_put_one(struct lb_call *call)
{
    struct lb_step_change *change = begin_step_change(call);
    if (!change || !lb_call_parse_body(call, LB_JSON_OBJECT))
        return LB_DONE;
    struct reading reading = {.call = call, .body = call->body, .row = &change->row};
    if (!read_fields(&reading) || !read_order(call, &change->order))
        return LB_DONE;
    change->step = lb_id_step(call->req->params[1]);
    change->given = reading.given;
    lb_step_replace(change);
    return lb_call_write(call, &change->write, call->req->body.len, reply_replaced);
}

static void put_left(struct lb_call *call)
{
    struct lb_step_change *change = call->state;
    if (lb_call_written(call)) {
        struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
        lb_buf_append_lit(body, "{\"success\":true,\"message\":\"Step deleted\",\"steps\":");
        lb_steps_put(body, &change->left, "variants");
        lb_buf_append_lit(body, "}");
    }
    lb_step_change_fini(change);
}

static enum lb_progress reply_removed(struct lb_call *call)
{
    const struct lb_sequence *left = &((struct lb_step_change *)call->state)->left;
    return lb_call_put_answer(call, left->bodies.len + left->variant_texts.len, put_left);
}

enum lb_progress lb_steps_delete(struct lb_call *call)
{
    struct lb_step_change *change = begin_step_change(call);
    if (!change)
        return LB_DONE;
    change->step = lb_id_step(call->req->params[1]);
    lb_step_remove(change);
    return lb_call_write_then(call, &change->write, 0, reply_removed);
}

static void put_sequence(struct lb_buf *body, const struct lb_campaign_row *campaign,
                         const struct lb_sequence *sequence)
{
    lb_buf_append_lit(body, "{\"campaignId\":");
    lb_json_put_string(body, lb_str(campaign->id));
    lb_buf_append_lit(body, ",\"campaignName\":");
    lb_json_put_string(body, lb_str(campaign->name));
    lb_buf_append_lit(body, ",\"steps\":");
    lb_steps_put(body, sequence, "messages");
    lb_buf_append_lit(body, "}");
}

static enum lb_turn run_sequence(struct lb_call *call, struct lb_store_reader *reader)
{
    const struct lb_campaign *campaign =
        lb_directory_campaign(call->app->directory, call->workspace->row.no, call->campaign_id);
    if (!campaign) {
        lb_call_campaign_not_found(call);
        lb_request_complete(call->req);
        return LB_TURN_LAST;
    }
    struct lb_campaign_row row = campaign->row;
    struct lb_sequence sequence;
    lb_err err = lb_sequence_load(call->app->store, reader, call->list, true, &sequence);
    if (err)
        lb_call_refuse(call, err, NULL);
    else
        put_sequence(lb_reply_json(&call->req->reply, 200), &row, &sequence);
    lb_sequence_fini(&sequence);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_steps_sequence(struct lb_call *call)
{
    return lb_call_read(call, run_sequence);
}
