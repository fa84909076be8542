#include "cli/terminal.h"

#include "base/utf8.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>
#include <utf8proc.h>

#define CHARACTER_MAX 4 /* bytes */
#define LAST_WAIT_S   2

/* A stream to a terminal. */
struct guard {
    int fd;
    char rest[CHARACTER_MAX]; /* the beginning of a character whose end was not written yet */
    size_t rest_len;
};

static uint32_t point_of(const unsigned char *p, size_t length)
{
    static const unsigned char lead_bits[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    uint32_t point = p[0] & lead_bits[length];
    for (size_t i = 1; i < length; i++)
        point = point << 6 | (p[i] & 0x3f);
    return point;
}

/* Does it steer the terminal, change the direction of writing, or hide? */
static bool is_shown_as_number(uint32_t point)
{
    static const uint32_t ranges[][2] = {
        {0x00, 0x08},     {0x0b, 0x1f},     {0x7f, 0x9f},      {0xad, 0xad},     {0x61c, 0x61c},
        {0x180e, 0x180e}, {0x200b, 0x200b}, {0x200e, 0x200f},  {0x2028, 0x202e}, {0x2060, 0x206f},
        {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff}};
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (point >= ranges[i][0] && point <= ranges[i][1])
            return true;
    return false;
}

static void put_number(struct lb_buf *out, uint32_t point)
{
    if (point > 0xffff) {
        point -= 0x10000;
        lb_buf_printf(out, "\\u%04x", 0xd800 | (unsigned)(point >> 10));
        point = 0xdc00 | (point & 0x3ff);
    }
    lb_buf_printf(out, "\\u%04x", (unsigned)point);
}

/* Could more bytes make a character of it? */
static bool is_beginning(const unsigned char *p, size_t len)
{
    size_t wanted = p[0] >= 0xf0 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
    if (p[0] > 0xf4 || len >= wanted)
        return false;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return false;
    return true;
}

size_t lb_terminal_clean(struct lb_buf *out, struct lb_str text, bool last)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    const unsigned char *end = p + text.len;
    while (p < end) {
        size_t length = lb_utf8_length(p, end);
        if (!length && !last && is_beginning(p, (size_t)(end - p)))
            return (size_t)(end - p);
        if (!length)
            lb_buf_append_lit(out, "\xef\xbf\xbd"); /* U+FFFD */
        else if (is_shown_as_number(point_of(p, length)))
            put_number(out, point_of(p, length));
        else
            lb_buf_append(out, p, length);
        p += length ? length : 1;
    }
    return 0;
}

size_t lb_terminal_columns(struct lb_str text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    const unsigned char *end = p + text.len;
    size_t columns = 0;
    while (p < end) {
        size_t length = lb_utf8_length(p, end);
        if (length && *p >= ' ')
            columns += (size_t)utf8proc_charwidth((utf8proc_int32_t)point_of(p, length));
        else
            columns++;
        p += length ? length : 1;
    }
    return columns;
}

/* Another process may have made the terminal, which we share, one that does not block. */
static bool write_all(int fd, struct lb_str bytes)
{
    while (bytes.len) {
        ssize_t written = write(fd, bytes.ptr, bytes.len);
        struct pollfd ready = {.fd = fd, .events = POLLOUT};
        if (written < 0 && errno == EAGAIN && (poll(&ready, 1, -1) >= 0 || errno == EINTR))
            continue;
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return false;
        bytes.ptr += written;
        bytes.len -= (size_t)written;
    }
    return true;
}

int lb_terminal_open(void)
{
    int fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        fd = STDOUT_FILENO;
    return fd;
}

bool lb_terminal_write(const struct lb_terminal_view *view, struct lb_str bytes)
{
    const struct timespec last = {.tv_sec = LAST_WAIT_S};
    while (bytes.len) {
        ssize_t written = write(view->fd, bytes.ptr, bytes.len);
        struct pollfd ready = {.fd = view->fd, .events = POLLOUT};
        if (written < 0 && errno != EAGAIN && errno != EINTR)
            return false;
        if (written < 0 && ppoll(&ready, 1, view->told_to_end() ? &last : NULL, view->mask) == 0)
            return false;
        if (written > 0) {
            bytes.ptr += written;
            bytes.len -= (size_t)written;
        }
    }
    return true;
}

static ssize_t write_guarded(void *cookie, const char *bytes, size_t size)
{
    struct guard *guard = cookie;
    struct lb_buf all = {0};
    struct lb_buf clean = {0};
    lb_buf_append(&all, guard->rest, guard->rest_len);
    lb_buf_append(&all, bytes, size);
    guard->rest_len = lb_terminal_clean(&clean, lb_buf_str(&all), false);
    if (guard->rest_len && !all.failed)
        memcpy(guard->rest, all.ptr + all.len - guard->rest_len, guard->rest_len);
    bool done = !all.failed && !clean.failed && write_all(guard->fd, lb_buf_str(&clean));
    lb_buf_fini(&all);
    lb_buf_fini(&clean);
    return done ? (ssize_t)size : 0; /* 0 is a failure to stdio */
}

/* The stream that goes to the terminal by way of a guard, or as it was. */
static FILE *guarded(FILE *stream, struct guard *guard, int fd)
{
    if (!isatty(fd))
        return stream;
    guard->fd = fd;
    FILE *made = fopencookie(guard, "w", (cookie_io_functions_t){.write = write_guarded});
    if (!made) { /* rather nothing than what may harm */
        fputs("leadblock: out of memory\n", stderr);
        _exit(1);
    }
    setvbuf(made, NULL, _IOLBF, BUFSIZ);
    return made;
}

void lb_terminal_guard(void)
{
    static struct guard out, err;
    stdout = guarded(stdout, &out, STDOUT_FILENO);
    stderr = guarded(stderr, &err, STDERR_FILENO);
}

void lb_terminal_status(const char *format, ...)
{
    struct lb_buf line = {0};
    struct lb_buf clean = {0};
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    lb_terminal_clean(&clean, lb_str(text), true);
    lb_buf_append_lit(&line, "\r\033[K");
    lb_buf_append_str(&line, lb_buf_str(&clean));
    fflush(stderr);
    if (!line.failed && !clean.failed)
        write_all(STDERR_FILENO, lb_buf_str(&line));
    lb_buf_fini(&line);
    lb_buf_fini(&clean);
}
