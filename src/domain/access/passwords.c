#include "domain/access/passwords.h"

#include "base/id.h"

#include <inttypes.h>
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

/* A hash as lb_password_hash writes it. */
struct hashed {
    uint32_t memory_kib, times;
    unsigned char salt[crypto_pwhash_SALTBYTES];
    unsigned char digest[32];
};

static bool read_bytes(const char **at, unsigned char *out, size_t size)
{
    size_t len;
    return sodium_base642bin(out, size, *at, strlen(*at), NULL, &len, at,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
           len == size;
}

static bool read_text(const char **at, const char *text)
{
    size_t len = strlen(text);
    if (strncmp(*at, text, len) != 0)
        return false;
    *at += len;
    return true;
}

static bool read_number(const char **at, uint32_t *out)
{
    char *end = NULL;
    unsigned long number = strtoul(*at, &end, 10);
    bool whole = end != *at && number <= UINT32_MAX;
    *out = (uint32_t)number;
    *at = end;
    return whole;
}

static bool read_hash(const char *hash, struct hashed *out)
{
    const char *at = hash;
    return read_text(&at, "$argon2id$v=19$m=") && read_number(&at, &out->memory_kib) &&
           read_text(&at, ",t=") && read_number(&at, &out->times) && read_text(&at, ",p=1$") &&
           read_bytes(&at, out->salt, sizeof out->salt) && read_text(&at, "$") &&
           read_bytes(&at, out->digest, sizeof out->digest) && *at == '\0';
}

/* Not crypto_pwhash_str_verify, to which want of memory is a wrong password. */
lb_err lb_password_check(const char *hash, uint32_t memory_mib, struct lb_str password,
                         bool *out_matches)
{
    /* Of a password that does not exist, with the limits above. */
    struct hashed hashed = {.memory_kib = memory_mib << 10,
                            .times = crypto_pwhash_OPSLIMIT_INTERACTIVE};
    unsigned char digest[sizeof hashed.digest];
    struct hashed theirs;
    bool known = read_hash(hash, &theirs);
    if (known)
        hashed = theirs;
    bool fits = password.ptr && password.len <= LB_PASSWORD_BYTES_MAX;
    *out_matches = false;
    if (crypto_pwhash(digest, sizeof digest, fits ? password.ptr : "", fits ? password.len : 0,
                      hashed.salt, hashed.times, (size_t)hashed.memory_kib << 10,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return LB_ERR_OVERLOADED;
    *out_matches = known && fits && sodium_memcmp(digest, hashed.digest, sizeof hashed.digest) == 0;
    sodium_memzero(digest, sizeof digest);
    return LB_OK;
}
