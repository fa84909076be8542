/* Adding leads to a campaign, setting their status, deleting them. */
#include "api/outreach/leads.h"

#include "api/handlers.h"
#include "api/ids.h"
#include "api/body_items.h"
#include "api/blocklist/changes.h"
#include "api/outreach/variables.h"
#include "base/utf8.h"
#include "domain/blocklist/identifier.h"
#include "json/encode.h"
#include "store/names.h"

/* Bytes that a lead takes in the store's transaction, about; see lb_write. */
#define LEAD_BYTES 256

/* The call's state while its change is under way. */
struct pending {
    struct lb_lead_change change;
    struct lb_new_lead *leads;
    struct lb_bad_items bad;
    struct lb_kept kept;
    size_t doubtful;
    struct lb_buf variables; /* of the lead being read */
};

static struct pending *begin_lead_change(struct lb_call *call)
{
    struct pending *pending = lb_call_alloc(call, sizeof *pending);
    if (!pending)
        return NULL;
    pending->change.outreach = call->app->outreach;
    pending->change.standing = lb_call_standing(call, false);
    call->state = pending;
    return pending;
}

/* --- Reading leads --- */

/* An identifier in any spelling. NULL when it is good, else what is wrong with it. */
static const char *read_identifier(const struct lb_json *value, struct lb_identifier *out)
{
    if (lb_json_type(value) != LB_JSON_STRING)
        return "must be a string";
    return lb_identifier_normalise(lb_json_string(value), out);
}

/* The empty string counts as missing: programs send it for what they have nothing for. */
static bool is_given(const struct lb_json *value)
{
    enum lb_json_type type = lb_json_type(value);
    return type != LB_JSON_MISSING && type != LB_JSON_NULL &&
           (type != LB_JSON_STRING || lb_json_string(value).len);
}

static bool is_name(enum lb_lead_field field)
{
    return field <= LB_LEAD_COMPANY_NAME;
}

/* A field: missing, or a string. */
static const char *read_field(const struct lb_json *value, enum lb_lead_field field,
                              struct lb_str *out)
{
    if (!is_given(value))
        return NULL;
    if (lb_json_type(value) != LB_JSON_STRING)
        return is_name(field) ? "has a name that is not a string"
                              : "has an email, phone, headline, website or companyUrl that is not "
                                "a string";
    struct lb_str text = lb_json_string(value);
    if (memchr(text.ptr, 0, text.len))
        return is_name(field) ? "has a name with a NUL character"
                              : "has a field with a NUL character";
    if (lb_utf8_count(text) > lb_lead_field_max(field))
        return is_name(field) ? "has a name that is longer than 200 characters"
               : lb_lead_field_max(field) == LB_LEAD_NAME_CHARACTERS_MAX
                   ? "has an email or phone that is longer than 200 characters"
                   : "has a headline, website or companyUrl that is longer than 500 characters";
    *out = text;
    return NULL;
}

static const char *read_member_id(const struct lb_json *value, struct lb_identifier *out)
{
    const char *wrong = read_identifier(value, out);
    if (!wrong && !lb_identifier_is_member_id((struct lb_str){out->text, out->len}))
        wrong = "memberId is invalid: LinkedIn member ids begin with ACoAA or ACwAA";
    return wrong;
}

/* Everything but the identifiers. */
static const char *read_fields(struct pending *pending, const struct lb_json *json,
                               struct lb_new_lead *lead)
{
    const char *wrong = NULL;
    for (int i = 0; !wrong && i < LB_LEAD_FIELD_COUNT; i++) {
        enum lb_lead_field field = (enum lb_lead_field)i;
        wrong = read_field(lb_json_member(json, lb_lead_field_name(field)), field,
                           &lead->fields[field]);
    }
    pending->variables.len = 0;
    if (!wrong)
        wrong = lb_variables_read(lb_json_member(json, "variables"), &pending->variables);
    if (pending->variables.len)
        lead->variables = lb_buf_str(&pending->variables);
    return wrong;
}

/* Copies what a lead points to. */
static bool keep(struct pending *pending, struct lb_call *call, struct lb_new_lead *lead)
{
    struct lb_str *texts[] = {&lead->identifier, &lead->member_id, &lead->variables, &lead->sent};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        if (!lb_keep(call, &pending->kept, texts[i]))
            return lb_call_no_memory(call);
    for (int i = 0; i < LB_LEAD_FIELD_COUNT; i++)
        if (!lb_keep(call, &pending->kept, &lead->fields[i]))
            return lb_call_no_memory(call);
    if (pending->variables.failed)
        return lb_call_no_memory(call);
    pending->leads[pending->change.count++] = *lead;
    return true;
}

