/* How far away a store is: the least that it took of late to answer. What else it waits for, such
 * as a lock or a disk, makes single answers late. Threads: the writer's. */
#ifndef LB_WRITER_DISTANCE_H
#define LB_WRITER_DISTANCE_H

#include <stddef.h>
#include <stdint.h>

/* All zero: no answer has come yet. */
struct lb_distance {
    uint64_t least_ns[2]; /* of the answers now, and of those before */
    size_t answers;       /* now */
};

/* An answer took so long. */
void lb_distance_note(struct lb_distance *distance, uint64_t took_ns);

/* How many times slower it is than one that is near: 1 also when that is not known. */
uint64_t lb_distance_times(const struct lb_distance *distance);

#endif
