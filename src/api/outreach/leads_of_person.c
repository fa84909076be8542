/* In which campaigns a person is a lead, also by leads that gave way to another one of the person:
 * GET /v1/leads?publicIdentifier=NAME. And which leads are behind a name of any type, those that
 * its block would exclude: GET /v1/blocklist/{type}/{value}/leads. */
#include "api/blocklist/named.h"
#include "api/handlers.h"
#include "api/ids.h"
#include "api/outreach/leads.h"
#include "api/query.h"

#include "domain/outreach/exclusion.h"
#include "domain/outreach/lead_keys.h"
#include "json/encode.h"

#include <stdlib.h>

#define TAKE_DEFAULT 50
#define TAKE_MAX     100

/* Of one look: a page, one of the page before, and one of the next. */
#define REFS_MAX (TAKE_MAX + 2)

#define LOOKS_MAX 10 /* for leads of campaigns that are there, TAKE_MAX at a time */

struct looking {
    struct lb_asked asked;
    size_t take;
    struct lb_lead_ref after;              /* the last one of the page before */
    struct lb_lead_ref refs[3 * REFS_MAX]; /* by campaign and number, those of the next one last */
    size_t count;
    struct lb_lead_ref named[2 * REFS_MAX]; /* that have either form of the name */
    size_t named_count;
    struct lb_lead_ref given_way[REFS_MAX]; /* the leads that gave this name away */
    size_t given_way_count;                 /* more than a page: there may be others */
    char given_way_name[LB_IDENTIFIER_SIZE];
    size_t given;
    size_t passed;              /* leads of pages that are not shown; each page is a turn */
    struct lb_lead_range range; /* of an address, number or company */
};

/* A campaign that was deleted may still have leads for a moment. */
static const struct lb_campaign *campaign_of(struct lb_call *call, uint32_t no)
{
    char id[LB_ID_SIZE];
    bool deleted;
    if (!lb_directory_list_id(call->app->directory, call->workspace, no, id, &deleted) || deleted)
        return NULL;
    return lb_directory_campaign(call->app->directory, call->workspace->row.no, lb_str(id));
}

static lb_err find_leads(struct looking *looking, struct lb_call *call,
                         struct lb_store_reader *reader, struct lb_str name)
{
    size_t count = 0;
    uint32_t after = looking->after.campaign ? looking->after.campaign - 1 : 0;
    if (!name.ptr)
        return LB_OK;
    lb_err err = call->app->store->ops->leads_named(reader, call->workspace->row.no, name, after,
                                                    looking->take + 2,
                                                    looking->refs + looking->count, &count);
    looking->count += err ? 0 : count;
    return err;
}

static bool is_before(const struct lb_lead_ref *one, const struct lb_lead_ref *other)
{
    return one->campaign != other->campaign ? one->campaign < other->campaign
                                            : one->lead < other->lead;
}

/* All into one order; a lead may have both forms of the name. */
static void sort_refs(struct looking *looking)
{
    struct lb_lead_ref *refs = looking->refs;
    size_t kept = 0;
    for (size_t i = 0; i < looking->count; i++) {
        struct lb_lead_ref ref = refs[i];
        size_t place = kept;
        bool twice = false;
        for (size_t j = 0; j < kept; j++)
            twice |= refs[j].lead == ref.lead;
        if (twice)
            continue;
        for (; place > 0 && is_before(&ref, &refs[place - 1]); place--)
            refs[place] = refs[place - 1];
        refs[place] = ref;
        kept++;
    }
    looking->count = kept;
}

static lb_err put_lead(struct looking *looking, struct lb_call *call,
                       struct lb_store_reader *reader, const struct lb_lead_ref *ref,
                       struct lb_buf *body)
{
    struct lb_lead_row lead;
    lb_err err = call->app->store->ops->lead(reader, call->workspace->row.no, ref->lead, &lead);
    if (err)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err; /* it was deleted meanwhile */
    const struct lb_campaign *campaign = campaign_of(call, ref->campaign);
    if (!campaign)
        return LB_OK;
    lb_buf_append_str(body,
                      looking->given++ ? LB_STR(",{\"campaignId\":") : LB_STR("{\"campaignId\":"));
    lb_json_put_string(body, lb_str(campaign->row.id));
    lb_buf_append_lit(body, ",\"campaignName\":");
    lb_json_put_string(body, lb_str(campaign->row.name));
    lb_buf_append_lit(body, ",");
    err = lb_leads_put(call, body, &lead);
    lb_buf_append_lit(body, "}");
    return err;
}

