#include "base/clock.h"
#include "cli/commands.h"
#include "daemon/verify.h"

#include <stdio.h>
#include <unistd.h>

/* How often the progress is shown: on a terminal in one line, else a line each time. */
#define TERMINAL_MS 200
#define LINES_MS    10000

struct view {
    bool terminal;
    bool drawn; /* the cursor is at the end of a line of progress */
    uint64_t shown_ms;
};

static bool show_progress(void *context, uint64_t done, uint64_t all)
{
    struct view *view = context;
    uint64_t now = lb_clock_mono_ms();
    if (now - view->shown_ms < (view->terminal ? TERMINAL_MS : LINES_MS))
        return true;
    fprintf(stderr, "%sblocklist log: %llu%%%s", view->terminal ? "\r\033[K" : "",
            (unsigned long long)(all > done ? done * 100 / all : 100), view->terminal ? "" : "\n");
    view->drawn = view->terminal;
    view->shown_ms = now;
    return true;
}

int lb_cmd_verify(struct lb_cli *cli)
{
    bool quiet = lb_cli_given(cli, LB_OPT_QUIET);
    struct view view = {.terminal = isatty(STDERR_FILENO), .shown_ms = lb_clock_mono_ms()};
    struct lb_verify verify = {.context = &view, .progress = quiet ? NULL : show_progress};
    struct lb_reason reason = {""};
    lb_err err =
        lb_daemon_verify(cli->arguments[0], cli->values[LB_OPT_EVIDENCE], &verify, &reason);
    if (view.drawn)
        fputs("\r\033[K", stderr);
    if (err)
        lb_cli_error("%s", reason.text);
    else if (!quiet)
        printf("right: %llu workspaces, %llu rows of the blocklist log, %llu entries%s\n",
               (unsigned long long)verify.workspaces, (unsigned long long)verify.rows,
               (unsigned long long)verify.entries,
               lb_cli_given(cli, LB_OPT_EVIDENCE) ? "; the log holds the statement" : "");
    return err ? LB_EXIT_FAILED : LB_EXIT_DONE;
}
