#include "base/clock.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "cli/table.h"
#include "daemon/copy.h"

#include <stdio.h>
#include <unistd.h>

/* How often the progress is shown: on a terminal in one line, else a line each time. */
#define TERMINAL_MS 200
#define LINES_MS    10000

struct view {
    bool terminal;
    bool drawn; /* the cursor is at the end of a line of progress */
    enum lb_copy_phase phase;
    uint64_t begun_ms; /* the phase */
    uint64_t shown_ms;
};

#define GROUPED_SIZE 28

/* 1234567 as 1,234,567. */
static const char *grouped(uint64_t number, char out[GROUPED_SIZE])
{
    size_t at = GROUPED_SIZE - 1;
    out[at] = '\0';
    for (unsigned digits = 0; digits == 0 || number; digits++, number /= 10) {
        if (digits && digits % 3 == 0)
            out[--at] = ',';
        out[--at] = (char)('0' + number % 10);
    }
    return out + at;
}

static void draw(struct view *view, const struct lb_copy_progress *progress, uint64_t now)
{
    char done[GROUPED_SIZE];
    char all[GROUPED_SIZE];
    char rate[GROUPED_SIZE];
    uint64_t elapsed_ms = now - view->begun_ms;
    uint64_t ours = progress->done - progress->before;
    uint64_t per_second = elapsed_ms ? ours * 1000 / elapsed_ms : 0;
    uint64_t left = progress->all > progress->done ? progress->all - progress->done : 0;
    uint64_t left_s = per_second ? left / per_second : 0;
    unsigned percent = progress->all ? (unsigned)(progress->done * 100 / progress->all) : 100;
    char line[256];
    snprintf(line, sizeof line, "%s %u%%: %s of %s rows, %s/s, %llu:%02llu left (%s)",
             progress->phase == LB_COPY_WRITING ? "copying" : "comparing", percent,
             grouped(progress->done, done), grouped(progress->all, all), grouped(per_second, rate),
             (unsigned long long)left_s / 60, (unsigned long long)left_s % 60, progress->table);
    if (view->terminal)
        lb_terminal_status("%s", line);
    else
        fprintf(stderr, "%s\n", line);
    view->drawn = view->terminal;
    view->shown_ms = now;
}

static void show_progress(void *context, const struct lb_copy_progress *progress)
{
    struct view *view = context;
    uint64_t now = lb_clock_mono_ms();
    if (!view->begun_ms || view->phase != progress->phase) {
        view->phase = progress->phase;
        view->begun_ms = now;
        view->shown_ms = now;
    }
    if (now - view->shown_ms >= (view->terminal ? TERMINAL_MS : LINES_MS))
        draw(view, progress, now);
}

static void add_number(struct lb_table *table, uint64_t number)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)number);
    lb_table_add(table, lb_str(text));
}

static void add_digest(struct lb_table *table, const struct lb_copy_digest *digest)
{
    char text[40];
    snprintf(text, sizeof text, "%016llx%016llx", (unsigned long long)digest->high,
             (unsigned long long)digest->low);
    lb_table_add(table, lb_str(text));
}

static bool print_report(const struct lb_copy_report *report)
{
    static const char *const headings[] = {"TABLE",  "SOURCE ROWS", "TARGET ROWS", "SOURCE",
                                           "TARGET", "RESULT",      NULL};
    struct lb_table table;
    lb_table_init(&table, headings);
    table.keeps_lines = true;
    for (size_t i = 0; i < LB_COPY_TABLE_COUNT; i++) {
        const struct lb_copy_digest *from = &report->from[i];
        const struct lb_copy_digest *to = &report->to[i];
        lb_table_add(&table, lb_str(lb_copy_tables[i].name));
        add_number(&table, from->rows);
        add_number(&table, to->rows);
        add_digest(&table, from);
        add_digest(&table, to);
        lb_table_add(&table, lb_str(lb_copy_same(from, to) ? "same" : "different"));
    }
    return lb_table_fini(&table);
}

static bool differs(const struct lb_copy_report *report)
{
    bool different = false;
    for (size_t i = 0; i < LB_COPY_TABLE_COUNT; i++)
        different |= !lb_copy_same(&report->from[i], &report->to[i]);
    return different;
}

static void explain_failure(const struct lb_copy_settings *settings,
                            const struct lb_copy_report *report, const struct lb_reason *reason)
{
    lb_cli_error("%s", reason->text);
    if (settings->only_compare)
        return;
    if (report->compared && differs(report))
        fputs("The source was changed between two attempts, or another program wrote into the "
              "target.\n"
              "No server starts on the target; start again with an empty one.\n",
              stderr);
    else if (report->copied && !report->compared)
        fputs("What was copied so far is kept; the same command continues from there.\n", stderr);
}

int lb_cmd_copy(struct lb_cli *cli)
{
    bool quiet = lb_cli_given(cli, LB_OPT_QUIET);
    struct view view = {.terminal = isatty(STDERR_FILENO)};
    struct lb_copy_settings settings = {.only_compare = lb_cli_given(cli, LB_OPT_VERIFY),
                                        .context = &view,
                                        .progress = quiet ? NULL : show_progress};
    struct lb_copy_report report;
    struct lb_reason reason = {""};
    char rows[GROUPED_SIZE];
    lb_err err = lb_daemon_copy(cli->values[LB_OPT_FROM], cli->values[LB_OPT_TO], &settings,
                                &report, &reason);
    if (view.drawn)
        lb_terminal_status("%s", "");
    bool printed = quiet || !report.compared || print_report(&report);
    if (err)
        explain_failure(&settings, &report, &reason);
    else if (!quiet && !settings.only_compare)
        fprintf(stderr,
                "leadblock: copied %s rows; source and target are the same. From now on start"
                " servers on the target only.\n",
                grouped(report.copied, rows));
    return err || !printed ? LB_EXIT_FAILED : LB_EXIT_DONE;
}
