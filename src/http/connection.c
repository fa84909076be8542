#include "http/connection.h"

#include "http/intake.h"
#include "http/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define OUTPUT_MAX       ((size_t)32 << 10) /* is sent before more requests are taken */
#define TAKEN_MAX        1024 /* exchanges of a loop, of some 8 KiB, before pipelines get one */
#define PIECES_MAX       4    /* of a response, before others have their turn */
#define SCRATCH_BYTES    ((size_t)64 << 10)
#define LARGE_BODY_BYTES ((size_t)16 << 10)

/* --- life ------------------------------------------------------------------------------------- */

struct lb_connection *lb_connection_create(struct lb_loop *loop, int fd, bool control,
                                           const struct in6_addr *peer)
{
    struct lb_connection *conn = calloc(1, sizeof *conn);
    if (!conn) {
        lb_room_give(loop, control);
        close(fd);
        return NULL;
    }
    conn->loop = loop;
    conn->fd = fd;
    conn->control = control;
    conn->has_place = true;
    conn->peer = *peer;
    lb_loop_enter(conn, LB_PHASE_WAITING);
    if (!control)
        lb_room_enter(conn);
    return conn;
}

static void tell_end(struct lb_connection *conn, struct lb_exchange *x, bool delivered)
{
    struct lb_http_app *app = &conn->loop->server->app;
    if (x->known && app->end) {
        x->req.delivered = delivered;
        app->end(app->context, &x->req);
    }
    lb_exchange_unreserve(x);
    lb_exchange_give(&conn->loop->exchanges, x);
}

static void tell_ends(struct lb_connection *conn, struct lb_exchange *first, bool delivered)
{
    while (first) {
        struct lb_exchange *next = first->next;
        tell_end(conn, first, delivered);
        first = next;
    }
}

void lb_connection_destroy(struct lb_connection *conn)
{
    struct lb_loop *loop = conn->loop;
    lb_loop_forget(conn);
    lb_room_leave(conn);
    tell_ends(conn, conn->output.first, false);
    if (conn->exchange)
        tell_end(conn, conn->exchange, false);
    lb_input_give(&loop->inputs, conn->input);
    close(conn->fd); /* which takes it out of the epoll set */
    if (conn->shared)
        lb_shares_give(loop->server->shares, &conn->peer);
    if (conn->has_place)
        lb_room_give(loop, conn->control);
    free(conn);
}

enum lb_step lb_connection_end(struct lb_connection *conn)
{
    lb_connection_destroy(conn);
    return LB_GONE;
}

void lb_connection_reset(struct lb_connection *conn)
{
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    lb_connection_destroy(conn);
}

/* --- receiving -------------------------------------------------------------------------------- */

/* A socket that gives less than there is room for is empty, but for the end of the stream. */
ssize_t lb_connection_receive(struct lb_connection *conn, void *bytes, size_t room)
{
    while (conn->readable) {
        ssize_t got = recv(conn->fd, bytes, room, 0);
        if (got < 0 && errno == EINTR)
            continue;
        conn->readable = got > 0 && ((size_t)got == room || conn->hung_up);
        conn->ended |= got == 0;
        return got < 0 && errno == EAGAIN ? 0 : got;
    }
    return 0;
}

ssize_t lb_connection_fill(struct lb_connection *conn)
{
    struct lb_input_pool *pool = &conn->loop->inputs;
    if (!conn->readable)
        return 0;
    if (!conn->input && !(conn->input = lb_input_take(pool)))
        return -1;
    struct lb_input *input = conn->input;
    ssize_t got =
        lb_connection_receive(conn, input->bytes + input->end, input->capacity - input->end);
    if (got > 0)
        input->end += (size_t)got;
    return got;
}

/* --- sending ---------------------------------------------------------------------------------- */

static enum lb_step linger(struct lb_connection *conn)
{
    /* Closing a socket that still receives would reset the connection, which could take the
     * response with it. */
    if (conn->ended)
        return lb_connection_end(conn);
    shutdown(conn->fd, SHUT_WR);
    lb_loop_enter(conn, conn->read_away ? LB_PHASE_READ_AWAY : LB_PHASE_LINGERING);
    if (!conn->read_away)
        conn->read_away = LB_LINGER_BYTES;
    lb_input_give(&conn->loop->inputs, conn->input);
    conn->input = NULL;
    return LB_GO_ON;
}

