#include "support/thinned.h"

#include <stdlib.h>

#define WHOLE 8 /* cases from the beginning: a short operation is tried whole */

static uint64_t number_from(const char *name)
{
    const char *text = getenv(name);
    return text ? strtoull(text, NULL, 10) : 0;
}

uint64_t thinned_step(uint64_t number)
{
    uint64_t every = number_from("LEADBLOCK_TEST_EVERY");
    uint64_t turn = number_from("LEADBLOCK_TEST_TURN");
    uint64_t next = number + 1;
    while (every && next > WHOLE && next % every != turn % every)
        next++;
    return next - number;
}

int64_t thinned_nth(int64_t nth, uint64_t *number, int64_t pace)
{
    uint64_t steps = thinned_step(*number);
    *number += steps;
    while (steps--)
        nth += 1 + nth / pace;
    return nth;
}