/* Leaves what this page needs: what is behind the page before, up to the first one of the next. */
static void trim(struct looking *looking)
{
    size_t first = 0;
    sort_refs(looking);
    while (first < looking->count && !is_before(&looking->after, &looking->refs[first]))
        first++;
    looking->count -= first;
    memmove(looking->refs, looking->refs + first, looking->count * sizeof *looking->refs);
    if (looking->count > looking->take + 1)
        looking->count = looking->take + 1;
}

/* Says that these leads will be read: together where the store is far away. */
static void announce(struct lb_call *call, struct lb_store_reader *reader,
                     const struct lb_lead_ref *refs, size_t count)
{
    uint64_t leads[3 * REFS_MAX];
    for (size_t i = 0; i < count; i++)
        leads[i] = refs[i].lead;
    call->app->store->ops->prefetch_leads(reader, call->workspace->row.no, leads, count, 0);
}

/* Are the leads of this campaign that gave the name away among those that were read last? Campaigns
 * are asked for in their order. */
static bool has_given_way(const struct looking *looking, struct lb_str name, uint32_t campaign)
{
    size_t count = looking->given_way_count;
    return lb_str_equal(lb_str(looking->given_way_name), name) &&
           (count <= looking->take || campaign < looking->given_way[count - 1].campaign);
}

static lb_err read_given_way(struct looking *looking, struct lb_call *call,
                             struct lb_store_reader *reader, struct lb_str name, uint32_t campaign)
{
    struct lb_lead_ref after = looking->after;
    if (campaign > after.campaign)
        after = (struct lb_lead_ref){.campaign = campaign};
    if (!lb_str_copy(name, looking->given_way_name, sizeof looking->given_way_name))
        return LB_ERR_INTERNAL;
    return call->app->store->ops->leads_that_gave_way(
        reader, call->workspace->row.no, lb_str(looking->given_way_name), after, looking->take + 1,
        looking->given_way, &looking->given_way_count);
}

/* Leads that gave the name away; of one campaign, or of all (0). */
static lb_err find_given_way(struct looking *looking, struct lb_call *call,
                             struct lb_store_reader *reader, struct lb_str name, uint32_t campaign)
{
    size_t before = looking->count;
    lb_err err = has_given_way(looking, name, campaign)
                     ? LB_OK
                     : read_given_way(looking, call, reader, name, campaign);
    for (size_t i = 0; !err && i < looking->given_way_count; i++)
        if (!campaign || looking->given_way[i].campaign == campaign)
            looking->refs[looking->count++] = looking->given_way[i];
    if (looking->count > before)
        trim(looking);
    return err;
}

/* The same for the other name of a lead that was found by its member id or public identifier. */
static lb_err find_given_to(struct looking *looking, struct lb_call *call,
                            struct lb_store_reader *reader, const struct lb_lead_ref *ref,
                            bool by_member)
{
    struct lb_lead_row lead;
    lb_err err = call->app->store->ops->lead(reader, call->workspace->row.no, ref->lead, &lead);
    if (err || !lead.member_id.ptr)
        return err == LB_ERR_NOT_FOUND ? LB_OK : err;
    struct lb_str other = by_member ? lead.identifier : lead.member_id;
    return find_given_way(looking, call, reader, other, ref->campaign);
}

/* Is the page full before the campaign of this lead? */
static bool is_behind(const struct looking *looking, const struct lb_lead_ref *ref)
{
    return looking->count > looking->take && ref->campaign > looking->refs[looking->take].campaign;
}

/* The leads of a page, and the first one of the next. */
static lb_err find_page(struct looking *looking, struct lb_call *call,
                        struct lb_store_reader *reader)
{
    struct lb_str name = looking->asked.identifier;
    lb_err err = find_leads(looking, call, reader, name);
    if (!err)
        err = find_leads(looking, call, reader, looking->asked.before);
    sort_refs(looking);
    memcpy(looking->named, looking->refs, looking->count * sizeof *looking->refs);
    looking->named_count = looking->count;
    trim(looking);
    bool by_member = name.ptr && lb_identifier_is_member_id(name);
    if (!err && name.ptr)
        err = find_given_way(looking, call, reader, name, 0);
    announce(call, reader, looking->named, looking->named_count);
    for (size_t i = 0; !err && i < looking->named_count; i++) {
        if (is_behind(looking, &looking->named[i]))
            break;
        err = find_given_to(looking, call, reader, &looking->named[i], by_member);
    }
    return err;
}

