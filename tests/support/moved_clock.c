#include "support/moved_clock.h"

#include <stdatomic.h>

int64_t __real_lb_clock_wall_ms(void);

/* The linker gives every call of the program's to this. */
int64_t __wrap_lb_clock_wall_ms(void);

static _Atomic int64_t ahead;

void moved_clock_set(int64_t ahead_ms)
{
    atomic_store(&ahead, ahead_ms);
}

int64_t __wrap_lb_clock_wall_ms(void)
{
    return __real_lb_clock_wall_ms() + atomic_load(&ahead);
}
