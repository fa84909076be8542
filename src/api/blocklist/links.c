/* One person by several names: links that a client gives, and pairs that could be none. */
#include "api/blocklist/links.h"

#include "api/blocklist/changes.h"
#include "api/body_items.h"
#include "api/by.h"
#include "api/handlers.h"
#include "api/ids.h"
#include "api/query.h"

#include "domain/blocklist/links.h"
#include "domain/blocklist/persons.h"
#include "json/encode.h"

#define TAKE_DEFAULT 100

/* The call's state while its links are made. */
struct linking {
    struct lb_link_change links;
    struct lb_link_pair *pairs;
    struct lb_bad_items bad;
    struct lb_kept kept;
};

/* --- Making links ----------------------------------------------------------------------------- */

static bool is_given(const struct lb_json *value)
{
    return lb_json_type(value) != LB_JSON_MISSING && lb_json_type(value) != LB_JSON_NULL;
}

static const char *read_string(const struct lb_json *value, const char *absent,
                               struct lb_identifier *out, struct lb_str *out_raw)
{
    if (!is_given(value))
        return absent;
    *out_raw = lb_json_string(value);
    return lb_json_type(value) == LB_JSON_STRING ? lb_identifier_normalise(*out_raw, out)
                                                 : "has a name that is not a string";
}

/* What several people may have in common joins no names. */
static const char *refuse_others(const struct lb_json *object)
{
    static const char *const shared[] = {"email",       "phone",      "domain", "company",
                                         "companyName", "companyUrl", "website"};
    for (size_t i = 0; i < sizeof shared / sizeof *shared; i++)
        if (is_given(lb_json_member(object, shared[i])))
            return "has a name that several people may have in common: only a LinkedIn name and a "
                   "member id are linked";
    return NULL;
}

static struct lb_str text_of(const struct lb_identifier *name)
{
    return (struct lb_str){name->text, name->len};
}

static const char *read_pair(const struct lb_json *object, struct lb_identifier *member,
                             struct lb_identifier *name, struct lb_str *out_raw)
{
    const struct lb_json *given = lb_json_member(object, "publicIdentifier");
    const struct lb_json *url = lb_json_member(object, "linkedinUrl");
    if (lb_json_type(object) != LB_JSON_OBJECT)
        return "must be an object with memberId and publicIdentifier";
    const char *wrong = refuse_others(object);
    if (!wrong && is_given(given) && is_given(url))
        wrong = "has publicIdentifier and linkedinUrl; send one of them";
    if (!wrong)
        wrong = read_string(lb_json_member(object, "memberId"), "has no memberId", member, out_raw);
    if (!wrong && !lb_identifier_is_member_id(text_of(member)))
        wrong = "memberId is invalid: LinkedIn member ids begin with ACoAA or ACwAA";
    if (!wrong)
        wrong = read_string(is_given(given) ? given : url, "has no publicIdentifier or linkedinUrl",
                            name, out_raw);
    if (!wrong)
        wrong = lb_identifier_doubt(name, true);
    if (!wrong && lb_identifier_is_member_id(text_of(name)))
        wrong = "has a member id as its name: send the public identifier of the same person";
    return wrong;
}

static bool read_link(struct lb_call *call, struct linking *linking, size_t index,
                      const struct lb_json *object)
{
    struct lb_identifier member, name;
    struct lb_str raw = {0};
    const char *wrong = read_pair(object, &member, &name, &raw);
    if (wrong) {
        linking->bad.fields = true;
        return lb_bad_items_add(&linking->bad, call, &linking->kept, index, raw, wrong);
    }
    struct lb_link_pair *pair = &linking->pairs[linking->links.count++];
    *pair = (struct lb_link_pair){text_of(&member), text_of(&name)};
    return (lb_keep(call, &linking->kept, &pair->member) &&
            lb_keep(call, &linking->kept, &pair->name)) ||
           lb_call_no_memory(call);
}

static bool read_links(struct lb_call *call, struct linking *linking)
{
    const struct lb_json *array = lb_body_items_array(call, "links");
    if (!array)
        return false;
    size_t total = lb_json_length(array);
    lb_bad_items_init(&linking->bad, call, total);
    linking->bad.entries = true;
    linking->pairs = lb_call_alloc(call, total * sizeof *linking->pairs);
    if (!linking->pairs)
        return false;
    for (size_t i = 0; i < total; i++)
        if (!read_link(call, linking, i, lb_json_item(array, i)))
            return false;
    linking->links.pairs = linking->pairs;
    return lb_bad_items_pass(&linking->bad, call);
}

