#include "http/shares.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BUCKETS 4096

struct network {
    struct network *next;
    struct in6_addr address; /* zero beyond its bits */
    unsigned bits;
    unsigned connections;
};

struct lb_shares {
    pthread_mutex_t lock;
    unsigned most;
    uint64_t seed; /* so that no client can choose its bucket */
    struct network *buckets[BUCKETS];
};

/* The networks that an address counts to, and how many times `most` each may have. */
static const struct level {
    unsigned bits;
    unsigned times;
} of_v4[] = {{128, 1}}, of_v6[] = {{64, 1}, {56, 2}, {48, 3}};

static const struct level *levels_of(const struct in6_addr *address, size_t *out_count)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(address);
    *out_count = v4 ? sizeof of_v4 / sizeof *of_v4 : sizeof of_v6 / sizeof *of_v6;
    return v4 ? of_v4 : of_v6;
}

struct lb_shares *lb_shares_create(unsigned most)
{
    struct lb_shares *shares = calloc(1, sizeof *shares);
    if (!shares)
        return NULL;
    pthread_mutex_init(&shares->lock, NULL);
    shares->most = most;
    if (getrandom(&shares->seed, sizeof shares->seed, 0) != (ssize_t)sizeof shares->seed)
        shares->seed = (uint64_t)(uintptr_t)shares;
    return shares;
}

void lb_shares_destroy(struct lb_shares *shares)
{
    if (!shares)
        return;
    pthread_mutex_destroy(&shares->lock);
    free(shares);
}

static struct in6_addr network_of(const struct in6_addr *address, unsigned bits)
{
    struct in6_addr network = {0};
    memcpy(&network, address, bits / 8); /* all that are asked for are whole bytes */
    return network;
}

/* Where the pointer to the network is, or would be. */
static struct network **place(struct lb_shares *shares, const struct in6_addr *network,
                              unsigned bits)
{
    uint64_t hash = XXH3_64bits_withSeed(network, sizeof *network, shares->seed + bits);
    struct network **at = &shares->buckets[hash % BUCKETS];
    while (*at && ((*at)->bits != bits || memcmp(&(*at)->address, network, sizeof *network) != 0))
        at = &(*at)->next;
    return at;
}

static bool take_one(struct lb_shares *shares, const struct in6_addr *address,
                     const struct level *level)
{
    struct in6_addr network = network_of(address, level->bits);
    struct network **at = place(shares, &network, level->bits);
    if (!*at) {
        *at = malloc(sizeof **at);
        if (*at)
            **at = (struct network){.address = network, .bits = level->bits};
    }
    if (!*at || (*at)->connections >= (uint64_t)shares->most * level->times)
        return false;
    (*at)->connections++;
    return true;
}

static void give_one(struct lb_shares *shares, const struct in6_addr *address,
                     const struct level *level)
{
    struct in6_addr network = network_of(address, level->bits);
    struct network **at = place(shares, &network, level->bits);
    struct network *found = *at;
    if (--found->connections > 0)
        return;
    *at = found->next;
    free(found);
}

bool lb_shares_take(struct lb_shares *shares, const struct in6_addr *address)
{
    size_t count;
    const struct level *levels = levels_of(address, &count);
    size_t taken = 0;
    pthread_mutex_lock(&shares->lock);
    while (taken < count && take_one(shares, address, &levels[taken]))
        taken++;
    for (size_t i = 0; taken < count && i < taken; i++)
        give_one(shares, address, &levels[i]);
    pthread_mutex_unlock(&shares->lock);
    return taken == count;
}

void lb_shares_give(struct lb_shares *shares, const struct in6_addr *address)
{
    size_t count;
    const struct level *levels = levels_of(address, &count);
    pthread_mutex_lock(&shares->lock);
    for (size_t i = 0; i < count; i++)
        give_one(shares, address, &levels[i]);
    pthread_mutex_unlock(&shares->lock);
}
