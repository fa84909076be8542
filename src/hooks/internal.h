/* What the files of this folder share: the subscriptions in memory, requests under way, and what is
 * to be recorded. All of it belongs to the thread, but for the first part of struct lb_hooks. */
#ifndef LB_HOOKS_INTERNAL_H
#define LB_HOOKS_INTERNAL_H

#include "base/log.h"
#include "hooks/hooks.h"
#include "writer/retry.h"

#include <curl/curl.h>
#include <pthread.h>

#define LB_HOOK_MESSAGES_MAX   4  /* of one subscription, made and not sent yet */
#define LB_HOOK_UNRECORDED_MAX 16 /* of one subscription, sent and not recorded yet */

enum lb_hook_phase {
    LB_HOOK_IDLE,    /* nothing to send, as far as is known; or not active */
    LB_HOOK_READY,   /* in the queue of those that have a look, or send */
    LB_HOOK_WAITING, /* until `due_ms`: after a failure, or for another node's lease */
    LB_HOOK_TAKING,  /* the lease is being taken */
    LB_HOOK_SENDING,
    LB_HOOK_HELD /* too much is not recorded */
};

/* An event as it is sent, but for `missed`. */
struct lb_hook_message {
    struct lb_buf body; /* kept for the next one */
    struct lb_event_cursor after;
    char event[LB_HOOK_PLACE_SIZE];
    char before[LB_HOOK_PLACE_SIZE];
};

/* A subscription. */
struct lb_hook {
    struct lb_hook_row row; /* as it is to be recorded */
    struct lb_hook_url url;
    bool url_refused;
    struct lb_reason url_reason;
    struct lb_workspace *workspace;
    struct lb_hook *next, **link;      /* of all */
    struct lb_hook *next_of_workspace; /* of its workspace */
    struct lb_hook *next_ready;
    enum lb_hook_phase phase;
    bool woken; /* events came since it looked */
    bool seen;  /* by the reading under way */
    bool gone;  /* removed; freed when nothing is under way */
    uint64_t due_ms;
    /* Where it goes on reading, and what it has read. */
    struct lb_event_cursor cursor;
    uint64_t loaded_ms; /* when `cursor` came from the store */
    uint64_t missed;    /* events that were left out between row.place and `cursor` */
    char stored_place[LB_HOOK_PLACE_SIZE]; /* what the store has for row.place */
    bool more;
    struct lb_hook_message *messages; /* LB_HOOK_MESSAGES_MAX, or NULL */
    unsigned message_first, message_count;
    struct lb_delivery_row delivery; /* of the first message, once it was tried; no 0: it was not */
    /* What is to be recorded. */
    bool dirty;
    struct lb_hook *next_dirty;
    bool recording;
    unsigned unrecorded; /* deliveries */
    unsigned recorded;   /* of them, by the write under way */
    uint64_t noted_ms;   /* when its place was recorded last */
    /* The lease, in a shared store. */
    bool leased;
    uint64_t leased_ms;                      /* when what kept it was submitted */
    uint64_t seen_lease, seen_beat, seen_ms; /* of another node, and since when it is so */
};

/* A request under way. */
struct lb_hook_sending {
    CURL *easy;
    struct curl_slist *headers;
    struct lb_hook *hook;    /* NULL: a job's */
    struct lb_hook_job *job; /* NULL: a subscription's */
    const struct lb_hook_url *url;
    struct lb_workspace *workspace;
    const struct lb_guard *guard;
    const char *refused; /* why an address was not allowed; NULL: none was refused */
    unsigned allowed;    /* addresses */
    bool probe;
    uint64_t begun_ns;
    size_t received;
    struct lb_buf body;
};

/* How a request ended. */
struct lb_hook_result {
    uint32_t status; /* of HTTP; 0: none */
    uint32_t duration_ms;
    bool refused; /* by the guard */
    char error[LB_HOOK_ERROR_SIZE];
};

struct lb_hook_delivered {
    struct lb_delivery_row row;
    struct lb_hook *hook; /* NULL: of a job */
};

/* A write of what became of deliveries; one at a time. */
struct lb_hook_record {
    struct lb_write write; /* first */
    struct lb_task done;
    struct lb_hooks *hooks;
    bool busy;
    uint64_t submitted_ms;
    uint64_t began_ms; /* the write under way */
    struct lb_retry retry;
    /* Of the write under way. */
    struct lb_hook **of; /* by the progress of each */
    struct lb_hook_progress *progress;
    size_t count, of_capacity, progress_capacity;
    struct lb_hook_delivered *deliveries;
    size_t delivery_count, delivery_capacity;
    struct lb_hook_job *jobs; /* to be completed then */
    /* For the next. */
    struct lb_hook *dirty;
    struct lb_hook_delivered *next;
    size_t next_count, next_capacity;
    struct lb_hook_job *next_jobs;
};

