#include "http/connection.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/address.h"
#include "http/guard.h"
#include "http/respond.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SMALL_BODY_BYTES ((size_t)16 << 10)

static void enter(struct lb_connection *conn, enum lb_phase phase)
{
    conn->phase = phase;
    conn->since_ms = conn->loop->now_ms;
}

/* --- connections ------------------------------------------------------------------------------ */

static enum MHD_Result on_accept(void *cls, const struct sockaddr *peer, socklen_t peer_len)
{
    struct lb_loop *loop = cls;
    struct lb_server *server = loop->server;
    if (peer->sa_family != AF_INET && peer->sa_family != AF_INET6)
        return loop->control_connections < LB_CONTROL_CONNECTIONS ? MHD_YES : MHD_NO;
    unsigned open = atomic_load_explicit(&server->connections, memory_order_relaxed);
    return open < server->settings.max_connections ? MHD_YES : MHD_NO;
}

static struct lb_connection *connection_create(struct lb_loop *loop, struct MHD_Connection *mhd)
{
    struct lb_connection *conn = calloc(1, sizeof *conn);
    int fd = MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    if (!conn) {
        shutdown(fd, SHUT_RDWR); /* no loop would watch its deadlines */
        return NULL;
    }
    const struct sockaddr *peer =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr;
    conn->loop = loop;
    conn->mhd = mhd;
    conn->fd = fd;
    conn->counted = true;
    conn->control = peer->sa_family != AF_INET && peer->sa_family != AF_INET6;
    lb_address_of_peer(peer, &conn->peer);
    enter(conn, LB_PHASE_WAITING);
    conn->look_ms = loop->now_ms + LB_SWEEP_MS;
    conn->next = loop->connections;
    if (conn->next)
        conn->next->prev = conn;
    loop->connections = conn;
    loop->control_connections += conn->control;
    atomic_fetch_add_explicit(&loop->server->connections, 1, memory_order_relaxed);
    return conn;
}

static void release_exchange(struct lb_connection *conn, bool delivered);

static void connection_destroy(struct lb_connection *conn)
{
    struct lb_loop *loop = conn->loop;
    int unread = 0;
    release_exchange(conn, false);
    if (!conn->cut && (conn->linger || (ioctl(conn->fd, FIONREAD, &unread) == 0 && unread > 0))) {
        int copy = fcntl(conn->fd, F_DUPFD_CLOEXEC, 0);
        if (copy >= 0)
            lb_linger_begin(loop, copy);
    }
    if (conn->prev)
        conn->prev->next = conn->next;
    else
        loop->connections = conn->next;
    if (conn->next)
        conn->next->prev = conn->prev;
    loop->control_connections -= conn->control;
    atomic_fetch_sub_explicit(&loop->server->connections, 1, memory_order_relaxed);
    free(conn);
}

static void on_connection(void *cls, struct MHD_Connection *mhd, void **context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = connection_create(cls, mhd);
    } else if (*context) {
        connection_destroy(*context);
        *context = NULL;
    }
}

/* --- requests --------------------------------------------------------------------------------- */

static void on_completion(struct lb_task *task);

static void split_target(struct lb_request *req, char *target)
{
    char *path = target;
    /* The absolute form, as proxies send it: the authority is the Host's business. */
    if (strncasecmp(target, "http://", 7) == 0 || strncasecmp(target, "https://", 8) == 0) {
        path = strchr(target, ':') + 3;
        path += strcspn(path, "/?");
    }
    char *question = strchr(path, '?');
    if (question)
        req->query = lb_str(question + 1);
    req->path = question ? (struct lb_str){path, (size_t)(question - path)} : lb_str(path);
    if (req->path.len == 0)
        req->path = LB_STR("/");
}

/* The request line is there: the first that libmicrohttpd tells of a request, before it takes the
 * query apart. */
