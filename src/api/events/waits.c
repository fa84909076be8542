#include "api/events/waits.h"

#include "api/gate.h"
#include "base/clock.h"

#include <pthread.h>
#include <stdlib.h>

/* Of several nodes: how often a request that waits here asks for what others have committed. */
#define ASK_EVERY_MS 1000

enum state {
    AWAKE,
    ASLEEP, /* the one who wakes it completes its request */
    WOKEN
};

struct lb_event_waits {
    struct lb_events *events;
    pthread_mutex_t lock; /* of the list, and held while it is walked */
    struct lb_event_wait *first;
};

struct lb_event_waits *lb_event_waits_create(struct lb_events *events)
{
    struct lb_event_waits *waits = calloc(1, sizeof *waits);
    if (!waits)
        return NULL;
    waits->events = events;
    pthread_mutex_init(&waits->lock, NULL);
    return waits;
}

void lb_event_waits_destroy(struct lb_event_waits *waits)
{
    if (!waits)
        return;
    pthread_mutex_destroy(&waits->lock);
    free(waits);
}

static void wake(struct lb_event_wait *wait)
{
    struct lb_request *req = wait->call->req; /* which may be gone once it is not asleep */
    if (atomic_exchange(&wait->state, WOKEN) == ASLEEP)
        lb_request_complete(req);
}

static void woken(struct lb_events_watch *watch, struct lb_workspace *workspace)
{
    wake((struct lb_event_wait *)watch);
}

static bool is_same_user(const struct lb_call *a, const struct lb_call *b)
{
    return a->workspace == b->workspace && a->signed_in && b->signed_in &&
           a->signed_in->user.no == b->signed_in->user.no;
}

static size_t count_of_user(const struct lb_event_waits *waits, const struct lb_call *call)
{
    size_t count = 0;
    for (const struct lb_event_wait *wait = waits->first; wait; wait = wait->next)
        count += is_same_user(wait->call, call) && !lb_request_hung_up(wait->call->req);
    return count;
}

/* Counted and put on the list under one lock, so that many at once cannot all be among the first.
 */
static bool enlist(struct lb_event_waits *waits, struct lb_event_wait *wait, size_t max_of_user)
{
    pthread_mutex_lock(&waits->lock);
    bool has_room = count_of_user(waits, wait->call) < max_of_user;
    if (has_room) {
        wait->next = waits->first;
        wait->link = &waits->first;
        if (wait->next)
            wait->next->link = &wait->next;
        waits->first = wait;
    }
    pthread_mutex_unlock(&waits->lock);
    return has_room;
}

bool lb_event_wait_begin(struct lb_event_waits *waits, struct lb_event_wait *wait,
                         struct lb_call *call, size_t max_of_user)
{
    wait->call = call;
    if (!enlist(waits, wait, max_of_user)) {
        wait->call = NULL;
        return false;
    }
    wait->watch.woken = woken;
    wait->watch.workspace = call->workspace;
    lb_events_watch(waits->events, &wait->watch);
    return true;
}

size_t lb_event_waits_of_user(struct lb_event_waits *waits, const struct lb_call *call)
{
    pthread_mutex_lock(&waits->lock);
    size_t count = count_of_user(waits, call);
    pthread_mutex_unlock(&waits->lock);
    return count;
}

void lb_event_wait_look(struct lb_event_wait *wait)
{
    atomic_store(&wait->state, AWAKE);
}

bool lb_event_wait_sleep(struct lb_event_wait *wait, uint64_t until_ms)
{
    const struct lb_app *app = wait->call->app;
    int awake = AWAKE;
    uint64_t ask_ms = lb_clock_mono_ms() + ASK_EVERY_MS;
    if (app->freshness && ask_ms < until_ms)
        until_ms = ask_ms;
    atomic_store(&wait->until_ms, until_ms);
    /* With the lock: the one who stops the server either finds it asleep, or was there before. And
     * one that is woken at once does not end before it is given back. */
    pthread_mutex_lock(&app->event_waits->lock);
    bool asleep = !atomic_load(&app->stopping) &&
                  atomic_compare_exchange_strong(&wait->state, &awake, ASLEEP);
    pthread_mutex_unlock(&app->event_waits->lock);
    return asleep;
}

void lb_event_wait_end(struct lb_event_waits *waits, struct lb_event_wait *wait)
{
    if (!wait->call)
        return;
    lb_events_unwatch(waits->events, &wait->watch);
    pthread_mutex_lock(&waits->lock);
    *wait->link = wait->next;
    if (wait->next)
        wait->next->link = wait->link;
    pthread_mutex_unlock(&waits->lock);
    wait->call = NULL;
}

/* One that is woken cannot end before the lock is given back. */
static void wake_those(struct lb_event_waits *waits, bool all)
{
    uint64_t now_ms = lb_clock_mono_ms();
    pthread_mutex_lock(&waits->lock);
    for (struct lb_event_wait *wait = waits->first; wait; wait = wait->next)
        if (atomic_load(&wait->state) == ASLEEP &&
            (all || atomic_load(&wait->until_ms) <= now_ms || lb_request_hung_up(wait->call->req) ||
             !lb_gate_still_holds(wait->call, NULL)))
            wake(wait);
    pthread_mutex_unlock(&waits->lock);
}

void lb_event_waits_tick(struct lb_event_waits *waits)
{
    if (waits)
        wake_those(waits, false);
}

void lb_event_waits_stop(struct lb_event_waits *waits)
{
    if (waits)
        wake_those(waits, true);
}
