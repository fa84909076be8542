/* The text of an API key, lb_<keyId>_<secret><checksum>:
 *
 *   keyId     12 characters of base 32, public: names the key in lists and logs
 *   secret    32 characters of base 32 (160 random bits); only its hash is kept
 *   checksum  8 hex digits, CRC-32 of all that comes before: a mistyped key is refused without a
 *             look-up, and secret scanners can tell a leaked key from look-alikes
 *
 * Threads: stateless. */
#ifndef LB_DOMAIN_ACCESS_KEY_TEXT_H
#define LB_DOMAIN_ACCESS_KEY_TEXT_H

#include "store/store.h"

#define LB_KEY_ID_CHARS     12
#define LB_KEY_SECRET_CHARS 32
#define LB_KEY_TEXT_SIZE    (3 + LB_KEY_ID_CHARS + 1 + LB_KEY_SECRET_CHARS + 8 + 1)

/* Makes a new key: its text, to be shown once, and id and hash for the row. */
void lb_key_generate(char text[LB_KEY_TEXT_SIZE], struct lb_key_row *row);

/* Checks form and checksum, and gives the id (borrowed from `text`) and the hash of the secret. */
bool lb_key_parse(struct lb_str text, struct lb_str *out_id, uint8_t out_hash[LB_SECRET_HASH_SIZE]);

#endif
