/* Identifiers of a request body: normalised, checked, and the bad ones listed. */
#ifndef LB_API_IDENTIFIERS_H
#define LB_API_IDENTIFIERS_H

#include "api/call.h"

#define LB_REASON_CHARACTERS_MAX 500
#define LB_BAD_ITEMS_SHOWN       100

struct lb_bad_item {
    size_t index;
    struct lb_str value; /* what was sent, if it was a text */
    const char *reason;  /* static */
};

struct lb_identifiers {
    struct lb_change_item *items;        /* the good ones, in the order of the request */
    struct lb_fingerprint *fingerprints; /* room for as many */
    size_t count;
    struct lb_bad_item *bad; /* the first LB_BAD_ITEMS_SHOWN, or all when lenient */
    size_t bad_count;        /* in all */
    size_t bytes;            /* of the canonical texts */
    bool lenient;            /* bad ones are left out instead of refusing the request */
};

/* Reads {"publicIdentifiers":[...],"reason":...} of call->body: texts with one reason for all (only
 * `with_reason`). False when the reply is set. The result lives as long as the request. */
bool lb_identifiers_read(struct lb_call *call, bool with_reason, struct lb_identifiers *out);

/* The same for {"leads":[{"publicIdentifier":...,"reason":...}]}. */
bool lb_identifiers_read_leads(struct lb_call *call, struct lb_identifiers *out);

/* One identifier of a path. False when the reply is set. */
bool lb_identifiers_read_one(struct lb_call *call, struct lb_str raw, struct lb_str *out);

/* Appends `,"invalid":[...]` and sets Preference-Applied, when the client asked for leniency. */
void lb_identifiers_put_invalid(struct lb_call *call, const struct lb_identifiers *identifiers,
                                struct lb_buf *body);

#endif
