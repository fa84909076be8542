#include "domain/access/attempts.h"

#include "domain/access/email.h"
#include "domain/access/known_addresses.h"
#include "domain/access/throttle.h"

#include <pthread.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum kind { STRANGER, KNOWN, SESSION, LINK };
enum queue { QUEUE_STRANGERS, QUEUE_KNOWN, QUEUE_LINKS, QUEUES };

struct lb_attempt_place {
    bool taken;
    uint8_t mark[LB_THROTTLE_MARK_SIZE]; /* whose share it is of */
};

struct lb_attempts {
    unsigned char secret[crypto_generichash_KEYBYTES]; /* so that no mark can be aimed at */
    struct lb_throttle *addresses;
    struct lb_throttle *accounts;
    struct lb_throttle *known; /* an account with an address, and sessions */
    struct lb_known_addresses *known_addresses;
    pthread_mutex_t lock; /* guards the places */
    struct lb_attempt_place places[QUEUES][LB_ATTEMPT_PLACES];
    struct lb_read_lane lanes[QUEUES];
};

struct lb_attempts *lb_attempts_create(void)
{
    struct lb_attempts *attempts = calloc(1, sizeof *attempts);
    if (!attempts)
        return NULL;
    pthread_mutex_init(&attempts->lock, NULL);
    randombytes_buf(attempts->secret, sizeof attempts->secret);
    attempts->addresses = lb_throttle_create();
    attempts->accounts = lb_throttle_create();
    attempts->known = lb_throttle_create();
    attempts->known_addresses = lb_known_addresses_create();
    if (attempts->addresses && attempts->accounts && attempts->known && attempts->known_addresses)
        return attempts;
    lb_attempts_destroy(attempts);
    return NULL;
}

void lb_attempts_destroy(struct lb_attempts *attempts)
{
    if (!attempts)
        return;
    lb_throttle_destroy(attempts->addresses);
    lb_throttle_destroy(attempts->accounts);
    lb_throttle_destroy(attempts->known);
    lb_known_addresses_destroy(attempts->known_addresses);
    pthread_mutex_destroy(&attempts->lock);
    free(attempts);
}

static void mark_account(const struct lb_attempts *attempts, struct lb_str account,
                         uint8_t out[LB_THROTTLE_MARK_SIZE])
{
    char form[LB_EMAIL_SIZE];
    if (lb_email_normalise(account, form))
        account = lb_str(form);
    crypto_generichash(out, LB_THROTTLE_MARK_SIZE, (const unsigned char *)account.ptr, account.len,
                       attempts->secret, sizeof attempts->secret);
}

static enum kind kind_of(struct lb_attempts *attempts, const struct lb_attempt *attempt)
{
    uint8_t account[LB_THROTTLE_MARK_SIZE];
    if (attempt->session)
        return SESSION;
    if (!attempt->account.ptr)
        return LINK;
    mark_account(attempts, attempt->account, account);
    struct lb_str mark = {(const char *)account, sizeof account};
    return lb_known_addresses_has(attempts->known_addresses, mark, &attempt->from) ? KNOWN
                                                                                   : STRANGER;
}

/* What counts in the table of its own, of an attempt that has one. */
static void mark_own(const struct lb_attempts *attempts, const struct lb_attempt *attempt,
                     uint8_t out[LB_THROTTLE_MARK_SIZE])
{
    uint8_t pair[2 * LB_THROTTLE_MARK_SIZE];
    if (attempt->session) {
        memcpy(out, attempt->session, LB_THROTTLE_MARK_SIZE);
        return;
    }
    mark_account(attempts, attempt->account, pair);
    lb_throttle_network(&attempt->from, pair + LB_THROTTLE_MARK_SIZE);
    crypto_generichash(out, LB_THROTTLE_MARK_SIZE, pair, sizeof pair, attempts->secret,
                       sizeof attempts->secret);
}

/* --- Failures --- */

