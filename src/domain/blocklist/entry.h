/* Reading entries out of the log's rows: one, or one after the other. Threads: the reader's. */
#ifndef LB_DOMAIN_BLOCKLIST_ENTRY_H
#define LB_DOMAIN_BLOCKLIST_ENTRY_H

#include "store/store.h"

/* Reads one entry of a workspace through a reader. LB_ERR_NOT_FOUND for an id that is no block. */
lb_err lb_blocklist_entry(struct lb_store *store, struct lb_store_reader *reader,
                          uint32_t workspace, uint64_t id, struct lb_entry *out);

/* Reads entries whose ids come in order, and keeps the row that holds the last one. */
struct lb_entry_cursor {
    struct lb_store *store;
    struct lb_store_reader *reader;
    uint32_t workspace;
    struct lb_log_row row; /* id 0: none yet */
};

/* LB_ERR_NOT_FOUND for an id that is no block. The strings are good until the next read. */
lb_err lb_entry_read(struct lb_entry_cursor *cursor, uint64_t id, struct lb_entry *out);

#endif
