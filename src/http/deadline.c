#include "http/connection.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <linux/tcp.h>

/* libmicrohttpd sees the end of the stream, closes and tells us. */
static void cut(struct lb_connection *conn)
{
    if (conn->cut)
        return;
    conn->cut = true;
    shutdown(conn->fd, SHUT_RDWR);
}

/* A response that the client does not read would otherwise stay in the kernel's memory for minutes.
 */
static void cut_hard(struct lb_connection *conn)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    if (!conn->cut)
        setsockopt(conn->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    cut(conn);
}

/* libmicrohttpd does not tell when the first bytes of a request come in, but the kernel counts the
 * bytes of the connection, and we those of the requests before. */
static void look_for_drip(struct lb_connection *conn, unsigned header_timeout_ms)
{
    uint64_t now_ms = conn->loop->now_ms;
    struct tcp_info info;
    socklen_t len = sizeof info;
    conn->look_ms =
        now_ms + (header_timeout_ms < 8 * LB_SWEEP_MS ? LB_SWEEP_MS : header_timeout_ms / 8);
    if (getsockopt(conn->fd, IPPROTO_TCP, TCP_INFO, &info, &len) != 0 ||
        len < offsetof(struct tcp_info, tcpi_bytes_received) + sizeof info.tcpi_bytes_received)
        return; /* a Unix socket: only the folder's owner can open it */
    if (!conn->counted) {
        conn->received = info.tcpi_bytes_received;
        conn->counted = true;
    }
    if (info.tcpi_bytes_received <= conn->received)
        return;
    if (!conn->first_byte_ms)
        conn->first_byte_ms = now_ms;
    if (now_ms - conn->first_byte_ms >= header_timeout_ms)
        cut(conn);
}

/* The end of the stream that came together with the last bytes is no event of its own, and
 * libmicrohttpd goes on waiting for the rest of the request. */
static void look_for_end(struct lb_connection *conn)
{
    if (lb_connection_half_closed(conn))
        cut(conn);
}

static void check_waiting(struct lb_connection *conn, const struct lb_server_settings *settings)
{
    struct lb_loop *loop = conn->loop;
    if (loop->draining || loop->now_ms >= conn->look_ms)
        look_for_end(conn);
    if (loop->draining || loop->now_ms - conn->since_ms >= settings->idle_timeout_ms) {
        /* Only for reading, so that a request that has just come in is still answered. */
        if (!conn->read_shut)
            shutdown(conn->fd, SHUT_RD);
        conn->read_shut = true;
    } else if (loop->now_ms >= conn->look_ms) {
        look_for_drip(conn, settings->header_timeout_ms);
    }
}

static void check_farewell(struct lb_connection *conn, uint64_t age_ms,
                           const struct lb_server_settings *settings)
{
    bool written = conn->exchange->farewell_sent == conn->exchange->farewell.len;
    if (age_ms >= (written ? LB_LINGER_MS : settings->send_timeout_ms)) {
        cut_hard(conn);
        lb_connection_resume(conn);
    } else {
        lb_connection_push_farewell(conn);
    }
}

static void check(struct lb_connection *conn, const struct lb_server_settings *settings)
{
    uint64_t age_ms = conn->loop->now_ms - conn->since_ms;
    switch (conn->phase) {
    case LB_PHASE_WAITING:
        check_waiting(conn, settings);
        break;
    case LB_PHASE_HEADERS:
        look_for_end(conn);
        if (age_ms >= settings->header_timeout_ms)
            cut(conn);
        break;
    case LB_PHASE_BODY:
        look_for_end(conn);
        if (age_ms >= settings->body_timeout_ms)
            cut(conn);
        break;
    case LB_PHASE_DISCARD:
        if (age_ms >= LB_LINGER_MS)
            lb_connection_farewell(conn);
        break;
    case LB_PHASE_FAREWELL:
        check_farewell(conn, age_ms, settings);
        break;
    case LB_PHASE_DOUBT:
    case LB_PHASE_PENDING: /* the one that has it completes it */
        break;
    case LB_PHASE_SENDING:
        if (age_ms >= settings->send_timeout_ms)
            cut_hard(conn);
        break;
    }
}

void lb_deadline_sweep(struct lb_loop *loop)
{
    for (struct lb_connection *conn = loop->connections; conn; conn = conn->next)
        check(conn, &loop->server->settings);
}
