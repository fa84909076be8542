/* Reading rows of the log into memory: what replay.c, which reads what other nodes have added, and
 * load.c, which reads all of it at start, share. Threads: the writer's, or before the threads
 * start. */
#ifndef LB_DOMAIN_BLOCKLIST_REPLAY_H
#define LB_DOMAIN_BLOCKLIST_REPLAY_H

#include "domain/blocklist/internal.h"
#include "domain/blocklist/links.h"

#define LB_REPLAY_GROUP 4096 /* entries hashed before they go into the index together */

struct lb_replay {
    struct lb_blocklist *blocklist;
    struct lb_store_reader *details; /* for the rows that later rows refer to */
    struct lb_log_mark last;         /* row that was read, in a shared store */
    bool agrees;                     /* the store still has what memory has */
    uint64_t next_id;                /* at start: no row after this has a lower one */
    struct lb_log_extent found, all; /* at start: see log_loaded in store/methods.h */
    void *context;
    bool (*progress)(void *context, uint64_t done, uint64_t all);
    uint64_t progress_at_ms;
    uint64_t turn, turns; /* which workspace it is at, and of how many; 0: entries are counted */
    bool alone;           /* nothing else erases names meanwhile */
    bool rests;     /* quiescent between rows: the caller holds nothing that readers may free */
    uint64_t known; /* the last number that memory had before this reading */
    uint64_t step;  /* numbers that one question asks for at most; 0: all */
    bool cut;       /* it was not asked for all */
    bool fruitless; /* and there were no rows */
    struct lb_erased_links unlinked; /* since memory learnt of them */
    size_t count;
    struct lb_fingerprint fingerprints[LB_REPLAY_GROUP];
    uint64_t ids[LB_REPLAY_GROUP];
};

/* NULL when out of memory; free() ends it. */
struct lb_replay *lb_replay_create(struct lb_blocklist *blocklist, void *context,
                                   bool (*progress)(void *, uint64_t done, uint64_t all));

/* One row, with so many items. */
lb_err lb_replay_row(struct lb_replay *replay, const struct lb_log_row *row, uint64_t items);
/* Entries of the rows so far that are not in the index yet. */
lb_err lb_replay_insert_group(struct lb_replay *replay);
/* The erased links of the rows so far. */
lb_err lb_replay_forget_links(struct lb_replay *replay, struct lb_workspace *workspace);

/* Reads what memory lacks of a workspace up to that version; with `step` the next piece of it. */
lb_err lb_replay_refresh(struct lb_replay *replay, const struct lb_workspace_version *latest);

/* Tells `progress` now and then; LB_ERR_STORAGE_UNAVAILABLE when it ends the reading. */
lb_err lb_replay_report(struct lb_replay *replay, uint64_t done);
/* Keys and campaigns alone, which is to be done before rows up to that version are read: those of
 * campaigns that memory does not know are skipped. */
lb_err lb_replay_refresh_access(struct lb_replay *replay,
                                const struct lb_workspace_version *latest);

#endif
