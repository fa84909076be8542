/* What the columns of a file become in leads that are imported: names and company fill the lead's
 * fields, everything else its variables, so that nothing of the file is lost. Threads: one. */
#ifndef LB_API_OUTREACH_LEAD_COLUMNS_H
#define LB_API_OUTREACH_LEAD_COLUMNS_H

#include "domain/outreach/variables.h"
#include "import/headings.h"
#include "import/import.h"
#include "store/rows.h"

struct lb_lead_column {
    enum lb_import_field field;          /* LB_FIELD_OTHER: a variable, or left out */
    char name[LB_VARIABLE_NAME_MAX + 1]; /* of the variable; empty: not a variable */
    bool fills;                          /* a field of the lead: that one */
    enum lb_lead_field fills_field;
};

/* All zero at first: of running text, which has none. */
struct lb_lead_columns {
    size_t count;
    struct lb_lead_column *columns;
    size_t people; /* the column that names the people, from 0 */
};

/* Reads the headings. LB_ERR_OVERLOADED when out of memory. */
lb_err lb_lead_columns_read(const struct lb_import *import, struct lb_lead_columns *out);
void lb_lead_columns_fini(struct lb_lead_columns *columns);

/* Is the column's content left out, as a lead has all the variables that it can have? */
bool lb_lead_columns_leaves_out(const struct lb_lead_columns *columns, size_t index);

/* Appends ,"fields":[{"number":2,"name":"Job title","field":"variables.Job_title"}]. */
void lb_lead_columns_put(struct lb_buf *body, const struct lb_lead_columns *columns,
                         const struct lb_import *import);

#endif
