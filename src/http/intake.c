#include "http/intake.h"

#include "http/loop.h"

#include <sys/socket.h>

#define HEAVY_BODY_BYTES ((size_t)16 << 10)
#define BODY_ROOM        ((size_t)1 << 10)  /* free in the input while a body comes */
#define RECEIVE_MAX      ((size_t)64 << 10) /* of a body at once */

/* --- the body --------------------------------------------------------------------------------- */

static size_t body_limit(const struct lb_connection *conn)
{
    const struct lb_request *req = &conn->exchange->req;
    size_t limit = conn->loop->server->settings.max_body_bytes;
    return req->body_max && (req->take || req->body_max < limit) ? req->body_max : limit;
}

/* The body is complete. */
static enum lb_step handle(struct lb_connection *conn, struct lb_str body)
{
    struct lb_exchange *x = conn->exchange;
    struct lb_http_app *app = &conn->loop->server->app;
    x->req.body = body;
    conn->heavy = body.len > HEAVY_BODY_BYTES;
    conn->bulk = false;
    if (app->handle(app->context, &x->req) == LB_DONE)
        return lb_connection_answer(conn);
    conn->heavy = true;
    lb_loop_enter(conn, LB_PHASE_PENDING);
    return lb_connection_flush(conn) == LB_GONE ? LB_GONE : LB_REST;
}

static void reply_too_large(struct lb_connection *conn)
{
    lb_reply_error(&conn->exchange->req.reply, LB_ERR_PAYLOAD_TOO_LARGE,
                   "The body may have %zu bytes at most.", body_limit(conn));
}

static enum lb_step refuse_framing(struct lb_connection *conn, const char *wrong)
{
    struct lb_request *req = &conn->exchange->req;
    req->caller_known = false; /* no byte after it can be trusted */
    lb_reply_error(&req->reply, LB_ERR_BAD_REQUEST, "%s", wrong);
    return lb_connection_answer_early(conn);
}

enum room { ROOM, ROOM_REFUSED, ROOM_NONE };

/* Makes room for more of the body: what its buffer grows by is reserved before. */
static enum room make_body_room(struct lb_connection *conn, size_t size)
{
    struct lb_exchange *x = conn->exchange;
    struct lb_buf *to = &x->collected;
    size_t had = to->capacity;
    if (had - to->len >= size)
        return ROOM;
    size_t grown = lb_buf_grown(to, size);
    if (!lb_exchange_reserve(x, had, grown - had, LB_MEMORY_BODY))
        return ROOM_REFUSED;
    return lb_buf_reserve(to, size) ? ROOM : ROOM_NONE;
}

static enum lb_step refuse_for_memory(struct lb_connection *conn, enum room room)
{
    if (room == ROOM_NONE)
        lb_reply_error(&conn->exchange->req.reply, LB_ERR_OVERLOADED,
                       "The server has no memory for more large requests at this moment; nothing "
                       "was recorded. Try again in a moment.");
    return lb_connection_answer_early(conn);
}

static enum lb_step collect(struct lb_connection *conn, struct lb_str piece)
{
    enum room room = make_body_room(conn, piece.len);
    if (room != ROOM)
        return refuse_for_memory(conn, room);
    lb_buf_append_str(&conn->exchange->collected, piece);
    return LB_REST;
}

/* Shows a piece to the application. */
static enum lb_step show(struct lb_connection *conn, struct lb_str piece)
{
    struct lb_exchange *x = conn->exchange;
    switch (x->req.take(&x->req, piece)) {
    case LB_TAKEN:
        if (x->taken / RECEIVE_MAX != (x->taken - piece.len) / RECEIVE_MAX)
            lb_loop_enter(conn, LB_PHASE_BODY); /* the time limit is that of so much */
        return LB_REST;
    case LB_TAKE_REFUSED:
        return lb_connection_answer_early(conn);
    case LB_TAKE_LATER:
        break;
    }
    conn->heavy = true;
    lb_loop_enter(conn, LB_PHASE_PENDING);
    return LB_REST;
}

/* A piece of the body. LB_REST: it was taken, unless the phase has become PENDING: then it comes
 * again. */
