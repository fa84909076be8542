/* Memory must mirror the store. If it cannot be updated after a commit, no request may be answered
 * from it any more: the process exits, and the next start reads everything from the store.
 * Threads: the writer's. */
#ifndef LB_BASE_FATAL_H
#define LB_BASE_FATAL_H

#include "base/log.h"

#include <unistd.h>

static inline void lb_end_process(const char *why)
{
    lb_log(LB_LOG_ERROR, "writer", "%s; ending the process", why);
    lb_log_stop();
    _exit(1);
}

/* For what may not fail after a commit, since its memory was reserved before. */
static inline void lb_must(bool done)
{
    if (!done)
        lb_end_process("out of memory after a commit");
}

#endif
