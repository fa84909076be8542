/* What `leadblock top` draws of two moments, within the lines and columns that there are: long
 * lines of the head go on below, and the table leaves columns out. Threads: one. */
#ifndef LB_CLI_TOP_VIEW_H
#define LB_CLI_TOP_VIEW_H

#include "base/buf.h"
#include "cli/top_figures.h"

struct lb_top_size {
    size_t lines, columns; /* SIZE_MAX: no limit */
};

/* Appends the lines with `end_of_line` between them and none after the last, which would scroll a
 * terminal that they fill. False: out of memory. */
bool lb_top_draw(struct lb_buf *out, const struct lb_top_figures *before,
                 const struct lb_top_figures *now, struct lb_top_size size,
                 const char *end_of_line);

#endif
