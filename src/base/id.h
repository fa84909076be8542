/* Random ids and text forms of random bytes. Threads: any. */
#ifndef LB_BASE_ID_H
#define LB_BASE_ID_H

#include "base/str.h"

/* Writes `count` random characters of Crockford's base 32 in lower case (5 bits each), with a NUL.
 * Source of the alphabet: https://www.crockford.com/base32.html */
void lb_id_random(char *out, size_t count);

/* "ws_" and the like: the prefix, then 16 random characters (80 bits). */
void lb_id_make(char *out, size_t size, const char *prefix);

#endif