static void reply_linked(struct lb_call *call)
{
    const struct linking *linking = call->state;
    const struct lb_change *change = &linking->links.change;
    unsigned long long linked = change->linked, known = change->known,
                       conflicts = change->conflicts;
    if (!lb_call_written(call))
        return;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_printf(body, "{\"success\":true,\"message\":\"%llu link%s made", linked,
                  linked == 1 ? "" : "s");
    if (known)
        lb_buf_printf(body, ", %llu known already", known);
    if (conflicts)
        lb_buf_printf(body, ", %llu not made: see /v1/people/conflicts", conflicts);
    if (linking->bad.count)
        lb_buf_printf(body, ", %zu invalid", linking->bad.count);
    lb_buf_printf(body, "\",\"linked\":%llu,\"known\":%llu,\"conflicts\":%llu", linked, known,
                  conflicts);
    lb_bad_items_put_invalid(&linking->bad, call, body);
    lb_buf_append_lit(body, "}");
    lb_changes_put_id(call, change);
}

enum lb_progress lb_links_post(struct lb_call *call)
{
    struct linking *linking = lb_call_alloc(call, sizeof *linking);
    if (!linking || !lb_call_parse_body(call, LB_JSON_OBJECT))
        return LB_DONE;
    bool read = read_links(call, linking);
    lb_body_items_free_body(call);
    if (!read)
        return LB_DONE;
    linking->links.change.blocklist = call->app->blocklist;
    linking->links.change.standing = lb_call_standing(call, false);
    call->state = linking;
    lb_links_make(&linking->links);
    size_t pairs = linking->links.count * sizeof *linking->pairs;
    return lb_call_write(call, &linking->links.change.write,
                         call->req->body.len + linking->kept.bytes + pairs, reply_linked);
}

void lb_links_put_undone(struct lb_buf *body, const struct lb_change *undo)
{
    unsigned long long made = undo->linked, ended = undo->unlinked;
    if (ended)
        lb_buf_printf(body, "Undone: %llu link%s taken back", ended, ended == 1 ? "" : "s");
    else
        lb_buf_printf(body, "Undone: %llu link%s made again", made, made == 1 ? "" : "s");
}

/* --- Conflicts -------------------------------------------------------------------------------- */

struct listing {
    uint64_t take;
    uint64_t numbers[LB_CONFLICTS_MAX];
    size_t count;
};

static void put_conflict(struct lb_call *call, struct lb_by *actors, const struct lb_link *link)
{
    struct lb_buf *body = &call->req->reply.body;
    lb_buf_append_str(body, body->len > 1 ? LB_STR(",{") : LB_STR("{"));
    lb_buf_append_lit(body, "\"memberId\":");
    lb_json_put_string(body, text_of(&link->member));
    lb_buf_append_lit(body, ",\"publicIdentifier\":");
    lb_json_put_string(body, text_of(&link->name));
    lb_buf_append_lit(body, ",\"createdAt\":");
    lb_json_put_time(body, link->at);
    lb_buf_append_lit(body, ",\"by\":");
    lb_by_put(actors, body, link->actor);
    lb_buf_append_lit(body, "}");
}

static enum lb_turn read_conflicts(struct lb_call *call, struct lb_store_reader *reader)
{
    const struct listing *listing = call->state;
    const struct lb_row_times *times = call->workspace->row_times;
    struct lb_by actors = {.call = call, .reader = reader};
    lb_err err = LB_OK;
    lb_buf_append_lit(lb_reply_json(&call->req->reply, 200), "[");
    for (size_t i = 0; !err && i < listing->count && i < listing->take; i++) {
        struct lb_link link;
        uint64_t number = listing->numbers[i];
        err = lb_links_read(call->app->store, reader, call->workspace->row.no, number,
                            lb_row_times_published_id_of(times, number), &link);
        if (!err)
            put_conflict(call, &actors, &link);
        err = err == LB_ERR_NOT_FOUND ? LB_OK : err;
    }
    lb_by_fini(&actors);
    lb_buf_append_lit(&call->req->reply.body, "]");
    if (err)
        lb_call_refuse(call, err, NULL);
    else
        lb_query_put_total(call, listing->count);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_links_conflicts(struct lb_call *call)
{
    struct listing *listing = lb_call_alloc(call, sizeof *listing);
    if (!listing || !lb_query_only(call, "take limit") ||
        !lb_query_number(call, "take", "limit", TAKE_DEFAULT, LB_CONFLICTS_MAX, &listing->take))
        return LB_DONE;
    listing->count = lb_persons_conflicts(lb_blocklist_persons(call->app->blocklist),
                                          call->workspace, listing->numbers);
    call->state = listing;
    return lb_call_read(call, read_conflicts);
}
