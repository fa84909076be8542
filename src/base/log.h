/* Structured logs on standard error, one line an event: time, level, event, then key=value pairs
 * (values with spaces or quotes are quoted and escaped).
 *
 *   2026-11-23T07:31:56.123Z info request id=9f2c method=POST route=/v1/... status=200 us=412
 *
 * Secrets never reach a log: callers pass key ids, never keys, and no identifiers.
 * Threads: any. Lines go into a bounded buffer that one thread writes out, so a slow standard error
 * never holds up a request; lines that do not fit are counted and the count is logged. Before
 * lb_log_start and after lb_log_stop, lines are written at once. */
#ifndef LB_BASE_LOG_H
#define LB_BASE_LOG_H

#include "base/str.h"

enum lb_log_level { LB_LOG_ERROR, LB_LOG_WARN, LB_LOG_INFO, LB_LOG_DEBUG };

/* "error", "warn", "info", "debug"; false for anything else. */
bool lb_log_level_parse(const char *text, enum lb_log_level *out);
void lb_log_set_level(enum lb_log_level level);
bool lb_log_enabled(enum lb_log_level level);

/* Starts and stops the writing thread; stop writes out everything. */
void lb_log_start(void);
void lb_log_stop(void);

/* A line under construction, on the stack. What does not fit is cut. */
struct lb_log_line {
    char text[1024];
    size_t len;
};

void lb_log_begin(struct lb_log_line *line, enum lb_log_level level, const char *event);
void lb_log_add(struct lb_log_line *line, const char *key, struct lb_str value);
void lb_log_add_u64(struct lb_log_line *line, const char *key, uint64_t value);
void lb_log_end(struct lb_log_line *line);

/* One line with a message for people: `lb_log(LB_LOG_WARN, "store", "cannot ...: %s", why)`. */
void lb_log(enum lb_log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

#endif