unsigned lb_attempts_wait(struct lb_attempts *attempts, const struct lb_attempt *attempt,
                          uint64_t now_ms)
{
    uint8_t mark[LB_THROTTLE_MARK_SIZE];
    enum kind kind = kind_of(attempts, attempt);
    if (kind == KNOWN || kind == SESSION) {
        mark_own(attempts, attempt, mark);
        return lb_throttle_wait_mark(attempts->known, mark, now_ms);
    }
    unsigned wait_s = lb_throttle_wait(attempts->addresses, &attempt->from, now_ms);
    if (kind == LINK)
        return wait_s;
    mark_account(attempts, attempt->account, mark);
    unsigned wait_too_s = lb_throttle_wait_mark(attempts->accounts, mark, now_ms);
    return wait_s > wait_too_s ? wait_s : wait_too_s;
}

void lb_attempts_failed(struct lb_attempts *attempts, const struct lb_attempt *attempt,
                        uint64_t now_ms)
{
    uint8_t mark[LB_THROTTLE_MARK_SIZE];
    enum kind kind = kind_of(attempts, attempt);
    if (kind == KNOWN || kind == SESSION) {
        mark_own(attempts, attempt, mark);
        lb_throttle_add_mark(attempts->known, mark, now_ms);
        return;
    }
    lb_throttle_add(attempts->addresses, &attempt->from, now_ms);
    if (kind == LINK)
        return;
    mark_account(attempts, attempt->account, mark);
    lb_throttle_add_mark(attempts->accounts, mark, now_ms);
}

void lb_attempts_know(struct lb_attempts *attempts, struct lb_str account,
                      const struct in6_addr *from)
{
    uint8_t mark[LB_THROTTLE_MARK_SIZE];
    mark_account(attempts, account, mark);
    lb_known_addresses_add(attempts->known_addresses,
                           (struct lb_str){(const char *)mark, sizeof mark}, from);
}

/* --- Places --- */

/* A free place, unless the mark has its share. Under the lock. */
static struct lb_attempt_place *find_place(struct lb_attempt_place *places,
                                           const uint8_t mark[LB_THROTTLE_MARK_SIZE],
                                           unsigned share)
{
    struct lb_attempt_place *free_place = NULL;
    unsigned own = 0;
    for (size_t i = 0; i < LB_ATTEMPT_PLACES; i++) {
        if (!places[i].taken)
            free_place = &places[i];
        else
            own += memcmp(places[i].mark, mark, LB_THROTTLE_MARK_SIZE) == 0;
    }
    return own < share ? free_place : NULL;
}

struct lb_attempt_place *lb_attempts_enter(struct lb_attempts *attempts,
                                           const struct lb_attempt *attempt,
                                           struct lb_read_lane **out_lane)
{
    enum kind kind = kind_of(attempts, attempt);
    bool known = kind == KNOWN || kind == SESSION;
    enum queue queue = known ? QUEUE_KNOWN : kind == LINK ? QUEUE_LINKS : QUEUE_STRANGERS;
    uint8_t mark[LB_THROTTLE_MARK_SIZE];
    if (known)
        mark_account(attempts, attempt->account, mark);
    else
        lb_throttle_network(&attempt->from, mark);
    *out_lane = &attempts->lanes[queue];
    pthread_mutex_lock(&attempts->lock);
    struct lb_attempt_place *place = find_place(
        attempts->places[queue], mark, known ? LB_ATTEMPT_ACCOUNT_SHARE : LB_ATTEMPT_ADDRESS_SHARE);
    if (place) {
        place->taken = true;
        memcpy(place->mark, mark, sizeof mark);
    }
    pthread_mutex_unlock(&attempts->lock);
    return place;
}

void lb_attempts_leave(struct lb_attempts *attempts, struct lb_attempt_place *place)
{
    if (!place)
        return;
    pthread_mutex_lock(&attempts->lock);
    place->taken = false;
    pthread_mutex_unlock(&attempts->lock);
}