/* Gets the next piece of a response that comes in pieces. */
static enum lb_step give(struct lb_connection *conn, bool others_first)
{
    struct lb_exchange *x = conn->output.first;
    size_t sent = x->out.len;
    lb_loop_enter(conn, LB_PHASE_SENDING); /* its time limit is that of a piece */
    if (others_first) {
        lb_loop_queue(conn);
        return LB_REST;
    }
    enum lb_given given = lb_respond_more(x);
    if (given == LB_GIVE_FAILED) {
        lb_connection_reset(conn);
        return LB_GONE;
    }
    lb_output_next_piece(&conn->output, sent);
    if (given != LB_GIVE_LATER && given != LB_GIVE_SOON)
        return LB_GO_ON;
    lb_loop_enter(conn, given == LB_GIVE_LATER ? LB_PHASE_PENDING : LB_PHASE_PAUSE);
    return LB_REST;
}

static bool is_pending(const struct lb_connection *conn)
{
    return conn->phase == LB_PHASE_DOUBT || conn->phase == LB_PHASE_PENDING;
}

enum lb_step lb_connection_flush(struct lb_connection *conn)
{
    for (unsigned pieces = 0; conn->output.first; pieces++) {
        struct lb_exchange *done;
        enum lb_sent sent = lb_output_send(&conn->output, conn->fd, &done);
        tell_ends(conn, done, true);
        /* A pending request keeps its connection. When it is completed, sending fails again. */
        if (sent == LB_SENT_FAILED && !is_pending(conn))
            return lb_connection_end(conn);
        if (sent != LB_SENT_ALL)
            return LB_REST;
        if (conn->output.first) {
            enum lb_step step = give(conn, pieces == PIECES_MAX);
            if (step != LB_GO_ON)
                return step;
        }
    }
    return LB_GO_ON;
}

enum lb_step lb_connection_flush_first(struct lb_connection *conn)
{
    enum lb_step step = lb_connection_flush(conn);
    if (step == LB_REST && (conn->phase == LB_PHASE_WAITING || conn->phase == LB_PHASE_HEAD))
        lb_loop_enter(conn, LB_PHASE_SENDING);
    if (step != LB_GO_ON)
        return step;
    conn->gives_much = false; /* the next request is as good as any */
    if (conn->closing)
        return linger(conn);
    if (conn->phase == LB_PHASE_SENDING)
        lb_loop_enter(conn, LB_PHASE_WAITING);
    return LB_GO_ON;
}

enum lb_step lb_connection_answer(struct lb_connection *conn)
{
    struct lb_exchange *x = conn->exchange;
    struct lb_loop *loop = conn->loop;
    lb_exchange_replied(x);
    bool persists = lb_head_persists(&x->head) && !x->req.reply.close && !loop->draining &&
                    !(x->req.reply.give && x->head.http10);
    bool ready = lb_respond(x, &loop->date, persists, loop->server->settings.https);
    if (!ready)
        return lb_connection_end(conn);
    conn->exchange = NULL;
    conn->closing = !persists;
    lb_output_add(&conn->output, x);
    lb_loop_enter(conn, LB_PHASE_WAITING);
    conn->gives_much = conn->stranger && !x->giving && conn->output.bytes > OUTPUT_MAX;
    conn->bulk = conn->gives_much;
    if (conn->gives_much) /* take_step sends it */
        return LB_GO_ON;
    return conn->closing || x->giving || conn->output.bytes > OUTPUT_MAX
               ? lb_connection_flush_first(conn)
               : LB_GO_ON;
}

enum lb_step lb_connection_answer_early(struct lb_connection *conn)
{
    struct lb_exchange *x = conn->exchange;
    uint64_t left = x->head.chunked ? LB_READ_AWAY_BYTES : x->body.left;
    if (x->req.caller_known)
        conn->read_away = left < LB_READ_AWAY_BYTES ? left : LB_READ_AWAY_BYTES;
    x->req.reply.close = true;
    return lb_connection_answer(conn);
}

/* --- running ---------------------------------------------------------------------------------- */

