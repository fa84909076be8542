/* The second factor of a sign-in: codes of an authenticator app (totp.h), and recovery codes for
 * who has lost it. Codes are looked at by the writer, under a lock of the row, so that of requests
 * at several nodes with one code only one gets through, and wrong ones are counted one by one.
 *
 * The secret is encrypted with a key that is made of the installation's (signing.h), bound to the
 * number of its user. That key lies with the data: it keeps the secret from those who see the table
 * alone, not from those who have the database. Recovery codes are hashed.
 *
 * Who has the password may guess ten codes of the app; after that each wrong one doubles a wait,
 * from a minute to a day. Recovery codes, which are too long to be guessed, are looked at all the
 * same, and wrong ones do not count to that. Any code that is taken ends the count.
 *
 * Threads: changes are filled on any thread, submitted to the writer, applied there. */
#ifndef LB_DOMAIN_ACCESS_FACTOR_H
#define LB_DOMAIN_ACCESS_FACTOR_H

#include "domain/access/account.h"

#define LB_FACTOR_FREE_TRIES 10

/* False when it is no such rule: none, operators, everybody. */
bool lb_factor_rule_parse(struct lb_str text, enum lb_factor_rule *out);

/* Must a user of that role have one? */
bool lb_factor_required(enum lb_factor_rule rule, enum lb_role role);

/* In a sign-in, when its password or link was right: may it go on? LB_OK with `wrong_code`: it may
 * not, and that is recorded. LB_ERR_SECOND_FACTOR_REQUIRED: it has no code. LB_ERR_RATE_LIMITED:
 * too many were wrong. Sets session.enrols when the user has to set one up first. */
lb_err lb_factor_ask(struct lb_account_change *change, struct lb_store *store);

/* Where a session begins without a code: sets session.enrols in the same way. */
lb_err lb_factor_look(struct lb_account_change *change, struct lb_store *store);

/* user: as it was read. Result: factor_secret. LB_ERR_ALREADY_EXISTS when one is on. */
void lb_factor_begin(struct lb_account_change *change);

/* user; code. Turns on what was begun, ends all sessions of the user, and begins one. Result:
 * recovery, session, token; or wrong_code. LB_ERR_NOT_FOUND when nothing was begun. */
void lb_factor_confirm(struct lb_account_change *change);

/* user: as it was read when the password was checked; code. New recovery codes take the place of
 * the old ones. Result: recovery; or wrong_code. LB_ERR_NOT_FOUND when none is on. */
void lb_factor_renew(struct lb_account_change *change);

/* The same, to turn it off. LB_ERR_FORBIDDEN where the rule requires one. */
void lb_factor_turn_off(struct lb_account_change *change);

/* user: no. For who has lost it: turns it off, and ends all sessions of the user. */
void lb_factor_reset(struct lb_account_change *change);

#endif
