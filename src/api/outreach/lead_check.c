/* Are these leads blocked, by any of their names? From memory; only why a lead is blocked is read.
 */
#include "api/blocklist/entry_json.h"
#include "api/blocklist/identifiers.h"
#include "api/blocklist/verdict.h"
#include "api/country.h"
#include "api/handlers.h"

#include "domain/outreach/exclusion.h"
#include "json/encode.h"
#include "store/names.h"

#define DETAILS_AT_A_TIME 256 /* blocks that are read in a turn */

/* A name of a lead in the body, and what it must be readable as. */
static const struct member {
    const char *name;
    enum lb_name_type type;
    int field; /* enum lb_lead_field; LINKEDIN: none of them */
} members[] = {{"publicIdentifier", LB_NAME_LINKEDIN, -1},
               {"linkedinUrl", LB_NAME_LINKEDIN, -1},
               {"memberId", LB_NAME_MEMBER_ID, -1},
               {"email", LB_NAME_EMAIL, LB_LEAD_EMAIL},
               {"phone", LB_NAME_PHONE, LB_LEAD_PHONE},
               {"companyName", LB_NAME_COMPANY, LB_LEAD_COMPANY_NAME},
               {"companyUrl", LB_NAME_COMPANY, LB_LEAD_COMPANY_URL},
               {"website", LB_NAME_DOMAIN, LB_LEAD_WEBSITE}};
#define MEMBERS (sizeof members / sizeof *members)

/* What is known of a lead of the request. */
struct checked {
    struct lb_verdict verdict;
    struct lb_str key; /* by which it is blocked; kept */
};

struct checking {
    struct lb_call *call;
    struct lb_list list;
    struct lb_name_rules rules;
    struct lb_bad_items bad;
    struct lb_kept kept;
    struct checked *leads;
    size_t count;
    size_t at; /* how far they have been written */
    /* Of the lead that is being read. */
    struct lb_lead_row row;
    struct lb_str linkedin[2 * 3]; /* each also as it was stored before */
    size_t linkedin_count;
    bool no_memory;             /* one of its names may be missing */
    struct lb_str phone_before; /* a key, when it is blocked so; ptr NULL: it is not */
    struct lb_typed_name name;
    struct checked *lead;
};

/* --- Reading ---------------------------------------------------------------------------------- */

static bool is_blocked(const struct checking *checking, struct lb_str name)
{
    return lb_blocklist_check(checking->call->app->blocklist, checking->list, name).scope !=
           LB_SCOPE_NONE;
}

/* Copies a name. False when out of memory: then the request fails, as the lead must not be said not
 * to be blocked. */
static bool keep(struct checking *checking, struct lb_str *name)
{
    bool kept = lb_keep(checking->call, &checking->kept, name);
    checking->no_memory |= !kept;
    return kept;
}

/* NULL, or what is wrong. A company's URL may be that of any site; "nan" is no LinkedIn name,
 * unless one is blocked that is. */
static const char *normalise(struct checking *checking, const struct member *member,
                             struct lb_str raw)
{
    struct lb_typed_name *name = &checking->name;
    const char *wrong = lb_typed_name_normalise(member->type, raw, &checking->rules, name);
    if (member->field == LB_LEAD_COMPANY_URL && (wrong || name->type != LB_NAME_COMPANY_PAGE))
        wrong = lb_typed_name_normalise(LB_NAME_DOMAIN, raw, &checking->rules, name);
    checking->no_memory |= wrong == lb_name_no_memory;
    bool doubtful = !wrong && member->field < 0 && name->doubt;
    return doubtful && !is_blocked(checking, lb_typed_name_str(name)) ? name->doubt : wrong;
}

/* A LinkedIn name may be stored in the form that it had under earlier rules, also one that is
 * refused today. Then that is a name of the lead, too. */
static bool take_stored(struct checking *checking, const struct member *member, struct lb_str raw)
{
    struct lb_identifier today, before;
    if (member->field >= 0)
        return false;
    bool refused = lb_identifier_normalise(raw, &today) != NULL;
    if (!refused && today.plain)
        return false;
    if (!lb_identifier_before(raw, refused ? NULL : &today, &before))
        return false;
    struct lb_str name = {before.text, before.len};
    if (!is_blocked(checking, name) || !keep(checking, &name))
        return false;
    checking->linkedin[checking->linkedin_count++] = name;
    return true;
}

/* A phone number may be stored so, too; then it is no matter that it is refused today. */
static bool take_phone_before(struct checking *checking, struct lb_str raw)
{
    struct lb_typed_name before;
    char room[LB_KEY_SIZE];
    if (!lb_typed_name_before(LB_NAME_PHONE, raw, &checking->rules, &before))
        return false;
    struct lb_str key = lb_key_make(before.type, lb_typed_name_str(&before), room);
    if (!is_blocked(checking, key) || !keep(checking, &key))
        return false;
    checking->phone_before = key;
    return true;
}

/* Takes one name of a lead. NULL, or what is wrong with it: a name that cannot be read must not be
 * answered "not blocked". */
