#include "base/clock_watch.h"

#include "base/clock.h"

/* Between two readings of the steady clock: if it is more, they tell nothing of the wall clock's,
 * which lies between. */
#define PAUSE_MAX_MS 100

int64_t lb_clock_watch_compare(struct lb_clock_watch *watch, int64_t wall_ms, int64_t steady_ms)
{
    int64_t ahead_ms = wall_ms - steady_ms;
    int64_t back_ms = watch->begun ? watch->ahead_ms - ahead_ms : 0;
    watch->begun = true;
    watch->ahead_ms = ahead_ms;
    return back_ms >= LB_CLOCK_BACK_MIN_MS ? back_ms : 0;
}

int64_t lb_clock_watch_look(struct lb_clock_watch *watch)
{
    int64_t before_ms = lb_clock_boot_ms();
    int64_t wall_ms = lb_clock_wall_ms();
    if (lb_clock_boot_ms() - before_ms > PAUSE_MAX_MS)
        return 0;
    return lb_clock_watch_compare(watch, wall_ms, before_ms);
}
