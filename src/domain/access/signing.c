#include "domain/access/signing.h"

#include "base/clock.h"

#include <sodium.h>

_Static_assert(LB_SIGNING_SEED_SIZE == crypto_sign_SEEDBYTES, "a seed of Ed25519");
_Static_assert(LB_PUBLIC_KEY_SIZE == crypto_sign_PUBLICKEYBYTES, "a public key of Ed25519");
_Static_assert(LB_SIGNATURE_SIZE == crypto_sign_BYTES, "a signature of Ed25519");

void lb_signing_public_key(const struct lb_signing_key_row *key, uint8_t out[LB_PUBLIC_KEY_SIZE])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(out, secret, key->seed);
    sodium_memzero(secret, sizeof secret);
}

void lb_signing_sign(const struct lb_signing_key_row *key, struct lb_str text,
                     uint8_t out[LB_SIGNATURE_SIZE])
{
    uint8_t public_key[LB_PUBLIC_KEY_SIZE];
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    crypto_sign_seed_keypair(public_key, secret, key->seed);
    crypto_sign_detached(out, NULL, (const unsigned char *)text.ptr, text.len, secret);
    sodium_memzero(secret, sizeof secret);
}

bool lb_signing_is_signed(struct lb_str text, const uint8_t signature[LB_SIGNATURE_SIZE],
                          const uint8_t public_key[LB_PUBLIC_KEY_SIZE])
{
    return crypto_sign_verify_detached(signature, (const unsigned char *)text.ptr, text.len,
                                       public_key) == 0;
}

/* Another request, or another node, may have been quicker. */
lb_err lb_signing_key_made(struct lb_store *store, struct lb_write *write,
                           struct lb_signing_key_row *out)
{
    struct lb_store_reader *reader = store->ops->writer_reader(store);
    lb_err err = store->ops->signing_key(reader, out);
    if (err != LB_ERR_NOT_FOUND)
        return err;
    write->touched = true;
    randombytes_buf(out->seed, sizeof out->seed);
    out->created_at = lb_clock_wall_ms();
    err = store->ops->signing_key_insert(store, out);
    return err == LB_ERR_ALREADY_EXISTS ? store->ops->signing_key(reader, out) : err;
}

static lb_err apply_make_key(struct lb_write *write, struct lb_store *store)
{
    return lb_signing_key_made(store, write, &((struct lb_signing_change *)write)->key);
}

void lb_signing_make_key(struct lb_signing_change *change)
{
    change->write.apply = apply_make_key;
}