struct lb_hooks {
    struct lb_hooks_settings settings;
    const char *authorities; /* a file with certificates, in place of the system's; NULL: none */
    struct lb_mailbox *mailbox;
    pthread_t thread;
    bool started;
    _Atomic bool stopping;
    _Atomic(struct lb_workspace *) signals; /* workspaces with something to look at */
    _Atomic bool signalled;
    struct lb_task signal; /* pushed when that becomes true */
    struct lb_events_watch watch;
    _Atomic uint64_t by_state[LB_HOOK_STATE_COUNT];
    _Atomic uint64_t sending_count, ready_count, delivered, failed, refused;
    /* The thread's. */
    struct lb_store_reader *reader;
    CURLM *multi;
    bool shared;
    bool watching;
    uint64_t node; /* random, not 0 */
    struct lb_hook *all;
    struct lb_hook *ready_first, **ready_last;
    struct lb_hook_job *job_first, **job_last;
    struct lb_hook_sending sending[LB_HOOK_SENDING_MAX];
    struct lb_events_page page;
    struct lb_hook_record record;
    bool again;       /* the queue has one that need not wait for a place */
    uint64_t due_ms;  /* the first of those that wait, or earlier */
    uint64_t poll_ms; /* when all are read again, in a shared store */
    uint64_t number;  /* of the last delivery */
};

/* table.c: the subscriptions in memory. */

/* Reads those of a workspace, or all of them (NULL). */
void lb_hook_table_read(struct lb_hooks *hooks, struct lb_workspace *workspace);
void lb_hook_table_free(struct lb_hooks *hooks);
/* Reads the row of one again, after which it goes on from there. False when that failed. */
bool lb_hook_reload(struct lb_hooks *hooks, struct lb_hook *hook);
/* Frees it when it is gone and nothing is under way. */
void lb_hook_settle(struct lb_hooks *hooks, struct lb_hook *hook);

/* deliver.c: what a subscription does next. */

void lb_hook_ready(struct lb_hooks *hooks, struct lb_hook *hook);
void lb_hook_wait_until(struct lb_hooks *hooks, struct lb_hook *hook, uint64_t at_ms);
/* It goes on reading from row.place; what was made and not sent is made again. */
void lb_hook_rewind(struct lb_hook *hook);
/* Those in the queue have a turn each. */
void lb_hook_turns(struct lb_hooks *hooks);
/* Those whose time has come go into the queue. */
void lb_hook_timers(struct lb_hooks *hooks, uint64_t now_ms);
/* Requests apart from the deliveries in order. */
void lb_hook_jobs(struct lb_hooks *hooks, uint64_t now_ms);
/* A request of a subscription ended. */
void lb_hook_tried(struct lb_hooks *hooks, struct lb_hook *hook, size_t bytes,
                   const struct lb_hook_result *result);
/* A job's ended. */
void lb_hook_job_tried(struct lb_hooks *hooks, struct lb_hook_job *job, size_t bytes,
                       const struct lb_hook_result *result);

/* send.c: requests. */

/* A place for a request to that host, of that workspace; NULL: there is none now. */
struct lb_hook_sending *lb_hook_place(struct lb_hooks *hooks, const struct lb_hook_url *url,
                                      const struct lb_workspace *workspace);
/* Begins it. False when out of memory. */
bool lb_hook_send(struct lb_hooks *hooks, struct lb_hook_sending *sending,
                  const struct lb_hook_row *row, const char *id);
/* Moves all requests on; those that ended are told. */
void lb_hook_perform(struct lb_hooks *hooks);
/* Ends all requests without a result. */
void lb_hook_send_abort(struct lb_hooks *hooks);

/* record.c */

/* Submits what there is to record, unless a write is under way. */
void lb_hook_record_flush(struct lb_hooks *hooks, uint64_t now_ms);
/* Something of the subscription is to be recorded, or its lease to be taken. */
void lb_hook_mark(struct lb_hooks *hooks, struct lb_hook *hook);
/* A delivery to be recorded: of a subscription, or of a job, which is completed then. Out of memory
 * it is not. */
void lb_hook_record_add(struct lb_hooks *hooks, const struct lb_delivery_row *delivery,
                        struct lb_hook *hook, struct lb_hook_job *job);
bool lb_hook_record_pending(const struct lb_hooks *hooks);
void lb_hook_record_free(struct lb_hooks *hooks);
void lb_hook_complete(struct lb_hook_job *job, lb_err result);

#endif
