/* For tests: the clocks of this process, moved. A program that uses it is linked with the wrappers
 * that tests/meson.build names. Threads: any. */
#ifndef LB_TESTS_MOVED_CLOCK_H
#define LB_TESTS_MOVED_CLOCK_H

#include <stdint.h>

/* The wall clock is set: from now on it is ahead of the real one by so much. */
void moved_clock_set(int64_t ahead_ms);

/* Time passes, for the wall clock and for the one that nothing sets. */
void moved_clock_pass(int64_t ms);

#endif
