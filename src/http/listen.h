/* The listening sockets. For src/http only. Threads: called before any loop runs. */
#ifndef LB_HTTP_LISTEN_H
#define LB_HTTP_LISTEN_H

#include "base/err.h"

/* Opens `count` sockets on "HOST:PORT" or "[v6]:PORT", one for each loop, that share the port.
 * LB_ERR_INTERNAL with a reason when the text is wrong or the address cannot be had; a second
 * server on the same address is refused without a race. */
lb_err lb_listen_open(const char *text, int *out_fds, unsigned count, unsigned *out_port,
                      struct lb_reason *reason);

#endif
