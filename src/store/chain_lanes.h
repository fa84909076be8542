/* Commitments to four texts at once, one in each lane of vector registers: the same as libsodium
 * makes one by one, in half the instructions. For processors with AVX2 and texts of up to
 * LB_LANE_BYTES; chain.c has libsodium make the others. Threads: stateless. */
#ifndef LB_STORE_CHAIN_LANES_H
#define LB_STORE_CHAIN_LANES_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define LB_LANES      4
#define LB_LANE_BYTES 128 /* the longest text, in bytes: one block of BLAKE2b */

/* A commitment of LB_COMMITMENT_SIZE bytes to a text: its BLAKE2b with `use` as personalisation
 * and, as salt, its SipHash-2-4-128 under the seed. */
struct lb_lane {
    const uint8_t *seed;      /* LB_SEED_SIZE bytes */
    const unsigned char *use; /* crypto_generichash_blake2b_PERSONALBYTES bytes */
    struct lb_str text;
    uint8_t *out;
};

/* Does the processor have AVX2, and was the program built for it? */
bool lb_lanes_exist(void);

/* Only where lb_lanes_exist(), and with four texts of at most LB_LANE_BYTES each. */
void lb_lanes_commit(const struct lb_lane lanes[LB_LANES]);

#endif
