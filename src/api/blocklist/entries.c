#include "api/blocklist/entries.h"

#include "api/blocklist/entry_json.h"
#include "api/country.h"
#include "base/clock.h"
#include "domain/blocklist/typed_name.h"

static const char *const name_members[] = {
    "publicIdentifier", "memberId", "linkedinUrl", "email", "phone", "domain", "company"};
#define NAME_MEMBERS  (sizeof name_members / sizeof *name_members)
#define NAMES_TO_GIVE "publicIdentifier, memberId, linkedinUrl, email, phone, domain or company"

struct reading {
    struct lb_call *call;
    struct lb_identifiers *out;
    struct lb_kept kept;
    enum lb_names_for what_for;
    struct lb_name_rules rules;
    bool force;
    struct lb_typed_name name;
    struct lb_str reason; /* the last one that was kept */
};

/* What is read of one entry. */
struct entry {
    struct lb_str raw; /* ptr NULL: none, or no string */
    enum lb_name_type given;
    struct lb_str reason;
    enum lb_block_kind kind;
    int64_t end;
};

static bool is_absent(const struct lb_json *value)
{
    return lb_json_type(value) == LB_JSON_MISSING || lb_json_type(value) == LB_JSON_NULL;
}

const char *lb_entries_read_kind(const struct lb_json *object, enum lb_block_kind *out_kind,
                                 int64_t *out_end)
{
    const struct lb_json *kind = lb_json_member(object, "kind");
    const struct lb_json *end = lb_json_member(object, "expiresAt");
    *out_kind = LB_BLOCK_KIND_NONE;
    *out_end = 0;
    if (!is_absent(kind) && (lb_json_type(kind) != LB_JSON_STRING ||
                             !lb_block_kind_parse(lb_json_string(kind), out_kind)))
        return "the kind must be " LB_BLOCK_KINDS;
    if (is_absent(end))
        return NULL;
    if (lb_json_type(end) != LB_JSON_STRING || !lb_time_parse(lb_json_string(end), out_end))
        return "expiresAt must be a time such as 2027-01-31T00:00:00Z";
    return *out_end > lb_clock_wall_ms() ? NULL : "expiresAt is in the past";
}

bool lb_entries_keep_stored(struct lb_call *call, struct lb_kept *kept, enum lb_block_kind kind,
                            int64_t end, struct lb_change_item *item)
{
    struct lb_buf stored = {0};
    if (!kind && !end)
        return true;
    lb_item_put(&stored, item->key, kind, end);
    item->stored = lb_buf_str(&stored);
    bool done = !stored.failed && lb_keep(call, kept, &item->stored);
    lb_buf_fini(&stored);
    return done || lb_call_no_memory(call);
}

void lb_entries_put(struct lb_buf *body, const struct lb_identifiers *identifiers)
{
    lb_buf_append_lit(body, ",\"entries\":[");
    for (size_t i = 0; i < identifiers->count; i++) {
        lb_buf_append_str(body, i ? LB_STR(",{") : LB_STR("{"));
        lb_entry_json_put_name(body, identifiers->items[i].key);
        if (identifiers->leads)
            lb_buf_append_lit(body, ",\"leads\":");
        if (identifiers->leads && i < identifiers->leads_counted)
            lb_buf_append_u64(body, identifiers->leads[i]);
        else if (identifiers->leads)
            lb_buf_append_lit(body, "null");
        lb_buf_append_lit(body, "}");
    }
    lb_buf_append_lit(body, "]");
}

/* As programs send it for what they have nothing for. */
static bool is_empty(const struct lb_json *value)
{
    return lb_json_type(value) == LB_JSON_STRING && !lb_json_string(value).len;
}

/* The one name of an entry. NULL, or what is wrong. */
static const char *find_name(const struct lb_json *object, struct entry *out)
{
    size_t found = 0;
    for (size_t i = 0; i < NAME_MEMBERS; i++) {
        const struct lb_json *value = lb_json_member(object, name_members[i]);
        if (is_absent(value) || is_empty(value))
            continue;
        found++;
        out->raw = lb_json_string(value);
        lb_name_type_of_word(lb_str(name_members[i]), &out->given);
        if (lb_json_type(value) != LB_JSON_STRING)
            return "the name must be a string";
    }
    return found == 1 ? NULL
           : found    ? "has several names; send an entry for each"
                      : "has no name: give " NAMES_TO_GIVE;
}

static bool is_stored(const struct reading *reading, struct lb_str key)
{
    return lb_blocklist_find(reading->call->app->blocklist, reading->call->list, key) != 0;
}

static bool is_stored_name(void *context, const struct lb_typed_name *name)
{
    char room[LB_KEY_SIZE];
    return is_stored(context, lb_key_make(name->type, lb_typed_name_str(name), room));
}

/* NULL, or what is wrong. `*out_key`: in `room`, or in the reading. */
static const char *read_name(struct reading *reading, const struct entry *entry,
                             char room[LB_KEY_SIZE], struct lb_str *out_key)
{
    struct lb_typed_name *name = &reading->name;
    bool adds = reading->what_for == LB_NAMES_TO_ADD;
    const char *wrong =
        adds ? lb_typed_name_normalise(entry->given, entry->raw, &reading->rules, name)
             : lb_typed_name_stored(entry->given, entry->raw, &reading->rules, reading,
                                    is_stored_name, name);
    if (wrong)
        return wrong;
    *out_key = lb_key_make(name->type, lb_typed_name_str(name), room);
    bool doubtful = name->doubt && adds && !(name->forceable && reading->force) &&
                    !is_stored(reading, *out_key);
    return doubtful ? name->doubt : NULL;
}

