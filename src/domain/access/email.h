/* E-mail addresses of users have one spelling: NFC, case folded, without invisible characters.
 *
 * Earlier versions folded ASCII alone. What they stored stays as it is, and its user is found by
 * every spelling of it; of two users whose addresses have become one, each is found by its own
 * spelling as it is stored, and by any other the one who was made first.
 * Threads: normalising is stateless; the list of old spellings is filled at start, then read by
 * all. */
#ifndef LB_DOMAIN_ACCESS_EMAIL_H
#define LB_DOMAIN_ACCESS_EMAIL_H

#include "store/store.h"

/* The one spelling; false when it is invalid. Only the form is looked at: one @ with something on
 * both sides, no white space inside and no control characters. What is invisible is left out. */
bool lb_email_normalise(struct lb_str raw, char out[LB_EMAIL_SIZE]);

/* The addresses that are stored under another spelling. */
struct lb_old_emails;

/* Before the threads start. LB_ERR_INTERNAL when out of memory. */
lb_err lb_old_emails_load(struct lb_store *store, struct lb_old_emails **out);
void lb_old_emails_destroy(struct lb_old_emails *old);

/* The user with that address in any spelling, who was not deleted; LB_ERR_NOT_FOUND. `old` may be
 * NULL. */
lb_err lb_email_find_user(const struct lb_old_emails *old, const struct lb_store_ops *ops,
                          struct lb_store_reader *reader, struct lb_str raw,
                          struct lb_user_row *out);

#endif