static const char *take_name(struct checking *checking, const struct member *member,
                             struct lb_str raw)
{
    struct lb_str kept = raw;
    const char *wrong = normalise(checking, member, raw);
    bool stored = member->type == LB_NAME_PHONE ? take_phone_before(checking, raw)
                                                : take_stored(checking, member, raw);
    if (wrong)
        return stored || checking->name.refused == LB_NAME_NO_ENTRY ? NULL : wrong;
    if (member->field < 0 || member->type == LB_NAME_PHONE) /* which may be national here */
        kept = lb_typed_name_str(&checking->name);
    if (!keep(checking, &kept))
        return lb_name_no_memory;
    if (member->field >= 0)
        checking->row.fields[member->field] = kept;
    else
        checking->linkedin[checking->linkedin_count++] = kept;
    return NULL;
}

static const char *read_lead(struct checking *checking, const struct lb_json *object,
                             struct lb_str *out_raw)
{
    size_t found = 0;
    const char *absent = NULL; /* why a field has no name */
    checking->row = (struct lb_lead_row){0};
    checking->linkedin_count = 0;
    checking->phone_before = (struct lb_str){0};
    if (lb_json_type(object) != LB_JSON_OBJECT)
        return "must be an object with the names of a lead";
    for (size_t i = 0; i < MEMBERS; i++) {
        const struct lb_json *value = lb_json_member(object, members[i].name);
        if (lb_json_type(value) == LB_JSON_MISSING || lb_json_type(value) == LB_JSON_NULL)
            continue;
        struct lb_str raw = lb_json_string(value);
        if (lb_json_type(value) == LB_JSON_STRING && !raw.len) /* what programs send for nothing */
            continue;
        *out_raw = raw;
        if (lb_json_type(value) != LB_JSON_STRING)
            return "has a name that is not a string";
        const char *wrong = take_name(checking, &members[i], raw);
        if (wrong && checking->name.refused == LB_NAME_MEANT)
            return wrong;
        found += !wrong;
        absent = wrong ? wrong : absent;
    }
    if (found)
        return NULL;
    return absent ? absent
                  : "has no name: give publicIdentifier, linkedinUrl, memberId, email, phone, "
                    "companyName, companyUrl or website";
}

/* --- Asking ----------------------------------------------------------------------------------- */

/* The greatest scope wins. */
static lb_err ask(void *context, struct lb_str key)
{
    struct checking *checking = context;
    struct checked *lead = checking->lead;
    if (lead->verdict.scope == LB_SCOPE_INSTALLATION)
        return LB_OK;
    struct lb_verdict verdict =
        lb_blocklist_check(checking->call->app->blocklist, checking->list, key);
    if (verdict.scope <= lead->verdict.scope)
        return LB_OK;
    lead->verdict = verdict;
    lead->key = key;
    return lb_keep(checking->call, &checking->kept, &lead->key) ? LB_OK : LB_ERR_OVERLOADED;
}

/* Each name of a lead may be that of another person. */
static lb_err ask_others(struct checking *checking, const struct lb_exclusion *exclusion,
                         struct lb_str name)
{
    struct lb_other_names names = {.count = 1, .names = {name}};
    lb_err err = LB_OK;
    lb_exclusion_add_others(exclusion, &names);
    for (size_t i = 1; !err && i < names.count; i++)
        err = ask(checking, names.names[i]);
    return err;
}

static lb_err ask_all(struct checking *checking)
{
    const struct lb_exclusion exclusion = {.blocklist = checking->call->app->blocklist,
                                           .workspace = checking->call->workspace};
    bool all = lb_blocklist_asks_all(exclusion.blocklist, exclusion.workspace);
    lb_err err = LB_OK;
    for (size_t i = 0; !err && i < checking->linkedin_count; i++)
        err = ask(checking, checking->linkedin[i]);
    for (size_t i = 0; !err && i < checking->linkedin_count; i++)
        err = ask_others(checking, &exclusion, checking->linkedin[i]);
    if (!err && checking->phone_before.ptr)
        err = ask(checking, checking->phone_before);
    return err || !all ? err : lb_exclusion_each_typed(&checking->row, checking, ask);
}

/* A block that moved from one name to another meanwhile is found. */
static lb_err check_lead(struct checking *checking)
{
    const struct lb_blocklist *blocklist = checking->call->app->blocklist;
    uint64_t before;
    lb_err err;
    do {
        before = lb_blocklist_removals(blocklist);
        err = ask_all(checking);
    } while (!err && checking->lead->verdict.scope == LB_SCOPE_NONE &&
             lb_blocklist_removals(blocklist) != before);
    return err;
}

/* --- The answer ------------------------------------------------------------------------------- */

