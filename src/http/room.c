#include "http/room.h"

#include "http/loop.h"

#define LOOKED_AT 64 /* connections that may not end, before this is given up */

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

/* What has just come in is looked at first, unless it has to wait for all others. */
static bool may_end(const struct lb_connection *conn)
{
    return (!conn->due || conn->bulk) && conn->phase != LB_PHASE_DOUBT &&
           conn->phase != LB_PHASE_PENDING;
}

/* One that may not end goes to the end, so that it is not looked at again each time. */
static struct lb_connection *oldest_stranger(struct lb_loop *loop)
{
    for (unsigned i = 0; i < LOOKED_AT && loop->strangers.first; i++) {
        struct lb_connection *conn = loop->strangers.first;
        if (may_end(conn))
            return conn;
        lb_room_leave(conn);
        lb_room_enter(conn);
    }
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

bool lb_room_make(struct lb_loop *loop)
{
    struct lb_connection *conn = oldest_stranger(loop);
    if (!conn && !loop->strangers.first)
        conn = longest_idle(loop);
    if (conn)
        lb_connection_destroy(conn);
    return conn != NULL;
}
