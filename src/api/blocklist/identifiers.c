#include "api/blocklist/identifiers.h"

#include "api/blocklist/entries.h"
#include "base/utf8.h"
#include "domain/blocklist/identifier.h"

struct reading {
    struct lb_call *call;
    struct lb_identifiers *out;
    struct lb_kept kept;
    enum lb_names_for what_for;
    size_t total;         /* items of the request */
    struct lb_str reason; /* the last one that was kept */
};

const char *lb_identifiers_read_reason(const struct lb_json *value, struct lb_str *out)
{
    enum lb_json_type type = lb_json_type(value);
    *out = (struct lb_str){0};
    if (type == LB_JSON_MISSING || type == LB_JSON_NULL)
        return NULL;
    if (type != LB_JSON_STRING)
        return "the reason must be a string or null";
    *out = lb_json_string(value);
    if (memchr(out->ptr, 0, out->len))
        return "the reason contains a NUL character";
    if (lb_utf8_count(*out) > LB_REASON_CHARACTERS_MAX)
        return "the reason is longer than 500 characters";
    return NULL;
}

/* Finds the array, checks its size and makes room; NULL when the reply is set. */
static const struct lb_json *start_reading(struct reading *reading, const char *name)
{
    struct lb_call *call = reading->call;
    struct lb_identifiers *out = reading->out;
    const struct lb_json *array = lb_body_items_array(call, name);
    if (!array)
        return NULL;
    reading->total = lb_json_length(array);
    *out = (struct lb_identifiers){0};
    lb_bad_items_init(&out->bad, call, reading->total);
    out->items = lb_request_alloc(call->req, reading->total * sizeof *out->items);
    out->fingerprints = lb_request_alloc(call->req, reading->total * sizeof *out->fingerprints);
    if (out->items && out->fingerprints)
        return array;
    lb_call_no_memory(call);
    return NULL;
}

static bool add_bad(struct reading *reading, size_t index, struct lb_str value, const char *reason)
{
    return lb_bad_items_add(&reading->out->bad, reading->call, &reading->kept, index, value,
                            reason);
}

/* Is the name in the list of the request? A check asks the workspace's list, too. */
static bool is_stored(const struct reading *reading, struct lb_str name)
{
    const struct lb_blocklist *blocklist = reading->call->app->blocklist;
    struct lb_list list = reading->call->list;
    return reading->what_for == LB_NAMES_TO_CHECK
               ? lb_blocklist_check(blocklist, list, name).scope != LB_SCOPE_NONE
               : lb_blocklist_find(blocklist, list, name) != 0;
}

/* The name in canonical form. NULL, or what is wrong with it; doubtful ones are good when they are
 * stored. */
static const char *read_name(const struct reading *reading, struct lb_str raw,
                             struct lb_identifier *identifier, struct lb_str *out)
{
    bool adds = reading->what_for == LB_NAMES_TO_ADD;
    const char *wrong = lb_identifier_normalise(raw, identifier);
    if (wrong)
        return wrong;
    *out = (struct lb_str){identifier->text, identifier->len};
    if (reading->what_for != LB_NAMES_TO_REMOVE)
        wrong = lb_identifier_doubt(identifier, adds);
    return wrong && is_stored(reading, *out) ? NULL : wrong;
}

/* The same of a name that is not to be added: it may be stored in the form that it had before. */
static const char *read_stored(const struct reading *reading, struct lb_str raw,
                               struct lb_identifier names[2], struct lb_str *out)
{
    const char *wrong = read_name(reading, raw, &names[0], out);
    bool certain = !wrong && (names[0].plain || is_stored(reading, *out));
    if (certain || reading->what_for == LB_NAMES_TO_ADD ||
        !lb_identifier_before(raw, wrong ? NULL : &names[0], &names[1]))
        return wrong;
    struct lb_str before = {names[1].text, names[1].len};
    if (!is_stored(reading, before))
        return wrong;
    *out = before;
    return NULL;
}

/* What a request says of a name beside it. */
struct details {
    struct lb_str reason;
    enum lb_block_kind kind;
    int64_t end;
};

static const char *read_details(const struct lb_json *object, struct details *out)
{
    const char *wrong = lb_identifiers_read_reason(lb_json_member(object, "reason"), &out->reason);
    return wrong ? wrong : lb_entries_read_kind(object, &out->kind, &out->end);
}

static bool add(struct reading *reading, size_t index, const struct lb_json *value,
                const struct details *details)
{
    struct lb_identifiers *out = reading->out;
    if (lb_json_type(value) != LB_JSON_STRING)
        return add_bad(reading, index, (struct lb_str){0}, "must be a string");
    struct lb_str raw = lb_json_string(value);
    struct lb_identifier names[2];
    struct lb_str text;
    const char *wrong = read_stored(reading, raw, names, &text);
    if (wrong)
        return add_bad(reading, index, raw, wrong);
    if (!lb_keep(reading->call, &reading->kept, &text))
        return lb_call_no_memory(reading->call);
    struct lb_change_item *item = &out->items[out->count++]; /* the rest of it is zero */
    item->key = text;
    item->reason = details->reason;
    if (!details->kind && !details->end)
        return true;
    out->has_ends = true;
    return lb_entries_keep_stored(reading->call, &reading->kept, details->kind, details->end, item);
}

