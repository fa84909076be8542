/* What every request passes before its body is read, in the order that the contract names
 * (docs/api.md, section 1): starting, route, method, key, rate limit, licence, campaign, media
 * type. Size comes after it, in the HTTP server; JSON and items in the handlers. */
#ifndef LB_API_GATE_H
#define LB_API_GATE_H

#include "api/call.h"

/* True: go on with the body. False: refused, the reply is set. What another node may have changed
 * is not refused yet when several share the store: the call is doubtful then. I/O thread. */
bool lb_gate_pass(struct lb_call *call);

/* Once more, now that memory is known to lag behind nobody (domain/freshness.h): in whole for calls
 * that are doubtful, else for what may have ended. */
bool lb_gate_pass_fresh(struct lb_call *call);

/* Looks again at what may have ended since then: the key and the campaign, for calls that waited
 * for their body or in a queue. False: the reply is set. Any thread that is registered with RCU. */
bool lb_gate_still_passes(struct lb_call *call);

#endif
