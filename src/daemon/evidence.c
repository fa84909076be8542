#include "daemon/evidence.h"

#include "api/ids.h"
#include "base/clock.h"
#include "domain/blocklist/item.h"
#include "store/chain.h"
#include "store/names.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>

#define FILE_BYTES_MAX ((size_t)64 << 20)

/* --- The file --------------------------------------------------------------------------------- */

static lb_err malformed(struct lb_reason *reason, const char *what)
{
    return lb_fail(reason, LB_ERR_CONFLICT,
                   "the file is not a statement as leadblock evidence prints it: %s", what);
}

static lb_err read_file(struct lb_evidence *evidence, const char *path, struct lb_reason *reason)
{
    char piece[8192];
    bool too_long = false;
    FILE *file = fopen(path, "re");
    if (!file)
        return lb_fail(reason, LB_ERR_NOT_FOUND, "%s: %s", path, strerror(errno));
    while (!too_long && !feof(file) && !ferror(file)) {
        size_t len = fread(piece, 1, sizeof piece, file);
        too_long = len > 0 && evidence->file.len >= FILE_BYTES_MAX;
        if (!too_long)
            lb_buf_append(&evidence->file, piece, len);
    }
    bool failed = ferror(file) || evidence->file.failed;
    fclose(file);
    if (failed)
        return lb_fail(reason, LB_ERR_INTERNAL, "%s: cannot be read", path);
    return too_long ? malformed(reason, "it is too long") : LB_OK;
}

static bool read_base64(const struct lb_json *value, uint8_t *out, size_t size)
{
    struct lb_str text = lb_json_string(value);
    size_t len = 0;
    return text.ptr &&
           sodium_base642bin(out, size, text.ptr, text.len, NULL, &len, NULL,
                             sodium_base64_VARIANT_ORIGINAL) == 0 &&
           len == size;
}

static bool read_digest(const struct lb_json *object, uint8_t out[LB_DIGEST_SIZE])
{
    struct lb_str text = lb_json_string(lb_json_member(object, "digest"));
    size_t len = 0;
    return text.ptr &&
           sodium_hex2bin(out, LB_DIGEST_SIZE, text.ptr, text.len, NULL, &len, NULL) == 0 &&
           len == LB_DIGEST_SIZE;
}

static bool read_number(const struct lb_json *object, const char *name, uint64_t *out)
{
    int64_t number;
    if (!lb_json_int64(lb_json_member(object, name), &number) || number < 0)
        return false;
    *out = (uint64_t)number;
    return true;
}

static struct lb_str string_of(const struct lb_json *object, const char *name)
{
    return lb_json_string(lb_json_member(object, name));
}

static const struct lb_json *events_of(const struct lb_evidence *evidence)
{
    return lb_json_member(evidence->statement, "events");
}

/* The key of the name that an object of the statement has: a LinkedIn name is its own, one of
 * another type is written to `room`. ptr NULL: it has none. */
static struct lb_str key_of(const struct lb_json *object, char room[LB_KEY_SIZE])
{
    struct lb_str name = string_of(object, "publicIdentifier");
    struct lb_str value = string_of(object, "value");
    enum lb_name_type type;
    if (name.ptr)
        return name;
    if (!value.ptr || value.len >= LB_TYPED_NAME_SIZE ||
        !lb_name_type_of_word(string_of(object, "type"), &type) || type <= LB_NAME_MEMBER_ID)
        return (struct lb_str){0};
    if (type == LB_NAME_COMPANY && string_of(object, "companyUrl").ptr)
        type = LB_NAME_COMPANY_PAGE;
    return lb_key_make(type, value, room);
}

/* Adds a name, if it is a new one; the keys have room for it. */
static void add_name(struct lb_evidence *evidence, const struct lb_json *object)
{
    char room[LB_KEY_SIZE];
    struct lb_str key = key_of(object, room);
    struct lb_history *history = &evidence->history;
    for (size_t at = 0; at < history->name_count; at++)
        if (lb_str_equal(evidence->names[at], key))
            return;
    if (key.ptr == room) {
        char *kept = evidence->keys.ptr + evidence->keys.len;
        lb_buf_append_str(&evidence->keys, key);
        key.ptr = kept;
    }
    evidence->names[history->name_count++] = key;
}

