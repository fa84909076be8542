/* The people that a command was given as arguments. A file of them is sent to the server as it is:
 * cli/import.h.
 *
 * Names may be separated by commas, semicolons or tabs; what is left of an argument is never
 * dropped. All are judged before the first one is given, so that a fault in the last one leaves
 * nothing half done. Threads: one. */
#ifndef LB_CLI_INPUT_H
#define LB_CLI_INPUT_H

#include "cli/cli.h"

struct lb_input_item {
    struct lb_str text; /* lives until the callback returns */
    const char *fault;  /* why no reader can use it; NULL: there may be a name */
};

/* Calls `each` for every person until it returns false; with --skip-invalid also for what is
 * faulty. `first` is the first argument that is an identifier. `stored`: what may be stored under
 * earlier rules for names is good, too; the server judges it. LB_EXIT_FAILED after a message when
 * an item is invalid without --skip-invalid, then before the first call of `each`; also when `each`
 * returned false. LB_EXIT_USAGE after a message when there is no identifier at all, else
 * LB_EXIT_DONE. */
int lb_input_read(const struct lb_cli *cli, size_t first, bool stored, void *context,
                  bool (*each)(void *context, const struct lb_input_item *item));

/* Says on standard error why the item is refused, and on which line of a file it is (0: none). */
void lb_input_explain(uint64_t line, struct lb_str value, struct lb_str reason);

/* What to do about `bad` items that were refused, on standard error. `all` is how many the file
 * has, 0 when they are arguments. */
void lb_input_advise(uint64_t bad, uint64_t all);

/* Copies for a terminal: control characters and bytes that are not UTF-8 become ?, and what does
 * not fit is cut, with "...". */
void lb_input_printable(struct lb_str text, char *out, size_t size);

#endif
