/* Under which address people reach the server. Threads: the main one. */
#ifndef LB_DAEMON_ADDRESS_H
#define LB_DAEMON_ADDRESS_H

#include "daemon/parts.h"

/* Sets parts->url, where this machine reaches the API, and what the API says of the address that
 * people use (settings public-url and listen). After the sockets were bound.
 * LB_ERR_INVALID_PARAMETER when public-url is no address. */
lb_err lb_address_set(struct lb_parts *parts, struct lb_reason *reason);

/* Does the server listen on every address, while links for users, without public-url, have that of
 * the machine itself? */
bool lb_address_links_lead_here_alone(const struct lb_config *config);

#define LB_ADDRESS_ADVICE                                                                          \
    "Set LEADBLOCK_PUBLIC_URL to the address that users open, such as http://192.168.1.10:8080."

#endif
