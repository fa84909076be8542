#include "http/input.h"

#include <stdlib.h>

#define POOL_MAX 1024 /* of each loop */

static struct lb_input *create(size_t capacity)
{
    struct lb_input *input = malloc(sizeof *input + capacity);
    if (input)
        *input = (struct lb_input){.capacity = capacity};
    return input;
}

struct lb_input *lb_input_take(struct lb_input_pool *pool)
{
    struct lb_input *input = pool->spare;
    if (!input)
        return create(LB_INPUT_SMALL);
    pool->spare = input->next;
    pool->count--;
    input->begin = 0;
    input->end = 0;
    return input;
}

void lb_input_give(struct lb_input_pool *pool, struct lb_input *input)
{
    if (!input)
        return;
    if (input->capacity > LB_INPUT_SMALL || pool->count >= POOL_MAX) {
        free(input);
        return;
    }
    input->next = pool->spare;
    pool->spare = input;
    pool->count++;
}

bool lb_input_make_room(struct lb_input_pool *pool, struct lb_input **input, size_t room)
{
    struct lb_input *from = *input;
    struct lb_input *to = from;
    struct lb_str unread = lb_input_unread(from);
    if (from->capacity - unread.len < room && from->capacity < pool->large) {
        to = create(pool->large);
        if (!to)
            return false;
    }
    memmove(to->bytes, unread.ptr, unread.len);
    to->begin = 0;
    to->end = unread.len;
    if (to != from)
        lb_input_give(pool, from);
    *input = to;
    return true;
}

void lb_input_pool_fini(struct lb_input_pool *pool)
{
    while (pool->spare) {
        struct lb_input *input = pool->spare;
        pool->spare = input->next;
        free(input);
    }
    pool->count = 0;
}
