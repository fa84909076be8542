/* A file of people that a command was given: it is sent to the server as it is, whose import reads
 * it (docs/api.md, Files). Threads: one. */
#ifndef LB_CLI_IMPORT_H
#define LB_CLI_IMPORT_H

#include "cli/client.h"

/* Was the command given a file: --file, or - for standard input? */
bool lb_import_given(const struct lb_cli *cli);

/* Sends it; `action` as the server calls it, NULL: the people are added to the campaign. One bad
 * row refuses the whole file unless --skip-invalid is given; rows that are blank where the people
 * are do not. `print` says what was done, and returns the exit code; NULL: what was blocked or
 * added, and on standard error which rows were not taken. */
int lb_import_run(const struct lb_cli *cli, const char *action,
                  int (*print)(const struct lb_cli *cli, const struct lb_answer *answer));

/* The same with an open file, a client, and a path with the query of below, which ends with a NUL.
 * `undo` is the command that takes such an import back. */
struct lb_import_file {
    const struct lb_cli *cli;
    const char *path;
    const char *undo;
    const struct lb_source *source;
    int (*print)(const struct lb_cli *cli, const struct lb_answer *answer);
};
int lb_import_send(const struct lb_import_file *file, struct lb_client *client);

/* Says on standard error which columns of a file a check has asked for, and warns of those with
 * names that it has not. */
void lb_import_explain_columns(const struct lb_cli *cli, const struct lb_answer *answer);

/* Appends /import with its query: `action` as above, and what the options say of the file. */
void lb_import_put_request(const struct lb_cli *cli, const char *action, struct lb_buf *path);

/* False after a message: options are given that say something of a file, and no file, or of files
 * of another kind; or an end that is no date. */
bool lb_import_options_fit(const struct lb_cli *cli);

#endif
