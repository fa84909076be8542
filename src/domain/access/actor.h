/* Who does something, and from where: what the logs say about a change. Threads: plain data. */
#ifndef LB_DOMAIN_ACCESS_ACTOR_H
#define LB_DOMAIN_ACCESS_ACTOR_H

#include "store/rows.h"

/* All zero: an operator at the command line. What it points to lives as long as the request. */
struct lb_actor {
    uint32_t no;            /* of a key or a user (store/rows.h); 0: the command line */
    struct lb_str source;   /* the address that it came from; ptr NULL: the command line */
    const uint8_t *session; /* hash of the session's token; NULL: not signed in, but has a key */
};

#endif
