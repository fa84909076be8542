/* The contract of a storage backend, method by method. Domain code cannot tell backends apart.
 *
 * Threads: the write methods belong to the writer thread alone, the read methods to the reader
 * thread that opened the `struct lb_store_reader`. Open, load and close happen before the threads
 * start and after they ended.
 * Failures of every method: LB_ERR_STORAGE_UNAVAILABLE (nothing was recorded),
 * LB_ERR_STORAGE_FULL (nothing was recorded, works again when there is room), and from `commit`
 * alone LB_ERR_OUTCOME_UNKNOWN. After a write method failed the transaction can only be rolled
 * back. A store that is far away may tell the failure of a write method with a later call of the
 * transaction, at the latest with its commit; and any call may fail with LB_ERR_CONFLICT: another
 * transaction was in the way, nothing was recorded, and the same one may be tried again.
 *
 * The blocklist log. Every write to a blocklist is a change: one or more rows, each a pack of
 * items. A row's id is the entry id of its first item; item i of a row has entry id `id + i`. Entry
 * ids grow, are below LB_ENTRY_ID_MAX, and are never used twice. A change is named by the id of its
 * first row. Rows are only ever appended. */
#ifndef LB_STORE_STORE_H
#define LB_STORE_STORE_H

#include "base/err.h"
#include "base/str.h"
#include "store/accounts.h"
#include "store/campaigns.h"

#define LB_ENTRY_ID_MAX  ((UINT64_C(1) << 40) - 1)
#define LB_ROW_ITEMS_MAX 50  /* items in one row: three rows of 24-byte identifiers fill a page */
#define LB_NAME_SIZE     401 /* names that people give, with the NUL */

enum lb_plan { LB_PLAN_STARTER, LB_PLAN_PRO, LB_PLAN_AGENCY };

/* Times are milliseconds since 1970 UTC; 0 means "none" for an end, a revocation or a last use.
 * `no` is the backend's own small number: assigned by the store, never used twice. */
struct lb_workspace_row {
    uint32_t no;
    char id[LB_ID_SIZE];
    char name[LB_NAME_SIZE];
    enum lb_plan plan;
    int64_t created_at;
    int64_t expires_at; /* of the licence */
};

struct lb_key_row {
    uint32_t no;
    char id[LB_ID_SIZE];
    uint32_t workspace;
    char name[LB_NAME_SIZE];
    uint8_t secret_hash[LB_SECRET_HASH_SIZE];
    bool read_only;
    uint32_t rate_limit; /* requests per second, 0: the server's default */
    int64_t created_at;
    int64_t expires_at;
    int64_t revoked_at;
    int64_t last_used_at;
};

struct lb_campaign_row {
    uint32_t no;
    uint32_t workspace;
    char id[LB_ID_SIZE];
    char name[LB_NAME_SIZE];
    enum lb_campaign_status status;
    int64_t created_at;
    bool has_leads; /* when it is loaded */
};

/* A blocklist: a campaign's, or with campaign 0 the workspace's own. */
struct lb_list {
    uint32_t workspace;
    uint32_t campaign;
};

enum lb_log_kind {
    LB_LOG_BLOCK,   /* items are canonical identifiers */
    LB_LOG_UNBLOCK, /* items are the entry ids that are taken back */
    LB_LOG_RESTORE  /* items are entry ids that an undo makes valid again */
};

struct lb_log_row {
    uint64_t id;
    struct lb_list list;
    enum lb_log_kind kind;
    bool continues; /* belongs to the same change as the row before */
    uint32_t actor; /* who: a key's or user's number, or 0 (store/accounts.h) */
    int64_t at;
    uint64_t undoes;      /* the change that this row takes back, or 0 */
    uint64_t token;       /* random, of the batch that wrote it; kept by shared stores, else 0 */
    struct lb_str reason; /* ptr NULL: none */
    struct lb_str items;  /* joined by commas; identifiers hold none */
    struct lb_str source; /* the address that the request came from; ptr NULL: the command line */
};

