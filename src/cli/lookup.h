/* Finds one person in the workspace's own list. Threads: one. */
#ifndef LB_CLI_LOOKUP_H
#define LB_CLI_LOOKUP_H

#include "cli/client.h"

enum lb_lookup {
    LB_LOOKUP_FAILED,
    LB_LOOKUP_INVALID,
    LB_LOOKUP_ABSENT,
    LB_LOOKUP_ABOVE, /* blocked in the workspace, but by the installation's list alone */
    LB_LOOKUP_FOUND
};

/* What the server says of it: its strings live until the answer is released, in any case. */
struct lb_looked_up {
    struct lb_answer answer;
    struct lb_str name;
    struct lb_str id; /* of its record */
};

/* A failure, and why the name is invalid, has been explained. */
enum lb_lookup lb_lookup_record(struct lb_client *client, struct lb_str text,
                                struct lb_looked_up *out);

#endif
