/* What a program gets to see of an activity that the server handed out: its JSON on one line, and
 * variables, so that a short shell script needs no JSON parser. Threads: one. */
#ifndef LB_CLI_ACTIVITY_H
#define LB_CLI_ACTIVITY_H

#include "base/buf.h"
#include "json/decode.h"

/* The activity with everything that is needed to report on it: a tree of its own, which the caller
 * frees, and its line with the line end, appended to `line`. NULL when it is no activity
 * (`*out_why` says what is wrong) or out of memory. */
struct lb_json *lb_activity_take(const struct lb_json *item, struct lb_buf *line,
                                 const char **out_why);

/* Our own environment without the key, and with the variables of the activity (LEADBLOCK_...), in
 * which a NUL becomes a blank. To be freed with lb_activity_environment_free(). 0, ENOMEM, or E2BIG
 * when the message is longer than the system lets a variable be. */
int lb_activity_environment(const struct lb_json *activity, const char *campaign, char ***out);
void lb_activity_environment_free(char **environment);

#endif
