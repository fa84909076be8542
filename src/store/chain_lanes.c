#include "store/chain_lanes.h"

#include "store/chain.h"

#if defined(__x86_64__) && __has_builtin(__builtin_shufflevector) /* clang, and gcc from 12 on */

#include <endian.h>
#include <string.h>

/* A number in each lane. Its operators are those of C, lane by lane. */
typedef uint64_t lanes __attribute__((vector_size(8 * LB_LANES)));
typedef uint8_t lane_bytes __attribute__((vector_size(8 * LB_LANES)));

#define IN_LANES static inline __attribute__((always_inline, target("avx2")))

#define WORDS (LB_LANE_BYTES / 8)

/* The texts, word by word, lowest byte first, with zeros up to a block's end, and one more. */
struct block {
    lanes words[WORDS + 1];
    lanes length; /* in bytes */
    size_t longest;
};

IN_LANES lanes all(uint64_t number)
{
    return (lanes){number, number, number, number};
}

IN_LANES lanes rotate(lanes x, int right)
{
    return x >> right | x << (64 - right);
}

/* To rotate to the right by whole bytes is one instruction, which takes a list of bytes: where
 * each byte of a lane comes from. */
#define BYTES(lane, from)                                                                          \
    8 * (lane) + (from) % 8, 8 * (lane) + ((from) + 1) % 8, 8 * (lane) + ((from) + 2) % 8,         \
        8 * (lane) + ((from) + 3) % 8, 8 * (lane) + ((from) + 4) % 8,                              \
        8 * (lane) + ((from) + 5) % 8, 8 * (lane) + ((from) + 6) % 8,                              \
        8 * (lane) + ((from) + 7) % 8
#define ROTATE_BYTES(x, count)                                                                     \
    ((lanes)__builtin_shufflevector((lane_bytes)(x), (lane_bytes)(x), BYTES(0, count),             \
                                    BYTES(1, count), BYTES(2, count), BYTES(3, count)))

IN_LANES uint64_t word_of(const void *bytes, size_t len)
{
    uint64_t word = 0;
    memcpy(&word, bytes, len);
    return le64toh(word);
}

IN_LANES void read_texts(const struct lb_lane in[LB_LANES], struct block *out)
{
    for (size_t i = 0; i <= WORDS; i++)
        out->words[i] = all(0);
    out->longest = 0;
    for (size_t lane = 0; lane < LB_LANES; lane++) {
        const char *text = in[lane].text.ptr;
        size_t len = in[lane].text.len, at = 0;
        for (; at + 8 <= len; at += 8)
            out->words[at / 8][lane] = word_of(text + at, 8);
        if (at < len)
            out->words[at / 8][lane] = word_of(text + at, len - at);
        out->length[lane] = len;
        if (out->longest < len)
            out->longest = len;
    }
}

IN_LANES lanes read_word(const uint8_t *const places[LB_LANES], size_t at)
{
    lanes out;
    for (size_t lane = 0; lane < LB_LANES; lane++)
        out[lane] = word_of(places[lane] + at, 8);
    return out;
}

/* --- SipHash-2-4, of 128 bits ----------------------------------------------------------------- */

IN_LANES void sip_round(lanes v[4])
{
    v[0] += v[1];
    v[1] = rotate(v[1], 64 - 13) ^ v[0];
    v[0] = ROTATE_BYTES(v[0], 4);
    v[2] += v[3];
    v[3] = ROTATE_BYTES(v[3], 6) ^ v[2];
    v[0] += v[3];
    v[3] = rotate(v[3], 64 - 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotate(v[1], 64 - 17) ^ v[2];
    v[2] = ROTATE_BYTES(v[2], 4);
}

IN_LANES void sip_rounds(lanes v[4], int count)
{
    for (int i = 0; i < count; i++)
        sip_round(v);
}

/* SipHash of four texts, word by word of 8 bytes. The highest byte of the last word is the length
 * of the text. A shorter text ends earlier: from then on its lane stays as it is. */
IN_LANES void sip_texts(lanes v[4], const struct block *block)
{
    const lanes last = block->length >> 3;
    for (size_t i = 0; i <= block->longest / 8; i++) {
        lanes keeps = (lanes)(last < all(i));
        lanes is_last = (lanes)(last == all(i));
        lanes word = block->words[i] | (is_last & block->length << 56);
        lanes next[4] = {v[0], v[1], v[2], v[3] ^ word};
        sip_rounds(next, 2);
        next[0] ^= word;
        for (int k = 0; k < 4; k++)
            v[k] = (v[k] & keeps) | (next[k] & ~keeps);
    }
}

/* Gives the two words of the hash. */
IN_LANES void sip(const struct lb_lane in[LB_LANES], const struct block *block, lanes out[2])
{
    const uint8_t *seeds[LB_LANES] = {in[0].seed, in[1].seed, in[2].seed, in[3].seed};
    lanes key[2] = {read_word(seeds, 0), read_word(seeds, 8)};
    lanes v[4] = {key[0] ^ all(UINT64_C(0x736f6d6570736575)),
                  key[1] ^ all(UINT64_C(0x646f72616e646f6d) ^ 0xee),
                  key[0] ^ all(UINT64_C(0x6c7967656e657261)),
                  key[1] ^ all(UINT64_C(0x7465646279746573))};
    sip_texts(v, block);
    v[2] ^= all(0xee);
    sip_rounds(v, 4);
    out[0] = v[0] ^ v[1] ^ v[2] ^ v[3];
    v[1] ^= all(0xdd);
    sip_rounds(v, 4);
    out[1] = v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* --- BLAKE2b of one block --------------------------------------------------------------------- */

static const uint64_t initial[8] = {UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b),
                                    UINT64_C(0x3c6ef372fe94f82b), UINT64_C(0xa54ff53a5f1d36f1),
                                    UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f),
                                    UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179)};

