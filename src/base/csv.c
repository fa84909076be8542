#include "base/csv.h"

/* What formulas begin with, also in full width, as some spreadsheets take that for the same
 * (OWASP, "CSV Injection"). */
static bool begins_formula(struct lb_str cell)
{
    static const char wide[][4] = {"\xef\xbc\x9d", "\xef\xbc\x8b", "\xef\xbc\x8d", "\xef\xbc\xa0"};
    if (cell.len && memchr("=+-@\t\r\n", cell.ptr[0], 7))
        return true;
    for (size_t i = 0; i < sizeof wide / sizeof *wide; i++)
        if (cell.len >= 3 && memcmp(cell.ptr, wide[i], 3) == 0)
            return true;
    return false;
}

/* A cell that looks guarded already is guarded once more, so that taking one guard off gives back
 * what was written. */
static bool needs_guard(struct lb_str cell)
{
    while (cell.len && cell.ptr[0] == '\'')
        cell = (struct lb_str){cell.ptr + 1, cell.len - 1};
    return begins_formula(cell);
}

static bool needs_quotes(struct lb_str cell)
{
    for (size_t i = 0; i < cell.len; i++)
        if (memchr(",;\"\t\r\n", cell.ptr[i], 6))
            return true;
    return cell.len && (cell.ptr[0] == ' ' || cell.ptr[cell.len - 1] == ' ');
}

void lb_csv_put_cell(struct lb_buf *out, struct lb_str cell)
{
    bool quotes = needs_quotes(cell);
    if (quotes)
        lb_buf_append_lit(out, "\"");
    if (needs_guard(cell))
        lb_buf_append_lit(out, "'");
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.ptr[i] == '"')
            lb_buf_append_lit(out, "\"");
        lb_buf_append(out, &cell.ptr[i], 1);
    }
    if (quotes)
        lb_buf_append_lit(out, "\"");
}

void lb_csv_put_row(struct lb_buf *out, const struct lb_str *cells, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (i)
            lb_buf_append_lit(out, ",");
        lb_csv_put_cell(out, cells[i]);
    }
    lb_buf_append_lit(out, "\r\n");
}

struct lb_str lb_csv_unguard(struct lb_str cell)
{
    bool guarded = cell.len > 1 && cell.ptr[0] == '\'' && needs_guard(cell);
    return guarded ? (struct lb_str){cell.ptr + 1, cell.len - 1} : cell;
}
