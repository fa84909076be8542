#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* pthread_setname_np */
#endif
#include "http/loop.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rcu.h"
#include "http/connection.h"

#include <errno.h>
#include <fcntl.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define EVENTS_MAX 64
#define BUSY_TURNS 16 /* at most so many turns without asking the kernel for events */

static void close_listener(struct MHD_Daemon *daemon)
{
    int fd = daemon ? MHD_quiesce_daemon(daemon) : MHD_INVALID_SOCKET;
    if (fd != MHD_INVALID_SOCKET)
        close(fd);
}

static void on_drain(struct lb_task *task)
{
    struct lb_loop *loop =
        (struct lb_loop *)(void *)((char *)task - offsetof(struct lb_loop, drain_task));
    loop->draining = true;
    close_listener(loop->daemon);
    close_listener(loop->control);
    loop->next_sweep_ms = 0; /* closes the idle connections now */
}

static void on_stop(struct lb_task *task)
{
    struct lb_loop *loop =
        (struct lb_loop *)(void *)((char *)task - offsetof(struct lb_loop, stop_task));
    loop->stopping = true;
}

/* --- one turn --------------------------------------------------------------------------------- */

/* libmicrohttpd has work that no event will announce: data in its buffers, a response to write. */
static bool has_work(struct MHD_Daemon *daemon)
{
    MHD_UNSIGNED_LONG_LONG timeout;
    return daemon && MHD_get_timeout(daemon, &timeout) == MHD_YES && timeout == 0;
}

static int sleep_ms(const struct lb_loop *loop)
{
    if (has_work(loop->daemon) || (loop->control_connections && has_work(loop->control)))
        return 0;
    if (!loop->connections && !loop->lingers)
        return -1;
    uint64_t now_ms = lb_clock_mono_ms();
    return loop->next_sweep_ms > now_ms ? (int)(loop->next_sweep_ms - now_ms) : 0;
}

static void wait_for_events(struct lb_loop *loop, int timeout_ms)
{
    struct epoll_event events[EVENTS_MAX];
    lb_rcu_offline();
    int count = epoll_wait(loop->epoll_fd, events, EVENTS_MAX, timeout_ms);
    lb_rcu_online();
    loop->now_ms = lb_clock_mono_ms();
    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == &loop->control)
            loop->control_due = true;
        else if (events[i].data.ptr)
            lb_linger_ready(loop, events[i].data.ptr);
    }
}

static void run_daemons(struct lb_loop *loop)
{
    if (loop->daemon)
        MHD_run(loop->daemon);
    /* Each run asks the kernel for events: the control socket is quiet nearly always. */
    if (loop->control && (loop->control_due || loop->control_connections))
        MHD_run(loop->control);
    loop->control_due = false;
}

static void turn(struct lb_loop *loop, unsigned *busy_turns)
{
    int timeout_ms = sleep_ms(loop);
    if (timeout_ms != 0 || ++*busy_turns >= BUSY_TURNS) {
        *busy_turns = 0;
        wait_for_events(loop, timeout_ms);
    } else {
        lb_rcu_quiescent();
        loop->now_ms = lb_clock_mono_ms();
    }
    lb_mailbox_drain(loop->mailbox);
    run_daemons(loop);
    if (loop->now_ms >= loop->next_sweep_ms) {
        loop->next_sweep_ms = loop->now_ms + LB_SWEEP_MS;
        lb_deadline_sweep(loop);
        lb_linger_sweep(loop);
    }
    lb_log_flush();
}

/* Ends what is still open, so that the application hears of it on the loop's thread. */
static void close_daemons(struct lb_loop *loop)
{
    lb_mailbox_drain(loop->mailbox);
    run_daemons(loop); /* resumes what was completed; libmicrohttpd cannot stop before */
    if (loop->daemon)
        MHD_stop_daemon(loop->daemon);
    if (loop->control)
        MHD_stop_daemon(loop->control);
    loop->daemon = NULL;
    loop->control = NULL;
    lb_linger_close_all(loop);
}

static void *run_loop(void *arg)
{
    struct lb_loop *loop = arg;
    unsigned busy_turns = 0;
    char name[16];
    snprintf(name, sizeof name, "lb-http-%u", loop->number % 1000);
    pthread_setname_np(pthread_self(), name);
    lb_rcu_thread_register();
    lb_log_thread_buffer();
    loop->now_ms = lb_clock_mono_ms();
    loop->control_due = true;
    run_daemons(loop); /* the first turn adds the listening socket to libmicrohttpd's epoll set */
    while (!loop->stopping)
        turn(loop, &busy_turns);
    close_daemons(loop);
    lb_rcu_thread_unregister();
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

/* `mark`: what the events of the descriptor carry. */
static bool watch(struct lb_loop *loop, int fd, void *mark)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = mark};
    return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* The daemon takes the socket; it is closed on failure. */
static bool add_daemon(struct lb_loop *loop, int fd, struct MHD_Daemon **out)
{
    if (fd < 0)
        return true;
    *out = lb_connection_daemon(loop, fd);
    if (!*out) {
        close(fd);
        return false;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(*out, MHD_DAEMON_INFO_EPOLL_FD);
    return info && watch(loop, info->epoll_fd, out == &loop->control ? (void *)out : NULL);
}

lb_err lb_loop_init(struct lb_loop *loop, struct lb_server *server, unsigned number, int listen_fd,
                    int control_fd, struct lb_reason *reason)
{
    loop->server = server;
    loop->number = number;
    loop->drain_task.run = on_drain;
    loop->stop_task.run = on_stop;
    loop->now_ms = lb_clock_mono_ms();
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->mailbox = lb_mailbox_create();
    bool ready =
        loop->epoll_fd >= 0 && loop->mailbox && watch(loop, lb_mailbox_fd(loop->mailbox), NULL);
    int why = errno;
    if (!add_daemon(loop, listen_fd, &loop->daemon) ||
        !add_daemon(loop, control_fd, &loop->control) || !ready)
        return lb_fail(reason, LB_ERR_INTERNAL, "cannot start the HTTP server: %s",
                       strerror(ready ? errno : why));
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

void lb_loop_drain(struct lb_loop *loop)
{
    lb_mailbox_push(loop->mailbox, &loop->drain_task);
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
    if (loop->mailbox)
        close_daemons(loop);
    lb_exchange_pool_fini(&loop->exchanges);
    lb_mailbox_destroy(loop->mailbox);
    if (loop->epoll_fd >= 0)
        close(loop->epoll_fd);
    loop->server = NULL;
}

const char *lb_server_library_version(void)
{
    return MHD_get_version();
}
