/* Which column is taken, which rows are headings, and which column has the reasons. Stateless. */
#ifndef LB_IMPORT_CHOICE_H
#define LB_IMPORT_CHOICE_H

#include "import/survey.h"

/* What counts in a cell. */
enum lb_import_takes {
    LB_TAKES_ADDRESSES, /* addresses alone: what is none is bad */
    LB_TAKES_NAMES,     /* names alone */
    LB_TAKES_BOTH       /* addresses; and a cell without one is a name */
};

struct lb_import_choice {
    bool table;
    enum lb_import_takes takes;
    size_t column;                      /* from 0; also of a text, which has one */
    size_t width;                       /* cells that rows of a table have */
    const struct lb_import_label *name; /* NULL: the column has no heading */
    uint64_t heading_line;              /* rows up to this line are headings */
    uint64_t mixed_line; /* of a list of names: the first line, when a part of it is a heading */
    bool mail;           /* a pasted mail that has no profile addresses; see mail.h */
    bool has_reasons;
    size_t reasons; /* from 0 */
    const struct lb_import_label *reasons_name;
};

/* The heading of a column, by the rule for all; NULL: it has none. */
const struct lb_import_label *lb_import_label_of(const struct lb_import_survey *survey,
                                                 const struct lb_import_facts *facts);

/* What a column has in the row of the headings; NULL: nothing. */
const struct lb_import_label *lb_import_label_at(const struct lb_import_facts *facts,
                                                 uint64_t heading_line);

/* What most of its addresses of people name: an enum lb_import_name_kind. */
unsigned lb_import_name_kind_of(const struct lb_import_facts *facts);

/* Do the names below this heading mean something else than names of LinkedIn's, such as first
 * names?
 */
bool lb_import_means_other_names(struct lb_str heading);

/* LB_OK, or LB_ERR_COLUMN_UNKNOWN with the reason. `out` points into the survey. */
lb_err lb_import_choose(const struct lb_import_survey *survey, const struct lb_import_shape *shape,
                        const struct lb_import_options *options, struct lb_import_choice *out,
                        struct lb_reason *reason);

#endif
