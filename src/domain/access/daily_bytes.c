#include "domain/access/daily_bytes.h"

#include <string.h>

#define HOUR_MS INT64_C(3600000)

static uint64_t *of_hour(struct lb_daily_bytes *bytes, int64_t hour)
{
    return &bytes->hours[hour % LB_DAILY_HOURS];
}

/* The clock was ahead, and has been set right: what was counted is counted as of now, or it would
 * count until the clock has come there again. */
static void take_as_of(struct lb_daily_bytes *bytes, int64_t hour)
{
    memset(bytes->hours, 0, sizeof bytes->hours);
    bytes->hour = hour;
    *of_hour(bytes, hour) = bytes->sum;
}

/* A clock that was set back by a little adds to the latest hour. */
static void go_on_to(struct lb_daily_bytes *bytes, int64_t hour)
{
    if (bytes->hour > hour + 1)
        take_as_of(bytes, hour);
    if (hour - bytes->hour >= LB_DAILY_HOURS) {
        memset(bytes->hours, 0, sizeof bytes->hours);
        bytes->sum = 0;
        bytes->hour = hour;
    }
    while (bytes->hour < hour) {
        uint64_t *next = of_hour(bytes, ++bytes->hour);
        bytes->sum -= *next;
        *next = 0;
    }
}

void lb_daily_bytes_add(struct lb_daily_bytes *bytes, int64_t now_ms, uint64_t count)
{
    go_on_to(bytes, now_ms / HOUR_MS);
    *of_hour(bytes, bytes->hour) += count;
    bytes->sum += count;
}

bool lb_daily_bytes_full(struct lb_daily_bytes *bytes, int64_t now_ms, uint64_t max,
                         unsigned *out_wait_s)
{
    go_on_to(bytes, now_ms / HOUR_MS);
    if (bytes->sum < max)
        return false;
    int64_t hour = bytes->hour - LB_DAILY_HOURS + 1;
    uint64_t left = bytes->sum - *of_hour(bytes, hour);
    while (left >= max)
        left -= *of_hour(bytes, ++hour);
    int64_t wait_ms = (hour + LB_DAILY_HOURS) * HOUR_MS - now_ms;
    *out_wait_s = wait_ms > 1000 ? (unsigned)((wait_ms + 999) / 1000) : 1;
    return true;
}
