/* A growing byte buffer. One owner at a time.
 *
 * A failed allocation is remembered (`failed`) and later appends do nothing, so that a sequence of
 * appends is checked once, at its end. */
#ifndef LB_BASE_BUF_H
#define LB_BASE_BUF_H

#include "base/str.h"

struct lb_buf {
    char *ptr;
    size_t len;
    size_t capacity;
    bool failed;
};

/* `*buf = (struct lb_buf){0}` is an empty buffer. */
void lb_buf_fini(struct lb_buf *buf);

/* Room for `extra` more bytes at `ptr + len`; false on out of memory (then `failed` is set). */
bool lb_buf_reserve(struct lb_buf *buf, size_t extra);

/* The capacity that the buffer has after that, for an `extra` of less than half of all memory. */
size_t lb_buf_grown(const struct lb_buf *buf, size_t extra);

void lb_buf_append_growing(struct lb_buf *buf, const void *bytes, size_t len);

/* Inline, so that appending a literal where there is room is a few moves. */
static inline void lb_buf_append(struct lb_buf *buf, const void *bytes, size_t len)
{
    if (len == 0 || buf->failed)
        return;
    if (buf->capacity - buf->len < len) {
        lb_buf_append_growing(buf, bytes, len);
        return;
    }
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
}

static inline void lb_buf_append_str(struct lb_buf *buf, struct lb_str text)
{
    lb_buf_append(buf, text.ptr, text.len);
}

void lb_buf_append_u64(struct lb_buf *buf, uint64_t value);
void lb_buf_printf(struct lb_buf *buf, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#define lb_buf_append_lit(buf, literal) lb_buf_append((buf), (literal), sizeof(literal) - 1)

static inline struct lb_str lb_buf_str(const struct lb_buf *buf)
{
    return (struct lb_str){buf->ptr, buf->len};
}

#endif
