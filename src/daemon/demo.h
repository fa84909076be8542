/* `serve --demo`: something to try the API with. Threads: the main one. */
#ifndef LB_DAEMON_DEMO_H
#define LB_DAEMON_DEMO_H

#include "daemon/parts.h"

/* Makes a workspace `Demo` and a campaign `demo` unless they exist, gives the workspace an Agency
 * license unless it has one that is enough, makes a new key, and prints a curl line that works
 * unchanged. `url`: the server's base. */
lb_err lb_demo_make(struct lb_parts *parts, const char *url, struct lb_reason *reason);

#endif
