#include "domain/access/key_cache.h"

#include "domain/access/directory.h"

#include <sodium.h>
#include <stdlib.h>

struct lb_key_cache {
    unsigned char secret[crypto_shorthash_siphashx24_KEYBYTES];
    _Atomic(struct lb_key *) keys[LB_KEY_CACHE_SETS][LB_KEY_CACHE_WAYS];
};

struct lb_key_cache *lb_key_cache_create(void)
{
    struct lb_key_cache *cache = calloc(1, sizeof *cache); /* the kernel gives pages as used */
    if (cache)
        randombytes_buf(cache->secret, sizeof cache->secret);
    return cache;
}

void lb_key_cache_destroy(struct lb_key_cache *cache)
{
    free(cache);
}

struct lb_text_hash lb_key_cache_hash(const struct lb_key_cache *cache, struct lb_str text)
{
    struct lb_text_hash hash;
    _Static_assert(sizeof hash == crypto_shorthash_siphashx24_BYTES, "128 bits");
    crypto_shorthash_siphashx24((unsigned char *)hash.words, (const unsigned char *)text.ptr,
                                text.len, cache->secret);
    return hash;
}

static bool has_hash(const struct lb_key *key, struct lb_text_hash hash)
{
    uint64_t first = atomic_load_explicit(&key->text_hash[0], memory_order_relaxed);
    uint64_t second = atomic_load_explicit(&key->text_hash[1], memory_order_relaxed);
    return ((first ^ hash.words[0]) | (second ^ hash.words[1])) == 0;
}

struct lb_key *lb_key_cache_find(const struct lb_key_cache *cache, struct lb_text_hash hash)
{
    const _Atomic(struct lb_key *) *set = cache->keys[hash.words[0] % LB_KEY_CACHE_SETS];
    for (size_t way = 0; way < LB_KEY_CACHE_WAYS; way++) {
        struct lb_key *key = lb_rcu_load(&set[way]);
        if (key && has_hash(key, hash))
            return key;
    }
    return NULL;
}

void lb_key_cache_put(struct lb_key_cache *cache, struct lb_text_hash hash, struct lb_key *key)
{
    _Atomic(struct lb_key *) *set = cache->keys[hash.words[0] % LB_KEY_CACHE_SETS];
    size_t way = 0;
    while (way < LB_KEY_CACHE_WAYS && atomic_load_explicit(&set[way], memory_order_relaxed))
        way++;
    if (way == LB_KEY_CACHE_WAYS)
        way = hash.words[1] % LB_KEY_CACHE_WAYS;
    /* Threads that do so at the same time write the same: the key has only this text. */
    atomic_store_explicit(&key->text_hash[0], hash.words[0], memory_order_relaxed);
    atomic_store_explicit(&key->text_hash[1], hash.words[1], memory_order_relaxed);
    lb_rcu_publish(&set[way], key);
}
