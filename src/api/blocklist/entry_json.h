/* How answers name who is blocked. Threads: stateless. */
#ifndef LB_API_BLOCKLIST_ENTRY_JSON_H
#define LB_API_BLOCKLIST_ENTRY_JSON_H

#include "domain/blocklist/item.h"

/* Appends "publicIdentifier":"jane-doe" of a key; of one that is no LinkedIn name
 * "publicIdentifier":null,"type":"domain","value":"acme.com". A key with ptr NULL is nobody's. */
void lb_entry_json_put_who(struct lb_buf *body, struct lb_str key);

/* Appends "type":"domain","value":"acme.com" of any key. */
void lb_entry_json_put_name(struct lb_buf *body, struct lb_str key);

/* Appends "kind":"client","expiresAt":null. */
void lb_entry_json_put_kind(struct lb_buf *body, uint32_t kind, int64_t end);

#endif
