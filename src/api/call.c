#include "api/call.h"

#include "api/routes.h"
#include "api/session_cookie.h"
#include "json/encode.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static bool take_memory(void *context, size_t bytes)
{
    struct lb_call *call = context;
    if (lb_memory_take(call, bytes))
        return false;
    call->body_memory += bytes;
    return true;
}

void lb_call_free_body(struct lb_call *call)
{
    lb_json_free(call->body);
    call->body = NULL;
    lb_memory_give(call, call->body_memory);
    call->body_memory = 0;
}

bool lb_call_parse_body(struct lb_call *call, enum lb_json_type type)
{
    struct lb_reply *reply = &call->req->reply;
    struct lb_reason reason;
    if (call->req->body.len == 0) {
        lb_reply_error(reply, LB_ERR_INVALID_JSON, "The request has no body. Send JSON.");
        return false;
    }
    struct lb_json_bounds bounds = {.max_depth = LB_JSON_DEPTH_MAX,
                                    .max_values = lb_route_body(call->req->route).values,
                                    .context = call,
                                    .take = take_memory};
    lb_err err = lb_json_parse_bounded(call->req->body, &bounds, &call->body, &reason);
    if (err == LB_ERR_OVERLOADED) {
        lb_call_free_body(call);
        return lb_call_no_memory(call);
    }
    if (err) {
        lb_reply_error(reply, err, "The body is not valid JSON: %s", reason.text);
        return false;
    }
    if (lb_json_type(call->body) != type) {
        lb_reply_error(reply, LB_ERR_INVALID_BODY, "The body must be a JSON %s.",
                       type == LB_JSON_ARRAY ? "array" : "object");
        return false;
    }
    return true;
}

static const char *default_message(const struct lb_app *app, lb_err err)
{
    if (err == LB_ERR_STORAGE_UNAVAILABLE && app->store && app->store->read_only)
        return "The server's data folder is read-only; nothing was recorded. Checks still work. "
               "Make its file system writable and restart the server.";
    switch (err) {
    case LB_ERR_OVERLOADED:
        return "The server is busy; nothing was recorded. Try again in a moment.";
    case LB_ERR_WORKSPACE_OVERLOADED:
        return "This workspace has too many requests under way; nothing was recorded. Try again in "
               "a moment.";
    case LB_ERR_STORAGE_FULL:
        return "The server's disk is full; nothing was recorded. Checks still work.";
    case LB_ERR_STORAGE_UNAVAILABLE:
        return "The storage is not available; nothing was recorded. Try again in a moment.";
    case LB_ERR_LIMIT_REACHED: /* other limits say which */
        return "This workspace has given out as many ids of leads, steps and variants as there "
               "are.";
    case LB_ERR_OUTCOME_UNKNOWN:
        return "The storage failed during the commit: the request may or may not have been "
               "recorded. Repeating it is safe.";
    default:
        return "The request failed.";
    }
}

enum lb_progress lb_call_refuse(struct lb_call *call, lb_err err, const struct lb_reason *reason)
{
    if (err == LB_ERR_OVERLOADED && call->refused)
        err = call->refused;
    const char *message =
        reason && reason->text[0] ? reason->text : default_message(call->app, err);
    if (err == LB_ERR_INVALID_SESSION) /* it ended while the request was under way */
        lb_session_cookie_clear(call->app, call->req);
    lb_reply_error(&call->req->reply, err, "%s", message);
    return LB_DONE;
}

void lb_call_put_retry_after(struct lb_call *call, const struct lb_write *write)
{
    char seconds[16];
    if (write->retry_after_s) {
        snprintf(seconds, sizeof seconds, "%u", write->retry_after_s);
        lb_reply_header(&call->req->reply, "Retry-After", seconds);
    }
}

/* lb_call_refuse, with when to try again if the write says so. */
static enum lb_progress refuse_write(struct lb_call *call, const struct lb_write *write)
{
    lb_call_put_retry_after(call, write);
    return lb_call_refuse(call, write->result, &write->reason);
}

enum lb_progress lb_call_campaign_not_found(struct lb_call *call)
{
    struct lb_str id = call->campaign_id;
    lb_reply_error(&call->req->reply, LB_ERR_CAMPAIGN_NOT_FOUND,
                   "No campaign '%.*s' in this workspace.", id.len > 64 ? 64 : (int)id.len, id.ptr);
    return LB_DONE;
}

void *lb_call_alloc(struct lb_call *call, size_t size)
{
    void *memory = lb_request_alloc(call->req, size);
    if (!memory)
        lb_call_no_memory(call);
    return memory;
}

bool lb_call_no_memory(struct lb_call *call)
{
    lb_call_refuse(call, LB_ERR_OVERLOADED, NULL);
    return false;
}

/* What a large request has to be told is large, too: of each of its items, maybe. */
static enum lb_progress finish_write(struct lb_request *req)
{
    struct lb_call *call = lb_call_of(req);
    return lb_call_put_answer(call, req->body.len, call->finish);
}

bool lb_call_written(struct lb_call *call)
{
    if (call->write->result)
        refuse_write(call, call->write);
    return !call->write->result;
}

static enum lb_progress finish_write_then(struct lb_request *req)
{
    struct lb_call *call = lb_call_of(req);
    return call->finish_then(call);
}

