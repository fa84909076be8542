#include "api/campaigns.h"

#include "api/handlers.h"
#include "api/paging.h"
#include "json/encode.h"

#include <stdio.h>

#define TAKE_DEFAULT        10
#define TAKE_MAX            100
#define NAME_CHARACTERS_MAX 100

void lb_campaigns_put(struct lb_buf *body, const struct lb_campaign_row *row)
{
    lb_buf_append_lit(body, "{\"id\":");
    lb_json_put_string(body, lb_str(row->id));
    lb_buf_append_lit(body, ",\"name\":");
    lb_json_put_string(body, lb_str(row->name));
    lb_buf_append_lit(body, ",\"status\":");
    lb_json_put_string(body, lb_str(lb_campaign_status_name(row->status)));
    lb_buf_append_lit(body, ",\"progress\":0,\"createdAt\":");
    lb_json_put_time(body, row->created_at);
    lb_buf_append_lit(body, ",\"settings\":{},\"coreVariables\":{},\"customVariables\":{},"
                            "\"linkedinAccounts\":[],\"analytics\":{\"acceptanceRate\":0,"
                            "\"responseRate\":0,\"totalLeads\":0},\"steps\":[]}");
}

bool lb_campaigns_read_name(struct lb_call *call, char *out)
{
    const struct lb_json *value = lb_json_member(call->body, "name");
    struct lb_str name = lb_json_string(value);
    size_t characters = 0;
    bool printable = true;
    for (size_t i = 0; i < name.len; i++) {
        characters += ((unsigned char)name.ptr[i] & 0xc0) != 0x80;
        printable = printable && (unsigned char)name.ptr[i] >= 0x20 && name.ptr[i] != 0x7f;
    }
    if (lb_json_type(value) == LB_JSON_STRING && characters >= 1 && printable &&
        characters <= NAME_CHARACTERS_MAX && lb_str_copy(name, out, LB_NAME_SIZE))
        return true;
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "The body needs a \"name\": a text of 1 to %d characters.", NAME_CHARACTERS_MAX);
    return false;
}

static bool read_id(struct lb_call *call, struct lb_campaign_change *change)
{
    const struct lb_json *value = lb_json_member(call->body, "id");
    enum lb_json_type type = lb_json_type(value);
    if (type == LB_JSON_MISSING || type == LB_JSON_NULL)
        return true;
    struct lb_str id = lb_json_string(value);
    if (lb_campaign_id_valid(id))
        return lb_str_copy(id, change->row.id, sizeof change->row.id);
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                   "A campaign's \"id\" is a text of 1 to %d of A-Z a-z 0-9 _ -; leave it out to "
                   "have one made.",
                   LB_CAMPAIGN_ID_MAX);
    return false;
}

static struct lb_campaign_change *begin(struct lb_call *call)
{
    struct lb_campaign_change *change = lb_request_alloc(call->req, sizeof *change);
    if (!change) {
        lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
        return NULL;
    }
    change->standing = lb_call_standing(call, false);
    change->blocklist = call->app->blocklist;
    call->state = change;
    return change;
}

/* The change that is done, or NULL when it failed and the reply is set. */
static struct lb_campaign_change *done(struct lb_request *req)
{
    struct lb_call *call = lb_call_of(req);
    struct lb_campaign_change *change = call->state;
    if (change->write.result == LB_OK)
        return change;
    lb_call_refuse(call, change->write.result, &change->write.reason);
    return NULL;
}

static void reply_created(struct lb_request *req)
{
    const struct lb_campaign_change *change = done(req);
    if (change)
        lb_campaigns_put(lb_reply_json(&req->reply, 201), &change->row);
}

enum lb_progress lb_campaigns_create(struct lb_call *call)
{
    struct lb_campaign_change *change = begin(call);
    if (!change || !lb_call_parse_body(call, LB_JSON_OBJECT) ||
        !lb_campaigns_read_name(call, change->row.name) || !read_id(call, change))
        return LB_DONE;
    if (lb_json_length(lb_json_member(call->body, "steps")) > 0) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                       "This server keeps blocklists of campaigns and no sequences yet: send no "
                       "\"steps\".");
        return LB_DONE;
    }
    change->max_campaigns = call->app->config->max_workspace_campaigns;
    lb_campaign_create(change);
    return lb_call_write(call, &change->write, sizeof change->row, reply_created);
}

enum lb_progress lb_campaigns_post(struct lb_request *req, void *app)
{
    (void)app;
    return lb_campaigns_create(lb_call_of(req));
}

