/* Commitments to four texts at once, one in each lane of vector registers. They are the same as
 * those that libsodium makes one by one, at a third of the instructions; where a processor cannot
 * do so, or a text is longer than a block of BLAKE2b, libsodium makes them. Threads: stateless. */
#ifndef LB_STORE_CHAIN_LANES_H
#define LB_STORE_CHAIN_LANES_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define LB_LANES      4
#define LB_LANE_BYTES 128 /* of a text, at most */

/* A commitment of LB_COMMITMENT_SIZE bytes to a text: its BLAKE2b with `use` as personalisation
 * and, as salt, its SipHash-2-4-128 under the seed. */
struct lb_lane {
    const uint8_t *seed;      /* LB_SEED_SIZE bytes */
    const unsigned char *use; /* crypto_generichash_blake2b_PERSONALBYTES bytes */
    struct lb_str text;
    uint8_t *out;
};

/* Does the processor have what it takes? */
bool lb_lanes_exist(void);

void lb_lanes_commit(const struct lb_lane lanes[LB_LANES]);

#endif
