/* Custom variables, packed into one string: a line for each, with name, tab and value, in which \n,
 * \t and \\ mean a line feed, a tab and a backslash. Readable where it is stored.
 * Threads: stateless. */
#ifndef LB_DOMAIN_OUTREACH_VARIABLES_H
#define LB_DOMAIN_OUTREACH_VARIABLES_H

#include "base/buf.h"

#define LB_VARIABLES_MAX      50   /* of one lead or campaign */
#define LB_VARIABLE_NAME_MAX  64   /* bytes */
#define LB_VARIABLE_VALUE_MAX 2000 /* characters */

/* 1 to 64 of A-Z a-z 0-9 _ - and the full stop. */
bool lb_variable_name_valid(struct lb_str name);

/* Appends one to a packed text. Out of memory is remembered by the buffer. */
void lb_variables_pack(struct lb_buf *out, struct lb_str name, struct lb_str value);

/* Takes the next one off `*rest`; the value is appended to `value`, unescaped. False when none is
 * left. */
bool lb_variables_next(struct lb_str *rest, struct lb_str *out_name, struct lb_buf *value);

/* Appends the value of the variable of that name. False when there is none or it is empty. */
bool lb_variables_find(struct lb_str packed, struct lb_str name, struct lb_buf *value);

#endif
