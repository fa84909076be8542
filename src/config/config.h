/* The settings of the server: one table, from which everything else is made (the fields below,
 * parsing, `leadblock serve --help` and docs/configuration.md).
 *
 * A setting comes from its option, else from its environment variable (LEADBLOCK_ and the option's
 * name in capitals, with _ for -), else from its default.
 * Order: init, environment, then options one by one with lb_config_set; fini at the end. Threads:
 * filled by one thread, then read by all. */
#ifndef LB_CONFIG_CONFIG_H
#define LB_CONFIG_CONFIG_H

#include "base/buf.h"
#include "base/err.h"
#include "base/log.h"

#define LB_THREADS_MAX 256 /* I/O threads */

/* X(type, field, option, default, value shown in help, least, most, help); least and most count
 * for numbers. Types: text, u32, u64, flag, level (of the log), list (of addresses or networks; of
 * origins: cors-origin). */
#define LB_SETTING_TABLE(X)                                                                        \
    X(text, data, "data", "./leadblock-data", "DIR", 0, 0,                                         \
      "The data folder. It is created when it is missing; one server at a time owns it.")          \
    X(text, listen, "listen", "127.0.0.1:8080", "HOST:PORT", 0, 0,                                 \
      "Address of the API; an IPv6 host goes in brackets, and port 0 picks a free one.")           \
    X(text, database, "database", "sqlite", "DATABASE", 0, 0,                                      \
      "Where the data is stored: `sqlite`, inside the data folder, or a PostgreSQL database that " \
      "several servers may share: `postgresql://USER@HOST/NAME`.")                                 \
    X(u32, database_timeout_s, "database-timeout", "10", "SECONDS", 1, 3600,                       \
      "How long PostgreSQL may take to answer; after that the connection is closed.")              \
    X(u32, threads, "threads", "0", "N", 0, LB_THREADS_MAX,                                        \
      "I/O threads; 0 means one for each processor that the process may use, but one fewer from "  \
      "three on.")                                                                                 \
    X(flag, demo, "demo", "false", NULL, 0, 0,                                                     \
      "Also create a workspace, a campaign `demo` and a key, and print a curl command to try.")    \
    X(flag, dashboard, "dashboard", "true", NULL, 0, 0,                                            \
      "Whether the dashboard is served at `/`, if it was built in; `--dashboard=false` hides it.") \
    X(text, public_url, "public-url", "", "URL", 0, 0,                                             \
      "The server's public address, such as `https://leadblock.example.com`: for links, and with " \
      "https the session's cookie is sent over nothing else. Empty: the address it listens on.")   \
    X(u32, session_lifetime_s, "session-lifetime", "43200", "SECONDS", 60, 31536000,               \
      "How long a user stays signed in to the dashboard.")                                         \
    X(text, require_second_factor, "require-second-factor", "none", "WHO", 0, 0,                   \
      "Who must sign in with a code of an authenticator app as well: none, operators or "          \
      "everybody. Who has not set it up is asked to at the next sign-in.")                         \
    X(u32, password_memory_mib, "password-memory", "64", "MIB", 19, 1024,                          \
      "Memory for hashing one password; less makes stolen hashes easier to guess. A password "     \
      "that "                                                                                      \
      "is set already keeps what it was hashed with.")                                             \
    X(level, log_level, "log-level", "info", "LEVEL", 0, 0,                                        \
      "How much is logged on standard error: error, warn, info or debug.")                         \
    X(u32, max_connections, "max-connections", "10000", "N", 1, 1000000,                           \
      "Open connections in all; for one more, a stranger's or an idle one gives place, else it "   \
      "is closed at once. Fewer when the limit of open files leaves no room for so many.")         \
    X(u32, address_share_percent, "address-share", "25", "PERCENT", 1, 100,                        \
      "How many of them one address may have, or a /64 of IPv6; a /56 twice as many, a /48 three " \
      "times. Trusted proxies have no share; with 100, nor has an address.")                       \
    X(u32, max_header_bytes, "max-header-bytes", "8192", "BYTES", 1024, 1048576,                   \
      "Request line and headers; more is refused with 431.")                                       \
    X(u32, max_body_bytes, "max-body-bytes", "4194304", "BYTES", 1024, 67108864,                   \
      "Body of a request; more is refused with 413.")                                              \
    X(u64, max_import_bytes, "max-import-bytes", "1073741824", "BYTES", 1024, 1099511627776,       \
      "A file that is imported; a larger one is refused with 413.")                                \
    X(u64, max_import_spool, "max-import-spool", "4294967296", "BYTES", 1048576, 1099511627776,    \
      "Room in the data folder for files that are being imported, all together; when it is used "  \
      "up, imports get 503. At least a few times `max-import-bytes`.")                             \
    X(u32, events_retention_s, "events-retention", "2592000", "SECONDS", 1, 315360000,             \
      "How long events can be read; what is older is left out. The default is 30 days.")           \
    X(u32, log_retention_days, "log-retention", "0", "DAYS", 0, 36500,                             \
      "How long the log keeps who was blocked and is not any more: so many days after it said "    \
      "something of the person last, their names leave it. What is in force stays. 0: for ever.")  \
    X(u64, request_memory, "request-memory", "268435456", "BYTES", 1048576, 1099511627776,         \
      "Memory for the bodies of all requests, received and parsed, and for large answers; when "   \
      "it "                                                                                        \
      "is used up, requests get 503, and those of one workspace 429 when its share is.")           \
    X(u32, max_identifiers, "max-identifiers", "10000", "N", 1, 100000,                            \
      "Identifiers in one request; more are refused with 400.")                                    \
    X(u32, header_timeout_s, "header-timeout", "10", "SECONDS", 1, 3600,                           \
      "From the first byte of a request until its headers are complete.")                          \
    X(u32, body_timeout_s, "body-timeout", "30", "SECONDS", 1, 3600,                               \
      "From then until its body is complete; of a file, until its next 64 KiB are.")               \
    X(u32, idle_timeout_s, "idle-timeout", "60", "SECONDS", 1, 86400,                              \
      "How long a connection may be idle between requests; keep it above the proxy's own.")        \
    X(u32, send_timeout_s, "send-timeout", "60", "SECONDS", 1, 3600,                               \
      "How long a client may take to receive its response; of an export, the next piece of it.")   \
    X(u32, drain_timeout_s, "drain-timeout", "10", "SECONDS", 0, 3600,                             \
      "How long a stopping server waits for requests that have begun.")                            \
    X(list, trusted_proxy, "trusted-proxy", "", "CIDR,...", 0, 0,                                  \
      "Networks of reverse proxies whose X-Forwarded-For counts; may be repeated.")                \
    X(list, cors_origin, "cors-origin", "", "ORIGIN,...", 0, 0,                                    \
      "Pages that may call the API from a browser, by their origins: `https://app.example.com`; "  \
      "they can read the key that they send. Empty means none. May be repeated.")                  \
    X(list, metrics_allow, "metrics-allow", "127.0.0.0/8,::1", "CIDR,...", 0, 0,                   \
      "Networks that may read /metrics; empty means none. May be repeated.")                       \
    X(u32, rate_limit, "rate-limit", "0", "N", 0, 1000000,                                         \
      "Requests per second for each key that has no limit of its own; 0 means no limit.")          \
    X(u32, readers, "readers", "2", "N", 1, 64,                                                    \
      "Threads that read stored rows for lists, searches and details.")                            \
    X(u32, queue_size, "queue-size", "8192", "N", 16, 1000000,                                     \
      "Writes that may wait to be committed; when so many wait, requests get 503 `overloaded`.")   \
    X(u32, workspace_share_percent, "workspace-share", "50", "PERCENT", 1, 100,                    \
      "How much of the queues one workspace may fill before it gets 429.")                         \
    X(u64, max_workspace_entries, "max-workspace-entries", "100000000", "N", 1, 1000000000000,     \
      "Blocked leads that one workspace may hold, all its lists together.")                        \
    X(u64, max_workspace_daily_rows, "max-workspace-daily-rows", "20000000", "N", 1,               \
      1000000000000,                                                                               \
      "Blocks and unblocks that one workspace may record within 24 hours; more get 429. Opt-outs " \
      "that senders report are recorded all the same.")                                            \
    X(u64, max_workspace_daily_bytes, "max-workspace-daily-bytes", "17179869184", "BYTES",         \
      1048576, 1000000000000000,                                                                   \
      "What one workspace may record within 24 hours beside that, at each node: leads, texts of "  \
      "campaigns, activities that are handed out, imports, subscriptions; more gets 429, blocks "  \
      "do not.")                                                                                   \
    X(u32, max_workspace_keys, "max-workspace-keys", "1000", "N", 1, 1000000,                      \
      "API keys that one workspace may have; those that were made within a day count although "    \
      "they "                                                                                      \
      "are revoked.")                                                                              \
    X(u32, max_user_keys, "max-user-keys", "100", "N", 1, 1000000,                                 \
      "The same of one user in a workspace.")                                                      \
    X(u32, max_user_sessions, "max-user-sessions", "50", "N", 1, 100000,                           \
      "Sessions of one user; the next sign-in ends the oldest.")                                   \
    X(u32, max_link_days, "max-link-days", "30", "DAYS", 1, 365,                                   \
      "The longest that the link of an invitation, or for a new password, may be valid.")          \
    X(u32, max_workspace_campaigns, "max-workspace-campaigns", "10000", "N", 1, 1000000,           \
      "Campaigns that one workspace may have.")                                                    \
    X(u64, max_campaign_leads, "max-campaign-leads", "10000000", "N", 1, 1000000000,               \
      "Leads that one campaign may have.")                                                         \
    X(u64, max_workspace_leads, "max-workspace-leads", "20000000", "N", 1, 1000000000000,          \
      "Leads that one workspace may have in all its campaigns.")                                   \
    X(u32, retry_backoff_s, "retry-backoff", "60", "SECONDS", 1, 86400,                            \
      "Delay before an activity that a sender gave back is handed out again; doubled each time.")  \
    X(u32, max_attempts, "max-attempts", "8", "N", 1, 1000,                                        \
      "How often a sender may give an activity back before it counts as failed.")                  \
    X(u32, max_workspace_hooks, "max-workspace-hooks", "100", "N", 1, 10000,                       \
      "Subscriptions to events that one workspace may have.")                                      \
    X(list, hooks_allow, "hooks-allow", "", "CIDR,...", 0, 0,                                      \
      "Networks that are not public, or are reached over plain http, and that events may be sent " \
      "to all the same; may be repeated.")                                                         \
    X(u32, hooks_backoff_s, "hooks-backoff", "5", "SECONDS", 1, 3600,                              \
      "Delay before an event that was not delivered is sent again; doubled each time, up to an "   \
      "hour.")                                                                                     \
    X(u32, hooks_give_up_s, "hooks-give-up", "259200", "SECONDS", 1, 2592000,                      \
      "How long the delivery of an event is tried; then its subscription is `failing` and waits "  \
      "until it is resumed.")                                                                      \
    X(u32, checkpoint_pages, "checkpoint-pages", "2048", "PAGES", 100, 10000000,                   \
      "Size of SQLite's write-ahead log at which it is written into the database.")                \
    X(flag, accept_loss, "accept-loss", "false", NULL, 0, 0,                                       \
      "Start although SQLite's write-ahead log is damaged, without the changes that are lost; "    \
      "the "                                                                                       \
      "damaged files are copied first.")

