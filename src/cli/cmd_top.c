/* A live view of a running server. What it draws goes to the terminal past the guard of standard
 * output, which shows control characters as numbers; names are cleaned before. */
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/top_view.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_MS   1000
#define BEGIN_VIEW  "\033[?1049h\033[?25l" /* another screen, without a cursor */
#define END_VIEW    "\033[?25h\033[?1049l"
#define DRAW        "\033[H"
#define END_OF_LINE "\033[K\n"
#define END_OF_ALL  "\033[J"

/* What is not a terminal has no limit. The last column stays empty: what clears the rest of a line
 * that is full takes its last character. */
static struct lb_top_size size_of_terminal(bool live)
{
    struct winsize size;
    struct lb_top_size room = {SIZE_MAX, SIZE_MAX};
    if (isatty(STDOUT_FILENO) && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0) {
        room.columns = (size.ws_col ? size.ws_col : 80) - 1;
        if (live)
            room.lines = size.ws_row ? size.ws_row : 24;
    }
    return room;
}

static bool draw(const struct lb_top_figures *a, const struct lb_top_figures *b, bool live)
{
    struct lb_buf out = {0};
    if (live)
        lb_buf_append_lit(&out, DRAW);
    bool drawn = lb_top_draw(&out, a, b, size_of_terminal(live), live ? END_OF_LINE : "\n");
    if (live)
        lb_buf_append_lit(&out, END_OF_ALL);
    else
        lb_buf_append_lit(&out, "\n");
    if (drawn && live)
        drawn = write(STDOUT_FILENO, out.ptr, out.len) == (ssize_t)out.len;
    else if (drawn)
        drawn = fwrite(out.ptr, 1, out.len, stdout) == out.len;
    lb_buf_fini(&out);
    return drawn;
}

static volatile sig_atomic_t told_to_end;

static void end_soon(int signal)
{
    told_to_end = 1;
}

/* False: q was pressed, or a signal came. A change of the window's size ends the pause. */
static bool pause_for_key(void)
{
    char key = 0;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    if (poll(&input, 1, PERIOD_MS) > 0 && read(STDIN_FILENO, &key, 1) <= 0)
        return false;
    return !told_to_end && key != 'q' && key != 'Q' && key != 3;
}

static void ignore(int signal)
{
}

static int show_live(const struct lb_cli *cli)
{
    struct termios before;
    struct termios raw;
    struct lb_top_figures a;
    struct lb_top_figures b;
    const int ends[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        sigaction(ends[i], &(struct sigaction){.sa_handler = end_soon}, NULL);
    sigaction(SIGWINCH, &(struct sigaction){.sa_handler = ignore}, NULL);
    bool keys = tcgetattr(STDIN_FILENO, &before) == 0;
    if (keys) {
        raw = before;
        raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    }
    bool taken = lb_top_take(cli, &a);
    bool begun = taken && write(STDOUT_FILENO, BEGIN_VIEW, sizeof BEGIN_VIEW - 1) > 0;
    while (taken && pause_for_key()) {
        taken = lb_top_take(cli, &b);
        taken = taken && draw(&a, &b, true);
        lb_top_release(&a);
        a = b;
    }
    lb_top_release(&a);
    if (begun && write(STDOUT_FILENO, END_VIEW, sizeof END_VIEW - 1) < 0)
        taken = false;
    if (keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &before);
    return taken ? LB_EXIT_DONE : LB_EXIT_FAILED;
}

static int show_once(const struct lb_cli *cli)
{
    struct lb_top_figures a;
    struct lb_top_figures b = {.at_s = 0};
    bool taken = lb_top_take(cli, &a);
    if (taken) {
        nanosleep(&(struct timespec){.tv_sec = PERIOD_MS / 1000}, NULL);
        taken = lb_top_take(cli, &b) && draw(&a, &b, false);
    }
    lb_top_release(&a);
    lb_top_release(&b);
    return taken ? LB_EXIT_DONE : LB_EXIT_FAILED;
}

int lb_cmd_top(struct lb_cli *cli)
{
    if (!lb_admin_needs_server(cli, "no server of the data folder runs. Name its folder with "
                                    "--data or LEADBLOCK_DATA, and run this as its user"))
        return LB_EXIT_FAILED;
    return lb_cli_given(cli, LB_OPT_ONCE) || !isatty(STDOUT_FILENO) ? show_once(cli)
                                                                    : show_live(cli);
}
