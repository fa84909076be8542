/* Signatures of deliveries, as Standard Webhooks (https://www.standardwebhooks.com) has them:
 * HMAC-SHA256 over the message's id, the time and the body. Threads: stateless. */
#ifndef LB_HOOKS_SIGNATURE_H
#define LB_HOOKS_SIGNATURE_H

#include "store/hook_rows.h"

#define LB_HOOK_SECRET_TEXT_SIZE 51 /* "whsec_", base 64, the NUL */
#define LB_HOOK_SIGNATURE_SIZE   48 /* "v1,", base 64, the NUL */

void lb_hook_secret_make(uint8_t out[LB_HOOK_SECRET_SIZE]);

/* As the subscriber is shown it, once. */
void lb_hook_secret_write(const uint8_t secret[LB_HOOK_SECRET_SIZE],
                          char out[LB_HOOK_SECRET_TEXT_SIZE]);

/* The value of the header webhook-signature, of one secret. `at_s`: seconds since 1970. */
void lb_hook_sign(const uint8_t secret[LB_HOOK_SECRET_SIZE], const char *id, int64_t at_s,
                  struct lb_str body, char out[LB_HOOK_SIGNATURE_SIZE]);

#endif
