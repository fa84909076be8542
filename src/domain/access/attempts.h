/* Attempts to sign in: how many may fail, and how many passwords may wait to be looked at. Guessing
 * is slow from wherever it comes, and no one who guesses keeps out those who may sign in.
 *
 * Failures are counted, ten a minute (throttle.h), for what the attempt is about:
 *   - from an address that the account was used from before (known_addresses.h): for the two alone;
 *   - by a session that gives its current password: for that session alone;
 *   - of one-time links: for the address;
 *   - all others: for the address and for the account, so that guesses from many addresses are
 *     slow, too. Accounts and addresses have tables of their own.
 *
 * Hashing a password takes a reader a while, so that only some may wait for it: those of known
 * addresses and sessions, of links, and all others have places apart, of which one account, or one
 * address, has a share.
 *
 * Threads: any. */
#ifndef LB_DOMAIN_ACCESS_ATTEMPTS_H
#define LB_DOMAIN_ACCESS_ATTEMPTS_H

#include "reader/reader.h"

#include <netinet/in.h>

#define LB_ATTEMPT_PLACES        32 /* of each kind */
#define LB_ATTEMPT_ADDRESS_SHARE 16 /* of an address, among strangers and links */
#define LB_ATTEMPT_ACCOUNT_SHARE 4  /* of an account, from known addresses and by sessions */

struct lb_attempt {
    struct in6_addr from;
    struct lb_str account;  /* its e-mail address, however spelled; ptr NULL: a one-time link */
    const uint8_t *session; /* hash of the token of a session that gives its password, or NULL */
};

struct lb_attempts;

/* NULL when out of memory. */
struct lb_attempts *lb_attempts_create(void);
void lb_attempts_destroy(struct lb_attempts *attempts);

/* The seconds until it may be tried, 0: now. Counts nothing. */
unsigned lb_attempts_wait(struct lb_attempts *attempts, const struct lb_attempt *attempt,
                          uint64_t now_ms);

void lb_attempts_failed(struct lb_attempts *attempts, const struct lb_attempt *attempt,
                        uint64_t now_ms);

/* The account was used from there: by signing in, or by a session. */
void lb_attempts_know(struct lb_attempts *attempts, struct lb_str account,
                      const struct in6_addr *from);

struct lb_attempt_place;

/* A place among the passwords that wait to be looked at, and the lane of the readers for it. NULL:
 * too many wait already. */
struct lb_attempt_place *lb_attempts_enter(struct lb_attempts *attempts,
                                           const struct lb_attempt *attempt,
                                           struct lb_read_lane **out_lane);
/* `place` may be NULL. */
void lb_attempts_leave(struct lb_attempts *attempts, struct lb_attempt_place *place);

#endif
