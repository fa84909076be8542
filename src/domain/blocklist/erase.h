/* Erasing names from the blocklists of a workspace, in the open transaction: the rows of the log
 * lose them, rows of kind LB_LOG_ERASED say so, and who was blocked by one of the names is blocked
 * from then on by the tags of all of them (erased.h), in the same list, with the same kind and end.
 * Without an end if one of the requests had none. Threads: the writer's. */
#ifndef LB_DOMAIN_BLOCKLIST_ERASE_H
#define LB_DOMAIN_BLOCKLIST_ERASE_H

#include "domain/blocklist/change.h"

/* What a row of the log is to lose. */
struct lb_erased_row {
    uint64_t id;
    uint32_t campaign; /* whose list it is about */
    struct lb_chain_erasure what;
};

struct lb_erase {
    struct lb_change *change; /* its standing has the workspace's own list; gets the change's id */
    const struct lb_str *names; /* keys */
    size_t name_count;
    const struct lb_erased_row *rows; /* in the order of their ids; all that name the person */
    size_t row_count;
    /* Results. */
    uint64_t entries; /* that lost their names */
    uint64_t reasons;
    uint64_t lists; /* that the person is blocked in */
};

lb_err lb_erase_apply(struct lb_erase *erase, struct lb_store *store);

#endif
