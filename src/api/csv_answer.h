/* An answer that is a file of CSV: gathered in a spool, and sent when it is known that all went
 * well. An export, which is sent while it is made, is a stream (api/stream.h).
 *
 * Threads: filled on one that may wait for the disk; given on the request's loop, for which a
 * reader reads the pieces. */
#ifndef LB_API_CSV_ANSWER_H
#define LB_API_CSV_ANSWER_H

#include "api/call.h"

struct lb_csv_answer {
    struct lb_spool spool;
    struct lb_buf piece; /* not in the spool yet; of the giving: read and not given yet */
    uint64_t given;
    unsigned tries; /* of asking busy readers, one after the other */
    bool failed;
};

/* Makes call->csv_answer, which begins with the headings. False when out of memory: the reply is
 * set.
 */
bool lb_csv_answer_begin(struct lb_call *call, const char *headings);

/* Adds a line. Errors as of lb_spool_append. */
lb_err lb_csv_answer_add(struct lb_csv_answer *answer, const struct lb_str *cells, size_t count);

/* Sets a 200 that gives all of it. Errors as above; then no reply is set. */
lb_err lb_csv_answer_reply(struct lb_call *call);

/* A second time, or without a answer, it does nothing. */
void lb_csv_answer_release(struct lb_call *call);

#endif
