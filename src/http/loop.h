/* One I/O thread: its epoll set, mailbox and connections. For src/http only.
 *
 * Threads: everything belongs to the loop's thread once it runs, except the mailbox and the
 * server's counters. */
#ifndef LB_HTTP_LOOP_H
#define LB_HTTP_LOOP_H

#include "http/connection.h"
#include "http/respond.h"
#include "http/room.h"
#include "http/server.h"
#include "http/shares.h"

#include <pthread.h>
#include <stdatomic.h>

#define LB_PAUSE_MS            100 /* before a busy application is asked for the next piece again */
#define LB_LINGER_MS           1000               /* how long a refused client may go on sending */
#define LB_LINGER_BYTES        ((size_t)64 << 10) /* and how much of it is read away */
#define LB_READ_AWAY_BYTES     ((size_t)64 << 20) /* the same for callers that are known */
#define LB_CONTROL_CONNECTIONS 64

/* Connections that can go on: first in, first out. */
struct lb_ready {
    struct lb_connection *first;
    struct lb_connection *last;
    unsigned count;
};

struct lb_phase_list {
    struct lb_connection *first; /* the one that has waited longest */
    struct lb_connection *last;
};

struct lb_listener {
    int fd;            /* -1: none */
    bool control;      /* of the control socket */
    bool due;          /* a client may be connecting */
    uint64_t again_ms; /* when accepting failed for want of memory or files; 0: it did not */
};

#define LB_REQUEST_NUMBERS 32 /* as much as getrandom gives at once, whatever comes */

struct lb_loop {
    struct lb_server *server;
    unsigned number;
    struct lb_listener listener;
    struct lb_listener control; /* only in the first loop */
    struct lb_mailbox *mailbox;
    int epoll_fd;
    uint64_t now_ms;                              /* as of this turn */
    uint64_t request_numbers[LB_REQUEST_NUMBERS]; /* drawn, of the next request ids */
    size_t request_numbers_left;
    bool draining;
    unsigned last_turns; /* in which clients are still accepted while it drains */
    bool stopping;
    struct lb_date date;
    struct lb_phase_list phases[LB_PHASE_COUNT];
    uint64_t limits_ms[LB_PHASE_COUNT]; /* 0: no limit */
    struct lb_ready light;
    struct lb_ready heavy;
    struct lb_ready bulk;
    struct lb_strangers strangers;
    struct lb_exchange_pool exchanges;
    struct lb_input_pool inputs;
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
    _Atomic unsigned connections;         /* of max_connections: see room.h */
    _Atomic unsigned control_connections; /* of LB_CONTROL_CONNECTIONS */
    _Atomic unsigned most_connections;    /* since lb_server_most_connections */
    struct lb_shares *shares;             /* of connections, by address */
    bool draining;
    unsigned loops_told; /* to drain */
    _Atomic unsigned
        loops_draining; /* of them, those that have accepted the last of their clients */
    unsigned loop_count;
    struct lb_loop loops[];
};

/* The listening sockets (or -1) become the loop's, also on failure. */
lb_err lb_loop_init(struct lb_loop *loop, struct lb_server *server, unsigned number, int listen_fd,
                    int control_fd, struct lb_reason *reason);
lb_err lb_loop_start(struct lb_loop *loop, struct lb_reason *reason);

/* Any thread; once each. False: the loop does not run. */
bool lb_loop_drain(struct lb_loop *loop);
void lb_loop_stop(struct lb_loop *loop);

/* Closes everything; the thread has ended or was never started. */
void lb_loop_fini(struct lb_loop *loop);

/* --- for connections -------------------------------------------------------------------------- */

/* Puts it at the end of its queue, unless it is in one. */
void lb_loop_queue(struct lb_connection *conn);

/* Begins a phase, or begins it anew. */
void lb_loop_enter(struct lb_connection *conn, enum lb_phase phase);

/* Takes it out of its phase and its queue. */
void lb_loop_forget(struct lb_connection *conn);

#endif
