/* Time. Wall-clock times are milliseconds since 1970 UTC and are what the store and clients see;
 * durations and deadlines use the monotonic clock. Threads: stateless. */
#ifndef LB_BASE_CLOCK_H
#define LB_BASE_CLOCK_H

#include "base/str.h"

#include <stdint.h>

int64_t lb_clock_wall_ms(void);
uint64_t lb_clock_mono_ns(void);

/* Clocks of nodes differ by less. A recorded time that is further ahead of this node's clock than
 * it could be, and by more than this, was recorded by a clock that was ahead. */
#define LB_CLOCK_SLACK_MS INT64_C(60000)

/* Since the machine started, also while it slept; nothing sets it. */
int64_t lb_clock_boot_ms(void);

static inline uint64_t lb_clock_mono_ms(void)
{
    return lb_clock_mono_ns() / 1000000;
}

#define LB_TIME_TEXT_SIZE 32 /* bytes that lb_time_format writes at most, with the NUL */

/* RFC 3339 UTC with milliseconds, "2026-11-23T07:31:56.123Z". Returns the length. */
size_t lb_time_format(int64_t wall_ms, char out[LB_TIME_TEXT_SIZE]);

/* Parses "2026-11-23", "2026-11-23T07:31:56Z" or with a fraction of a second; UTC only. A bare date
 * means the start of that day. False when it is none of these or no real date. */
bool lb_time_parse(struct lb_str text, int64_t *out_wall_ms);

#endif
