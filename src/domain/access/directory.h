/* Who may do what: workspaces with their licenses, API keys, and campaigns, held in memory.
 *
 * Workspaces and keys are never freed while the program runs: a pointer to one stays good, and
 * revoking a key or changing a license is an atomic store into it. Campaigns can go: a pointer to
 * one is good until the thread's next quiescent state.
 * Threads: finding and reading from any thread that is registered with RCU and online; adding,
 * changing and removing from the writer thread, or before other threads start. */
#ifndef LB_DOMAIN_ACCESS_DIRECTORY_H
#define LB_DOMAIN_ACCESS_DIRECTORY_H

#include "base/rcu.h"
#include "domain/access/daily_bytes.h"
#include "base/quota.h"
#include "base/registry.h"
#include "index/epochs.h"
#include "index/row_times.h"
#include "reader/reader.h"
#include "writer/writer.h"

/* What happened to the blocklists of a workspace on one day, UTC. */
struct lb_day {
    uint32_t day; /* since 1970-01-01 */
    uint64_t blocked;
    uint64_t unblocked;
};

#define LB_DAY_MS 86400000

struct lb_conflicts;

struct lb_workspace {
    struct lb_registry_node node;
    struct lb_workspace_row row;    /* but for what may change, which is below */
    _Atomic int plan;               /* enum lb_plan */
    _Atomic uint16_t country;       /* the row's default_country */
    _Atomic int64_t expires_at;     /* of the license, 0: never */
    _Atomic uint64_t entries;       /* that block, in all lists */
    _Atomic uint64_t typed_entries; /* of them, those that are no LinkedIn names */
    _Atomic bool has_typed;         /* there may be some: never false when there are */
    _Atomic bool has_links;         /* there may be people of several names, as above */
    _Atomic uint32_t keys;          /* that were not revoked */
    struct lb_row_times *row_times; /* of its entries, in all lists */
    struct lb_epochs epochs;        /* the same */
    int64_t batch_entries;          /* the writer's: added by the batch under way */
    bool has_leads;                 /* the writer's: a campaign may have some */
    /* What memory holds of it, when several nodes share the store (nodes.h). The writer's to set.
     */
    _Atomic uint64_t access_version;
    _Atomic uint64_t log_row; /* of `log`; set when the entries are in memory */
    _Atomic uint64_t log_token;
    _Atomic uint64_t log_last;  /* the number of its last entry */
    _Atomic uint64_t confirmed; /* these two: see freshness.c */
    _Atomic uint64_t quiet_ms;
    struct lb_log_mark log;         /* the writer's: where its log ends, as far as memory has it */
    struct lb_log_mark batch_log;   /* and after the batch under way, if that adds to it */
    uint64_t batch_log_of;          /* which batch that is; another one: it adds nothing */
    struct lb_daily_bytes recorded; /* the writer's: within the last day */
    uint64_t leads_room;            /* the writer's: see domain/outreach/lead_room.c */
    struct lb_writer_share writes;  /* of the writer */
    struct lb_quota memory;         /* of its requests (api/memory.h) */
    struct lb_read_lane reads;      /* of the readers' queue */
    struct lb_read_lane imports;    /* of the importers' queue */
    struct lb_quota importing;      /* 1 while a file is being imported, or an import undone */
    _Atomic uint64_t import_run;    /* of the import that records now (imports.h); 0: none */
    struct lb_quota exporting;      /* lists that are being exported */
    struct lb_quota listening;      /* requests with keys that wait for events */
    struct lb_quota watching;       /* the same of signed-in users */
    /* Of subscriptions to events (hooks/hooks.h). */
    _Atomic bool has_hooks;              /* some that are active */
    _Atomic unsigned hook_signals;       /* what the thread that delivers has to look at */
    struct lb_workspace *next_signal;    /* in its list */
    struct lb_hook *hooks;               /* that thread's */
    _Atomic uint64_t hook_free_ns;       /* of the rate of requests to receivers */
    _Atomic unsigned erased;             /* names that are known by a tag: blocklist/erased.h */
    _Atomic uint64_t overwrite_at_ns;    /* before that, erasures overwrite no files */
    struct lb_quota histories;           /* 1 while the history of a person is being read */
    _Atomic(struct lb_workspace *) next; /* in order of creation */
    _Atomic(struct lb_key *) first_key;  /* of its keys, in order of creation */
    struct lb_key *last_key;             /* the writer's */
    /* Checks since the start, and of them those that said "blocked". */
    _Atomic uint64_t checks;
    _Atomic uint64_t checks_blocked;
    _Atomic uint64_t stored_checks; /* how many of them the store has; the writer's to set */
    _Atomic uint64_t stored_checks_blocked;
    struct lb_checks_row batch_checks; /* the writer's: what the batch under way adds */
    /* Guarded by lb_access's lock of days: what was blocked and unblocked on each day, by day. */
    struct lb_day *days;
    size_t day_count;
    size_t day_capacity;
    /* Guarded by lb_access's lock: the campaigns in order of creation. */
    struct lb_campaign **campaigns;
    size_t campaign_count;
    size_t campaign_capacity;
    size_t made_campaigns; /* the writer's: made and not added yet */
    /* Guarded by the same: lists of deleted campaigns, in order of deletion. */
    struct lb_kept_list **kept;
    size_t kept_count;
    size_t kept_capacity;
    size_t made_kept; /* the writer's, as above */
    /* Pairs of names that are no links (domain/blocklist/conflicts.h), guarded by the lock of
     * lb_persons; NULL: none yet. */
    struct lb_conflicts *conflicts;
    size_t batch_conflicts; /* the writer's: what the batch under way adds */
    _Atomic uint64_t links; /* between names of people */
};

