/* The key with which the installation signs statements about its log: Ed25519, made once, kept with
 * the data, so that backups and copies have it. A signature is over the bytes of a text, as they
 * are.
 *
 * Threads: the change is filled on any, submitted to the writer, applied there; the rest is
 * stateless. */
#ifndef LB_DOMAIN_ACCESS_SIGNING_H
#define LB_DOMAIN_ACCESS_SIGNING_H

#include "writer/writer.h"

#define LB_PUBLIC_KEY_SIZE 32 /* bytes */
#define LB_SIGNATURE_SIZE  64

void lb_signing_public_key(const struct lb_signing_key_row *key, uint8_t out[LB_PUBLIC_KEY_SIZE]);

void lb_signing_sign(const struct lb_signing_key_row *key, struct lb_str text,
                     uint8_t out[LB_SIGNATURE_SIZE]);

bool lb_signing_is_signed(struct lb_str text, const uint8_t signature[LB_SIGNATURE_SIZE],
                          const uint8_t public_key[LB_PUBLIC_KEY_SIZE]);

/* The key. The first call makes it; for the writer, in the open transaction of `write`. */
lb_err lb_signing_key_made(struct lb_store *store, struct lb_write *write,
                           struct lb_signing_key_row *out);

/* Makes the key, unless there is one by then. Embedded in its owner's struct; fill `write` as for
 * any write, prepare it, and submit `write`. */
struct lb_signing_change {
    struct lb_write write;         /* first: the writer hands it back */
    struct lb_signing_key_row key; /* result: the key that there is now */
};

void lb_signing_make_key(struct lb_signing_change *change);

#endif
