/* The blocklists: who must not be contacted, in a campaign or in a whole workspace.
 *
 * Memory answers who is blocked (src/index); the store's log keeps what happened, by whom, when and
 * why. Every change goes through the writer and is visible here before it is acknowledged.
 *
 * Threads: checks from any thread that is registered with RCU and online; pages from reader
 * threads; changes are made on any thread, submitted, and applied on the writer thread.
 * Order: create, load, hand the hooks to the writer, ..., destroy when all threads have ended. */
#ifndef LB_DOMAIN_BLOCKLIST_BLOCKLIST_H
#define LB_DOMAIN_BLOCKLIST_BLOCKLIST_H

#include "domain/access/directory.h"
#include "domain/access/standing.h"
#include "index/membership.h"
#include "writer/writer.h"

struct lb_blocklist;

struct lb_blocklist_settings {
    struct lb_directory *directory;
    struct lb_store *store;
    uint64_t max_workspace_entries;
};

/* NULL when out of memory. */
struct lb_blocklist *lb_blocklist_create(const struct lb_blocklist_settings *settings);
void lb_blocklist_destroy(struct lb_blocklist *blocklist);

/* Replays the log into memory. `progress` is called about once a second with entry ids read so far
 * and in all, and ends the load with LB_ERR_STORAGE_UNAVAILABLE when it returns false. */
lb_err lb_blocklist_load(struct lb_blocklist *blocklist, void *context,
                         bool (*progress)(void *context, uint64_t done, uint64_t all));

/* Brings memory up to where a workspace stands in a shared store, by reading what other nodes have
 * changed; nothing when it is there already. Writer thread, or before the threads start. The
 * process ends when the store has lost what it once said: see docs/scale-out.md. */
lb_err lb_blocklist_refresh(struct lb_blocklist *blocklist,
                            const struct lb_workspace_version *latest);

/* What the writer calls around a batch. */
struct lb_writer_hooks lb_blocklist_hooks(struct lb_blocklist *blocklist);

/* Somebody who keeps something in step with the blocklists, in the very transactions that change
 * them. All run on the writer thread. */
struct lb_blocklist_follower {
    void *context;
    void (*batch_begin)(void *context); /* also before a batch is applied again */
    /* The identifier is blocked now, or no longer, in the open transaction. A failure fails the
     * change. */
    lb_err (*changed)(void *context, struct lb_list list, struct lb_str identifier);
    lb_err (*batch_prepare)(void *context); /* before the commit; its failure fails the batch */
    void (*batch_publish)(void *context); /* after the commit and the blocklists' own publishing */
    void (*upkeep)(void *context);        /* between batches */
};

/* Before the writer starts; one follower at most. */
void lb_blocklist_follow(struct lb_blocklist *blocklist,
                         const struct lb_blocklist_follower *follower);

struct lb_blocklist_stats {
    struct lb_index_stats index;
    uint64_t order_bytes;
    uint64_t stamp_bytes;
};
void lb_blocklist_stats(const struct lb_blocklist *blocklist, struct lb_blocklist_stats *out);

/* --- Checks --- */

enum lb_scope { LB_SCOPE_NONE, LB_SCOPE_WORKSPACE, LB_SCOPE_CAMPAIGN };

struct lb_verdict {
    enum lb_scope scope; /* LB_SCOPE_NONE: not blocked. The workspace wins when both block. */
    uint64_t entry;      /* the entry that blocks */
};

/* Campaign 0 asks the workspace's list alone. `identifier` is canonical. */
struct lb_verdict lb_blocklist_check(const struct lb_blocklist *blocklist, struct lb_list list,
                                     struct lb_str identifier);

/* The entry that blocks the identifier in this one list; 0 when none does. */
uint64_t lb_blocklist_find(const struct lb_blocklist *blocklist, struct lb_list list,
                           struct lb_str identifier);

/* When the entry of a verdict was made. False when it has a reason, which only the store knows: see
 * lb_blocklist_entry. */
bool lb_blocklist_recorded_at(const struct lb_workspace *workspace, uint64_t entry,
                              int64_t *out_at);

/* The same for many. */
void lb_blocklist_check_many(const struct lb_blocklist *blocklist, struct lb_list list,
                             const struct lb_str *identifiers, size_t count,
                             struct lb_verdict *out);

/* The same as the writer sees it, with what the open batch has changed, and certain: candidates are
 * confirmed against the stored rows. For `apply` on the writer thread. */
