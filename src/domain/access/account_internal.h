/* What account.c and factor.c share. */
#ifndef LB_DOMAIN_ACCESS_ACCOUNT_INTERNAL_H
#define LB_DOMAIN_ACCESS_ACCOUNT_INTERNAL_H

#include "domain/access/account.h"

/* Adds a row to the audit log: what the user of number `actor` has done to that of the change. */
lb_err lb_account_audit(const struct lb_account_change *change, struct lb_store *store,
                        uint32_t actor, const char *action);

/* Makes the session and the token of the change. */
lb_err lb_account_begin_session(struct lb_account_change *change, struct lb_store *store);

/* Ends all sessions of the user, and begins one. */
lb_err lb_account_begin_anew(struct lb_account_change *change, struct lb_store *store);

/* Is the user there, and not deleted? Reads it as it is in the open transaction. */
lb_err lb_account_read_user(struct lb_account_change *change, struct lb_store *store,
                            struct lb_user_row *out);

/* Is the user still as it was when its password was checked? */
lb_err lb_account_still_the_same(struct lb_account_change *change, struct lb_store *store);

#endif
