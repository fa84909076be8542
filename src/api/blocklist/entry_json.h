/* How answers name who is blocked. Threads: stateless. */
#ifndef LB_API_BLOCKLIST_ENTRY_JSON_H
#define LB_API_BLOCKLIST_ENTRY_JSON_H

#include "domain/blocklist/item.h"

/* Appends "publicIdentifier":"jane-doe" of the key of a LinkedIn name; of a name that was erased
 * "publicIdentifier":null,"erased":true. A key with ptr NULL is no name. */
void lb_entry_json_put_linkedin(struct lb_buf *body, struct lb_str key);

/* The same of any key; of one that is no LinkedIn name
 * "publicIdentifier":null,"type":"domain","value":"acme.com". */
void lb_entry_json_put_who(struct lb_buf *body, struct lb_str key);

/* Appends "type":"domain","value":"acme.com" of any key. */
void lb_entry_json_put_name(struct lb_buf *body, struct lb_str key);

/* Appends "kind":"client","expiresAt":null. */
void lb_entry_json_put_kind(struct lb_buf *body, uint32_t kind, int64_t end);

#endif
