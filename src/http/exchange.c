#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* memmem */
#endif
#include "http/exchange.h"

#include "base/clock.h"
#include "http/address.h"
#include "http/loop.h"

#include <stdlib.h>
#include <strings.h>
#include <sys/random.h>

/* What a storm leaves behind in each loop is at most 256 exchanges of some 8 KiB, with four buffers
 * of 4 KiB each. */
#define POOL_MAX    256
#define KEEP_BUFFER ((size_t)4 << 10)
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
        if (!lb_exchange_reserve(lb_exchange_of(req), arena->taken, room, LB_MEMORY_WORK))
            return NULL;
        struct lb_arena_block *block = malloc(sizeof *block + room);
        if (!block)
            return NULL;
        arena->taken += room;
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

bool lb_exchange_reserve(struct lb_exchange *x, size_t had, size_t bytes, enum lb_memory what)
{
    if (!x->req.connection || had + bytes <= LB_REQUEST_FREE_BYTES)
        return true;
    const struct lb_http_app *app = &x->req.connection->loop->server->app;
    if (had < LB_REQUEST_FREE_BYTES)
        bytes -= LB_REQUEST_FREE_BYTES - had;
    if (!app->reserve)
        return true;
    if (!app->reserve(app->context, &x->req, bytes, what))
        return false;
    x->room += bytes;
    return true;
}

static void give_room(struct lb_exchange *x, size_t bytes)
{
    const struct lb_http_app *app = &x->req.connection->loop->server->app;
    if (bytes)
        app->unreserve(app->context, &x->req, bytes);
    x->room -= bytes;
}

void lb_exchange_unreserve(struct lb_exchange *x)
{
    if (x->room)
        give_room(x, x->room);
}

/* The body goes at once. What lb_request_alloc gave may be the handler's to release. */
static void free_body(struct lb_exchange *x)
{
    size_t body = x->collected.capacity;
    if (body <= KEEP_BUFFER)
        return;
    lb_buf_fini(&x->collected);
    x->req.body = (struct lb_str){0};
    body = body > LB_REQUEST_FREE_BYTES ? body - LB_REQUEST_FREE_BYTES : 0;
    give_room(x, body < x->room ? body : x->room);
}

void lb_exchange_replied(struct lb_exchange *x)
{
    struct lb_request *req = &x->req;
    const struct lb_http_app *app = &req->connection->loop->server->app;
    if (app->replied && x->known)
        app->replied(app->context, req);
    free_body(x);
    lb_exchange_reserve(x, 0, req->reply.body.capacity, LB_MEMORY_REPLY);
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
        memset(x, 0, offsetof(struct lb_exchange, head));
    }
    pool->taken++;
    lb_head_start(&x->head);
    x->req.arena = (struct lb_arena){.free = x->inline_space, .left = sizeof x->inline_space};
    return x;
}

/* Calls `visit` for each buffer that an exchange keeps for the next request. */
static void each_buffer(struct lb_exchange *x, void (*visit)(struct lb_buf *buf))
{
    visit(&x->req.reply.body);
    visit(&x->req.reply.headers);
    visit(&x->collected);
    visit(&x->out);
}

static void empty(struct lb_buf *buf)
{
    if (buf->capacity > KEEP_BUFFER)
        lb_buf_fini(buf);
    *buf = (struct lb_buf){.ptr = buf->ptr, .capacity = buf->capacity};
}

static void release(struct lb_exchange *x)
{
    each_buffer(x, lb_buf_fini);
    free(x);
}

void lb_exchange_give(struct lb_exchange_pool *pool, struct lb_exchange *x)
{
    lb_arena_fini(&x->req.arena);
    pool->taken--;
    if (pool->count >= POOL_MAX) {
        release(x);
        return;
    }
    each_buffer(x, empty);
    struct lb_buf body = x->req.reply.body;
    struct lb_buf headers = x->req.reply.headers;
    struct lb_buf collected = x->collected;
    struct lb_buf out = x->out;
    memset(x, 0, offsetof(struct lb_exchange, head));
    x->req.reply.body = body;
    x->req.reply.headers = headers;
    x->collected = collected;
    x->out = out;
    x->next = pool->spare;
    pool->spare = x;
    pool->count++;
}

void lb_exchange_pool_fini(struct lb_exchange_pool *pool)
{
    while (pool->spare) {
        struct lb_exchange *x = pool->spare;
        pool->spare = x->next;
        release(x);
    }
    pool->count = 0;
}

/* --- the request of a head -------------------------------------------------------------------- */

