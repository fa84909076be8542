/* For tests: what is written to standard error, where the log goes, while a test looks. Threads:
 * one at a time. */
#ifndef LB_TESTS_CAUGHT_LOG_H
#define LB_TESTS_CAUGHT_LOG_H

#include <stddef.h>

/* From here on standard error is kept, and not shown. */
void caught_log_begin(void);
/* Shows it again; returns what was written, which lives until the next begin. */
const char *caught_log_end(void);

/* How often `words` are in the text. */
size_t caught_log_count(const char *text, const char *words);

#endif
