/* Erasing a person by every name that is given: POST /v1/erasures. An importer's thread looks for
 * the person in turns, hands the erasure to the writer, and waits until the files are overwritten.
 */
#include "api/batch_write.h"
#include "api/blocklist/changes.h"
#include "api/country.h"
#include "api/handlers.h"

#include "base/clock.h"
#include "domain/blocklist/typed_name.h"
#include "domain/outreach/erasure.h"
#include "json/encode.h"

#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#define LOOKS_MAX 5 /* for what came between a look and the writer */
/* It is tried for so long while readers are in the way, with such pauses. */
#define OVERWRITE_FOR_NS   (UINT64_C(10) * 1000000000)
#define OVERWRITE_PAUSE_NS (UINT64_C(20) * 1000000)
/* While others write, it pauses for so many times as long as the writer was held, as the writer
 * does after large writes: between tries, and before the next erasure of the workspace. */
#define OVERWRITE_REST     3
#define OVERWRITE_REST_MAX (UINT64_C(1000) * 1000000)
#define STEP_BYTES         ((size_t)1 << 20) /* that it takes while it waits, about */

static const char *const name_members[] = {"publicIdentifier", "memberId", "linkedinUrl", "email",
                                           "phone"};
#define NAME_MEMBERS (sizeof name_members / sizeof *name_members)

struct erasing {
    struct lb_erasure erasure;
    struct lb_call *call;
    struct lb_batch_writer writer;
    struct lb_reason reason;
    struct lb_task overwrite; /* on the writer's thread */
    struct lb_task overwritten;
    lb_err overwrite_result;
    uint64_t overwrite_ns; /* for how long it held the writer */
    unsigned looks;
    struct lb_store_reader *reader; /* while names are read that leads may have */
    bool unsure;                    /* there are such, which are still to be read */
    bool blocked;
    lb_err err;
};

/* --- The names -------------------------------------------------------------------------------- */

static bool refuse(struct lb_call *call, const char *member, const char *wrong)
{
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY, "\"%s\" %s.", member, wrong);
    return false;
}

static bool is_absent(const struct lb_json *value)
{
    return lb_json_type(value) == LB_JSON_MISSING || lb_json_type(value) == LB_JSON_NULL;
}

/* Is it in a blocklist of the workspace? */
static lb_err is_listed(const struct erasing *erasing, struct lb_str key, bool *out)
{
    const struct lb_call *call = erasing->call;
    size_t count = 0;
    struct lb_list_owner *owners =
        lb_directory_list_owners(call->app->directory, call->workspace, &count);
    *out = false;
    if (!owners)
        return LB_ERR_OVERLOADED;
    for (size_t i = 0; i <= count && !*out; i++) {
        struct lb_list list = {call->workspace->row.no, i ? owners[i - 1].no : 0};
        *out = lb_blocklist_find(call->app->blocklist, list, key) != 0;
    }
    free(owners);
    return LB_OK;
}

static lb_err add_name(struct erasing *erasing, const struct lb_typed_name *name)
{
    char room[LB_KEY_SIZE];
    return lb_erasure_add(&erasing->erasure,
                          lb_key_make(name->type, lb_typed_name_str(name), room));
}

static bool read_before(enum lb_name_type type, struct lb_str raw,
                        const struct lb_name_rules *rules, struct lb_typed_name *out)
{
    return type <= LB_NAME_MEMBER_ID ? lb_typed_name_person_before(raw, out)
                                     : lb_typed_name_before(type, raw, rules, out);
}

static bool is_named(const struct erasing *erasing, struct lb_str key)
{
    for (size_t i = 0; i < erasing->erasure.name_count; i++)
        if (lb_str_equal(erasing->erasure.names[i].key, key))
            return true;
    return false;
}

/* Is a LinkedIn name stored that is refused today: in a blocklist, or as a lead's? It is left for
 * later where leads cannot be asked. */
