/* Finds one person in the workspace's own list. Threads: one. */
#ifndef LB_CLI_LOOKUP_H
#define LB_CLI_LOOKUP_H

#include "cli/client.h"

enum lb_lookup {
    LB_LOOKUP_FAILED, /* nothing is known */
    LB_LOOKUP_INVALID,
    LB_LOOKUP_ABSENT,
    LB_LOOKUP_ABOVE, /* blocked in the workspace, but by another entry than one of this name */
    LB_LOOKUP_FOUND  /* its record ends by name: that of an erased person by no id */
};

/* What the server says of it: its strings live until the answer is released, in any case. */
struct lb_looked_up {
    struct lb_answer answer;
    struct lb_str name;
    /* There is a record under this very name, or may be: one can be counted and not shown. */
    bool own;
};

/* Reads the answer. LB_LOOKUP_FAILED without a message when it does not say who is blocked. */
enum lb_lookup lb_lookup_judge(struct lb_looked_up *out);

/* Appends a line for each block in the workspace that the end of the record would leave: under
 * other names of the person (when there is a record, an unblock says these), and in the
 * installation's list. */
void lb_lookup_put_others(const struct lb_looked_up *found, struct lb_buf *lines);

/* A failure, and why the name is invalid, has been explained. */
enum lb_lookup lb_lookup_record(struct lb_client *client, struct lb_str text,
                                struct lb_looked_up *out);

#endif