/* The names of a lead in canonical form. */
struct read_names {
    struct lb_identifier identifier;
    struct lb_identifier of_url;
    struct lb_identifier member_id; /* empty: none */
    const struct lb_json *shown;    /* what is shown when it is bad */
};

/* A profile URL beside a public identifier names the same person: it is the same, or the URL with
 * the member id. */
static const char *read_url(const struct lb_json *url, struct read_names *out)
{
    const struct lb_identifier *named = &out->of_url;
    const char *wrong = read_identifier(url, &out->of_url);
    if (!wrong && strcmp(named->text, out->identifier.text) == 0) {
        out->identifier.bare &= named->bare; /* an address is no doubtful name */
        return NULL;
    }
    out->shown = url;
    if (wrong)
        return wrong;
    if (!lb_identifier_is_member_id((struct lb_str){named->text, named->len}) ||
        (out->member_id.len && strcmp(named->text, out->member_id.text) != 0))
        return "has a publicIdentifier and a linkedinUrl of two different people";
    out->member_id = *named;
    return NULL;
}

static const char *read_lead_names(const struct lb_json *json, struct read_names *out)
{
    const struct lb_json *name = lb_json_member(json, "publicIdentifier");
    const struct lb_json *url = lb_json_member(json, "linkedinUrl");
    const struct lb_json *member = lb_json_member(json, "memberId");
    out->member_id.len = 0;
    /* Who has no other name is known by the member id alone. */
    out->shown = is_given(name) ? name : is_given(url) ? url : is_given(member) ? member : name;
    if (lb_json_type(json) != LB_JSON_OBJECT)
        return "must be an object with a publicIdentifier or linkedinUrl";
    if (!is_given(out->shown) && lb_json_type(name) != LB_JSON_STRING)
        return "has no publicIdentifier or linkedinUrl";
    const char *wrong = read_identifier(out->shown, &out->identifier);
    if (!wrong && is_given(member)) {
        wrong = read_member_id(member, &out->member_id);
        out->shown = wrong ? member : out->shown;
    }
    return !wrong && is_given(name) && is_given(url) ? read_url(url, out) : wrong;
}

static bool read_lead(struct pending *pending, struct lb_call *call, size_t index,
                      const struct lb_json *json)
{
    struct read_names names;
    struct lb_new_lead lead = {0};
    const char *wrong = read_lead_names(json, &names);
    if (!wrong) {
        wrong = read_fields(pending, json, &lead);
        pending->bad.fields |= wrong != NULL;
    }
    if (wrong)
        return lb_bad_items_add(&pending->bad, call, &pending->kept, index,
                                lb_json_string(names.shown), wrong);
    lead.identifier = (struct lb_str){names.identifier.text, names.identifier.len};
    if (names.member_id.len)
        lead.member_id = (struct lb_str){names.member_id.text, names.member_id.len};
    else
        lead.doubt = lb_identifier_doubt(&names.identifier, true);
    if (lead.doubt) {
        pending->doubtful++;
        lead.place = index;
        lead.sent = lb_json_string(names.shown);
    }
    return keep(pending, call, &lead);
}

/* False when the reply is set. */
static bool read_leads(struct pending *pending, struct lb_call *call)
{
    const struct lb_json *array = lb_body_items_array(call, "leads");
    if (!array)
        return false;
    size_t total = lb_json_length(array);
    lb_bad_items_init(&pending->bad, call, total);
    pending->leads = lb_call_alloc(call, total * sizeof *pending->leads);
    if (!pending->leads)
        return false;
    bool read = true;
    for (size_t i = 0; read && i < total; i++)
        read = read_lead(pending, call, i, lb_json_item(array, i));
    lb_buf_fini(&pending->variables);
    pending->change.leads = pending->leads;
    return read && lb_bad_items_pass(&pending->bad, call);
}

/* Lists the doubtful leads that the campaign does not have. False when the reply is set. */
static bool list_refused(struct pending *pending, struct lb_call *call)
{
    const struct lb_lead_change *change = &pending->change;
    for (size_t i = 0; i < change->refused_count; i++) {
        const struct lb_new_lead *lead = change->refused[i];
        if (!lb_bad_items_add(&pending->bad, call, &pending->kept, lead->place, lead->sent,
                              lead->doubt))
            return false;
    }
    lb_bad_items_sort(&pending->bad);
    return lb_bad_items_pass(&pending->bad, call);
}

