/* The listening sockets. For src/http only. Threads: called before any loop runs. */
#ifndef LB_HTTP_LISTEN_H
#define LB_HTTP_LISTEN_H

#include "base/err.h"

/* Connections that wait to be accepted; the kernel caps it at net.core.somaxconn. */
#define LB_LISTEN_BACKLOG 4096

/* Opens `count` sockets on "HOST:PORT" or "[v6]:PORT", one for each loop, that share the port. With
 * a reason: LB_ERR_INVALID_PARAMETER when the text is wrong, LB_ERR_INTERNAL when the address
 * cannot be had. A second server on the same address is refused without a race. */
lb_err lb_listen_open(const char *text, int *out_fds, unsigned count, unsigned *out_port,
                      struct lb_reason *reason);

#endif