/* By which names the person or company is looked for: those that the statement has. */
static lb_err read_names(struct lb_evidence *evidence, struct lb_reason *reason)
{
    size_t events = lb_json_length(events_of(evidence));
    struct lb_history *history = &evidence->history;
    if (events > LB_HISTORY_EVENTS_MAX) /* each is compared with those before it */
        return malformed(reason, "it has more events than a statement can have");
    evidence->names = calloc(events + 1, sizeof *evidence->names);
    /* Each value stands in the file, and gets two bytes more. */
    if (!evidence->names || !lb_buf_reserve(&evidence->keys, evidence->file.len + 2 * (events + 1)))
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    add_name(evidence, evidence->statement);
    for (size_t i = 0; i < events; i++)
        add_name(evidence, lb_json_item(events_of(evidence), i));
    history->names = evidence->names;
    history->exact = true; /* the rules for names may be others by now */
    return LB_OK;
}

static lb_err read_statement(struct lb_evidence *evidence, struct lb_str text,
                             struct lb_reason *reason)
{
    char room[LB_KEY_SIZE];
    uint64_t version;
    if (lb_json_parse(text, LB_JSON_MAX_DEPTH, &evidence->statement, reason) != LB_OK)
        return malformed(reason, "what was signed is not JSON");
    const struct lb_json *statement = evidence->statement;
    const struct lb_json *head = lb_json_member(statement, "head");
    if (!lb_str_equal(string_of(statement, "format"), LB_STR("leadblock-evidence")))
        return malformed(reason, "its format is another");
    if (!read_number(statement, "version", &version) || (version != 1 && version != 2))
        return malformed(reason, "its version is neither 1 nor 2; a newer leadblock knows it");
    evidence->at = string_of(statement, "at");
    struct lb_str workspace = string_of(statement, "workspaceId");
    if (!evidence->at.ptr || !workspace.ptr ||
        !lb_str_copy(workspace, evidence->workspace_id, sizeof evidence->workspace_id) ||
        !read_number(head, "row", &evidence->head) ||
        !read_number(head, "entry", &evidence->head_entry) ||
        !read_digest(head, evidence->head_digest))
        return malformed(reason, "it lacks where the log ended");
    bool named = key_of(statement, room).ptr != NULL;
    if (version == 2 && !named)
        return malformed(reason, "it lacks a name of a type that this version knows");
    return named ? read_names(evidence, reason) : LB_OK;
}

lb_err lb_evidence_read(struct lb_evidence *evidence, const char *path, struct lb_reason *reason)
{
    uint8_t signature[LB_SIGNATURE_SIZE];
    *evidence = (struct lb_evidence){.head = 0};
    lb_err err = read_file(evidence, path, reason);
    if (err)
        return err;
    if (lb_json_parse(lb_buf_str(&evidence->file), LB_JSON_MAX_DEPTH, &evidence->answer, reason) !=
        LB_OK)
        return malformed(reason, "it is not JSON");
    struct lb_str text = string_of(evidence->answer, "statement");
    if (!text.ptr ||
        !read_base64(lb_json_member(evidence->answer, "signature"), signature, sizeof signature) ||
        !read_base64(lb_json_member(evidence->answer, "publicKey"), evidence->public_key,
                     sizeof evidence->public_key))
        return malformed(reason, "it lacks statement, signature or publicKey");
    if (!lb_signing_is_signed(text, signature, evidence->public_key))
        return lb_fail(reason, LB_ERR_CONFLICT,
                       "the signature is not that of the statement: one of them was changed");
    return read_statement(evidence, text, reason);
}

void lb_evidence_fini(struct lb_evidence *evidence)
{
    lb_history_fini(&evidence->history);
    free(evidence->names);
    lb_buf_fini(&evidence->keys);
    lb_json_free(evidence->statement);
    lb_json_free(evidence->answer);
    lb_buf_fini(&evidence->file);
}

/* --- The store -------------------------------------------------------------------------------- */

static lb_err look_for_workspace(void *context, const struct lb_workspace_row *row)
{
    struct lb_evidence *evidence = context;
    evidence->found |= strcmp(row->id, evidence->workspace_id) == 0;
    return LB_OK;
}

