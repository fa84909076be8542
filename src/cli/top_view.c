#include "cli/top_view.h"

#include "base/utf8.h"
#include "cli/terminal.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LABEL_COLUMNS                                                                              \
    13 /* of the head: what a line has no room for goes on below, after as many                    \
        */
#define NAME_COLUMNS 24
#define NAME_LEAST   16

struct view {
    struct lb_buf *out;
    struct lb_top_size size;
    size_t lines; /* begun so far */
    const char *end_of_line;
};

enum cell { CHECKS, BLOCKED, BLOCKS, UNBLOCKS, QUEUE, ENTRIES, CELLS };

/* A narrow terminal has room for the most important of them, which have the lowest numbers. */
static const struct {
    const char *heading;
    unsigned columns, importance;
} cells[CELLS] = {
    [CHECKS] = {"CHECKS/S", 10, 0}, [BLOCKED] = {"BLOCKED %", 11, 3},
    [BLOCKS] = {"BLOCKS/S", 10, 1}, [UNBLOCKS] = {"UNBLOCKS/S", 12, 5},
    [QUEUE] = {"QUEUE KIB", 11, 4}, [ENTRIES] = {"ENTRIES", 12, 2},
};

struct row {
    const struct lb_top_workspace *now;
    double values[CELLS];
};

/* False when there is no line left. */
static bool begin_line(struct view *view)
{
    if (view->lines == view->size.lines)
        return false;
    if (view->lines++)
        lb_buf_append_str(view->out, lb_str(view->end_of_line));
    return true;
}

/* A line of the head, whose words are ASCII. */
static void put_words(struct view *view, const char *text)
{
    size_t indent = view->size.columns >= NAME_LEAST + LABEL_COLUMNS ? LABEL_COLUMNS : 0;
    size_t used = 0;
    if (!begin_line(view))
        return;
    while (*text) {
        size_t blanks = strspn(text, " ");
        size_t word = strcspn(text + blanks, " ");
        if (used && used + blanks + word > view->size.columns) {
            if (!begin_line(view))
                return;
            lb_buf_printf(view->out, "%*s", (int)indent, "");
            text += blanks;
            blanks = 0;
            used = indent;
        }
        lb_buf_append(view->out, text, blanks + word);
        used += blanks + word;
        text += blanks + word;
    }
}

