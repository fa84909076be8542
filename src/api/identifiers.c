#include "api/identifiers.h"

#include "domain/identifier.h"
#include "json/encode.h"

#include <stdio.h>

/* How much of a bad value is echoed, in bytes. */
#define SHOWN_BYTES 200
/* Canonical texts are kept in blocks of up to this size, and of the body's for small requests. */
#define TEXT_BLOCK ((size_t)16 << 10)

struct reading {
    struct lb_call *call;
    struct lb_identifiers *out;
    char *free; /* rest of the current block of texts */
    size_t left;
    size_t total;         /* items of the request */
    struct lb_str reason; /* the last one that was kept */
};

static bool out_of_memory(struct lb_call *call)
{
    lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
    return false;
}

static size_t count_characters(struct lb_str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.len; i++)
        count += ((unsigned char)text.ptr[i] & 0xc0) != 0x80;
    return count;
}

/* A reason: missing, null, or a text. NULL when it is good, else what is wrong with it. */
static const char *read_reason(const struct lb_json *value, struct lb_str *out)
{
    enum lb_json_type type = lb_json_type(value);
    *out = (struct lb_str){0};
    if (type == LB_JSON_MISSING || type == LB_JSON_NULL)
        return NULL;
    if (type != LB_JSON_STRING)
        return "the reason must be a text or null";
    *out = lb_json_string(value);
    if (memchr(out->ptr, 0, out->len))
        return "the reason contains a NUL character";
    if (count_characters(*out) > LB_REASON_CHARACTERS_MAX)
        return "the reason is longer than 500 characters";
    return NULL;
}

/* Checks the array's size and makes room. */
static bool start(struct reading *reading, const struct lb_json *array, const char *name)
{
    struct lb_call *call = reading->call;
    struct lb_reply *reply = &call->req->reply;
    struct lb_identifiers *out = reading->out;
    size_t max = call->app->config->max_identifiers;
    reading->total = lb_json_length(array);
    *out = (struct lb_identifiers){.lenient = lb_call_lenient(call)};
    if (lb_json_type(array) != LB_JSON_ARRAY) {
        lb_reply_error(reply, LB_ERR_INVALID_BODY, "The body needs an array \"%s\".", name);
        return false;
    }
    if (reading->total == 0) {
        lb_reply_error(reply, LB_ERR_EMPTY_IDENTIFIERS,
                       "The array \"%s\" is empty; send at least one lead.", name);
        return false;
    }
    if (reading->total > max) {
        lb_reply_error(reply, LB_ERR_TOO_MANY_IDENTIFIERS,
                       "The array \"%s\" has %zu items and at most %zu are allowed; send several "
                       "requests.",
                       name, reading->total, max);
        return false;
    }
    out->items = lb_request_alloc(call->req, reading->total * sizeof *out->items);
    out->fingerprints = lb_request_alloc(call->req, reading->total * sizeof *out->fingerprints);
    return out->items && out->fingerprints ? true : out_of_memory(call);
}

/* Copies a text to where it lives as long as the request: what was parsed does not. */
static char *keep(struct reading *reading, struct lb_str text)
{
    if (!reading->free || reading->left < text.len) {
        size_t wanted = reading->call->req->body.len + LB_IDENTIFIER_SIZE;
        wanted = wanted < TEXT_BLOCK ? wanted : TEXT_BLOCK;
        reading->left = wanted > text.len ? wanted : text.len;
        reading->free = lb_request_alloc(reading->call->req, reading->left);
        if (!reading->free)
            return NULL;
    }
    char *kept = reading->free;
    memcpy(kept, text.ptr, text.len);
    reading->free += text.len;
    reading->left -= text.len;
    reading->out->bytes += text.len;
    return kept;
}

/* As much of a bad value as is shown, and not half a character. */
static struct lb_str shown_part(struct lb_str value)
{
    if (value.len <= SHOWN_BYTES)
        return value;
    size_t shown = SHOWN_BYTES;
    while (((unsigned char)value.ptr[shown] & 0xc0) == 0x80)
        shown--;
    return (struct lb_str){value.ptr, shown};
}

static bool add_bad(struct reading *reading, size_t index, struct lb_str value, const char *reason)
{
    struct lb_identifiers *out = reading->out;
    size_t room = out->lenient ? reading->total : LB_BAD_ITEMS_SHOWN;
    if (!out->bad)
        out->bad = lb_request_alloc(reading->call->req, room * sizeof *out->bad);
    if (!out->bad)
        return out_of_memory(reading->call);
    if (out->bad_count++ >= room)
        return true;
    value = shown_part(value);
    if (value.ptr)
        value.ptr = keep(reading, value);
    out->bad[out->bad_count - 1] = (struct lb_bad_item){index, value, reason};
    return true;
}

static bool add(struct reading *reading, size_t index, const struct lb_json *value,
                struct lb_str reason_text)
{
    struct lb_identifiers *out = reading->out;
    if (lb_json_type(value) != LB_JSON_STRING)
        return add_bad(reading, index, (struct lb_str){0}, "is not a text");
    struct lb_str raw = lb_json_string(value);
    struct lb_identifier identifier;
    const char *wrong = lb_identifier_normalise(raw, &identifier);
    if (wrong)
        return add_bad(reading, index, raw, wrong);
    char *text = keep(reading, (struct lb_str){identifier.text, identifier.len});
    if (!text)
        return out_of_memory(reading->call);
    out->items[out->count++] = (struct lb_change_item){{text, identifier.len}, reason_text};
    return true;
}