/* One blocked lead as it is read back. The strings belong to the reader until its next call. */
struct lb_entry {
    uint64_t id;
    struct lb_list list;
    int64_t at;
    uint32_t actor;
    struct lb_str identifier;
    struct lb_str reason; /* ptr NULL: none */
};

/* Where the log of a workspace ends: its last row. Two logs that end alike are the same. */
struct lb_log_mark {
    uint64_t row;   /* its id, 0: the log is empty */
    uint64_t token; /* and its token */
};

/* Where a workspace stands in a shared store. */
struct lb_workspace_version {
    uint32_t workspace;
    uint64_t access_version; /* grows with every change of its licence, keys and campaigns */
    struct lb_log_mark log;
    bool has_leads;
};

struct lb_store;
struct lb_store_reader;
struct lb_store_copy;

/* What stores that several nodes share offer besides. There, `no`s and entry ids come in no
 * particular order, but the entry ids of one workspace grow from one transaction to the next,
 * because a transaction locks the workspaces that it changes before it reserves ids. A commit
 * whose outcome is unknown ends nothing: where the workspaces stand tells what became of it. */
struct lb_store_shared {
    /* In the open transaction, first thing: waits for all others that locked one of these
     * workspaces (ascending, without duplicates), and tells where each stands from then on until
     * the commit; one that does not exist has workspace 0 in `out`. A patient call fails with
     * LB_ERR_CONFLICT after about a second; another waits for nothing, and workspaces that are
     * locked elsewhere have workspace 0 as well. Reserves `ids` entry ids, the
     * first of which is `*out_first`. */
    lb_err (*lock)(struct lb_store *store, const uint32_t *workspaces, size_t count, bool patient,
                   uint64_t ids, struct lb_workspace_version *out, uint64_t *out_first);
    /* More entry ids, later in the transaction. */
    lb_err (*reserve)(struct lb_store *store, uint64_t ids, uint64_t *out_first);

    /* Reading. Where workspaces latest, in any order; with count 0 all of them. */
    lb_err (*versions)(struct lb_store_reader *reader, const uint32_t *workspaces, size_t count,
                       void *context,
                       lb_err (*each)(void *context, const struct lb_workspace_version *latest));
    /* LB_ERR_NOT_FOUND when there is none. */
    lb_err (*workspace)(struct lb_store_reader *reader, uint32_t no, struct lb_workspace_row *out);
    /* The workspaces of keys by their ids, 0 for one that does not exist. */
    lb_err (*workspaces_of_keys)(struct lb_store_reader *reader, const struct lb_str *key_ids,
                                 size_t count, uint32_t *out);
    /* What changed after that access version, as log_scan. */
    lb_err (*keys_since)(struct lb_store_reader *reader, uint32_t workspace, uint64_t version,
                         void *context,
                         lb_err (*each)(void *context, const struct lb_key_row *row));
    lb_err (*campaigns_since)(struct lb_store_reader *reader, uint32_t workspace, uint64_t version,
                              void *context,
                              lb_err (*each)(void *context, const struct lb_campaign_row *row,
                                             bool deleted));
};

struct lb_store_ops {
    /* Writer thread. One transaction at a time: begin, then any of the writes, then commit or
     * rollback. */
    lb_err (*begin)(struct lb_store *store);
    lb_err (*commit)(struct lb_store *store);
    void (*rollback)(struct lb_store *store);

    /* Inserts and sets row->no. */
    lb_err (*workspace_insert)(struct lb_store *store, struct lb_workspace_row *row);
    lb_err (*workspace_set_plan)(struct lb_store *store, uint32_t no, enum lb_plan plan,
                                 int64_t expires_at);
    lb_err (*key_insert)(struct lb_store *store, struct lb_key_row *row);
    lb_err (*key_revoke)(struct lb_store *store, uint32_t workspace, uint32_t no, int64_t at);
    lb_err (*key_touch)(struct lb_store *store, uint32_t workspace, uint32_t no,
                        int64_t last_used_at);
    /* LB_ERR_ALREADY_EXISTS when the workspace has a campaign of that id; the transaction stays
     * usable. */
    lb_err (*campaign_insert)(struct lb_store *store, struct lb_campaign_row *row);
    lb_err (*campaign_set_status)(struct lb_store *store, uint32_t workspace, uint32_t no,
                                  enum lb_campaign_status status);
    lb_err (*campaign_delete)(struct lb_store *store, uint32_t workspace, uint32_t no, int64_t at);
    /* Notes that the campaign was activated. */
    lb_err (*campaign_activated)(struct lb_store *store, uint32_t workspace, uint32_t no,
                                 int64_t at);
    /* Sets its custom variables, packed. */
    lb_err (*campaign_set_variables)(struct lb_store *store, uint32_t workspace, uint32_t no,
                                     struct lb_str variables);
    /* Adds to its counts. */
    lb_err (*campaign_count)(struct lb_store *store, uint32_t workspace, uint32_t no,
                             const struct lb_counts *change);

