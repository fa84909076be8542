/* What a connection has received and not yet taken, and a pool of buffers for it: an idle
 * connection has none. For src/http only. Threads: a pool and its buffers belong to one loop. */
#ifndef LB_HTTP_INPUT_H
#define LB_HTTP_INPUT_H

#include "base/str.h"

#include <stdint.h>

struct lb_input {
    struct lb_input *next; /* in the pool */
    size_t begin;          /* what was not taken yet: from here */
    size_t end;            /* to here */
    size_t capacity;
    char bytes[];
};

/* Most heads fit into a small buffer; one that does not moves into a large one. */
#define LB_INPUT_SMALL ((size_t)4 << 10)

struct lb_input_pool {
    struct lb_input *spare; /* small ones */
    size_t count;
    size_t large; /* capacity of a large one */
};

/* An empty small buffer; NULL when out of memory. */
struct lb_input *lb_input_take(struct lb_input_pool *pool);

/* NULL does nothing. */
void lb_input_give(struct lb_input_pool *pool, struct lb_input *input);

/* Moves what was not taken to the start of the buffer, or of a large one when less than `room`
 * bytes would be free behind it. All pointers into the buffer are void then. False when out of
 * memory; the buffer stays. */
bool lb_input_make_room(struct lb_input_pool *pool, struct lb_input **input, size_t room);

void lb_input_pool_fini(struct lb_input_pool *pool);

static inline struct lb_str lb_input_unread(const struct lb_input *input)
{
    return (struct lb_str){input->bytes + input->begin, input->end - input->begin};
}

#endif
