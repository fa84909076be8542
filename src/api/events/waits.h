/* Requests that wait for events: long polls and streams. A commit wakes those of its workspace; a
 * tick wakes those whose time is up, whose key has ended, whose client is gone, or that have to ask
 * other nodes; the end of the server wakes all.
 *
 * Threads: begin, sleep and end on the thread that has the call; tick and stop on the main thread.
 * Order: create, ..., stop before the server drains, destroy when all requests have ended. */
#ifndef LB_API_EVENTS_WAITS_H
#define LB_API_EVENTS_WAITS_H

#include "api/call.h"
#include "domain/events/events.h"

struct lb_event_waits;

/* NULL when out of memory. */
struct lb_event_waits *lb_event_waits_create(struct lb_events *events);
void lb_event_waits_destroy(struct lb_event_waits *waits);

/* Embedded in the call's state; all zero at first. */
struct lb_event_wait {
    struct lb_events_watch watch; /* first */
    struct lb_call *call;
    _Atomic int state;
    _Atomic uint64_t until_ms; /* monotonic */
    struct lb_event_wait *next, **link;
};

/* From now on no commit of the call's workspace is missed: what was committed before is read after
 * this. Once for each wait. False: it has not begun, as so many requests of the call's user in its
 * workspace wait already. */
bool lb_event_wait_begin(struct lb_event_waits *waits, struct lb_event_wait *wait,
                         struct lb_call *call, size_t max_of_user);

/* Before the feed is read: what comes from now on wakes. */
void lb_event_wait_look(struct lb_event_wait *wait);

/* True: the call waits, at the latest until `until_ms`, and then its request is completed; the
 * caller may not touch it any more. False: something came since it looked. */
bool lb_event_wait_sleep(struct lb_event_wait *wait, uint64_t until_ms);

/* How many requests of the call's user in its workspace have begun to wait. */
size_t lb_event_waits_of_user(struct lb_event_waits *waits, const struct lb_call *call);

/* In the call's release, whether it was begun or not. */
void lb_event_wait_end(struct lb_event_waits *waits, struct lb_event_wait *wait);

/* About once a second, on a thread that is registered with RCU and online. */
void lb_event_waits_tick(struct lb_event_waits *waits);

/* Wakes all. */
void lb_event_waits_stop(struct lb_event_waits *waits);

#endif
