#include "base/log.h"

#include "base/clock.h"
#include "base/utf8.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define BUFFER_BYTES (256 * 1024) /* about 2,000 lines: a second of a busy server at "info" */

static const char *const level_names[] = {
    [LB_LOG_ERROR] = "error",
    [LB_LOG_WARN] = "warn",
    [LB_LOG_INFO] = "info",
    [LB_LOG_DEBUG] = "debug",
};

static _Atomic int current_level = LB_LOG_INFO;

/* Two buffers: callers fill one under the lock while the thread writes the other without it. */
static struct {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    pthread_t thread;
    bool running;  /* under the lock; read by callers to choose between buffer and at once */
    bool stopping; /* under the lock */
    char *filling; /* under the lock */
    size_t len;    /* bytes in `filling` */
    uint64_t lost; /* lines that did not fit since the last count was logged */
    char *writing; /* the thread's own */
} sink = {.lock = PTHREAD_MUTEX_INITIALIZER, .filled = PTHREAD_COND_INITIALIZER};

bool lb_log_level_parse(const char *text, enum lb_log_level *out)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (strcmp(text, level_names[i]) == 0) {
            *out = (enum lb_log_level)i;
            return true;
        }
    }
    return false;
}

void lb_log_set_level(enum lb_log_level level)
{
    atomic_store_explicit(&current_level, (int)level, memory_order_relaxed);
}

bool lb_log_enabled(enum lb_log_level level)
{
    return (int)level <= atomic_load_explicit(&current_level, memory_order_relaxed);
}

/* A standard error that is gone or broken loses the text: there is nowhere left to say so. */
static void write_out(const char *text, size_t len)
{
    while (len) {
        ssize_t written = write(STDERR_FILENO, text, len);
        if (written > 0) {
            text += written;
            len -= (size_t)written;
        } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
            struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
            poll(&ready, 1, 1000);
        } else if (errno != EINTR) {
            return;
        }
    }
}

static void write_lost(uint64_t lost)
{
    if (!lost)
        return;
    struct lb_log_line line = {.len = 0};
    char time[LB_TIME_TEXT_SIZE];
    lb_time_format(lb_clock_wall_ms(), time);
    line.len = (size_t)snprintf(line.text, sizeof line.text, "%s warn log lost_lines=%llu\n", time,
                                (unsigned long long)lost);
    write_out(line.text, line.len);
}

static void *write_loop(void *unused)
{
    pthread_mutex_lock(&sink.lock);
    for (;;) {
        while (!sink.len && !sink.lost && !sink.stopping)
            pthread_cond_wait(&sink.filled, &sink.lock);
        if (!sink.len && !sink.lost)
            break;
        char *full = sink.filling;
        size_t len = sink.len;
        uint64_t lost = sink.lost;
        sink.filling = sink.writing;
        sink.writing = full;
        sink.len = 0;
        sink.lost = 0;
        pthread_mutex_unlock(&sink.lock);
        write_out(full, len);
        write_lost(lost);
        pthread_mutex_lock(&sink.lock);
    }
    pthread_mutex_unlock(&sink.lock);
    return unused;
}

void lb_log_start(void)
{
    pthread_mutex_lock(&sink.lock);
    if (!sink.running) {
        sink.filling = malloc(BUFFER_BYTES);
        sink.writing = malloc(BUFFER_BYTES);
        sink.len = 0;
        sink.stopping = false;
        /* Without memory or a thread, lines go on being written at once. */
        sink.running = sink.filling && sink.writing &&
                       pthread_create(&sink.thread, NULL, write_loop, NULL) == 0;
        if (!sink.running) {
            free(sink.filling);
            free(sink.writing);
        }
    }
    pthread_mutex_unlock(&sink.lock);
}

void lb_log_stop(void)
{
    pthread_mutex_lock(&sink.lock);
    bool was_running = sink.running && !sink.stopping;
    sink.stopping = true;
    pthread_cond_signal(&sink.filled);
    pthread_mutex_unlock(&sink.lock);
    if (!was_running)
        return;
    pthread_join(sink.thread, NULL);
    pthread_mutex_lock(&sink.lock);
    /* What came between the thread's last look and now. */
    write_out(sink.filling, sink.len);
    write_lost(sink.lost);
    free(sink.filling);
    free(sink.writing);
    sink.filling = NULL;
    sink.writing = NULL;
    sink.len = 0;
    sink.lost = 0;
    sink.running = false;
    pthread_mutex_unlock(&sink.lock);
}

