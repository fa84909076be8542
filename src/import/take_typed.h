/* The names of one row of a file with names of every type. Stateless. */
#ifndef LB_IMPORT_TAKE_TYPED_H
#define LB_IMPORT_TAKE_TYPED_H

#include "import/take.h"
#include "import/types.h"

/* What came of a row; `value` points into it. */
struct lb_import_typed_verdict {
    enum lb_import_kind kind; /* HEADING, PERSON (one name or more), BAD or BLANK */
    struct lb_str value;
    char reason[400]; /* BAD, BLANK; PERSON: what was left out, empty: nothing */
};

/* Goes through the row, and calls `each` for every name in it, with the item's value, type, reason,
 * kind and end. LB_ERR_OVERLOADED: out of memory, and names may be missing. */
lb_err lb_import_take_typed(const struct lb_import_typing *typing,
                            const struct lb_import_options *options,
                            const struct lb_import_row *row, bool table, void *context,
                            void (*each)(void *context, struct lb_import_item *item),
                            struct lb_import_typed_verdict *out);

#endif
