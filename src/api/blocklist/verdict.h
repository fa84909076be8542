/* What is told of a block that a check has found. Of an entry of the installation's list a
 * workspace is told that it is there, and since when: not why, nor who made it. Threads: a
 * reader's. */
#ifndef LB_API_BLOCKLIST_VERDICT_H
#define LB_API_BLOCKLIST_VERDICT_H

#include "api/call.h"

struct lb_told {
    struct lb_str reason; /* until the next read; ptr NULL: none */
    int64_t at;           /* 0: not blocked */
};

/* LB_ERR_NOT_FOUND when the entry does not exist (any more). */
lb_err lb_verdict_read(const struct lb_call *call, struct lb_store_reader *reader,
                       struct lb_verdict verdict, struct lb_told *out);

/* When the block was made, if that is all there is to tell of it: else it has to be read. */
bool lb_verdict_at(const struct lb_call *call, struct lb_verdict verdict, int64_t *out_at);

/* Is the entry one of the workspace's rows, to be read for lb_verdict_read? */
bool lb_verdict_is_read(const struct lb_call *call, struct lb_verdict verdict);

/* Appends the scope as JSON: "workspace", ... or null. */
void lb_verdict_put_scope(struct lb_buf *body, struct lb_verdict verdict);

#endif
