/* Evidence: a signed statement of where the log of a workspace ends, and of what it says of one
 * person or company. What is signed is the statement's text as it stands in the answer, so that a
 * verifier never has to write it again. Its members are in docs/api.md; daemon/evidence.c compares
 * them with a later log. */
#include "api/access/admin.h"
#include "api/blocklist/asked_history.h"
#include "api/handlers.h"

#include "base/clock.h"
#include "domain/access/signing.h"
#include "json/encode.h"
#include "store/names.h"

#include <sodium.h>

#define BASE64_SIZE(bytes) (sodium_base64_ENCODED_LEN(bytes, sodium_base64_VARIANT_ORIGINAL))

struct evidence {
    struct lb_signing_change signing;
    struct lb_asked_history person;
    bool of_person; /* by a name; else of the whole log */
    bool key_alone;
    struct lb_buf text; /* the statement */
};

static void release(struct lb_call *call)
{
    struct evidence *evidence = call->state;
    sodium_memzero(&evidence->signing.key, sizeof evidence->signing.key);
    lb_asked_history_fini(&evidence->person, call);
    lb_buf_fini(&evidence->text);
}

/* --- The statement's text --- */

static void put_digest(struct lb_buf *text, const uint8_t digest[LB_DIGEST_SIZE])
{
    char hex[2 * LB_DIGEST_SIZE + 1];
    sodium_bin2hex(hex, sizeof hex, digest, LB_DIGEST_SIZE);
    lb_buf_printf(text, "\"digest\":\"%s\"", hex);
}

/* Whose list; false when it has ended. */
static bool put_list(struct lb_call *call, struct lb_buf *text, uint32_t campaign)
{
    char id[LB_ID_SIZE];
    bool deleted;
    bool known = campaign && lb_directory_list_id(call->app->directory, call->workspace, campaign,
                                                  id, &deleted);
    struct lb_list list = {call->list.workspace, campaign};
    lb_buf_printf(text, "\"scope\":\"%s\",\"campaign\":%u,\"campaignId\":",
                  lb_scope_name(lb_scope_of_list(list)), campaign);
    lb_json_put_string_or_null(text, known ? lb_str(id) : (struct lb_str){0});
    return known || !campaign;
}

static void put_change(struct lb_buf *text, const char *name, struct lb_public_id change)
{
    lb_buf_printf(text, ",\"%s\":", name);
    lb_asked_history_put_change(text, change);
}

/* A LinkedIn name as the first version of the format has it; names of other types make the second.
 */
static void put_name(struct lb_buf *text, struct lb_str key)
{
    bool linkedin = lb_key_is_linkedin(key);
    if (linkedin)
        lb_buf_append_lit(text, "\"publicIdentifier\":");
    else
        lb_buf_printf(text, "\"type\":\"%s\",\"value\":", lb_name_type_word(lb_key_type(key)));
    lb_json_put_string(text, lb_key_value(key));
    lb_named_put_page(text, key);
}

static int version_of(const struct evidence *evidence)
{
    return evidence->of_person && !lb_key_is_linkedin(evidence->person.names[0]) ? 2 : 1;
}

static void put_event(struct lb_call *call, struct lb_buf *text,
                      const struct lb_history_event *event)
{
    struct evidence *evidence = call->state;
    lb_buf_printf(text, "{\"row\":%llu,", (unsigned long long)event->row);
    put_digest(text, event->digest);
    lb_buf_printf(text, ",\"event\":\"%s\",\"entry\":%llu,", lb_log_kind_name(event->kind),
                  (unsigned long long)event->entry);
    put_name(text, lb_history_str(&evidence->person.history, &event->name));
    lb_buf_append_lit(text, ",");
    put_list(call, text, event->campaign);
    lb_buf_append_lit(text, ",\"at\":");
    lb_json_put_time(text, event->at);
    lb_buf_printf(text, ",\"actor\":%u,\"by\":", event->actor);
    lb_by_put(&evidence->person.actors, text, event->actor);
    put_change(text, "changeId", event->change);
    put_change(text, "undoes", event->undoes);
    lb_buf_append_lit(text, ",\"reason\":");
    lb_json_put_string_or_null(text, lb_history_str(&evidence->person.history, &event->reason));
    lb_buf_append_lit(text, "}");
}

static void put_lists(struct lb_call *call, struct lb_buf *text)
{
    const struct evidence *evidence = call->state;
    const struct lb_history *history = &evidence->person.history;
    bool blocked = false;
    lb_buf_append_lit(text, ",\"lists\":[");
    for (size_t i = 0; i < history->list_count; i++) {
        const struct lb_history_list *list = &history->lists[i];
        lb_buf_append_str(text, i ? LB_STR(",{") : LB_STR("{"));
        bool exists = put_list(call, text, list->campaign);
        lb_buf_printf(text, ",\"blocked\":%s}", list->blocking ? "true" : "false");
        blocked |= exists && list->blocking;
    }
    lb_buf_printf(text, "],\"blocked\":%s", blocked ? "true" : "false");
}

static void put_person(struct lb_call *call, struct lb_buf *text)
{
    struct evidence *evidence = call->state;
    lb_buf_append_lit(text, ",");
    put_name(text, evidence->person.names[0]);
    put_lists(call, text);
    lb_buf_append_lit(text, ",\"events\":[");
    const struct lb_history *history = &evidence->person.history;
    for (size_t i = 0; i < history->event_count; i++) {
        if (i)
            lb_buf_append_lit(text, ",");
        put_event(call, text, &history->events[i]);
    }
    lb_buf_append_lit(text, "]");
}

