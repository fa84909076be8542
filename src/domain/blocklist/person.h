/* One person by several names: LinkedIn names and member ids that were seen together, a pair each.
 * Which of them a block of another one holds for:
 *
 *  - a member id is the anchor: names that were seen with it are one person's, and a name that was
 *    seen with one member id of each form (`ACoAA`, `ACwAA`) joins the two;
 *  - a name that was seen with two member ids of one form joins no names: LinkedIn gives names out
 *    again. A block of it holds for all whom it was seen with; by itself it is the person's with
 *    whose member id it was seen last.
 *
 * What hangs together by any pair has LB_PERSON_NAMES_MAX names at most, so that neither a check
 * nor a block ever has more to look at, whatever pairs are taken back.
 *
 * A pair may be seen again, which counts where the name is of two people: of its numbers the first
 * and the latest are kept, and the pair holds while one of them does.
 *
 * Threads: a person does not change while it can be found (persons.h); drafts are their owner's. */
#ifndef LB_DOMAIN_BLOCKLIST_PERSON_H
#define LB_DOMAIN_BLOCKLIST_PERSON_H

#include "base/rcu.h"
#include "base/registry.h"
#include "base/str.h"

#define LB_PERSON_NAMES_MAX 8
#define LB_PERSON_PAIRS_MAX (LB_PERSON_NAMES_MAX / 2 * (LB_PERSON_NAMES_MAX / 2))

struct lb_person_pair {
    uint64_t first;
    uint64_t latest; /* after the first; 0: none */
    uint8_t member;  /* which of the names */
    uint8_t name;
};

static inline uint64_t lb_person_pair_last(const struct lb_person_pair *pair)
{
    return pair->latest ? pair->latest : pair->first;
}

struct lb_person;

struct lb_person_name {
    struct lb_registry_node node; /* first; its key is the name */
    struct lb_person *person;
};

/* What is asked of a name. */
enum lb_person_side {
    LB_PERSON_ASKED,   /* names whose blocks hold for it */
    LB_PERSON_COVERED, /* names for which its blocks hold */
    LB_PERSON_SAME,    /* both: they are one person's */
    LB_PERSON_SIDES
};

struct lb_person {
    struct lb_rcu_head rcu;
    bool found;      /* its names are where readers look */
    bool superseded; /* the writer's: by others of the same batch */
    uint8_t name_count;
    uint8_t pair_count;
    uint8_t sides[LB_PERSON_SIDES]
                 [LB_PERSON_NAMES_MAX]; /* of each name: a bit for each other one */
    struct lb_person_pair *pairs;
    struct lb_person_name names[];
};

/* A person under construction, whose names are borrowed: whom a pair joins, or what is left without
 * one. Room for two people and one more pair. */
struct lb_person_draft {
    struct lb_person *of[2]; /* whom it was made of */
    size_t of_count;
    size_t name_count, pair_count;
    struct lb_str names[2 * LB_PERSON_NAMES_MAX + 2];
    struct lb_person_pair pairs[2 * LB_PERSON_PAIRS_MAX + 1];
};

/* Adds what a person has; NULL: nothing. The two have no name in common, or are the same. */
void lb_person_draft_add(struct lb_person_draft *draft, struct lb_person *person);

/* What a pair would be to a draft. */
enum lb_person_meeting {
    LB_PERSON_NEW,     /* it is added, or counts again */
    LB_PERSON_KNOWN,   /* it holds, and says nothing new */
    LB_PERSON_TOO_MANY /* more names than a person may have */
};
enum lb_person_meeting lb_person_meet(const struct lb_person_draft *draft, struct lb_str member,
                                      struct lb_str name);

/* Adds a pair that is new, under a number above those before it. */
void lb_person_draft_link(struct lb_person_draft *draft, struct lb_str member, struct lb_str name,
                          uint64_t number);

/* Takes the number of a pair back, and the pair when that was its only one. False when the pair has
 * no such number. */
bool lb_person_draft_end(struct lb_person_draft *draft, struct lb_str member, struct lb_str name,
                         uint64_t number);

/* Makes the people of a draft, of a workspace: one for all that hang together, none for a name that
 * is alone. `*out` has room for LB_PERSON_NAMES_MAX. False when out of memory, with none made. */
bool lb_person_make(const struct lb_person_draft *draft, uint32_t workspace, struct lb_person **out,
                    size_t *out_count);

static inline struct lb_str lb_person_name(const struct lb_person *person, size_t index)
{
    return person->names[index].node.key;
}

#endif