lb_err lb_evidence_check_store(struct lb_evidence *evidence, struct lb_store *store,
                               struct lb_reason *reason)
{
    struct lb_signing_key_row key;
    uint8_t public_key[LB_PUBLIC_KEY_SIZE];
    lb_err err = store->ops->load_workspaces(store, evidence, look_for_workspace);
    if (err)
        return lb_fail(reason, err, "the database cannot be read");
    if (!evidence->found)
        return lb_fail(reason, LB_ERR_CONFLICT, "the database has no workspace %s",
                       evidence->workspace_id);
    err = store->ops->signing_key(store->ops->writer_reader(store), &key);
    evidence->has_key = err != LB_ERR_NOT_FOUND;
    if (err && evidence->has_key)
        return lb_fail(reason, err, "the database's signing key cannot be read");
    if (err) /* it may have been put back to before its first statement: see lb_evidence_compare */
        return LB_OK;
    lb_signing_public_key(&key, public_key);
    sodium_memzero(&key, sizeof key);
    return memcmp(public_key, evidence->public_key, sizeof public_key) == 0
               ? LB_OK
               : lb_fail(reason, LB_ERR_CONFLICT,
                         "the statement was signed with another key than the database has");
}

lb_err lb_evidence_take(void *context, const char *workspace_id, const struct lb_log_row *row)
{
    struct lb_evidence *evidence = context;
    if (strcmp(workspace_id, evidence->workspace_id) != 0)
        return LB_OK;
    evidence->last = row->number;
    if (row->number == evidence->head) {
        evidence->head_found = true;
        evidence->head_same = memcmp(row->digest, evidence->head_digest, sizeof row->digest) == 0;
    }
    if (row->number > evidence->head || !evidence->history.name_count)
        return LB_OK;
    return lb_history_take(&evidence->history, row);
}

/* --- Comparing -------------------------------------------------------------------------------- */

static bool same_text(const struct lb_json *stated, const char *name, struct lb_str text)
{
    struct lb_str other = string_of(stated, name);
    return (other.ptr == NULL) == (text.ptr == NULL) && lb_str_equal(other, text);
}

static bool same_name(const struct lb_json *stated, struct lb_str stored)
{
    char room[LB_KEY_SIZE];
    struct lb_str key = key_of(stated, room);
    return key.ptr && lb_str_equal(key, stored);
}

static bool same_number(const struct lb_json *stated, const char *name, uint64_t number)
{
    uint64_t other;
    return read_number(stated, name, &other) && other == number;
}

static bool same_change(const struct lb_json *stated, const char *name, struct lb_public_id change)
{
    char id[LB_ID_RECORD_SIZE];
    size_t len = lb_id_write_record(id, LB_STR(LB_CHANGE_PREFIX), change);
    return same_text(stated, name,
                     change.number ? (struct lb_str){id, len} : (struct lb_str){NULL, 0});
}

/* NULL, or what of the event is not as the statement says. */
static const char *differing(const struct lb_evidence *evidence, const struct lb_json *stated,
                             const struct lb_history_event *event)
{
    const struct lb_history *history = &evidence->history;
    uint8_t digest[LB_DIGEST_SIZE];
    char at[LB_TIME_TEXT_SIZE];
    struct lb_str time = {at, lb_time_format(event->at, at)};
    bool installation = strcmp(evidence->workspace_id, LB_INSTALLATION_ID) == 0;
    const char *scope = event->campaign ? "campaign" : installation ? "installation" : "workspace";
    const struct {
        const char *name;
        bool same;
    } parts[] = {
        {"digest", read_digest(stated, digest) && !memcmp(digest, event->digest, sizeof digest)},
        {"event", same_text(stated, "event", lb_str(lb_log_kind_name(event->kind)))},
        {"entry", same_number(stated, "entry", event->entry)},
        {string_of(stated, "value").ptr ? "value" : "publicIdentifier",
         same_name(stated, lb_history_str(history, &event->name))},
        {"scope", same_text(stated, "scope", lb_str(scope))},
        {"campaign", same_number(stated, "campaign", event->campaign)},
        {"at", same_text(stated, "at", time)},
        {"actor", same_number(stated, "actor", event->actor)},
        {"changeId", same_change(stated, "changeId", event->change)},
        {"undoes", same_change(stated, "undoes", event->undoes)},
        {"reason", same_text(stated, "reason", lb_history_str(history, &event->reason))},
    };
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (!parts[i].same)
            return parts[i].name;
    return NULL;
}