static void put_head_line(struct view *view, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void put_head_line(struct view *view, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    put_words(view, text);
}

static void put_head(struct view *view, const struct lb_top_figures *a,
                     const struct lb_top_figures *b)
{
    double seconds = b->at_s - a->at_s;
    double up = (double)time(NULL) - b->began_s;
    put_head_line(view, "leadblock %s, up %.0f h %02.0f min; processor %.0f %%, memory %.0f MiB",
                  b->version, (double)(long)(up / 3600), (double)((long)(up / 60) % 60),
                  (b->cpu_s - a->cpu_s) / seconds * 100, b->memory / 1048576);
    put_head_line(view, "requests     %.0f/s, errors %.0f/s, refused %.0f/s; connections %.0f",
                  (b->requests - a->requests) / seconds, (b->errors - a->errors) / seconds,
                  (b->refused - a->refused) / seconds, b->connections);
    put_head_line(
        view, "writes       %.0f/s in %.0f commits/s, each %.1f ms (50 %%), %.1f ms (99 %%)",
        (b->writes - a->writes) / seconds, (b->commits - a->commits) / seconds,
        lb_top_commit_quantile(a, b, 0.5) * 1000, lb_top_commit_quantile(a, b, 0.99) * 1000);
    put_head_line(view, "queues       writes %.0f, reads %.0f", b->write_queue, b->read_queue);
    put_head_line(view, "blocked      %.0f leads; disk free %.1f GiB", b->entries,
                  b->disk_free / (1024.0 * 1048576));
    begin_line(view);
}

static int busiest_first(const void *left, const void *right)
{
    const struct row *a = left;
    const struct row *b = right;
    double more = (b->values[CHECKS] + b->values[BLOCKS] + b->values[UNBLOCKS]) -
                  (a->values[CHECKS] + a->values[BLOCKS] + a->values[UNBLOCKS]);
    if (more == 0)
        more = b->now->entries - a->now->entries;
    return (more > 0) - (more < 0);
}

/* Counts of a day begin again at midnight. */
static double since(double before, double now)
{
    return now >= before ? now - before : now;
}

static struct row make_row(const struct lb_top_workspace *was, const struct lb_top_workspace *is,
                           double seconds)
{
    double checks = is->checks - was->checks;
    return (struct row){
        is,
        {[CHECKS] = checks / seconds,
         [BLOCKED] = checks > 0 ? (is->checks_blocked - was->checks_blocked) / checks * 100 : 0,
         [BLOCKS] = since(was->blocked, is->blocked) / seconds,
         [UNBLOCKS] = since(was->unblocked, is->unblocked) / seconds,
         [QUEUE] = is->queued / 1024,
         [ENTRIES] = is->entries}};
}

/* Workspaces are in order of creation, and none goes. */
static struct row *make_rows(const struct lb_top_figures *a, const struct lb_top_figures *b)
{
    static const struct lb_top_workspace none;
    struct row *rows = calloc(b->workspace_count + 1, sizeof *rows);
    if (!rows)
        return NULL;
    for (size_t i = 0; i < b->workspace_count; i++)
        rows[i] = make_row(i < a->workspace_count ? &a->workspaces[i] : &none, &b->workspaces[i],
                           b->at_s - a->at_s);
    qsort(rows, b->workspace_count, sizeof *rows, busiest_first);
    return rows;
}

/* The columns that the cells up to that importance take. */
static size_t columns_of(unsigned importance)
{
    size_t sum = 0;
    for (enum cell i = 0; i < CELLS; i++)
        if (cells[i].importance <= importance)
            sum += cells[i].columns;
    return sum;
}

/* Which cells there is room for, beside the shortest name. */
static unsigned choose_cells(size_t columns)
{
    unsigned importance = CELLS - 1;
    while (importance && NAME_LEAST + columns_of(importance) > columns)
        importance--;
    return importance;
}

static size_t name_columns(size_t columns, unsigned importance)
{
    size_t others = columns_of(importance);
    size_t left = columns > others ? columns - others : 0;
    return left < NAME_COLUMNS ? left : NAME_COLUMNS;
}

/* As much of the name as has room, and blanks up to there. Characters take up to two columns. */
static void put_name(struct lb_buf *out, const char *name, size_t columns)
{
    struct lb_buf clean = {0};
    lb_terminal_clean(&clean, lb_str(name), true);
    const unsigned char *next = (const unsigned char *)clean.ptr;
    const unsigned char *end = next + clean.len;
    size_t used = 0;
    while (next < end) {
        size_t len = lb_utf8_length(next, end);
        size_t width = lb_terminal_columns((struct lb_str){(const char *)next, len});
        if (!len || used + width > columns)
            break;
        lb_buf_append(out, *next < ' ' ? (const unsigned char *)" " : next, len);
        used += width;
        next += len;
    }
    lb_buf_printf(out, "%*s", (int)(columns - used), "");
    lb_buf_fini(&clean);
}

static void put_table(struct view *view, const struct row *rows, size_t count)
{
    unsigned importance = choose_cells(view->size.columns);
    size_t name = name_columns(view->size.columns, importance);
    if (!begin_line(view))
        return;
    put_name(view->out, "WORKSPACE", name);
    for (enum cell i = 0; i < CELLS; i++)
        if (cells[i].importance <= importance)
            lb_buf_printf(view->out, "%*s", (int)cells[i].columns, cells[i].heading);
    for (size_t k = 0; k < count && begin_line(view); k++) {
        put_name(view->out, rows[k].now->name, name);
        for (enum cell i = 0; i < CELLS; i++)
            if (cells[i].importance <= importance)
                lb_buf_printf(view->out, "%*.0f", (int)cells[i].columns, rows[k].values[i]);
    }
}

bool lb_top_draw(struct lb_buf *out, const struct lb_top_figures *before,
                 const struct lb_top_figures *now, struct lb_top_size size, const char *end_of_line)
{
    struct view view = {.out = out, .size = size, .end_of_line = end_of_line};
    struct row *rows = make_rows(before, now);
    if (rows) {
        put_head(&view, before, now);
        put_table(&view, rows, now->workspace_count);
    }
    free(rows);
    return rows && !out->failed;
}
