/* SHA-1 and HMAC-SHA-1, for time-based codes alone (RFC 6238): authenticator apps know nothing
 * else, and libsodium has neither. For anything new SHA-1 is too weak. Threads: stateless. */
#ifndef LB_BASE_SHA1_H
#define LB_BASE_SHA1_H

#include "base/str.h"

#include <stdint.h>

#define LB_SHA1_SIZE 20 /* bytes */

void lb_sha1(struct lb_str text, uint8_t out[LB_SHA1_SIZE]);

/* A key of 64 bytes at most (RFC 2104; longer ones would have to be hashed first, which no caller
 * needs). */
void lb_hmac_sha1(struct lb_str key, struct lb_str text, uint8_t out[LB_SHA1_SIZE]);

#endif
