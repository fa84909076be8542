/* One connection and what it is doing now. For src/http only.
 *
 * Threads: belongs to its loop's thread. Life: from libmicrohttpd's notice that it started until
 * the notice that it is closed. */
#ifndef LB_HTTP_CONNECTION_H
#define LB_HTTP_CONNECTION_H

#include "http/exchange.h"
#include "http/loop.h"

struct MHD_Connection;
struct MHD_Daemon;

enum lb_phase {
    LB_PHASE_WAITING,  /* for a request */
    LB_PHASE_HEADERS,  /* the request line is there */
    LB_PHASE_DOUBT,    /* `begin` could not decide */
    LB_PHASE_BODY,     /* `begin` let it pass */
    LB_PHASE_DISCARD,  /* refused; the rest of the body is read away, then the reply goes out */
    LB_PHASE_FAREWELL, /* refused in the middle of the body; the response was written, to be closed
                        */
    LB_PHASE_PENDING,  /* lb_request_complete will be called */
    LB_PHASE_SENDING,
};

struct lb_connection {
    struct lb_connection *next;
    struct lb_connection *prev;
    enum lb_phase phase;
    bool control;   /* of the control socket */
    bool linger;    /* the client may still be sending when this is closed */
    bool cut;       /* we have shut the socket down */
    bool read_shut; /* for reading only */
    bool suspended;
    bool admitted; /* DOUBT: what `decide` said */
    bool counted;  /* `received` tells where the next request begins */
    int fd;
    uint64_t since_ms;      /* when the phase began */
    uint64_t look_ms;       /* WAITING: when to ask the kernel for the bytes that came in */
    uint64_t first_byte_ms; /* WAITING: when bytes of a request were first seen, or 0 */
    uint64_t received;      /* bytes of the requests so far */
    struct lb_loop *loop;
    struct MHD_Connection *mhd;
    struct lb_exchange *exchange;
    struct in6_addr peer;
};

/* Starts a daemon for this listening socket, with the callbacks of this module. NULL on failure. */
struct MHD_Daemon *lb_connection_daemon(struct lb_loop *loop, int listen_fd);

/* Writes the response itself and closes the connection when the client has had time to read it: for
 * a refusal in the middle of a body, where libmicrohttpd takes no response, and for clients that
 * closed their side while their request was pending. */
void lb_connection_farewell(struct lb_connection *conn);

/* Has the client closed its side, with nothing left to read? */
bool lb_connection_half_closed(const struct lb_connection *conn);

/* Ends a suspension, if there is one. */
void lb_connection_resume(struct lb_connection *conn);

/* Goes on writing it. */
void lb_connection_push_farewell(struct lb_connection *conn);

#endif