static enum lb_step take_piece(struct lb_connection *conn, struct lb_str piece)
{
    struct lb_exchange *x = conn->exchange;
    size_t limit = body_limit(conn);
    x->taken += piece.len;
    if (conn->phase == LB_PHASE_DISCARD)
        return x->taken <= LB_LINGER_BYTES ? LB_REST : lb_connection_answer_early(conn);
    if (x->taken > limit) {
        reply_too_large(conn);
        return lb_connection_answer_early(conn);
    }
    return x->req.take ? show(conn, piece) : collect(conn, piece);
}

/* Is the connection still with the body? Otherwise a step that rests waits for something else: for
 * the request, which is pending, or for the client, to read the reply. */
static bool in_body(const struct lb_connection *conn)
{
    return conn->phase == LB_PHASE_BODY || conn->phase == LB_PHASE_DISCARD;
}

/* Takes what the input holds of the body. LB_REST: the body needs more bytes, if it still goes on.
 */
static enum lb_step take_pieces(struct lb_connection *conn)
{
    struct lb_exchange *x = conn->exchange;
    struct lb_input *input = conn->input;
    for (;;) {
        struct lb_str piece;
        struct lb_body before = x->body;
        const char *wrong = NULL;
        const char *at = input->bytes + input->begin;
        enum lb_body_result result =
            lb_body_next(&x->body, &at, input->bytes + input->end, &piece, &wrong);
        size_t begin = input->begin;
        input->begin = (size_t)(at - input->bytes);
        if (result == LB_BODY_BROKEN)
            return refuse_framing(conn, wrong);
        if (result == LB_BODY_WHOLE && conn->phase == LB_PHASE_DISCARD)
            return lb_connection_answer(conn);
        if (result == LB_BODY_WHOLE)
            return handle(conn, lb_buf_str(&x->collected));
        if (result == LB_BODY_PART)
            break;
        enum lb_step step = take_piece(conn, piece);
        if (step != LB_REST)
            return step;
        if (conn->phase == LB_PHASE_PENDING) { /* it comes again */
            x->body = before;
            x->taken -= piece.len;
            input->begin = begin;
            return LB_REST;
        }
        if (!in_body(conn))
            return LB_REST;
    }
    /* The head stays where it is; more of the body comes behind it. */
    input->begin = x->head.len;
    input->end = x->head.len;
    return LB_REST;
}

/* Receives the rest of a body whose length is known straight to where it is collected. LB_GO_ON:
 * there may be more in the socket. */
static enum lb_step take_rest(struct lb_connection *conn)
{
    struct lb_exchange *x = conn->exchange;
    struct lb_buf *to = &x->collected;
    size_t room = x->body.left < RECEIVE_MAX ? (size_t)x->body.left : RECEIVE_MAX;
    enum room made = make_body_room(conn, room);
    if (made != ROOM)
        return refuse_for_memory(conn, made);
    struct lb_str piece;
    const char *wrong;
    const char *at = to->ptr + to->len;
    ssize_t got = lb_connection_receive(conn, to->ptr + to->len, room);
    if (got < 0 || conn->ended)
        return lb_connection_end(conn);
    if (got == 0)
        return LB_REST;
    lb_body_next(&x->body, &at, at + got, &piece, &wrong);
    to->len += (size_t)got;
    return x->body.left ? LB_GO_ON : handle(conn, lb_buf_str(to));
}

enum lb_step lb_intake_body(struct lb_connection *conn)
{
    struct lb_exchange *x = conn->exchange;
    enum lb_step step = take_pieces(conn);
    if (step != LB_REST || !in_body(conn))
        return step;
    if (!x->head.chunked && conn->phase == LB_PHASE_BODY && !x->req.take)
        return take_rest(conn);
    ssize_t got = lb_connection_fill(conn);
    if (conn->ended && conn->phase == LB_PHASE_DISCARD)
        return lb_connection_answer_early(conn);
    if (got < 0 || conn->ended)
        return lb_connection_end(conn);
    return got ? LB_GO_ON : LB_REST;
}

