/* What the bytes of a source are: text in which encoding, or no text at all. Stateless. */
#ifndef LB_IMPORT_FILE_H
#define LB_IMPORT_FILE_H

#include "import/text.h"

/* LB_ERR_UNSUPPORTED_FILE with a reason that says what to do; LB_ERR_EMPTY_FILE when there is not a
 * byte but byte order marks; LB_ERR_STORAGE_UNAVAILABLE; LB_ERR_OVERLOADED. */
lb_err lb_import_file_judge(const struct lb_import_source *source, struct lb_import_form *out,
                            struct lb_reason *reason);

#endif
