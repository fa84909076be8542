/* Structured logs on standard error, one line an event: time, level, event, then key=value pairs
 * (values with spaces or quotes are quoted and escaped).
 *
 *   2026-11-23T07:31:56.123Z info request id=9f2c method=POST route=/v1/... status=200 us=412
 *
 * Secrets never reach a log: callers pass key ids, never keys, and no identifiers.
 * Threads: any. Lines go into a bounded buffer that one thread writes out, so a slow standard error
 * never holds up a request; lines that do not fit are counted and the count is logged. The thread
 * writes the first line at once, and those of the next 20 ms together unless they fill 64 KiB
 * before; errors and warnings do not wait. Before lb_log_start and after lb_log_stop, lines are
 * written at once.
 * Order: lines of one thread stay in order; those of different threads may change places. */
#ifndef LB_BASE_LOG_H
#define LB_BASE_LOG_H

#include "base/str.h"

enum lb_log_level { LB_LOG_ERROR, LB_LOG_WARN, LB_LOG_INFO, LB_LOG_DEBUG };

/* "error", "warn", "info", "debug"; false for anything else. */
bool lb_log_level_parse(const char *text, enum lb_log_level *out);
void lb_log_set_level(enum lb_log_level level);
bool lb_log_enabled(enum lb_log_level level);

/* Starts and stops the writing thread; stop writes out everything, also what other threads have not
 * flushed yet. When nothing is read of standard error for two seconds, it gives up, and what is
 * left is lost: a process must be able to end. */
void lb_log_start(void);
void lb_log_stop(void);

/* From now on the lines of this thread gather in a buffer of its own, without a lock, until it
 * calls lb_log_flush, which it must do before each wait; an error or warning flushes them too, and
 * so does the thread's end. Without memory for it, lines go the usual way. */
void lb_log_thread_buffer(void);
void lb_log_flush(void);

/* A line under construction, on the stack. What does not fit is cut. */
struct lb_log_line {
    char *end; /* of what is written; NULL when the level is off */
    bool urgent;
    char text[1024];
};

void lb_log_begin(struct lb_log_line *line, enum lb_log_level level, const char *event);
/* lb_log_add(line, key, value) adds a pair; the key is a string literal. */
#define lb_log_add(line, key, ...) LB_LOG_ADD_(lb_log_put_value, line, key, __VA_ARGS__)
/* The same for values that are known to be printable ASCII without spaces, quotation marks,
 * backslashes and "=", and not empty: they are not looked at. */
#define lb_log_add_plain(line, key, ...) LB_LOG_ADD_(lb_log_put_plain, line, key, __VA_ARGS__)
#define lb_log_add_u64(line, key, ...)   LB_LOG_ADD_(lb_log_put_u64, line, key, __VA_ARGS__)
void lb_log_end(struct lb_log_line *line);

/* For the above. */
#define LB_LOG_ADD_(put, line, key, ...)                                                           \
    (lb_log_put_start((line), " " key "=", sizeof(" " key "=") - 1) ? put((line), __VA_ARGS__)     \
                                                                    : (void)0)
void lb_log_put_value(struct lb_log_line *line, struct lb_str value);
void lb_log_put_u64(struct lb_log_line *line, uint64_t value);

/* What fits; one byte stays free for the line's end. Here, as each request does this eight times
 * and it is little more than a copy. */
static inline void lb_log_put_plain(struct lb_log_line *line, struct lb_str value)
{
    size_t room = (size_t)(line->text + sizeof line->text - 1 - line->end);
    size_t len = value.len < room ? value.len : room;
    memcpy(line->end, value.ptr, len);
    line->end += len;
}

/* Writes " key=" unless the line is off, or full: one byte of the value and the line's end must fit
 * as well. Here, so that the compiler knows the length. */
static inline bool lb_log_put_start(struct lb_log_line *line, const char *start, size_t len)
{
    if (!line->end || (size_t)(line->text + sizeof line->text - 1 - line->end) <= len)
        return false;
    memcpy(line->end, start, len);
    line->end += len;
    return true;
}

/* One line with a message for people: `lb_log(LB_LOG_WARN, "store", "cannot ...: %s", why)`. */
void lb_log(enum lb_log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Text for the person at the terminal, as it is, at every level: after the lines of this thread,
 * and with no line inside it. At most 4,000 bytes. */
void lb_log_say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
