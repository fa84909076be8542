#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* accept4, pthread_setname_np */
#endif
#include "http/loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rcu.h"
#include "base/thread.h"
#include "http/address.h"
#include "http/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX      256
#define ACCEPTS_MAX     64               /* in one turn */
#define STEPS_MAX       32               /* of a connection in one turn */
#define STEPS_MIN       2                /* a request that comes alone, and sending its answer */
#define LIGHT_STEPS     1024             /* of all light ones together, but for these minima */
#define HEAVY_MAX       16               /* in one turn, some 0.15 ms: so long a light one waits */
#define BULK_NS         UINT64_C(200000) /* the same for bodies, and what the last of them takes */
#define ACCEPT_PAUSE_MS 100              /* after it failed for want of memory or files */

/* --- queues and phases ------------------------------------------------------------------------ */

void lb_loop_queue(struct lb_connection *conn)
{
    struct lb_loop *loop = conn->loop;
    struct lb_ready *due = conn->bulk ? &loop->bulk : conn->heavy ? &loop->heavy : &loop->light;
    if (conn->due)
        return;
    conn->due = due;
    conn->next_due = NULL;
    conn->prev_due = due->last;
    *(due->last ? &due->last->next_due : &due->first) = conn;
    due->last = conn;
    due->count++;
}

static void unlink_due(struct lb_connection *conn)
{
    struct lb_ready *due = conn->due;
    *(conn->prev_due ? &conn->prev_due->next_due : &due->first) = conn->next_due;
    *(conn->next_due ? &conn->next_due->prev_due : &due->last) = conn->prev_due;
    due->count--;
    conn->due = NULL;
}

static struct lb_connection *take_due(struct lb_ready *due)
{
    struct lb_connection *conn = due->first;
    if (conn)
        unlink_due(conn);
    return conn;
}

static void unlink_phase(struct lb_connection *conn)
{
    struct lb_phase_list *list = &conn->loop->phases[conn->phase];
    *(conn->prev ? &conn->prev->next : &list->first) = conn->next;
    *(conn->next ? &conn->next->prev : &list->last) = conn->prev;
}

static void link_phase(struct lb_connection *conn)
{
    struct lb_phase_list *list = &conn->loop->phases[conn->phase];
    conn->since_ms = conn->loop->now_ms;
    conn->next = NULL;
    conn->prev = list->last;
    *(list->last ? &list->last->next : &list->first) = conn;
    list->last = conn;
}

void lb_loop_enter(struct lb_connection *conn, enum lb_phase phase)
{
    if (conn->since_ms)
        unlink_phase(conn);
    conn->phase = (uint8_t)phase;
    link_phase(conn);
}

void lb_loop_forget(struct lb_connection *conn)
{
    unlink_phase(conn);
    if (conn->due)
        unlink_due(conn);
}

/* --- accepting -------------------------------------------------------------------------------- */

/* Proxies that are trusted have connections of many clients. */
static bool has_share(const struct lb_loop *loop, const struct lb_listener *listener,
                      const struct in6_addr *address)
{
    const struct lb_server_settings *settings = &loop->server->settings;
    return !listener->control && loop->server->shares &&
           !lb_address_trusted(settings->trusted_proxies, settings->trusted_proxy_count, address);
}

/* Edge-triggered listeners are asked until no client waits; so after a failure for want of
 * memory or files they are asked again by the clock. */
static void accept_failed(struct lb_loop *loop, struct lb_listener *listener, int code)
{
    listener->due = code != EAGAIN;
    if (!listener->due)
        listener->again_ms = 0; /* the client for whom there was no file may be gone */
    if (!listener->due || code == EINTR || code == ECONNABORTED)
        return;
    if (!listener->again_ms)
        lb_log(LB_LOG_WARN, "http", "cannot accept connections: %s", strerror(code));
    listener->again_ms = loop->now_ms + ACCEPT_PAUSE_MS;
}

/* While the loop drains: ends it, unless a request has come, which is still answered, even if no
 * event has told of it. */
static void look_at_last(struct lb_connection *conn)
{
    conn->readable = true;
    lb_loop_queue(conn);
}

