#include "cli/csv.h"

#include "base/csv.h"

/* A cell between quotation marks; two of them inside it mean one. */
static bool take_quoted(char **at, char *end, struct lb_str *out)
{
    char *p = *at + 1;
    char *to = p;
    *out = (struct lb_str){to, 0};
    while (p < end && (*p != '"' || (p + 1 < end && p[1] == '"'))) {
        p += *p == '"';
        *to++ = *p++;
    }
    out->len = (size_t)(to - out->ptr);
    *at = p + 1;
    return p < end;
}

static bool take_cell(char **at, char *end, struct lb_str *out)
{
    char *p = *at;
    if (p < end && *p == '"')
        return take_quoted(at, end, out);
    while (p < end && *p != ',' && *p != '\r')
        p++;
    *out = (struct lb_str){*at, (size_t)(p - *at)};
    *at = p;
    return true;
}

bool lb_csv_next(char **at, char *end, struct lb_csv_row *out)
{
    out->count = 0;
    while (out->count < LB_CSV_CELLS_MAX && take_cell(at, end, &out->cells[out->count])) {
        out->cells[out->count] = lb_csv_unguard(out->cells[out->count]);
        out->count++;
        if (end - *at >= 2 && memcmp(*at, "\r\n", 2) == 0) {
            *at += 2;
            return true;
        }
        if (*at == end || **at != ',')
            break;
        ++*at;
    }
    return false;
}
