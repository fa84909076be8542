/* Identifiers of a request body: normalised, checked, and the bad ones listed. */
#ifndef LB_API_BLOCKLIST_IDENTIFIERS_H
#define LB_API_BLOCKLIST_IDENTIFIERS_H

#include "api/body_items.h"
#include "domain/blocklist/change.h"

#define LB_REASON_CHARACTERS_MAX 500

struct lb_identifiers {
    struct lb_change_item *items;        /* the good ones, in the order of the request */
    struct lb_fingerprint *fingerprints; /* room for as many */
    size_t count;
    struct lb_bad_items bad;
    size_t bytes; /* of the canonical forms */
};

/* Reads {"publicIdentifiers":[...],"reason":...} of call->body: strings with one reason for all
 * (only `with_reason`). False when the reply is set. The result lives as long as the request. */
bool lb_identifiers_read(struct lb_call *call, bool with_reason, struct lb_identifiers *out);

/* The same for {"leads":[{"publicIdentifier":...,"reason":...}]}. */
bool lb_identifiers_read_leads(struct lb_call *call, struct lb_identifiers *out);

/* Marks the first of each identifier in `first`, which has a place for each, as `hashes` has: the
 * lb_blocklist_name_hash of each. False when out of memory. */
bool lb_identifiers_fold(struct lb_call *call, const struct lb_identifiers *identifiers,
                         const uint64_t *hashes, bool *first);

/* One identifier of a path. False when the reply is set. */
bool lb_identifiers_read_one(struct lb_call *call, struct lb_str raw, struct lb_str *out);

#endif
