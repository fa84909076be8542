#include "store/row_number.h"

#include <sodium.h>

#define AT_A_TIME 64

/* A call of randombytes_buf costs as much as many of these. */
static _Thread_local uint32_t pool[AT_A_TIME];
static _Thread_local size_t pool_left;

uint64_t lb_row_epoch(void)
{
    if (pool_left == 0) {
        randombytes_buf(pool, sizeof pool);
        pool_left = AT_A_TIME;
    }
    return LB_ROW_EPOCH_MARK | (pool[--pool_left] & (LB_ROW_EPOCH_MARK - 1));
}

#define TIME_BITS   42 /* until 2109 */
#define RANDOM_BITS 20
#define GAP_BITS    10
/* Clocks that go back by less are taken as standing still. */
#define STANDS_STILL_MS 1000

uint64_t lb_row_number_of_time(int64_t at)
{
    static _Thread_local uint64_t last;
    uint64_t time = (uint64_t)at & ((UINT64_C(1) << TIME_BITS) - 1);
    uint64_t random = lb_row_epoch() & ((UINT64_C(1) << RANDOM_BITS) - 1);
    uint64_t number = UINT64_C(1) << 62 | time << RANDOM_BITS | random;
    if (number <= last && last - number < (uint64_t)STANDS_STILL_MS << RANDOM_BITS)
        number = last + 1 + (random >> (RANDOM_BITS - GAP_BITS));
    last = number;
    return number;
}
