/* Subscriptions to events, and the thread that delivers them: each event of a subscription's type,
 * in order, signed, at least once.
 *
 * A subscription has a place among the events of its workspace (domain/events/events.h). What
 * follows the place is sent, one request after the other, and the place moves on when the receiver
 * has answered 2xx and that is recorded. A crash repeats what was not recorded, and nothing else.
 * No commit waits for a delivery: results are recorded by the writer with whatever else it commits.
 *
 * In a store that several nodes share, a node delivers while it has the lease of the subscription:
 * a mark in its row, together with a number (the beat) that changes with everything that the node
 * records. A node whose beat has stood still for LB_HOOK_LEASE_MS, by the clock of who looks, has
 * lost the lease; it sends nothing when it could not record for a third of that time.
 *
 * Threads: the thread belongs to this module. Jobs are submitted on any thread; changed, on the
 * writer's; the rest, by the owner.
 * Order: create, start (the writer runs), stop (the writer still runs), destroy. */
#ifndef LB_HOOKS_HOOKS_H
#define LB_HOOKS_HOOKS_H

#include "domain/events/events.h"
#include "hooks/guard.h"

#define LB_HOOK_LEASE_MS    15000
#define LB_HOOK_TRY_MS      5000 /* from the look-up of the name to the end of the answer */
#define LB_HOOK_OVERLAP_MS  INT64_C(86400000) /* in which an old secret signs as well */
#define LB_HOOK_SENDING_MAX 64                /* requests under way */
#define LB_HOOK_PER_HOST    16                /* of them, to one host */
#define LB_HOOK_PER_TENANT  8                 /* of them, of one workspace */

struct lb_hooks;

struct lb_hooks_settings {
    struct lb_store *store;
    struct lb_directory *directory;
    struct lb_writer *writer;
    struct lb_events *events;
    struct lb_guard guard;
    unsigned backoff_s; /* before the second try; doubled each time */
    unsigned give_up_s; /* after the first try */
    void *context;
    /* Appends an event as JSON, an object. */
    void (*put_event)(void *context, struct lb_store_reader *reader,
                      const struct lb_workspace *workspace, const struct lb_feed_event *event,
                      struct lb_buf *out);
};

lb_err lb_hooks_create(const struct lb_hooks_settings *settings, struct lb_hooks **out);
bool lb_hooks_start(struct lb_hooks *hooks);
/* Waits for requests under way, and records what became of them. The caller is offline. */
void lb_hooks_stop(struct lb_hooks *hooks);
void lb_hooks_destroy(struct lb_hooks *hooks);

const struct lb_guard *lb_hooks_guard(const struct lb_hooks *hooks);

/* The subscriptions of a workspace were changed by a write that was committed. */
void lb_hooks_changed(struct lb_hooks *hooks, struct lb_workspace *workspace);

/* Subscribing, tests and repetitions make the server send requests to where a tenant wants them:
 * false when a workspace has asked for too many. */
bool lb_hooks_take_request(struct lb_workspace *workspace, uint64_t now_ns);

/* --- Jobs ------------------------------------------------------------------------------------- */

enum lb_hook_job_kind {
    LB_HOOK_JOB_PROBE, /* asks for the addresses of the host, and connects to none of them */
    LB_HOOK_JOB_SEND   /* sends `body` once, and records that */
};

/* One request apart from the deliveries in order; embedded in its owner's struct, which lives until
 * the completion ran. */
struct lb_hook_job {
    /* Set by the owner. */
    enum lb_hook_job_kind kind;
    struct lb_workspace *workspace;
    struct lb_hook_row hook;         /* of a probe: the url alone */
    struct lb_delivery_row delivery; /* kind, event, place */
    struct lb_str body;
    struct lb_task *completion;
    struct lb_mailbox *home;
    /* Set when the completion runs. LB_OK: it was done, with whatever result, which `delivery`
     * tells. Of a probe LB_ERR_INVALID_BODY: the host has an address that is not allowed. */
    lb_err result;
    struct lb_reason reason;
    /* Its own. */
    struct lb_hooks *hooks;
    struct lb_hook_url url;
    uint64_t queued_ms;
    struct lb_task task;
    struct lb_hook_job *next;
};

/* LB_OK: its completion will be pushed. LB_ERR_STORAGE_UNAVAILABLE: the server is stopping. */
lb_err lb_hooks_submit(struct lb_hooks *hooks, struct lb_hook_job *job);

/* --- Counts ----------------------------------------------------------------------------------- */

struct lb_hooks_stats {
    uint64_t by_state[LB_HOOK_STATE_COUNT]; /* subscriptions */
    uint64_t sending;                       /* requests under way */
    uint64_t waiting;                       /* subscriptions with something to send */
    uint64_t delivered;                     /* since the start */
    uint64_t failed;                        /* tries */
    uint64_t refused;                       /* tries that were not made: the address */
};
void lb_hooks_stats(struct lb_hooks *hooks, struct lb_hooks_stats *out);

#endif