/* Copies a reason, unless it is the same as the one before. */
static bool keep_reason(struct reading *reading, struct lb_str *reason)
{
    if (!reason->ptr)
        return true;
    if (!reading->reason.ptr || !lb_str_equal(reading->reason, *reason)) {
        reading->reason = *reason;
        if (!lb_keep(reading->call, &reading->kept, &reading->reason))
            return lb_call_no_memory(reading->call);
    }
    *reason = reading->reason;
    return true;
}

static bool read_strings(struct reading *reading)
{
    struct lb_call *call = reading->call;
    const struct lb_json *array = start_reading(reading, "publicIdentifiers");
    if (!array)
        return false;
    struct details details = {0};
    const char *wrong =
        reading->what_for == LB_NAMES_TO_ADD
            ? lb_identifiers_read_reason(lb_json_member(call->body, "reason"), &details.reason)
            : NULL;
    if (wrong) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY, "\"reason\" is invalid: %s.", wrong);
        return false;
    }
    if (reading->what_for == LB_NAMES_TO_ADD)
        wrong = lb_entries_read_kind(call->body, &details.kind, &details.end);
    if (wrong) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY, "The body is invalid: %s.", wrong);
        return false;
    }
    if (!keep_reason(reading, &details.reason))
        return false;
    for (size_t i = 0; i < reading->total; i++)
        if (!add(reading, i, lb_json_item(array, i), &details))
            return false;
    return lb_bad_items_pass(&reading->out->bad, call);
}

static bool read_leads(struct reading *reading)
{
    const struct lb_json *array = start_reading(reading, "leads");
    if (!array)
        return false;
    for (size_t i = 0; i < reading->total; i++) {
        const struct lb_json *lead = lb_json_item(array, i);
        const struct lb_json *identifier = lb_json_member(lead, "publicIdentifier");
        struct details details = {0};
        const char *wrong = NULL;
        if (lb_json_type(lead) != LB_JSON_OBJECT)
            wrong = "must be an object with a publicIdentifier";
        else if (lb_json_type(identifier) == LB_JSON_MISSING)
            wrong = "has no publicIdentifier";
        else
            wrong = read_details(lead, &details);
        if (wrong
                ? !add_bad(reading, i, lb_json_string(identifier), wrong)
                : !keep_reason(reading, &details.reason) || !add(reading, i, identifier, &details))
            return false;
    }
    return lb_bad_items_pass(&reading->out->bad, reading->call);
}

static bool read_body(struct reading *reading, bool done)
{
    reading->out->bytes = reading->kept.bytes;
    lb_body_items_free_body(reading->call);
    return done;
}

bool lb_identifiers_read(struct lb_call *call, enum lb_names_for what_for,
                         struct lb_identifiers *out)
{
    struct reading reading = {.call = call, .what_for = what_for, .out = out};
    return read_body(&reading, read_strings(&reading));
}

bool lb_identifiers_read_leads(struct lb_call *call, struct lb_identifiers *out)
{
    struct reading reading = {.call = call, .what_for = LB_NAMES_TO_ADD, .out = out};
    return read_body(&reading, read_leads(&reading));
}

bool lb_identifiers_fold(struct lb_call *call, const struct lb_identifiers *identifiers,
                         const uint64_t *hashes, bool *first)
{
    size_t capacity = 16;
    while (capacity < identifiers->count * 2)
        capacity *= 2;
    uint32_t *slots = lb_request_alloc(call->req, capacity * sizeof *slots); /* index + 1 */
    if (!slots)
        return false;
    for (size_t i = 0; i < identifiers->count; i++) {
        struct lb_str identifier = identifiers->items[i].key;
        size_t at = hashes[i] & (capacity - 1);
        while (slots[at] && !lb_str_equal(identifiers->items[slots[at] - 1].key, identifier))
            at = (at + 1) & (capacity - 1);
        first[i] = slots[at] == 0;
        if (first[i])
            slots[at] = (uint32_t)i + 1;
    }
    return true;
}

bool lb_identifiers_read_one(struct lb_call *call, struct lb_str raw, struct lb_asked *out)
{
    struct lb_identifier *identifier = lb_call_alloc(call, sizeof *identifier);
    struct lb_identifier before;
    if (!identifier)
        return false;
    *out = (struct lb_asked){.raw = raw, .wrong = lb_identifier_normalise(raw, identifier)};
    if (!out->wrong) {
        out->identifier = (struct lb_str){identifier->text, identifier->len};
        out->wrong = lb_identifier_doubt(identifier, false);
    }
    bool plain = !out->wrong && identifier->plain; /* it has had no other form */
    if (plain || !lb_identifier_before(raw, out->wrong ? NULL : identifier, &before))
        return true;
    struct lb_kept kept = {0};
    out->before = (struct lb_str){before.text, before.len};
    return lb_keep(call, &kept, &out->before) || lb_call_no_memory(call);
}

enum lb_progress lb_identifiers_refuse(struct lb_call *call, const struct lb_asked *asked)
{
    struct lb_bad_item item = {0, asked->raw, lb_str(asked->wrong)};
    struct lb_bad_items bad = {.items = &item, .room = 1, .count = 1};
    lb_bad_items_pass(&bad, call);
    return LB_DONE;
}
