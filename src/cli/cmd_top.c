/* A live view of a running server. What it draws goes to the terminal past the guard of standard
 * output, which shows control characters as numbers; names are cleaned before. */
#include "cli/admin.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "cli/top_figures.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define PERIOD_MS   1000
#define HEAD_LINES  7
#define BEGIN_VIEW  "\033[?1049h\033[?25l" /* another screen, without a cursor */
#define END_VIEW    "\033[?25h\033[?1049l"
#define DRAW        "\033[H"
#define END_OF_LINE "\033[K\n"
#define END_OF_ALL  "\033[J"

struct row {
    const struct lb_top_workspace *now;
    double checks, blocked_share, blocks, unblocks; /* a second */
};

static void put_count(struct lb_buf *out, const char *label, double value)
{
    lb_buf_printf(out, "%s %.0f", label, value);
}

static void put_head(struct lb_buf *out, const struct lb_top_figures *a,
                     const struct lb_top_figures *b, const char *end)
{
    double seconds = b->at_s - a->at_s;
    double up = (double)time(NULL) - b->began_s;
    lb_buf_printf(out, "leadblock %s, up %.0f h %02.0f min; processor %.0f %%, memory %.0f MiB%s",
                  b->version, (double)(long)(up / 3600), (double)((long)(up / 60) % 60),
                  (b->cpu_s - a->cpu_s) / seconds * 100, b->memory / 1048576, end);
    lb_buf_printf(out, "requests     %.0f/s, errors %.0f/s, refused %.0f/s; connections %.0f%s",
                  (b->requests - a->requests) / seconds, (b->errors - a->errors) / seconds,
                  (b->refused - a->refused) / seconds, b->connections, end);
    lb_buf_printf(
        out, "writes       %.0f/s in %.0f commits/s, each %.1f ms (50 %%), %.1f ms (99 %%)%s",
        (b->writes - a->writes) / seconds, (b->commits - a->commits) / seconds,
        lb_top_commit_quantile(a, b, 0.5) * 1000, lb_top_commit_quantile(a, b, 0.99) * 1000, end);
    put_count(out, "queues       writes", b->write_queue);
    put_count(out, ", reads", b->read_queue);
    lb_buf_append_str(out, lb_str(end));
    lb_buf_printf(out, "blocked      %.0f leads; disk free %.1f GiB%s", b->entries,
                  b->disk_free / (1024.0 * 1048576), end);
    lb_buf_append_str(out, lb_str(end));
}

static int busiest_first(const void *left, const void *right)
{
    const struct row *a = left;
    const struct row *b = right;
    double more = (b->checks + b->blocks + b->unblocks) - (a->checks + a->blocks + a->unblocks);
    if (more == 0)
        more = b->now->entries - a->now->entries;
    return (more > 0) - (more < 0);
}

/* Workspaces are in order of creation, and none goes. */
static struct row *make_rows(const struct lb_top_figures *a, const struct lb_top_figures *b)
{
    double seconds = b->at_s - a->at_s;
    struct row *rows = calloc(b->workspace_count + 1, sizeof *rows);
    for (size_t i = 0; rows && i < b->workspace_count; i++) {
        static const struct lb_top_workspace none;
        const struct lb_top_workspace *was = i < a->workspace_count ? &a->workspaces[i] : &none;
        const struct lb_top_workspace *is = &b->workspaces[i];
        double checks = is->checks - was->checks;
        rows[i] = (struct row){is, checks / seconds,
                               checks > 0 ? (is->checks_blocked - was->checks_blocked) / checks : 0,
                               (is->blocked - was->blocked) / seconds,
                               (is->unblocked - was->unblocked) / seconds};
    }
    if (rows)
        qsort(rows, b->workspace_count, sizeof *rows, busiest_first);
    return rows;
}

static void put_rows(struct lb_buf *out, const struct row *rows, size_t count, const char *end)
{
    lb_buf_printf(out, "%-24s %9s %8s %9s %10s %7s %12s%s", "WORKSPACE", "CHECKS/S", "BLOCKED",
                  "BLOCKS/S", "UNBLOCKS/S", "QUEUED", "ENTRIES", end);
    for (size_t i = 0; i < count; i++) {
        struct lb_buf name = {0};
        lb_terminal_clean(&name, lb_str(rows[i].now->name), true);
        lb_buf_printf(out, "%-24.*s %9.0f %6.0f %% %9.0f %10.0f %7.0f %12.0f%s",
                      (int)(name.len < 24 ? name.len : 24), name.len ? name.ptr : "",
                      rows[i].checks, rows[i].blocked_share * 100, rows[i].blocks, rows[i].unblocks,
                      rows[i].now->queued, rows[i].now->entries, end);
        lb_buf_fini(&name);
    }
}

/* A second apart, between which `wait` returns false when it is to end. */
static bool draw(const struct lb_top_figures *a, const struct lb_top_figures *b, size_t lines,
                 bool live)
{
    struct lb_buf out = {0};
    const char *end = live ? END_OF_LINE : "\n";
    struct row *rows = make_rows(a, b);
    size_t room = lines > HEAD_LINES ? lines - HEAD_LINES : 1;
    size_t count = live && room < b->workspace_count ? room : b->workspace_count;
    if (live)
        lb_buf_append_lit(&out, DRAW);
    put_head(&out, a, b, end);
    if (rows)
        put_rows(&out, rows, count, end);
    if (live)
        lb_buf_append_lit(&out, END_OF_ALL);
    bool drawn = !out.failed && rows;
    if (drawn && live)
        drawn = write(STDOUT_FILENO, out.ptr, out.len) == (ssize_t)out.len;
    else if (drawn)
        drawn = fwrite(out.ptr, 1, out.len, stdout) == out.len;
    free(rows);
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

static size_t lines_of_terminal(void)
{
    struct winsize size;
    return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row ? size.ws_row : 24;
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
        taken = taken && draw(&a, &b, lines_of_terminal(), true);
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
        taken = lb_top_take(cli, &b) && draw(&a, &b, 0, false);
    }
    lb_top_release(&a);
    lb_top_release(&b);
    return taken ? LB_EXIT_DONE : LB_EXIT_FAILED;
}

int lb_cmd_top(struct lb_cli *cli)
{
    if (!lb_admin_server_answers(cli)) {
        lb_cli_error("no server of the data folder runs. Name its folder with --data or "
                     "LEADBLOCK_DATA, and run this as its user");
        return LB_EXIT_FAILED;
    }
    return lb_cli_given(cli, LB_OPT_ONCE) || !isatty(STDOUT_FILENO) ? show_once(cli)
                                                                    : show_live(cli);
}
