#include "cli/csv.h"

#define CTRL_Z 0x1a /* which old programs put at the end of a file */

void lb_csv_init(struct lb_csv *csv, char delimiter, void *context,
                 bool (*row)(void *context, const struct lb_csv_row *row))
{
    *csv = (struct lb_csv){
        .delimiter = delimiter, .context = context, .row = row, .line = 1, .row_line = 1};
}

void lb_csv_fini(struct lb_csv *csv)
{
    lb_buf_fini(&csv->text);
}

static bool fail(struct lb_csv *csv, const char *error, uint64_t line)
{
    csv->error = error;
    csv->error_line = line;
    return false;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static struct lb_str trim(struct lb_str text)
{
    while (text.len && is_blank(text.ptr[0])) {
        text.ptr++;
        text.len--;
    }
    while (text.len && is_blank(text.ptr[text.len - 1]))
        text.len--;
    return text;
}

static bool end_cell(struct lb_csv *csv)
{
    if (csv->count == LB_CSV_CELLS_MAX)
        return fail(csv, "has more than 1024 cells; this is not a list of people", csv->row_line);
    csv->cells[csv->count++].len = csv->text.len;
    csv->cell_start = csv->text.len;
    csv->state = LB_CSV_START;
    return true;
}

static bool end_row(struct lb_csv *csv, bool last)
{
    if (!end_cell(csv))
        return false;
    if (csv->text.failed)
        return fail(csv, "out of memory", csv->line);
    struct lb_csv_row row = {
        .line = csv->row_line, .count = csv->count, .cells = csv->cells, .blank = true};
    size_t start = 0;
    for (size_t i = 0; i < csv->count; i++) {
        size_t end = csv->cells[i].len;
        const char *text = csv->text.len ? csv->text.ptr + start : "";
        csv->cells[i] = trim((struct lb_str){text, end - start});
        row.blank = row.blank && csv->cells[i].len == 0;
        start = end;
    }
    if (last && csv->count == 1 && csv->cells[0].len == 1 && csv->cells[0].ptr[0] == CTRL_Z)
        row.blank = true;
    csv->stopped = !csv->row(csv->context, &row);
    csv->count = 0;
    csv->text.len = 0;
    csv->cell_start = 0;
    return !csv->stopped;
}

/* An error names the line where the cell begins: what follows an open mark is all inside it. */
static bool append(struct lb_csv *csv, char byte)
{
    if (csv->text.len - csv->cell_start >= LB_CSV_CELL_MAX)
        return fail(csv,
                    csv->state == LB_CSV_QUOTED
                        ? "has a quotation mark that is never closed; close it, or remove it"
                        : "has a cell of more than 64 KiB; this is not a list of people",
                    csv->cell_line);
    lb_buf_append(&csv->text, &byte, 1);
    return true;
}

static bool take_quoted(struct lb_csv *csv, char byte)
{
    if (byte == '"') {
        csv->state = LB_CSV_CLOSED;
        return true;
    }
    if (csv->line - csv->cell_line >= LB_CSV_QUOTED_LINES)
        return fail(csv, "has a quotation mark that is never closed; close it, or remove it",
                    csv->cell_line);
    return append(csv, byte);
}

/* What is not inside quotation marks; line ends have been taken. */
static bool take_open(struct lb_csv *csv, char byte)
{
    if (csv->delimiter && byte == csv->delimiter)
        return end_cell(csv);
    if (csv->state == LB_CSV_CLOSED) {
        if (byte == '"') { /* "" means one */
            csv->state = LB_CSV_QUOTED;
            return append(csv, byte);
        }
        if (byte == ' ' || byte == '\t')
            return true;
        return fail(csv,
                    "goes on after a closing quotation mark; inside a cell a mark is written "
                    "twice (\"\")",
                    csv->cell_line);
    }
    if (csv->state == LB_CSV_START) {
        csv->cell_line = csv->line;
        if (byte == '"') {
            csv->text.len = csv->cell_start;
            csv->state = LB_CSV_QUOTED;
            return true;
        }
        if (byte != ' ' && byte != '\t')
            csv->state = LB_CSV_PLAIN;
    }
    return append(csv, byte);
}

static bool take_byte(struct lb_csv *csv, char byte)
{
    bool line_end = byte == '\n' || byte == '\r';
    if (byte == '\0')
        return fail(csv,
                    "holds a NUL byte, so this is not a text file; save it as \"CSV UTF-8\", or as "
                    "plain text",
                    csv->line);
    if (byte == '\n' && csv->after_cr) { /* the second half of a line end */
        csv->after_cr = false;
        return csv->state != LB_CSV_QUOTED || take_quoted(csv, byte);
    }
    csv->after_cr = byte == '\r';
    bool ok;
    if (csv->state == LB_CSV_QUOTED)
        ok = take_quoted(csv, byte);
    else
        ok = line_end ? end_row(csv, false) : take_open(csv, byte);
    if (line_end)
        csv->line++;
    if (line_end && csv->state != LB_CSV_QUOTED)
        csv->row_line = csv->line;
    return ok;
}

bool lb_csv_feed(struct lb_csv *csv, const char *bytes, size_t len)
{
    bool ok = !csv->error && !csv->stopped;
    for (size_t i = 0; ok && i < len; i++)
        ok = take_byte(csv, bytes[i]);
    return ok;
}

bool lb_csv_finish(struct lb_csv *csv)
{
    if (csv->error || csv->stopped)
        return false;
    if (csv->state == LB_CSV_QUOTED)
        return fail(csv, "has a quotation mark that is never closed; close it, or remove it",
                    csv->cell_line);
    return csv->text.len == 0 && csv->count == 0 && csv->state == LB_CSV_START ? true
                                                                               : end_row(csv, true);
}
