#include "writer/queue.h"

void lb_write_queue_empty(struct lb_write_queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

void lb_write_queue_append(struct lb_write_queue *queue, struct lb_write *write)
{
    write->next = NULL;
    *queue->last = write;
    queue->last = &write->next;
}

size_t lb_write_queue_take(struct lb_write_queue *queue, size_t count_max, size_t bytes_max,
                           struct lb_write **out_first)
{
    size_t bytes = 0, count = 0;
    struct lb_write **end = &queue->first;
    *out_first = queue->first;
    while (*end && count < count_max && bytes < bytes_max) {
        bytes += (*end)->size;
        count++;
        end = &(*end)->next;
    }
    queue->first = *end;
    *end = NULL;
    if (!queue->first)
        queue->last = &queue->first;
    return count;
}

size_t lb_write_queue_take_of(struct lb_write_queue *queue, const struct lb_writer_share *share,
                              size_t among, size_t bytes_max, struct lb_write **out_first)
{
    size_t bytes = 0, count = 0;
    struct lb_write **at = &queue->first, **end = out_first;
    for (; *at && among && bytes < bytes_max; among--) {
        struct lb_write *write = *at;
        if (write->share != share) {
            at = &write->next;
            continue;
        }
        *at = write->next;
        *end = write;
        end = &write->next;
        bytes += write->size;
        count++;
    }
    *end = NULL;
    if (!*at)
        queue->last = at;
    return count;
}

size_t lb_write_queue_count(const struct lb_write *first)
{
    size_t count = 0;
    for (; first; first = first->next)
        count++;
    return count;
}

size_t lb_write_queue_failed(const struct lb_write *first)
{
    size_t failed = 0;
    for (; first; first = first->next)
        failed += first->result != LB_OK;
    return failed;
}

bool lb_write_queue_locks(const struct lb_write *first)
{
    while (first && (first->result || (!first->workspace && !first->installation)))
        first = first->next;
    return first;
}

bool lb_write_queue_of_several(const struct lb_write *first)
{
    for (const struct lb_write *write = first; write; write = write->next)
        if (!write->result &&
            (write->workspace != first->workspace || write->installation != first->installation))
            return true;
    return false;
}

size_t lb_write_queue_put_back(struct lb_write_queue *queue, struct lb_write *last)
{
    struct lb_write **end = &last->next;
    size_t count = lb_write_queue_count(last->next);
    if (!count)
        return 0;
    while (*end)
        end = &(*end)->next;
    *end = queue->first;
    if (!queue->first)
        queue->last = end;
    queue->first = last->next;
    last->next = NULL;
    return count;
}

void lb_write_queue_let_another_first(struct lb_write_queue *queue,
                                      const struct lb_writer_share *share)
{
    struct lb_write **at = &queue->first;
    while (*at && (*at)->share == share)
        at = &(*at)->next;
    struct lb_write *other = *at;
    if (!other || at == &queue->first)
        return;
    *at = other->next;
    if (!*at)
        queue->last = at;
    other->next = queue->first;
    queue->first = other;
}
