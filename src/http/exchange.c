#include "http/exchange.h"

#include <stdlib.h>

#define POOL_MAX    1024
#define KEEP_BUFFER ((size_t)16 << 10)
#define ARENA_BLOCK ((size_t)4 << 10)
#define ARENA_ALIGN _Alignof(max_align_t)

struct lb_arena_block {
    struct lb_arena_block *next;
    _Alignas(max_align_t) char space[];
};

void *lb_request_alloc(struct lb_request *req, size_t size)
{
    struct lb_arena *arena = &req->arena;
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + ARENA_ALIGN - 1) & ~(ARENA_ALIGN - 1);
    if (size > arena->left) {
        size_t room = size > ARENA_BLOCK ? size : ARENA_BLOCK;
        struct lb_arena_block *block = malloc(sizeof *block + room);
        if (!block)
            return NULL;
        block->next = arena->blocks;
        arena->blocks = block;
        if (size == room) /* a big one has a block of its own; go on with the old one */
            return memset(block->space, 0, size);
        arena->free = block->space;
        arena->left = room;
    }
    void *memory = arena->free;
    arena->free += size;
    arena->left -= size;
    return memset(memory, 0, size);
}

void lb_arena_fini(struct lb_arena *arena)
{
    while (arena->blocks) {
        struct lb_arena_block *next = arena->blocks->next;
        free(arena->blocks);
        arena->blocks = next;
    }
    *arena = (struct lb_arena){0};
}

struct lb_exchange *lb_exchange_take(struct lb_exchange_pool *pool)
{
    struct lb_exchange *x = pool->spare;
    if (x) {
        pool->spare = x->next;
        pool->count--;
    } else {
        x = malloc(sizeof *x);
        if (!x)
            return NULL;
        memset(x, 0, offsetof(struct lb_exchange, inline_space));
    }
    x->req.arena = (struct lb_arena){x->inline_space, sizeof x->inline_space, NULL};
    return x;
}

static struct lb_buf emptied(struct lb_buf *buf)
{
    if (buf->capacity > KEEP_BUFFER)
        lb_buf_fini(buf);
    return (struct lb_buf){.ptr = buf->ptr, .capacity = buf->capacity};
}

void lb_exchange_give(struct lb_exchange_pool *pool, struct lb_exchange *x)
{
    struct lb_buf reply_body = emptied(&x->req.reply.body);
    struct lb_buf body = emptied(&x->body);
    x->req.reply.body = (struct lb_buf){0};
    lb_reply_fini(&x->req.reply);
    lb_buf_fini(&x->farewell);
    lb_arena_fini(&x->req.arena);
    if (pool->count >= POOL_MAX) {
        lb_buf_fini(&reply_body);
        lb_buf_fini(&body);
        free(x);
        return;
    }
    memset(x, 0, offsetof(struct lb_exchange, inline_space));
    x->req.reply.body = reply_body;
    x->body = body;
    x->next = pool->spare;
    pool->spare = x;
    pool->count++;
}

void lb_exchange_pool_fini(struct lb_exchange_pool *pool)
{
    while (pool->spare) {
        struct lb_exchange *x = pool->spare;
        pool->spare = x->next;
        lb_buf_fini(&x->req.reply.body);
        lb_buf_fini(&x->body);
        free(x);
    }
    pool->count = 0;
}
