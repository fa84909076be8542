/* After a commit, memory must say what the disk says. When it cannot, nobody may be told that the
 * change is done: the process ends, and the next start reads it all from the disk.
 * Threads: the writer's. */
#ifndef LB_DOMAIN_MUST_H
#define LB_DOMAIN_MUST_H

#include "base/log.h"

#include <unistd.h>

static inline void lb_must(bool done)
{
    if (done)
        return;
    lb_log(LB_LOG_ERROR, "writer", "out of memory after a commit; ending the process");
    lb_log_stop();
    _exit(1);
}

#endif
