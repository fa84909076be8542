#include "domain/access/passwords.h"

#include "base/id.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

_Static_assert(LB_PASSWORD_HASH_SIZE == crypto_pwhash_STRBYTES, "the size of libsodium's hashes");

void lb_token_make(char out[LB_TOKEN_SIZE], uint8_t out_hash[LB_SECRET_HASH_SIZE])
{
    lb_id_random(out, LB_TOKEN_SIZE - 1);
    lb_token_hash(lb_str(out), out_hash);
}

void lb_token_hash(struct lb_str token, uint8_t out[LB_SECRET_HASH_SIZE])
{
    crypto_generichash(out, LB_SECRET_HASH_SIZE, (const unsigned char *)token.ptr, token.len, NULL,
                       0);
}

void lb_token_csrf(struct lb_str token, char out[LB_CSRF_SIZE])
{
    static const unsigned char purpose[] = "leadblock csrf token";
    unsigned char mac[(LB_CSRF_SIZE - 1) / 2];
    crypto_generichash(mac, sizeof mac, (const unsigned char *)token.ptr, token.len, purpose,
                       sizeof purpose - 1);
    sodium_bin2hex(out, LB_CSRF_SIZE, mac, sizeof mac);
}

bool lb_token_csrf_matches(struct lb_str token, struct lb_str csrf)
{
    char expected[LB_CSRF_SIZE];
    lb_token_csrf(token, expected);
    return csrf.len == LB_CSRF_SIZE - 1 && sodium_memcmp(csrf.ptr, expected, csrf.len) == 0;
}

bool lb_password_hash(struct lb_str password, uint32_t memory_mib, char out[LB_PASSWORD_HASH_SIZE])
{
    return crypto_pwhash_str_alg(out, password.ptr, password.len,
                                 crypto_pwhash_OPSLIMIT_INTERACTIVE, (size_t)memory_mib << 20,
                                 crypto_pwhash_ALG_ARGON2ID13) == 0;
}

lb_err lb_password_check(const char *hash, uint32_t memory_mib, struct lb_str password,
                         bool *out_matches)
{
    /* Of a password that does not exist, with the limits above; as large as libsodium may read. */
    char no_user[LB_PASSWORD_HASH_SIZE] = "";
    snprintf(no_user, sizeof no_user,
             "$argon2id$v=19$m=%u,t=%u,p=1$AAAAAAAAAAAAAAAAAAAAAA$"
             "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
             memory_mib << 10, (unsigned)crypto_pwhash_OPSLIMIT_INTERACTIVE);
    bool known = hash[0] != '\0';
    bool fits = password.ptr && password.len <= LB_PASSWORD_BYTES_MAX;
    *out_matches = false;
    errno = 0;
    bool matches = crypto_pwhash_str_verify(known ? hash : no_user, fits ? password.ptr : "",
                                            fits ? password.len : 0) == 0;
    /* EINVAL: it was hashed, and is another one. Otherwise it was not hashed, as a rule for want of
     * memory; a hash that cannot be read leaves 0. */
    if (!matches && errno != EINVAL && errno != 0)
        return LB_ERR_OVERLOADED;
    *out_matches = matches && known && fits;
    return LB_OK;
}
