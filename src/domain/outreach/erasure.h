/* Erasing a person from a workspace: names, and what is known of the person by them, leave the log
 * (blocklist/erase.h), the leads with their activities, and what else has texts. Who was blocked
 * stays blocked by tags of all names that the workspace knew (blocklist/erased.h).
 *
 * The person is who has one of the names that are given. LinkedIn names and member ids that are
 * linked with one of them (blocklist/persons.h), also by a name that was seen with several, are the
 * person's. A lead that has one of them is the
 * person's; its LinkedIn name and member id are names of the person, and lead to further leads. Its
 * e-mail address and phone number are names, too, unless another person's lead has them; they
 * lead nowhere.
 *
 * A row of the log whose people are all erased loses its reason and the address that it came from
 * as well; any row loses a reason or import id that has an unmistakable name of the person, or the
 * address of the profile. Other names ("client") may be words, and stay there.
 *
 * Threads: filled and found on a reader's, in turns; applied on the writer's, which looks again for
 * what has come since: with `again` set nothing was done, as there is too much of it, and the
 * reader is to go on. */
#ifndef LB_DOMAIN_OUTREACH_ERASURE_H
#define LB_DOMAIN_OUTREACH_ERASURE_H

#include "domain/blocklist/erase.h"
#include "domain/blocklist/erased.h"
#include "domain/outreach/outreach.h"

#define LB_ERASURE_NAMES_MAX 100
#define LB_ERASURE_LEADS_MAX 1000
#define LB_ERASURE_ROWS_MAX  10000 /* one write rewrites them, and others wait */

/* A name of the person. */
struct lb_erasure_name {
    struct lb_str key;
    bool leads; /* leads that have it are the person's */
    bool looked;
};

struct lb_erasure {
    struct lb_change change; /* first: its write is submitted */
    struct lb_outreach *outreach;
    struct lb_erasure_name names[LB_ERASURE_NAMES_MAX];
    size_t name_count;
    char *words[LB_ERASURE_NAMES_MAX]; /* what texts are searched for: one of each name, folded */
    size_t word_count;
    uint64_t *leads;
    size_t lead_count, lead_capacity;
    struct lb_erased_row *rows;
    size_t row_count, row_capacity;
    uint64_t next;    /* id of the log's row that was not looked at yet */
    bool leads_found; /* by the reader */
    size_t strange;   /* rows of other workspaces, one after the other */
    bool again;
    /* Results. */
    uint64_t entries, reasons, lists;
};

/* All zero but for the change's blocklist and standing, and outreach. To be finished in any case.
 */
void lb_erasure_fini(struct lb_erasure *erasure);

/* A name that is given. LB_ERR_OVERLOADED: out of memory; LB_ERR_PAYLOAD_TOO_LARGE: too many. */
lb_err lb_erasure_add(struct lb_erasure *erasure, struct lb_str key);

/* One turn of looking for the person. `*out_done`: it was the last one. LB_ERR_PAYLOAD_TOO_LARGE
 * with a reason when there is too much for one erasure. */
lb_err lb_erasure_find(struct lb_erasure *erasure, struct lb_store_reader *reader, bool *out_done,
                       struct lb_reason *reason);

/* What was found is erased by the change's write; or looked for again: see above. */
void lb_erasure_prepare(struct lb_erasure *erasure);

#endif
