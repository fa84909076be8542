/* In answers: the other names of a person, where an answer about one name has to say that it is, or
 * would be, blocked by another one (domain/blocklist/persons.h). Nothing is appended where there
 * are none, as for nearly everybody. Threads: the call's. */
#ifndef LB_API_BLOCKLIST_PERSON_NAMES_H
#define LB_API_BLOCKLIST_PERSON_NAMES_H

#include "api/blocklist/changes.h"
#include "domain/blocklist/persons.h"

/* Appends ,"matched":{"type":"memberId","value":"..."} when `by` is another name than was asked
 * for.
 */
void lb_person_names_put_matched(struct lb_buf *body, struct lb_str asked, struct lb_str by);

/* Appends ,"names":["..."]: others of the person. */
void lb_person_names_put_names(struct lb_buf *body, const struct lb_other_names *names);

/* Appends ,"covers":["..."] of a blocked name: for which others the block holds. */
void lb_person_names_put_covers(struct lb_buf *body, const struct lb_call *call, struct lb_str key);

/* Appends ,"covers":[{"publicIdentifier":"...","names":["..."]}] of what was asked to be blocked:
 * the first 100 who have other names. */
void lb_person_names_put_all_covers(struct lb_buf *body, const struct lb_call *call,
                                    const struct lb_identifiers *identifiers);

/* Appends ,"stillBlocked":[{"publicIdentifier":"...","names":["..."]}] of names that are free now,
 * each followed by a NUL: by which other names their people are blocked, in the list of the call or
 * its workspace's. */
void lb_person_names_put_still_blocked(struct lb_buf *body, const struct lb_call *call,
                                       struct lb_str freed);

/* Copies the other names of a name into the call's memory. False when the reply is set. */
bool lb_person_names_copy(struct lb_call *call, struct lb_str name, enum lb_person_side side,
                          struct lb_other_names *out);

#endif
