/* What a file of people is: a table, of which one column is taken, or a list of names.
 *
 * A table is what has two or more cells in most of its rows by one delimiter (comma, semicolon, tab
 * or |; a line `sep=;` at the top decides alone), or a heading that we know. The column is the one
 * with the best known heading, or what --column says; there is no other way to be chosen: a table
 * without a heading that we know is refused, with its columns and a sample of each. Everything else
 * is a list, one or more names a line. Threads: one. */
#ifndef LB_CLI_LAYOUT_H
#define LB_CLI_LAYOUT_H

#include "cli/cli.h"
#include "cli/source.h"

#define LB_LAYOUT_HEADING_SIZE 64

struct lb_layout {
    bool table;
    char delimiter;                       /* '\0' in a list */
    size_t column;                        /* of a table, from 0 */
    size_t width;                         /* of a table: cells that its rows should have */
    uint64_t heading_line;                /* rows up to this line are not people; 0: all are */
    bool addresses;                       /* by its heading, the column holds addresses only */
    bool rivals;                          /* other columns have known headings, too */
    char heading[LB_LAYOUT_HEADING_SIZE]; /* of the column, control characters replaced */
};

/* Reads the beginning of `source` and decides. LB_EXIT_DONE; after a message LB_EXIT_FAILED, or
 * LB_EXIT_USAGE when --column makes no sense. */
int lb_layout_find(struct lb_source *source, const char *wanted_column, struct lb_layout *out);

/* Is it a LinkedIn address, rather than a bare name? */
bool lb_layout_is_address(struct lb_str text);

/* Copies for a terminal: control characters and bytes that are not UTF-8 become ?, and what does
 * not fit is cut, with "...". */
void lb_layout_printable(struct lb_str text, char *out, size_t size);

#endif