static lb_err is_known(struct erasing *erasing, struct lb_str key, bool *out)
{
    struct lb_store *store = erasing->call->app->store;
    struct lb_lead_ref ref;
    size_t count = 0;
    *out = is_named(erasing, key);
    erasing->unsure |= !erasing->reader;
    if (*out || !erasing->reader)
        return LB_OK;
    lb_err err = is_listed(erasing, key, out);
    if (!err && !*out) {
        err = store->ops->leads_named(erasing->reader, erasing->call->workspace->row.no, key, 0, 1,
                                      &ref, &count);
        *out = count != 0;
    }
    return err;
}

/* `*out`: the form of today; the form that it had before is erased, too. Of a LinkedIn name that is
 * refused today, the form of before, if it is stored; empty: that is not known yet. What may be two
 * phone numbers is neither: an erasure of the wrong one cannot be undone. */
static const char *read_name(struct erasing *erasing, enum lb_name_type type, struct lb_str raw,
                             const struct lb_name_rules *rules, struct lb_typed_name *out,
                             lb_err *out_err)
{
    struct lb_typed_name before;
    bool known = false;
    const char *wrong = lb_typed_name_normalise(type, raw, rules, out);
    if ((wrong && type != LB_NAME_LINKEDIN) || !read_before(type, raw, rules, &before))
        return wrong;
    if (!wrong) {
        *out_err = add_name(erasing, &before);
        return NULL;
    }
    *out_err = is_known(erasing, lb_typed_name_str(&before), &known);
    if (!known && !*out_err && erasing->reader)
        return wrong;
    *out = before;
    if (!known)
        out->len = 0;
    return NULL;
}

static bool add(struct erasing *erasing, const char *member, const struct lb_json *value,
                const struct lb_name_rules *rules)
{
    struct lb_call *call = erasing->call;
    struct lb_typed_name name;
    enum lb_name_type type;
    lb_err err = LB_OK;
    if (lb_json_type(value) != LB_JSON_STRING)
        return refuse(call, member, "must be a string, or an array of strings");
    lb_name_type_of_word(lb_str(member), &type);
    const char *wrong = read_name(erasing, type, lb_json_string(value), rules, &name, &err);
    if (wrong == lb_name_no_memory)
        return lb_call_no_memory(call);
    if (wrong) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_IDENTIFIER, "\"%s\": %s.", member, wrong);
        return false;
    }
    if (!err && !lb_erased_is_personal(name.type))
        return refuse(call, member, "is not the name of a person");
    if (!err && name.len)
        err = add_name(erasing, &name);
    if (err == LB_ERR_PAYLOAD_TOO_LARGE)
        return refuse(call, member, "is one name too many: a person has at most 100");
    if (err)
        lb_call_refuse(call, err, NULL);
    return !err;
}

static bool add_all(struct erasing *erasing, const char *member, const struct lb_json *value,
                    const struct lb_name_rules *rules)
{
    if (lb_json_type(value) != LB_JSON_ARRAY)
        return add(erasing, member, value, rules);
    for (size_t i = 0; i < lb_json_length(value); i++)
        if (!add(erasing, member, lb_json_item(value, i), rules))
            return false;
    return true;
}

/* False when the reply is set. */
static bool read_names(struct erasing *erasing)
{
    struct lb_call *call = erasing->call;
    struct lb_name_rules rules = {.adds = false};
    const char *wrong = lb_country_read_body(call, &rules.country);
    if (wrong)
        return refuse(call, "defaultCountry", wrong);
    for (size_t i = 0; i < NAME_MEMBERS; i++) {
        const struct lb_json *value = lb_json_member(call->body, name_members[i]);
        if (!is_absent(value) && !add_all(erasing, name_members[i], value, &rules))
            return false;
    }
    if (erasing->erasure.name_count || erasing->unsure)
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "Name the person by \"publicIdentifier\", \"memberId\", \"linkedinUrl\", "
                   "\"email\" or \"phone\": a string, or an array of strings.");
    return false;
}

/* --- The answer ------------------------------------------------------------------------------- */

