/* Writes of a file that is imported: one after the other, each of which the importer's thread waits
 * for. Threads: one at a time, registered with RCU and offline. */
#ifndef LB_API_BATCH_WRITE_H
#define LB_API_BATCH_WRITE_H

#include "api/call.h"

/* Where the writer hands them back. All zero at first. */
struct lb_batch_writer {
    struct lb_mailbox *mailbox;
    struct lb_task arrived;
};

/* LB_ERR_OVERLOADED when out of memory; to be finished in any case. */
lb_err lb_batch_writer_init(struct lb_batch_writer *writer);
void lb_batch_writer_fini(struct lb_batch_writer *writer);

/* Has the writer do it and waits. While it is busy, or another node has the lock, it is asked again
 * for a while, and `prepare` is called before each time: it returns the write, with its size, and
 * what is its own. Returns the write's result, or why it was not taken. */
lb_err lb_batch_write(struct lb_batch_writer *writer, struct lb_call *call, void *context,
                      struct lb_write *(*prepare)(void *context));

#endif
