/* Copies a whole installation from one store to another, of any backends: all data,
 * under the same numbers and entry ids, and verified. A copy that was interrupted goes on
 * where it was when it is run again.
 *
 * The copy has a marker in the target from its beginning to its end, and a target with a marker is
 * not served. Rows are read from one state of the source, in batches, and each batch is committed
 * together with the place where the next one begins. At the end both sides are read again, and a
 * digest of every table is compared: sums of a hash of each row, which tell errors of any kind
 * in any order of the rows, but do not prove that the data was not forged.
 *
 * Threads: one, and no server on either store. */
#ifndef LB_DOMAIN_COPY_COPY_H
#define LB_DOMAIN_COPY_COPY_H

#include "store/copy.h"
#include "store/store.h"

enum lb_copy_phase {
    LB_COPY_WRITING, /* rows into the target */
    LB_COPY_READING  /* both sides, to compare them */
};

struct lb_copy_progress {
    enum lb_copy_phase phase;
    const char *table;
    uint64_t done; /* rows of this phase, and how many there will be */
    uint64_t all;
    uint64_t before; /* of those done: by earlier attempts */
};

struct lb_copy_settings {
    struct lb_store *from;
    struct lb_store *to;
    bool only_compare; /* changes nothing */
    void *context;
    /* When a phase begins, and now and then; NULL: not called. */
    void (*progress)(void *context, const struct lb_copy_progress *progress);
};

struct lb_copy_digest {
    uint64_t rows;
    uint64_t high, low; /* of the sum */
};

struct lb_copy_report {
    uint64_t copied; /* rows, by this attempt */
    bool compared;   /* were the digests made? */
    struct lb_copy_digest from[LB_COPY_TABLE_COUNT];
    struct lb_copy_digest to[LB_COPY_TABLE_COUNT];
};

bool lb_copy_same(const struct lb_copy_digest *a, const struct lb_copy_digest *b);

/* LB_ERR_ALREADY_EXISTS: the target has other data. LB_ERR_CONFLICT: a server or another copy uses
 * a store, or the sides differ, which the report tells table by table. The source's log must be all
 * there (lb_verify_end) before anything is written. Every failure has a reason; of a target that
 * was refused nothing has changed. */
lb_err lb_copy_run(const struct lb_copy_settings *settings, struct lb_copy_report *report,
                   struct lb_reason *reason);

/* LB_ERR_CONFLICT with a reason when the store is the target of a copy that was not finished. */
lb_err lb_copy_check_finished(struct lb_store *store, struct lb_reason *reason);

#endif
