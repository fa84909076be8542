/* What `leadblock doctor --url` finds out about the address that clients use: the proxy's
 * certificate, whether leadblock answers there, and what it is told about clients. Threads: one. */
#ifndef LB_CLI_FRONT_CHECK_H
#define LB_CLI_FRONT_CHECK_H

#include "daemon/checkup.h"

/* Asks `url` for /readyz and /metrics, and reports. */
void lb_front_check(const struct lb_checkup *checkup, const char *url);

#endif
