/* The people that a command was given: as arguments, in a file, on standard input.
 *
 * A file is a table, of which one column is taken, or a list of names (cli/layout.h). In a list and
 * as arguments, names may also be separated by commas, semicolons or tabs; what is left of a line
 * is never dropped. Blank rows are left out. Everything is read twice: nothing is given before all
 * of it has been judged, so that a fault in the last line leaves nothing half done. Threads: one.
 */
#ifndef LB_CLI_INPUT_H
#define LB_CLI_INPUT_H

#include "cli/cli.h"

struct lb_input_item {
    struct lb_str text; /* lives until the callback returns */
    uint64_t line;      /* 1 for the first; 0: an argument */
    const char *fault;  /* why no reader can use the line; NULL: there may be a name */
};

/* Calls `each` for every person until it returns false; with --skip-invalid also for what is
 * faulty. `first` is the first argument that is an identifier; an argument - is standard input.
 * `stored`: an argument is good, too, when it may be stored under earlier rules for names.
 * LB_EXIT_FAILED after a message when something cannot be read, the column is not certain, or an
 * item is invalid without --skip-invalid, then before the first call of `each`; also when `each`
 * returned false. LB_EXIT_USAGE after a message when there is no identifier at all or --column
 * makes no sense, else LB_EXIT_DONE. */
int lb_input_read(const struct lb_cli *cli, size_t first, bool stored, void *context,
                  bool (*each)(void *context, const struct lb_input_item *item));

/* Says on standard error why the item is refused, and on which line it is. */
void lb_input_explain(uint64_t line, struct lb_str value, struct lb_str reason);

/* What to do about `bad` of `all` items that were refused, on standard error. */
void lb_input_advise(uint64_t bad, uint64_t all);

#endif
