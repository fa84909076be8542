/* Room for one more connection when all are taken. An idle connection costs its client nothing, so
 * that a stranger with a few addresses could have them all and keep everybody else out. So one
 * gives place: of those that no valid key or session came on, strangers, the one that was accepted
 * first, or was found busy first when room was made before; without any that may end, the one that
 * has waited longest for its next request. Requests of callers that are known, and what waits for
 * the application, go on. Where more than a short answer was not read, the connection is reset.
 *
 * Threads: each loop looks at its own connections. For src/http only. */
#ifndef LB_HTTP_ROOM_H
#define LB_HTTP_ROOM_H

#include <stdbool.h>

struct lb_connection;
struct lb_loop;

struct lb_strangers {
    struct lb_connection *first; /* the one that gives place first */
    struct lb_connection *last;
};

/* A connection that was accepted is a stranger's, until a caller is known on it or it ends. */
void lb_room_enter(struct lb_connection *conn);
void lb_room_leave(struct lb_connection *conn);

/* Ends one. False: this loop has none, or all that were looked at are busy. */
bool lb_room_make(struct lb_loop *loop);

#endif