static void emit(const char *text, size_t len)
{
    pthread_mutex_lock(&sink.lock);
    if (!sink.running) {
        pthread_mutex_unlock(&sink.lock);
        write_out(text, len);
        return;
    }
    bool idle = !sink.len && !sink.lost;
    if (BUFFER_BYTES - sink.len < len) {
        sink.lost++;
    } else {
        memcpy(sink.filling + sink.len, text, len);
        sink.len += len;
    }
    if (idle)
        pthread_cond_signal(&sink.filled);
    pthread_mutex_unlock(&sink.lock);
}

/* One byte stays free for the line's end. */
static size_t room(const struct lb_log_line *line)
{
    return sizeof line->text - 1 - line->len;
}

static bool put(struct lb_log_line *line, const char *bytes, size_t len)
{
    if (room(line) < len)
        return false;
    memcpy(line->text + line->len, bytes, len);
    line->len += len;
    return true;
}

/* Length of the valid, printable UTF-8 sequence at `text`, 0 when it must be escaped. */
static size_t printable(struct lb_str text)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    return lb_utf8_printable_length(p, p + text.len);
}

static bool needs_quotes(struct lb_str value)
{
    for (size_t i = 0; i < value.len;) {
        size_t len = printable((struct lb_str){value.ptr + i, value.len - i});
        if (len == 0 || strchr(" \"\\=", value.ptr[i]))
            return true;
        i += len;
    }
    return value.len == 0;
}

static bool put_escaped(struct lb_log_line *line, unsigned char byte)
{
    char text[5];
    int len;
    if (byte == '"' || byte == '\\')
        len = snprintf(text, sizeof text, "\\%c", byte);
    else if (byte == '\n' || byte == '\r' || byte == '\t')
        len = snprintf(text, sizeof text, "\\%c", byte == '\n' ? 'n' : byte == '\r' ? 'r' : 't');
    else
        len = snprintf(text, sizeof text, "\\x%02x", byte);
    /* The closing quote must fit after it. */
    return room(line) > (size_t)len && put(line, text, (size_t)len);
}

static void put_quoted(struct lb_log_line *line, struct lb_str value)
{
    if (room(line) < 2)
        return;
    put(line, "\"", 1);
    for (size_t i = 0; i < value.len;) {
        size_t len = printable((struct lb_str){value.ptr + i, value.len - i});
        if (len == 0 || value.ptr[i] == '"' || value.ptr[i] == '\\') {
            if (!put_escaped(line, (unsigned char)value.ptr[i]))
                break;
            i++;
        } else {
            if (room(line) <= len || !put(line, value.ptr + i, len))
                break;
            i += len;
        }
    }
    put(line, "\"", 1);
}

/* Cuts at a character, never inside one. */
static void put_plain(struct lb_log_line *line, struct lb_str value)
{
    for (size_t i = 0; i < value.len;) {
        size_t len = printable((struct lb_str){value.ptr + i, value.len - i});
        if (!put(line, value.ptr + i, len))
            return;
        i += len;
    }
}

void lb_log_begin(struct lb_log_line *line, enum lb_log_level level, const char *event)
{
    line->len = 0; /* an empty line is one that the level switches off */
    if (!lb_log_enabled(level))
        return;
    line->len = lb_time_format(lb_clock_wall_ms(), line->text);
    put(line, " ", 1);
    put(line, level_names[level], strlen(level_names[level]));
    put(line, " ", 1);
    put_plain(line, lb_str(event));
}

/* Writes " key=" unless the line is off or full. */
static bool put_key(struct lb_log_line *line, const char *key)
{
    size_t len = strlen(key);
    if (!line->len || room(line) < len + 3)
        return false;
    put(line, " ", 1);
    put(line, key, len);
    return put(line, "=", 1);
}

void lb_log_add(struct lb_log_line *line, const char *key, struct lb_str value)
{
    if (!put_key(line, key))
        return;
    if (needs_quotes(value))
        put_quoted(line, value);
    else
        put_plain(line, value);
}

void lb_log_add_u64(struct lb_log_line *line, const char *key, uint64_t value)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)value);
    lb_log_add(line, key, (struct lb_str){digits, (size_t)len});
}

void lb_log_end(struct lb_log_line *line)
{
    if (!line->len)
        return;
    line->text[line->len++] = '\n';
    emit(line->text, line->len);
    line->len = 0;
}

void lb_log(enum lb_log_level level, const char *event, const char *format, ...)
{
    if (!lb_log_enabled(level))
        return;
    char message[768];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (len < 0)
        return;
    size_t shown = (size_t)len < sizeof message ? (size_t)len : sizeof message - 1;
    struct lb_log_line line;
    lb_log_begin(&line, level, event);
    lb_log_add(&line, "msg", (struct lb_str){message, shown});
    lb_log_end(&line);
}
