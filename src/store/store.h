/* The contract of a storage backend, method by method. Domain code cannot tell backends apart.
 *
 * Threads: the write methods belong to the writer thread alone, the read methods to the reader
 * thread that opened the `struct lb_store_reader`. Open, load and close happen before the threads
 * start and after they ended.
 * Failures of every method: LB_ERR_STORAGE_UNAVAILABLE (nothing was recorded),
 * LB_ERR_STORAGE_FULL (nothing was recorded, works again when there is room), and from `commit`
 * alone LB_ERR_OUTCOME_UNKNOWN. After a write method failed the transaction can only be rolled
 * back.
 *
 * The blocklist log. Every write to a blocklist is a change: one or more rows, each a pack of
 * items. A row's id is the entry id of its first item; item i of a row has entry id `id + i`. Entry
 * ids grow, are below LB_ENTRY_ID_MAX, and are never used twice. A change is named by the id of its
 * first row. Rows are only ever appended. */
#ifndef LB_STORE_STORE_H
#define LB_STORE_STORE_H

#include "base/err.h"
#include "base/str.h"

#define LB_ENTRY_ID_MAX     ((UINT64_C(1) << 40) - 1)
#define LB_ROW_ITEMS_MAX    50 /* items in one row: three rows of 24-byte identifiers fill a page */
#define LB_SECRET_HASH_SIZE 32
#define LB_ID_SIZE          65  /* ids of workspaces, campaigns and keys, with the NUL */
#define LB_NAME_SIZE        401 /* names that people give, with the NUL */

enum lb_plan { LB_PLAN_STARTER, LB_PLAN_PRO, LB_PLAN_AGENCY };
enum lb_campaign_status {
    LB_CAMPAIGN_DRAFT,
    LB_CAMPAIGN_ACTIVE,
    LB_CAMPAIGN_PAUSED,
    LB_CAMPAIGN_COMPLETED,
    LB_CAMPAIGN_ERROR
};

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
    uint32_t key;   /* who: the key's no, 0 for an operator */
    int64_t at;
    uint64_t undoes;      /* the change that this row takes back, or 0 */
    struct lb_str reason; /* ptr NULL: none */
    struct lb_str items;  /* joined by commas; identifiers hold none */
};

/* An entry of the audit log: what operators and keys did besides blocking. */
struct lb_audit_row {
    uint32_t workspace;
    uint32_t key; /* 0 for an operator */
    int64_t at;
    const char *action; /* "campaign.create", "key.revoke", ... */
    const char *target; /* id of what it was done to */
};

/* One blocked lead as it is read back. The strings belong to the reader until its next call. */
struct lb_entry {
    uint64_t id;
    struct lb_list list;
    int64_t at;
    uint32_t key;
    struct lb_str identifier;
    struct lb_str reason; /* ptr NULL: none */
};

struct lb_store;
struct lb_store_reader;

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
    lb_err (*key_revoke)(struct lb_store *store, uint32_t no, int64_t at);
    lb_err (*key_touch)(struct lb_store *store, uint32_t no, int64_t last_used_at);
    /* LB_ERR_ALREADY_EXISTS when the workspace has a campaign of that id; the transaction stays
     * usable. */
    lb_err (*campaign_insert)(struct lb_store *store, struct lb_campaign_row *row);
    lb_err (*campaign_set_status)(struct lb_store *store, uint32_t no,
                                  enum lb_campaign_status status);
    lb_err (*campaign_delete)(struct lb_store *store, uint32_t no, int64_t at);
    lb_err (*audit_append)(struct lb_store *store, const struct lb_audit_row *row);

    /* Appends one row under the id in it. The caller numbers rows without gaps or overlap, starting
     * from log_next_id. */
    lb_err (*log_append)(struct lb_store *store, const struct lb_log_row *row);
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

    /* Reading. A reader sees all that was committed before its call began. */
    lb_err (*reader_open)(struct lb_store *store, struct lb_store_reader **out);
    /* The writer thread's own reader: sees the open transaction. Never NULL, not to be closed. */
    struct lb_store_reader *(*writer_reader)(struct lb_store *store);
    void (*reader_close)(struct lb_store_reader *reader);
    /* After a piece of work: lets go of the strings of the last row and of its snapshot, which
     * would keep the log from being written back. */
    void (*reader_rest)(struct lb_store_reader *reader);

    /* The row that holds entry `id`: the one with the greatest id not above it. LB_ERR_NOT_FOUND
     * when there is none. The row's strings live until the reader's next call. */
    lb_err (*log_row_of)(struct lb_store_reader *reader, uint64_t id, struct lb_log_row *out);
    /* Has a change been undone, that is: do rows say so? */
    lb_err (*log_undone)(struct lb_store_reader *reader, uint64_t change, bool *out);
    /* Calls `each` for the rows with first <= id < end, in order; stops at its first failure. */
    lb_err (*log_scan)(struct lb_store_reader *reader, uint64_t first, uint64_t end, void *context,
                       lb_err (*each)(void *context, const struct lb_log_row *row));
    /* A consistent copy into a new file; `path` must not exist. `*out_bytes`: its size. */
    lb_err (*backup)(struct lb_store_reader *reader, const char *path, uint64_t *out_bytes,
                     struct lb_reason *reason);

    void (*close)(struct lb_store *store);
};

/* Embedded in each backend's own struct, as its first member. */
struct lb_store {
    const struct lb_store_ops *ops;
};
#endif
