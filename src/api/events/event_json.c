#include "api/events/event_json.h"

#include "api/blocklist/entry_json.h"
#include "api/by.h"
#include "api/ids.h"
#include "api/profile_url.h"
#include "json/encode.h"
#include "store/names.h"

#include <stdlib.h>

struct lb_event_json_known {
    struct lb_call call; /* of whom `by` wants to know the app alone */
    struct lb_by by;
    struct lb_buf url;
    /* The last campaign. */
    uint32_t campaign;
    bool found;
    char id[LB_ID_SIZE];
    char name[LB_NAME_SIZE];
};

static struct lb_event_json_known *known_of(struct lb_event_json *json)
{
    if (json->known)
        return json->known;
    struct lb_event_json_known *known = calloc(1, sizeof *known);
    if (!known)
        return NULL;
    known->call.app = (struct lb_app *)(uintptr_t)json->app;
    known->by.call = &known->call;
    json->known = known;
    return known;
}

void lb_event_json_fini(struct lb_event_json *json)
{
    if (!json->known)
        return;
    lb_by_fini(&json->known->by);
    lb_buf_fini(&json->known->url);
    free(json->known);
    json->known = NULL;
}

static void find_campaign(struct lb_event_json *json, uint32_t no)
{
    struct lb_event_json_known *known = json->known;
    if (known->campaign == no)
        return;
    known->campaign = no;
    bool deleted = false;
    known->found =
        lb_directory_list_id(json->app->directory, json->workspace, no, known->id, &deleted);
    const struct lb_campaign *campaign =
        known->found && !deleted ? lb_directory_campaign(json->app->directory,
                                                         json->workspace->row.no, lb_str(known->id))
                                 : NULL;
    const struct lb_kept_list *kept =
        deleted ? lb_directory_kept_no(json->app->directory, no) : NULL;
    lb_str_copy(campaign ? lb_str(campaign->row.name)
                : kept   ? kept->name
                         : LB_STR(""),
                known->name, sizeof known->name);
}

static void put_field(struct lb_buf *out, const char *name, struct lb_str value)
{
    lb_buf_printf(out, ",\"%s\":", name);
    lb_json_put_string_or_null(out, value);
}

/* The id alone, and then with the name. Both null: it was deleted with its blocklist, or there is
 * none. */
static void put_campaign_id(struct lb_event_json *json, struct lb_buf *out, uint32_t no)
{
    static const struct lb_str none = {0};
    find_campaign(json, no);
    lb_json_put_string_or_null(out, json->known->found ? lb_str(json->known->id) : none);
}

static void put_campaign(struct lb_event_json *json, struct lb_buf *out, uint32_t no)
{
    static const struct lb_str none = {0};
    lb_buf_append_lit(out, "\"campaignId\":");
    put_campaign_id(json, out, no);
    put_field(out, "campaignName", json->known->found ? lb_str(json->known->name) : none);
}

/* The fields of a person, without braces; `lead` NULL: of no person. */
static void put_lead(struct lb_event_json *json, struct lb_buf *out,
                     const struct lb_event_lead *lead)
{
    static const struct lb_event_lead nobody = {0};
    struct lb_buf *url = &json->known->url;
    if (!lead)
        lead = &nobody;
    bool known = lead->lead != 0;
    char number[LB_ID_ROW_SIZE];
    url->len = 0;
    bool has_url =
        lead->key.ptr && lb_key_is_linkedin(lead->key) && lb_profile_url_put(url, lead->key);
    out->failed |= url->failed;
    lb_entry_json_put_who(out, lead->key);
    put_field(out, "linkedinUrl", has_url ? lb_buf_str(url) : (struct lb_str){0});
    if (known)
        lb_buf_printf(out, ",\"leadId\":\"" LB_LEAD_PREFIX "%s\"",
                      lb_id_write_row(number, lead->lead));
    else
        lb_buf_append_lit(out, ",\"leadId\":null");
    put_field(out, "firstName", lead->fields[LB_LEAD_FIRST_NAME]);
    put_field(out, "lastName", lead->fields[LB_LEAD_LAST_NAME]);
    put_field(out, "email", lead->fields[LB_LEAD_EMAIL]);
    put_field(out, "phone", lead->fields[LB_LEAD_PHONE]);
    put_field(out, "companyName", lead->fields[LB_LEAD_COMPANY_NAME]);
    put_field(out, "status",
              known ? lb_str(lb_lead_status_name(lead->status)) : (struct lb_str){0});
    put_field(out, "reason", lead->reason);
}

