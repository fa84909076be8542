/* Where finished lines of the log go: buffers in memory, and the thread that writes them to
 * standard error. For log.c only; log.h says what is promised. Threads: any. */
#ifndef LB_BASE_LOG_SINK_H
#define LB_BASE_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>

/* Takes a line with its line feed, at most 4,000 bytes. An urgent one is written without
 * delay, after all earlier lines of its thread. */
void lb_log_sink_put(const char *text, size_t len, bool urgent);

#endif
