/* Who did something, in words: the "by" of entries and of the audit log. */
#ifndef LB_API_ACTORS_H
#define LB_API_ACTORS_H

#include "api/call.h"

/* Appends {"type":"key|user|operator","id":...,"name":...} for an actor of the logs
 * (store/accounts.h). Reads users from the store: ends the strings of the reader's last read.
 * Reader threads. */
void lb_actors_put(struct lb_buf *body, const struct lb_call *call, struct lb_store_reader *reader,
                   uint32_t actor);

/* Places in a text where a "by" belongs, for texts that are made while the reader is busy. */
struct lb_actors_places {
    struct lb_actors_place {
        size_t at; /* in the text: ,"by":{...} goes before this byte */
        uint32_t actor;
    } * places; /* room for as many as there will be */
    size_t count;
};

/* Fills them in. False when out of memory. */
bool lb_actors_fill_in(struct lb_buf *body, const struct lb_call *call,
                       struct lb_store_reader *reader, const struct lb_actors_places *places);

#endif
