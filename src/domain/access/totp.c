#include "domain/access/totp.h"

#include "base/sha1.h"

#include <endian.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>

_Static_assert(LB_FACTOR_SECRET_SIZE % 5 == 0, "its base 32 needs no padding");

void lb_totp_code(const uint8_t secret[LB_FACTOR_SECRET_SIZE], int64_t step,
                  char out[LB_TOTP_DIGITS + 1])
{
    uint64_t counter = htobe64((uint64_t)step);
    uint8_t mac[LB_SHA1_SIZE];
    uint32_t word;
    lb_hmac_sha1((struct lb_str){(const char *)secret, LB_FACTOR_SECRET_SIZE},
                 (struct lb_str){(const char *)&counter, sizeof counter}, mac);
    memcpy(&word, mac + (mac[sizeof mac - 1] & 15), sizeof word); /* RFC 4226, 5.3 */
    snprintf(out, LB_TOTP_DIGITS + 1, "%06" PRIu32, (be32toh(word) & INT32_MAX) % 1000000);
}

bool lb_totp_matches(const uint8_t secret[LB_FACTOR_SECRET_SIZE], struct lb_str code,
                     int64_t now_ms, int64_t last, int64_t *out_step)
{
    int64_t now = now_ms / LB_TOTP_STEP_MS;
    bool matches = false;
    if (code.len != LB_TOTP_DIGITS)
        return false;
    for (int64_t step = now - LB_TOTP_SLACK; step <= now + LB_TOTP_SLACK; step++) {
        char expected[LB_TOTP_DIGITS + 1];
        lb_totp_code(secret, step, expected);
        if (sodium_memcmp(expected, code.ptr, LB_TOTP_DIGITS) == 0 && step > last) {
            matches = true;
            *out_step = step;
        }
    }
    return matches;
}

void lb_totp_write(const uint8_t secret[LB_FACTOR_SECRET_SIZE], char out[LB_TOTP_TEXT_SIZE])
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    uint64_t bits = 0;
    unsigned held = 0;
    size_t len = 0;
    for (size_t i = 0; i < LB_FACTOR_SECRET_SIZE; i++) {
        bits = bits << 8 | secret[i];
        for (held += 8; held >= 5; held -= 5)
            out[len++] = alphabet[bits >> (held - 5) & 31];
    }
    out[len] = '\0';
}
