#include "http/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static void release(struct lb_loop *loop, struct lb_linger *linger)
{
    loop->linger_count--;
    atomic_fetch_sub_explicit(&loop->server->connections, 1, memory_order_relaxed);
    /* libmicrohttpd may still hold the socket that this one duplicates, so closing does not take it
     * out of the epoll set. */
    epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, linger->fd, NULL);
    close(linger->fd);
    free(linger);
}

static void linger_end(struct lb_loop *loop, struct lb_linger *linger)
{
    if (linger->prev)
        linger->prev->next = linger->next;
    else
        loop->lingers = linger->next;
    if (linger->next)
        linger->next->prev = linger->prev;
    release(loop, linger);
}

void lb_linger_begin(struct lb_loop *loop, int fd)
{
    struct lb_linger *linger =
        loop->linger_count < LB_LINGER_MAX ? calloc(1, sizeof *linger) : NULL;
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = linger};
    if (!linger || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        free(linger);
        close(fd);
        return;
    }
    linger->fd = fd;
    linger->until_ms = loop->now_ms + LB_LINGER_MS;
    linger->next = loop->lingers;
    if (linger->next)
        linger->next->prev = linger;
    loop->lingers = linger;
    loop->linger_count++;
    atomic_fetch_add_explicit(&loop->server->connections, 1, memory_order_relaxed);
}

void lb_linger_ready(struct lb_loop *loop, struct lb_linger *linger)
{
    char scratch[16384];
    ssize_t got;
    do {
        got = recv(linger->fd, scratch, sizeof scratch, MSG_DONTWAIT);
        if (got > 0)
            linger->seen += (size_t)got;
    } while (got > 0 && linger->seen <= LB_LINGER_BYTES);
    if (got >= 0 || (errno != EAGAIN && errno != EINTR))
        linger_end(loop, linger);
}

void lb_linger_sweep(struct lb_loop *loop)
{
    for (struct lb_linger *linger = loop->lingers, *next; linger; linger = next) {
        next = linger->next;
        if (loop->now_ms >= linger->until_ms)
            linger_end(loop, linger);
    }
}

void lb_linger_close_all(struct lb_loop *loop)
{
    struct lb_linger *linger = loop->lingers;
    loop->lingers = NULL;
    while (linger) {
        struct lb_linger *next = linger->next;
        release(loop, linger);
        linger = next;
    }
}
