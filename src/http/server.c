#include "http/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/listen.h"
#include "http/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define FILES_BESIDE_CONNECTIONS 512 /* databases, logs, the control socket, ... */
#define LOOPS_MAX                256

/* How many connections the limit of open files leaves room for: all that are wanted, when it could
 * be raised. */
static unsigned fit_file_limit(unsigned max_connections)
{
    struct rlimit limit;
    rlim_t wanted = (rlim_t)max_connections + FILES_BESIDE_CONNECTIONS;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= wanted)
        return max_connections;
    struct rlimit raised = {limit.rlim_max < wanted ? limit.rlim_max : wanted, limit.rlim_max};
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0)
        limit = raised;
    if (limit.rlim_cur >= wanted)
        return max_connections;
    rlim_t beside = limit.rlim_cur / 2 < FILES_BESIDE_CONNECTIONS ? limit.rlim_cur / 2
                                                                  : FILES_BESIDE_CONNECTIONS;
    unsigned left = (unsigned)(limit.rlim_cur - beside);
    lb_log(LB_LOG_WARN, "http",
           "the limit of open files (%llu) is too low for %u connections: at most %u are accepted",
           (unsigned long long)limit.rlim_cur, max_connections, left);
    return left;
}

static void set_id_prefix(struct lb_server *server)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char random[sizeof server->id_prefix - 1];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        memset(random, 0, sizeof random); /* request ids need not be secret */
    for (size_t i = 0; i < sizeof random; i++)
        server->id_prefix[i] = digits[random[i] & 15];
}

static lb_err init_loops(struct lb_server *server, const int *fds, int control_fd,
                         struct lb_reason *reason)
{
    lb_err err = LB_OK;
    for (unsigned i = 0; i < server->loop_count; i++) {
        int control = -1;
        if (i == 0 && control_fd >= 0) {
            control = fcntl(control_fd, F_DUPFD_CLOEXEC, 0);
            if (control < 0 || fcntl(control, F_SETFL, O_NONBLOCK) != 0)
                err = lb_fail(reason, LB_ERR_INTERNAL, "cannot use the control socket: %s",
                              strerror(errno));
        }
        if (err == LB_OK)
            err = lb_loop_init(&server->loops[i], server, i, fds[i], control, reason);
        else if (fds[i] >= 0)
            close(fds[i]);
    }
    return err;
}

lb_err lb_server_create(const struct lb_server_settings *settings, const struct lb_http_app *app,
                        struct lb_server **out, struct lb_reason *reason)
{
    *out = NULL;
    bool listens = settings->listen && *settings->listen;
    unsigned count = !listens || settings->threads == 0 ? 1 : settings->threads;
    if (count > LOOPS_MAX)
        return lb_fail(reason, LB_ERR_INTERNAL, "%u threads are too many; at most %d", count,
                       LOOPS_MAX);
    struct lb_server *server = calloc(1, sizeof *server + count * sizeof(struct lb_loop));
    if (!server)
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    server->settings = *settings;
    server->app = *app;
    server->loop_count = count;
    set_id_prefix(server);
    server->settings.max_connections = fit_file_limit(settings->max_connections);
    if (settings->max_address_connections)
        server->shares = lb_shares_create(settings->max_address_connections);
    if (settings->max_address_connections && !server->shares) {
        free(server);
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    }

    int fds[LOOPS_MAX];
    for (unsigned i = 0; i < LOOPS_MAX; i++)
        fds[i] = -1;
    lb_err err = LB_OK;
    if (listens)
        err = lb_listen_open(settings->listen, fds, count, &server->port, reason);
    if (err == LB_OK)
        err = init_loops(server, fds, settings->control_fd, reason);
    if (err != LB_OK) {
        lb_server_destroy(server);
        return err;
    }
    *out = server;
    return LB_OK;
}

lb_err lb_server_start(struct lb_server *server, struct lb_reason *reason)
{
    lb_err err = LB_OK;
    for (unsigned i = 0; i < server->loop_count && err == LB_OK; i++)
        err = lb_loop_start(&server->loops[i], reason);
    if (err != LB_OK)
        lb_server_stop(server);
    return err;
}

unsigned lb_server_port(const struct lb_server *server)
{
    return server->port;
}

unsigned lb_server_connections(const struct lb_server *server)
{
    return atomic_load_explicit(&server->connections, memory_order_relaxed);
}

unsigned lb_server_most_connections(struct lb_server *server)
{
    return atomic_exchange(&server->most_connections, 0);
}

bool lb_server_drain(struct lb_server *server, unsigned timeout_ms)
{
    static const struct timespec pause = {.tv_nsec = 2000000};
    if (!server->draining)
        for (unsigned i = 0; i < server->loop_count; i++)
            lb_loop_drain(&server->loops[i]);
    server->draining = true;
    uint64_t until_ms = lb_clock_mono_ms() + timeout_ms;
    while (lb_server_connections(server) > 0) {
        if (lb_clock_mono_ms() >= until_ms)
            return false;
        nanosleep(&pause, NULL);
    }
    return true;
}

void lb_server_stop(struct lb_server *server)
{
    for (unsigned i = 0; i < server->loop_count; i++)
        lb_loop_stop(&server->loops[i]);
}

void lb_server_destroy(struct lb_server *server)
{
    if (!server)
        return;
    lb_server_stop(server);
    for (unsigned i = 0; i < server->loop_count; i++)
        lb_loop_fini(&server->loops[i]);
    lb_shares_destroy(server->shares);
    free(server);
}