static void put_change(struct lb_buf *out, const char *name, struct lb_public_id change)
{
    char id[LB_ID_RECORD_SIZE];
    size_t len = lb_id_write_record(id, LB_STR(LB_CHANGE_PREFIX), change);
    put_field(out, name, change.number ? (struct lb_str){id, len} : (struct lb_str){0});
}

static void put_lead_event(struct lb_event_json *json, struct lb_buf *out,
                           const struct lb_feed_event *event)
{
    put_campaign(json, out, event->campaign);
    lb_buf_append_lit(out, ",");
    put_lead(json, out, event->lead_count == 1 ? event->leads : NULL);
    lb_buf_printf(out, ",\"scope\":\"%s\",\"by\":", event->campaign ? "campaign" : "workspace");
    json->known->by.reader = json->reader;
    lb_by_put(&json->known->by, out, event->actor);
    put_change(out, "changeId", event->change);
    put_change(out, "undoes", event->undoes);
    put_field(out, "importId", event->import);
    lb_buf_append_lit(out, ",\"leads\":[");
    for (size_t i = 0; i < event->lead_count; i++) {
        lb_buf_append(out, ",{", i ? 2 : 0);
        if (!i)
            lb_buf_append_lit(out, "{");
        put_lead(json, out, &event->leads[i]);
        lb_buf_append_lit(out, "}");
    }
    lb_buf_append_lit(out, "]");
}

static void put_campaign_event(struct lb_event_json *json, struct lb_buf *out,
                               const struct lb_feed_event *event)
{
    bool completed = event->type == LB_EVENT_CAMPAIGN_COMPLETED;
    put_campaign(json, out, event->campaign);
    lb_buf_printf(out, ",\"progress\":%u,\"status\":\"%s\"", event->progress,
                  lb_campaign_status_name(completed ? LB_CAMPAIGN_COMPLETED : LB_CAMPAIGN_ACTIVE));
}

/* `data`, an object. */
static void put_data(struct lb_event_json *json, struct lb_buf *out,
                     const struct lb_feed_event *event)
{
    bool of_campaign = event->type == LB_EVENT_CAMPAIGN_COMPLETED ||
                       event->type == LB_EVENT_CAMPAIGN_WITHOUT_LEADS;
    if (!known_of(json)) {
        out->failed = true;
        return;
    }
    lb_buf_append_lit(out, "{");
    if (of_campaign)
        put_campaign_event(json, out, event);
    else
        put_lead_event(json, out, event);
    lb_buf_append_lit(out, "}");
}

void lb_event_json_put(struct lb_event_json *json, struct lb_buf *out,
                       const struct lb_feed_event *event)
{
    char id[LB_EVENT_CURSOR_SIZE];
    if (!known_of(json)) {
        out->failed = true;
        return;
    }
    lb_event_cursor_write(&event->cursor, id);
    lb_buf_printf(out, "{\"id\":\"%s\",\"type\":\"%s\",\"createdAt\":", id,
                  lb_event_type_name(event->type));
    lb_json_put_time(out, event->at);
    lb_buf_append_lit(out, ",\"campaignId\":");
    put_campaign_id(json, out, event->campaign);
    lb_buf_append_lit(out, ",\"data\":");
    put_data(json, out, event);
    lb_buf_append_lit(out, "}");
}
