/* Names that the rules of today refuse, and that are stored all the same, from before: blocked ones
 * in all lists, and those of leads. They hold as they are, and match no other person.
 *
 * Threads: one at a time, registered with RCU; in turns, each with any reader. */
#ifndef LB_DOMAIN_OUTREACH_REFUSED_NAMES_H
#define LB_DOMAIN_OUTREACH_REFUSED_NAMES_H

#include "domain/blocklist/identifier.h"
#include "domain/blocklist/page.h"

#define LB_REFUSED_NAMES_MAX 10000 /* that are told */

struct lb_refused_name {
    const char *workspace; /* ids */
    const char *campaign;  /* NULL: the workspace's list */
    bool campaign_deleted; /* and its list is kept */
    bool lead;             /* else it is blocked */
    struct lb_str name;
    const char *reason;
    struct lb_str meant; /* who may have been: what an address would be without its punctuation; ptr
                            NULL: unknown */
};

struct lb_refused_names_list;

/* Fill the first fields; the rest is zero at first. */
struct lb_refused_names {
    struct lb_directory *directory;
    struct lb_blocklist *blocklist;
    struct lb_store *store;
    void *context;
    void (*each)(void *context, const struct lb_refused_name *name);
    size_t found;
    /* Its own: the list that is looked through, the workspace's and then those of campaigns. */
    bool begun;
    struct lb_workspace *workspace;
    struct lb_refused_names_list *lists;
    size_t count;
    size_t at;
    struct lb_page_progress progress;
    bool leads; /* the campaign's, after its list */
    uint64_t below;
};

/* Looks at some. `*out_done`: those were the last. LB_ERR_OVERLOADED: out of memory. */
lb_err lb_refused_names_look(struct lb_refused_names *looking, struct lb_store_reader *reader,
                             bool *out_done);
void lb_refused_names_fini(struct lb_refused_names *looking);

#endif