IN_LANES void mix(lanes *a, lanes *b, lanes *c, lanes *d, lanes first, lanes second)
{
    *a += *b + first;
    *d = ROTATE_BYTES(*d ^ *a, 4);
    *c += *d;
    *b = ROTATE_BYTES(*b ^ *c, 3);
    *a += *b + second;
    *d = ROTATE_BYTES(*d ^ *a, 2);
    *c += *d;
    *b = rotate(*b ^ *c, 63);
}

/* A round takes the words of the message in the order that is given. */
#define ROUND(v, w, o0, o1, o2, o3, o4, o5, o6, o7, o8, o9, o10, o11, o12, o13, o14, o15)          \
    do {                                                                                           \
        mix(&(v)[0], &(v)[4], &(v)[8], &(v)[12], (w)[o0], (w)[o1]);                                \
        mix(&(v)[1], &(v)[5], &(v)[9], &(v)[13], (w)[o2], (w)[o3]);                                \
        mix(&(v)[2], &(v)[6], &(v)[10], &(v)[14], (w)[o4], (w)[o5]);                               \
        mix(&(v)[3], &(v)[7], &(v)[11], &(v)[15], (w)[o6], (w)[o7]);                               \
        mix(&(v)[0], &(v)[5], &(v)[10], &(v)[15], (w)[o8], (w)[o9]);                               \
        mix(&(v)[1], &(v)[6], &(v)[11], &(v)[12], (w)[o10], (w)[o11]);                             \
        mix(&(v)[2], &(v)[7], &(v)[8], &(v)[13], (w)[o12], (w)[o13]);                              \
        mix(&(v)[3], &(v)[4], &(v)[9], &(v)[14], (w)[o14], (w)[o15]);                              \
    } while (0)

IN_LANES void blake_rounds(lanes v[16], const lanes words[WORDS])
{
    ROUND(v, words, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(v, words, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);
    ROUND(v, words, 11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4);
    ROUND(v, words, 7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8);
    ROUND(v, words, 9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13);
    ROUND(v, words, 2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9);
    ROUND(v, words, 12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11);
    ROUND(v, words, 13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10);
    ROUND(v, words, 6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5);
    ROUND(v, words, 10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0);
    ROUND(v, words, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(v, words, 14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);
}

/* `state`: after the parameters; becomes the hash. */
IN_LANES void blake(lanes state[8], const struct block *block)
{
    lanes v[16];
    for (int i = 0; i < 8; i++) {
        v[i] = state[i];
        v[8 + i] = all(initial[i]);
    }
    v[12] ^= block->length;
    v[14] = ~v[14]; /* this block is the last */
    blake_rounds(v, block->words);
    for (int i = 0; i < 8; i++)
        state[i] ^= v[i] ^ v[8 + i];
}

/* --- Commitments ------------------------------------------------------------------------------ */

bool lb_lanes_exist(void)
{
    return __builtin_cpu_supports("avx2");
}

__attribute__((target("avx2"))) void lb_lanes_commit(const struct lb_lane in[LB_LANES])
{
    _Static_assert(LB_SEED_SIZE == 16 && LB_COMMITMENT_SIZE == 24, "as is read and written here");
    const uint8_t *uses[LB_LANES] = {in[0].use, in[1].use, in[2].use, in[3].use};
    struct block block;
    read_texts(in, &block);
    lanes salt[2];
    sip(in, &block, salt);
    lanes state[8];
    for (int i = 0; i < 8; i++)
        state[i] = all(initial[i]);
    state[0] ^= all(LB_COMMITMENT_SIZE | 1 << 16 | 1 << 24); /* no key; a tree of one leaf */
    state[4] ^= salt[0];
    state[5] ^= salt[1];
    state[6] ^= read_word(uses, 0);
    state[7] ^= read_word(uses, 8);
    blake(state, &block);
    for (size_t lane = 0; lane < LB_LANES; lane++)
        for (size_t i = 0; i < LB_COMMITMENT_SIZE / 8; i++) {
            uint64_t word = htole64(state[i][lane]);
            memcpy(in[lane].out + 8 * i, &word, sizeof word);
        }
}

#else

bool lb_lanes_exist(void)
{
    return false;
}

void lb_lanes_commit(const struct lb_lane in[LB_LANES])
{
    (void)in;
}

#endif