/* Before an entry that is no LinkedIn name is recorded or in memory. */
static inline void lb_workspace_note_typed(struct lb_workspace *workspace)
{
    if (!atomic_load_explicit(&workspace->has_typed, memory_order_relaxed))
        atomic_store_explicit(&workspace->has_typed, true, memory_order_release);
}

struct lb_key {
    struct lb_registry_node node;
    struct lb_key_row row; /* but for the fields below */
    struct lb_workspace *workspace;
    _Atomic int64_t revoked_at;
    _Atomic int64_t last_used_at;  /* wall clock, ms */
    _Atomic uint64_t next_free_ns; /* of the rate limit: when the bucket is full again */
    _Atomic uint64_t text_hash[2]; /* key_cache.h; 0 until the key was used */
    int64_t stored_last_used_at;   /* the writer's: what the store knows */
    int64_t batch_last_used_at;    /* the writer's: what the batch under way tells it */
    _Atomic(struct lb_key *) next; /* in order of creation */
    _Atomic(struct lb_key *) next_of_workspace;
    struct lb_registry_node by_no; /* under its number in decimal */
    char no_text[12];
};

struct lb_campaign {
    struct lb_registry_node node;
    struct lb_rcu_head rcu;
    struct lb_campaign_row row; /* but for the status */
    _Atomic int status;         /* enum lb_campaign_status */
    uint64_t known_ns;          /* since when it is in memory; monotonic */
    unsigned set_right;         /* the writer's: see domain/outreach/set_right.c */
    bool listed;                /* the writer's: the log has rows of its blocklist */
    uint64_t deleted_in;        /* the writer's: the batch that deletes it, 0: none */
    struct lb_workspace *workspace;
};

/* A campaign that was deleted and whose blocklist is kept: under the campaign's number, for a
 * campaign that is made under its id. */
struct lb_kept_list {
    struct lb_registry_node node; /* under the number in decimal */
    struct lb_rcu_head rcu;
    struct lb_workspace *workspace;
    uint32_t no;
    int64_t created_at; /* the campaign */
    char no_text[12];
    struct lb_str name; /* of the campaign, after the id */
    char id[];
};

struct lb_directory;

struct lb_directory *lb_directory_create(void);
/* All other threads have ended; the caller is registered and online. */
void lb_directory_destroy(struct lb_directory *directory);

/* Fills the tables from the store. */
lb_err lb_directory_load(struct lb_directory *directory, struct lb_store *store);

/* Does it lack workspaces that a start could not read? Then what is to be done in all of them has
 * to wait. Any thread. */
bool lb_directory_is_partial(const struct lb_directory *directory);
void lb_directory_set_partial(struct lb_directory *directory, bool partial);

/* NULL when there is none. */
struct lb_workspace *lb_directory_workspace(const struct lb_directory *directory, struct lb_str id);
struct lb_workspace *lb_directory_workspaces(const struct lb_directory *directory); /* the first */
/* The one whose list is the installation's (LB_INSTALLATION_NO); it is not among those above, and
 * is found by its number only. NULL before it is loaded. */
