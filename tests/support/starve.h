/* For tests: memory is short for the program's own code (what its libraries take is not meant).
 * A test that uses it is linked with the wrappers that tests/meson.build names.
 * Threads: any may set it, while no other does. */
#ifndef LB_TESTS_STARVE_H
#define LB_TESTS_STARVE_H

#include <stdbool.h>
#include <stdint.h>

/* The calling thread gets its memory always: the test's own. */
void starve_never_me(void);

/* The `nth` allocation from now on (1: the next; malloc, calloc, realloc and mmap) fails, and with
 * `for_ever` all later ones too. */
void starve_at(uint64_t nth, bool for_ever);

/* Ends that. Says how many failed. */
uint64_t starve_end(void);

#endif
