/* The people of a file on their way into a blocklist, or out of it: they are gathered, and handed
 * to the writer some thousand at a time, as changes like any other. A try only looks them up.
 *
 * Threads: one at a time, registered with RCU and offline. */
#ifndef LB_API_BLOCKLIST_PEOPLE_H
#define LB_API_BLOCKLIST_PEOPLE_H

#include "api/batch_write.h"
#include "api/blocklist/changes.h"
#include "domain/blocklist/imports.h"
#include "domain/blocklist/identifier.h"
#include "import/import.h"
#include "import/tally.h"

struct lb_people {
    struct lb_call *call;
    struct lb_standing standing;
    bool blocks;  /* else it unblocks */
    bool dry_run; /* nothing is changed */
    /* Those that are gathered. */
    struct lb_change_item *items;
    struct lb_fingerprint *fingerprints;
    char *text;
    size_t count;
    size_t most; /* at once */
    size_t text_len;
    bool has_ends;        /* some have a kind or an end */
    struct lb_str reason; /* of the last one, in `text` */
    struct lb_imports_step step;
    struct lb_imports_run run; /* its row is filled by the owner before the first are handed over */
    struct lb_batch_writer writer;
    /* Those that are done. */
    struct lb_tally tally;
    uint64_t done;                 /* blocked or unblocked by this */
    uint64_t found;                /* in all, as often as they were found */
    uint64_t changes;              /* that changed anything */
    struct lb_public_id change_id; /* of the last of them; 0: none */
};

/* done + rest + duplicates = found. */
struct lb_people_counts {
    uint64_t done;
    uint64_t rest; /* different people who were blocked already, or not blocked */
    uint64_t duplicates;
};

/* All zero but for call, blocks and dry_run before; lb_people_fini is to be called whatever this
 * returns. LB_ERR_OVERLOADED when out of memory. */
lb_err lb_people_init(struct lb_people *people);
void lb_people_fini(struct lb_people *people);

/* One that a file names. */
struct lb_people_item {
    struct lb_str key; /* item.h */
    struct lb_str reason;
    enum lb_block_kind kind;
    int64_t end;
};

/* Adds one, whose strings are copied. When there is no room the others are handed over first, and
 * `*out_flushed` is set. */
lb_err lb_people_add(struct lb_people *people, const struct lb_people_item *item, bool *out_flushed,
                     struct lb_reason *why);

/* Hands over those that are gathered, and waits until they are recorded. When the writer is busy it
 * tries again for a while. LB_OK, or why they were not recorded. */
lb_err lb_people_flush(struct lb_people *people, struct lb_reason *why);

/* Once, at the end. */
lb_err lb_people_count(struct lb_people *people, struct lb_people_counts *out);

/* Records how the import ended; `rows` are those of its file. It waits, as lb_people_flush. */
lb_err lb_people_end(struct lb_people *people, const struct lb_people_counts *counts,
                     const struct lb_import_counts *rows, bool finished, struct lb_reason *why);

#endif