struct lb_workspace *lb_directory_installation(const struct lb_directory *directory);
struct lb_key *lb_directory_key(const struct lb_directory *directory, struct lb_str id);
struct lb_key *lb_directory_keys(const struct lb_directory *directory); /* the first */
struct lb_campaign *lb_directory_campaign(const struct lb_directory *directory, uint32_t workspace,
                                          struct lb_str id);

/* The key that was issued as this text, whether it is still valid or not. NULL when the text is
 * malformed, its id is unknown or its secret is wrong. */
struct lb_key *lb_directory_key_of_text(const struct lb_directory *directory, struct lb_str text);

/* The key with this text, if it is valid now: LB_ERR_INVALID_API_KEY for one that is malformed,
 * unknown, revoked or past its end, all alike. Whose text it is may come from a cache
 * (key_cache.h); whether the key is valid never does. */
lb_err lb_directory_authenticate(const struct lb_directory *directory, struct lb_str text,
                                 int64_t now_ms, struct lb_key **out);

/* Valid at this moment: neither revoked nor past its end. */
bool lb_key_valid(const struct lb_key *key, int64_t now_ms);

/* LB_OK, LB_ERR_LICENSE_REQUIRED (the plan is not enough) or LB_ERR_LICENSE_EXPIRED. */
lb_err lb_workspace_license(const struct lb_workspace *workspace, int64_t now_ms);

/* Takes one request from the key's rate; false when it is used up. `default_rate` (requests per
 * second, 0: none) counts for keys without a rate of their own. A second's worth may come at once.
 * Source: the generic cell rate algorithm, ITU-T I.371, Annex A. */
bool lb_key_take_request(struct lb_key *key, uint32_t default_rate, uint64_t now_ns);

/* Making: the row is copied, and all the memory is taken that adding it then needs, so that adding
 * it after a commit cannot fail. It is not found before. NULL when out of memory (or when its
 * workspace is missing). Writer thread, as all of these. */
struct lb_workspace *lb_directory_make_workspace(struct lb_directory *directory,
                                                 const struct lb_workspace_row *row);
struct lb_key *lb_directory_make_key(struct lb_directory *directory, const struct lb_key_row *row);
struct lb_campaign *lb_directory_make_campaign(struct lb_directory *directory,
                                               const struct lb_campaign_row *row);
void lb_directory_add_made_workspace(struct lb_directory *directory,
                                     struct lb_workspace *workspace);
void lb_directory_add_made_key(struct lb_directory *directory, struct lb_key *key);
/* In the same moment the list that is kept under its number is its own. */
void lb_directory_add_made_campaign(struct lb_directory *directory, struct lb_campaign *campaign);
/* Frees what was made and not added: their transaction was rolled back. */
void lb_directory_forget_made(struct lb_directory *directory);

/* Making and adding. NULL as above. */
struct lb_workspace *lb_directory_add_workspace(struct lb_directory *directory,
                                                const struct lb_workspace_row *row);
struct lb_key *lb_directory_add_key(struct lb_directory *directory, const struct lb_key_row *row);
struct lb_campaign *lb_directory_add_campaign(struct lb_directory *directory,
                                              const struct lb_campaign_row *row);
/* Gives a campaign another name: `spare`, allocated by the caller, takes the place of its record,
 * which goes when no thread reads it any more. */
void lb_directory_rename_campaign(struct lb_directory *directory, struct lb_campaign *campaign,
                                  struct lb_campaign *spare, const char *name);
/* `kept`: NULL, or made: it is added in the same moment. */
void lb_directory_remove_campaign(struct lb_directory *directory, struct lb_campaign *campaign,
                                  struct lb_kept_list *kept);

/* The same for the blocklist of a deleted campaign: only workspace, number, id, name and time of
 * the row matter. */
struct lb_kept_list *lb_directory_make_kept(struct lb_directory *directory,
                                            const struct lb_campaign_row *row);
struct lb_kept_list *lb_directory_add_kept(struct lb_directory *directory,
                                           const struct lb_campaign_row *row);
void lb_directory_remove_kept(struct lb_directory *directory, struct lb_kept_list *kept);
/* NULL when there is none. Any thread; good until its next quiescent state. */
struct lb_kept_list *lb_directory_kept_no(const struct lb_directory *directory, uint32_t no);

/* Is there a blocklist under this number, of a campaign or kept? For loading and the writer thread.
 */
bool lb_directory_has_list(const struct lb_directory *directory, uint32_t no);

