#include "support/http_compare.h"
#include "support/http_reference.h"
#include "support/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__) || defined(LB_FUZZ)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, len)   ((void)(at), (void)(len))
#define ASAN_UNPOISON_MEMORY_REGION(at, len) ((void)(at), (void)(len))
#endif

size_t compare_whole(void *state, size_t at, size_t len)
{
    (void)state;
    (void)at;
    return len;
}

size_t compare_bytes(void *state, size_t at, size_t len)
{
    (void)state;
    return at < len ? at + 1 : len;
}

size_t compare_cut(void *state, size_t at, size_t len)
{
    size_t cut = *(size_t *)state;
    return at < cut && cut < len ? cut : len;
}

size_t random_below(size_t bound)
{
    static uint64_t seed = 0x9e3779b97f4a7c15;
    return (size_t)(random_next(&seed) % bound);
}

size_t compare_random(void *state, size_t at, size_t len)
{
    (void)state;
    return at < len ? at + 1 + random_below(len - at) : len;
}

static bool is_same(struct lb_str a, struct lb_str b)
{
    return a.len == b.len && (a.len == 0 || a.ptr == b.ptr);
}

static const char *compare_facts(const struct lb_head *is, const struct ref_head *should)
{
    if (!is_same(is->method, should->method))
        return "method";
    if (!is_same(is->target, should->target))
        return "target";
    if (is->len != should->len)
        return "length of the head";
    if (is->http10 != should->http10)
        return "version";
    if (is->has_host != should->has_host)
        return "host";
    if (is->has_length != should->has_length ||
        (is->has_length && is->content_length != should->content_length))
        return "content length";
    if (is->chunked != should->chunked)
        return "chunked";
    if (is->expects_continue != should->expects_continue)
        return "expectation";
    if (is->close != should->close && !should->has_odd_options)
        return "close";
    if (is->keep_alive != should->keep_alive && !should->has_odd_options)
        return "keep-alive";
    if (is->count != should->count)
        return "number of lines";
    for (unsigned i = 0; i < is->count; i++)
        if (!is_same(is->lines[i].name, should->lines[i].name) ||
            !is_same(is->lines[i].value, should->lines[i].value))
            return "a header line";
    return NULL;
}

/* A copy of which only so many bytes have come; the rest is line ends, or poisoned. */
struct arriving {
    char *bytes;
    size_t len;
};

static void arrive(struct arriving *copy, const char *bytes, size_t from, size_t to)
{
    ASAN_UNPOISON_MEMORY_REGION(copy->bytes, copy->len + 1);
    memcpy(copy->bytes + from, bytes + from, to - from);
    ASAN_POISON_MEMORY_REGION(copy->bytes + to, copy->len + 1 - to);
}

static struct arriving arriving_start(size_t len)
{
    struct arriving copy = {malloc(len + 1), len};
    if (!copy.bytes)
        abort();
    memset(copy.bytes, '\n', len + 1);
    return copy;
}

static void arriving_end(struct arriving *copy)
{
    ASAN_UNPOISON_MEMORY_REGION(copy->bytes, copy->len + 1);
    free(copy->bytes);
}

/* The parser may refuse a line that has not ended. Then the rest of the input, and other ways in
 * which it might go on, must not make it a head. */
static const char *compare_refusal(enum lb_head_result result, const char *bytes, size_t at,
                                   size_t len)
{
    static const char *const ends[] = {
        "\r\n\r\n",          "\n\r\n",    " / HTTP/1.1\r\n\r\n", "/ HTTP/1.1\r\n\r\n",
        " HTTP/1.1\r\n\r\n", "1\r\n\r\n", ": x\r\n\r\n",         "x: x\r\n\r\n",
    };
    static _Thread_local struct ref_head should;
    ref_head_read(&should, bytes, len);
    if (should.result != LB_HEAD_PART)
        return should.result == result ? NULL : "result";
    if (result != LB_HEAD_BROKEN)
        return "result";
    char *longer = malloc(at + 64);
    if (!longer)
        abort();
    memcpy(longer, bytes, at);
    const char *differs = NULL;
    for (size_t i = 0; i < 2 * sizeof ends / sizeof *ends; i++) {
        const char *end = ends[i / 2];
        size_t end_len = strlen(end) - (i % 2 ? 2 : 0);
        memcpy(longer + at, end, end_len);
        if (i % 2)
            memcpy(longer + at + end_len, "Host: x\r\n\r\n", 11);
        ref_head_read(&should, longer, at + end_len + (i % 2 ? 11 : 0));
        if (should.result == LB_HEAD_WHOLE)
            differs = "refused too early";
    }
    free(longer);
    return differs;
}

