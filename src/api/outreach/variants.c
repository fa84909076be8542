/* Variants of what steps send: of several texts each lead gets one. */
#include "api/outreach/variants.h"

#include "api/handlers.h"
#include "api/ids.h"
#include "api/body_items.h"
#include "base/utf8.h"
#include "domain/outreach/template.h"
#include "domain/outreach/variant.h"
#include "json/encode.h"

static void put_variant(struct lb_buf *body, const struct lb_variant_row *variant, uint32_t order)
{
    char number[LB_ID_ROW_SIZE];
    lb_buf_printf(body, "{\"id\":\"" LB_VARIANT_PREFIX "%s\",\"body\":",
                  lb_id_write_row(number, variant->no));
    lb_json_put_string(body, variant->body);
    lb_buf_printf(body, ",\"order\":%u,\"isDisabled\":%s,\"icpDefinitionRaw\":", order,
                  variant->disabled ? "true" : "false");
    lb_json_put_string_or_null(body, variant->icp);
    lb_buf_printf(body, ",\"stepId\":\"" LB_STEP_PREFIX "%s\",\"aiTools\":[]}",
                  lb_id_write_row(number, variant->step));
}

void lb_variants_put(struct lb_buf *body, const struct lb_sequence *sequence, uint64_t step)
{
    uint32_t order = 0;
    lb_buf_append_lit(body, "[");
    for (size_t i = 0; i < sequence->variant_count; i++) {
        if (sequence->variants[i].step != step)
            continue;
        if (order)
            lb_buf_append_lit(body, ",");
        put_variant(body, &sequence->variants[i], ++order);
    }
    lb_buf_append_lit(body, "]");
}

void lb_variants_put_id(struct lb_buf *body, uint64_t variant)
{
    char number[LB_ID_ROW_SIZE];
    if (variant)
        lb_buf_printf(body, "\"" LB_VARIANT_PREFIX "%s\"", lb_id_write_row(number, variant));
    else
        lb_buf_append_lit(body, "null");
}

static void put_counts_of_step(struct lb_buf *body, const struct lb_sequence *sequence,
                               uint64_t step, bool *any)
{
    for (size_t i = 0; i < sequence->variant_count; i++) {
        const struct lb_variant_row *variant = &sequence->variants[i];
        char number[LB_ID_ROW_SIZE], of_step[LB_ID_ROW_SIZE];
        if (variant->step != step)
            continue;
        lb_buf_printf(body,
                      "%s{\"variantId\":\"" LB_VARIANT_PREFIX "%s\",\"stepId\":\"" LB_STEP_PREFIX
                      "%s\",\"done\":%lld,\"accepted\":%lld,\"replied\":%lld}",
                      *any ? "," : "", lb_id_write_row(number, variant->no),
                      lb_id_write_row(of_step, step), (long long)variant->counts.done,
                      (long long)variant->counts.accepted, (long long)variant->counts.replied);
        *any = true;
    }
}

void lb_variants_put_counts(struct lb_buf *body, const struct lb_sequence *sequence)
{
    bool any = false;
    lb_buf_append_lit(body, "[");
    for (size_t i = 0; i < sequence->count; i++)
        if (!sequence->steps[i].deleted_at)
            put_counts_of_step(body, sequence, sequence->steps[i].no, &any);
    lb_buf_append_lit(body, "]");
}

/* --- Bodies --- */

static bool wrong(struct lb_call *call, const char *what)
{
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY, "%s", what);
    return false;
}

static bool is_null(const struct lb_json *value)
{
    return lb_json_type(value) == LB_JSON_NULL;
}

static bool is_missing(const struct lb_json *value)
{
    return lb_json_type(value) == LB_JSON_MISSING;
}

static bool read_body(struct lb_call *call, const struct lb_json *value,
                      struct lb_variant_change *change)
{
    struct lb_str text = lb_json_string(value);
    struct lb_reason reason;
    if (!text.len || memchr(text.ptr, 0, text.len))
        return wrong(call, "The \"body\" of a variant must be a string that is not empty, without "
                           "NUL characters.");
    if (lb_utf8_count(text) > LB_VARIANT_CHARACTERS_MAX)
        return wrong(call, "The \"body\" of a variant is longer than 8000 characters.");
    lb_err err = lb_template_check(text, &reason);
    if (err) {
        lb_reply_error(&call->req->reply, err, "%s", reason.text);
        return false;
    }
    change->row.body = text;
    change->given |= LB_VARIANT_BODY;
    return true;
}

