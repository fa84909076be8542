/* People who are known by several LinkedIn names and member ids (person.h), in memory: those alone,
 * of all workspaces. What the log says of them is in links.h.
 *
 * The writer changes people within a batch, which it alone sees until the batch is committed.
 * Readers find a name's person without locks; while a person takes the place of another one, they
 * find both, and ask for the names of both: none who is blocked by a name all the time is missed.
 *
 * A pair that would give a person too many names is no link, but is remembered: a conflict. The
 * latest LB_CONFLICTS_MAX of a workspace are.
 *
 * Threads: reading from any thread that is registered with RCU and online, and what is read is good
 * until its next quiescent state; what says "in the batch", and changes, on the writer thread, or
 * before the threads start. */
#ifndef LB_DOMAIN_BLOCKLIST_PERSONS_H
#define LB_DOMAIN_BLOCKLIST_PERSONS_H

#include "domain/access/directory.h"
#include "domain/blocklist/conflicts.h"
#include "domain/blocklist/person.h"

struct lb_persons;

/* NULL when out of memory. */
struct lb_persons *lb_persons_create(void);
/* All other threads have ended. NULL is fine. */
void lb_persons_destroy(struct lb_persons *people);

/* --- Looking ---------------------------------------------------------------------------------- */

/* Other names of a person, each once. While one person takes the place of another, there may be of
 * both. */
struct lb_other_names {
    size_t count;
    struct lb_str names[2 * LB_PERSON_NAMES_MAX];
};

/* Does the workspace have people of several names? Nearly none has, and it costs next to nothing to
 * ask. */
static inline bool lb_persons_any(const struct lb_workspace *workspace)
{
    return atomic_load_explicit(&workspace->has_links, memory_order_acquire);
}

/* The other names of a name, in one of the ways of person.h. */
void lb_persons_others(const struct lb_persons *people, uint32_t workspace, struct lb_str name,
                       enum lb_person_side side, struct lb_other_names *out);

/* The same in the batch. */
void lb_persons_others_in_batch(const struct lb_persons *people, uint32_t workspace,
                                struct lb_str name, enum lb_person_side side,
                                struct lb_other_names *out);

/* All other names that were seen together with a name, whether or not its blocks hold for them; and
 * the same in the batch. */
void lb_persons_all(const struct lb_persons *people, uint32_t workspace, struct lb_str name,
                    struct lb_other_names *out);
void lb_persons_all_in_batch(const struct lb_persons *people, uint32_t workspace,
                             struct lb_str name, struct lb_other_names *out);

/* Adds a name that is not there yet; false when there is no room. */
bool lb_other_names_add(struct lb_other_names *others, struct lb_str name);

/* Calls `each` for the pairs of all people of a workspace until it fails: those of a person in the
 * order in which they were seen last. For a process whose writer does not run. */
lb_err lb_persons_each_pair(const struct lb_persons *people, uint32_t workspace, void *context,
                            lb_err (*each)(void *context, struct lb_str member,
                                           struct lb_str name));

/* The conflicts of a workspace, by the numbers of their rows, latest first; `out` has room for
 * LB_CONFLICTS_MAX. Any thread. */
size_t lb_persons_conflicts(struct lb_persons *people, const struct lb_workspace *workspace,
                            uint64_t *out);

/* --- Changing --------------------------------------------------------------------------------- */

/* What a pair would be, in the batch, and whom it would join. */
enum lb_person_meeting lb_persons_meet(const struct lb_persons *people, uint32_t workspace,
                                       struct lb_str member, struct lb_str name,
                                       struct lb_person_draft *out_draft);

/* Adds a pair that is new to the draft of its meeting, since which no link was changed. A pair that
 * was listed as a conflict leaves that list.
 * `*out_names`: all that hangs together with it, in the batch. False when out of memory; the batch
 * has to be rolled back then, as below. */
bool lb_persons_link(struct lb_persons *people, struct lb_workspace *workspace,
                     struct lb_str member, struct lb_str name, uint64_t number,
                     struct lb_person_draft *draft, struct lb_other_names *out_names);

/* Takes a number of a pair back. `*out_names`: all that hung together with it; none when the pair
 * has no such number. */
bool lb_persons_unlink(struct lb_persons *people, struct lb_workspace *workspace,
                       struct lb_str member, struct lb_str name, uint64_t number,
                       struct lb_other_names *out_names);

/* Takes all links of a person back who has the name: it was erased. False when out of memory. */
bool lb_persons_forget(struct lb_persons *people, struct lb_workspace *workspace,
                       struct lb_str name);
/* Takes the links of these numbers back, which ascend, and no others. Nothing else of the batch has
 * changed links. Looks at the links of all workspaces. False when out of memory. */
bool lb_persons_forget_links(struct lb_persons *people, struct lb_workspace *workspace,
                             const uint64_t *numbers, size_t count);

/* Is the pair among the conflicts? */
bool lb_persons_has_conflict(const struct lb_persons *people, const struct lb_workspace *workspace,
                             struct lb_str member, struct lb_str name);
bool lb_persons_add_conflict(struct lb_persons *people, struct lb_workspace *workspace,
                             struct lb_str member, struct lb_str name, uint64_t number);
/* One that is not there does no harm. */
bool lb_persons_drop_conflict(struct lb_persons *people, struct lb_workspace *workspace,
                              uint64_t number);

/* The batch is durable: first all that was added can be found, then, after the blocks of the batch,
 * what it replaces no more. */
void lb_persons_publish(struct lb_persons *people);
bool lb_persons_replaces_any(const struct lb_persons *people);
void lb_persons_retire(struct lb_persons *people);
void lb_persons_roll_back(struct lb_persons *people);

#endif
