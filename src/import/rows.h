/* Rows and cells: CSV as RFC 4180 describes it, and as people have it; or the lines of a text.
 *
 * Lines end with CR, LF or CRLF, mixed as they come. A cell that begins with a quotation mark
 * (blanks before it do not count) ends with one that a delimiter or the end of the line follows
 * (blanks between do not count). A mark in its middle is written twice, or \" when the dialect says
 * so; one that stands alone there is taken as it is, as long as the cell is on one line.
 *
 * A mark was never closed when the cell would be longer than LB_IMPORT_QUOTED_MAX or
 * LB_IMPORT_QUOTED_LINES, or the file ends, or another cell seems to begin with a mark before: then
 * the cell is read as if the mark were a character like any other.
 *
 * A row that is too large is bad, and the lines that it seemed to have, up to where that was known,
 * are rows of their own: in them cells end with their line. So, and as what a scan for the mark
 * that ends a cell has found serves the scans of the cells behind it, no byte is looked at more
 * than some times, whatever marks stand where. Threads: one. */
#ifndef LB_IMPORT_ROWS_H
#define LB_IMPORT_ROWS_H

#include "import/text.h"

#define LB_IMPORT_ROW_MAX      (1u << 20) /* bytes of a row; a longer one is bad */
#define LB_IMPORT_CELLS_MAX    1024       /* of a row; the same, if something is behind them */
#define LB_IMPORT_QUOTED_MAX   65536      /* bytes of a quoted cell */
#define LB_IMPORT_QUOTED_LINES 100

struct lb_import_dialect {
    char delimiter; /* '\0': rows are lines as they are, quotation marks mean nothing */
    bool backslash; /* \" is a quotation mark in a quoted cell */
    bool folded;    /* a line that begins with a blank goes on from the one before; no delimiter */
};

/* Lives until the next row is asked for. */
struct lb_import_row {
    uint64_t line;              /* where it begins, from 1 */
    struct lb_str whole;        /* as it is in the file */
    size_t count;               /* of cells, at least 1 */
    const struct lb_str *cells; /* without white space around them */
    bool empty;                 /* there is nothing in any cell: no row */
    bool too_wide;              /* it has too many cells, and is bad */
    bool unclosed;              /* a quotation mark was never closed */
    bool last;                  /* the file ends within it, and not with the end of a line */
    const char *fault; /* it is bad: too large (`whole` and the cells are its beginning), or an
                          address in it cannot be told from what follows. NULL: no */
};

/* What the last scan for the mark that ends a cell has found, in bytes of the text from its start:
 * from `from` on, behind the marks that the cell began with, none that may end a cell or tear it
 * before `to`. */
struct lb_import_scan {
    uint64_t from;
    uint64_t to;
    uint64_t line; /* of `to` */
    enum lb_import_mark {
        LB_MARK_NONE,   /* nothing is known of what is at `to` */
        LB_MARK_CLOSES, /* a mark that a delimiter or the end of the line follows */
        LB_MARK_OPENS,  /* one that seems to open another cell */
        LB_MARK_WITHIN  /* another one */
    } mark;
};

struct lb_import_rows {
    struct lb_import_text text;
    struct lb_import_dialect dialect;
    uint64_t line;
    uint64_t offset;       /* bytes of the text before the row */
    uint64_t large_until;  /* where the part of a row that was too large ends which was looked at */
    size_t reached;        /* by the last look at the row: all before that was taken */
    uint64_t quoted_lines; /* at which a quoted cell of the row was never closed */
    struct lb_import_scan scan;
    bool blanks_stay; /* in a vCard 2.1: where a folded line goes on, the blank is part of it */
    char *scratch;    /* cells without their quotation marks */
    size_t scratch_len;
    size_t scratch_capacity;
    bool stops[256]; /* bytes that end a cell without quotation marks */
    struct lb_str cells[LB_IMPORT_CELLS_MAX];
};

/* Whatever it returns, `rows` is to be closed. */
lb_err lb_import_rows_open(struct lb_import_rows *rows, const struct lb_import_source *source,
                           struct lb_import_form form, struct lb_import_dialect dialect);
void lb_import_rows_close(struct lb_import_rows *rows);

/* The next row. `*out_any` is false after the last one. */
lb_err lb_import_rows_next(struct lb_import_rows *rows, struct lb_import_row *out, bool *out_any);

/* Without white space, and characters that cannot be seen, at both ends. */
struct lb_str lb_import_trim(struct lb_str text);

/* A name of a list without the quotation marks of CSV, in which programs put all cells. */
struct lb_str lb_import_unquote(struct lb_str part);

/* The bytes of the white space (or of the character that cannot be seen, if `invisible`) that a
 * string begins with; 0 for none. */
size_t lb_import_space_length(struct lb_str text, bool invisible);

#endif