static void *on_request_line(void *cls, const char *uri, struct MHD_Connection *mhd)
{
    struct lb_loop *loop = cls;
    struct lb_connection *conn =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT)->socket_context;
    if (!conn || !uri)
        return NULL;
    release_exchange(conn, false);
    struct lb_exchange *x = lb_exchange_take(&loop->exchanges);
    if (!x)
        return NULL;
    size_t len = strlen(uri);
    char *target = lb_request_alloc(&x->req, len + 1);
    if (!target) {
        lb_exchange_give(&loop->exchanges, x);
        return NULL;
    }
    memcpy(target, uri, len);
    /* We take the query apart ourselves. libmicrohttpd would do so next, with a record for each
     * parameter, and lose its way when there is no room; so let it find an empty query. */
    char *question = strchr((char *)(uintptr_t)uri, '?');
    if (question)
        question[1] = '\0';
    split_target(&x->req, target);
    x->target = uri;
    x->target_len = len;
    x->target_copy = target;
    x->req.connection = conn;
    x->req.task.run = on_completion;
    conn->exchange = x;
    enter(conn, LB_PHASE_HEADERS);
    if (conn->first_byte_ms)
        conn->since_ms = conn->first_byte_ms;
    return x;
}

static enum lb_method method_of(const char *text)
{
    for (enum lb_method m = LB_GET; m < LB_METHOD_OTHER; m++)
        if (strcmp(text, lb_method_name(m)) == 0)
            return m;
    return LB_METHOD_OTHER;
}

static bool sane_id(struct lb_str id)
{
    if (id.len == 0 || id.len > LB_REQUEST_ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '.' ||
              c == '_' || c == '-'))
            return false;
    }
    /* Ids are logged and API keys must not be: nothing that could hold one. */
    return !memmem(id.ptr, id.len, "lb_", 3);
}

static void set_id(struct lb_request *req, struct lb_loop *loop)
{
    struct lb_str theirs = lb_request_header(req, "X-Request-Id");
    if (sane_id(theirs)) {
        lb_str_copy(theirs, req->id, sizeof req->id);
        return;
    }
    static const char digits[] = "0123456789abcdef";
    char *end = stpcpy(req->id, loop->server->id_prefix);
    uint64_t number = (uint64_t)loop->number << 48 | ++loop->request_count;
    *end++ = '-';
    for (int shift = 60; shift >= 0; shift -= 4)
        if (number >> shift || shift == 0)
            *end++ = digits[number >> shift & 15];
    *end = '\0';
}

struct forwarded {
    struct lb_str values[8]; /* the last ones */
    size_t count;
};

static enum MHD_Result take_forwarded(void *cls, enum MHD_ValueKind kind, const char *name,
                                      size_t name_len, const char *value, size_t value_len)
{
    struct forwarded *all = cls;
    if (name_len == 15 && strncasecmp(name, "x-forwarded-for", 15) == 0)
        all->values[all->count++ % 8] = (struct lb_str){value, value_len};
    return MHD_YES;
}

static void set_client(struct lb_request *req, const struct lb_connection *conn)
{
    const struct lb_server_settings *settings = &conn->loop->server->settings;
    req->local = conn->control;
    req->client = conn->peer;
    if (conn->control ||
        !lb_address_trusted(settings->trusted_proxies, settings->trusted_proxy_count, &conn->peer))
        return;
    struct forwarded all = {.count = 0};
    MHD_get_connection_values_n(conn->mhd, MHD_HEADER_KIND, take_forwarded, &all);
    for (size_t n = all.count; n > 0 && n + 8 > all.count; n--)
        if (!lb_address_walk_forwarded(all.values[(n - 1) % 8], settings->trusted_proxies,
                                       settings->trusted_proxy_count, &req->client))
            break;
}

/* Queues the reply. When it is queued before the whole request is read, libmicrohttpd closes the
 * connection after it. */
static enum MHD_Result answer(struct lb_connection *conn)
{
    enter(conn, LB_PHASE_SENDING);
    return lb_respond(conn->mhd, &conn->exchange->req, conn->loop->draining) ? MHD_YES : MHD_NO;
}

static enum MHD_Result refuse(struct lb_connection *conn)
{
    struct lb_exchange *x = conn->exchange;
    bool small = x->chunked || x->content_length <= LB_LINGER_BYTES;
    if (!x->req.has_body || (small && !x->expects_continue)) {
        enter(conn, LB_PHASE_DISCARD);
        return MHD_YES;
    }
    conn->linger = true;
    return answer(conn);
}

