/* What all handlers share: the parts of the running server. Filled by the daemon before the server
 * starts; the parts lock or publish for themselves. */
#ifndef LB_API_APP_H
#define LB_API_APP_H

#include "api/memory.h"
#include "config/config.h"
#include "domain/blocklist/blocklist.h"
#include "domain/access/attempts.h"
#include "domain/access/email.h"
#include "domain/access/factor.h"
#include "domain/access/throttle.h"
#include "domain/blocklist/freshness.h"
#include "domain/events/events.h"
#include "domain/outreach/outreach.h"
#include "hooks/hooks.h"
#include "http/server.h"
#include "import/spool.h"
#include "reader/reader.h"

struct lb_event_waits;
struct lb_request_counts;
struct lb_router;
struct lb_session_uses;

struct lb_app {
    const struct lb_config *config;
    struct lb_store *store;
    struct lb_directory *directory;
    struct lb_blocklist *blocklist;     /* NULL in the server that a command starts for itself */
    struct lb_outreach *outreach;       /* the same */
    struct lb_events *events;           /* the same */
    struct lb_event_waits *event_waits; /* the same: requests that wait for some */
    struct lb_hooks *hooks;             /* the same */
    struct lb_freshness *freshness;     /* NULL when this process alone has the store */
    struct lb_writer *writer;
    struct lb_readers *readers;
    struct lb_readers *importers; /* for files: what they do may take minutes */
    struct lb_spools spools;      /* of files that are being imported */
    struct lb_request_memory memory;
    struct lb_quota exporting;            /* operators' exports that are of no workspace */
    struct lb_quota histories;            /* people whose history is being read */
    struct lb_throttle *failures;         /* of keys and sessions, by address */
    struct lb_attempts *attempts;         /* to sign in */
    struct lb_session_uses *session_uses; /* to be recorded; NULL in a command's own server */
    struct lb_old_emails *old_emails;
    struct lb_read_lane sessions; /* looking them up has a share of the readers, as workspaces do */
    struct lb_request_counts *counts;
    struct lb_router *router;
    struct lb_server *server; /* for /metrics; NULL until it is created */
    struct lb_cidr *metrics_allow;
    size_t metrics_allow_count;
    char public_url[300]; /* without a slash at its end; set before `loaded` */
    bool secure_cookies;
    enum lb_factor_rule factor_rule; /* who must have a second factor */
    _Atomic bool loaded;             /* the log is in memory, to the end: checks may be answered */
    _Atomic bool set_up; /* there is a user, or no dashboard to sign in to; from then on for ever */
    _Atomic bool stopping;
    _Atomic bool hurrying;      /* stopping, and the time for it is up: imports break off */
    _Atomic uint64_t load_done; /* entry ids replayed so far */
    _Atomic uint64_t load_all;
    _Atomic uint64_t start_us; /* how long the start took */
    /* For /metrics. */
    const char *version; /* of the program, and its commit; set before `loaded` */
    const char *commit;
    _Atomic uint64_t failed_sign_ins; /* wrong passwords and links */
    _Atomic uint64_t failed_keys;     /* invalid keys and sessions */
    _Atomic int64_t last_backup_ms;   /* wall clock, of one that was checked; 0: never */
};

/* The handlers as the HTTP server wants them. */
struct lb_http_app lb_api_app(struct lb_app *app);

#endif