lb_err lb_blocklist_check_in_batch(struct lb_blocklist *blocklist, struct lb_list list,
                                   struct lb_str identifier, enum lb_scope *out);

/* A hash of the identifier that is equal for equal identifiers, for folding duplicates. */
struct lb_fingerprint lb_blocklist_fingerprint(const struct lb_blocklist *blocklist,
                                               struct lb_list list, struct lb_str identifier);

/* --- Reading what is stored --- */

/* Reads one entry of a workspace through a reader. LB_ERR_NOT_FOUND for an id that is no block. */
lb_err lb_blocklist_entry(struct lb_store *store, struct lb_store_reader *reader,
                          uint32_t workspace, uint64_t id, struct lb_entry *out);

/* How far a page is that is made piece by piece. */
struct lb_page_progress {
    size_t look; /* entries to look at in one call at most; the caller's */
    /* Zero at first, and not the caller's. */
    bool begun;
    bool full;        /* there is at least one more: `last` is the cursor of the next page */
    uint64_t reached; /* the last entry that was looked at */
    uint64_t to_skip;
    size_t given;
    uint64_t last; /* the last entry that was given */
};

struct lb_page_query {
    struct lb_list list;
    bool descending; /* newest first */
    uint64_t cursor; /* entries after this one in that direction; 0: from the start */
    uint64_t skip;
    size_t take;
    struct lb_str term;                /* a folded sub-string; empty: all */
    struct lb_page_progress *progress; /* NULL: the page is made in one call */
};

struct lb_page_result {
    uint64_t total;   /* entries of the list */
    bool total_known; /* false with a term */
    uint64_t next;    /* cursor of the next page, 0: this was the last */
    bool unfinished;  /* `look` entries were looked at: call again, with any reader */
};

/* Calls `each` for the entries of a page, in order, and stops at its first failure. Counts as
 * quiescent (base/rcu.h): `each` may not use pointers of the caller's that are read without locks,
 * such as that of a campaign. */
lb_err lb_blocklist_page(struct lb_blocklist *blocklist, struct lb_store_reader *reader,
                         const struct lb_page_query *query, void *context,
                         lb_err (*each)(void *context, const struct lb_entry *entry),
                         struct lb_page_result *out);

/* How many entries a list has. */
uint64_t lb_blocklist_count(struct lb_blocklist *blocklist, struct lb_list list);

/* --- Changes --- */

/* May a workspace that has `entries` hold `extra` more? LB_OK, or LB_ERR_WORKSPACE_OVERLOADED with
 * the reason. Any thread. */
lb_err lb_blocklist_check_room(const struct lb_blocklist *blocklist, uint64_t entries,
                               uint64_t extra, struct lb_reason *reason);

struct lb_change_item {
    struct lb_str identifier; /* canonical */
    struct lb_str reason;     /* ptr NULL: none */
};

/* A change of a blocklist, embedded in its owner's struct; what it points to lives as long. Fill
 * `write` (completion, home, share, size), `standing` and the fields of one kind, then prepare it
 * with the function of that kind and submit `write`. */
struct lb_change {
    struct lb_write write; /* first: the writer hands it back */
    struct lb_blocklist *blocklist;
    struct lb_standing standing;
    const struct lb_change_item *items;  /* block, unblock by identifier */
    struct lb_fingerprint *fingerprints; /* room for `count`; filled when prepared */
    const uint64_t *ids;                 /* unblock by entry id */
    uint64_t undone;                     /* undo: the change to take back */
    size_t count;
    /* Results. */
    uint64_t id; /* names the change, for undoing it; 0: it changed nothing */
    uint64_t blocked;
    uint64_t unblocked;
};

void lb_change_block(struct lb_change *change);
void lb_change_unblock(struct lb_change *change);
void lb_change_unblock_ids(struct lb_change *change);
/* Takes back exactly what another change of the workspace did, as far as it still versions; a
 * second time it does nothing, so that a retry is safe. LB_ERR_NOT_FOUND when the workspace has no
 * such change. */
void lb_change_undo(struct lb_change *change);

/* Takes the memory that lb_blocklist_end_list needs, before the open transaction is committed.
 * False when out of memory. Writer thread. */
bool lb_blocklist_reserve_end(struct lb_blocklist *blocklist);

/* The campaign is gone: its entries leave memory bit by bit, in the writer's upkeep. Writer
 * thread, with a reservation. */
void lb_blocklist_end_list(struct lb_blocklist *blocklist, struct lb_list list);

#endif
