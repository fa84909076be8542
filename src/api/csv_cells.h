/* Cells of CSV (RFC 4180), which spreadsheets open and imports read back. Stateless. */
#ifndef LB_API_CSV_CELLS_H
#define LB_API_CSV_CELLS_H

#include "base/buf.h"

/* Appends a cell. One that a spreadsheet could take for a formula begins with an apostrophe, which
 * the import takes off again. */
void lb_csv_cells_put(struct lb_buf *out, struct lb_str cell);

#endif
