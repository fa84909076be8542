/* Cells of CSV (RFC 4180), and how a cell is guarded that a spreadsheet would take for a formula:
 * an apostrophe before it says that it is text. What writes such files and what reads them back use
 * this one rule, so that every string comes back as it was. Stateless. */
#ifndef LB_BASE_CSV_H
#define LB_BASE_CSV_H

#include "base/buf.h"

/* Appends a cell, guarded and in quotation marks where it needs that. */
void lb_csv_put_cell(struct lb_buf *out, struct lb_str cell);

/* Appends cells with commas between them, and the end of the line. */
void lb_csv_put_row(struct lb_buf *out, const struct lb_str *cells, size_t count);

/* The cell without the apostrophe that guards it; a cell that has none stays as it is. */
struct lb_str lb_csv_unguard(struct lb_str cell);

#endif
