/* What every request passes before its body is read, in the order that the contract names
 * (docs/api.md, section 1): starting, route, method, key or session, rate limit, role, license,
 * campaign, media type. Size comes after it, in the HTTP server; JSON and items in the handlers. */
#ifndef LB_API_GATE_H
#define LB_API_GATE_H

#include "api/call.h"

/* True: go on with the body. False: refused, the reply is set. Two things are not refused yet, and
 * no reply is set: with call->unproven, the session of call->signed_in has to be looked up; when
 * several nodes share the store, with call->doubtful, another one may have changed what memory
 * refuses. I/O thread. */
bool lb_gate_pass(struct lb_call *call);

/* Looks up the session of call->signed_in, and completes the request. LB_PENDING, or LB_DONE: there
 * will be no look-up, and the reply is set. */
enum lb_progress lb_gate_look_up_session(struct lb_call *call);

/* Did that look-up find it? False: the reply is set. */
bool lb_gate_session_lives(struct lb_call *call);

/* The same once more for such a call, now that its session is known, or memory is known to be
 * up to date (domain/blocklist/freshness.h). I/O thread. */
bool lb_gate_pass_again(struct lb_call *call);

/* For a call that has passed, when memory is known to be up to date: looks again at what may have
 * ended. */
bool lb_gate_pass_fresh(struct lb_call *call);

/* Looks again at what may have ended since then: the key and the campaign, for calls that waited
 * for their body or in a queue. False: the reply is set. Any thread that is registered with RCU. */
bool lb_gate_still_passes(struct lb_call *call);

/* The same, without a reply: for calls whose answer is being sent. With a reader, on its thread,
 * the session is looked up once more, which may have been ended; NULL: only its time is looked at.
 */
bool lb_gate_still_holds(const struct lb_call *call, struct lb_store_reader *reader);

/* The reply for a path that leads nowhere. */
void lb_gate_nothing_here(struct lb_request *req);

/* What strangers are told as long as there is no user. */
extern const char lb_gate_not_set_up[];

#endif