const char *compare_head(const char *bytes, size_t len, compare_next *next, void *state,
                         enum lb_head_result *out_result)
{
    static _Thread_local struct lb_head head;
    static _Thread_local struct ref_head should;
    struct arriving copy = arriving_start(len);
    const char *differs = NULL;
    memset(&head, 0x5a, sizeof(head));
    lb_head_start(&head);
    size_t at = 0;
    enum lb_head_result result = LB_HEAD_PART;
    do {
        size_t to = next(state, at, len);
        arrive(&copy, bytes, at, to);
        at = to;
        const char *wrong = NULL;
        result = lb_head_parse(&head, copy.bytes, at, &wrong);
        ref_head_read(&should, copy.bytes, at);
        if (result == LB_HEAD_BROKEN && !(wrong && *wrong))
            differs = "no reason";
        else if (result == LB_HEAD_BROKEN && should.result == LB_HEAD_PART)
            differs = compare_refusal(result, bytes, at, len);
        else if (result != should.result)
            differs = "result";
        else if (result == LB_HEAD_PART && head.len != should.len)
            differs = "lines taken";
        else if (result == LB_HEAD_WHOLE)
            differs = compare_facts(&head, &should);
    } while (!differs && result == LB_HEAD_PART && at < len);
    arriving_end(&copy);
    if (out_result)
        *out_result = result;
    return differs;
}

/* What the parser made of the pieces. */
struct body_run {
    struct lb_body body;
    enum lb_body_result result;
    size_t taken, data_len;
    char *data;
    const char *differs;
};

/* One piece, in memory of its own that ends where it ends. */
static void feed(struct body_run *run, const char *bytes, size_t len)
{
    char *piece = malloc(len ? len : 1);
    if (!piece)
        abort();
    memcpy(piece, bytes, len);
    const char *at = piece, *wrong = NULL;
    do {
        const char *before = at;
        struct lb_str data = {0};
        run->result = lb_body_next(&run->body, &at, piece + len, &data, &wrong);
        if (at < before || at > piece + len) {
            run->differs = "moved out of the piece";
        } else if (run->result == LB_BODY_DATA) {
            if (data.len == 0 || data.ptr < before || data.ptr + data.len > at)
                run->differs = "data outside of what was taken";
            else
                memcpy(run->data + run->data_len, data.ptr, data.len);
            run->data_len += data.len;
        } else if (run->result == LB_BODY_PART && at != piece + len) {
            run->differs = "left bytes";
        }
    } while (run->result == LB_BODY_DATA && !run->differs);
    if (run->result == LB_BODY_BROKEN && !(wrong && *wrong))
        run->differs = "no reason";
    run->taken += (size_t)(at - piece);
    free(piece);
}

const char *compare_body(bool chunked, uint64_t content_length, const char *bytes, size_t len,
                         compare_next *next, void *state, enum lb_body_result *out_result)
{
    struct body_run run = {.data = malloc(len + 1)};
    if (!run.data)
        abort();
    memset(&run.body, 0x5a, sizeof(run.body));
    lb_body_start(&run.body, chunked, content_length);
    size_t at = 0;
    do {
        size_t to = next(state, at, len);
        feed(&run, bytes + at, to - at);
        at = to;
        struct ref_body should;
        ref_body_read(&should, chunked, content_length, bytes, at);
        if (run.differs)
            ;
        else if (run.result != should.result)
            run.differs = "result";
        else if (run.data_len != should.data_len ||
                 memcmp(run.data, should.data, run.data_len) != 0)
            run.differs = "data";
        else if (run.result == LB_BODY_WHOLE && run.taken != should.taken)
            run.differs = "where the next request begins";
        free(should.data);
    } while (!run.differs && run.result == LB_BODY_PART && at < len);
    free(run.data);
    if (out_result)
        *out_result = run.result;
    return run.differs;
}

/* --- both ------------------------------------------------------------------------------------- */

static const char *compare(const struct compared *what, compare_next *next, void *state,
                           unsigned *out_result)
{
    enum lb_head_result head;
    enum lb_body_result body;
    struct lb_str bytes = what->bytes;
    const char *differs = what->is_body ? compare_body(what->chunked, what->content_length,
                                                       bytes.ptr, bytes.len, next, state, &body)
                                        : compare_head(bytes.ptr, bytes.len, next, state, &head);
    *out_result = what->is_body ? (unsigned)body : (unsigned)head;
    return differs;
}

const char *compare_at_every_cut(const struct compared *what)
{
    unsigned result;
    const char *differs = compare(what, compare_bytes, NULL, &result);
    for (size_t cut = 0; !differs && cut <= what->bytes.len; cut++)
        differs = compare(what, compare_cut, &cut, &result);
    return differs;
}

struct pieces {
    const uint8_t *sizes;
    size_t count, used;
};

static size_t compare_piece(void *state, size_t at, size_t len)
{
    struct pieces *pieces = state;
    size_t size = pieces->sizes[pieces->used++ % pieces->count];
    return size == 0 || len - at < size ? len : at + size;
}

void compare_or_abort(const struct compared *what, const uint8_t *sizes, size_t count)
{
    struct pieces pieces = {sizes, count, 0};
    unsigned result, whole;
    const char *differs = compare(what, compare_piece, &pieces, &result);
    if (!differs)
        differs = compare(what, compare_whole, NULL, &whole);
    if (!differs && result != whole)
        differs = "result of the pieces";
    if (!differs)
        return;
    fprintf(stderr, "%s differs\n", differs);
    abort();
}
