/* For tests: memory is short for SQLite; for the program itself, support/starve.h.
 * Threads: any may set it, while no other does. */
#ifndef LB_TESTS_FAULTY_MEMORY_H
#define LB_TESTS_FAULTY_MEMORY_H

#include <stdbool.h>
#include <stdint.h>

/* Before anything of SQLite's is used. */
void faulty_memory_install(void);

/* The `nth` allocation of SQLite's from now on (1: the next) fails. */
void faulty_memory_fail(int64_t nth);

/* Has it failed? */
bool faulty_memory_failed(void);

/* Nothing fails from here on. Has it? */
bool faulty_memory_heal(void);

#endif
