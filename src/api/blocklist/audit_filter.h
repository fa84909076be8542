/* Which actions GET /v1/audit is asked for: by whom, what, when, and with whom. Threads: made on
 * the request's loop, then the reader's. */
#ifndef LB_API_BLOCKLIST_AUDIT_FILTER_H
#define LB_API_BLOCKLIST_AUDIT_FILTER_H

#include "api/blocklist/asked_history.h"

#define LB_AUDIT_NUMBERS_MAX 100 /* of changes that are looked up together */

struct lb_audit_filter {
    /* Of the query; ptr NULL: anything. */
    struct lb_str by;                   /* id of a key or user, or "operator": the command line */
    struct lb_str action;               /* "leads.block", or "leads": all of that kind */
    struct lb_str target;               /* id of a campaign, key, user or workspace */
    struct lb_str person;               /* in blocklists: a LinkedIn name, */
    struct lb_str type, value, country; /* or a name of any type, and where its number is from */
    struct lb_str import;               /* its id */
    struct lb_str since_text, until_text;
    int64_t since, until; /* not before, and before */
    /* What follows from it. */
    bool named;                 /* a person or company is meant */
    bool of_changes, of_others; /* whether a log can have such actions */
    bool ready;                 /* who and whom are known */
    bool nobody;                /* no actor has that id */
    uint32_t actor;
    uint32_t campaign;                      /* that the target names; 0: none */
    struct lb_asked_history asked;          /* of the person */
    bool asked_whole;                       /* it was read */
    uint64_t numbers[LB_AUDIT_NUMBERS_MAX]; /* of the import's changes, latest first */
    size_t number_count, number_next;
    bool numbers_end; /* there are no more */
};

/* An action, as far as filters look at it. */
struct lb_audit_traits {
    struct lb_str name, target, import;
    uint32_t actor, campaign;
    int64_t at;
};

/* Takes the query. False when the reply is set. `filter` is zero at first. */
bool lb_audit_filter_read(struct lb_audit_filter *filter, struct lb_call *call);

void lb_audit_filter_fini(struct lb_audit_filter *filter, struct lb_call *call);

/* Does it leave out anything at all? */
bool lb_audit_filter_any(const struct lb_audit_filter *filter);

/* Begins a page, whose changes may have any number. */
static inline void lb_audit_filter_begin(struct lb_audit_filter *filter)
{
    filter->number_count = filter->number_next = 0;
    filter->numbers_end = false;
}

/* Looks up who and whom, in turns, of which `*out_ready` says whether it was the last one. */
lb_err lb_audit_filter_prepare(struct lb_audit_filter *filter, struct lb_call *call,
                               struct lb_store_reader *reader, bool *out_ready);

/* Once it was prepared: replies, and returns true, when the person's name is no name, and nothing
 * was ever recorded of it. */
bool lb_audit_filter_refuses(const struct lb_audit_filter *filter, struct lb_call *call);

/* The last change below that number which may be meant, by its rows. `*out_found`: there is one. */
lb_err lb_audit_filter_change_below(struct lb_audit_filter *filter, struct lb_call *call,
                                    struct lb_store_reader *reader, uint64_t below,
                                    struct lb_row_times_change *out, bool *out_found);

/* Is it so old that all before it were too early? A clock that was set back by less than a day
 * hides nothing. */
bool lb_audit_filter_too_early(const struct lb_audit_filter *filter, int64_t at);
bool lb_audit_filter_has_time(const struct lb_audit_filter *filter, int64_t at);

bool lb_audit_filter_has(const struct lb_audit_filter *filter,
                         const struct lb_audit_traits *action);

/* Appends &name=value for each part of the query. */
void lb_audit_filter_put(const struct lb_audit_filter *filter, struct lb_buf *link);

#endif
