/* What writes take of the queue, and of the share of their workspace. Threads: any. */
#ifndef LB_WRITER_ROOM_H
#define LB_WRITER_ROOM_H

#include "writer/writer.h"

/* LB_ERR_OVERLOADED: the queue is full. LB_ERR_WORKSPACE_OVERLOADED: the workspace's share is. */
lb_err lb_writer_room_take(struct lb_quota *queued, const struct lb_writer_settings *settings,
                           const struct lb_write *write);

/* Gives back that of a chain: once for the queue, and once for each run of one share. */
void lb_writer_room_give(struct lb_quota *queued, const struct lb_writer_settings *settings,
                         const struct lb_write *first);

#endif
