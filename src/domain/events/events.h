/* The events of a workspace, in the order in which they were committed: what the feed and the
 * deliveries to subscribers read. They are recorded by the transactions that make them, whether or
 * not anybody reads them.
 *
 * Blocks and unblocks are read from the blocklist's log, which is their outbox: nothing is written
 * for them in addition. Events that are in no log have rows of their own (struct lb_event_row),
 * each with the number of the last entry that the log had then: so the two are in one order, which
 * is that of the commits of the workspace, on one node and on several.
 *
 * Threads: reading on readers; lb_events_head, cursors and names on any thread that is registered
 * with RCU and online; recording and notifying on the writer thread.
 * Order: create before the writer starts; destroy when all threads have ended. */
#ifndef LB_DOMAIN_EVENTS_EVENTS_H
#define LB_DOMAIN_EVENTS_EVENTS_H

#include "base/buf.h"
#include "domain/blocklist/blocklist.h"

/* --- Types ------------------------------------------------------------------------------------ */

enum lb_event_type {
    LB_EVENT_LEAD_BLOCKED,
    LB_EVENT_LEAD_UNBLOCKED,
    /* These have rows of their own; stored by these numbers. */
    LB_EVENT_LEAD_OPTED_OUT,
    LB_EVENT_CAMPAIGN_COMPLETED,
    LB_EVENT_CAMPAIGN_WITHOUT_LEADS,
    LB_EVENT_CONNECTION_REQUEST_ACCEPTED,
    LB_EVENT_MESSAGE_RECEIVED
};
#define LB_EVENT_TYPE_COUNT 7
#define LB_EVENT_TYPES_ALL  ((1u << LB_EVENT_TYPE_COUNT) - 1)

/* "lead_blocked", ... */
const char *lb_event_type_name(enum lb_event_type type);
/* False for a name that is none of them. */
bool lb_event_type_parse(struct lb_str name, enum lb_event_type *out);

/* --- Cursors ---------------------------------------------------------------------------------- */

/* A place between two events of one workspace. All zero: before the first. Places of one workspace
 * are in a total order as long as its store does not go back; of one that did, reading tells. */
struct lb_event_cursor {
    uint64_t log;       /* entries of the log up to this number are before it */
    uint64_t log_epoch; /* of that entry */
    uint64_t own;       /* and rows of events up to this number */
    uint64_t own_epoch; /* of that row */
};

/* As it is stored and sent: letters, digits, `-` and `_`, with the NUL. */
#define LB_EVENT_CURSOR_SIZE 64

void lb_event_cursor_write(const struct lb_event_cursor *cursor, char out[LB_EVENT_CURSOR_SIZE]);
/* False for what is no cursor. */
bool lb_event_cursor_parse(struct lb_str text, struct lb_event_cursor *out);

/* --- Events ----------------------------------------------------------------------------------- */

/* As many as one event may have; a change of more is several events. */
#define LB_EVENT_LEADS_MAX 1000

#define LB_EVENT_LEAD_FIELDS (LB_LEAD_PHONE + 1) /* the first ones, which events tell */

/* A person whom an event is about. Strings belong to the reading; ptr NULL: there is none. */
struct lb_event_lead {
    struct lb_str key;    /* who: domain/blocklist/item.h */
    struct lb_str reason; /* of a block or unblock */
    /* Of the campaign's lead of that name, as it is now; number 0: there is none (any more), and
     * the strings that follow are missing. */
    uint64_t lead;
    enum lb_lead_status status;
    struct lb_str fields[LB_EVENT_LEAD_FIELDS]; /* by enum lb_lead_field */
};

struct lb_feed_event {
    enum lb_event_type type;
    struct lb_event_cursor cursor; /* right after it; written out it is the event's id */
    int64_t at;
    uint32_t campaign; /* 0: of the workspace */
    uint32_t actor;    /* who: see LB_USER_NO_MIN; of campaign_completed that of its last change */
    struct lb_public_id change; /* of blocks and unblocks; number 0: none */
    struct lb_public_id undoes; /* the change that it takes back; number 0: none */
    struct lb_str import;       /* ptr NULL: none */
    const struct lb_event_lead *leads;
    size_t lead_count;
    uint32_t progress; /* of campaign events: percent */
};

/* --- Reading ---------------------------------------------------------------------------------- */

struct lb_events;

struct lb_events_settings {
    struct lb_store *store;
    struct lb_directory *directory;
    struct lb_blocklist *blocklist;
    int64_t retention_ms; /* older events are not shown: setting events-retention */
};

