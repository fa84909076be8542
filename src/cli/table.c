#include "cli/table.h"

#include "base/utf8.h"

#include <assert.h>
#include <stdio.h>
#include <unistd.h>

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

/* The last column is not padded, so that no line ends with blanks. */
static void print_cell(const struct lb_table *table, size_t column, struct lb_str cell,
                       bool terminal)
{
    bool last = column + 1 == table->columns;
    if (terminal) /* a cell does not end its line */
        for (size_t i = 0; i < cell.len; i++)
            putchar(cell.ptr[i] == '\n' || cell.ptr[i] == '\t' ? ' ' : cell.ptr[i]);
    else
        fwrite(cell.ptr, 1, cell.len, stdout);
    if (last)
        putchar('\n');
    else if (terminal)
        printf("%*s", (int)(table->widths[column] - lb_utf8_count(cell) + 2), "");
    else
        putchar('\t');
}

bool lb_table_flush(struct lb_table *table)
{
    bool terminal = isatty(STDOUT_FILENO);
    assert(table->columns > 0);
    if (table->cells.failed)
        return false;
    if (terminal && !table->heading_shown && table->count) {
        for (size_t i = 0; i < table->columns; i++)
            print_cell(table, i, lb_str(table->headings[i]), true);
        table->heading_shown = true;
    }
    const char *next = table->cells.ptr;
    for (size_t i = 0; i < table->count; i++) {
        struct lb_str cell = lb_str(next);
        print_cell(table, i % table->columns, cell, terminal);
        next += cell.len + 1;
    }
    table->cells.len = 0;
    table->count = 0;
    return fflush(stdout) == 0 && !ferror(stdout);
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
    return fflush(stdout) == 0 && !ferror(stdout);
}

bool lb_table_fini(struct lb_table *table)
{
    bool printed = lb_table_flush(table);
    lb_buf_fini(&table->cells);
    return printed;
}