/* Reads away what a client still sends after its reply. */
static enum lb_step read_away(struct lb_connection *conn)
{
    char scratch[SCRATCH_BYTES];
    ssize_t got = lb_connection_receive(conn, scratch, sizeof scratch);
    if (got < 0 || conn->ended)
        return lb_connection_end(conn);
    if (got == 0)
        return LB_REST;
    if ((uint64_t)got < conn->read_away) {
        conn->read_away -= (uint64_t)got;
        return LB_GO_ON;
    }
    if (conn->phase == LB_PHASE_LINGERING)
        return lb_connection_end(conn);
    conn->read_away = LB_LINGER_BYTES; /* the body is over */
    lb_loop_enter(conn, LB_PHASE_LINGERING);
    return LB_GO_ON;
}

/* A response that comes in pieces had to wait for its next one. */
static enum lb_step go_on_giving(struct lb_connection *conn)
{
    conn->completed = false;
    lb_loop_enter(conn, LB_PHASE_SENDING);
    return lb_connection_flush_first(conn);
}

/* A small answer takes more memory here than in the socket, and a pipeline has many of them. When a
 * loop holds many, each is sent before the next request of its connection is taken. */
static bool sends_first(const struct lb_connection *conn)
{
    return conn->output.bytes > OUTPUT_MAX ||
           (conn->output.first && conn->loop->exchanges.taken > TAKEN_MAX);
}

static enum lb_step take_step(struct lb_connection *conn)
{
    switch ((enum lb_phase)conn->phase) {
    case LB_PHASE_WAITING:
    case LB_PHASE_HEAD:
        return sends_first(conn) ? lb_connection_flush_first(conn) : lb_intake_head(conn);
    case LB_PHASE_BODY:
    case LB_PHASE_DISCARD: /* what was answered before does not wait for this body */
        return lb_connection_flush(conn) == LB_GONE ? LB_GONE : lb_intake_body(conn);
    case LB_PHASE_DOUBT:
    case LB_PHASE_PENDING:
        if (conn->completed && conn->exchange)
            return lb_intake_completed(conn);
        if (conn->completed)
            return go_on_giving(conn);
        if (!conn->exchange) /* the next piece of a response is still being made */
            return LB_REST;
        return lb_connection_flush(conn) == LB_GONE ? LB_GONE : LB_REST;
    case LB_PHASE_PAUSE:
        return LB_REST;
    case LB_PHASE_SENDING:
        return lb_connection_flush_first(conn);
    case LB_PHASE_READ_AWAY:
    case LB_PHASE_LINGERING:
    case LB_PHASE_COUNT:
        break;
    }
    return read_away(conn);
}

/* A large body comes, or is read away, and large answers go to strangers, at the pace that is left
 * by those who ask for little. */
static bool moves_much(struct lb_connection *conn)
{
    const struct lb_exchange *x = conn->exchange;
    bool much = conn->gives_much || conn->phase == LB_PHASE_READ_AWAY ||
                conn->phase == LB_PHASE_LINGERING ||
                (conn->phase == LB_PHASE_BODY &&
                 (x->body.left > LARGE_BODY_BYTES || x->taken > LARGE_BODY_BYTES ||
                  x->collected.len > LARGE_BODY_BYTES));
    conn->bulk = much;
    return much;
}

void lb_connection_run(struct lb_connection *conn, unsigned steps)
{
    enum lb_step step = LB_GO_ON;
    for (; step == LB_GO_ON && steps > 0; steps--) {
        step = take_step(conn);
        if (step == LB_GO_ON && moves_much(conn))
            break;
    }
    if (step == LB_GO_ON) /* others have their turn */
        lb_loop_queue(conn);
}

void lb_connection_expire(struct lb_connection *conn)
{
    switch ((enum lb_phase)conn->phase) {
    case LB_PHASE_DISCARD:
        if (lb_connection_answer_early(conn) == LB_GO_ON)
            lb_loop_queue(conn);
        return;
    case LB_PHASE_PAUSE:
        lb_loop_enter(conn, LB_PHASE_SENDING);
        lb_loop_queue(conn);
        return;
    case LB_PHASE_SENDING:
        lb_connection_reset(conn);
        return;
    default:
        if (!conn->due) /* what has just come in is looked at first */
            lb_connection_destroy(conn);
    }
}
