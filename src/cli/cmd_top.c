/* A live view of a running server. What it draws goes to the terminal past the guard of standard
 * output, which shows control characters as numbers; names are cleaned before. */
#include "cli/commands.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "cli/top_view.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_S      1
#define LOOK_AGAIN_MS 100
#define BEGIN_VIEW    "\033[?1049h\033[?25l" /* another screen, without a cursor */
#define END_VIEW      "\033[?25h\033[?1049l"
#define DRAW          "\033[H"
#define END_OF_LINE   "\033[K\n"
#define END_OF_ALL    "\033[J"

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

/* Without a view it prints. */
static bool draw(const struct lb_top_figures *a, const struct lb_top_figures *b,
                 const struct lb_terminal_view *live)
{
    struct lb_buf out = {0};
    if (live)
        lb_buf_append_lit(&out, DRAW);
    bool drawn = lb_top_draw(&out, a, b, size_of_terminal(live != NULL), live ? END_OF_LINE : "\n");
    if (live)
        lb_buf_append_lit(&out, END_OF_ALL);
    else
        lb_buf_append_lit(&out, "\n");
    if (drawn && live)
        drawn = lb_terminal_write(live, lb_buf_str(&out));
    else if (drawn)
        drawn = fwrite(out.ptr, 1, out.len, stdout) == out.len;
    lb_buf_fini(&out);
    return drawn;
}

/* --- Live ---
 * The signals that this takes are blocked but while it waits for a key or the terminal, so that
 * none of them cuts short what it fetches and draws, and none is missed before it waits. */

struct live {
    struct lb_terminal_view view;
    struct termios before; /* of the terminal */
    bool keys;             /* standard input is one */
    bool begun;            /* the view is there */
};

static const int ends[] = {SIGINT, SIGTERM, SIGHUP};
static const int others[] = {SIGWINCH, SIGTSTP, SIGCONT};
static sigset_t ending;     /* those of `ends` that are ours to take */
static sigset_t mask_while; /* while it waits: the one of before */
static volatile sig_atomic_t told_to_end, told_to_stop, continued;

/* A change of the window's size only ends the wait. */
static void note(int signal)
{
    if (signal == SIGTSTP)
        told_to_stop = 1;
    else if (signal == SIGCONT)
        continued = 1;
    else if (signal != SIGWINCH)
        told_to_end = 1;
}

static void take_signals(void)
{
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_SETMASK, &set, &mask_while);
    lb_signals_take(others, sizeof others / sizeof *others, note, &set);
    lb_signals_take(ends, sizeof ends / sizeof *ends, note, &ending);
    sigorset(&set, &set, &ending);
    sigorset(&set, &set, &mask_while);
    sigprocmask(SIG_SETMASK, &set, NULL);
}

static bool is_told_to_end(void)
{
    sigset_t pending;
    sigpending(&pending);
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (sigismember(&ending, ends[i]) && !sigismember(&mask_while, ends[i]) &&
            sigismember(&pending, ends[i]))
            return true;
    return told_to_end;
}

/* So that this can be ended while a server is silent. */
static bool not_told_to_end(void *context, int pause_ms)
{
    if (pause_ms > 0)
        nanosleep(&(struct timespec){.tv_nsec = LOOK_AGAIN_MS * 1000000L}, NULL);
    return !is_told_to_end();
}

static bool take_terminal(struct live *live)
{
    struct termios raw = live->before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    if (live->keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &raw);
    live->begun = lb_terminal_write(&live->view, LB_STR(BEGIN_VIEW));
    return live->begun;
}

static bool leave_terminal(struct live *live)
{
    bool left = !live->begun || lb_terminal_write(&live->view, LB_STR(END_VIEW));
    if (live->begun && live->keys)
        tcsetattr(STDIN_FILENO, TCSANOW, &live->before);
    live->begun = false;
    return left;
}

/* After ^Z the terminal is the shell's, as it was before, until this goes on in its foreground. */
static void stand_still(struct live *live)
{
    struct sigaction ours;
    sigset_t blocked;
    leave_terminal(live);
    sigaction(SIGTSTP, &(struct sigaction){.sa_handler = SIG_DFL}, &ours);
    raise(SIGTSTP);
    sigprocmask(SIG_SETMASK, &mask_while, &blocked); /* here it stands */
    sigprocmask(SIG_SETMASK, &blocked, NULL);
    sigaction(SIGTSTP, &ours, NULL);
    told_to_stop = 0;
    continued = 1;
}

/* False: q was pressed, or a signal came that ends this. */
static bool pause_for_key(struct live *live)
{
    char key = 0;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    const struct timespec period = {.tv_sec = PERIOD_S};
    if (ppoll(&input, 1, &period, &mask_while) > 0 && read(STDIN_FILENO, &key, 1) <= 0)
        return false;
    if (told_to_stop)
        stand_still(live);
    if (told_to_end || key == 'q' || key == 'Q' || key == 3)
        return false;
    bool there = !continued || take_terminal(live);
    continued = 0;
    return there;
}

static int show_live(const struct lb_cli *cli)
{
    struct lb_top_figures a;
    struct lb_top_figures b;
    struct live live = {.view = {lb_terminal_open(), &mask_while, is_told_to_end}};
    take_signals();
    live.keys = tcgetattr(STDIN_FILENO, &live.before) == 0;
    bool good = lb_top_take(cli, not_told_to_end, &a) && take_terminal(&live);
    while (good && pause_for_key(&live)) {
        good = lb_top_take(cli, not_told_to_end, &b) && draw(&a, &b, &live.view);
        lb_top_release(&a);
        a = b;
    }
    lb_top_release(&a);
    bool begun = live.begun;
    bool ended = (leave_terminal(&live) && good) || is_told_to_end();
    if (!ended && begun)
        lb_cli_error("ended: the server gave no figures, or they could not be shown");
    sigprocmask(SIG_SETMASK, &mask_while, NULL);
    if (live.view.fd != STDOUT_FILENO)
        close(live.view.fd);
    return ended ? LB_EXIT_DONE : LB_EXIT_FAILED;
}

static int show_once(const struct lb_cli *cli)
{
    struct lb_top_figures a;
    struct lb_top_figures b = {.at_s = 0};
    bool taken = lb_top_take(cli, NULL, &a);
    if (taken) {
        nanosleep(&(struct timespec){.tv_sec = PERIOD_S}, NULL);
        taken = lb_top_take(cli, NULL, &b) && draw(&a, &b, NULL);
    }
    lb_top_release(&a);
    lb_top_release(&b);
    return taken ? LB_EXIT_DONE : LB_EXIT_FAILED;
}

int lb_cmd_top(struct lb_cli *cli)
{
    return lb_cli_given(cli, LB_OPT_ONCE) || !isatty(STDOUT_FILENO) ? show_once(cli)
                                                                    : show_live(cli);
}
