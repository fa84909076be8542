/* Secrets of people who sign in: passwords, and the random tokens of sessions and one-time links.
 * Only hashes are kept. Threads: stateless. */
#ifndef LB_DOMAIN_ACCESS_PASSWORDS_H
#define LB_DOMAIN_ACCESS_PASSWORDS_H

#include "base/err.h"
#include "domain/access/password_rules.h"
#include "store/rows.h"

#define LB_TOKEN_SIZE 33 /* 160 random bits in base 32, with the NUL */
#define LB_CSRF_SIZE  33

void lb_token_make(char out[LB_TOKEN_SIZE], uint8_t out_hash[LB_SECRET_HASH_SIZE]);

/* What the store keeps of a token: BLAKE2b-256. The token is so random that no slow hash is needed.
 */
void lb_token_hash(struct lb_str token, uint8_t out[LB_SECRET_HASH_SIZE]);

/* The string that a page must send with each change. It is made from the session's token,
 * which pages cannot read, and does not give it away. */
void lb_token_csrf(struct lb_str token, char out[LB_CSRF_SIZE]);
bool lb_token_csrf_matches(struct lb_str token, struct lb_str csrf);

/* Argon2id over so much memory (setting `password-memory`), twice: about 70 ms at 64 MiB. False
 * when out of memory. For reader threads, as is lb_password_check. */
bool lb_password_hash(struct lb_str password, uint32_t memory_mib, char out[LB_PASSWORD_HASH_SIZE]);

/* Is this the password that was hashed? LB_ERR_OVERLOADED when out of memory, which is no answer.
 * `hash` "" (an unknown user) takes as long as one that was made with so much memory, and never
 * matches. */
lb_err lb_password_check(const char *hash, uint32_t memory_mib, struct lb_str password,
                         bool *out_matches);

#endif
