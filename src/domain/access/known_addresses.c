#include "domain/access/known_addresses.h"

#include "domain/access/throttle.h"

#include <pthread.h>
#include <sodium.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define SETS 1024
#define WAYS 4

struct account {
    uint64_t mark;                              /* of the e-mail address; 0: the place is free */
    uint64_t used;                              /* when: a count of uses */
    uint64_t networks[LB_KNOWN_ADDRESSES_EACH]; /* marks, the last used first; 0: none */
};

struct lb_known_addresses {
    pthread_mutex_t lock;
    unsigned char secret[crypto_shorthash_KEYBYTES]; /* so that no mark can be aimed at */
    uint64_t uses;
    struct account accounts[SETS][WAYS];
};

struct lb_known_addresses *lb_known_addresses_create(void)
{
    struct lb_known_addresses *known = calloc(1, sizeof *known);
    if (!known)
        return NULL;
    randombytes_buf(known->secret, sizeof known->secret);
    pthread_mutex_init(&known->lock, NULL);
    return known;
}

void lb_known_addresses_destroy(struct lb_known_addresses *known)
{
    if (!known)
        return;
    pthread_mutex_destroy(&known->lock);
    free(known);
}

static uint64_t mark_of(const struct lb_known_addresses *known, const void *bytes, size_t len)
{
    union {
        unsigned char bytes[crypto_shorthash_BYTES];
        uint64_t value;
    } hash;
    crypto_shorthash(hash.bytes, bytes, len, known->secret);
    return hash.value ? hash.value : 1;
}

static uint64_t mark_of_network(const struct lb_known_addresses *known,
                                const struct in6_addr *address)
{
    uint8_t network[LB_THROTTLE_MARK_SIZE];
    lb_throttle_network(address, network);
    return mark_of(known, network, sizeof network);
}

static struct account *find_account(struct account *set, uint64_t mark)
{
    for (int i = 0; i < WAYS; i++)
        if (set[i].mark == mark)
            return &set[i];
    return NULL;
}

static struct account *find_or_take(struct account *set, uint64_t mark)
{
    struct account *account = find_account(set, mark);
    if (account)
        return account;
    account = &set[0];
    for (int i = 1; i < WAYS; i++)
        if (set[i].used < account->used)
            account = &set[i];
    *account = (struct account){.mark = mark};
    return account;
}

void lb_known_addresses_add(struct lb_known_addresses *known, struct lb_str account,
                            const struct in6_addr *address)
{
    uint64_t mark = mark_of(known, account.ptr, account.len);
    uint64_t network = mark_of_network(known, address);
    pthread_mutex_lock(&known->lock);
    struct account *found = find_or_take(known->accounts[mark % SETS], mark);
    found->used = ++known->uses;
    size_t at = 0;
    while (at + 1 < LB_KNOWN_ADDRESSES_EACH && found->networks[at] != network)
        at++;
    memmove(found->networks + 1, found->networks, at * sizeof *found->networks);
    found->networks[0] = network;
    pthread_mutex_unlock(&known->lock);
}

bool lb_known_addresses_has(struct lb_known_addresses *known, struct lb_str account,
                            const struct in6_addr *address)
{
    uint64_t mark = mark_of(known, account.ptr, account.len);
    uint64_t network = mark_of_network(known, address);
    bool has = false;
    pthread_mutex_lock(&known->lock);
    const struct account *found = find_account(known->accounts[mark % SETS], mark);
    for (size_t i = 0; found && i < LB_KNOWN_ADDRESSES_EACH; i++)
        has |= found->networks[i] == network;
    pthread_mutex_unlock(&known->lock);
    return has;
}
