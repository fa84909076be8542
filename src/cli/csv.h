/* Reads the CSV that the server answers with, as RFC 4180 describes it. Threads: one. */
#ifndef LB_CLI_CSV_H
#define LB_CLI_CSV_H

#include "base/str.h"

#define LB_CSV_CELLS_MAX 16 /* of a row */

struct lb_csv_row {
    size_t count; /* of cells, at least 1 */
    struct lb_str cells[LB_CSV_CELLS_MAX];
};

/* Takes the row that begins at `*at`, which is before `end`, and moves `*at` to the next one. Cells
 * point to where the row was; what protected them there has been taken away. False when the row
 * is broken, has too many cells or no line end. */
bool lb_csv_next(char **at, char *end, struct lb_csv_row *out);

#endif
