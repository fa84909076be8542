/* Notices that the wall clock was set back, by comparing it with one that nothing sets. A clock
 * that is slowed down, as time services do, is not set back. Threads: one. */
#ifndef LB_BASE_CLOCK_WATCH_H
#define LB_BASE_CLOCK_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#define LB_CLOCK_BACK_MIN_MS 1000 /* less between two looks is no step */

/* Zeroed: nothing was seen yet. */
struct lb_clock_watch {
    bool begun;
    int64_t ahead_ms; /* of the wall clock before the other, at the last look */
};

/* By how many milliseconds the wall clock was set back since the last look; 0: it was not. */
int64_t lb_clock_watch_compare(struct lb_clock_watch *watch, int64_t wall_ms, int64_t steady_ms);

/* The same with the time that it is. */
int64_t lb_clock_watch_look(struct lb_clock_watch *watch);

#endif