static void set_target(struct lb_request *req, struct lb_str target)
{
    const char *at = target.ptr;
    const char *end = at + target.len;
    /* The absolute form, as proxies send it: the authority is the Host's business. */
    size_t scheme = *at == '/'                                               ? 0
                    : target.len >= 8 && strncasecmp(at, "https://", 8) == 0 ? 8
                    : target.len >= 7 && strncasecmp(at, "http://", 7) == 0  ? 7
                                                                             : 0;
    at += scheme;
    while (scheme && at < end && *at != '/' && *at != '?')
        at++;
    const char *question = memchr(at, '?', (size_t)(end - at));
    if (question)
        req->query = (struct lb_str){question + 1, (size_t)(end - question - 1)};
    req->path = (struct lb_str){at, (size_t)((question ? question : end) - at)};
    if (req->path.len == 0)
        req->path = LB_STR("/");
}

static bool has_encoded_nul(struct lb_str text)
{
    const char *percent = text.len ? memchr(text.ptr, '%', text.len) : NULL;
    return percent && memmem(percent, text.len - (size_t)(percent - text.ptr), "%00", 3);
}

static lb_err check_target(const struct lb_request *req, struct lb_reason *reason)
{
    if (has_encoded_nul(req->path))
        return lb_fail(reason, LB_ERR_BAD_REQUEST, "A NUL is not allowed in the path.");
    if (has_encoded_nul(req->query))
        return lb_fail(reason, LB_ERR_INVALID_PARAMETER, "A NUL is not allowed in the query.");
    return LB_OK;
}

static enum lb_method method_of(struct lb_str text)
{
    for (enum lb_method m = LB_GET; m < LB_METHOD_OTHER; m++)
        if (lb_str_equal(text, lb_method_text(m)))
            return m;
    return LB_METHOD_OTHER;
}

static bool sane_id(struct lb_str id)
{
    if (id.len == 0 || id.len > LB_REQUEST_ID_MAX)
        return false;
    for (size_t i = 0; i < id.len; i++) {
        char c = id.ptr[i];
        if (!((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '.' ||
              c == '_' || c == '-'))
            return false;
    }
    /* Ids are logged and API keys must not be: nothing that could hold one. */
    return !memmem(id.ptr, id.len, "lb_", 3);
}

/* Drawn, because a count would tell each client how many requests others send. */
static uint64_t request_number(struct lb_loop *loop)
{
    uint64_t *numbers = loop->request_numbers;
    if (loop->request_numbers_left == 0) {
        size_t size = sizeof loop->request_numbers;
        loop->request_numbers_left = LB_REQUEST_NUMBERS;
        if (getrandom(numbers, size, 0) != (ssize_t)size) /* it has no randomness, ever */
            for (size_t i = 0; i < LB_REQUEST_NUMBERS; i++)
                numbers[i] = ((uint64_t)loop->number << 48) + lb_clock_mono_ns() + i;
    }
    return numbers[--loop->request_numbers_left];
}

static void set_id(struct lb_exchange *x, struct lb_loop *loop)
{
    static const char digits[] = "0123456789abcdef";
    char *id = x->req.id;
    struct lb_str theirs = lb_head_find(&x->head, LB_STR("X-Request-Id"));
    if (sane_id(theirs)) {
        lb_str_copy(theirs, id, sizeof x->req.id);
        x->req.id_len = theirs.len;
        return;
    }
    char *end = stpcpy(id, loop->server->id_prefix);
    uint64_t number = request_number(loop);
    int shift = (63 - __builtin_clzll(number | 1)) & ~3; /* of the first digit that is not 0 */
    for (*end++ = '-'; shift >= 0; shift -= 4)
        *end++ = digits[number >> shift & 15];
    *end = '\0';
    x->req.id_len = (size_t)(end - id);
}

#define FORWARDED_MAX 8 /* lines that are looked at, the last ones */

static void set_client(struct lb_exchange *x, const struct lb_connection *conn)
{
    const struct lb_server_settings *settings = &conn->loop->server->settings;
    const struct lb_cidr *trusted = settings->trusted_proxies;
    struct lb_request *req = &x->req;
    req->local = conn->control;
    req->client = conn->peer;
    if (conn->control || !lb_address_trusted(trusted, settings->trusted_proxy_count, &conn->peer))
        return;
    struct lb_str lines[FORWARDED_MAX];
    size_t count = 0;
    unsigned at = 0;
    struct lb_str line;
    while ((line = lb_head_next(&x->head, LB_STR("X-Forwarded-For"), &at)).ptr)
        lines[count++ % FORWARDED_MAX] = line;
    for (size_t n = count; n > 0 && n + FORWARDED_MAX > count; n--)
        if (!lb_address_walk_forwarded(lines[(n - 1) % FORWARDED_MAX], trusted,
                                       settings->trusted_proxy_count, &req->client))
            break;
}

lb_err lb_exchange_open(struct lb_exchange *x, struct lb_connection *conn, struct lb_reason *reason)
{
    struct lb_request *req = &x->req;
    req->connection = conn;
    req->started_ns = lb_clock_mono_ns();
    req->method = method_of(x->head.method);
    req->has_body = x->head.chunked || x->head.content_length > 0;
    set_id(x, conn->loop);
    set_client(x, conn);
    set_target(req, x->head.target.len ? x->head.target : LB_STR("/"));
    return check_target(req, reason);
}
