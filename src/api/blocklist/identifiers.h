/* Identifiers of a request body: normalised, checked, and the bad ones listed. Threads: the call's.
 */
#ifndef LB_API_BLOCKLIST_IDENTIFIERS_H
#define LB_API_BLOCKLIST_IDENTIFIERS_H

#include "api/body_items.h"
#include "domain/blocklist/change.h"

struct lb_identifiers {
    struct lb_change_item *items;        /* the good ones, in the order of the request */
    struct lb_fingerprint *fingerprints; /* room for as many */
    size_t count;
    struct lb_bad_items bad;
    size_t bytes;         /* of the canonical forms */
    uint64_t *leads;      /* how many leads each excludes; NULL: not asked for (entry_leads.h) */
    size_t leads_counted; /* of the first so many items it is known */
    bool has_ends;        /* some have a kind or an end */
};

/* A reason: missing, null, or a string. NULL when it is good, else what is wrong with it. */
const char *lb_identifiers_read_reason(const struct lb_json *value, struct lb_str *out);

/* What is to be done with names decides which of them are good. */
enum lb_names_for { LB_NAMES_TO_ADD, LB_NAMES_TO_CHECK, LB_NAMES_TO_REMOVE };

/* Reads {"publicIdentifiers":[...],"reason":...} of call->body: strings with one reason for all
 * (only of names to add). False when the reply is set. The result lives as long as the request. */
bool lb_identifiers_read(struct lb_call *call, enum lb_names_for what_for,
                         struct lb_identifiers *out);

/* The same for {"leads":[{"publicIdentifier":...,"reason":...}]}. */
bool lb_identifiers_read_leads(struct lb_call *call, struct lb_identifiers *out);

/* Marks the first of each identifier in `first`, which has a place for each, as `hashes` has: the
 * lb_blocklist_name_hash of each. False when out of memory. */
bool lb_identifiers_fold(struct lb_call *call, const struct lb_identifiers *identifiers,
                         const uint64_t *hashes, bool *first);

/* One identifier of a path. */
struct lb_asked {
    struct lb_str raw;
    struct lb_str identifier;
    struct lb_str before; /* the form under which it may be stored, too; ptr NULL: none */
    const char *wrong;    /* why it is refused unless it is stored; NULL: it is good */
};

/* Reads it for a check. False when the reply is set. */
bool lb_identifiers_read_one(struct lb_call *call, struct lb_str raw, struct lb_asked *out);

/* Replies that it is refused. */
enum lb_progress lb_identifiers_refuse(struct lb_call *call, const struct lb_asked *asked);

#endif
