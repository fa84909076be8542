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

/* Ends one; its place is the caller's then. */
static bool make_room(struct lb_loop *loop)
{
    bool all = false;
    struct lb_connection *conn = oldest_stranger(loop, &all);
    if (!conn && all)
        conn = longest_idle(loop);
    if (!conn)
        return false;
    conn->has_place = false;
    if (has_unread(conn))
        lb_connection_reset(conn);
    else
        lb_connection_destroy(conn);
    return true;
}

/* In one step, as another loop may want the last one at the same moment. */
static bool take_place(_Atomic unsigned *taken, unsigned most)
{
    unsigned now = atomic_load_explicit(taken, memory_order_relaxed);
    while (now < most)
        if (atomic_compare_exchange_weak(taken, &now, now + 1))
            return true;
    return false;
}

static void note_most(struct lb_server *server)
{
    unsigned now = lb_server_connections(server);
    unsigned most = atomic_load_explicit(&server->most_connections, memory_order_relaxed);
    while (now > most && !atomic_compare_exchange_weak(&server->most_connections, &most, now))
        ;
}

bool lb_room_take(struct lb_loop *loop, bool control)
{
    struct lb_server *server = loop->server;
    bool taken = control ? take_place(&server->control_connections, LB_CONTROL_CONNECTIONS)
                         : take_place(&server->connections, server->settings.max_connections) ||
                               make_room(loop);
    if (taken)
        note_most(server);
    return taken;
}

void lb_room_give(struct lb_loop *loop, bool control)
{
    struct lb_server *server = loop->server;
    atomic_fetch_sub_explicit(control ? &server->control_connections : &server->connections, 1,
                              memory_order_relaxed);
}