static lb_err compare_event(const struct lb_evidence *evidence, size_t i, struct lb_reason *reason)
{
    const struct lb_history *history = &evidence->history;
    const struct lb_json *stated = lb_json_item(events_of(evidence), i);
    const struct lb_history_event *event = i < history->event_count ? &history->events[i] : NULL;
    uint64_t row = 0;
    if (!stated && !event)
        return LB_OK;
    if (stated && !read_number(stated, "row", &row))
        return malformed(reason, "an event has no row");
    if (stated && (!event || event->row > row))
        return lb_fail(reason, LB_ERR_CONFLICT,
                       "row %llu of the log does not say of the person what the statement says",
                       (unsigned long long)row);
    if (!stated || event->row < row)
        return lb_fail(reason, LB_ERR_CONFLICT,
                       "row %llu of the log is about the person, and the statement leaves it out",
                       (unsigned long long)event->row);
    const char *what = differing(evidence, stated, event);
    return what ? lb_fail(reason, LB_ERR_CONFLICT,
                          "row %llu of the log is not as the statement says: %s is another",
                          (unsigned long long)row, what)
                : LB_OK;
}

/* Is the person on the lists as the log says? */
static lb_err compare_lists(const struct lb_evidence *evidence, struct lb_reason *reason)
{
    const struct lb_history *history = &evidence->history;
    const struct lb_json *lists = lb_json_member(evidence->statement, "lists");
    bool same = lb_json_length(lists) == history->list_count;
    for (size_t i = 0; same && i < history->list_count; i++) {
        const struct lb_json *stated = lb_json_item(lists, i);
        bool blocked = false;
        same = same_number(stated, "campaign", history->lists[i].campaign) &&
               lb_json_bool(lb_json_member(stated, "blocked"), &blocked) &&
               blocked == (history->lists[i].blocking > 0);
    }
    return same ? LB_OK
                : lb_fail(reason, LB_ERR_CONFLICT,
                          "the statement says of the lists that the person is on what its own "
                          "events do not say");
}

static lb_err compare_person(const struct lb_evidence *evidence, struct lb_reason *reason)
{
    size_t stated = lb_json_length(events_of(evidence));
    size_t count = evidence->history.event_count;
    lb_err err = LB_OK;
    for (size_t i = 0; !err && (i < stated || i < count); i++)
        err = compare_event(evidence, i, reason);
    return err ? err : compare_lists(evidence, reason);
}

/* Of an empty log. */
static bool begins_so(const struct lb_evidence *evidence)
{
    uint8_t begin[LB_DIGEST_SIZE];
    lb_chain_begin(lb_str(evidence->workspace_id), begin);
    return memcmp(begin, evidence->head_digest, sizeof begin) == 0;
}

lb_err lb_evidence_compare(const struct lb_evidence *evidence, struct lb_reason *reason)
{
    unsigned long long head = evidence->head;
    if (evidence->last < head)
        return lb_fail(
            reason, LB_ERR_CONFLICT,
            "the log ends before the statement's head: after row %llu, and the statement "
            "names row %llu. It was put back to an earlier state, or its end was removed",
            (unsigned long long)evidence->last, head);
    lb_err err = evidence->history.name_count ? compare_person(evidence, reason) : LB_OK;
    if (err)
        return err;
    if (head && !evidence->head_found)
        return lb_fail(reason, LB_ERR_CONFLICT,
                       "the log has no row %llu, which is the statement's head", head);
    if (head ? !evidence->head_same : !begins_so(evidence))
        return lb_fail(
            reason, LB_ERR_CONFLICT,
            "row %llu of the log is not the statement's head: it, or a row before it, was "
            "changed since, with all digests after it",
            head);
    if (!evidence->has_key)
        return lb_fail(
            reason, LB_ERR_CONFLICT,
            "the log holds the statement, and the database has lost the key that statements are "
            "signed with: compare publicKey with the one that was written down, and restore a "
            "backup before the server makes another key");
    return LB_OK;
}
