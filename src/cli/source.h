/* A file, or standard input, that is read more than once: first to see what it is, then to take
 * people from it. What cannot be read twice is kept in a temporary file meanwhile. Threads: one. */
#ifndef LB_CLI_SOURCE_H
#define LB_CLI_SOURCE_H

#include "cli/csv.h"

#include <stdio.h>

#define LB_SOURCE_LOOK_BYTES ((size_t)1 << 20) /* enough to tell what a file is */

struct lb_source {
    FILE *file;
    const char *name; /* for messages */
    long start;       /* where the text begins, after byte order marks */
};

/* `path` "-" is standard input. False after a message: it cannot be read, or holds no text (a
 * workbook, a PDF, UTF-16). To be closed in any case. */
bool lb_source_open(struct lb_source *source, const char *path);
void lb_source_close(struct lb_source *source);

/* Feeds `csv` from the beginning: all of the file, or the first `limit` bytes when that is not 0.
 * False after a message when the file cannot be read. What is wrong with the CSV is in
 * `csv->error`. */
bool lb_source_feed(struct lb_source *source, struct lb_csv *csv, size_t limit);

/* Fills `line` with what the first line begins with, and a NUL. */
void lb_source_first_line(struct lb_source *source, char *line, size_t size);

#endif
