/* For tests: numbers that look random and are the same in each run (Marsaglia's xorshift64).
 * Threads: those of the state. */
#ifndef LB_TESTS_RANDOM_H
#define LB_TESTS_RANDOM_H

#include <stdint.h>

#define RANDOM_SEED UINT64_C(88172645463325252) /* Marsaglia's own; any but 0 will do */

static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
