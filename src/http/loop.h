/* One I/O thread: its epoll set, libmicrohttpd daemons, mailbox and connections. For src/http only.
 *
 * Threads: everything belongs to the loop's thread once it runs, except the mailbox and the
 * server's counter. */
#ifndef LB_HTTP_LOOP_H
#define LB_HTTP_LOOP_H

#include "http/exchange.h"
#include "base/quota.h"
#include "http/server.h"

#include <pthread.h>
#include <stdatomic.h>

struct MHD_Daemon;

#define LB_LINGER_MS           1000               /* how long a refused client may go on sending */
#define LB_LINGER_BYTES        ((size_t)64 << 10) /* and how much of it is read away */
#define LB_LINGER_MAX          256                /* at a time, in one loop */
#define LB_SWEEP_MS            250
#define LB_CONTROL_CONNECTIONS 64

/* A socket that is closed for sending; what the client still sends is read away, since closing
 * would reset the connection and could take the response with it. */
struct lb_linger {
    struct lb_linger *next;
    struct lb_linger *prev;
    uint64_t until_ms;
    size_t seen;
    int fd;
};

struct lb_loop {
    struct lb_server *server;
    unsigned number;
    struct MHD_Daemon *daemon;  /* NULL without a TCP listener */
    struct MHD_Daemon *control; /* only in the first loop */
    bool control_due;           /* a client connects to the control socket */
    struct lb_mailbox *mailbox;
    int epoll_fd;
    uint64_t now_ms; /* as of this turn */
    uint64_t next_sweep_ms;
    uint64_t request_count; /* for request ids */
    bool draining;
    bool stopping;
    struct lb_connection *connections;
    unsigned control_connections;
    struct lb_linger *lingers;
    unsigned linger_count;
    struct lb_exchange_pool exchanges;
    pthread_t thread;
    bool thread_runs;
    struct lb_task drain_task;
    struct lb_task stop_task;
};

struct lb_server {
    struct lb_server_settings settings;
    struct lb_http_app app;
    char id_prefix[9]; /* random, of every request id */
    unsigned port;
    _Atomic unsigned connections;
    struct lb_quota bodies; /* bytes of large bodies in memory */
    bool draining;
    unsigned loop_count;
    struct lb_loop loops[];
};

/* Makes the loop's daemons. The listening sockets (or -1) become the loop's, also on failure. */
lb_err lb_loop_init(struct lb_loop *loop, struct lb_server *server, unsigned number, int listen_fd,
                    int control_fd, struct lb_reason *reason);
lb_err lb_loop_start(struct lb_loop *loop, struct lb_reason *reason);

/* Any thread; once each. */
void lb_loop_drain(struct lb_loop *loop);
void lb_loop_stop(struct lb_loop *loop);

/* Closes everything; the thread has ended or was never started. */
void lb_loop_fini(struct lb_loop *loop);

/* Takes over a socket (a duplicate of one that libmicrohttpd closes). */
void lb_linger_begin(struct lb_loop *loop, int fd);
void lb_linger_ready(struct lb_loop *loop, struct lb_linger *linger);
void lb_linger_sweep(struct lb_loop *loop);
void lb_linger_close_all(struct lb_loop *loop);

/* Looks at every connection's deadline. */
void lb_deadline_sweep(struct lb_loop *loop);

#endif