/* A batch of the writer begins, perhaps one that is tried again. */
void lb_directory_begin_batch(struct lb_directory *directory);
/* The open batch deletes the campaign: for what comes after that in the batch it is gone. */
void lb_directory_note_deletion(const struct lb_directory *directory, struct lb_campaign *campaign);
bool lb_directory_is_deleted(const struct lb_directory *directory,
                             const struct lb_campaign *campaign);
void lb_directory_revoke_key(struct lb_key *key, int64_t at);

/* The key with this number, or NULL. Any thread. */
const struct lb_key *lb_directory_key_no(const struct lb_directory *directory, uint32_t no);

/* Keys of a workspace that count to its limits, made ones, too: those that are valid, and all that
 * were made within the last day, so that making and revoking in turn is bounded as well. */
struct lb_key_counts {
    uint32_t workspace;
    uint32_t maker; /* of them, those of one maker */
};
void lb_directory_count_keys(const struct lb_directory *directory,
                             const struct lb_workspace *workspace, uint32_t maker, int64_t now_ms,
                             struct lb_key_counts *out);

/* Calls `each` for the keys of a maker that were not revoked, made ones, too; stops at its first
 * failure. Writer thread. */
lb_err lb_directory_keys_of(struct lb_directory *directory, uint32_t maker, void *context,
                            lb_err (*each)(void *context, struct lb_key *key));

/* Counts answers of checks. Any thread. */
static inline void lb_workspace_count_checks(struct lb_workspace *workspace, uint64_t checks,
                                             uint64_t blocked)
{
    atomic_fetch_add_explicit(&workspace->checks, checks, memory_order_relaxed);
    if (blocked)
        atomic_fetch_add_explicit(&workspace->checks_blocked, blocked, memory_order_relaxed);
}

/* The campaign with this number, NULL when it is gone. For loading and the writer thread. */
struct lb_campaign *lb_directory_campaign_no(const struct lb_directory *directory, uint32_t no);

/* Copies a page of a workspace's campaigns, newest first, those with `status` only unless it is -1.
 * Returns how many; `*out_total`: how many match in all. Any thread. */
size_t lb_directory_page_campaigns(struct lb_directory *directory,
                                   const struct lb_workspace *workspace, int status, size_t skip,
                                   size_t take, struct lb_campaign_row *out, size_t *out_total);

/* All campaigns of a workspace, in order of creation: `*out_count` pointers, to be freed. Each is
 * good until the thread's next quiescent state. NULL when out of memory. Any thread. */
struct lb_campaign **lb_directory_list_campaigns(struct lb_directory *directory,
                                                 const struct lb_workspace *workspace,
                                                 size_t *out_count);

/* Whose a blocklist is. */
struct lb_list_owner {
    uint32_t no;
    struct lb_str id;
    struct lb_str name;
    bool deleted; /* and the list is kept */
};

/* All campaigns of a workspace, newest first, and then those whose lists are kept: `*out_count`, to
 * be freed. Their strings are good until the thread's next quiescent state. NULL when out of
 * memory. Any thread. */
struct lb_list_owner *lb_directory_list_owners(struct lb_directory *directory,
                                               const struct lb_workspace *workspace,
                                               size_t *out_count);

/* Copies the id of the campaign of a workspace's list, also of one that is kept (`*out_deleted`).
 * False when there is no such list any more. Any thread. */
bool lb_directory_list_id(struct lb_directory *directory, const struct lb_workspace *workspace,
                          uint32_t no, char out[LB_ID_SIZE], bool *out_deleted);

/* Makes sure that lb_directory_count_day can count on the day of `at_ms`. False when out of memory.
 * For loading and the writer thread. */
bool lb_directory_reserve_day(struct lb_directory *directory, struct lb_workspace *workspace,
                              int64_t at_ms);

/* Adds to what was blocked and unblocked on the day of `at_ms`; a day that was not reserved is not
 * counted when memory is short. For loading and the writer thread. */
void lb_directory_count_day(struct lb_directory *directory, struct lb_workspace *workspace,
                            int64_t at_ms, uint64_t blocked, uint64_t unblocked);

/* Copies what was counted on the `count` days from `first_day` on; those without anything are
 * zero. Any thread. */
void lb_directory_days(struct lb_directory *directory, const struct lb_workspace *workspace,
                       uint32_t first_day, size_t count, struct lb_day *out);

/* The workspace with this number, or NULL. For loading and the writer thread. */
struct lb_workspace *lb_directory_workspace_no(const struct lb_directory *directory, uint32_t no);

#endif
