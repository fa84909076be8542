/* Writes that wait, first in, first out, chained by their `next`. Threads: the writer's. */
#ifndef LB_WRITER_QUEUE_H
#define LB_WRITER_QUEUE_H

#include "writer/writer.h"

struct lb_write_queue {
    struct lb_write *first;
    struct lb_write **last; /* where the next one goes */
};

void lb_write_queue_empty(struct lb_write_queue *queue);

void lb_write_queue_append(struct lb_write_queue *queue, struct lb_write *write);

/* Takes the first, until they are so many or have so many bytes: as a chain. How many. */
size_t lb_write_queue_take(struct lb_write_queue *queue, size_t count_max, size_t bytes_max,
                           struct lb_write **out_first);

/* The same of one workspace, from among the first so many of the queue. */
size_t lb_write_queue_take_of(struct lb_write_queue *queue, const struct lb_writer_share *share,
                              size_t among, size_t bytes_max, struct lb_write **out_first);

/* How many a chain has. */
size_t lb_write_queue_count(const struct lb_write *first);

/* How many of them have failed. */
size_t lb_write_queue_failed(const struct lb_write *first);

/* Does any of those that have not failed change a workspace, or the installation's list? A shared
 * store is asked to lock them. */
bool lb_write_queue_locks(const struct lb_write *first);

/* Do any of those that have not failed change another workspace than the first? */
bool lb_write_queue_of_several(const struct lb_write *first);

/* Ends a chain that was taken after this write: what follows is the first of the queue again. How
 * many. */
size_t lb_write_queue_put_back(struct lb_write_queue *queue, struct lb_write *last);

/* Moves the first write of another workspace than this one to the front. */
void lb_write_queue_let_another_first(struct lb_write_queue *queue,
                                      const struct lb_writer_share *share);

#endif