/* Names, entries and leads that were found; nothing: the workspace does not know the person. */
static void put_counts(const struct erasing *erasing, struct lb_buf *body)
{
    const struct lb_erasure *erasure = &erasing->erasure;
    lb_buf_printf(body,
                  ",\"erased\":{\"names\":%zu,\"entries\":%llu,\"reasons\":%llu,\"leads\":%zu}",
                  erasure->name_count, (unsigned long long)erasure->entries,
                  (unsigned long long)erasure->reasons, erasure->lead_count);
    lb_buf_printf(body, ",\"blocked\":%s", erasing->blocked ? "true" : "false");
}

static void reply(struct erasing *erasing)
{
    struct lb_call *call = erasing->call;
    const struct lb_erasure *erasure = &erasing->erasure;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_printf(body,
                  "{\"success\":true,\"message\":\"%s %llu blocklist %s and %zu lead%s of the "
                  "person%s\"",
                  call->dry_run ? "Would erase" : "Erased", (unsigned long long)erasure->entries,
                  erasure->entries == 1 ? "entry" : "entries", erasure->lead_count,
                  lb_plural(erasure->lead_count),
                  erasing->blocked ? ", who stays blocked" : ", who is not blocked");
    put_counts(erasing, body);
    if (!call->dry_run)
        lb_buf_printf(body, ",\"overwritten\":%s", erasing->overwrite_result ? "false" : "true");
    lb_buf_append_lit(body, "}");
    if (!call->dry_run && erasure->change.id.number)
        lb_changes_put_id(call, &erasure->change);
}

static void complete(struct erasing *erasing)
{
    struct lb_call *call = erasing->call;
    lb_batch_writer_fini(&erasing->writer);
    lb_quota_give(&call->workspace->importing, 1); /* before the answer */
    lb_request_complete(call->req);
}

static void end(struct erasing *erasing)
{
    const struct lb_reason *reason = &erasing->erasure.change.write.reason;
    if (erasing->err)
        lb_call_refuse(erasing->call, erasing->err, reason->text[0] ? reason : &erasing->reason);
    else
        reply(erasing);
    complete(erasing);
}

/* --- The work --------------------------------------------------------------------------------- */

static struct lb_write *prepare(void *context)
{
    struct erasing *erasing = context;
    struct lb_change *change = &erasing->erasure.change;
    *change = (struct lb_change){.blocklist = erasing->call->app->blocklist,
                                 .standing = lb_call_standing(erasing->call, false)};
    change->standing.list.campaign = 0;
    lb_erasure_prepare(&erasing->erasure);
    change->write.size = STEP_BYTES;
    return &change->write;
}

static void run_overwrite(struct lb_task *task)
{
    struct erasing *erasing =
        (struct erasing *)((char *)task - offsetof(struct erasing, overwrite));
    struct lb_store *store = erasing->call->app->store;
    uint64_t begun = lb_clock_mono_ns();
    erasing->overwrite_result = store->ops->overwrite(store);
    erasing->overwrite_ns = lb_clock_mono_ns() - begun;
    lb_mailbox_push(erasing->writer.mailbox, &erasing->overwritten);
}

static void arrived(struct lb_task *task)
{
}

static void try_overwrite(struct erasing *erasing)
{
    struct lb_app *app = erasing->call->app;
    uint64_t rest = 0;
    erasing->overwrite.run = run_overwrite;
    erasing->overwritten.run = arrived;
    lb_writer_run(app->writer, &erasing->overwrite);
    while (lb_mailbox_drain(erasing->writer.mailbox) == 0)
        lb_mailbox_wait(erasing->writer.mailbox, -1);
    if (lb_writer_has_others(app->writer, &erasing->call->workspace->writes))
        rest = OVERWRITE_REST * erasing->overwrite_ns;
    if (rest > OVERWRITE_REST_MAX)
        rest = OVERWRITE_REST_MAX;
    erasing->call->workspace->overwrite_at_ns = lb_clock_mono_ns() + rest;
}

/* Offline. What is in the way of it now is gone in a moment; else the writer goes on trying. In
 * short pauses, as a stop does not wait for it. */
