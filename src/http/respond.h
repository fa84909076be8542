/* Turns a reply into a response. For src/http only. Threads: the request's loop. */
#ifndef LB_HTTP_RESPOND_H
#define LB_HTTP_RESPOND_H

#include "http/exchange.h"

/* "Date: Sat, 28 Nov 2026 10:00:00 GMT" with its line's end, made once a second. All zero at the
 * start. */
struct lb_date {
    char line[40];
    size_t len;
    int64_t second;
};

void lb_date_update(struct lb_date *date);

/* Writes the response into the exchange. The reply must stay until it is sent. `persists`: the
 * connection takes more requests after it. `https`: clients are told to stay with it. A reply that
 * was not set, or for which there was no memory, is a 500. False when there is no memory for the
 * response either. */
bool lb_respond(struct lb_exchange *exchange, const struct lb_date *date, bool persists,
                bool https);

/* Asks reply.give for the next piece of the body and frames it, in place of what was sent. */
enum lb_given lb_respond_more(struct lb_exchange *exchange);

/* The reply to a head that was refused. */
void lb_reply_to_head(struct lb_reply *reply, enum lb_head_result result, const char *wrong);

#endif
