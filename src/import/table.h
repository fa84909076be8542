/* Is a source a table, and by which delimiter? Or a text. Stateless. */
#ifndef LB_IMPORT_TABLE_H
#define LB_IMPORT_TABLE_H

#include "import/rows.h"

/* The whole of a file need not be read for this: so many bytes of text tell. */
#define LB_IMPORT_TABLE_LOOK (16u << 20)

struct lb_import_shape {
    bool table;
    struct lb_import_dialect dialect; /* of a text: no delimiter; of vCards: folded */
    bool sep_line;                    /* the first line is sep=; */
    size_t width;                     /* cells that most rows of a table have */
    bool any;                         /* there is a row with something in it */
    bool too_wide; /* a table with more cells in a row than are read; the rest says nothing */
};

/* `column`: the one that is asked for, or empty. By a heading: one row that agrees is enough; by a
 * number over 1: any row is. `rows` is work space. */
lb_err lb_import_table_judge(const struct lb_import_source *source, struct lb_import_form form,
                             struct lb_str column, struct lb_import_rows *rows,
                             struct lb_import_shape *out);

#endif
