#include "http/server.h"

#include "base/clock.h"
#include "base/log.h"
#include "http/listen.h"
#include "http/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define FILES_BESIDE 512 /* databases, logs, the control socket, deliveries, ... */
#define FILES_LATER  16  /* of them, that cannot be done without once the server runs */

/* Each loop has an epoll set, the mailbox's descriptor, a listening socket, and for a moment a
 * connection for which there is no place; the first one has the control socket, too. */
static uint64_t files_of_loops(unsigned loops)
{
    return 4 * (uint64_t)loops + 1;
}

uint64_t lb_server_files(unsigned max_connections, unsigned threads)
{
    return max_connections + files_of_loops(threads) + FILES_BESIDE;
}

static uint64_t files_open_now(uint64_t limit)
{
    uint64_t count = 0;
    for (uint64_t fd = 0; fd < limit && fd < INT_MAX; fd++)
        count += fcntl((int)fd, F_GETFD) >= 0;
    return count;
}

/* The limit of open files, raised as far as it may be when less than `wanted`. */
static uint64_t raise_file_limit(uint64_t wanted)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return wanted;
    struct rlimit raised = {limit.rlim_max < wanted ? limit.rlim_max : wanted, limit.rlim_max};
    if (limit.rlim_cur < wanted && setrlimit(RLIMIT_NOFILE, &raised) == 0)
        return raised.rlim_cur;
    return limit.rlim_cur;
}

/* Has no more connections than the limit of open files leaves room for, and an address its part of
 * these. */
static lb_err fit_file_limit(struct lb_server *server, struct lb_reason *reason)
{
    struct lb_server_settings *settings = &server->settings;
    uint64_t wanted = lb_server_files(settings->max_connections, server->loop_count);
    uint64_t limit = raise_file_limit(wanted);
    if (limit >= wanted)
        return LB_OK;
    uint64_t of_loops = files_of_loops(server->loop_count);
    uint64_t beside = files_open_now(limit) + FILES_LATER;
    uint64_t least = of_loops + beside + 1;
    if (limit < least)
        return lb_fail(reason, LB_ERR_INTERNAL,
                       "the limit of open files (%llu) is too low for --threads=%u: %llu are "
                       "needed; raise it (LimitNOFILE of the service, or ulimit -n)%s",
                       (unsigned long long)limit, server->loop_count, (unsigned long long)least,
                       server->loop_count > 1 ? ", or lower --threads" : "");
    uint64_t half = (limit - of_loops) / 2;
    uint64_t usual = half < FILES_BESIDE ? half : FILES_BESIDE;
    if (beside < usual)
        beside = usual;
    uint64_t left = limit - of_loops - beside;
    unsigned most = settings->max_connections;
    if (left >= most)
        return LB_OK;
    lb_log(LB_LOG_WARN, "http",
           "the limit of open files (%llu) is too low for %u connections: at most %llu are "
           "accepted; %llu files are needed",
           (unsigned long long)limit, most, (unsigned long long)left, (unsigned long long)wanted);
    uint64_t share = settings->max_address_connections * left / most;
    if (settings->max_address_connections)
        settings->max_address_connections = share ? (unsigned)share : 1;
    settings->max_connections = (unsigned)left;
    return LB_OK;
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

/* And gives them to the loops. `listen`: NULL for none. */
static lb_err open_sockets(struct lb_server *server, const char *listen, struct lb_reason *reason)
{
    unsigned count = server->loop_count;
    int *fds = calloc(count, sizeof *fds);
    if (!fds)
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    for (unsigned i = 0; i < count; i++)
        fds[i] = -1;
    lb_err err = listen ? lb_listen_open(listen, fds, count, &server->port, reason) : LB_OK;
    if (err == LB_OK)
        err = init_loops(server, fds, server->settings.control_fd, reason);
    free(fds);
    return err;
}

lb_err lb_server_create(const struct lb_server_settings *settings, const struct lb_http_app *app,
                        struct lb_server **out, struct lb_reason *reason)
{
    *out = NULL;
    bool listens = settings->listen && *settings->listen;
    unsigned count = !listens || settings->threads == 0 ? 1 : settings->threads;
    struct lb_server *server = calloc(1, sizeof *server + count * sizeof(struct lb_loop));
    if (!server)
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    server->settings = *settings;
    server->app = *app;
    server->loop_count = count;
    set_id_prefix(server);
    lb_err err = listens ? fit_file_limit(server, reason) : LB_OK;
    unsigned share = server->settings.max_address_connections;
    if (err == LB_OK && share && !(server->shares = lb_shares_create(share)))
        err = lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    if (err != LB_OK) {
        free(server);
        return err;
    }
    err = open_sockets(server, listens ? settings->listen : NULL, reason);
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
    return atomic_load_explicit(&server->connections, memory_order_relaxed) +
           atomic_load_explicit(&server->control_connections, memory_order_relaxed);
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
            server->loops_told += lb_loop_drain(&server->loops[i]);
    server->draining = true;
    uint64_t until_ms = lb_clock_mono_ms() + timeout_ms;
    while (atomic_load(&server->loops_draining) < server->loops_told) /* which takes a moment */
        nanosleep(&pause, NULL);
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
