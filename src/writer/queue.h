/* Writes that wait for their batch. Threads: the writer's. */
#ifndef LB_WRITER_QUEUE_H
#define LB_WRITER_QUEUE_H

#include "writer/writer.h"

/* First in, first out. */
struct queue {
    struct lb_write *first;
    struct lb_write **last;
};

static inline void empty(struct queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static inline void append(struct queue *queue, struct lb_write *write)
{
    write->next = NULL;
    *queue->last = write;
    queue->last = &write->next;
}

#endif
