#include "http/room.h"

#include "http/loop.h"

#include <sys/ioctl.h>

#define LOOKED_AT  64   /* connections that may not end, before this is given up */
#define UNREAD_MAX 4096 /* bytes that the kernel may keep of a connection that was ended */

void lb_room_enter(struct lb_connection *conn)
{
    struct lb_strangers *all = &conn->loop->strangers;
    conn->stranger = true;
    conn->newer = NULL;
    conn->older = all->last;
    *(all->last ? &all->last->newer : &all->first) = conn;
    all->last = conn;
}

void lb_room_leave(struct lb_connection *conn)
{
    struct lb_strangers *all = &conn->loop->strangers;
    if (!conn->stranger)
        return;
    conn->stranger = false;
    *(conn->older ? &conn->older->newer : &all->first) = conn->newer;
    *(conn->newer ? &conn->newer->older : &all->last) = conn->older;
}

/* What has just come in is looked at first, unless it has to wait for all others. Strangers of one
 * turn may end each other: were they spared, they would end connections of known callers. */
static bool may_end(const struct lb_connection *conn)
{
    return (!conn->due || conn->bulk) && conn->phase != LB_PHASE_DOUBT &&
           conn->phase != LB_PHASE_PENDING;
}

/* NULL: none of those looked at may end; they go to the end of the list, so that the next call
 * begins after them. `*out_all` then: these were all strangers of the loop. */
static struct lb_connection *oldest_stranger(struct lb_loop *loop, bool *out_all)
{
    const struct lb_connection *looked_at = NULL; /* the first of them */
    struct lb_connection *conn;
    for (unsigned i = 0; i < LOOKED_AT && (conn = loop->strangers.first) != looked_at; i++) {
        if (may_end(conn))
            return conn;
        if (!looked_at)
            looked_at = conn;
        lb_room_leave(conn);
        lb_room_enter(conn);
    }
    *out_all = loop->strangers.first == looked_at;
    return NULL;
}

static struct lb_connection *longest_idle(struct lb_loop *loop)
{
    struct lb_connection *conn = loop->phases[LB_PHASE_WAITING].first;
    for (unsigned i = 0; i < LOOKED_AT + LB_CONTROL_CONNECTIONS && conn; i++, conn = conn->next)
        if (may_end(conn) && !conn->control)
            return conn;
    return NULL;
}

/* Is there more than a short answer that its client has not read? */
static bool has_unread(const struct lb_connection *conn)
{
    int unread = 0;
    return conn->output.first || ioctl(conn->fd, TIOCOUTQ, &unread) != 0 || unread > UNREAD_MAX;
}

bool lb_room_make(struct lb_loop *loop)
{
    bool all = false;
    struct lb_connection *conn = oldest_stranger(loop, &all);
    if (!conn && all)
        conn = longest_idle(loop);
    if (!conn)
        return false;
    if (has_unread(conn))
        lb_connection_reset(conn);
    else
        lb_connection_destroy(conn);
    return true;
}
