/* Reading the log of one workspace from one row on, some rows at a time. SQLite has one log of all
 * workspaces: memory tells where the own rows are. Threads: the reader's. */
#ifndef LB_DOMAIN_BLOCKLIST_OWN_ROWS_H
#define LB_DOMAIN_BLOCKLIST_OWN_ROWS_H

#include "domain/access/directory.h"
#include "store/store.h"

struct lb_own_rows {
    struct lb_store *store;
    const struct lb_workspace *workspace;
    uint64_t next;      /* id of a row: that one and those before it were not read yet */
    uint64_t open_from; /* on the writer: rows of the open batch, which memory does not know, have
                           ids from there on; 0: elsewhere */
    void *context;
    /* Takes an own row. LB_ERR_NOT_FOUND: it was the last one for now; else a failure. */
    lb_err (*each)(void *context, const struct lb_log_row *row);
    /* Its own. */
    size_t left, strange;
    lb_err stopped;
};

/* Reads up to `max` rows, those of others between them included, with ids below `end`.
 * `*out_done`: there are no more. */
lb_err lb_own_rows_read(struct lb_own_rows *rows, struct lb_store_reader *reader, uint64_t end,
                        size_t max, bool *out_done);

#endif