struct lb_config_list {
    char **items; /* addresses such as "::1", networks such as "10.0.0.0/8", or origins; checked */
    size_t count;
};

typedef const char *lb_setting_text; /* borrowed from the caller of lb_config_set */
typedef uint32_t lb_setting_u32;
typedef uint64_t lb_setting_u64;
typedef bool lb_setting_flag;
typedef enum lb_log_level lb_setting_level;
typedef struct lb_config_list lb_setting_list;

enum lb_setting_id {
#define LB_SETTING_ID(type, field, option, initial, value, least, most, help) LB_SETTING_##field,
    LB_SETTING_TABLE(LB_SETTING_ID)
#undef LB_SETTING_ID
        LB_SETTING_COUNT
};

enum lb_setting_source { LB_FROM_DEFAULT, LB_FROM_ENVIRONMENT, LB_FROM_OPTION };

struct lb_config {
#define LB_SETTING_FIELD(type, field, option, initial, value, least, most, help)                   \
    lb_setting_##type field;
    LB_SETTING_TABLE(LB_SETTING_FIELD)
#undef LB_SETTING_FIELD
    enum lb_setting_source sources[LB_SETTING_COUNT];
};

enum lb_setting_type {
    LB_TYPE_text,
    LB_TYPE_u32,
    LB_TYPE_u64,
    LB_TYPE_flag,
    LB_TYPE_level,
    LB_TYPE_list
};