    /* Inserts and sets row->no. */
    lb_err (*step_insert)(struct lb_store *store, struct lb_step_row *row);
    /* Replaces all but no, workspace and campaign. */
    lb_err (*step_update)(struct lb_store *store, const struct lb_step_row *row);
    /* Sets the position alone. */
    lb_err (*step_place)(struct lb_store *store, uint32_t workspace, uint32_t no,
                         uint32_t position);
    /* Removes all steps of a campaign that is gone. */
    lb_err (*steps_drop)(struct lb_store *store, uint32_t workspace, uint32_t campaign);

    /* Inserts with its names, which are not in the campaign yet, and sets row->no. */
    lb_err (*lead_insert)(struct lb_store *store, struct lb_lead_row *row);
    /* Sets identifier and member id from the row, and adds `name`, which is new. */
    lb_err (*lead_learn)(struct lb_store *store, const struct lb_lead_row *row, struct lb_str name);
    /* Takes a name from the lead, so that another one of the campaign can have it. */
    lb_err (*lead_forget)(struct lb_store *store, const struct lb_lead_row *row,
                          struct lb_str name);
    /* Sets status, set_aside, queue, step, since and marks. */
    lb_err (*lead_move)(struct lb_store *store, const struct lb_lead_row *row);
    /* With its names and activities. */
    lb_err (*lead_delete)(struct lb_store *store, const struct lb_lead_row *row);
    /* Inserts, or replaces the one of the same lead and step. */
    lb_err (*activity_put)(struct lb_store *store, const struct lb_activity_row *row);
    lb_err (*audit_append)(struct lb_store *store, const struct lb_audit_row *row);
    /* Adds to what is counted of that workspace and day. */
    lb_err (*checks_add)(struct lb_store *store, const struct lb_checks_row *row);

    /* Inserts and sets row->no. LB_ERR_ALREADY_EXISTS when a user has that e-mail address; the
     * transaction stays usable. */
    lb_err (*user_insert)(struct lb_store *store, struct lb_user_row *row);
    lb_err (*user_set_password)(struct lb_store *store, uint32_t no, struct lb_str hash);
    lb_err (*user_signed_in)(struct lb_store *store, uint32_t no, int64_t at);
    /* The address is free again; the row stays, for the logs. Ends the user's sessions and links.
     */
    lb_err (*user_delete)(struct lb_store *store, uint32_t no, int64_t at);
    lb_err (*session_insert)(struct lb_store *store, const struct lb_session_row *row);
    lb_err (*session_delete)(struct lb_store *store, const uint8_t *token_hash);
    /* All sessions of a user. */
    lb_err (*sessions_end)(struct lb_store *store, uint32_t user);
    /* In place of all others of that user. */
    lb_err (*link_insert)(struct lb_store *store, const struct lb_link_row *row);
    /* Removes a link. LB_ERR_NOT_FOUND when there is none (any more): of two that take the same one
     * only one gets it. The transaction stays usable. */
    lb_err (*link_take)(struct lb_store *store, const uint8_t *token_hash);
    /* Removes sessions and links that ended before that time. */
    lb_err (*accounts_sweep)(struct lb_store *store, int64_t before);

    /* Appends one row under the id in it. The caller numbers rows without overlap, starting from
     * log_next_id, or in a shared store with the ids that it has reserved. */
    lb_err (*log_append)(struct lb_store *store, const struct lb_log_row *row);
    /* In a shared store: about how many entry ids were given out; 0 when it failed, as here. */
    uint64_t (*log_next_id)(struct lb_store *store);

