/* Links between the names of one person (person.h) as the log has them: a row LB_LOG_LINK has two
 * items for each link, the member id and the name that were seen with each other, and the link's
 * number is that of the first. A row LB_LOG_LINK_REFUSED is the same of pairs that would give a
 * person too many names. A row LB_LOG_LINK_END has the numbers of those that are taken back.
 *
 * Links are the workspace's, and no list's. They are learnt from leads that have both names, or
 * given (api/blocklist/links.c); each write that makes some is a change, which can be undone. A
 * pair that says nothing new leaves no row.
 *
 * Threads: as the functions say. */
#ifndef LB_DOMAIN_BLOCKLIST_LINKS_H
#define LB_DOMAIN_BLOCKLIST_LINKS_H

#include "domain/blocklist/change.h"
#include "domain/blocklist/packer.h"

/* --- Making links ----------------------------------------------------------------------------- */

/* Links that a write makes, besides other things or alone; for `apply` on the writer thread. The
 * change is the caller's: `blocklist` and `standing` are filled, and its id names the links when
 * some were made. */
struct lb_linking {
    struct lb_change *change;
    struct lb_store *store;
    struct lb_packer packer;
    bool begun;
};

void lb_linking_begin(struct lb_linking *linking, struct lb_change *change, struct lb_store *store);

/* A member id and a name were seen with each other; both canonical. Counts in the change what
 * becomes of it: `linked`, `known`, `conflicts`. Leads of all names concerned are set aside, or put
 * back. LB_ERR_RATE_LIMITED, LB_ERR_WORKSPACE_OVERLOADED with the reason in change->write, before
 * anything of the pair is written. */
lb_err lb_linking_add(struct lb_linking *linking, struct lb_str member, struct lb_str name);

/* Writes the last row. */
lb_err lb_linking_flush(struct lb_linking *linking);

/* A member id and a name of which a user or lead says that they are one person's. */
struct lb_link_pair {
    struct lb_str member, name; /* canonical */
};

/* A change of links alone: fill it as change.h says, and submit its write. */
struct lb_link_change {
    struct lb_change change; /* first: the writer hands it back */
    const struct lb_link_pair *pairs;
    size_t count;
};
void lb_links_make(struct lb_link_change *change);

/* --- Taking them back ------------------------------------------------------------------------- */

static inline bool lb_log_kind_links(enum lb_log_kind kind)
{
    return lb_log_kind_has_pairs(kind) || kind == LB_LOG_LINK_END;
}

/* What the undo of a change with such rows writes. */
static inline enum lb_log_kind lb_links_undo_kind(enum lb_log_kind kind)
{
    return kind == LB_LOG_LINK_END ? LB_LOG_LINK : LB_LOG_LINK_END;
}

/* Undoes one row; its items were copied. */
lb_err lb_links_undo_row(struct lb_packer *packer, enum lb_log_kind kind, uint64_t first,
                         struct lb_str items);

/* --- Reading them ----------------------------------------------------------------------------- */

/* A link as the log has it; the names are in here. */
struct lb_link {
    uint64_t number;
    enum lb_log_kind kind; /* LB_LOG_LINK or LB_LOG_LINK_REFUSED */
    int64_t at;
    uint32_t actor;
    uint64_t change; /* the number of the row, which is the change's unless it continues one */
    bool continues;
    struct lb_identifier member, name;
};

/* The link of that number, of which `id` is the entry id. LB_ERR_NOT_FOUND when the number is no
 * link's, or when its names were erased. */
lb_err lb_links_read(struct lb_store *store, struct lb_store_reader *reader, uint32_t workspace,
                     uint64_t number, uint64_t id, struct lb_link *out);

/* Brings memory in step with a row of links; no batch is open. */
lb_err lb_links_replay(struct lb_blocklist *blocklist, struct lb_store_reader *details,
                       struct lb_workspace *workspace, const struct lb_log_row *row);

/* Numbers of links whose names were erased. All zero at first. */
struct lb_erased_links {
    uint64_t *numbers;
    size_t count, capacity;
    uint64_t lowest;
};

/* Notes those that a row LB_LOG_ERASED names. What the log says of links after that row is of new
 * ones: before memory learns it, it forgets these. */
lb_err lb_links_note_erased(struct lb_blocklist *blocklist, struct lb_store_reader *details,
                            const struct lb_workspace *workspace, const struct lb_log_row *row,
                            struct lb_erased_links *out);

/* Memory, which learnt these links before their names were erased, forgets them, and they are
 * freed; no batch is open. False when out of memory. */
bool lb_links_forget_erased(struct lb_blocklist *blocklist, struct lb_workspace *workspace,
                            struct lb_erased_links *links);

#endif
