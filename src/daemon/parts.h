/* The parts of a running server and the order in which they start and stop. */
#ifndef LB_DAEMON_PARTS_H
#define LB_DAEMON_PARTS_H

#include "api/app.h"
#include "base/clock_watch.h"
#include "daemon/database.h"
#include "domain/access/nodes.h"
#include "domain/blocklist/retention.h"

struct lb_parts {
    struct lb_config config;
    struct lb_folder folder;
    struct lb_app app;
    struct lb_cidr *trusted_proxies;
    size_t trusted_proxy_count;
    struct lb_cidr *hooks_allow;
    _Atomic bool failed;      /* the storage has failed: the process must end */
    void (*on_failure)(void); /* called then, on the writer's thread or main's; may be NULL */
    bool (*keep_going)(void); /* NULL, or false: a start that takes long is to end */
    char url[300];            /* where this machine reaches the API */
    bool offer_missing;       /* see set_up.h */
    bool local;               /* only the control socket, no blocklists in memory */
    bool with_lists;          /* with `local`: they are in memory all the same */
    enum lb_database_use use; /* what may be made of a database */
    bool partly;              /* a part of the database was away: see lb_blocklist_load_each */
    struct lb_id_set unread;  /* then: what is left to be read */
    struct lb_clock_watch clock;
    struct lb_retention *retention; /* NULL: the log is kept for ever */
    uint64_t request_memory_peak;   /* since memory was given back last */
    uint64_t connection_peak;       /* the same, of what connections take */
    struct lb_locked locked;        /* by the open batch, when there is no blocklist */
};

/* Opens the folder and the store, loads workspaces, keys and campaigns, binds the sockets, and
 * starts all threads but the writer's. Requests are answered with `starting` from then on. Set
 * config, on_failure, keep_going and local before. After a failure, lb_parts_stop releases what
 * there is. The caller is registered with RCU and online. */
lb_err lb_parts_start(struct lb_parts *parts, struct lb_reason *reason);

/* Replays the log, starts the writer, and lets requests in. */
lb_err lb_parts_load(struct lb_parts *parts, struct lb_reason *reason);

/* Have the files of the store and the folder stayed what they were? Otherwise
 * LB_ERR_STORAGE_UNAVAILABLE with a reason. */
lb_err lb_parts_intact(struct lb_parts *parts, struct lb_reason *reason);

/* To be called once a second: when they have not, ends all writing, logs why, and ends the process
 * by on_failure. */
void lb_parts_watch(struct lb_parts *parts);

/* To be called once a second: when the clock was set back, says so in the log, and lets no lead
 * wait for what the clock said before. */
void lb_parts_watch_clock(struct lb_parts *parts);

/* Stops accepting, answers what has begun, commits what is queued, and closes everything. */
void lb_parts_stop(struct lb_parts *parts);

/* Opens what the setting `database` names. `as_it_is`: refuses one of an earlier version. */
lb_err lb_daemon_open_store(const struct lb_config *config, const struct lb_folder *folder,
                            bool as_it_is, bool (*keep_going)(void), struct lb_store **out,
                            struct lb_reason *reason);

/* Hands a write to the writer and waits until it is done. For the main thread. */
lb_err lb_parts_write(struct lb_parts *parts, struct lb_write *write);

/* To be called once a second: gives memory that a storm of requests or of connections has left
 * behind back to the system. */
void lb_parts_trim_memory(struct lb_parts *parts);

/* To be called once a second: removes some of the events that are too old to be shown. */
void lb_parts_sweep_events(struct lb_parts *parts);

/* To be called once a second: ends some histories of people who are not blocked any more, if the
 * setting log-retention says so. */
void lb_parts_end_histories(struct lb_parts *parts);

/* Writes down what memory has noticed: see lb_admin_note. */
void lb_parts_note(struct lb_parts *parts);

#endif
