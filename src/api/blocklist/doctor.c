/* Names that the rules of today refuse: they were stored under earlier ones. */
#include "api/blocklist/doctor.h"

#include "api/call.h"
#include "api/handlers.h"

#include "json/encode.h"

struct examining {
    struct lb_refused_names names;
    struct lb_buf *body;
};

void lb_doctor_put(struct lb_buf *body, const struct lb_refused_name *name, bool first)
{
    lb_buf_append_str(body, first ? LB_STR("{") : LB_STR(",{"));
    lb_buf_append_lit(body, "\"workspaceId\":");
    lb_json_put_string(body, lb_str(name->workspace));
    lb_buf_append_lit(body, ",\"campaignId\":");
    lb_json_put_string_or_null(body, lb_str(name->campaign));
    if (name->campaign_deleted)
        lb_buf_append_lit(body, ",\"campaignDeleted\":true");
    lb_buf_printf(body,
                  ",\"storedAs\":\"%s\",\"publicIdentifier\":", name->lead ? "lead" : "block");
    lb_json_put_string(body, name->name);
    lb_buf_append_lit(body, ",\"reason\":");
    lb_json_put_string(body, lb_str(name->reason));
    lb_buf_append_lit(body, ",\"mayMean\":");
    lb_json_put_string_or_null(body, name->meant);
    lb_buf_append_lit(body, "}");
}

static void put_name(void *context, const struct lb_refused_name *name)
{
    struct examining *examining = context;
    lb_doctor_put(examining->body, name, examining->names.found == 1);
}

static void release(struct lb_call *call)
{
    struct examining *examining = call->state;
    lb_refused_names_fini(&examining->names);
}

static enum lb_turn examine(struct lb_call *call, struct lb_store_reader *reader)
{
    struct examining *examining = call->state;
    bool done;
    if (!examining->body) {
        examining->body = lb_reply_json(&call->req->reply, 200);
        lb_buf_append_lit(examining->body, "[");
    }
    lb_err err = lb_refused_names_look(&examining->names, reader, &done);
    if (!err && !done)
        return LB_TURN_MORE;
    lb_buf_append_lit(examining->body, "]");
    if (err)
        lb_call_refuse(call, err, NULL);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_admin_doctor(struct lb_call *call)
{
    if (!call->app->blocklist) { /* the command's own server has none in memory */
        lb_reply_error(&call->req->reply, LB_ERR_NOT_FOUND,
                       "The server has not read the blocklists.");
        return LB_DONE;
    }
    struct examining *examining = lb_call_alloc(call, sizeof *examining);
    if (!examining)
        return LB_DONE;
    examining->names = (struct lb_refused_names){.directory = call->app->directory,
                                                 .blocklist = call->app->blocklist,
                                                 .store = call->app->store,
                                                 .context = examining,
                                                 .each = put_name};
    call->state = examining;
    call->release = release;
    return lb_call_read(call, examine);
}
