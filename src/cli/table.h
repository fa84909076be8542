/* Rows of text on standard output: separated by tabs and without a heading in a pipe; on a terminal
 * aligned below a heading or, where they do not fit its width, each cell on a line of its own
 * beside its heading. Threads: one. */
#ifndef LB_CLI_TABLE_H
#define LB_CLI_TABLE_H

#include "base/buf.h"
#include "base/str.h"

#define LB_TABLE_COLUMNS_MAX 9

struct lb_table {
    const char *const *headings; /* NULL ends them */
    size_t columns;
    struct lb_buf cells; /* each ends with a NUL */
    size_t widths[LB_TABLE_COLUMNS_MAX];
    size_t count;     /* cells */
    bool keeps_lines; /* a row stays one line, however wide it is */
    bool begun;       /* something was printed, and in which way is settled */
    bool upright;     /* each cell is on a line of its own */
};

void lb_table_init(struct lb_table *table, const char *const *headings);

/* Adds the next cell; a row is full when it has as many as there are headings. */
void lb_table_add(struct lb_table *table, struct lb_str cell);

/* Prints what was added since the last time. Columns never get narrower from one time to the
 * next. False when out of memory or when standard output was closed. */
bool lb_table_flush(struct lb_table *table);

/* Prints the array that a page of a list came as, as a part of one long array: `first` opens it,
 * `last` ends it. False when `body` is no array or standard output was closed. */
bool lb_table_put_json(struct lb_str body, bool first, bool last);

/* Prints and releases. */
bool lb_table_fini(struct lb_table *table);

#endif