    /* Between transactions: writes and commits something that changes nothing. LB_OK: the store
     * takes writes. */
    lb_err (*probe)(struct lb_store *store);

    /* Between transactions: bounded upkeep such as a checkpoint. `idle`: nothing is waiting. */
    void (*maintain)(struct lb_store *store, bool idle);

    /* Loading, before the threads start. Each calls `each` for every row and stops at its first
     * failure, which it returns. */
    lb_err (*load_workspaces)(struct lb_store *store, void *context,
                              lb_err (*each)(void *context, const struct lb_workspace_row *row));
    lb_err (*load_keys)(struct lb_store *store, void *context,
                        lb_err (*each)(void *context, const struct lb_key_row *row));
    /* Campaigns that were deleted are left out. */
    lb_err (*load_campaigns)(struct lb_store *store, void *context,
                             lb_err (*each)(void *context, const struct lb_campaign_row *row));
    /* Campaigns that were deleted and still have leads or steps. */
    lb_err (*load_deleted_campaigns)(struct lb_store *store, void *context,
                                     lb_err (*each)(void *context, uint32_t workspace,
                                                    uint32_t campaign));

    /* Reading. A reader sees all that was committed before its call began. */
    lb_err (*reader_open)(struct lb_store *store, struct lb_store_reader **out);
    /* The writer thread's own reader: sees the open transaction. Never NULL, not to be closed. */
    struct lb_store_reader *(*writer_reader)(struct lb_store *store);
    void (*reader_close)(struct lb_store_reader *reader);
    /* After a piece of work: lets go of the strings of the last row and of its snapshot, which
     * would keep the log from being written back. */
    void (*reader_rest)(struct lb_store_reader *reader);

    /* The row that holds entry `id` of a workspace: the one with the greatest id not above it
     * (which may be another workspace's where these share a log). LB_ERR_NOT_FOUND when there is
     * none. The row's strings live until the reader's next call. */
    lb_err (*log_row_of)(struct lb_store_reader *reader, uint32_t workspace, uint64_t id,
                         struct lb_log_row *out);
    /* Has a change been undone, that is: do rows say so? */
    lb_err (*log_undone)(struct lb_store_reader *reader, uint32_t workspace, uint64_t change,
                         bool *out);
    /* Calls `each` for the rows of a workspace (0: of all, if they share a log) with first <= id <
     * end, in order; stops at its first failure. Replays need no `source`: it is left out. */
    lb_err (*log_scan)(struct lb_store_reader *reader, uint32_t workspace, uint64_t first,
                       uint64_t end, void *context,
                       lb_err (*each)(void *context, const struct lb_log_row *row));

    /* Says which rows will be asked for soon, so that a store that is far away can fetch them at
     * once; until the reader rests or the transaction ends. Never needed, may do nothing, and
     * failures come with the calls that it is for. Entries of the log by id; leads by number, with
     * their activities of one step (0: none); leads by name (for leads_named). */
    void (*prefetch_entries)(struct lb_store_reader *reader, uint32_t workspace,
                             const uint64_t *ids, size_t count);
    void (*prefetch_leads)(struct lb_store_reader *reader, uint32_t workspace,
                           const uint64_t *leads, size_t count, uint32_t step);
    void (*prefetch_names)(struct lb_store_reader *reader, uint32_t workspace,
                           const struct lb_str *names, size_t count);

