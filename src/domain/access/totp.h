/* Codes of authenticator apps: time-based one-time passwords after RFC 6238, with what all apps
 * expect: SHA-1, steps of 30 seconds, 6 digits. Threads: stateless. */
#ifndef LB_DOMAIN_ACCESS_TOTP_H
#define LB_DOMAIN_ACCESS_TOTP_H

#include "base/str.h"
#include "store/rows.h"

#include <stdbool.h>
#include <stdint.h>

#define LB_TOTP_STEP_MS INT64_C(30000)
#define LB_TOTP_DIGITS  6
#define LB_TOTP_SLACK   1 /* steps that a phone's clock may be ahead or behind */

/* A secret in base 32 (RFC 4648), without padding, with the NUL. */
#define LB_TOTP_TEXT_SIZE (LB_FACTOR_SECRET_SIZE * 8 / 5 + 1)

/* The code of a step, which counts from 1970, with a NUL. */
void lb_totp_code(const uint8_t secret[LB_FACTOR_SECRET_SIZE], int64_t step,
                  char out[LB_TOTP_DIGITS + 1]);

/* Is it the code of now, or of a step beside, that comes after `last`? Then *out_step is its step.
 * Takes as long whichever digit differs. */
bool lb_totp_matches(const uint8_t secret[LB_FACTOR_SECRET_SIZE], struct lb_str code,
                     int64_t now_ms, int64_t last, int64_t *out_step);

void lb_totp_write(const uint8_t secret[LB_FACTOR_SECRET_SIZE], char out[LB_TOTP_TEXT_SIZE]);

#endif
