/* What a connection still has to send: the exchanges whose responses are ready, oldest first. Each
 * response lies in its own exchange, so no connection can send another one's. For src/http only.
 * Threads: belongs to its loop. */
#ifndef LB_HTTP_OUTPUT_H
#define LB_HTTP_OUTPUT_H

#include "http/exchange.h"

struct lb_output {
    struct lb_exchange *first;
    struct lb_exchange *last;
    size_t sent;  /* bytes of the first one */
    size_t bytes; /* of all that wait, sent or not */
};

enum lb_sent {
    LB_SENT_ALL,   /* but for a response that comes in pieces: it is the first then */
    LB_SENT_PART,  /* the socket takes no more for now */
    LB_SENT_FAILED /* the connection is gone */
};

/* Its response is ready. */
void lb_output_add(struct lb_output *output, struct lb_exchange *exchange);

/* Forgets what was sent of the first one, whose response comes in pieces and has grown by another.
 */
void lb_output_next_piece(struct lb_output *output, size_t sent);

/* Sends what the socket takes. Exchanges that are out become a list in `*out_done`, oldest first.
 */
enum lb_sent lb_output_send(struct lb_output *output, int fd, struct lb_exchange **out_done);

#endif