static size_t body_limit(const struct lb_connection *conn)
{
    size_t limit = conn->loop->server->settings.max_body_bytes;
    size_t wanted = conn->exchange->req.body_max;
    return wanted && wanted < limit ? wanted : limit;
}

static void suspend(struct lb_connection *conn, enum lb_phase phase)
{
    enter(conn, phase);
    MHD_suspend_connection(conn->mhd);
    conn->suspended = true;
}

/* The application has decided about the headers. */
static enum MHD_Result admit(struct lb_connection *conn, bool admitted)
{
    struct lb_exchange *x = conn->exchange;
    size_t limit = body_limit(conn);
    if (!admitted)
        return refuse(conn);
    if (x->content_length > limit) {
        lb_reply_error(&x->req.reply, LB_ERR_PAYLOAD_TOO_LARGE,
                       "The body may have %zu bytes at most.", limit);
        return refuse(conn);
    }
    enter(conn, LB_PHASE_BODY);
    return MHD_YES;
}

/* The headers are complete. */
static enum MHD_Result take_head(struct lb_connection *conn, const char *method,
                                 const char *version)
{
    struct lb_loop *loop = conn->loop;
    struct lb_exchange *x = conn->exchange;
    struct lb_request *req = &x->req;
    struct lb_http_app *app = &loop->server->app;
    struct lb_reason reason;
    x->known = true;
    req->started_ns = lb_clock_mono_ns();
    req->method = method_of(method);
    lb_err err = lb_guard_check(conn->mhd, method, version, x, &reason);
    set_id(req, loop);
    set_client(req, conn);
    req->has_body = x->chunked || x->content_length > 0;
    if (err != LB_OK || x->header_bytes > loop->server->settings.max_header_bytes) {
        if (err != LB_OK)
            lb_reply_error(&req->reply, err, "%s", reason.text);
        else
            lb_reply_headers_too_large(&req->reply);
        req->reply.close = true;
        conn->linger = true;
        return answer(conn);
    }
    err = lb_guard_target(req, &reason);
    if (err != LB_OK) {
        lb_reply_error(&req->reply, err, "%s", reason.text);
        return refuse(conn);
    }
    enum lb_admission admission = app->begin(app->context, req);
    if (admission == LB_UNDECIDED) {
        suspend(conn, LB_PHASE_DOUBT);
        return MHD_YES;
    }
    return admit(conn, admission == LB_ADMITTED);
}

/* All bodies together have a bound; small ones do not count, the number of connections bounds them.
 */
static bool take_room(struct lb_connection *conn, size_t size)
{
    struct lb_exchange *x = conn->exchange;
    struct lb_server *server = conn->loop->server;
    if (x->body.len + size <= SMALL_BODY_BYTES)
        return true;
    size_t more = x->body.len + size - x->room;
    if (!lb_quota_take(&server->bodies, more, server->settings.max_buffered_bytes))
        return false;
    x->room += more;
    return true;
}

static enum MHD_Result take_body(struct lb_connection *conn, const char *data, size_t size)
{
    struct lb_exchange *x = conn->exchange;
    size_t limit = body_limit(conn);
    if (conn->phase == LB_PHASE_BODY && size <= limit - x->body.len) {
        bool room = take_room(conn, size);
        if (room)
            lb_buf_append(&x->body, data, size);
        if (!room || x->body.failed) {
            lb_reply_error(&x->req.reply, LB_ERR_OVERLOADED,
                           "The server has no memory for more large requests at this moment; "
                           "nothing was recorded. Try again in a moment.");
            lb_connection_farewell(conn);
        }
        return MHD_YES;
    }
    if (conn->phase == LB_PHASE_BODY) {
        lb_reply_error(&x->req.reply, LB_ERR_PAYLOAD_TOO_LARGE,
                       "The body may have %zu bytes at most.", limit);
        lb_connection_farewell(conn);
    }
    x->discarded += size;
    if (x->discarded <= LB_LINGER_BYTES)
        return MHD_YES;
    if (conn->phase == LB_PHASE_FAREWELL)
        return MHD_NO;
    lb_connection_farewell(conn);
    return MHD_YES;
}

