/* What the files of the blocklist share; see blocklist.h. */
#ifndef LB_DOMAIN_BLOCKLIST_INTERNAL_H
#define LB_DOMAIN_BLOCKLIST_INTERNAL_H

#include "domain/access/nodes.h"
#include "domain/blocklist/change.h"
#include "domain/blocklist/ends.h"
#include "domain/blocklist/erased.h"
#include "domain/blocklist/overlay.h"
#include "domain/blocklist/persons.h"
#include "domain/blocklist/twins.h"
#include "store/chain.h"

/* An entry: see gone.h. */
struct lb_going {
    uint32_t workspace;
    uint64_t id;
};

/* A person, by the fingerprint, one of whose entries an undo took back: see undo.c. */
struct lb_undo_outcome {
    struct lb_fingerprint fingerprint;
    size_t place;
    uint64_t stays;
};

#define LB_EPOCH_SEED_SIZE 16

/* The one that was asked for last, as nearly all rows are of the workspace of the row before. */
struct lb_last_epoch {
    uint32_t workspace;
    uint64_t epoch; /* 0: none since the seed was drawn */
};

struct lb_blocklist {
    struct lb_directory *directory;
    struct lb_store *store;
    uint64_t max_workspace_entries;
    uint64_t max_daily_rows;
    uint64_t max_daily_bytes;
    struct lb_write *first_write; /* the writer's: of the open batch */
    struct lb_index *index;
    struct lb_list_orders *orders;
    struct lb_erased *erased; /* names that are known by a tag */
    /* Counts entries that are about to leave the index, and links that are about to end, so that a
     * check that looks into two lists, or for two names, notices when a block may have moved from
     * the one where it had not looked yet to the one where it had. */
    _Atomic uint64_t removals;
    /* Has the installation's list had entries? Never false when it has: until then no check looks
     * into it. */
    _Atomic bool has_installation;
    struct lb_index *gone_for_all; /* see gone.h */
    _Atomic bool has_gone;
    /* The writer's. */
    struct lb_overlay batch;
    struct lb_index *gone;
    struct lb_going *going; /* that are to be published */
    size_t going_count, going_capacity;
    struct lb_twins twins;
    struct lb_ends ends;
    struct lb_persons *people;
    struct lb_ending *ending_soon;          /* expiry.h; NULL: before the writer is known */
    struct lb_locked locked;                /* by the open batch */
    uint8_t epoch_seed[LB_EPOCH_SEED_SIZE]; /* see lb_blocklist_epoch */
    struct lb_last_epoch last_epoch;        /* goes when a seed is drawn */
    uint64_t next_id;                       /* after the last commit, unless ids are numbers */
    struct lb_buf row_items;                /* the row being packed */
    struct lb_commitment row_commitments[LB_ROW_ITEMS_MAX]; /* to its items, if they are names */
    struct lb_buf copied_row; /* of the log, while other rows are read */
    struct lb_list *ended;    /* lists of deleted campaigns, still in memory */
    size_t ended_count;
    size_t ended_capacity;
    size_t ending;                        /* lists that the open batch ends */
    uint64_t stayed_ids[LB_STAYED_SHOWN]; /* what keeps people blocked whose block is undone */
    struct lb_undo_outcome *outcomes;     /* of the undo that is applied */
    size_t outcome_count, outcome_capacity;
    bool partly;                           /* it was loaded by lb_blocklist_load_each */
    struct lb_blocklist_follower follower; /* its context NULL: none */
    struct lb_blocklist_listener listener; /* the same */
    struct lb_workspace **with_events; /* that the open batch has recorded events of (outbox.h) */
    size_t with_events_count;
    size_t with_events_capacity;
};

static inline struct lb_fingerprint lb_blocklist_hash(const struct lb_blocklist *blocklist,
                                                      struct lb_list list, struct lb_str identifier)
{
    return lb_index_fingerprint(blocklist->index, lb_list_number(list), identifier);
}

/* Of the rows that this process writes in the workspace. Each has one of its own: numbers count in
 * their workspace, so with one for all an id of another workspace would name a record of this one.
 * Writer. */
uint64_t lb_blocklist_epoch(struct lb_blocklist *blocklist, uint32_t workspace);

/* The key under which the workspace has a name, as the writer sees it: see erased.h. */
static inline struct lb_str lb_blocklist_key(const struct lb_blocklist *blocklist,
                                             uint32_t workspace, struct lb_str key)
{
    return lb_erased_find_in_batch(blocklist->erased, workspace, key);
}

/* The entry that blocks this identifier as the writer sees it, with the open batch; 0 when none.
 * Candidates of the index are confirmed against the stored row, so that two identifiers that share
 * a fingerprint stay two. Ends the strings of the writer's last read. */
lb_err lb_blocklist_current(struct lb_blocklist *blocklist, struct lb_list list,
                            struct lb_fingerprint fingerprint, struct lb_str identifier,
                            uint64_t *out_id);

/* Is entry `id` one of those in force of its fingerprint? Without the open batch. */
bool lb_blocklist_is_in_force(const struct lb_blocklist *blocklist,
                              struct lb_fingerprint fingerprint, uint64_t id);

/* Counts entries of a workspace, one more or less, that is in this order. */
void lb_blocklist_count_entry(struct lb_workspace *workspace, uint64_t order, int64_t change);

/* Before an entry of a list is recorded or in memory. */
static inline void lb_blocklist_note_list(struct lb_blocklist *blocklist, struct lb_list list)
{
    if (list.workspace == LB_INSTALLATION_NO)
        atomic_store_explicit(&blocklist->has_installation, true, memory_order_release);
}

static inline bool lb_blocklist_has_installation(const struct lb_blocklist *blocklist)
{
    return atomic_load_explicit(&blocklist->has_installation, memory_order_acquire);
}

/* An entry is about to leave the index: see `removals`. */
void lb_blocklist_count_removal(struct lb_blocklist *blocklist);

/* lb_persons_retire, of which checks that are under way take notice: see `removals`. */
void lb_blocklist_retire_people(struct lb_blocklist *blocklist);

/* Says that the entries of a workspace are in memory up to this row. */
void lb_blocklist_set_mark(struct lb_workspace *workspace, const struct lb_log_mark *mark);

/* Where the log of a workspace ends, with what the open batch has added: to read, and to write when
 * the batch adds to it. */
struct lb_log_mark *lb_blocklist_batch_log(struct lb_blocklist *blocklist,
                                           struct lb_workspace *workspace);

/* Takes entries of a list that has ended out of memory; true when there are more. The writer's. */
bool lb_blocklist_sweep(struct lb_blocklist *blocklist);

/* daily_bytes.c: fails the writes of workspaces that have recorded as much within a day as they
 * may, when the batch begins; and counts what it has recorded. One batch may go beyond. */
void lb_daily_bytes_check(struct lb_blocklist *blocklist, struct lb_write *first);
void lb_daily_bytes_publish(struct lb_blocklist *blocklist);

#endif
