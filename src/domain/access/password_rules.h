/* Which passwords may be set: long ones that are not among the first to be tried. Passwords that
 * were set before a rule are not looked at. Threads: stateless. */
#ifndef LB_DOMAIN_ACCESS_PASSWORD_RULES_H
#define LB_DOMAIN_ACCESS_PASSWORD_RULES_H

#include "base/str.h"

#define LB_PASSWORD_CHARACTERS_MIN 12
#define LB_PASSWORD_BYTES_MAX      1024

/* NULL when the password may be set, else what is wrong with it and what to do, without a subject:
 * "must have at least 12 characters". */
const char *lb_password_wrong(struct lb_str password);

/* The same about a password and the e-mail address of its user. */
const char *lb_password_wrong_for(struct lb_str password, struct lb_str email);

/* common_passwords.txt, made into a string by the build: lower case, in the order of their bytes,
 * each with a line feed after it. */
extern const char lb_common_passwords[];
extern const size_t lb_common_passwords_len;

#endif
