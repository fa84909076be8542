/* For tests: the wall clock of this process, moved. A program that uses it is linked with the
 * wrapper that tests/meson.build names. Threads: any. */
#ifndef LB_TESTS_MOVED_CLOCK_H
#define LB_TESTS_MOVED_CLOCK_H

#include <stdint.h>

/* Ahead of the real one by so much from now on. */
void moved_clock_set(int64_t ahead_ms);

#endif