/* The key under which a person may be stored by the rules before these; ptr NULL: under none but
 * today's. */
static struct lb_str key_before(const struct entry *entry, char room[LB_KEY_SIZE])
{
    struct lb_typed_name person;
    if (!lb_typed_name_person_before(entry->raw, &person))
        return (struct lb_str){0};
    memcpy(room, person.text, person.len); /* the key of a person is the name as it is */
    return (struct lb_str){room, person.len};
}

/* The same of a name that is to be freed: a person may be stored in the form that the name had
 * before. */
static const char *read_stored(struct reading *reading, const struct entry *entry,
                               char rooms[2][LB_KEY_SIZE], struct lb_str *out_key)
{
    const char *wrong = read_name(reading, entry, rooms[0], out_key);
    if (reading->what_for == LB_NAMES_TO_ADD || entry->given != LB_NAME_LINKEDIN ||
        (!wrong && is_stored(reading, *out_key)))
        return wrong;
    struct lb_str key = key_before(entry, rooms[1]);
    if (!key.ptr || !is_stored(reading, key))
        return wrong;
    *out_key = key;
    return NULL;
}

static const char *read_entry(const struct reading *reading, const struct lb_json *object,
                              struct entry *out)
{
    *out = (struct entry){0};
    if (lb_json_type(object) != LB_JSON_OBJECT)
        return "must be an object with one of " NAMES_TO_GIVE;
    const char *wrong = find_name(object, out);
    if (wrong || reading->what_for != LB_NAMES_TO_ADD)
        return wrong;
    wrong = lb_identifiers_read_reason(lb_json_member(object, "reason"), &out->reason);
    return wrong ? wrong : lb_entries_read_kind(object, &out->kind, &out->end);
}

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

static bool add(struct reading *reading, size_t index, const struct lb_json *object)
{
    struct lb_identifiers *out = reading->out;
    struct entry entry;
    char rooms[2][LB_KEY_SIZE];
    struct lb_change_item item = {0};
    const char *wrong = read_entry(reading, object, &entry);
    out->bad.fields |= wrong != NULL;
    if (!wrong)
        wrong = read_stored(reading, &entry, rooms, &item.key);
    if (wrong == lb_name_no_memory)
        return lb_call_no_memory(reading->call);
    if (wrong)
        return lb_bad_items_add(&out->bad, reading->call, &reading->kept, index, entry.raw, wrong);
    item.reason = entry.reason;
    if (!keep_reason(reading, &item.reason))
        return false;
    if (!lb_keep(reading->call, &reading->kept, &item.key))
        return lb_call_no_memory(reading->call);
    if (!lb_entries_keep_stored(reading->call, &reading->kept, entry.kind, entry.end, &item))
        return false;
    out->has_ends |= item.stored.ptr != NULL;
    out->items[out->count++] = item;
    return true;
}

/* "force" and "defaultCountry". False when the reply is set. */
static bool read_rules(struct reading *reading)
{
    const struct lb_json *body = reading->call->body;
    const struct lb_json *force = lb_json_member(body, "force");
    struct lb_reply *reply = &reading->call->req->reply;
    const char *wrong = lb_country_read_body(reading->call, &reading->rules.country);
    if (!is_absent(force) && lb_json_type(force) != LB_JSON_BOOL)
        lb_reply_error(reply, LB_ERR_INVALID_BODY, "\"force\" must be true or false.");
    else if (wrong)
        lb_reply_error(reply, LB_ERR_INVALID_BODY, "\"defaultCountry\" %s.", wrong);
    else
        return lb_json_bool(force, &reading->force) || true;
    return false;
}

static bool read_all(struct reading *reading)
{
    struct lb_call *call = reading->call;
    struct lb_identifiers *out = reading->out;
    const struct lb_json *array = lb_body_items_array(call, "entries");
    if (!array || !read_rules(reading))
        return false;
    size_t total = lb_json_length(array);
    *out = (struct lb_identifiers){0};
    lb_bad_items_init(&out->bad, call, total);
    out->bad.entries = true;
    out->items = lb_request_alloc(call->req, total * sizeof *out->items);
    out->fingerprints = lb_request_alloc(call->req, total * sizeof *out->fingerprints);
    if (!out->items || !out->fingerprints)
        return lb_call_no_memory(call);
    for (size_t i = 0; i < total; i++)
        if (!add(reading, i, lb_json_item(array, i)))
            return false;
    out->bytes = reading->kept.bytes;
    return lb_bad_items_pass(&out->bad, call);
}

bool lb_entries_read(struct lb_call *call, enum lb_names_for what_for, struct lb_identifiers *out)
{
    struct reading *reading = lb_call_alloc(call, sizeof *reading);
    if (!reading)
        return false;
    *reading = (struct reading){.call = call,
                                .out = out,
                                .what_for = what_for,
                                .rules = {.adds = what_for == LB_NAMES_TO_ADD}};
    bool done = read_all(reading);
    lb_body_items_free_body(call);
    return done;
}
