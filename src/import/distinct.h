/* Counts the different names in each of several columns, in bounded memory.
 *
 * A name stands for itself by 64 bits of a hash. As long as all columns together have at most
 * LB_DISTINCT_MAX different ones the counts are exact (but for hashes that are equal by chance).
 * Beyond, only those names count whose hashes end in one zero, then two, and so on, in all columns
 * alike: counts are estimates then, with an error of about 1 in 300 for columns of that size.
 * Adaptive sampling: Flajolet, "On adaptive sampling", 1990. Threads: one. */
#ifndef LB_IMPORT_DISTINCT_H
#define LB_IMPORT_DISTINCT_H

#include "base/str.h"

#define LB_DISTINCT_MAX (1u << 20)

/* All zero but for the seed, which is random, is one without names. */
struct lb_distinct {
    uint64_t seed;
    unsigned level; /* zeros at the end of the hashes that are kept */
    size_t kept;    /* in all sets */
    size_t bytes;   /* of all sets */
};

struct lb_distinct_set {
    uint64_t *slots; /* 0: free */
    size_t capacity; /* a power of two */
    size_t count;
};

/* What follows a name that made the sets too large: every set has to be thinned out. */
enum lb_distinct_outcome { LB_DISTINCT_DONE, LB_DISTINCT_THIN, LB_DISTINCT_NO_MEMORY };

enum lb_distinct_outcome lb_distinct_add(struct lb_distinct *all, struct lb_distinct_set *set,
                                         struct lb_str name);

/* Raises the level; then lb_distinct_thin is to be called for each set, which is false when out of
 * memory. */
void lb_distinct_raise(struct lb_distinct *all);
bool lb_distinct_thin(struct lb_distinct *all, struct lb_distinct_set *set);

/* How many different names the set has, exactly at level 0. */
uint64_t lb_distinct_count(const struct lb_distinct *all, const struct lb_distinct_set *set);

/* How many of them the set `other` does not have. */
uint64_t lb_distinct_count_apart(const struct lb_distinct *all, const struct lb_distinct_set *set,
                                 const struct lb_distinct_set *other);

/* May the set have the name? Beyond LB_DISTINCT_MAX it is not known of most. */
bool lb_distinct_may_have(const struct lb_distinct *all, const struct lb_distinct_set *set,
                          struct lb_str name);

void lb_distinct_set_fini(struct lb_distinct_set *set);

#endif