/* --- admission -------------------------------------------------------------------------------- */

/* The reply is set. A small body is read away first, so that the connection can be kept. */
static enum lb_step refuse(struct lb_connection *conn)
{
    const struct lb_exchange *x = conn->exchange;
    bool small = x->head.chunked || x->head.content_length <= LB_LINGER_BYTES;
    if (!x->req.has_body)
        return lb_connection_answer(conn);
    if (!small || x->head.expects_continue)
        return lb_connection_answer_early(conn);
    lb_loop_enter(conn, LB_PHASE_DISCARD);
    return LB_GO_ON;
}

/* Tells a client that waits for it to send its body. One that does not read what it was sent before
 * is told nothing, and sends the body by and by. */
static enum lb_step tell_to_continue(struct lb_connection *conn)
{
    static const char text[] = "HTTP/1.1 100 Continue\r\n\r\n";
    enum lb_step step = lb_connection_flush(conn);
    if (step != LB_GO_ON)
        return step == LB_GONE ? LB_GONE : LB_GO_ON;
    ssize_t sent = send(conn->fd, text, sizeof text - 1, MSG_NOSIGNAL | MSG_DONTWAIT);
    return sent < 0 || sent == (ssize_t)sizeof text - 1 ? LB_GO_ON : lb_connection_end(conn);
}

/* The application has decided about the head. */
static enum lb_step admit(struct lb_connection *conn, bool admitted)
{
    struct lb_exchange *x = conn->exchange;
    struct lb_str unread = lb_input_unread(conn->input);
    if (!admitted)
        return refuse(conn);
    if (x->head.content_length > body_limit(conn)) {
        reply_too_large(conn);
        return refuse(conn);
    }
    if (!x->head.chunked && unread.len >= x->head.content_length && !x->req.take) {
        unread.len = (size_t)x->head.content_length;
        conn->input->begin += unread.len;
        return handle(conn, unread);
    }
    x->req.waited = true;
    lb_loop_enter(conn, LB_PHASE_BODY);
    return x->head.expects_continue && unread.len == 0 ? tell_to_continue(conn) : LB_GO_ON;
}

static enum lb_step decide(struct lb_connection *conn, enum lb_admission admission)
{
    if (conn->exchange->req.caller_known)
        lb_room_leave(conn);
    if (admission != LB_UNDECIDED)
        return admit(conn, admission == LB_ADMITTED);
    if (conn->phase != LB_PHASE_DOUBT)
        lb_loop_enter(conn, LB_PHASE_DOUBT);
    return lb_connection_flush(conn) == LB_GONE ? LB_GONE : LB_REST;
}

/* --- completion ------------------------------------------------------------------------------- */

static void on_completion(struct lb_task *task)
{
    struct lb_request *req =
        (struct lb_request *)(void *)((char *)task - offsetof(struct lb_request, task));
    req->connection->completed = true;
    lb_loop_queue(req->connection);
}

enum lb_step lb_intake_completed(struct lb_connection *conn)
{
    struct lb_request *req = &conn->exchange->req;
    struct lb_http_app *app = &conn->loop->server->app;
    conn->completed = false;
    if (conn->phase == LB_PHASE_DOUBT)
        return decide(conn, app->decide(app->context, req));
    if (req->take && !lb_body_is_whole(&conn->exchange->body)) { /* a piece had to wait */
        lb_loop_enter(conn, LB_PHASE_BODY);
        return LB_GO_ON;
    }
    enum lb_progress (*resume)(struct lb_request *) = req->resume;
    req->resume = NULL;
    if (resume && resume(req) == LB_PENDING)
        return LB_REST;
    if (!resume && req->before_reply)
        req->before_reply(req);
    return lb_connection_answer(conn);
}

/* --- the head --------------------------------------------------------------------------------- */

static enum lb_head_result parse(struct lb_connection *conn, const char **out_wrong)
{
    size_t limit = conn->loop->server->settings.max_header_bytes;
    struct lb_str unread = lb_input_unread(conn->input);
    bool full = unread.len >= limit;
    enum lb_head_result result =
        lb_head_parse(&conn->exchange->head, unread.ptr, full ? limit : unread.len, out_wrong);
    return result == LB_HEAD_PART && full ? LB_HEAD_TOO_LARGE : result;
}