static void put_next_link(struct lb_call *call, size_t skip, size_t take, struct lb_str status)
{
    struct lb_buf link = {0};
    lb_buf_append_str(&link, call->base_alias ? LB_STR("</api") : LB_STR("<"));
    lb_buf_append_str(&link, call->req->path);
    lb_buf_printf(&link, "?take=%zu&skip=%zu", take, skip + take);
    if (status.len) {
        lb_buf_append_lit(&link, "&status=");
        lb_buf_append_str(&link, status);
    }
    lb_buf_append_lit(&link, ">; rel=\"next\"");
    lb_buf_append(&link, "", 1);
    if (link.failed)
        call->req->reply.body.failed = true; /* without a link it would look like the last page */
    else
        lb_reply_header(&call->req->reply, "Link", link.ptr);
    lb_buf_fini(&link);
}

enum lb_progress lb_campaigns_reply_page(struct lb_call *call, size_t take_default, size_t take_max)
{
    struct lb_request *req = call->req;
    struct lb_reason reason;
    uint64_t skip;
    uint64_t take;
    struct lb_str wanted;
    enum lb_campaign_status status = LB_CAMPAIGN_DRAFT;
    if (!lb_paging_number(call, "skip", "offset", 0, UINT32_MAX, &skip) ||
        !lb_paging_number(call, "take", "limit", take_default, take_max, &take))
        return LB_DONE;
    lb_err err = lb_request_query(req, "status", &wanted, &reason);
    if (!err && wanted.ptr && !lb_campaign_status_parse(wanted, &status))
        err = lb_fail(&reason, LB_ERR_INVALID_PARAMETER,
                      "The parameter 'status' must be draft, active, paused, completed or error.");
    if (err)
        return lb_call_refuse(call, err, &reason);
    struct lb_campaign_row *rows = lb_request_alloc(req, (take + 1) * sizeof *rows);
    if (!rows)
        return lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
    size_t total;
    size_t count =
        lb_access_page_campaigns(call->app->access, call->workspace, wanted.ptr ? (int)status : -1,
                                 skip, take, rows, &total);
    struct lb_buf *body = lb_reply_json(&req->reply, 200);
    lb_buf_append_lit(body, "[");
    for (size_t i = 0; i < count; i++) {
        if (i)
            lb_buf_append_lit(body, ",");
        lb_campaigns_put(body, &rows[i]);
    }
    lb_buf_append_lit(body, "]");
    char number[24];
    snprintf(number, sizeof number, "%zu", total);
    lb_reply_header(&req->reply, "X-Total-Count", number);
    if (count && skip + count < total)
        put_next_link(call, skip, take, wanted);
    return LB_DONE;
}

enum lb_progress lb_campaigns_list(struct lb_request *req, void *app)
{
    (void)app;
    return lb_campaigns_reply_page(lb_call_of(req), TAKE_DEFAULT, TAKE_MAX);
}

enum lb_progress lb_campaigns_get(struct lb_request *req, void *app)
{
    const struct lb_app *parts = app;
    struct lb_call *call = lb_call_of(req);
    const struct lb_campaign *campaign =
        lb_access_campaign(parts->access, call->workspace->row.no, call->campaign_id);
    if (!campaign) /* gone since the gate */
        return lb_call_campaign_not_found(call);
    struct lb_campaign_row row = campaign->row;
    row.status = (enum lb_campaign_status)atomic_load(&campaign->status);
    lb_campaigns_put(lb_reply_json(&req->reply, 200), &row);
    return LB_DONE;
}

static void reply_deleted(struct lb_request *req)
{
    const struct lb_campaign_change *change = done(req);
    if (change)
        lb_call_reply_done(lb_call_of(req), 200, "Campaign '%s' deleted with its blocklist",
                           change->row.id);
}

enum lb_progress lb_campaigns_delete(struct lb_request *req, void *app)
{
    (void)app;
    struct lb_call *call = lb_call_of(req);
    struct lb_campaign_change *change = begin(call);
    if (!change)
        return LB_DONE;
    lb_campaign_delete(change);
    return lb_call_write(call, &change->write, 0, reply_deleted);
}

static void reply_status(struct lb_request *req)
{
    const struct lb_campaign_change *change = done(req);
    if (change)
        lb_call_reply_done(lb_call_of(req), 200, "Campaign '%s' is %s", change->row.id,
                           lb_campaign_status_name(change->row.status));
}

static enum lb_progress set_status(struct lb_call *call, enum lb_campaign_status status)
{
    struct lb_campaign_change *change = begin(call);
    if (!change)
        return LB_DONE;
    change->row.status = status;
    lb_campaign_set_status(change);
    return lb_call_write(call, &change->write, 0, reply_status);
}

enum lb_progress lb_campaigns_activate(struct lb_request *req, void *app)
{
    (void)app;
    return set_status(lb_call_of(req), LB_CAMPAIGN_ACTIVE);
}

enum lb_progress lb_campaigns_pause(struct lb_request *req, void *app)
{
    (void)app;
    return set_status(lb_call_of(req), LB_CAMPAIGN_PAUSED);
}
