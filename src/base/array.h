/* Arrays that grow. Threads: those of the array. */
#ifndef LB_BASE_ARRAY_H
#define LB_BASE_ARRAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#define LB_ARRAY_FIRST 4 /* items; the capacity doubles from there */

/* `array_at` is the address of a pointer to items of `size` bytes, NULL at first, and `*capacity`
 * how many it has room for. Afterwards it has room for `count`, and the new ones are zero. False
 * when out of memory, and then nothing changed. */
static inline bool lb_array_grow(void *array_at, size_t *capacity, size_t count, size_t size)
{
    void *array, *moved;
    size_t larger = *capacity ? *capacity : LB_ARRAY_FIRST;
    if (count <= *capacity)
        return true;
    while (larger < count)
        larger *= 2;
    memcpy(&array, array_at, sizeof array);
    moved = realloc(array, larger * size);
    if (!moved)
        return false;
    memset((char *)moved + *capacity * size, 0, (larger - *capacity) * size);
    memcpy(array_at, &moved, sizeof moved);
    *capacity = larger;
    return true;
}

/* The same for the variables of an array: their names, not their addresses. */
#define lb_array_reserve(array, capacity, count)                                                   \
    lb_array_grow(&(array), &(capacity), (count), sizeof(*(array)))

#endif
