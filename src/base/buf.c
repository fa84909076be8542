#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void lb_buf_fini(struct lb_buf *buf)
{
    free(buf->ptr);
    *buf = (struct lb_buf){0};
}

size_t lb_buf_grown(const struct lb_buf *buf, size_t extra)
{
    size_t capacity = buf->capacity ? buf->capacity : 64;
    while (capacity - buf->len < extra)
        capacity *= 2;
    return capacity;
}

bool lb_buf_reserve(struct lb_buf *buf, size_t extra)
{
    if (buf->failed)
        return false;
    if (buf->capacity - buf->len >= extra)
        return true;
    if (extra > SIZE_MAX / 2 - buf->len) {
        buf->failed = true;
        return false;
    }
    size_t capacity = lb_buf_grown(buf, extra);
    char *ptr = realloc(buf->ptr, capacity);
    if (!ptr) {
        buf->failed = true;
        return false;
    }
    buf->ptr = ptr;
    buf->capacity = capacity;
    return true;
}

void lb_buf_append_growing(struct lb_buf *buf, const void *bytes, size_t len)
{
    if (!lb_buf_reserve(buf, len))
        return;
    memcpy(buf->ptr + buf->len, bytes, len);
    buf->len += len;
}

void lb_buf_append_u64(struct lb_buf *buf, uint64_t value)
{
    char digits[LB_U64_DIGITS];
    lb_buf_append_str(buf, lb_str_of_u64(value, digits));
}

void lb_buf_printf(struct lb_buf *buf, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    if (len >= 0 && lb_buf_reserve(buf, (size_t)len + 1)) {
        vsnprintf(buf->ptr + buf->len, (size_t)len + 1, format, again);
        buf->len += (size_t)len;
    }
    va_end(again);
}
