/* The strict look at raw JSON bytes, before any parser sees them. It accepts RFC 8259 and nothing
 * else, so that no body means one thing to us and another to the program that sent or relayed it.
 *
 * Refused, beyond the grammar: invalid UTF-8, a byte order mark, lone surrogate escapes, \u0000 in
 * a member name, two members of one object with the same decoded name, and sizes over the bounds
 * below. \u0000 in a string value passes: the code that takes the value can give a better reason.
 *
 * Threads: stateless; allocates nothing; time linear in the length of the text. */
#ifndef LB_JSON_SCAN_H
#define LB_JSON_SCAN_H

#include "base/err.h"
#include "base/str.h"

#define LB_JSON_MAX_BYTES   (1u << 30) /* of the text */
#define LB_JSON_MAX_DEPTH   32         /* arrays and objects inside each other */
#define LB_JSON_MAX_MEMBERS 128        /* in one object */
#define LB_JSON_MAX_WEIGHT  1000000    /* values in all; an array or object weighs as much as 8 */
#define LB_JSON_MAX_NAME    1024       /* bytes of a member name as it is written */

/* LB_OK when `text` is one JSON value, with at most `max_depth` arrays and objects inside each
 * other (`[]` is 1; more than LB_JSON_MAX_DEPTH is taken as that). Else LB_ERR_INVALID_JSON and the
 * reason, which names the byte, counted from 0. */
lb_err lb_json_scan(struct lb_str text, unsigned max_depth, struct lb_reason *reason);

#endif
