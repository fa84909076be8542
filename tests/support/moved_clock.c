#include "support/moved_clock.h"

#include <stdatomic.h>

int64_t __real_lb_clock_wall_ms(void);
int64_t __real_lb_clock_boot_ms(void);

/* The linker gives every call of the program's to these. */
int64_t __wrap_lb_clock_wall_ms(void);
int64_t __wrap_lb_clock_boot_ms(void);

static _Atomic int64_t ahead;
static _Atomic int64_t passed;

void moved_clock_set(int64_t ahead_ms)
{
    atomic_store(&ahead, ahead_ms);
}

void moved_clock_pass(int64_t ms)
{
    atomic_fetch_add(&passed, ms);
}

int64_t __wrap_lb_clock_wall_ms(void)
{
    return __real_lb_clock_wall_ms() + atomic_load(&passed) + atomic_load(&ahead);
}

int64_t __wrap_lb_clock_boot_ms(void)
{
    return __real_lb_clock_boot_ms() + atomic_load(&passed);
}
