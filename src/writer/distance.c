#include "writer/distance.h"

/* What a store that is near takes to answer; one that is further away is so many times slower at
 * most. */
#define NEAR_NS     UINT64_C(1000000)
#define TIMES_MAX   10
#define ANSWERS_MAX 32 /* then the least of them is remembered for as many more */

void lb_distance_note(struct lb_distance *distance, uint64_t took_ns)
{
    uint64_t *least_ns = distance->least_ns;
    if (distance->answers == ANSWERS_MAX) {
        least_ns[1] = least_ns[0];
        distance->answers = 0;
    }
    if (!distance->answers || took_ns < least_ns[0])
        least_ns[0] = took_ns;
    distance->answers++;
}

uint64_t lb_distance_times(const struct lb_distance *distance)
{
    const uint64_t *least_ns = distance->least_ns;
    uint64_t least = least_ns[1] && least_ns[1] < least_ns[0] ? least_ns[1] : least_ns[0];
    uint64_t times = 1 + least / NEAR_NS;
    return times < TIMES_MAX ? times : TIMES_MAX;
}
