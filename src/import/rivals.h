/* Two columns of which either may be the people's, as their headings do not say: of a form that
 * asks for the sender's profile and for another one, or called the same below headings of groups.
 * Then the client is asked to choose. Stateless. */
#ifndef LB_IMPORT_RIVALS_H
#define LB_IMPORT_RIVALS_H

#include "base/err.h"
#include "import/survey.h"

/* LB_ERR_COLUMN_UNKNOWN with the reason when another column may be meant in place of the one that
 * is taken. `typed`: of names of every type, where both would be taken, so that columns which are
 * called the same lose no one. Takes time for each column once. */
lb_err lb_import_refuse_rivals(const struct lb_import_survey *survey, size_t taken, bool typed,
                               struct lb_reason *reason);

#endif
