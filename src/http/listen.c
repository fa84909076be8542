#include "http/listen.h"

#include "base/str.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#define UNSENT_BYTES                                                                               \
    (128 << 10) /* of a connection that the kernel holds, beside what is under way */

static lb_err split(const char *text, char *host, size_t host_size, const char **out_port,
                    struct lb_reason *reason)
{
    uint64_t port;
    const char *colon = strrchr(text, ':');
    struct lb_str name = {text, colon ? (size_t)(colon - text) : 0};
    if (!colon || !lb_str_to_u64(lb_str(colon + 1), 65535, &port))
        return lb_fail(reason, LB_ERR_INVALID_PARAMETER,
                       "'%s' is no address to listen on; --listen takes HOST:PORT or [::1]:PORT",
                       text);
    if (name.len >= 2 && name.ptr[0] == '[' && name.ptr[name.len - 1] == ']')
        name = (struct lb_str){name.ptr + 1, name.len - 2};
    else if (memchr(name.ptr, ':', name.len))
        return lb_fail(reason, LB_ERR_INVALID_PARAMETER,
                       "--listen: write the IPv6 address of '%s' in brackets", text);
    if (name.len == 1 && name.ptr[0] == '*')
        name.len = 0;
    if (!lb_str_copy(name, host, host_size))
        return lb_fail(reason, LB_ERR_INVALID_PARAMETER,
                       "--listen: the host name in '%s' is too long", text);
    *out_port = colon + 1;
    return LB_OK;
}

static lb_err bind_failed(struct lb_reason *reason, const char *text, int why)
{
    if (why == EADDRINUSE)
        return lb_fail(reason, LB_ERR_INTERNAL,
                       "address %s is already in use; choose another with --listen", text);
    if (why == EACCES)
        return lb_fail(reason, LB_ERR_INTERNAL,
                       "no permission to listen on %s; ports below 1024 need it", text);
    if (why == EADDRNOTAVAIL)
        return lb_fail(reason, LB_ERR_INTERNAL, "%s is no address of this machine", text);
    return lb_fail(reason, LB_ERR_INTERNAL, "cannot listen on %s: %s", text, strerror(why));
}

static int open_socket(const struct sockaddr *address, socklen_t len, bool share)
{
    int on = 1;
    int off = 0;
    int unsent = UNSENT_BYTES;
    int fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    /* Accepted sockets inherit both. An answer that is not read stays with us, where it counts
     * (api/memory.h): the kernel would take megabytes of it. */
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &unsent, sizeof unsent);
    if (address->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
    if ((share && setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0) ||
        bind(fd, address, len) != 0 || listen(fd, LB_LISTEN_BACKLOG) != 0) {
        int why = errno;
        close(fd);
        errno = why;
        return -1;
    }
    return fd;
}

/* The first socket listens without SO_REUSEPORT, which the kernel grants to one process only; once
 * it does, the option is set and the others may join. So the port is never free in between. */
static int open_all(const struct addrinfo *info, int *fds, unsigned count, unsigned *out_port)
{
    union {
        struct sockaddr_in6 v6;
        struct sockaddr_in v4;
        struct sockaddr any;
    } bound = {0};
    socklen_t len = sizeof bound;
    int on = 1;
    int why = 0;
    for (unsigned i = 0; i < count; i++)
        fds[i] = -1;
    fds[0] = open_socket(info->ai_addr, info->ai_addrlen, false);
    if (fds[0] < 0)
        return errno;
    if (getsockname(fds[0], &bound.any, &len) != 0 ||
        setsockopt(fds[0], SOL_SOCKET, SO_REUSEPORT, &on, sizeof on) != 0)
        goto failed;
    for (unsigned i = 1; i < count; i++) {
        fds[i] = open_socket(&bound.any, len, true);
        if (fds[i] < 0)
            goto failed;
    }
    *out_port = ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
    return 0;

failed:
    why = errno;
    for (unsigned i = 0; i < count; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    return why;
}

lb_err lb_listen_open(const char *text, int *out_fds, unsigned count, unsigned *out_port,
                      struct lb_reason *reason)
{
    char host[256] = "";
    const char *port = NULL;
    lb_err err = split(text, host, sizeof host, &port, reason);
    if (err != LB_OK)
        return err;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    int failed = getaddrinfo(*host ? host : NULL, port, &hints, &found);
    if (failed)
        return lb_fail(reason, LB_ERR_INTERNAL, "cannot find the host of '%s': %s", text,
                       gai_strerror(failed));
    int why = EADDRNOTAVAIL;
    for (const struct addrinfo *info = found; info && why; info = info->ai_next) {
        why = open_all(info, out_fds, count, out_port);
        if (why == EADDRINUSE)
            break; /* its other addresses would be another server than the one that was asked for */
    }
    freeaddrinfo(found);
    return why ? bind_failed(reason, text, why) : LB_OK;
}
