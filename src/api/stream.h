/* An answer of CSV that is made while it is sent, in bounded memory: a reader makes the next piece
 * when the client has taken the one before. While a client is slow, nothing waits for it: no
 * reader, no place in the readers' queue and no database transaction.
 *
 * The first piece is made before the status is sent, so what is wrong by then is an error like any
 * other. What goes wrong later, such as a key that ends, cuts the connection, so that no client
 * takes the part for the whole.
 *
 * Threads: filled on readers, given on the request's loop. */
#ifndef LB_API_STREAM_H
#define LB_API_STREAM_H

#include "api/call.h"

#define LB_STREAM_PIECE_BYTES ((size_t)64 << 10)

/* Embedded in what makes the pieces; all zero but for the functions at first. */
struct lb_stream {
    /* Appends a piece of some LB_STREAM_PIECE_BYTES to stream->piece, or nothing when it has looked
     * at so much that others should have their turn, and sets `done` with the last one. */
    lb_err (*fill)(struct lb_call *call, struct lb_store_reader *reader);
    /* Releases what `fill` has made, at the end of the request, also of one without an answer.
     * NULL: there is nothing. */
    void (*release)(struct lb_call *call);
    const char *file_name;   /* static; for clients that save the answer. NULL: none */
    struct lb_quota *places; /* one is taken, to be given back; NULL: none */
    struct lb_buf piece;     /* made and not given yet */
    unsigned tries;          /* in which the readers were busy, one after the other */
    bool done;
    bool failed;
};

/* Does the request want CSV? */
bool lb_stream_wanted(const struct lb_call *call);

/* Makes the answer. `stream` has memory of the request. Few exports of a workspace, or of operators
 * without one, are made at once: one more is 429. When `fill` fails for the first piece, its error
 * is the answer. */
enum lb_progress lb_stream_begin(struct lb_call *call, struct lb_stream *stream);

/* For answers that are given in pieces: hands call->read to the readers, to make the next one.
 * While they are busy it is to be asked again soon, for some seconds, before the answer is cut.
 * `tries`: 0 at first, its own. */
enum lb_given lb_stream_ask(struct lb_call *call, unsigned *tries);

/* A second time, or without a stream, it does nothing. */
void lb_stream_release(struct lb_call *call);

#endif
