#include "writer/room.h"

/* What a write weighs in the queue: its memory, and at least one of the queue's places, so that one
 * measure bounds both. */
static size_t weight(const struct lb_writer_settings *settings, const struct lb_write *write)
{
    size_t place = settings->queue_bytes / settings->queue_writes;
    size_t least = place ? place : 1;
    return write->size > least ? write->size : least;
}

lb_err lb_writer_room_take(struct lb_quota *queued, const struct lb_writer_settings *settings,
                           const struct lb_write *write)
{
    size_t amount = weight(settings, write);
    if (!lb_quota_take(queued, amount, settings->queue_bytes))
        return LB_ERR_OVERLOADED;
    if (!write->share || lb_quota_take(&write->share->queued, amount,
                                       settings->queue_bytes / 100 * settings->share_percent))
        return LB_OK;
    lb_quota_give(queued, amount);
    return LB_ERR_WORKSPACE_OVERLOADED;
}

void lb_writer_room_give(struct lb_quota *queued, const struct lb_writer_settings *settings,
                         const struct lb_write *first)
{
    size_t all = 0;
    while (first) {
        struct lb_writer_share *share = first->share;
        size_t amount = 0;
        for (; first && first->share == share; first = first->next)
            amount += weight(settings, first);
        if (share)
            lb_quota_give(&share->queued, amount);
        all += amount;
    }
    lb_quota_give(queued, all);
}
