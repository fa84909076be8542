/* Where the server may be made to send requests. A subscriber's address is chosen by a tenant, so
 * it must not lead into the operator's own network: only public addresses, over https, unless the
 * operator has opened a network with --hooks-allow.
 *
 * An address is judged when it was written as one, when a name was resolved, and once more by the
 * connection that is made: what a name meant a moment ago is never believed.
 * Threads: stateless; the struct is read by all. */
#ifndef LB_HOOKS_GUARD_H
#define LB_HOOKS_GUARD_H

#include "base/err.h"
#include "http/server.h"
#include "store/hook_rows.h"

#include <netinet/in.h>

struct lb_guard {
    const struct lb_cidr *own; /* the operator's own networks, which are open */
    size_t own_count;
};

/* NULL when the address can be reached from anywhere; else what it is: "a loopback address". IPv4
 * addresses are mapped. One that carries an IPv4 address through NAT64 is what that one is. */
const char *lb_guard_not_public(const struct in6_addr *address);

/* May a request be sent there? NULL, or why not, without a subject: "is a loopback address". Own
 * networks: any port, http too. Elsewhere: https, to port 443 or one from 1024 on. */
const char *lb_guard_judge(const struct lb_guard *guard, const struct in6_addr *address,
                           unsigned port, bool https);

/* The same of a name, whose addresses are judged at each delivery: may its port be any of theirs?
 */
const char *lb_guard_judge_name(const struct lb_guard *guard, unsigned port);

#define LB_HOOK_HOST_SIZE 256

/* A URL that was taken apart. */
struct lb_hook_url {
    bool https;
    bool literal; /* the host is an address, not a name */
    unsigned port;
    char host[LB_HOOK_HOST_SIZE]; /* in lower case; IPv6 without brackets */
    struct in6_addr address;      /* of a literal */
};

/* Takes a URL apart, as libcurl will, and refuses what could be read in two ways. LB_OK, or
 * LB_ERR_INVALID_BODY with a reason, which is a sentence. Judges literals and their ports; of a
 * name, only what can be said without asking for its addresses. */
lb_err lb_hook_url_read(const struct lb_guard *guard, struct lb_str text, struct lb_hook_url *out,
                        struct lb_reason *reason);

#endif
