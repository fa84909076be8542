#include "hooks/signature.h"

#include <sodium.h>
#include <stdio.h>

#define VARIANT sodium_base64_VARIANT_ORIGINAL

_Static_assert(sizeof "whsec_" - 1 + sodium_base64_ENCODED_LEN(LB_HOOK_SECRET_SIZE, VARIANT) ==
                   LB_HOOK_SECRET_TEXT_SIZE,
               "a secret as text");
_Static_assert(sizeof "v1," - 1 +
                       sodium_base64_ENCODED_LEN(crypto_auth_hmacsha256_BYTES, VARIANT) ==
                   LB_HOOK_SIGNATURE_SIZE,
               "a signature as text");

void lb_hook_secret_make(uint8_t out[LB_HOOK_SECRET_SIZE])
{
    randombytes_buf(out, LB_HOOK_SECRET_SIZE);
}

void lb_hook_secret_write(const uint8_t secret[LB_HOOK_SECRET_SIZE],
                          char out[LB_HOOK_SECRET_TEXT_SIZE])
{
    memcpy(out, "whsec_", 6);
    sodium_bin2base64(out + 6, LB_HOOK_SECRET_TEXT_SIZE - 6, secret, LB_HOOK_SECRET_SIZE, VARIANT);
}

void lb_hook_sign(const uint8_t secret[LB_HOOK_SECRET_SIZE], const char *id, int64_t at_s,
                  struct lb_str body, char out[LB_HOOK_SIGNATURE_SIZE])
{
    crypto_auth_hmacsha256_state state;
    uint8_t code[crypto_auth_hmacsha256_BYTES];
    char time[24];
    int len = snprintf(time, sizeof time, ".%lld.", (long long)at_s);
    crypto_auth_hmacsha256_init(&state, secret, LB_HOOK_SECRET_SIZE);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)id, strlen(id));
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)time, (size_t)len);
    crypto_auth_hmacsha256_update(&state, (const unsigned char *)body.ptr, body.len);
    crypto_auth_hmacsha256_final(&state, code);
    memcpy(out, "v1,", 3);
    sodium_bin2base64(out + 3, LB_HOOK_SIGNATURE_SIZE - 3, code, sizeof code, VARIANT);
}
