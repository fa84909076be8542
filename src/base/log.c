#include "base/log.h"

#include "base/clock.h"
#include "base/log_sink.h"
#include "base/utf8.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>

#define SAID_BYTES 4001

static const struct lb_str level_names[] = {
    [LB_LOG_ERROR] = LB_STR("error"),
    [LB_LOG_WARN] = LB_STR("warn"),
    [LB_LOG_INFO] = LB_STR("info"),
    [LB_LOG_DEBUG] = LB_STR("debug"),
};

static _Atomic int current_level = LB_LOG_INFO;

bool lb_log_level_parse(const char *text, enum lb_log_level *out)
{
    for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
        if (lb_str_equal(lb_str(text), level_names[i])) {
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

/* One byte stays free for the line's end. */
static size_t room(const struct lb_log_line *line)
{
    return (size_t)(line->text + sizeof line->text - 1 - line->end);
}

static bool put(struct lb_log_line *line, const char *bytes, size_t len)
{
    if (room(line) < len)
        return false;
    memcpy(line->end, bytes, len);
    line->end += len;
    return true;
}

/* Bytes that stand for themselves in a value without quotes: printable ASCII but for the space and
 * "=\\. Nearly all values consist of them. */
static const bool plain[256] = {
    ['!'] = true,
    ['#' ... '<'] = true,
    ['>' ... '['] = true,
    [']' ... '~'] = true,
};

static bool is_plain(struct lb_str value)
{
    bool all = value.len != 0;
    for (size_t i = 0; i < value.len; i++)
        all &= plain[(unsigned char)value.ptr[i]];
    return all;
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
static void put_characters(struct lb_log_line *line, struct lb_str value)
{
    for (size_t i = 0; i < value.len;) {
        size_t len = printable((struct lb_str){value.ptr + i, value.len - i});
        if (!put(line, value.ptr + i, len))
            return;
        i += len;
    }
}

/* "2026-11-23T07:31:56.123Z": all but the milliseconds changes once a second. */
static size_t put_time(char *out)
{
    enum { SECONDS = 20 };
    static _Thread_local char text[LB_TIME_TEXT_SIZE];
    static _Thread_local int64_t second;
    int64_t now_ms = lb_clock_wall_ms();
    if (now_ms / 1000 != second || !text[0]) {
        second = now_ms / 1000;
        lb_time_format(now_ms, text);
    }
    unsigned ms = (unsigned)(now_ms % 1000);
    memcpy(out, text, SECONDS);
    out[SECONDS] = (char)('0' + ms / 100);
    out[SECONDS + 1] = (char)('0' + ms / 10 % 10);
    out[SECONDS + 2] = (char)('0' + ms % 10);
    out[SECONDS + 3] = 'Z';
    return SECONDS + 4;
}

void lb_log_begin(struct lb_log_line *line, enum lb_log_level level, const char *event)
{
    line->end = NULL;
    line->urgent = level <= LB_LOG_WARN;
    if (!lb_log_enabled(level))
        return;
    line->end = line->text + put_time(line->text);
    *line->end++ = ' ';
    lb_log_put_plain(line, level_names[level]);
    *line->end++ = ' ';
    lb_log_put_plain(line, lb_str(event));
}

void lb_log_put_value(struct lb_log_line *line, struct lb_str value)
{
    if (is_plain(value))
        lb_log_put_plain(line, value);
    else if (needs_quotes(value))
        put_quoted(line, value);
    else
        put_characters(line, value);
}

void lb_log_put_u64(struct lb_log_line *line, uint64_t value)
{
    char digits[LB_U64_DIGITS];
    lb_log_put_plain(line, lb_str_of_u64(value, digits));
}

void lb_log_end(struct lb_log_line *line)
{
    if (!line->end)
        return;
    *line->end++ = '\n';
    lb_log_sink_put(line->text, (size_t)(line->end - line->text), line->urgent);
    line->end = NULL;
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

void lb_log_say(const char *format, ...)
{
    char text[SAID_BYTES];
    va_list args;
    va_start(args, format);
    int len = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (len > 0)
        lb_log_sink_put(text, (size_t)len < sizeof text ? (size_t)len : sizeof text - 1, true);
}