/* Moves the head to the start of its buffer, with room behind it. False when out of memory. */
static bool make_room(struct lb_connection *conn)
{
    const char *wrong;
    if (!lb_input_make_room(&conn->loop->inputs, &conn->input, BODY_ROOM))
        return false;
    lb_head_start(&conn->exchange->head);
    parse(conn, &wrong);
    return true;
}

/* A body that is not all there comes behind the head, so both must have their place. */
static bool make_room_for_body(struct lb_connection *conn)
{
    const struct lb_head *head = &conn->exchange->head;
    const struct lb_input *input = conn->input;
    size_t unread = input->end - input->begin;
    if (!head->chunked && unread - head->len >= head->content_length)
        return true;
    return (input->begin == 0 && input->capacity - unread >= BODY_ROOM) || make_room(conn);
}

/* The head is complete, or broken. */
static enum lb_step take_head(struct lb_connection *conn, enum lb_head_result result,
                              const char *wrong)
{
    struct lb_exchange *x = conn->exchange;
    struct lb_http_app *app = &conn->loop->server->app;
    struct lb_reason reason;
    if (result == LB_HEAD_WHOLE && !make_room_for_body(conn))
        return lb_connection_end(conn);
    x->known = true;
    x->req.task.run = on_completion;
    lb_err err = lb_exchange_open(x, conn, &reason);
    if (result != LB_HEAD_WHOLE) {
        lb_reply_to_head(&x->req.reply, result, wrong);
        return lb_connection_answer_early(conn);
    }
    conn->input->begin += x->head.len;
    lb_body_start(&x->body, x->head.chunked, x->head.content_length);
    if (err == LB_OK)
        return decide(conn, app->begin(app->context, &x->req));
    lb_reply_error(&x->req.reply, err, "%s", reason.text);
    return refuse(conn);
}

/* Is there more of a request than empty lines, or half of one, before it? */
static bool has_begun(const struct lb_connection *conn)
{
    const struct lb_exchange *x = conn->exchange;
    if (!x || x->head.method.len)
        return x;
    struct lb_str unread = lb_input_unread(conn->input);
    size_t rest = unread.len - x->head.len;
    return rest > 1 || (rest == 1 && unread.ptr[x->head.len] != '\r');
}

/* There is no whole head. LB_GO_ON: more bytes came. */
static enum lb_step receive_head(struct lb_connection *conn)
{
    enum lb_step step = lb_connection_flush_first(conn);
    if (step != LB_GO_ON)
        return step;
    struct lb_input *input = conn->input;
    if (input && !conn->exchange) /* all of it was taken */
        input->begin = input->end = 0;
    else if (input && (input->begin > 0 || input->end == input->capacity) && !make_room(conn))
        return lb_connection_end(conn);
    ssize_t got = lb_connection_fill(conn);
    if (got > 0)
        return LB_GO_ON;
    if (got < 0 || conn->ended || (conn->loop->draining && !has_begun(conn)))
        return lb_connection_end(conn);
    if (conn->exchange) {
        if (conn->phase != LB_PHASE_HEAD)
            lb_loop_enter(conn, LB_PHASE_HEAD);
    } else {
        lb_input_give(&conn->loop->inputs, conn->input);
        conn->input = NULL;
    }
    return LB_REST;
}

enum lb_step lb_intake_head(struct lb_connection *conn)
{
    for (;;) {
        const char *wrong = NULL;
        if (conn->input && lb_input_unread(conn->input).len > 0) {
            if (!conn->exchange && !(conn->exchange = lb_exchange_take(&conn->loop->exchanges)))
                return lb_connection_end(conn);
            enum lb_head_result result = parse(conn, &wrong);
            if (result != LB_HEAD_PART)
                return take_head(conn, result, wrong);
        }
        enum lb_step step = receive_head(conn);
        if (step != LB_GO_ON)
            return step;
    }
}
