#include "cli/table.h"

#include "base/utf8.h"
#include "cli/cli.h"
#include "cli/wrap.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

#define GAP      2  /* between columns */
#define LAST_MIN 24 /* columns of a terminal that are enough for a long last cell, which wraps */

void lb_table_init(struct lb_table *table, const char *const *headings)
{
    *table = (struct lb_table){.headings = headings};
    while (headings[table->columns]) {
        table->widths[table->columns] = strlen(headings[table->columns]);
        table->columns++;
    }
    assert(table->columns > 0 && table->columns <= LB_TABLE_COLUMNS_MAX);
}

void lb_table_add(struct lb_table *table, struct lb_str cell)
{
    size_t *width = &table->widths[table->count++ % table->columns];
    size_t wanted = lb_utf8_count(cell);
    if (wanted > *width)
        *width = wanted;
    lb_buf_append_str(&table->cells, cell);
    lb_buf_append(&table->cells, "", 1);
}

/* On a terminal a cell does not end its line. */
static void print_text(struct lb_str cell, bool terminal)
{
    if (!terminal)
        fwrite(cell.ptr, 1, cell.len, stdout);
    for (size_t i = 0; terminal && i < cell.len; i++)
        putchar(cell.ptr[i] == '\n' || cell.ptr[i] == '\t' ? ' ' : cell.ptr[i]);
}

/* The last column is not padded, so that no line ends with blanks. */
static void print_cell(const struct lb_table *table, size_t column, struct lb_str cell,
                       bool terminal)
{
    print_text(cell, terminal);
    if (column + 1 == table->columns)
        putchar('\n');
    else if (terminal)
        printf("%*s", (int)(table->widths[column] - lb_utf8_count(cell) + GAP), "");
    else
        putchar('\t');
}

/* What is empty has no line; rows are apart by an empty one. */
static void print_upright(const struct lb_table *table, size_t column, struct lb_str cell)
{
    size_t width = 0;
    for (size_t i = 0; i < table->columns; i++)
        if (strlen(table->headings[i]) > width)
            width = strlen(table->headings[i]);
    if (column == 0 && table->begun)
        putchar('\n');
    if (!cell.len)
        return;
    printf("%-*s", (int)(width + GAP), table->headings[column]);
    print_text(cell, true);
    putchar('\n');
}

static bool fits(const struct lb_table *table)
{
    size_t last = table->columns - 1;
    size_t width = table->widths[last] < LAST_MIN ? table->widths[last] : LAST_MIN;
    for (size_t i = 0; i < last; i++)
        width += table->widths[i] + GAP;
    return width <= lb_wrap_terminal();
}

/* Before the first row on a terminal. */
static void begin(struct lb_table *table)
{
    table->upright = !table->keeps_lines && !fits(table);
    for (size_t i = 0; !table->upright && i < table->columns; i++)
        print_cell(table, i, lb_str(table->headings[i]), true);
}

bool lb_table_flush(struct lb_table *table)
{
    bool terminal = isatty(STDOUT_FILENO);
    assert(table->columns > 0);
    if (table->cells.failed)
        return false;
    if (terminal && !table->begun && table->count)
        begin(table);
    const char *next = table->cells.ptr;
    for (size_t i = 0; i < table->count; i++) {
        struct lb_str cell = lb_str(next);
        if (table->upright)
            print_upright(table, i % table->columns, cell);
        else
            print_cell(table, i % table->columns, cell, terminal);
        table->begun = true;
        next += cell.len + 1;
    }
    table->cells.len = 0;
    table->count = 0;
    return lb_cli_flush();
}

bool lb_table_put_json(struct lb_str body, bool first, bool last)
{
    const char *open = memchr(body.ptr, '[', body.len);
    const char *close = memrchr(body.ptr, ']', body.len);
    if (!open || !close)
        return false;
    size_t len = (size_t)(close - open) - 1;
    if (first)
        putchar('[');
    else if (len)
        putchar(',');
    fwrite(open + 1, 1, len, stdout);
    if (last)
        puts("]");
    return lb_cli_flush();
}

bool lb_table_fini(struct lb_table *table)
{
    bool printed = lb_table_flush(table);
    lb_buf_fini(&table->cells);
    return printed;
}
