/* The readers: a few threads for work that must not be done on an I/O thread, which is reading the
 * store, and chewing through large bodies.
 *
 * Work is done in turns, which go round over the workspaces that wait: one of them waits for a turn
 * of each other, however much those have asked for. What takes long gives the thread back after
 * each bounded piece of work and goes on in a later turn. Of several threads one workspace has all
 * but one at most.
 *
 * Threads: submit and stats from any; `run` and `cancel` are called on a reader thread, which is
 * registered with RCU and online. Turns of one read may fall to different threads, never to two at
 * once.
 * Order: create (opens the store readers), stop (cancels what is queued, takes nothing more),
 * destroy. */
#ifndef LB_READER_READER_H
#define LB_READER_READER_H

#include "base/quota.h"
#include "store/store.h"

enum lb_turn {
    LB_TURN_LAST, /* the read is done, and may be gone */
    LB_TURN_MORE  /* it goes to the end of its lane, in the place that it has */
};

/* A piece of work; embedded in its owner's struct. */
struct lb_read {
    /* Does the work, or a bounded part of it, with the store reader of the thread. Completes its
     * owner in the last turn. */
    enum lb_turn (*run)(struct lb_read *read, struct lb_store *store,
                        struct lb_store_reader *reader);
    /* Instead of a turn when the pool stops: completes its owner without the work. */
    void (*cancel)(struct lb_read *read);
    struct lb_read_lane *lane; /* of the workspace; NULL for operators, who share one */
    struct lb_read *next;      /* the pool's own */
};

/* A workspace at the readers: embedded in its struct, all zero at first, the pool's own. It lives
 * as long as the pool. */
struct lb_read_lane {
    struct lb_quota taken; /* places in the queue: reads that wait or are under way */
    /* Guarded by the pool's lock. */
    struct lb_read *first, *last; /* reads that wait for a turn */
    unsigned running;             /* turns under way */
    bool listed;                  /* among the lanes that a thread may serve now */
    struct lb_read_lane *next;
};

struct lb_readers;

struct lb_readers_settings {
    struct lb_store *store;
    unsigned threads;
    unsigned queue_reads;   /* waiting or under way at most */
    unsigned share_percent; /* of those, for one workspace */
    const char *name;       /* of the threads */
};

lb_err lb_readers_create(const struct lb_readers_settings *settings, struct lb_readers **out);

/* LB_ERR_OVERLOADED or LB_ERR_WORKSPACE_OVERLOADED: not taken. LB_ERR_STORAGE_UNAVAILABLE: the pool
 * has stopped. */
lb_err lb_readers_submit(struct lb_readers *readers, struct lb_read *read);

struct lb_readers_stats {
    uint64_t queued;  /* reads that wait or are under way */
    uint64_t refused; /* for want of room */
};
void lb_readers_stats(struct lb_readers *readers, struct lb_readers_stats *out);

/* Waits for the turns under way. The caller is offline. */
void lb_readers_stop(struct lb_readers *readers);

/* After stop. */
void lb_readers_destroy(struct lb_readers *readers);

#endif