struct lb_setting {
    enum lb_setting_type type;
    const char *option;  /* without the leading -- */
    const char *initial; /* the default, as a person would write it */
    const char *value;   /* what --help shows for the value; NULL for a flag */
    uint64_t least, most;
    const char *help;
    size_t offset; /* of the field in struct lb_config */
};

extern const struct lb_setting lb_settings[LB_SETTING_COUNT];

#define LB_SETTING_ENVIRONMENT_SIZE 48

/* The environment variable of a setting, such as "LEADBLOCK_LOG_LEVEL". */
void lb_setting_environment(const struct lb_setting *setting,
                            char out[LB_SETTING_ENVIRONMENT_SIZE]);

/* The setting of this option (without --), or NULL. */
const struct lb_setting *lb_setting_find(const char *option);

/* Defaults everywhere. False when out of memory. */
bool lb_config_init(struct lb_config *config);
void lb_config_fini(struct lb_config *config);

/* Takes what the environment says; `look_up` is getenv, or a test's own. An empty variable counts
 * as not set, except for lists. LB_ERR_INVALID_PARAMETER with a reason that names the variable. */
lb_err lb_config_environment(struct lb_config *config, char *(*look_up)(const char *name),
                             struct lb_reason *reason);

/* Calls `each` for every variable of `environment` (as environ is) that begins with LEADBLOCK_ and
 * that neither the server nor a command reads, with the one that may have been meant, or NULL. The
 * value is not looked at: it may be a secret. */
void lb_config_unknown(char *const *environment, void *context,
                       void (*each)(void *context, const char *name, const char *meant));

/* Sets one setting from an option's value; "" switches a flag on. The text of a `text` setting is
 * borrowed. The last one counts; a list grows, after the first has replaced what the environment
 * said. LB_ERR_INVALID_PARAMETER with a reason that names the option. */
lb_err lb_config_set(struct lb_config *config, const struct lb_setting *setting, const char *value,
                     struct lb_reason *reason);

/* I/O threads to start: the setting, or one for each processor that this process may use, but one
 * fewer from three on, which leaves one to the writer and the kernel. On two, one thread alone
 * leaves a part of them idle. At least 1. */
unsigned lb_config_threads(const struct lb_config *config);

/* Appends the whole of docs/configuration.md. */
void lb_config_markdown(struct lb_buf *out);

/* Does the setting `database` name a PostgreSQL database, as a URI or as KEY=VALUE pairs? */
bool lb_config_is_postgres(const char *database);

#endif
