#include "base/sha1.h"

#include <assert.h>
#include <endian.h>
#include <sodium.h>

#define BLOCK 64 /* bytes */

/* After RFC 3174. */
struct sha1 {
    uint32_t state[5];
    uint64_t len; /* bytes so far */
    uint8_t block[BLOCK];
};

static uint32_t rotate(uint32_t word, unsigned bits)
{
    return word << bits | word >> (32 - bits);
}

/* The function and the constant of round `i`. */
static uint32_t mix(unsigned i, uint32_t b, uint32_t c, uint32_t d)
{
    if (i < 20)
        return ((b & c) | (~b & d)) + UINT32_C(0x5a827999);
    if (i < 40)
        return (b ^ c ^ d) + UINT32_C(0x6ed9eba1);
    if (i < 60)
        return ((b & c) | (b & d) | (c & d)) + UINT32_C(0x8f1bbcdc);
    return (b ^ c ^ d) + UINT32_C(0xca62c1d6);
}

static void compress(struct sha1 *sha)
{
    uint32_t words[80];
    memcpy(words, sha->block, BLOCK);
    for (unsigned i = 0; i < 16; i++)
        words[i] = be32toh(words[i]);
    for (unsigned i = 16; i < 80; i++)
        words[i] = rotate(words[i - 3] ^ words[i - 8] ^ words[i - 14] ^ words[i - 16], 1);
    uint32_t s[5];
    memcpy(s, sha->state, sizeof s);
    for (unsigned i = 0; i < 80; i++) {
        uint32_t next = rotate(s[0], 5) + mix(i, s[1], s[2], s[3]) + s[4] + words[i];
        s[4] = s[3];
        s[3] = s[2];
        s[2] = rotate(s[1], 30);
        s[1] = s[0];
        s[0] = next;
    }
    for (unsigned i = 0; i < 5; i++)
        sha->state[i] += s[i];
    sodium_memzero(words, sizeof words);
}

static void begin(struct sha1 *sha)
{
    *sha = (struct sha1){.state = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0}};
}

static void add(struct sha1 *sha, struct lb_str text)
{
    for (size_t i = 0; i < text.len; i++) {
        sha->block[sha->len++ % BLOCK] = (uint8_t)text.ptr[i];
        if (sha->len % BLOCK == 0)
            compress(sha);
    }
}

static void end(struct sha1 *sha, uint8_t out[LB_SHA1_SIZE])
{
    uint64_t bits = htobe64(sha->len * 8);
    add(sha, LB_STR("\x80"));
    while (sha->len % BLOCK != BLOCK - sizeof bits)
        add(sha, (struct lb_str){"\0", 1});
    add(sha, (struct lb_str){(const char *)&bits, sizeof bits});
    for (unsigned i = 0; i < 5; i++) {
        uint32_t word = htobe32(sha->state[i]);
        memcpy(out + 4 * i, &word, sizeof word);
    }
    sodium_memzero(sha, sizeof *sha);
}

void lb_sha1(struct lb_str text, uint8_t out[LB_SHA1_SIZE])
{
    struct sha1 sha;
    begin(&sha);
    add(&sha, text);
    end(&sha, out);
}

void lb_hmac_sha1(struct lb_str key, struct lb_str text, uint8_t out[LB_SHA1_SIZE])
{
    assert(key.len <= BLOCK);
    char inner[BLOCK] = {0};
    char outer[BLOCK] = {0};
    uint8_t digest[LB_SHA1_SIZE];
    struct sha1 sha;
    memcpy(inner, key.ptr, key.len);
    memcpy(outer, key.ptr, key.len);
    for (size_t i = 0; i < BLOCK; i++) {
        inner[i] ^= 0x36;
        outer[i] ^= 0x5c;
    }
    begin(&sha);
    add(&sha, (struct lb_str){inner, BLOCK});
    add(&sha, text);
    end(&sha, digest);
    begin(&sha);
    add(&sha, (struct lb_str){outer, BLOCK});
    add(&sha, (struct lb_str){(const char *)digest, sizeof digest});
    end(&sha, out);
    sodium_memzero(inner, sizeof inner);
    sodium_memzero(outer, sizeof outer);
}