static void put_statement(struct lb_call *call)
{
    struct evidence *evidence = call->state;
    const struct lb_log_mark *head = &evidence->person.reading.head;
    struct lb_buf *text = &evidence->text;
    lb_buf_printf(text,
                  "{\"format\":\"leadblock-evidence\",\"version\":%d,\"program\":"
                  "\"leadblock " LEADBLOCK_VERSION "\",\"workspaceId\":",
                  version_of(evidence));
    lb_json_put_string(text, lb_str(call->workspace->row.id));
    lb_buf_append_lit(text, ",\"at\":");
    lb_json_put_time(text, lb_clock_wall_ms());
    lb_buf_printf(text, ",\"head\":{\"row\":%llu,\"entry\":%llu,",
                  (unsigned long long)evidence->person.reading.head_number,
                  (unsigned long long)head->last);
    put_digest(text, head->digest);
    lb_buf_append_lit(text, "}");
    if (evidence->of_person)
        put_person(call, text);
    lb_buf_append_lit(text, "}");
}

/* --- The answer --- */

static void put_base64(struct lb_buf *body, const char *name, const uint8_t *bytes, size_t len)
{
    char text[BASE64_SIZE(LB_SIGNATURE_SIZE)];
    sodium_bin2base64(text, sizeof text, bytes, len, sodium_base64_VARIANT_ORIGINAL);
    lb_buf_printf(body, "\"%s\":\"%s\"", name, text);
}

/* With the key. */
static void reply_signed(struct lb_call *call)
{
    struct evidence *evidence = call->state;
    const struct lb_signing_key_row *key = &evidence->signing.key;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    uint8_t public_key[LB_PUBLIC_KEY_SIZE];
    uint8_t signature[LB_SIGNATURE_SIZE];
    lb_buf_append_lit(body, "{");
    if (!evidence->key_alone) {
        struct lb_str text = lb_buf_str(&evidence->text);
        lb_signing_sign(key, text, signature);
        lb_buf_append_lit(body, "\"statement\":");
        lb_json_put_string(body, text);
        lb_buf_append_lit(body, ",");
        put_base64(body, "signature", signature, sizeof signature);
        lb_buf_append_lit(body, ",");
    }
    lb_signing_public_key(key, public_key);
    put_base64(body, "publicKey", public_key, sizeof public_key);
    lb_buf_append_lit(body, "}");
}

static void reply_with_new_key(struct lb_call *call)
{
    if (lb_call_written(call))
        reply_signed(call);
}

static enum lb_turn end_with(struct lb_call *call, lb_err err)
{
    if (err)
        lb_call_refuse(call, err, NULL);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* The key is made when it is needed for the first time. */
static enum lb_turn sign(struct lb_call *call, struct lb_store_reader *reader)
{
    struct evidence *evidence = call->state;
    lb_err err = call->app->store->ops->signing_key(reader, &evidence->signing.key);
    if (err == LB_ERR_NOT_FOUND) {
        lb_signing_make_key(&evidence->signing);
        if (lb_call_write(call, &evidence->signing.write, 0, reply_with_new_key) == LB_DONE)
            lb_request_complete(call->req);
        return LB_TURN_LAST;
    }
    if (!err)
        reply_signed(call);
    return end_with(call, err ? LB_ERR_STORAGE_UNAVAILABLE : LB_OK);
}

static enum lb_turn collect(struct lb_call *call, struct lb_store_reader *reader)
{
    struct evidence *evidence = call->state;
    bool whole;
    if (evidence->key_alone)
        return sign(call, reader);
    enum lb_turn turn = lb_asked_history_read(&evidence->person, call, reader, &whole);
    if (!whole)
        return turn;
    put_statement(call);
    if (evidence->text.failed)
        return end_with(call, LB_ERR_OVERLOADED);
    return sign(call, reader);
}

/* --- Asking --- */

static struct evidence *begin(struct lb_call *call)
{
    struct evidence *evidence = lb_call_alloc(call, sizeof *evidence);
    if (!evidence)
        return NULL;
    call->state = evidence;
    call->release = release;
    return evidence;
}

enum lb_progress lb_evidence_get(struct lb_call *call)
{
    struct evidence *evidence = begin(call);
    if (!evidence || !lb_asked_history_begin_query(&evidence->person, call, &evidence->of_person))
        return LB_DONE;
    lb_asked_history_init(&evidence->person, call);
    return lb_call_read(call, collect);
}

/* Of a workspace, or of the installation's list. */
enum lb_progress lb_admin_evidence_get(struct lb_call *call)
{
    if (lb_str_equal(call->req->params[0], LB_STR(LB_INSTALLATION_ID))) {
        call->workspace = lb_directory_installation(call->app->directory);
        call->list.workspace = LB_INSTALLATION_NO;
    }
    return lb_admin_find_workspace(call) ? lb_evidence_get(call) : LB_DONE;
}

enum lb_progress lb_admin_evidence_key(struct lb_call *call)
{
    struct evidence *evidence = begin(call);
    if (!evidence)
        return LB_DONE;
    evidence->key_alone = true;
    return lb_call_read(call, collect);
}
