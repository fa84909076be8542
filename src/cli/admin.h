/* The operator's side of a data folder: its control socket, with the server on the other side, or
 * while none runs an engine in this process, which serves the folder for as long as the command
 * takes. Commands that are started together take their turns: each waits for the folder's lock.
 * Threads: one (the engine has its own). */
#ifndef LB_CLI_ADMIN_H
#define LB_CLI_ADMIN_H

#include "cli/client.h"
#include "cli/table.h"

#include <sys/types.h>

struct lb_admin_request {
    const char *method;
    const char *path;       /* "/admin/workspaces" */
    const char *segment;    /* goes after it and a slash, encoded; NULL: no segment */
    const char *path_after; /* goes after that; NULL: nothing */
    struct lb_buf *body;    /* NULL: none */
    bool creates;           /* not to be repeated once it may have happened */
    bool makes_database;    /* if the folder has no database; other commands say so */
    bool only_looks;        /* although it is no GET: a database of an earlier version stays so */
    bool quiet;             /* nothing is printed, also not with --json */
    /* For people; --json prints what came. NULL: that is printed in any case. */
    void (*print)(const struct lb_json *json);
    /* In place of `print`: it needs more than the body. --json prints the id of the change, too. */
    void (*print_answer)(const struct lb_answer *answer);
    /* In place of `print`, for an answer that is a list in pages, which are all asked for. */
    const char *const *headings;
    void (*add_row)(struct lb_table *table, const struct lb_json *item);
    const char *hint_when_empty;
    size_t *out_count; /* of a list; NULL: it does not matter */
};

/* Connects, asks, prints and leaves: the whole of a command. Releases `body`. Returns an exit code;
 * failures have been explained. */
int lb_admin_run(const struct lb_cli *cli, const struct lb_admin_request *request);

/* Does a server of the data folder answer? */
bool lb_admin_server_answers(const struct lb_cli *cli);

/* The same, with a message when none does: `none`, or that the folder is closed to this user. */
bool lb_admin_needs_server(const struct lb_cli *cli, const char *none);

/* The same, for what a server has in its memory. False after a message. */
bool lb_admin_has_server(const struct lb_cli *cli);

/* The process of that server; 0: none answers, -1: it does not tell. */
pid_t lb_admin_server(const struct lb_cli *cli);

/* How many items the list at `path` has, in all its pages. False after a message. */
bool lb_admin_count(const struct lb_cli *cli, const char *path, size_t *out);

/* The database, or the data folder that it is in. */
const char *lb_admin_database(const struct lb_cli *cli);

/* Prints a list, as lb_admin_run does: all of it in one page. False after a message. */
bool lb_admin_put_list(const struct lb_cli *cli, const struct lb_admin_request *request,
                       struct lb_str body);

/* Asks the server of the data folder for `path`, until it answers or `meanwhile`, which is as
 * lb_client_set_meanwhile says, returns false; NULL: until it answers. False after a message, or
 * when `meanwhile` ended it. To be released with lb_answer_fini in any case. */
bool lb_admin_ask(const struct lb_cli *cli, const char *path,
                  bool (*meanwhile)(void *context, int pause_ms), struct lb_answer *out);

/* Connects, has `use` ask and print, and leaves. Returns the exit code of `use`, or that it failed,
 * after a message. */
int lb_admin_with_client(const struct lb_cli *cli,
                         int (*use)(void *context, struct lb_client *client), void *context);

/* Appends the value of --expires as a JSON string, or null when it is not given. False after a
 * message when it is no date. */
bool lb_admin_put_expires(const struct lb_cli *cli, struct lb_buf *body);

#endif