    /* LB_ERR_NOT_FOUND when there is no such campaign, step, lead or activity. */
    lb_err (*campaign_state)(struct lb_store_reader *reader, uint32_t workspace, uint32_t no,
                             struct lb_campaign_state *out);
    lb_err (*lead)(struct lb_store_reader *reader, uint32_t workspace, uint64_t no,
                   struct lb_lead_row *out);
    lb_err (*activity)(struct lb_store_reader *reader, uint32_t workspace, uint64_t lead,
                       uint32_t step, struct lb_activity_row *out);
    /* All steps of a campaign by position, deleted ones too; as log_scan. Without `bodies` these
     * are left out, and not read. */
    lb_err (*steps)(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                    bool bodies, void *context,
                    lb_err (*each)(void *context, const struct lb_step_row *row));
    /* The leads of that name in campaigns above `after`, up to `max`, by campaign. */
    lb_err (*leads_named)(struct lb_store_reader *reader, uint32_t workspace, struct lb_str name,
                          uint32_t after, size_t max, struct lb_lead_ref *out, size_t *out_count);
    /* Leads that a claim may take: waiting or active, not set aside, in this queue and at this
     * step, with `since` not above `before`; up to `max`, those that wait longest first. */
    lb_err (*leads_due)(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                        enum lb_lead_queue queue, uint32_t step, int64_t before, size_t max,
                        uint64_t *out, size_t *out_count);
    /* Pages, as log_scan. Leads newest first, below lead `below` (0: all), of a status or all
     * (-1). */
    lb_err (*leads_page)(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                         int status, uint64_t below, uint64_t skip, size_t take, void *context,
                         lb_err (*each)(void *context, const struct lb_lead_row *row));
    /* Waiting or active leads that are not set aside and not claimed, by queue, step and since. */
    lb_err (*leads_scheduled)(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                              uint64_t skip, size_t take, void *context,
                              lb_err (*each)(void *context, const struct lb_lead_row *row));
    /* Waiting, active and paused leads that are set aside, newest first. */
    lb_err (*leads_set_aside)(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                              uint64_t skip, size_t take, void *context,
                              lb_err (*each)(void *context, const struct lb_lead_row *row));
    /* Activities of the states whose bits are set, latest change first. */
    lb_err (*activities_page)(struct lb_store_reader *reader, uint32_t workspace, uint32_t campaign,
                              unsigned states, uint64_t skip, size_t take, void *context,
                              lb_err (*each)(void *context, const struct lb_activity_row *row));

    /* LB_ERR_NOT_FOUND when there is no such user; by e-mail and by id only those that were not
     * deleted. */
    lb_err (*user)(struct lb_store_reader *reader, uint32_t no, struct lb_user_row *out);
    lb_err (*user_by_email)(struct lb_store_reader *reader, struct lb_str email,
                            struct lb_user_row *out);
    lb_err (*user_by_id)(struct lb_store_reader *reader, struct lb_str id, struct lb_user_row *out);
    /* Those that were not deleted, in order of creation; as log_scan. */
    lb_err (*users)(struct lb_store_reader *reader, void *context,
                    lb_err (*each)(void *context, const struct lb_user_row *row));
    /* A session with its user, or a link. LB_ERR_NOT_FOUND when there is none; it may have ended:
     * see expires_at. */
    lb_err (*session)(struct lb_store_reader *reader, const uint8_t *token_hash,
                      struct lb_session_row *out, struct lb_user_row *out_user);
    lb_err (*link)(struct lb_store_reader *reader, const uint8_t *token_hash,
                   struct lb_link_row *out);
    /* What was counted from that day on, in order; as log_scan. */
    lb_err (*checks)(struct lb_store_reader *reader, uint32_t workspace, uint32_t first_day,
                     void *context, lb_err (*each)(void *context, const struct lb_checks_row *row));
    /* A page of the audit log of a workspace (0: of the installation), newest first, below that id
     * (0: all); as log_scan. */
    lb_err (*audit_page)(struct lb_store_reader *reader, uint32_t workspace, uint64_t below,
                         size_t take, void *context,
                         lb_err (*each)(void *context, const struct lb_audit_row *row));

    /* A consistent copy into a new file; `path` must not exist. `*out_bytes`: its size. */
    lb_err (*backup)(struct lb_store_reader *reader, const char *path, uint64_t *out_bytes,
                     struct lb_reason *reason);

    void (*close)(struct lb_store *store);
};

/* Embedded in each backend's own struct, as its first member. */
struct lb_store {
    const struct lb_store_ops *ops;
    const struct lb_store_shared *shared; /* NULL: this process is the only one */
    const struct lb_store_copy *copy;     /* see store/copy.h */
};
#endif