static void put_bad_items(struct lb_buf *body, const struct lb_bad_item *bad, size_t count)
{
    lb_buf_append_lit(body, "[");
    for (size_t i = 0; i < count; i++) {
        lb_buf_printf(body, "%s{\"index\":%zu,\"value\":", i ? "," : "", bad[i].index);
        if (bad[i].value.ptr)
            lb_json_put_string(body, bad[i].value);
        else
            lb_buf_append_lit(body, "null");
        lb_buf_append_lit(body, ",\"reason\":");
        lb_json_put_string(body, lb_str(bad[i].reason));
        lb_buf_append_lit(body, "}");
    }
    lb_buf_append_lit(body, "]");
}

/* The whole request is refused for its bad items. */
static void refuse_bad(struct lb_call *call, const struct lb_bad_item *bad, size_t bad_count)
{
    struct lb_reply *reply = &call->req->reply;
    lb_reply_error(reply, LB_ERR_INVALID_IDENTIFIER,
                   "%zu of the identifiers cannot be used; nothing was recorded.", bad_count);
    reply->body.len--; /* reopen the object */
    size_t shown = bad_count < LB_BAD_ITEMS_SHOWN ? bad_count : LB_BAD_ITEMS_SHOWN;
    lb_buf_append_lit(&reply->body, ",\"errors\":");
    put_bad_items(&reply->body, bad, shown);
    lb_buf_printf(&reply->body, ",\"errorCount\":%zu}", bad_count);
}

static bool finish(struct reading *reading)
{
    struct lb_identifiers *out = reading->out;
    if (out->bad_count == 0 || out->lenient)
        return true;
    refuse_bad(reading->call, out->bad, out->bad_count);
    return false;
}

/* Copies a reason, unless it is the same as the one before. */
static bool keep_reason(struct reading *reading, struct lb_str *reason)
{
    if (!reason->ptr)
        return true;
    if (!reading->reason.ptr || !lb_str_equal(reading->reason, *reason)) {
        char *kept = keep(reading, *reason);
        if (!kept)
            return out_of_memory(reading->call);
        reading->reason = (struct lb_str){kept, reason->len};
    }
    *reason = reading->reason;
    return true;
}

static bool read_texts(struct reading *reading, bool with_reason)
{
    struct lb_call *call = reading->call;
    const struct lb_json *array = lb_json_member(call->body, "publicIdentifiers");
    if (!start(reading, array, "publicIdentifiers"))
        return false;
    struct lb_str reason = {0};
    const char *wrong =
        with_reason ? read_reason(lb_json_member(call->body, "reason"), &reason) : NULL;
    if (wrong) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY, "In \"reason\": %s.", wrong);
        return false;
    }
    if (!keep_reason(reading, &reason))
        return false;
    for (size_t i = 0; i < reading->total; i++)
        if (!add(reading, i, lb_json_item(array, i), reason))
            return false;
    return finish(reading);
}

static bool read_leads(struct reading *reading)
{
    const struct lb_json *array = lb_json_member(reading->call->body, "leads");
    if (!start(reading, array, "leads"))
        return false;
    for (size_t i = 0; i < reading->total; i++) {
        const struct lb_json *lead = lb_json_item(array, i);
        const struct lb_json *identifier = lb_json_member(lead, "publicIdentifier");
        struct lb_str reason = {0};
        const char *wrong = NULL;
        if (lb_json_type(lead) != LB_JSON_OBJECT)
            wrong = "is not an object with a publicIdentifier";
        else if (lb_json_type(identifier) == LB_JSON_MISSING)
            wrong = "has no publicIdentifier";
        else
            wrong = read_reason(lb_json_member(lead, "reason"), &reason);
        if (wrong ? !add_bad(reading, i, lb_json_string(identifier), wrong)
                  : !keep_reason(reading, &reason) || !add(reading, i, identifier, reason))
            return false;
    }
    return finish(reading);
}

/* What was parsed is several times as large as what is kept of it. */
static void free_body(struct lb_call *call)
{
    lb_json_free(call->body);
    call->body = NULL;
}

bool lb_identifiers_read(struct lb_call *call, bool with_reason, struct lb_identifiers *out)
{
    struct reading reading = {.call = call, .out = out};
    bool done = read_texts(&reading, with_reason);
    free_body(call);
    return done;
}

bool lb_identifiers_read_leads(struct lb_call *call, struct lb_identifiers *out)
{
    struct reading reading = {.call = call, .out = out};
    bool done = read_leads(&reading);
    free_body(call);
    return done;
}

bool lb_identifiers_read_one(struct lb_call *call, struct lb_str raw, struct lb_str *out)
{
    struct lb_identifier *identifier = lb_request_alloc(call->req, sizeof *identifier);
    if (!identifier)
        return out_of_memory(call);
    const char *wrong = lb_identifier_normalise(raw, identifier);
    if (wrong) {
        struct lb_bad_item bad = {0, raw, wrong};
        refuse_bad(call, &bad, 1);
        return false;
    }
    *out = (struct lb_str){identifier->text, identifier->len};
    return true;
}

void lb_identifiers_put_invalid(struct lb_call *call, const struct lb_identifiers *identifiers,
                                struct lb_buf *body)
{
    if (!identifiers->lenient)
        return;
    lb_reply_header(&call->req->reply, "Preference-Applied", "handling=lenient");
    lb_buf_append_lit(body, ",\"invalid\":");
    put_bad_items(body, identifiers->bad, identifiers->bad_count);
}