static bool accept_one(struct lb_loop *loop, struct lb_listener *listener)
{
    union {
        struct sockaddr any;
        struct sockaddr_storage room;
    } peer = {.any.sa_family = AF_UNSPEC};
    socklen_t len = sizeof peer;
    struct in6_addr address;
    int fd = accept4(listener->fd, &peer.any, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        accept_failed(loop, listener, errno);
        return false;
    }
    lb_address_of_peer(&peer.any, &address);
    bool shared = has_share(loop, listener, &address);
    if (shared && !lb_shares_take(loop->server->shares, &address)) {
        listener->again_ms = 0;
        close(fd);
        return true;
    }
    struct lb_connection *conn = NULL;
    if (lb_room_take(loop, listener->control))
        conn = lb_connection_create(loop, fd, listener->control, &address);
    else
        close(fd);
    if (conn)
        conn->shared = shared;
    else if (shared)
        lb_shares_give(loop->server->shares, &address);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                                .data.ptr = conn};
    if (conn && epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0) {
        accept_failed(loop, listener, errno);
        lb_connection_destroy(conn);
        return false;
    }
    listener->again_ms = 0;
    if (conn && loop->draining)
        look_at_last(conn);
    return true;
}

/* Now, not only when there is memory or a file again. */
static bool can_accept(const struct lb_listener *listener)
{
    return listener->due && !listener->again_ms;
}

static void accept_all(struct lb_loop *loop, struct lb_listener *listener)
{
    if (listener->fd < 0 || !listener->due || loop->now_ms < listener->again_ms)
        return;
    for (unsigned i = 0; i < ACCEPTS_MAX; i++)
        if (!accept_one(loop, listener))
            return;
}

/* Its socket may have other descriptors, and would go on telling of clients. */
static void close_listener(struct lb_loop *loop, struct lb_listener *listener)
{
    if (listener->fd >= 0) {
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, listener->fd, NULL);
        close(listener->fd);
    }
    *listener = (struct lb_listener){.fd = -1};
}

/* Closing the listeners resets who waits to be accepted, so these are accepted before, unless it
 * fails, or always more come. */
static void accept_last(struct lb_loop *loop)
{
    bool more = can_accept(&loop->listener) || can_accept(&loop->control);
    if (more && --loop->last_turns > 0)
        return;
    loop->last_turns = 0;
    close_listener(loop, &loop->listener);
    close_listener(loop, &loop->control);
    atomic_fetch_add(&loop->server->loops_draining, 1);
}

/* --- stopping --------------------------------------------------------------------------------- */

static void look_at_all(struct lb_phase_list *list)
{
    for (struct lb_connection *conn = list->first; conn; conn = conn->next)
        look_at_last(conn);
}

static void on_drain(struct lb_task *task)
{
    struct lb_loop *loop =
        (struct lb_loop *)(void *)((char *)task - offsetof(struct lb_loop, drain_task));
    loop->draining = true;
    loop->last_turns = LB_LISTEN_BACKLOG / ACCEPTS_MAX;
    loop->listener.due = loop->listener.fd >= 0;
    loop->control.due = loop->control.fd >= 0;
    look_at_all(&loop->phases[LB_PHASE_WAITING]);
    look_at_all(&loop->phases[LB_PHASE_HEAD]); /* of which there may be empty lines alone */
}

static void on_stop(struct lb_task *task)
{
    struct lb_loop *loop =
        (struct lb_loop *)(void *)((char *)task - offsetof(struct lb_loop, stop_task));
    loop->stopping = true;
}

/* A client that has half a response must not take it for the whole. */
static void close_one(struct lb_connection *conn)
{
    if (conn->output.first)
        lb_connection_reset(conn);
    else
        lb_connection_destroy(conn);
}

static void close_all(struct lb_loop *loop)
{
    close_listener(loop, &loop->listener);
    close_listener(loop, &loop->control);
    for (unsigned phase = 0; phase < LB_PHASE_COUNT; phase++)
        while (loop->phases[phase].first)
            close_one(loop->phases[phase].first);
}

/* --- one turn --------------------------------------------------------------------------------- */

static void expire(struct lb_loop *loop)
{
    for (unsigned phase = 0; phase < LB_PHASE_COUNT; phase++) {
        uint64_t limit_ms = loop->limits_ms[phase];
        struct lb_connection *conn = limit_ms ? loop->phases[phase].first : NULL;
        while (conn && loop->now_ms - conn->since_ms >= limit_ms) {
            struct lb_connection *next = conn->next;
            lb_connection_expire(conn);
            conn = next;
        }
    }
}

