/* Who did something, in words: the "by" of entries and of the audit log. */
#ifndef LB_API_BY_H
#define LB_API_BY_H

#include "api/call.h"

/* Those of one reply. A page has few different ones, so each is looked up once: a key is looked for
 * among all keys, and a user is read from the store. Set `call` and `reader`; the rest is zero at
 * first. Threads: the reader's. */
struct lb_by {
    const struct lb_call *call;
    struct lb_store_reader *reader;
    bool csv;            /* a cell with the name in place of an object */
    bool tells_deleted;  /* of a user: "deleted":true or false */
    struct lb_buf texts; /* of those that are known */
    struct lb_by_known {
        uint32_t actor;
        size_t at, len; /* in texts */
    } known[64];
    size_t count;
};

void lb_by_fini(struct lb_by *actors);

/* Appends {"type":"key|user|operator","id":...,"name":...} for an actor of the logs
 * (store/rows.h); in CSV the name alone, else the id or the type. Ends the strings of the reader's
 * last read. */
void lb_by_put(struct lb_by *actors, struct lb_buf *body, uint32_t actor);

/* Which actor has that id: of a key or a user, also of one who was deleted, or "operator" for the
 * command line. LB_ERR_NOT_FOUND: none has. */
lb_err lb_by_find(const struct lb_call *call, struct lb_store_reader *reader, struct lb_str id,
                  uint32_t *out);

/* Places in a body where a "by" belongs, for bodies that are made while the reader is busy. */
struct lb_by_places {
    struct lb_by_place {
        size_t at; /* in the text: ,"by":{...}, or the cell, goes before this byte */
        uint32_t actor;
    } * places; /* room for as many as there will be */
    size_t count;
};

/* Fills them in. False when out of memory, or when the body is not whole for want of it. */
bool lb_by_fill_in(struct lb_by *actors, struct lb_buf *body, const struct lb_by_places *places);

#endif