static lb_err submit_write(struct lb_call *call, struct lb_write *write, size_t size)
{
    call->write = write;
    write->completion = lb_request_completion(call->req, &write->home);
    write->share = call->workspace ? &call->workspace->writes : NULL;
    if (call->workspace)
        write->workspace = call->workspace->row.no;
    write->installation = call->workspace && write->workspace == LB_INSTALLATION_NO;
    write->size = size;
    lb_err err = lb_writer_submit(call->app->writer, write);
    if (err)
        call->req->resume = NULL;
    return err;
}

enum lb_progress lb_call_write(struct lb_call *call, struct lb_write *write, size_t size,
                               void (*finish)(struct lb_call *call))
{
    call->finish = finish;
    call->req->resume = finish_write;
    lb_err err = submit_write(call, write, size);
    return err ? lb_call_refuse(call, err, NULL) : LB_PENDING;
}

lb_err lb_call_try_write(struct lb_call *call, struct lb_write *write, size_t size,
                         enum lb_progress (*finish)(struct lb_call *call))
{
    call->finish_then = finish;
    call->req->resume = finish_write_then;
    return submit_write(call, write, size);
}

enum lb_progress lb_call_write_then(struct lb_call *call, struct lb_write *write, size_t size,
                                    enum lb_progress (*finish)(struct lb_call *call))
{
    lb_err err = lb_call_try_write(call, write, size, finish);
    return err ? lb_call_refuse(call, err, NULL) : LB_PENDING;
}

static struct lb_call *call_of_read(struct lb_read *read)
{
    return (struct lb_call *)((char *)read - offsetof(struct lb_call, read));
}

static enum lb_turn run_read(struct lb_read *read, struct lb_store *store,
                             struct lb_store_reader *reader)
{
    struct lb_call *call = call_of_read(read);
    if (call->still_passes(call))
        return call->run(call, reader);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static void cancel_read(struct lb_read *read)
{
    struct lb_call *call = call_of_read(read);
    lb_reply_error(&call->req->reply, LB_ERR_STORAGE_UNAVAILABLE, "The server is stopping.");
    lb_request_complete(call->req);
}

static struct lb_read_lane *lane_of(const struct lb_call *call)
{
    return call->lane ? call->lane : call->workspace ? &call->workspace->reads : NULL;
}

enum lb_progress lb_call_read(struct lb_call *call,
                              enum lb_turn (*run)(struct lb_call *call,
                                                  struct lb_store_reader *reader))
{
    call->run = run;
    call->read.run = run_read;
    call->read.cancel = cancel_read;
    call->read.lane = lane_of(call);
    lb_err err = lb_readers_submit(call->app->readers, &call->read);
    return err ? lb_call_refuse(call, err, NULL) : LB_PENDING;
}

static enum lb_turn run_anyway(struct lb_read *read, struct lb_store *store,
                               struct lb_store_reader *reader)
{
    struct lb_call *call = call_of_read(read);
    return call->run(call, reader);
}

static void cancel_anyway(struct lb_read *read)
{
    struct lb_call *call = call_of_read(read);
    call->run(call, NULL);
}

enum lb_progress lb_call_read_anyway(struct lb_call *call,
                                     enum lb_turn (*run)(struct lb_call *call,
                                                         struct lb_store_reader *reader))
{
    call->run = run;
    call->read.run = run_anyway;
    call->read.cancel = cancel_anyway;
    call->read.lane = lane_of(call);
    if (lb_readers_submit(call->app->readers, &call->read))
        run(call, NULL);
    return LB_PENDING;
}

static enum lb_turn run_put(struct lb_call *call, struct lb_store_reader *reader)
{
    call->finish(call);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_call_put_answer(struct lb_call *call, size_t bytes,
                                    void (*put)(struct lb_call *call))
{
    call->finish = put;
    if (bytes > LB_HEAVY_BYTES)
        return lb_call_read_anyway(call, run_put);
    put(call);
    return LB_DONE;
}

static void cancel_import(struct lb_read *read)
{
    struct lb_call *call = call_of_read(read);
    call->cancel(call);
}

enum lb_progress lb_call_import(struct lb_call *call,
                                enum lb_turn (*run)(struct lb_call *call,
                                                    struct lb_store_reader *reader),
                                void (*cancel)(struct lb_call *call))
{
    call->run = run;
    call->cancel = cancel;
    call->read.run = run_anyway;
    call->read.cancel = cancel_import;
    call->read.lane = &call->workspace->imports;
    lb_err err = lb_readers_submit(call->app->importers, &call->read);
    return err ? lb_call_refuse(call, err, NULL) : LB_PENDING;
}

struct lb_actor lb_call_actor(struct lb_call *call)
{
    struct lb_actor actor = {0};
    if (call->req->local)
        return actor;
    actor.source = lb_request_client(call->req);
    if (call->key)
        actor.no = call->key->row.no;
    if (call->signed_in) {
        actor.no = call->signed_in->user.no;
        actor.session = call->signed_in->token_hash;
    }
    return actor;
}

struct lb_standing lb_call_standing(struct lb_call *call, bool needs_license)
{
    return (struct lb_standing){.directory = call->app->directory,
                                .actor = lb_call_actor(call),
                                .key = call->key,
                                .workspace = call->workspace,
                                .campaign_id = call->campaign_id,
                                .list = call->list,
                                .campaign_made_at = call->campaign_made_at,
                                .needs_license = needs_license};
}

void lb_call_reply_done(struct lb_call *call, unsigned status, const char *format, ...)
{
    char message[512];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    struct lb_buf *body = lb_reply_json(&call->req->reply, status);
    lb_buf_append_lit(body, "{\"success\":true,\"message\":");
    lb_json_put_string(body, lb_str(message));
    lb_buf_append_lit(body, "}");
}
