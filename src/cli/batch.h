/* Identifiers on their way to the server, so many to a request. Threads: one. */
#ifndef LB_CLI_BATCH_H
#define LB_CLI_BATCH_H

#include "cli/client.h"
#include "cli/input.h"

#define LB_BATCH_MAX 10000 /* what a server takes by default */

struct lb_batch {
    size_t limit;               /* items in a request */
    size_t count;               /* items now */
    uint64_t total;             /* items sent so far */
    struct lb_buf items;        /* JSON, separated by commas */
    struct lb_buf changes;      /* ids of changes, as items of JSON */
    const char *before, *after; /* JSON around each item */
    void *context;
    bool (*send)(void *context, struct lb_batch *batch); /* false ends it all */
};

/* Takes the limit from --batch. False after a message. `before` and `after` are borrowed. */
bool lb_batch_init(struct lb_batch *batch, const struct lb_cli *cli, const char *before,
                   const char *after, void *context,
                   bool (*send)(void *context, struct lb_batch *batch));
void lb_batch_fini(struct lb_batch *batch);

/* Adds one identifier, and sends when the batch is full. False when sending failed. */
bool lb_batch_add(struct lb_batch *batch, struct lb_str text);

/* Sends what is left. */
bool lb_batch_flush(struct lb_batch *batch);

/* Keeps the id of the change that an answer names. */
void lb_batch_keep_change(struct lb_batch *batch, const struct lb_answer *answer);

/* Prints the ids after a summary, if there are any; in JSON as a further member. */
void lb_batch_print_changes(const struct lb_batch *batch, bool json);

/* Says why the server refused all of them, and what to do. `all` is how many the file has, 0 when
 * they are arguments. */
void lb_batch_explain_refusal(const struct lb_client *client, const struct lb_answer *answer,
                              uint64_t all);

/* The path "/v1/campaigns/CAMPAIGN/blocked-leads", or the workspace's, with --all-types the one of
 * names of every type, and then `after`; ends with a NUL. False after a message, also when the
 * campaign is missing. */
bool lb_cli_list_path(const struct lb_cli *cli, struct lb_buf *path, const char *after);

/* Where the identifiers begin in the arguments: after CAMPAIGN, which --workspace replaces. */
size_t lb_cli_first_identifier(const struct lb_cli *cli);

#endif
