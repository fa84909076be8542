/* For tests with a case for each operation that may fail: which of their cases run.
 *
 * All, but where LEADBLOCK_TEST_EVERY is a number: then the first cases, and of the others each of
 * so many, from the one on that LEADBLOCK_TEST_TURN chooses. script/lib/suites.py sets both for the
 * address-checked run and says what runs them all.
 * Threads: any. */
#ifndef LB_TESTS_THINNED_H
#define LB_TESTS_THINNED_H

#include <stdint.h>

/* How many cases after `number` (1: the first) the next one is that runs: 1 without those. */
uint64_t thinned_step(uint64_t number);

/* For operations with very many: the `nth` that fails in the next case that runs, of which
 * `*number` counts on; the later, the further apart, by one part of `pace`. */
int64_t thinned_nth(int64_t nth, uint64_t *number, int64_t pace);

#endif
