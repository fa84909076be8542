/* The history of the person whom a request names: the name is read, few such histories are read at
 * a time, and the log is read in turns (domain/blocklist/history.h). Threads: the call's. */
#ifndef LB_API_BLOCKLIST_ASKED_HISTORY_H
#define LB_API_BLOCKLIST_ASKED_HISTORY_H

#include "api/blocklist/named.h"
#include "api/by.h"
#include "domain/blocklist/history.h"

/* Embedded in a call's state; all zero at first. */
struct lb_asked_history {
    struct lb_asked asked;
    struct lb_str names[3]; /* that are meant; the first is shown */
    struct lb_history history;
    struct lb_history_reading reading;
    struct lb_by actors; /* can be used once it was read */
    bool counted;        /* among the histories that are being read */
};

/* Whose log is read: the call's workspace's. */
void lb_asked_history_init(struct lb_asked_history *asked, struct lb_call *call);

/* In the call's release, whether it was begun or not. */
void lb_asked_history_fini(struct lb_asked_history *asked, struct lb_call *call);

/* Takes the name. False when the reply is set: it is no name, or too many are being read. */
bool lb_asked_history_begin(struct lb_asked_history *asked, struct lb_call *call,
                            struct lb_str name);

/* The same with the name of any type in the path. */
bool lb_asked_history_begin_named(struct lb_asked_history *asked, struct lb_call *call);

/* The same with the name that the query has (lb_named_read_query), if it has one: `*out_given`. */
bool lb_asked_history_begin_query(struct lb_asked_history *asked, struct lb_call *call,
                                  bool *out_given);

/* One turn of a reader; without a name, only where the log ends. LB_TURN_MORE: there is more to
 * read. LB_TURN_LAST: `*out_whole` says whether all was read; if not, the request was completed
 * with its refusal. */
enum lb_turn lb_asked_history_read(struct lb_asked_history *asked, struct lb_call *call,
                                   struct lb_store_reader *reader, bool *out_whole);

/* Appends the id of a change as a JSON string; null for the number 0. */
void lb_asked_history_put_change(struct lb_buf *text, struct lb_public_id change);

#endif
