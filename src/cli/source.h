/* A file, or standard input, that can be sent more than once. What cannot be read twice is kept in
 * a temporary file meanwhile. Threads: one. */
#ifndef LB_CLI_SOURCE_H
#define LB_CLI_SOURCE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct lb_source {
    FILE *file;
    const char *name; /* for messages */
    uint64_t size;    /* bytes */
};

/* `path` "-" is standard input. False after a message: it cannot be read. To be closed in any case.
 */
bool lb_source_open(struct lb_source *source, const char *path);
void lb_source_close(struct lb_source *source);

#endif
