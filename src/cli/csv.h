/* Reads CSV as RFC 4180 describes it, and names the line where it is broken.
 *
 * Lines end with CR, LF or CRLF, mixed as they come. A cell that begins with a quotation mark
 * (blanks before it do not count) ends with one; anything but a delimiter after that is an error,
 * as is a mark that is never closed: a quoted cell of more than LB_CSV_QUOTED_LINES lines is taken
 * for one. A mark inside any other cell is a character like any other. Threads: one. */
#ifndef LB_CLI_CSV_H
#define LB_CLI_CSV_H

#include "base/buf.h"

#define LB_CSV_CELL_MAX     65536 /* bytes of a cell */
#define LB_CSV_CELLS_MAX    1024  /* of a row */
#define LB_CSV_QUOTED_LINES 100

struct lb_csv_row {
    uint64_t line; /* where it begins, 1 for the first */
    size_t count;  /* of cells, at least 1 */
    const struct lb_str
        *cells; /* without white space around them; live until the callback returns */
    bool blank; /* there is nothing in any cell */
};

enum lb_csv_state { LB_CSV_START, LB_CSV_PLAIN, LB_CSV_QUOTED, LB_CSV_CLOSED };

struct lb_csv {
    char delimiter; /* '\0': none, a row is one cell */
    void *context;
    bool (*row)(void *context, const struct lb_csv_row *row); /* false ends the reading */

    /* The first error, NULL as long as there is none, and its line. */
    const char *error;
    uint64_t error_line;

    enum lb_csv_state state;
    bool after_cr;
    bool stopped;
    uint64_t line;     /* of the byte to come, from 0 */
    uint64_t row_line; /* where the row began */
    uint64_t cell_line;
    size_t cell_start; /* in `text` */
    size_t count;
    struct lb_buf text;
    struct lb_str
        cells[LB_CSV_CELLS_MAX]; /* while the row grows, `ptr` is NULL and `len` the end */
};

void lb_csv_init(struct lb_csv *csv, char delimiter, void *context,
                 bool (*row)(void *context, const struct lb_csv_row *row));
void lb_csv_fini(struct lb_csv *csv);

/* Takes the next bytes. False when `error` is set or `row` returned false. */
bool lb_csv_feed(struct lb_csv *csv, const char *bytes, size_t len);

/* Ends the last row, which may lack its line end. */
bool lb_csv_finish(struct lb_csv *csv);

#endif
