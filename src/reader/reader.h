/* The readers: a few threads for work that must not be done on an I/O thread, which is reading the
 * store, and chewing through large bodies.
 *
 * Threads: submit from any; `run` is called on a reader thread, which is registered with RCU and
 * online, with that thread's own store reader.
 * Order: create (opens the store readers), stop (finishes what is queued, takes nothing more),
 * destroy. */
#ifndef LB_READER_READER_H
#define LB_READER_READER_H

#include "base/share.h"
#include "store/store.h"

/* A piece of work; embedded in its owner's struct. */
struct lb_read {
    /* Does the work and completes its owner: the read may be gone when it returns. */
    void (*run)(struct lb_read *read, struct lb_store *store, struct lb_store_reader *reader);
    struct lb_share *share; /* of the workspace; NULL for operators */
    struct lb_read *next;   /* the pool's own */
};

struct lb_readers;

struct lb_readers_settings {
    struct lb_store *store;
    unsigned threads;
    unsigned queue_reads;   /* waiting or under way at most */
    unsigned share_percent; /* of those, for one workspace */
};

lb_err lb_readers_create(const struct lb_readers_settings *settings, struct lb_readers **out);

/* LB_ERR_OVERLOADED or LB_ERR_WORKSPACE_OVERLOADED: not taken. LB_ERR_STORAGE_UNAVAILABLE: the pool
 * has stopped. */
lb_err lb_readers_submit(struct lb_readers *readers, struct lb_read *read);

void lb_readers_stop(struct lb_readers *readers);

/* After stop. */
void lb_readers_destroy(struct lb_readers *readers);

#endif
