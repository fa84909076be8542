/* Random ids and text forms of random bytes. Threads: any. */
#ifndef LB_BASE_ID_H
#define LB_BASE_ID_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Writes `count` random characters of Crockford's base 32 in lower case (5 bits each), with a NUL.
 * Source of the alphabet: https://www.crockford.com/base32.html */
void lb_id_random(char *out, size_t count);

/* The lowest 5 * `count` bits in `count` of these characters, with a NUL; and back: false when it
 * is anything else. */
void lb_id_write_bits(char *out, size_t count, uint64_t bits);
bool lb_id_read_bits(struct lb_str text, size_t count, uint64_t *out);

/* "ws_" and the like: the prefix, then 16 random characters (80 bits). */
void lb_id_make(char *out, size_t size, const char *prefix);

#endif
