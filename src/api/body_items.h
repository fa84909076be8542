/* The items of a request body: bad ones are listed, and strings that outlive the body are kept.
 * Everything lives as long as the request. Threads: the call's. */
#ifndef LB_API_BODY_ITEMS_H
#define LB_API_BODY_ITEMS_H

#include "api/call.h"

#define LB_BAD_ITEMS_SHOWN 100

struct lb_bad_item {
    size_t index;
    struct lb_str value; /* what was sent, if it was a string */
    struct lb_str reason;
};

struct lb_bad_items {
    struct lb_bad_item *items; /* the first LB_BAD_ITEMS_SHOWN, or all when lenient */
    size_t room;
    size_t count; /* in all */
    bool lenient; /* bad ones are left out instead of refusing the request */
    bool fields;  /* some are bad for something else than their identifier */
    bool entries; /* they are called entries, not leads or identifiers */
};

/* Strings that are kept, in blocks. */
struct lb_kept {
    char *free; /* rest of the current block */
    size_t left;
    size_t bytes; /* of all strings */
};

/* Copies a string to where it lives as long as the request: what was parsed does not. ptr NULL
 * stays NULL. False when out of memory. */
bool lb_keep(struct lb_call *call, struct lb_kept *kept, struct lb_str *text);

/* `total`: items of the request. Asks the request whether it is lenient. */
void lb_bad_items_init(struct lb_bad_items *bad, const struct lb_call *call, size_t total);

/* Adds one; the reason is copied, and the value as far as it is shown. False when the reply is set.
 */
bool lb_bad_items_add(struct lb_bad_items *bad, struct lb_call *call, struct lb_kept *kept,
                      size_t index, struct lb_str value, const char *reason);

/* Puts them in the order of the request, when they were not added in it. */
void lb_bad_items_sort(struct lb_bad_items *bad);

/* After the last item. False when the request is refused for its bad ones: the reply is set. */
bool lb_bad_items_pass(const struct lb_bad_items *bad, struct lb_call *call);

/* Appends `,"invalid":[...]` and sets Preference-Applied, when the client asked for leniency. */
void lb_bad_items_put_invalid(const struct lb_bad_items *bad, struct lb_call *call,
                              struct lb_buf *body);

/* The array `name` of the body, with its size checked; NULL when the reply is set. */
const struct lb_json *lb_body_items_array(struct lb_call *call, const char *name);

/* The "name" of the body: 1 to 100 characters, no control characters; false when the reply is set.
 * `out`: LB_NAME_SIZE bytes. */
bool lb_body_name(struct lb_call *call, char *out);

/* Frees the parsed body once what is needed of it was kept: the request may wait for long. */
void lb_body_items_free_body(struct lb_call *call);

#endif