static bool has_work(const struct lb_loop *loop)
{
    return loop->light.first || loop->heavy.first || loop->bulk.first || loop->last_turns ||
           can_accept(&loop->listener) || can_accept(&loop->control);
}

static uint64_t accept_again_ms(const struct lb_listener *listener)
{
    return listener->again_ms ? listener->again_ms : UINT64_MAX;
}

/* Milliseconds until a connection's time is up, or accepting is tried again; -1 for never. */
static int sleep_ms(const struct lb_loop *loop)
{
    uint64_t until_ms = accept_again_ms(&loop->listener);
    if (has_work(loop))
        return 0;
    if (accept_again_ms(&loop->control) < until_ms)
        until_ms = accept_again_ms(&loop->control);
    for (unsigned phase = 0; phase < LB_PHASE_COUNT; phase++) {
        const struct lb_connection *conn = loop->phases[phase].first;
        if (conn && loop->limits_ms[phase] && conn->since_ms + loop->limits_ms[phase] < until_ms)
            until_ms = conn->since_ms + loop->limits_ms[phase];
    }
    if (until_ms == UINT64_MAX)
        return -1;
    uint64_t left_ms = until_ms > loop->now_ms ? until_ms - loop->now_ms : 0;
    return left_ms > 60000 ? 60000 : (int)left_ms;
}

static void take_event(struct lb_loop *loop, const struct epoll_event *event)
{
    if (event->data.ptr == loop->mailbox)
        return; /* it is looked into in each turn */
    if (event->data.ptr == &loop->listener || event->data.ptr == &loop->control) {
        ((struct lb_listener *)event->data.ptr)->due = true;
        return;
    }
    struct lb_connection *conn = event->data.ptr;
    conn->readable |= (event->events & ~(uint32_t)EPOLLOUT) != 0;
    if (event->events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR))
        conn->hung_up = true;
    bool pending = conn->phase == LB_PHASE_DOUBT || conn->phase == LB_PHASE_PENDING;
    if (!pending || conn->output.first)
        lb_loop_queue(conn);
}

static void wait_for_events(struct lb_loop *loop)
{
    struct epoll_event events[EVENTS_MAX];
    int timeout_ms = sleep_ms(loop);
    if (timeout_ms != 0 && !lb_mailbox_sleep(loop->mailbox))
        timeout_ms = 0;
    if (timeout_ms != 0)
        lb_rcu_offline();
    int count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, timeout_ms);
    if (timeout_ms != 0)
        lb_rcu_online();
    else
        lb_rcu_quiescent();
    lb_mailbox_wake(loop->mailbox);
    loop->now_ms = lb_clock_mono_ms();
    lb_date_update(&loop->date);
    for (int i = 0; i < count; i++)
        take_event(loop, &events[i]);
}

/* Of each of so many light connections: one that pipelines takes its turn from the others. */
static unsigned steps_of_each(unsigned count)
{
    unsigned steps = count ? LIGHT_STEPS / count : STEPS_MAX;
    return steps < STEPS_MIN ? STEPS_MIN : steps > STEPS_MAX ? STEPS_MAX : steps;
}

/* Light connections go before heavy ones, so that a check does not wait for many writes, and both
 * before those whose bodies are still to come. What is queued meanwhile waits for the next turn. */
static void run_due(struct lb_loop *loop)
{
    unsigned steps = steps_of_each(loop->light.count);
    for (unsigned left = loop->light.count; left > 0 && loop->light.first; left--)
        lb_connection_run(take_due(&loop->light), steps);
    unsigned heavy = loop->heavy.count < HEAVY_MAX ? loop->heavy.count : HEAVY_MAX;
    for (; heavy > 0 && loop->heavy.first; heavy--)
        lb_connection_run(take_due(&loop->heavy), STEPS_MAX);
    unsigned bulk = loop->bulk.count < HEAVY_MAX ? loop->bulk.count : HEAVY_MAX;
    uint64_t until_ns = bulk ? lb_clock_mono_ns() + BULK_NS : 0;
    for (; bulk > 0 && loop->bulk.first && lb_clock_mono_ns() < until_ns; bulk--)
        lb_connection_run(take_due(&loop->bulk), STEPS_MAX);
}