static void reply_added(struct lb_call *call)
{
    struct pending *pending = call->state;
    const struct lb_lead_change *change = &pending->change;
    bool refused = call->write->result == LB_ERR_INVALID_IDENTIFIER;
    if ((!refused && !lb_call_written(call)) || !list_refused(pending, call))
        return;
    unsigned long long added = change->added;
    unsigned long long duplicates = change->duplicates;
    unsigned long long blocked = change->blocked;
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_printf(body, "{\"success\":true,\"message\":\"%llu lead%s added", added,
                  added == 1 ? "" : "s");
    if (blocked)
        lb_buf_printf(body, " (%llu of them blocked)", blocked);
    if (duplicates)
        lb_buf_printf(body, ", %llu there already", duplicates);
    if (pending->bad.count)
        lb_buf_printf(body, ", %zu invalid", pending->bad.count);
    lb_buf_printf(body, "\",\"added\":%llu,\"duplicates\":%llu,\"blocked\":%llu", added, duplicates,
                  blocked);
    lb_bad_items_put_invalid(&pending->bad, call, body);
    lb_buf_append_lit(body, "}");
    if (change->links.id.number) /* links between names that were learnt of them */
        lb_changes_put_id(call, &change->links);
}

enum lb_progress lb_leads_post(struct lb_call *call)
{
    struct pending *pending = begin_lead_change(call);
    if (!pending || !lb_call_parse_body(call, LB_JSON_OBJECT))
        return LB_DONE;
    bool read = read_leads(pending, call);
    lb_body_items_free_body(call);
    if (!read)
        return LB_DONE;
    if (pending->doubtful) {
        pending->change.lenient = pending->bad.lenient;
        pending->change.refused =
            lb_call_alloc(call, pending->doubtful * sizeof *pending->change.refused);
        if (!pending->change.refused)
            return LB_DONE;
    }
    lb_lead_add(&pending->change);
    size_t each = sizeof *pending->leads + LEAD_BYTES;
    return lb_call_write(call, &pending->change.write,
                         call->req->body.len + pending->kept.bytes + pending->change.count * each,
                         reply_added);
}

/* --- One lead --- */

static void reply_status(struct lb_call *call)
{
    const struct pending *pending = call->state;
    if (!lb_call_written(call))
        return;
    const char *status = lb_lead_status_name(pending->change.status);
    char lead[LB_ID_ROW_SIZE];
    struct lb_buf *body = lb_reply_json(&call->req->reply, 200);
    lb_buf_printf(body,
                  "{\"success\":true,\"message\":\"The lead is %s\",\"leadId\":\"" LB_LEAD_PREFIX
                  "%s\",\"status\":\"%s\"}",
                  pending->change.status == LB_LEAD_ERROR ? "in error" : status,
                  lb_id_write_row(lead, pending->change.lead), status);
}

enum lb_progress lb_leads_put_status(struct lb_call *call)
{
    struct pending *pending = begin_lead_change(call);
    if (!pending || !lb_call_parse_body(call, LB_JSON_OBJECT))
        return LB_DONE;
    struct lb_str status = lb_json_string(lb_json_member(call->body, "status"));
    if (!lb_lead_status_parse(status, &pending->change.wanted)) {
        lb_reply_error(
            &call->req->reply, LB_ERR_INVALID_BODY,
            "The \"status\" of a lead must be waiting, active, paused, completed or error.");
        return LB_DONE;
    }
    pending->change.lead = lb_id_lead(call->req->params[0]);
    lb_lead_set_status(&pending->change);
    return lb_call_write(call, &pending->change.write, 0, reply_status);
}

static void reply_deleted(struct lb_call *call)
{
    if (lb_call_written(call))
        lb_call_reply_done(call, 200, "Lead deleted; blocks of this person stay");
}

enum lb_progress lb_leads_delete(struct lb_call *call)
{
    struct pending *pending = begin_lead_change(call);
    if (!pending)
        return LB_DONE;
    pending->change.lead = lb_id_lead(call->req->params[0]);
    lb_lead_delete(&pending->change);
    return lb_call_write(call, &pending->change.write, 0, reply_deleted);
}
