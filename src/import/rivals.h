/* Two columns of which either may be the people's, as their headings do not say: of a form that
 * asks for the sender's profile and for another one, or called the same below headings of groups.
 * Then the client is asked to choose. Stateless. */
#ifndef LB_IMPORT_RIVALS_H
#define LB_IMPORT_RIVALS_H

#include "base/err.h"
#include "import/survey.h"

/* May the column `other` be meant in place of `taken`? It has addresses of the same kind in most of
 * its cells, and of the people that they name more than half are not in `taken`; or names of others
 * alone. `takes_both`: both are taken, so that columns which are called the same lose no one. */
bool lb_import_is_rival(const struct lb_import_survey *survey, size_t taken, size_t other,
                        bool takes_both);

/* LB_ERR_COLUMN_UNKNOWN, with the reason. `typed`: of a file with names of every type. */
lb_err lb_import_fail_for_rivals(size_t taken, size_t other, bool typed, struct lb_reason *reason);

#endif
