/* Pages of a list of entries, and searches in it. Threads: the reader's. */
#ifndef LB_DOMAIN_BLOCKLIST_PAGE_H
#define LB_DOMAIN_BLOCKLIST_PAGE_H

#include "base/buf.h"
#include "domain/blocklist/blocklist.h"

/* How far a page is that is made piece by piece. */
struct lb_page_progress {
    size_t look; /* entries to look at in one call at most; the caller's */
    bool fixed;  /* what comes into the list after the first call is left out; the caller's */
    bool pause;  /* `each` may set it: the call ends after this entry, and the next goes on */
    /* Zero at first, and not the caller's. */
    bool begun;
    bool full;        /* there is at least one more: `last` is the cursor of the next page */
    uint64_t reached; /* the last entry that was looked at */
    uint64_t newest;  /* of the list at the first call; 0: it is empty, or not `fixed` */
    uint64_t to_skip;
    size_t given;
    uint64_t last; /* the last entry that was given */
};

struct lb_page_query {
    struct lb_list list;
    bool descending; /* newest first */
    uint64_t cursor; /* entries after this one in that direction; 0: from the start */
    uint64_t skip;
    size_t take;
    unsigned types;          /* bits 1 << enum lb_name_type; 0: LinkedIn names and member ids */
    enum lb_block_kind kind; /* only those of this kind; LB_BLOCK_KIND_NONE: all */
    struct lb_str term;      /* a folded sub-string; empty: all */
    struct lb_str words;     /* or one of the reason, folded (lb_page_fold); empty: names alone */
    uint64_t floor, ceiling; /* ids: not below, and below; 0: no bound */
    bool of_actor;           /* only entries of `actor` (store/rows.h) */
    uint32_t actor;
    int64_t ends_before;               /* only what ends before that; 0: all */
    struct lb_page_progress *progress; /* NULL: the page is made in one call */
};

struct lb_page_result {
    uint64_t total;   /* entries of the list, of these types */
    bool total_known; /* false where each entry has to be looked at (with a term, a kind, an actor,
                         an end, or one alone of the two types that are one order), and within
                         bounds */
    uint64_t next;    /* cursor of the next page, 0: this was the last */
    bool unfinished;  /* `look` entries were looked at, or there was a pause: call again, with any
                         reader */
};

/* Appends `text` in lower case, the form in which searches compare. False, with nothing appended,
 * when it is not UTF-8. */
bool lb_page_fold(struct lb_str text, struct lb_buf *out);

/* Calls `each` for the entries of a page, in order, and stops at its first failure. Counts as
 * quiescent (base/rcu.h): `each` may not use pointers of the caller's that are read without locks,
 * such as that of a campaign. */
lb_err lb_blocklist_page(struct lb_blocklist *blocklist, struct lb_store_reader *reader,
                         const struct lb_page_query *query, void *context,
                         lb_err (*each)(void *context, const struct lb_entry *entry),
                         struct lb_page_result *out);

#endif