/* The page's last lead whose campaign is known, and that campaign's id: those after it belong to
 * campaigns that were deleted, and are not shown. NULL: all do. */
static const struct lb_lead_ref *last_known(const struct looking *looking, struct lb_call *call,
                                            char campaign[LB_ID_SIZE])
{
    bool deleted;
    for (size_t i = looking->take; i > 0; i--)
        if (lb_directory_list_id(call->app->directory, call->workspace,
                                 looking->refs[i - 1].campaign, campaign, &deleted))
            return &looking->refs[i - 1];
    return NULL;
}

static bool has_more(const struct looking *looking)
{
    return looking->take && looking->count > looking->take;
}

/* Passes over a page that has no lead to begin the next one after. False: it is shown. */
static bool pass_page(struct looking *looking, struct lb_call *call)
{
    char campaign[LB_ID_SIZE];
    if (!has_more(looking) || looking->passed >= LOOKS_MAX * TAKE_MAX ||
        last_known(looking, call, campaign))
        return false;
    looking->passed += looking->take;
    looking->after = looking->refs[looking->take - 1];
    looking->count = looking->given_way_count = 0;
    looking->given_way_name[0] = '\0';
    return true;
}

/* Numbers of campaigns tell of other workspaces, so the next page begins after one named by its id.
 */
static void put_link(struct looking *looking, struct lb_call *call)
{
    char campaign[LB_ID_SIZE];
    struct lb_buf link = {0};
    const struct lb_lead_ref *last = last_known(looking, call, campaign);
    if (!last)
        return;
    lb_query_begin_link(call, &link);
    lb_buf_printf(&link, "take=%zu&publicIdentifier=", looking->take);
    lb_query_put_escaped(&link, looking->asked.raw);
    lb_buf_printf(&link, "&cursor=c%s.", campaign);
    lb_id_put_row(&link, last->lead);
    lb_query_end_link(call, &link);
}

static enum lb_turn read_leads(struct lb_call *call, struct lb_store_reader *reader)
{
    struct looking *looking = call->state;
    lb_err err = find_page(looking, call, reader);
    if (!err && pass_page(looking, call))
        return LB_TURN_MORE;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "[");
    announce(call, reader, looking->refs, looking->count);
    for (size_t i = 0; !err && i < looking->count && i < looking->take; i++)
        err = put_lead(looking, call, reader, &looking->refs[i], body);
    lb_buf_append_lit(body, "]");
    if (err)
        lb_call_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, NULL);
    else if (looking->asked.wrong && !looking->count)
        lb_identifiers_refuse(call, &looking->asked);
    else if (has_more(looking))
        put_link(looking, call);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* --- Names of other types --- */

static bool has_ref(const struct looking *looking, uint64_t lead)
{
    for (size_t i = 0; i < looking->count; i++)
        if (looking->refs[i].lead == lead)
            return true;
    return false;
}

static lb_err find_by_form(struct looking *looking, struct lb_call *call,
                           struct lb_store_reader *reader, enum lb_lead_form form)
{
    struct lb_lead_place place = {.len = looking->range.first.len};
    struct lb_lead_ref found[TAKE_MAX];
    size_t count = TAKE_MAX;
    lb_err err = LB_OK;
    memcpy(place.form, looking->range.first.ptr, place.len);
    for (int i = 0; !err && count == TAKE_MAX && i < LOOKS_MAX; i++) {
        err = call->app->store->ops->leads_by_form(reader, call->workspace->row.no, form,
                                                   looking->range.last, &place, TAKE_MAX, found,
                                                   &count);
        for (size_t j = 0; !err && j < count && looking->count < looking->take; j++)
            if (campaign_of(call, found[j].campaign) && !has_ref(looking, found[j].lead))
                looking->refs[looking->count++] = found[j];
        if (looking->count == looking->take)
            break;
    }
    return err;
}

