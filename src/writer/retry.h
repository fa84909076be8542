/* When a write of the server's own that failed is tried again. */
#ifndef LB_WRITER_RETRY_H
#define LB_WRITER_RETRY_H

#include "base/clock.h"
#include "base/err.h"

#define LB_RETRY_SOON_MS 1000
#define LB_RETRY_LATE_MS 60000

/* Soon when it was refused, or another transaction was in the way; much later when it has waited
 * for a part of the store that is silent, and all other writes with it. `began_ms`: when it was
 * applied, or submitted if it never was: what it waits for in the queue is not its own. */
static inline uint64_t lb_retry_at_ms(lb_err err, uint64_t began_ms)
{
    uint64_t now = lb_clock_mono_ms();
    bool lost = err == LB_ERR_STORAGE_UNAVAILABLE || err == LB_ERR_OUTCOME_UNKNOWN;
    bool silent = lost && now - began_ms >= LB_RETRY_SOON_MS;
    return now + (silent ? LB_RETRY_LATE_MS : LB_RETRY_SOON_MS);
}

#endif