static bool read_icp(struct lb_call *call, const struct lb_json *value,
                     struct lb_variant_change *change)
{
    struct lb_str text = lb_json_string(value);
    if (is_missing(value))
        return true;
    change->given |= LB_VARIANT_ICP;
    if (is_null(value))
        return true;
    if (!text.ptr || memchr(text.ptr, 0, text.len) ||
        lb_utf8_count(text) > LB_VARIANT_ICP_CHARACTERS_MAX)
        return wrong(call, "\"icpDefinitionRaw\" must be a string of up to 2000 characters, or "
                           "null.");
    change->row.icp = text;
    return true;
}

static bool read_fields(struct lb_call *call, struct lb_variant_change *change)
{
    const struct lb_json *body = lb_json_member(call->body, "body");
    const struct lb_json *disabled = lb_json_member(call->body, "isDisabled");
    if (!is_missing(body) && !read_body(call, body, change))
        return false;
    if (!is_missing(disabled)) {
        if (!lb_json_bool(disabled, &change->row.disabled))
            return wrong(call, "\"isDisabled\" must be true or false.");
        change->given |= LB_VARIANT_DISABLED;
    }
    return read_icp(call, lb_json_member(call->body, "icpDefinitionRaw"), change);
}

/* --- Handlers --- */

static struct lb_variant_change *begin(struct lb_call *call)
{
    struct lb_variant_change *change = lb_call_alloc(call, sizeof *change);
    if (!change)
        return NULL;
    change->outreach = call->app->outreach;
    change->standing = lb_call_standing(call, false);
    change->step = lb_id_step(call->req->params[1]);
    call->state = change;
    return change;
}

static void reply(struct lb_call *call, unsigned status, const char *message)
{
    struct lb_variant_change *change = call->state;
    if (lb_call_written(call)) {
        struct lb_buf *body = lb_reply_json(&call->req->reply, status);
        lb_buf_printf(body, "{\"success\":true,\"message\":\"%s\",\"variants\":", message);
        lb_variants_put(body, &change->sequence, change->step);
        lb_buf_append_lit(body, "}");
    }
    lb_variant_change_fini(change);
}

static void put_added(struct lb_call *call)
{
    reply(call, 201, "Variant added");
}

static void put_replaced(struct lb_call *call)
{
    reply(call, 200, "Variant changed");
}

static void put_removed(struct lb_call *call)
{
    reply(call, 200, "Variant deleted");
}

/* It shows all variants of the step. */
static enum lb_progress reply_with(struct lb_call *call, void (*put)(struct lb_call *call))
{
    const struct lb_variant_change *change = call->state;
    return lb_call_put_answer(call, change->sequence.variant_texts.len, put);
}

static enum lb_progress reply_added(struct lb_call *call)
{
    return reply_with(call, put_added);
}

static enum lb_progress reply_replaced(struct lb_call *call)
{
    return reply_with(call, put_replaced);
}

static enum lb_progress reply_removed(struct lb_call *call)
{
    return reply_with(call, put_removed);
}

enum lb_progress lb_variants_post(struct lb_call *call)
{
    struct lb_variant_change *change = begin(call);
    if (!change || !lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !read_body(call, lb_json_member(call->body, "body"), change) || !read_fields(call, change))
        return LB_DONE;
    lb_variant_add(change);
    return lb_call_write_then(call, &change->write, call->req->body.len, reply_added);
}

enum lb_progress lb_variants_put_one(struct lb_call *call)
{
    struct lb_variant_change *change = begin(call);
    if (!change || !lb_call_parse_body(call, LB_JSON_OBJECT) || !read_fields(call, change))
        return LB_DONE;
    change->variant = lb_id_variant(call->req->params[2]);
    lb_variant_replace(change);
    return lb_call_write_then(call, &change->write, call->req->body.len, reply_replaced);
}

enum lb_progress lb_variants_delete(struct lb_call *call)
{
    struct lb_variant_change *change = begin(call);
    if (!change)
        return LB_DONE;
    change->variant = lb_id_variant(call->req->params[2]);
    lb_variant_remove(change);
    return lb_call_write_then(call, &change->write, 0, reply_removed);
}