/* Those of a LinkedIn name, and of other names for which its block holds. */
static lb_err find_person(struct looking *looking, struct lb_call *call,
                          struct lb_store_reader *reader, struct lb_str key)
{
    struct lb_other_names others = {0};
    if (lb_persons_any(call->workspace))
        lb_persons_others(lb_blocklist_persons(call->app->blocklist), call->workspace->row.no, key,
                          LB_PERSON_COVERED, &others);
    lb_err err = find_leads(looking, call, reader, key);
    for (size_t i = 0; !err && i <= others.count; i++) {
        sort_refs(looking);
        looking->count = looking->count < looking->take ? looking->count : looking->take;
        if (i < others.count)
            err = find_leads(looking, call, reader, others.names[i]);
    }
    return err;
}

static lb_err find_behind(struct looking *looking, struct lb_call *call,
                          struct lb_store_reader *reader)
{
    struct lb_str key = looking->asked.identifier;
    if (lb_key_is_linkedin(key))
        return find_person(looking, call, reader, key);
    lb_lead_range_of(key, &looking->range);
    lb_err err = find_by_form(looking, call, reader, looking->range.form);
    if (!err && looking->range.form == LB_LEAD_FORM_MAIL_HOST)
        err = find_by_form(looking, call, reader, LB_LEAD_FORM_SITE_HOST);
    return err;
}

static enum lb_turn read_behind(struct lb_call *call, struct lb_store_reader *reader)
{
    struct looking *looking = call->state;
    struct lb_str key = looking->asked.identifier;
    uint64_t total = 0;
    struct lb_exclusion exclusion = {.blocklist = call->app->blocklist,
                                     .workspace = call->workspace};
    struct lb_list list = {.workspace = call->workspace->row.no};
    lb_err err = find_behind(looking, call, reader);
    if (!err)
        err = lb_exclusion_count(&exclusion, call->app->directory, call->app->store, reader, list,
                                 key, &total);
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_append_lit(body, "[");
    announce(call, reader, looking->refs, looking->count);
    for (size_t i = 0; !err && i < looking->count; i++)
        err = put_lead(looking, call, reader, &looking->refs[i], body);
    lb_buf_append_lit(body, "]");
    if (err)
        lb_call_refuse(call, LB_ERR_STORAGE_UNAVAILABLE, NULL);
    else
        lb_query_put_total(call, total);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_leads_behind(struct lb_call *call)
{
    struct looking *looking = lb_call_alloc(call, sizeof *looking);
    uint64_t take;
    if (!looking || !lb_query_only(call, "take limit defaultCountry") ||
        !lb_query_number(call, "take", "limit", TAKE_DEFAULT, TAKE_MAX, &take) ||
        !lb_named_read_path(call, &looking->asked))
        return LB_DONE;
    if (!looking->asked.identifier.ptr)
        return lb_identifiers_refuse(call, &looking->asked);
    looking->take = take;
    call->state = looking;
    return lb_call_read(call, read_behind);
}

/* Where the page begins, at the lead that the page before ended with. False when the reply is set.
 */
static bool read_cursor(struct lb_call *call, struct lb_lead_ref *after)
{
    struct lb_str campaign;
    if (!lb_query_cursor_of_campaign_and_lead(call, &campaign, &after->lead))
        return false;
    if (!campaign.ptr)
        return true;
    size_t count;
    struct lb_list_owner *owners =
        lb_directory_list_owners(call->app->directory, call->workspace, &count);
    if (!owners)
        return lb_call_no_memory(call);
    for (size_t i = 0; i < count && !after->campaign; i++)
        if (lb_str_equal(owners[i].id, campaign))
            after->campaign = owners[i].no;
    free(owners);
    return after->campaign || lb_query_refuse_cursor(call);
}

enum lb_progress lb_leads_of_person(struct lb_call *call)
{
    struct looking *looking = lb_call_alloc(call, sizeof *looking);
    struct lb_str name;
    uint64_t take;
    if (!looking || !lb_query_text(call, "publicIdentifier", &name) ||
        !lb_query_only(call, "take limit cursor publicIdentifier") ||
        !lb_query_number(call, "take", "limit", TAKE_DEFAULT, TAKE_MAX, &take) ||
        !read_cursor(call, &looking->after))
        return LB_DONE;
    if (!name.ptr) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER,
                       "The parameter 'publicIdentifier' is missing: name a person, or ask for the "
                       "leads of a campaign.");
        return LB_DONE;
    }
    if (!lb_identifiers_read_one(call, name, &looking->asked))
        return LB_DONE;
    looking->take = take;
    call->state = looking;
    return lb_call_read(call, read_leads);
}
