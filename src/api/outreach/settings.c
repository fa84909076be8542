#include "api/outreach/settings.h"

#include "api/body_items.h"
#include "domain/outreach/restraint.h"
#include "json/encode.h"

static bool refuse(struct lb_call *call, const char *what)
{
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY, "%s", what);
    return false;
}

static bool given(const struct lb_json *value)
{
    return lb_json_type(value) != LB_JSON_MISSING;
}

/* A flag of the settings; null is false. */
static bool read_flag(struct lb_call *call, const struct lb_json *settings, const char *name,
                      bool *out, bool *out_given)
{
    const struct lb_json *value = lb_json_member(settings, name);
    *out_given = given(value);
    if (!*out_given || lb_json_type(value) == LB_JSON_NULL || lb_json_bool(value, out))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "\"settings\": \"%s\" must be true or false.", name);
    return false;
}

/* {"days":90}, or null. */
static bool read_days(struct lb_call *call, const struct lb_json *settings, uint32_t *out,
                      bool *out_given)
{
    const struct lb_json *value = lb_json_member(settings, "skipContacted");
    int64_t days = 0;
    *out_given = given(value);
    if (!*out_given || lb_json_type(value) == LB_JSON_NULL)
        return true;
    if (lb_json_type(value) == LB_JSON_OBJECT &&
        lb_json_int64(lb_json_member(value, "days"), &days) && days >= 1 &&
        days <= LB_SKIP_CONTACTED_DAYS_MAX) {
        *out = (uint32_t)days;
        return true;
    }
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "\"settings\": \"skipContacted\" must be {\"days\":N} with a whole number from "
                   "1 to %d, or null.",
                   LB_SKIP_CONTACTED_DAYS_MAX);
    return false;
}

/* Beside "settings" they would be ignored. */
static bool check_place(struct lb_call *call)
{
    static const char *const names[] = {"blockOnReply", "skipContacted", "stopColleagues"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!given(lb_json_member(call->body, names[i])))
            continue;
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                       "\"%s\" belongs in \"settings\": {\"settings\":{\"%s\":...}}.", names[i],
                       names[i]);
        return false;
    }
    return true;
}

bool lb_settings_read(struct lb_call *call, struct lb_campaign_change *change)
{
    const struct lb_json *settings = lb_json_member(call->body, "settings");
    enum lb_json_type type = lb_json_type(settings);
    if (!check_place(call))
        return false;
    if (type == LB_JSON_MISSING || type == LB_JSON_NULL)
        return true;
    if (type != LB_JSON_OBJECT)
        return refuse(call, "\"settings\" must be an object.");
    return read_flag(call, settings, "blockOnReply", &change->settings.block_on_reply,
                     &change->sets_block_on_reply) &&
           read_flag(call, settings, "stopColleagues", &change->settings.stop_colleagues,
                     &change->sets_stop_colleagues) &&
           read_days(call, settings, &change->settings.skip_contacted_days,
                     &change->sets_skip_contacted);
}

void lb_settings_put(struct lb_buf *body, const struct lb_campaign_settings *settings)
{
    const char *comma = "";
    lb_buf_append_lit(body, "{");
    if (settings->block_on_reply) {
        lb_buf_append_lit(body, "\"blockOnReply\":true");
        comma = ",";
    }
    if (settings->skip_contacted_days) {
        lb_buf_printf(body, "%s\"skipContacted\":{\"days\":%u}", comma,
                      settings->skip_contacted_days);
        comma = ",";
    }
    if (settings->stop_colleagues)
        lb_buf_printf(body, "%s\"stopColleagues\":true", comma);
    lb_buf_append_lit(body, "}");
}
