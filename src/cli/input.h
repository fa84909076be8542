/* The identifiers that a command was given: as arguments, in a file, on standard input.
 *
 * A file is CSV. When its first row names a known column (publicIdentifier, linkedinUrl, url,
 * profileUrl, ...; in any case, with or without blanks and underscores), that column is taken, else
 * the first column of every row. A file of plain lines is a CSV of one column. Empty cells and rows
 * are left out. Threads: one. */
#ifndef LB_CLI_INPUT_H
#define LB_CLI_INPUT_H

#include "cli/cli.h"

struct lb_input_item {
    struct lb_str text; /* lives until the callback returns */
    uint64_t line;      /* 1 for the first; 0: an argument */
};

/* Calls `each` for every identifier until it returns false. `first` is the first argument that is
 * an identifier; an argument - is standard input. LB_EXIT_FAILED when something cannot be read
 * (after a message) or `each` returned false, LB_EXIT_USAGE after a message when there is no
 * identifier at all, else LB_EXIT_DONE. */
int lb_input_read(const struct lb_cli *cli, size_t first, void *context,
                  bool (*each)(void *context, const struct lb_input_item *item));

#endif
