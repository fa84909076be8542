#include "api/stream.h"

#include "api/gate.h"
#include "http/negotiate.h"

#include <stddef.h>
#include <stdio.h>

#define EXPORTS_MAX 2 /* of a workspace at once */

/* For how long busy readers are asked again, LB_PAUSE_MS apart. */
#define BUSY_TRIES 300

/* The readers' reads have the call's one read, which is free while the client takes a piece. */
static struct lb_call *call_of(struct lb_read *read)
{
    return (struct lb_call *)((char *)read - offsetof(struct lb_call, read));
}

/* Makes a piece; false when others should have their turn before it is there. */
static bool make_piece(struct lb_call *call, struct lb_store_reader *reader, lb_err *out_err)
{
    struct lb_stream *stream = call->stream;
    *out_err = stream->fill(call, reader);
    if (!*out_err && stream->piece.failed)
        *out_err = LB_ERR_OVERLOADED;
    return *out_err || stream->done || stream->piece.len;
}

/* --- Giving --- */

static enum lb_turn run_read(struct lb_read *read, struct lb_store *store,
                             struct lb_store_reader *reader)
{
    struct lb_call *call = call_of(read);
    lb_err err = LB_ERR_INVALID_API_KEY;
    if (lb_gate_still_holds(call, reader) && !make_piece(call, reader, &err))
        return LB_TURN_MORE;
    call->stream->failed = err != LB_OK;
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static void cancel_read(struct lb_read *read)
{
    struct lb_call *call = call_of(read);
    call->stream->failed = true;
    lb_request_complete(call->req);
}

enum lb_given lb_stream_ask(struct lb_call *call, unsigned *tries)
{
    lb_err err = lb_readers_submit(call->app->readers, &call->read);
    bool busy = err == LB_ERR_OVERLOADED || err == LB_ERR_WORKSPACE_OVERLOADED;
    *tries = busy ? *tries + 1 : 0;
    if (busy && *tries < BUSY_TRIES)
        return LB_GIVE_SOON;
    return err ? LB_GIVE_FAILED : LB_GIVE_LATER;
}

static enum lb_given ask_for_piece(struct lb_call *call)
{
    call->read.run = run_read;
    call->read.cancel = cancel_read;
    return lb_stream_ask(call, &call->stream->tries);
}

static enum lb_given give(struct lb_request *req, struct lb_buf *out)
{
    struct lb_call *call = lb_call_of(req);
    struct lb_stream *stream = call->stream;
    if (stream->failed)
        return LB_GIVE_FAILED;
    if (!stream->piece.len)
        return stream->done ? LB_GIVEN_ALL : ask_for_piece(call);
    lb_buf_append_str(out, lb_buf_str(&stream->piece));
    stream->piece.len = 0;
    return stream->done ? LB_GIVEN_ALL : LB_GIVEN;
}

/* --- Beginning --- */

static void reply(struct lb_call *call)
{
    const struct lb_stream *stream = call->stream;
    struct lb_reply *reply = &call->req->reply;
    char disposition[128];
    lb_reply_json(reply, 200);
    reply->content_type = "text/csv; charset=utf-8";
    reply->give = give;
    if (!stream->file_name)
        return;
    snprintf(disposition, sizeof disposition, "attachment; filename=\"%s\"", stream->file_name);
    lb_reply_header(reply, "Content-Disposition", disposition);
}

static enum lb_turn make_first(struct lb_call *call, struct lb_store_reader *reader)
{
    lb_err err;
    if (!make_piece(call, reader, &err))
        return LB_TURN_MORE;
    if (err)
        lb_call_refuse(call, err, NULL);
    else
        reply(call);
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

bool lb_stream_wanted(const struct lb_call *call)
{
    return lb_negotiate_type(lb_request_header(call->req, "Accept"), "text/csv");
}

enum lb_progress lb_stream_begin(struct lb_call *call, struct lb_stream *stream)
{
    struct lb_quota *places = call->workspace ? &call->workspace->exporting : &call->app->exporting;
    call->stream = stream;
    if (!lb_quota_take(places, 1, EXPORTS_MAX)) {
        lb_reply_error(&call->req->reply, LB_ERR_WORKSPACE_OVERLOADED,
                       "%d exports are under way. Wait until one of them is done.", EXPORTS_MAX);
        return LB_DONE;
    }
    stream->places = places;
    return lb_call_read(call, make_first);
}

void lb_stream_release(struct lb_call *call)
{
    struct lb_stream *stream = call->stream;
    if (!stream)
        return;
    if (stream->release)
        stream->release(call);
    lb_buf_fini(&stream->piece);
    if (stream->places)
        lb_quota_give(stream->places, 1);
    call->stream = NULL;
}
