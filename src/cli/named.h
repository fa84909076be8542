/* Names that are no LinkedIn names: --email, --phone, --domain and --company of the commands block,
 * unblock, check and evidence. Threads: one. */
#ifndef LB_CLI_NAMED_H
#define LB_CLI_NAMED_H

#include "cli/cli.h"

#define LB_CLI_NAMED                                                                               \
    (LB_BIT(EMAIL) | LB_BIT(PHONE) | LB_BIT(DOMAIN) | LB_BIT(COMPANY) | LB_BIT(COUNTRY))

/* Is one of them given? */
bool lb_named_given(const struct lb_cli *cli);

/* Appends &type=...&value=... for the name that is given, and &defaultCountry=...; false when there
 * are several. */
bool lb_named_put_query(const struct lb_cli *cli, struct lb_buf *query);

/* Does what the command would do with identifiers; each returns an exit code. */
int lb_named_block(struct lb_cli *cli);
int lb_named_unblock(struct lb_cli *cli);
int lb_named_check(struct lb_cli *cli);

/* Appends {"entries":[...]}, with the identifiers and names that are given and, with `blocks`, what
 * is to be said of them. */
void lb_named_put_entries(const struct lb_cli *cli, bool blocks, struct lb_buf *body);

/* Appends ,"reason":...,"kind":...,"expiresAt":... as far as they are given. */
void lb_named_put_details(const struct lb_cli *cli, struct lb_buf *body);

#endif