static void turn(struct lb_loop *loop)
{
    wait_for_events(loop);
    accept_all(loop, &loop->listener);
    accept_all(loop, &loop->control);
    if (loop->last_turns)
        accept_last(loop);
    lb_mailbox_drain(loop->mailbox);
    run_due(loop);
    expire(loop);
    lb_log_flush();
}

static void *run_loop(void *arg)
{
    struct lb_loop *loop = arg;
    char name[16];
    snprintf(name, sizeof name, "lb-http-%u", loop->number % 1000);
    pthread_setname_np(pthread_self(), name);
    lb_thread_answers();
    lb_log_thread_buffer();
    lb_rcu_thread_register();
    while (!loop->stopping)
        turn(loop);
    lb_mailbox_drain(loop->mailbox);
    run_due(loop);
    close_all(loop); /* so that the application hears of it on the loop's thread */
    lb_rcu_thread_unregister();
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static void set_limits(struct lb_loop *loop)
{
    const struct lb_server_settings *settings = &loop->server->settings;
    loop->limits_ms[LB_PHASE_WAITING] = settings->idle_timeout_ms;
    loop->limits_ms[LB_PHASE_HEAD] = settings->header_timeout_ms;
    loop->limits_ms[LB_PHASE_BODY] = settings->body_timeout_ms;
    loop->limits_ms[LB_PHASE_DISCARD] = LB_LINGER_MS;
    loop->limits_ms[LB_PHASE_PAUSE] = LB_PAUSE_MS;
    loop->limits_ms[LB_PHASE_SENDING] = settings->send_timeout_ms;
    loop->limits_ms[LB_PHASE_READ_AWAY] = settings->body_timeout_ms;
    loop->limits_ms[LB_PHASE_LINGERING] = LB_LINGER_MS;
}

/* `mark`: what the events of the descriptor carry. */
static bool watch(struct lb_loop *loop, int fd, void *mark)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = mark};
    return fd < 0 || epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

lb_err lb_loop_init(struct lb_loop *loop, struct lb_server *server, unsigned number, int listen_fd,
                    int control_fd, struct lb_reason *reason)
{
    loop->server = server;
    loop->number = number;
    loop->listener = (struct lb_listener){.fd = listen_fd};
    loop->control = (struct lb_listener){.fd = control_fd, .control = true};
    loop->inputs.large = server->settings.max_header_bytes + 4 * LB_INPUT_SMALL;
    loop->drain_task.run = on_drain;
    loop->stop_task.run = on_stop;
    loop->now_ms = lb_clock_mono_ms();
    set_limits(loop);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->mailbox = lb_mailbox_create();
    if (loop->epoll_fd < 0 || !loop->mailbox ||
        !watch(loop, lb_mailbox_fd(loop->mailbox), loop->mailbox) ||
        !watch(loop, listen_fd, &loop->listener) || !watch(loop, control_fd, &loop->control))
        return lb_fail(reason, LB_ERR_INTERNAL, "cannot start the HTTP server: %s",
                       strerror(errno));
    return LB_OK;
}

lb_err lb_loop_start(struct lb_loop *loop, struct lb_reason *reason)
{
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    int failed = pthread_create(&loop->thread, NULL, run_loop, loop);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed)
        return lb_fail(reason, LB_ERR_INTERNAL, "cannot start a thread: %s", strerror(failed));
    loop->thread_runs = true;
    return LB_OK;
}

bool lb_loop_drain(struct lb_loop *loop)
{
    if (loop->thread_runs)
        lb_mailbox_push(loop->mailbox, &loop->drain_task);
    return loop->thread_runs;
}

void lb_loop_stop(struct lb_loop *loop)
{
    if (!loop->thread_runs)
        return;
    lb_mailbox_push(loop->mailbox, &loop->stop_task);
    pthread_join(loop->thread, NULL);
    loop->thread_runs = false;
}

void lb_loop_fini(struct lb_loop *loop)
{
    if (!loop->server)
        return; /* was never initialised */
    close_all(loop);
    lb_exchange_pool_fini(&loop->exchanges);
    lb_input_pool_fini(&loop->inputs);
    lb_mailbox_destroy(loop->mailbox);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    loop->server = NULL;
}
