#include "api/csv_cells.h"

static bool is_formula(struct lb_str cell)
{
    return cell.len && memchr("=+-@\t\r", cell.ptr[0], 6);
}

static bool needs_quotes(struct lb_str cell)
{
    for (size_t i = 0; i < cell.len; i++)
        if (memchr(",;\"\t\r\n", cell.ptr[i], 6))
            return true;
    return cell.len && (cell.ptr[0] == ' ' || cell.ptr[cell.len - 1] == ' ');
}

void lb_csv_cells_put(struct lb_buf *out, struct lb_str cell)
{
    bool quotes = needs_quotes(cell);
    if (quotes)
        lb_buf_append_lit(out, "\"");
    if (is_formula(cell))
        lb_buf_append_lit(out, "'");
    for (size_t i = 0; i < cell.len; i++) {
        if (cell.ptr[i] == '"')
            lb_buf_append_lit(out, "\"");
        lb_buf_append(out, &cell.ptr[i], 1);
    }
    if (quotes)
        lb_buf_append_lit(out, "\"");
}
