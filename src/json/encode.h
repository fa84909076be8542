/* JSON written into a buffer. The caller writes the braces, commas and names; these functions
 * write the values that need care. Out of memory is remembered by the buffer (base/buf.h).
 * Threads: a buffer has one owner at a time. */
#ifndef LB_JSON_ENCODE_H
#define LB_JSON_ENCODE_H

#include "base/buf.h"

/* Appends `text`, any bytes, as a JSON string with its quotes. What is not UTF-8 becomes U+FFFD,
 * one per byte, so that the output is valid JSON whatever comes in. */
void lb_json_put_string(struct lb_buf *buf, struct lb_str text);

/* Appends a time, in milliseconds since 1970 UTC, as a string: "2026-11-23T07:31:56.123Z". */
void lb_json_put_time(struct lb_buf *buf, int64_t wall_ms);

/* The same, but null for a string whose ptr is NULL, and for the time 0. */
void lb_json_put_string_or_null(struct lb_buf *buf, struct lb_str text);
void lb_json_put_time_or_null(struct lb_buf *buf, int64_t wall_ms);

#endif