static void overwrite(struct erasing *erasing)
{
    static const struct timespec pause = {.tv_nsec = OVERWRITE_PAUSE_NS};
    const struct lb_app *app = erasing->call->app;
    const uint64_t until = lb_clock_mono_ns() + OVERWRITE_FOR_NS;
    erasing->overwrite_result = LB_ERR_OVERLOADED; /* until it was tried */
    while (!atomic_load(&app->hurrying)) {
        uint64_t now = lb_clock_mono_ns();
        if (now >= until)
            return;
        if (now >= erasing->call->workspace->overwrite_at_ns)
            try_overwrite(erasing);
        if (erasing->overwrite_result != LB_ERR_OVERLOADED)
            return;
        nanosleep(&pause, NULL);
    }
}

static lb_err find_blocked(struct erasing *erasing)
{
    lb_err err = LB_OK;
    for (size_t n = 0; !err && n < erasing->erasure.name_count && !erasing->blocked; n++)
        err = is_listed(erasing, erasing->erasure.names[n].key, &erasing->blocked);
    return err;
}

/* Online. Erases what was found. True: it is to be looked for once more. */
static bool write_erasure(struct erasing *erasing)
{
    lb_rcu_offline();
    if (!erasing->writer.mailbox)
        erasing->err = lb_batch_writer_init(&erasing->writer);
    if (!erasing->err)
        erasing->err = lb_batch_write(&erasing->writer, erasing->call, erasing, prepare);
    bool again = !erasing->err && erasing->erasure.again;
    if (again && ++erasing->looks == LOOKS_MAX)
        erasing->err = LB_ERR_OVERLOADED;
    if (!again && !erasing->err)
        overwrite(erasing);
    lb_rcu_online();
    erasing->blocked = erasing->erasure.lists != 0;
    return again && !erasing->err;
}

/* The names that were left for now, when leads can be asked. False when the reply is set. */
static bool read_unsure(struct erasing *erasing, struct lb_store_reader *reader)
{
    if (!erasing->unsure)
        return true;
    erasing->unsure = false;
    erasing->reader = reader;
    return read_names(erasing);
}

static enum lb_turn take_turn(struct lb_call *call, struct lb_store_reader *reader)
{
    struct erasing *erasing = call->state;
    bool done = false;
    if (!read_unsure(erasing, reader)) {
        complete(erasing);
        return LB_TURN_LAST;
    }
    erasing->err = lb_erasure_find(&erasing->erasure, reader, &done, &erasing->reason);
    if (!erasing->err && !done)
        return LB_TURN_MORE;
    if (!erasing->err && call->dry_run)
        erasing->err = find_blocked(erasing);
    else if (!erasing->err && write_erasure(erasing))
        return LB_TURN_MORE;
    end(erasing);
    return LB_TURN_LAST;
}

static void cancel(struct lb_call *call)
{
    struct erasing *erasing = call->state;
    erasing->err = LB_ERR_STORAGE_UNAVAILABLE;
    end(erasing);
}

static void release(struct lb_call *call)
{
    struct erasing *erasing = call->state;
    lb_erasure_fini(&erasing->erasure);
}

enum lb_progress lb_erasures_post(struct lb_call *call)
{
    struct erasing *erasing = lb_call_alloc(call, sizeof *erasing);
    if (!erasing)
        return LB_DONE;
    *erasing = (struct erasing){.call = call};
    erasing->erasure.outreach = call->app->outreach;
    call->state = erasing;
    call->release = release;
    prepare(erasing);
    if (!lb_call_parse_body(call, LB_JSON_OBJECT) || !read_names(erasing))
        return LB_DONE;
    if (!lb_quota_take(&call->workspace->importing, 1, 1)) {
        lb_reply_error(&call->req->reply, LB_ERR_WORKSPACE_OVERLOADED,
                       "This workspace is importing a file, undoing an import or erasing a person. "
                       "Send the request again when that is done.");
        return LB_DONE;
    }
    enum lb_progress progress = lb_call_import(call, take_turn, cancel);
    if (progress != LB_PENDING)
        lb_quota_give(&call->workspace->importing, 1);
    return progress;
}
