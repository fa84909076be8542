/* Places for connections, and room for one more when all are taken. An idle connection costs its
 * client nothing, so that a stranger with a few addresses could have them all and keep everybody
 * else out. So one gives place: of those that no valid key or session came on, strangers, the one
 * that was accepted first, or was found busy first when room was made before; without any that may
 * end, the one that has waited longest for its next request. Requests of callers that are known,
 * and what waits for the application, go on. Where more than a short answer was not read, the
 * connection is reset.
 *
 * Threads: places are counted for all loops together, so that no two of them can take the last one;
 * each looks for room among its own connections. For src/http only. */
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

/* Takes a place of max_connections, or of the control socket's, for a connection that the loop is
 * about to have; when all are taken, that of one which is ended for it. False: this loop has none
 * to end, or all that were looked at are busy. */
bool lb_room_take(struct lb_loop *loop, bool control);

/* Gives it back. */
void lb_room_give(struct lb_loop *loop, bool control);

#endif