/* NULL when out of memory. */
struct lb_events *lb_events_create(const struct lb_events_settings *settings);
void lb_events_destroy(struct lb_events *events);

/* A piece of the feed. All zero at first but for what the caller sets; may be used again. */
struct lb_events_page {
    /* The caller's. */
    const struct lb_workspace *workspace;
    struct lb_event_cursor after; /* set to `cursor` to go on */
    bool from_oldest;             /* in place of `after`: begins with the oldest that is kept; false
                                     again after the first page */
    unsigned types;               /* bits 1 << enum lb_event_type */
    uint32_t campaign;            /* only of this one; 0: of all */
    size_t max;                   /* events, at least 1; LB_EVENTS_PAGE_MAX at most */
    bool fresh;     /* memory was brought up to date after `after` was known: what it does not have
                       is gone. Else such a page is empty. */
    bool skip_gone; /* `after` is older than what is kept: goes on with the oldest, and counts what
                       is known to be missing, in place of LB_ERR_CURSOR_GONE */
    /* Results. */
    const struct lb_feed_event *events;
    size_t count;
    struct lb_event_cursor cursor; /* where to go on, also when there was none */
    bool more;       /* there may be more at once: the turn was over, or the page full */
    uint64_t missed; /* with skip_gone: entries and rows that were left out, about as many events */
    /* The page's own. */
    struct lb_event_space *space;
};

#define LB_EVENTS_PAGE_MAX 1000

/* Reads what follows `after` as far as memory of this node has it (see lb_events_watch), in one
 * bounded turn of some ten milliseconds: a page may be empty and say `more`. LB_ERR_CURSOR_GONE:
 * `after` is older than what is kept, or names what the store no longer has, because it was
 * restored or lost a commit. LB_ERR_OVERLOADED: out of memory. LB_ERR_STORAGE_UNAVAILABLE. Reader
 * thread. */
lb_err lb_events_read(struct lb_events *events, struct lb_store_reader *reader,
                      struct lb_events_page *page);
void lb_events_page_fini(struct lb_events_page *page);

/* The end of the feed, as memory of this node has it: for who wants what comes from now on. In a
 * shared store own rows of other nodes may be after it; their order makes no difference to a reader
 * who goes on from here. */
lb_err lb_events_head(struct lb_events *events, struct lb_store_reader *reader,
                      const struct lb_workspace *workspace, struct lb_event_cursor *out);

/* --- Notifying -------------------------------------------------------------------------------- */

/* Wants to know when a workspace has new events; embedded in its owner's struct. */
struct lb_events_watch {
    /* Set by the owner. `woken` is called on the writer thread, right after a commit was published
     * (also when this node has learnt of another node's commit), and must only push a task or set a
     * flag. It may be called although no event came. */
    void (*woken)(struct lb_events_watch *watch, struct lb_workspace *workspace);
    struct lb_workspace *workspace; /* NULL: all of them */
    /* The events' own. */
    struct lb_events_watch *next, **link;
};

/* Adds and removes: any thread. After `unwatch` has returned, `woken` is not running and is not
 * called any more; so a lock that it takes is not held by who calls `unwatch`. A commit that
 * no client waits for costs one atomic load.
 *
 * In a shared store a node learns of other nodes' commits when it asks for them (lb_freshness_ask,
 * for the workspace or for all): who waits asks once in a while. */
void lb_events_watch(struct lb_events *events, struct lb_events_watch *watch);
void lb_events_unwatch(struct lb_events *events, struct lb_events_watch *watch);

/* --- Recording -------------------------------------------------------------------------------- */

/* Records an event that is in no log, in the open transaction of the writer, which has locked the
 * workspace, and not amid a change of the blocklist. `lead` 0: it is about a campaign. `events` may
 * be NULL: then nothing is recorded. */
lb_err lb_events_record(struct lb_events *events, struct lb_workspace *workspace,
                        enum lb_event_type type, uint32_t campaign, uint64_t lead, uint32_t actor,
                        uint32_t progress);

/* --- Sweeping --------------------------------------------------------------------------------- */

/* Removes rows of events that are too old to be shown: those of some workspaces, in one write. A
 * workspace with more of them than a write may remove has the next one, too. */
struct lb_events_sweep {
    struct lb_write write; /* first */
    struct lb_events *events;
    struct lb_workspace *next; /* where the next sweep begins; NULL: all have had their turn */
};

/* Is there something to sweep? To be asked about once a second, by the one thread that sweeps; then
 * a sweep is to be prepared and submitted, and waited for before this is asked again. */
bool lb_events_sweep_due(struct lb_events *events);
void lb_events_sweep(struct lb_events_sweep *sweep);

#endif
