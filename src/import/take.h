/* Who is in one row: the rules for cells and lines, once it is known what counts in them.
 * Stateless. */
#ifndef LB_IMPORT_TAKE_H
#define LB_IMPORT_TAKE_H

#include "import/choice.h"

#define LB_IMPORT_VALUE_MAX 256 /* bytes of a value that is shown */

/* How people are found in a string, one after the other. */
enum lb_import_way {
    LB_WAY_ADDRESSES, /* every address of a profile */
    LB_WAY_WHOLE,     /* all of it names one */
    LB_WAY_PARTS      /* names that separators divide */
};

struct lb_import_verdict {
    enum lb_import_kind kind; /* HEADING, PERSON (one or more), BAD or BLANK */
    struct lb_str value;      /* to know the row by */
    enum lb_import_way way;
    struct lb_str rest; /* where people are still to be found */
    char reason[400];   /* BAD, BLANK; PERSON: what was left, empty: nothing */
};

/* Programs show an address that is long with an ellipsis. What is left of it may be another
 * person's, which the warning says. */
bool lb_import_is_shortened(struct lb_str address);
extern const char lb_import_shortened[];

/* The row is not empty. The verdict points into it. */
void lb_import_take(const struct lb_import_choice *choice, const struct lb_import_options *options,
                    const struct lb_import_row *row, struct lb_import_verdict *out);

/* The next person of a row with the verdict PERSON, and where it stands; false after the last. */
bool lb_import_take_next(struct lb_import_verdict *verdict, struct lb_identifier *out,
                         struct lb_str *out_value);

/* The reason that a row gives; empty when it gives none. */
struct lb_str lb_import_take_reason(const struct lb_import_choice *choice,
                                    const struct lb_import_row *row);

#endif
