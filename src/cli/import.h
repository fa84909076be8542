/* A file of people that a command was given: it is sent to the server as it is, whose import reads
 * it (docs/api.md, Files). Threads: one. */
#ifndef LB_CLI_IMPORT_H
#define LB_CLI_IMPORT_H

#include "cli/client.h"

/* Was the command given a file: --file, or - for standard input? */
bool lb_import_given(const struct lb_cli *cli);

/* Sends it; `action` as the server calls it, NULL: the people are added to the campaign. One bad
 * row refuses the whole file unless --skip-invalid is given; rows that are blank where the people
 * are do not. What is wrong is said on standard error; else `print` says what was done, and returns
 * the exit code. */
int lb_import_run(const struct lb_cli *cli, const char *action,
                  int (*print)(const struct lb_cli *cli, const struct lb_answer *answer));

/* Appends /import with its query: `action` as above, and what the options say of the file. */
void lb_import_put_request(const struct lb_cli *cli, const char *action, struct lb_buf *path);

/* Prints which columns were taken as what, when it was a file of names of every type. */
void lb_import_print_taken(const struct lb_answer *answer);

/* False after a message: options are given that say something of a file, and no file, or of files
 * of another kind. */
bool lb_import_options_fit(const struct lb_cli *cli);

/* Prints what was done, and which rows were not taken. */
int lb_import_print(const struct lb_cli *cli, const struct lb_answer *answer);

#endif
