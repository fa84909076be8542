#include "base/clock.h"
#include "cli/commands.h"
#include "cli/counts.h"
#include "cli/terminal.h"

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
    unsigned percent = (unsigned)(all > done ? done * 100 / all : 100);
    if (view->terminal)
        lb_terminal_status("blocklist log: %u%%", percent);
    else
        fprintf(stderr, "blocklist log: %u%%\n", percent);
    view->drawn = view->terminal;
    view->shown_ms = now;
    return true;
}

static void print_right(const struct lb_cli *cli, const struct lb_verify *verify)
{
    if (lb_cli_given(cli, LB_OPT_JSON)) {
        putchar('{');
        lb_counts_print_json(verify);
        puts("}");
        return;
    }
    fputs("right: ", stdout);
    lb_counts_print(verify);
    puts(lb_cli_given(cli, LB_OPT_EVIDENCE) ? "; the log holds the statement" : "");
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
        lb_terminal_status("%s", "");
    if (err)
        lb_cli_error("%s", reason.text);
    else if (!quiet)
        print_right(cli, &verify);
    return err ? LB_EXIT_FAILED : LB_EXIT_DONE;
}
