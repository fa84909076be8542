/* One connection and what it is doing now. For src/http only.
 *
 * Threads: belongs to its loop's thread. Life: from its being accepted until its socket is closed
 * and no request of it is pending. An idle one costs this struct and no buffer. */
#ifndef LB_HTTP_CONNECTION_H
#define LB_HTTP_CONNECTION_H

#include "http/input.h"
#include "http/output.h"

#include <sys/types.h>

struct lb_ready;
struct lb_loop;

/* What a connection waits for. Each phase has its time limit, see lb_loop's `limits_ms`. */
enum lb_phase {
    LB_PHASE_WAITING,   /* for the first byte of a request */
    LB_PHASE_HEAD,      /* for the rest of a head */
    LB_PHASE_DOUBT,     /* for the application, which could not decide about the head */
    LB_PHASE_BODY,      /* for the rest of a body */
    LB_PHASE_DISCARD,   /* for the rest of a small body that was refused: the reply follows it */
    LB_PHASE_PENDING,   /* for lb_request_complete */
    LB_PHASE_PAUSE,     /* for a moment, before the next piece of a response is asked for again */
    LB_PHASE_SENDING,   /* for the client, to read the responses */
    LB_PHASE_READ_AWAY, /* for the rest of a large body that was refused: the reply is out */
    LB_PHASE_LINGERING, /* for the client, to close its side: everything is out */
    LB_PHASE_COUNT
};

struct lb_connection {
    struct lb_connection *next; /* in the loop's list of its phase, in the order of since_ms */
    struct lb_connection *prev;
    struct lb_ready *due;           /* the queue of the loop that it is in, or NULL */
    struct lb_connection *next_due; /* there */
    struct lb_connection *prev_due;
    struct lb_connection *older; /* in the loop's list of strangers */
    struct lb_connection *newer;
    struct lb_loop *loop;
    struct lb_input *input;       /* NULL when there is nothing in it and no request under way */
    struct lb_exchange *exchange; /* of the request that is being read or answered */
    struct lb_output output;
    uint64_t since_ms;  /* when the phase began */
    uint64_t read_away; /* bytes of the refused body that may still come */
    int fd;
    uint8_t phase;
    bool heavy;           /* its last request was a write or a large one: others go first */
    bool bulk;            /* much of a body is still to come, or gives_much: all others go first */
    bool control;         /* of the control socket */
    bool has_place;       /* of those that are counted, until another connection has it */
    bool shared;          /* counts to its address's share */
    bool stranger;        /* no valid key or session came on it */
    bool gives_much;      /* a large answer, to a stranger, is on its way */
    bool readable;        /* the socket may hold something */
    _Atomic bool hung_up; /* the client has closed its side, or the connection is broken */
    bool ended;           /* all of what the client sent was read */
    bool completed;       /* the pending request was */
    bool closing;         /* after what is to be sent */
    struct in6_addr peer;
};

enum lb_step {
    LB_GO_ON, /* there may be more to do */
    LB_REST,  /* nothing, until something happens */
    LB_GONE   /* the connection was ended */
};

/* Takes over an accepted socket, and the place that lb_room_take took for it. NULL, and both are
 * given back, when out of memory. */
struct lb_connection *lb_connection_create(struct lb_loop *loop, int fd, bool control,
                                           const struct in6_addr *peer);

/* Does what can be done now, up to so many steps; a request takes one, or two with a body that came
 * later, and sending what was answered another. What is left is queued. It may end the connection.
 */
void lb_connection_run(struct lb_connection *conn, unsigned steps);

/* Its phase has lasted for as long as it may. */
void lb_connection_expire(struct lb_connection *conn);

/* Ends it. No request of it may be pending. */
void lb_connection_destroy(struct lb_connection *conn);

/* The same with a reset: a response that the client does not read would otherwise stay in the
 * kernel's memory for minutes, and half a response could be taken for the whole. */
void lb_connection_reset(struct lb_connection *conn);

/* --- for intake.c ----------------------------------------------------------------------------- */

/* The same, as the last step. */
enum lb_step lb_connection_end(struct lb_connection *conn);

/* Receives into `bytes`: the number of bytes; 0 when there is nothing for now, or no more at all
 * (`ended`); -1 when the connection is broken or there is no memory. */
ssize_t lb_connection_receive(struct lb_connection *conn, void *bytes, size_t room);

/* The same, at the end of the input. */
ssize_t lb_connection_fill(struct lb_connection *conn);

/* Sends what is ready. LB_GO_ON: all of it is out. Never LB_GONE while a request is pending. */
enum lb_step lb_connection_flush(struct lb_connection *conn);

/* The same, when nothing else can be done before. */
enum lb_step lb_connection_flush_first(struct lb_connection *conn);

/* The reply to its request is set. */
enum lb_step lb_connection_answer(struct lb_connection *conn);

/* The same while the client may still be sending a body: what comes of it is read away, and the
 * connection closed. */
enum lb_step lb_connection_answer_early(struct lb_connection *conn);

#endif
