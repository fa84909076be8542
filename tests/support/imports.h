/* For tests of the import: files and strings as sources, and all that comes out of one. Threads:
 * one. */
#ifndef LB_TESTS_IMPORTS_H
#define LB_TESTS_IMPORTS_H

#include "base/buf.h"
#include "import/import.h"

/* A source in memory. It hands out at most `piece` bytes at a time; 0: as many as are wanted. */
struct import_bytes {
    struct lb_str bytes;
    size_t piece;
    int fail_after; /* calls until reading fails; 0: never */
};

struct lb_import_source import_source(struct import_bytes *bytes);

/* What an import gave: one line for each item, "people 3: ann-example (asked)". */
struct import_result {
    lb_err err;
    struct lb_reason reason;
    struct lb_import *import; /* NULL when refused */
    struct lb_import_counts counts;
    struct lb_buf names; /* of people, each once, in order, with a line end after each */
    struct lb_buf log;   /* all items */
    size_t name_count;
    const char *fault; /* what was against the promises of import.h; NULL: nothing */
};

void import_run(const struct lb_import_source *source, const struct lb_import_options *options,
                struct import_result *out);
void import_result_fini(struct import_result *result);

#endif
