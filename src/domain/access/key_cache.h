/* Which text belongs to which API key, for texts that were checked in full before: checksum, hash
 * of the secret and the look-up by id take four times as many instructions as one keyed hash of the
 * whole text. It says whose text it is and nothing else: whether the key is valid now is for the
 * caller to ask, each time.
 *
 * It holds no text of a key, but its 128 bits under a random secret of this process (SipHash-2-4;
 * source: Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012). Two texts are taken for
 * the same when these are equal. That is enough: without the secret an attacker can only guess,
 * each guess is compared with at most LB_KEY_CACHE_WAYS keys and succeeds with 2^-126, and the
 * answer says nothing about other guesses. All bits are compared at once, whatever they are.
 *
 * Threads: any; lock-free. Bounded: when there is no room, one key takes another's place. Keys are
 * never freed while the program runs, so a pointer to one stays good (directory.h). */
#ifndef LB_DOMAIN_ACCESS_KEY_CACHE_H
#define LB_DOMAIN_ACCESS_KEY_CACHE_H

#include "base/str.h"

#define LB_KEY_CACHE_SETS 16384
#define LB_KEY_CACHE_WAYS 4

struct lb_key;
struct lb_key_cache;

struct lb_text_hash {
    uint64_t words[2];
};

/* NULL when out of memory. */
struct lb_key_cache *lb_key_cache_create(void);
void lb_key_cache_destroy(struct lb_key_cache *cache);

struct lb_text_hash lb_key_cache_hash(const struct lb_key_cache *cache, struct lb_str text);

/* The key whose text has this hash; NULL: not known, check it in full. */
struct lb_key *lb_key_cache_find(const struct lb_key_cache *cache, struct lb_text_hash hash);

/* Remembers that the text with this hash was checked and belongs to the key. A key has one text. */
void lb_key_cache_put(struct lb_key_cache *cache, struct lb_text_hash hash, struct lb_key *key);

#endif
