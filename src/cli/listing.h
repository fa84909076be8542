/* A list of the public API, page after page, as a table or as one array of JSON. Threads: one. */
#ifndef LB_CLI_LISTING_H
#define LB_CLI_LISTING_H

#include "cli/client.h"
#include "cli/table.h"

struct lb_listing {
    const char *path;  /* without a query */
    const char *query; /* of the first page */
    const char *const *headings;
    void (*add_row)(struct lb_table *table, const struct lb_json *item);
    const char *hint_when_empty;
};

/* Of a list of names of every type. */
extern const char *const lb_entry_headings[];
void lb_entry_add_row(struct lb_table *table, const struct lb_json *item);

/* Asks for all pages and prints them; returns the exit code. */
int lb_listing_run(const struct lb_cli *cli, const struct lb_listing *listing);

#endif