/* Appends what there is to say of one; its block is read from the store. */
static lb_err put_lead(struct checking *checking, struct lb_store_reader *reader, size_t index)
{
    struct lb_buf *body = &checking->call->req->reply.body;
    const struct checked *lead = &checking->leads[index];
    bool blocked = lead->verdict.scope != LB_SCOPE_NONE;
    struct lb_told told;
    lb_err err = lb_verdict_read(checking->call, reader, lead->verdict, &told);
    if (err)
        return err;
    lb_buf_printf(body, "%s{\"index\":%zu,\"blocked\":%s,\"scope\":", index ? "," : "", index,
                  blocked ? "true" : "false");
    lb_verdict_put_scope(body, lead->verdict);
    lb_buf_append_lit(body, ",\"matched\":");
    if (blocked) {
        lb_buf_append_lit(body, "{");
        lb_entry_json_put_name(body, lead->key);
        lb_buf_append_lit(body, "}");
    } else {
        lb_buf_append_lit(body, "null");
    }
    lb_buf_append_lit(body, ",\"reason\":");
    lb_json_put_string_or_null(body, told.reason);
    lb_buf_append_lit(body, ",\"createdAt\":");
    lb_json_put_time_or_null(body, told.at);
    lb_buf_append_lit(body, "}");
    return LB_OK;
}

static enum lb_turn read_details(struct lb_call *call, struct lb_store_reader *reader)
{
    struct checking *checking = call->state;
    uint64_t ids[DETAILS_AT_A_TIME];
    size_t end = checking->at + DETAILS_AT_A_TIME, found = 0;
    lb_err err = LB_OK;
    end = end < checking->count ? end : checking->count;
    if (checking->at == 0)
        lb_buf_append_lit(lb_reply_json(&call->req->reply, 200), "[");
    for (size_t i = checking->at; i < end; i++)
        if (lb_verdict_is_read(checking->call, checking->leads[i].verdict))
            ids[found++] = checking->leads[i].verdict.entry;
    if (found)
        call->app->store->ops->prefetch_entries(reader, checking->list.workspace, ids, found);
    for (; !err && checking->at < end; checking->at++)
        err = put_lead(checking, reader, checking->at);
    if (!err && end < checking->count)
        return LB_TURN_MORE;
    if (err)
        lb_call_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, NULL);
    else
        lb_buf_append_lit(&call->req->reply.body, "]");
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* --- The request ------------------------------------------------------------------------------ */

/* "campaignId". False when the reply is set. */
static bool read_campaign(struct checking *checking)
{
    struct lb_call *call = checking->call;
    const struct lb_json *value = lb_json_member(call->body, "campaignId");
    if (lb_json_type(value) == LB_JSON_MISSING || lb_json_type(value) == LB_JSON_NULL)
        return true;
    struct lb_str id = lb_json_string(value);
    const struct lb_campaign *campaign =
        id.ptr ? lb_directory_campaign(call->app->directory, call->workspace->row.no, id) : NULL;
    if (campaign && !lb_directory_is_deleted(call->app->directory, campaign)) {
        checking->list.campaign = campaign->row.no;
        return true;
    }
    if (lb_json_type(value) != LB_JSON_STRING)
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY, "\"campaignId\" must be a string.");
    else
        lb_reply_error(&call->req->reply, LB_ERR_CAMPAIGN_NOT_FOUND,
                       "No campaign '%.*s' in this workspace.", (int)id.len, id.ptr);
    return false;
}

static bool read_leads(struct checking *checking)
{
    struct lb_call *call = checking->call;
    const char *wrong = lb_country_read_body(call, &checking->rules.country);
    const struct lb_json *array = lb_body_items_array(call, "leads");
    if (wrong && array)
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY, "\"defaultCountry\" %s.", wrong);
    if (!array || wrong || !read_campaign(checking))
        return false;
    checking->count = lb_json_length(array);
    checking->leads = lb_call_alloc(call, checking->count * sizeof *checking->leads);
    if (!checking->leads)
        return false;
    lb_bad_items_init(&checking->bad, call, checking->count);
    checking->bad.lenient = false; /* the answer has a place for each lead */
    checking->bad.fields = true;
    for (size_t i = 0; i < checking->count; i++) {
        struct lb_str raw = {0};
        checking->lead = &checking->leads[i];
        *checking->lead = (struct checked){0};
        wrong = read_lead(checking, lb_json_item(array, i), &raw);
        if (checking->no_memory)
            return lb_call_no_memory(call);
        if (wrong ? !lb_bad_items_add(&checking->bad, call, &checking->kept, i, raw, wrong)
                  : check_lead(checking) != LB_OK && !lb_call_no_memory(call))
            return false;
    }
    return lb_bad_items_pass(&checking->bad, call);
}

enum lb_progress lb_lead_check_post(struct lb_call *call)
{
    struct checking *checking = lb_call_alloc(call, sizeof *checking);
    if (!checking || !lb_call_parse_body(call, LB_JSON_OBJECT))
        return LB_DONE;
    *checking = (struct checking){.call = call, .list = {.workspace = call->workspace->row.no}};
    bool done = read_leads(checking);
    lb_body_items_free_body(call);
    if (!done)
        return LB_DONE;
    uint64_t blocked = 0;
    for (size_t i = 0; i < checking->count; i++)
        blocked += checking->leads[i].verdict.scope != LB_SCOPE_NONE;
    lb_workspace_count_checks(call->workspace, checking->count, blocked);
    call->state = checking;
    return lb_call_read(call, read_details);
}
