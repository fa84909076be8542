/* The HTTP server: I/O threads, each with its own listening socket (SO_REUSEPORT), epoll set and
 * connections. docs/architecture.md walks through one request.
 *
 * Threads: `begin`, `handle` and `end` are called on the request's loop thread and must not wait
 * for anything. Loop threads are registered with RCU (base/rcu.h) and are quiescent between turns.
 * Order: create, start, (drain), stop, destroy. */
#ifndef LB_HTTP_SERVER_H
#define LB_HTTP_SERVER_H

#include "http/router.h"

enum lb_admission {
    LB_REFUSED,  /* req->reply is set; the server answers without waiting for the body */
    LB_ADMITTED, /* go on with the body */
    LB_UNDECIDED
};

#define LB_REQUEST_FREE_BYTES ((size_t)4 << 10) /* the number of connections bounds these */

/* What a request takes memory for. */
enum lb_memory { LB_MEMORY_BODY, LB_MEMORY_WORK, LB_MEMORY_REPLY };

struct lb_http_app {
    void *context;
    /* The headers are complete. Undecided: lb_request_complete will be called, or already was,
     * and then `decide` is called, which may say the same; the client's body waits. */
    enum lb_admission (*begin)(void *context, struct lb_request *req);
    enum lb_admission (*decide)(void *context, struct lb_request *req);
    /* The body is complete. */
    enum lb_progress (*handle)(void *context, struct lb_request *req);
    /* The response is out or the connection is gone: log, count, release. Once for each request,
     * also for those that the server refused itself (broken framing, a NUL in the target) when
     * begin was not called. May be NULL. */
    void (*end)(void *context, struct lb_request *req);
    /* NULL, or asked before a request takes more memory than LB_REQUEST_FREE_BYTES: for what has
     * come of its body, for lb_request_alloc, for its reply. False: there is none for it, and the
     * reply is set. On the thread that the request belongs to. */
    bool (*reserve)(void *context, struct lb_request *req, size_t bytes, enum lb_memory what);
    /* Gives back what was reserved. Set when `reserve` is. */
    void (*unreserve)(void *context, struct lb_request *req, size_t bytes);
    /* NULL, or: the reply is set. What only the handler needed can go. On the loop's thread. */
    void (*replied)(void *context, struct lb_request *req);
};

struct lb_cidr {
    struct in6_addr address; /* IPv4 as mapped */
    unsigned bits;           /* of 128 */
};

struct lb_server_settings {
    const char *listen;       /* HOST:PORT, [v6]:PORT; port 0 picks one */
    int control_fd;           /* a listening Unix socket, served by the first loop, or -1; it stays
                                 the caller's, to be closed after lb_server_destroy */
    unsigned threads;         /* loops; 0: one */
    unsigned max_connections; /* in all; for one more, another gives place (room.h). The control
                                 socket has 64 of its own */
    unsigned max_address_connections; /* of one address (shares.h); 0: max_connections */
    size_t max_header_bytes;          /* 431 */
    size_t max_body_bytes;            /* 413 */
    unsigned idle_timeout_ms;         /* between requests */
    unsigned
        header_timeout_ms;    /* from the first byte of a request until its headers are complete */
    unsigned body_timeout_ms; /* from then until its body is complete; of one that is taken in
                                 pieces, until the next 64 KiB are */
    unsigned send_timeout_ms; /* from then on for sending the response; of one that is given in
                                 pieces, for each */
    const struct lb_cidr *trusted_proxies; /* whose X-Forwarded-For counts */
    size_t trusted_proxy_count;
    bool https; /* clients come over https, and are told to go on so */
};

/* Parses "10.0.0.0/8", "::1", ...; false when it is neither. */
bool lb_cidr_parse(const char *text, struct lb_cidr *out);
bool lb_cidr_contains(const struct lb_cidr *cidr, const struct in6_addr *address);

struct lb_server;

/* How many files a process with such a server may have to open, the rest of it included. */
uint64_t lb_server_files(unsigned max_connections, unsigned threads);

/* Binds the sockets; does not serve yet. Raises the process's soft limit of open files when
 * max_connections needs it; where it cannot, max_connections becomes what the limit leaves, and
 * max_address_connections the same part of it. With a reason that a person can act on:
 * LB_ERR_INVALID_PARAMETER (`listen` is no address), LB_ERR_INTERNAL (address in use, host
 * unknown, no permission, no files for so many threads). An empty `listen` serves the control
 * socket only. The settings are copied, what they point to must outlive the server. */
lb_err lb_server_create(const struct lb_server_settings *settings, const struct lb_http_app *app,
                        struct lb_server **out, struct lb_reason *reason);

/* Starts the loop threads. */
lb_err lb_server_start(struct lb_server *server, struct lb_reason *reason);

/* The port that was bound (for port 0). */
unsigned lb_server_port(const struct lb_server *server);

/* Connections open now, in all loops. */
unsigned lb_server_connections(const struct lb_server *server);

/* The most that were opened since the last time, with those that were open then. */
unsigned lb_server_most_connections(struct lb_server *server);

/* Stops accepting, answers what has begun (with Connection: close), closes idle connections, and
 * returns when nothing is left or after `timeout_ms`. True when nothing was left. */
bool lb_server_drain(struct lb_server *server, unsigned timeout_ms);

/* Ends the threads and closes everything. No request may be pending. Also before a start. */
void lb_server_stop(struct lb_server *server);
void lb_server_destroy(struct lb_server *server);

#endif