/* The request is complete. */
static enum MHD_Result take_end(struct lb_connection *conn)
{
    struct lb_exchange *x = conn->exchange;
    struct lb_http_app *app = &conn->loop->server->app;
    if (conn->phase == LB_PHASE_FAREWELL)
        return MHD_NO;
    if (conn->phase == LB_PHASE_DISCARD)
        return answer(conn);
    x->req.body = lb_buf_str(&x->body);
    if (app->handle(app->context, &x->req) == LB_DONE)
        return answer(conn);
    suspend(conn, LB_PHASE_PENDING);
    return MHD_YES;
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *mhd, const char *url,
                                  const char *method, const char *version, const char *data,
                                  size_t *data_size, void **context)
{
    struct lb_exchange *x = *context;
    if (!x)
        return MHD_NO; /* there was no memory for it */
    struct lb_connection *conn = x->req.connection;
    if (conn->phase == LB_PHASE_HEADERS)
        return take_head(conn, method, version);
    if (conn->phase == LB_PHASE_DOUBT) /* libmicrohttpd shows the headers once more */
        return admit(conn, conn->admitted);
    if (*data_size == 0)
        return take_end(conn);
    size_t size = *data_size;
    *data_size = 0;
    return take_body(conn, data, size);
}

bool lb_connection_half_closed(const struct lb_connection *conn)
{
    char byte;
    return recv(conn->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0;
}

static void decide(struct lb_connection *conn)
{
    struct lb_http_app *app = &conn->loop->server->app;
    enum lb_admission admission = app->decide(app->context, &conn->exchange->req);
    if (admission == LB_UNDECIDED)
        return; /* it goes on waiting */
    conn->admitted = admission == LB_ADMITTED;
    if (!conn->admitted && lb_connection_half_closed(conn))
        lb_connection_farewell(conn); /* see on_completion */
    else
        lb_connection_resume(conn);
}

static void on_completion(struct lb_task *task)
{
    struct lb_request *req =
        (struct lb_request *)(void *)((char *)task - offsetof(struct lb_request, task));
    if (req->connection->phase == LB_PHASE_DOUBT) {
        decide(req->connection);
        return;
    }
    enum lb_progress (*resume)(struct lb_request *) = req->resume;
    req->resume = NULL;
    if (resume && resume(req) == LB_PENDING)
        return;
    if (!resume && req->before_reply)
        req->before_reply(req);
    struct lb_connection *conn = req->connection;
    /* A client that has closed its side, as one does after a last request, waits for the response
     * all the same; but the first thing that libmicrohttpd does with a resumed connection is to
     * read, and at the end of the stream it drops the response. */
    if (lb_connection_half_closed(conn)) {
        lb_connection_farewell(conn);
        return;
    }
    if (answer(conn) != MHD_YES) {
        conn->cut = true;
        shutdown(conn->fd, SHUT_RDWR);
    }
    lb_connection_resume(conn);
}

void lb_connection_resume(struct lb_connection *conn)
{
    if (conn->suspended)
        MHD_resume_connection(conn->mhd);
    conn->suspended = false;
}

static void tell_end(struct lb_connection *conn, bool delivered)
{
    struct lb_exchange *x = conn->exchange;
    struct lb_http_app *app = &conn->loop->server->app;
    if (!x->known)
        return;
    x->known = false;
    x->req.delivered = delivered;
    if (app->end)
        app->end(app->context, &x->req);
}

static void on_completed(void *cls, struct MHD_Connection *mhd, void **context,
                         enum MHD_RequestTerminationCode code)
{
    struct lb_loop *loop = cls;
    struct lb_exchange *x = *context;
    if (!x)
        return;
    struct lb_connection *conn = x->req.connection;
    *context = NULL;
    release_exchange(conn, code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
    enter(conn, LB_PHASE_WAITING);
    conn->look_ms = loop->now_ms + 4 * LB_SWEEP_MS;
}

/* Also for what libmicrohttpd forgets to complete when it gives up in the middle of a header. */
static void release_exchange(struct lb_connection *conn, bool delivered)
{
    struct lb_exchange *x = conn->exchange;
    if (!x)
        return;
    tell_end(conn, delivered);
    conn->received += x->header_bytes + x->content_length;
    conn->counted = conn->counted && !x->chunked;
    conn->first_byte_ms = 0;
    lb_quota_give(&conn->loop->server->bodies, x->room);
    conn->exchange = NULL;
    lb_exchange_give(&conn->loop->exchanges, x);
}

/* --- farewell --------------------------------------------------------------------------------- */

void lb_connection_farewell(struct lb_connection *conn)
{
    struct lb_exchange *x = conn->exchange;
    enter(conn, LB_PHASE_FAREWELL);
    conn->linger = true;
    lb_respond_raw(&x->req, &x->farewell);
    lb_connection_push_farewell(conn);
}

void lb_connection_push_farewell(struct lb_connection *conn)
{
    struct lb_exchange *x = conn->exchange;
    size_t left = x->farewell.len - x->farewell_sent;
    if (left == 0)
        return;
    ssize_t sent = x->farewell.failed ? -1
                                      : send(conn->fd, x->farewell.ptr + x->farewell_sent, left,
                                             MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0)
        x->farewell_sent += (size_t)sent;
    bool gone = sent < 0 && (x->farewell.failed || (errno != EAGAIN && errno != EINTR));
    if (x->farewell_sent < x->farewell.len && !gone)
        return; /* the sweep tries again */
    x->farewell_sent = x->farewell.len;
    shutdown(conn->fd, SHUT_WR);
    enter(conn, LB_PHASE_FAREWELL);
    lb_connection_resume(conn);
    tell_end(conn, !gone);
}

/* libmicrohttpd refuses a Content-Length that is not a number before it asks us, and its response
 * is broken (its head comes twice). It does say so in its log; this is then the connection that it
 * means. Ours goes out first, and none after it. */
static void replace_length_error(struct lb_loop *loop)
{
    for (struct lb_connection *conn = loop->connections; conn; conn = conn->next) {
        struct lb_exchange *x = conn->exchange;
        if (conn->phase != LB_PHASE_HEADERS)
            continue;
        struct lb_str length = lb_request_header(&x->req, "Content-Length");
        uint64_t value;
        if (!length.ptr || lb_str_to_u64(length, UINT64_MAX, &value))
            continue;
        x->known = true;
        x->req.started_ns = lb_clock_mono_ns();
        x->req.method = LB_METHOD_OTHER;
        set_id(&x->req, loop);
        set_client(&x->req, conn);
        if (length.len > 0 && strspn(length.ptr, "0123456789") == length.len)
            lb_reply_error(&x->req.reply, LB_ERR_PAYLOAD_TOO_LARGE, "The body is too large.");
        else
            lb_reply_error(&x->req.reply, LB_ERR_BAD_REQUEST, "Content-Length is not a number.");
        lb_connection_farewell(conn);
        shutdown(conn->fd, SHUT_WR);
        return;
    }
}

/* --- the daemon ------------------------------------------------------------------------------- */

static size_t leave_escaped(void *cls, struct MHD_Connection *mhd, char *text)
{
    return strlen(text);
}

static void __attribute__((format(printf, 2, 0)))
on_log(void *cls, const char *format, va_list args)
{
    if (strstr(format, "Content-Length"))
        replace_length_error(cls);
    if (!lb_log_enabled(LB_LOG_DEBUG))
        return;
    char text[512];
    vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\n")] = '\0';
    lb_log(LB_LOG_DEBUG, "http", "%s", text);
}

/* Room for the header section, for libmicrohttpd's record of each header, and for the head of the
 * response beside pipelined requests. All of it is cleared after each request, so not too much. */
static size_t pool_size(size_t max_header_bytes)
{
    return max_header_bytes + max_header_bytes / 8 + 1536;
}

struct MHD_Daemon *lb_connection_daemon(struct lb_loop *loop, int listen_fd)
{
    struct lb_server_settings *settings = &loop->server->settings;
    return MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, on_accept, loop,
        on_request, loop, MHD_OPTION_EXTERNAL_LOGGER, on_log, loop, /* before all others */
        MHD_OPTION_LISTEN_SOCKET, (MHD_socket)listen_fd,            /* */
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)INT32_MAX, MHD_OPTION_CONNECTION_TIMEOUT, 0u,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, pool_size(settings->max_header_bytes),
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, loop,  /* */
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, loop,    /* */
        MHD_OPTION_URI_LOG_CALLBACK, on_request_line, loop, /* */
        MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_END);
}
