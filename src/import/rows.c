#include "import/rows.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <strings.h>

#define CTRL_Z      0x1a /* which old programs write at the end of a file */
#define LARGE_SHOWN 2048 /* bytes of a row that is too large */
/* Bytes that are looked at for one row: whether a quotation mark was closed is known after it. */
#define SEEN_MAX (LB_IMPORT_ROW_MAX + 2 * LB_IMPORT_QUOTED_MAX)

static const char TOO_LONG[] = "the row is longer than 1 MiB; divide it into lines";
static const char TOO_MANY[] = "the row has something behind its 1024th cell; divide it into lines";
static const char TORN[] =
    "the line goes on in or behind an address, and vCard 2.1 does not say which";

/* How far a row was read in the window. */
struct cursor {
    const char *p;
    size_t len;
    size_t at;
    uint64_t lines; /* that ended before `at` */
    bool ended;     /* after `len` nothing comes */
};

enum step { STEP_DONE, STEP_MORE, STEP_UNCLOSED, STEP_LONG, STEP_FULL };

/* --- White space --- */

size_t lb_import_space_length(struct lb_str text, bool invisible)
{
    const unsigned char *p = (const unsigned char *)text.ptr;
    if (text.len == 0)
        return 0;
    if (p[0] < 0x80)
        return p[0] == ' ' || (p[0] >= '\t' && p[0] <= '\r') ? 1 : 0;
    if (text.len >= 2 && p[0] == 0xc2)
        return p[1] == 0xa0 || (invisible && p[1] == 0xad) ? 2 : 0;
    if (text.len < 3)
        return 0;
    unsigned point = (p[0] & 0xfu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
    if ((p[0] & 0xf0) != 0xe0)
        return 0;
    if ((point >= 0x2000 && point <= 0x200a) || point == 0x2028 || point == 0x2029 ||
        point == 0x202f || point == 0x205f || point == 0x3000 || point == 0x1680)
        return 3;
    bool unseen = (point >= 0x200b && point <= 0x200f) || (point >= 0x202a && point <= 0x202e) ||
                  (point >= 0x2060 && point <= 0x2069) || point == 0xfeff;
    return invisible && unseen ? 3 : 0;
}

/* The bytes of white space that a string ends with. */
static size_t space_at_end(struct lb_str text)
{
    for (size_t n = 1; n <= 3 && n <= text.len; n++) {
        struct lb_str tail = {text.ptr + text.len - n, n};
        if (lb_import_space_length(tail, true) == n)
            return n;
        if (((unsigned char)tail.ptr[0] & 0xc0) != 0x80)
            break;
    }
    return 0;
}

struct lb_str lb_import_trim(struct lb_str text)
{
    size_t n;
    while ((n = lb_import_space_length(text, true)) != 0) {
        text.ptr += n;
        text.len -= n;
    }
    while ((n = space_at_end(text)) != 0)
        text.len -= n;
    return text;
}

struct lb_str lb_import_unquote(struct lb_str part)
{
    if (part.len < 2 || part.ptr[0] != '"' || part.ptr[part.len - 1] != '"')
        return part;
    return lb_import_trim((struct lb_str){part.ptr + 1, part.len - 2});
}

/* --- Cells --- */

static bool is_line_end(char c)
{
    return c == '\r' || c == '\n';
}

static bool is_blank(const struct lb_import_rows *rows, char c)
{
    return (c == ' ' || c == '\t') && c != rows->dialect.delimiter;
}

/* Where the blanks from `at` on end. */
static size_t skip_blanks(const struct lb_import_rows *rows, const struct cursor *c, size_t at)
{
    while (at < c->len && is_blank(rows, c->p[at]))
        at++;
    return at;
}

/* Does the mark at `at`, in the middle of a cell, seem to open another cell? */
static bool seems_to_open(const struct lb_import_rows *rows, const struct cursor *c, size_t at)
{
    while (at && is_blank(rows, c->p[at - 1]))
        at--;
    return at && c->p[at - 1] == rows->dialect.delimiter;
}

/* What the mark at `at` in a quoted cell is, unless another one follows. */
static enum step judge_mark(const struct lb_import_rows *rows, const struct cursor *c, size_t at,
                            enum lb_import_mark *out)
{
    size_t after = skip_blanks(rows, c, at + 1);
    if (after == c->len && !c->ended)
        return STEP_MORE;
    bool closes =
        after == c->len || c->p[after] == rows->dialect.delimiter || is_line_end(c->p[after]);
    *out = closes ? LB_MARK_CLOSES : seems_to_open(rows, c, at) ? LB_MARK_OPENS : LB_MARK_WITHIN;
    return STEP_DONE;
}

/* A search for the mark that ends a quoted cell. */
struct search {
    size_t at;
    uint64_t lines;      /* since the cell began */
    uint64_t first_line; /* where it began */
    bool begun;          /* it is behind the marks that the cell begins with */
};

/* Goes to where the last scan stopped, if that came by here; else begins one. What is between does
 * not depend on where a cell began: all scans take the same marks for pairs there. */
static void begin_scan(struct lb_import_rows *rows, const struct cursor *c, struct search *search)
{
    struct lb_import_scan *scan = &rows->scan;
    uint64_t here = rows->offset + search->at;
    search->begun = true;
    if (here >= scan->from && here <= scan->to && scan->to - rows->offset <= c->len) {
        search->at = (size_t)(scan->to - rows->offset);
        search->lines = scan->line - search->first_line;
        return;
    }
    *scan = (struct lb_import_scan){.from = here, .to = here, .line = search->first_line};
}

/* Takes the mark at `search->at`. STEP_DONE: it ends the cell, unless `*skip` is not 0, which is
 * the length of a mark that belongs to the cell. */
static enum step take_mark(struct lb_import_rows *rows, const struct cursor *c,
                           const struct search *search, enum lb_import_mark *mark, size_t *skip)
{
    size_t at = search->at;
    *skip = 0;
    if (at + 1 == c->len && !c->ended)
        return STEP_MORE;
    if (at + 1 < c->len && c->p[at + 1] == '"') {
        *skip = 2;
        return STEP_DONE;
    }
    bool known = search->begun && rows->offset + at == rows->scan.to;
    *mark = known ? rows->scan.mark : LB_MARK_NONE;
    enum step step = *mark ? STEP_DONE : judge_mark(rows, c, at, mark);
    if (step != STEP_DONE || *mark == LB_MARK_CLOSES)
        return step;
    *skip = 1;
    return search->lines || *mark == LB_MARK_OPENS ? STEP_UNCLOSED : STEP_DONE;
}

/* Takes what is at `search->at`, which is then behind it, unless that ends the search. */
static enum step take_quoted(struct lb_import_rows *rows, const struct cursor *c,
                             struct search *search, enum lb_import_mark *mark, bool *closes)
{
    size_t at = search->at, skip = 1;
    char byte = c->p[at];
    if (byte == '"') {
        enum step step = take_mark(rows, c, search, mark, &skip);
        *closes = step == STEP_DONE && !skip;
        if (step != STEP_DONE)
            return step;
    } else if (byte == '\\' && rows->dialect.backslash) {
        if (at + 1 == c->len && !c->ended)
            return STEP_MORE;
        skip = at + 1 < c->len && (c->p[at + 1] == '"' || c->p[at + 1] == '\\') ? 2 : 1;
    } else if (is_line_end(byte)) {
        search->lines += byte == '\r' || c->p[at - 1] != '\r';
    }
    search->at += skip;
    return STEP_DONE;
}

/* Finds the mark that ends the quoted cell which begins at `c->at`. */
static enum step find_close(struct lb_import_rows *rows, const struct cursor *c, size_t *out_close,
                            uint64_t *out_lines)
{
    struct search search = {.at = c->at + 1, .first_line = rows->line + c->lines};
    enum lb_import_mark mark = LB_MARK_NONE;
    enum step step = STEP_DONE;
    for (bool closes = false; step == STEP_DONE && !closes;) {
        bool large = search.at - c->at > LB_IMPORT_QUOTED_MAX || search.lines >= rows->quoted_lines;
        mark = LB_MARK_NONE;
        if (large)
            step = STEP_UNCLOSED;
        else if (search.at == c->len)
            step = c->ended ? STEP_UNCLOSED : STEP_MORE;
        else if (!search.begun && c->p[search.at] != '"')
            begin_scan(rows, c, &search);
        else
            step = take_quoted(rows, c, &search, &mark, &closes);
    }
    if (search.begun) {
        rows->scan.to = rows->offset + search.at;
        rows->scan.line = search.first_line + search.lines;
        rows->scan.mark = mark;
    }
    *out_close = search.at;
    *out_lines = search.lines;
    return step;
}

/* A quoted cell without its marks, in the scratch memory, which has room. */
static struct lb_str unquote(struct lb_import_rows *rows, struct lb_str inner)
{
    char *out = rows->scratch + rows->scratch_len;
    size_t len = 0;
    if (!memchr(inner.ptr, '"', inner.len))
        return inner;
    for (size_t i = 0; i < inner.len; i++) {
        char c = inner.ptr[i];
        bool pair = i + 1 < inner.len && inner.ptr[i + 1] == '"' &&
                    (c == '"' || (c == '\\' && rows->dialect.backslash));
        i += pair;
        out[len++] = inner.ptr[i];
    }
    rows->scratch_len += len;
    return (struct lb_str){out, len};
}

/* Does the line that ends at the cursor go on in the next one, which then begins with a blank?
 * STEP_DONE: `*next` is behind the blank, or 0. */
static enum step find_fold(const struct cursor *c, size_t *next)
{
    size_t at = c->at;
    *next = 0;
    if (at < c->len)
        at += c->p[at] == '\r' && at + 1 < c->len && c->p[at + 1] == '\n' ? 2 : 1;
    if (at >= c->len)
        return c->ended ? STEP_DONE : STEP_MORE;
    if (c->p[at] == ' ' || c->p[at] == '\t')
        *next = at + 1;
    return STEP_DONE;
}

static bool ends_word(char c)
{
    return c == '\0' || strchr(" \t\r\n\"'<>()[]{}|`", c);
}

/* May a string end within an address of LinkedIn's? */
static bool ends_in_address(struct lb_str text)
{
    static const char SITE[] = "linkedin.com";
    size_t site = sizeof SITE - 1;
    for (size_t at = text.len; at && !ends_word(text.ptr[at - 1]); at--)
        if (text.len - at >= site - 1 && strncasecmp(text.ptr + at - 1, SITE, site) == 0)
            return true;
    return false;
}

/* A line of a vCard, which may be folded, in the scratch memory. It goes on behind the blank (RFC
 * 6350, section 3.2), or in vCard 2.1 with it. But not all programs know that, and an address may
 * be another person's by what is taken to belong to it: then the row is bad. */
static enum step take_folded(struct lb_import_rows *rows, struct cursor *c,
                             struct lb_import_row *row, struct lb_str *out)
{
    char *text = rows->scratch + rows->scratch_len;
    size_t len = 0;
    for (;;) {
        while (c->at < c->len && !is_line_end(c->p[c->at]))
            text[len++] = c->p[c->at++];
        size_t next;
        if (find_fold(c, &next) == STEP_MORE || (next == c->len && !c->ended))
            return STEP_MORE;
        if (!next)
            break;
        c->at = next - rows->blanks_stay;
        c->lines++;
        if (rows->blanks_stay && next < c->len && !ends_word(c->p[next]) &&
            ends_in_address((struct lb_str){text, len}))
            row->fault = TORN;
    }
    rows->scratch_len += len;
    *out = (struct lb_str){text, len};
    return STEP_DONE;
}

/* Reads the cell at the cursor, which is then after it. */
static enum step take_cell(struct lb_import_rows *rows, struct cursor *c, struct lb_import_row *row,
                           struct lb_str *out)
{
    if (rows->dialect.folded)
        return take_folded(rows, c, row, out);
    size_t start = c->at;
    size_t mark = rows->dialect.delimiter ? skip_blanks(rows, c, start) : start;
    if (rows->dialect.delimiter && mark < c->len && c->p[mark] == '"') {
        size_t close;
        uint64_t lines;
        c->at = mark;
        enum step step = find_close(rows, c, &close, &lines);
        c->at = start;
        if (step == STEP_MORE)
            return step;
        if (step == STEP_DONE) {
            *out = unquote(rows, (struct lb_str){c->p + mark + 1, close - mark - 1});
            c->lines += lines;
            c->at = skip_blanks(rows, c, close + 1);
            return STEP_DONE;
        }
        row->unclosed = true;
    }
    size_t at = start;
    while (at < c->len && !rows->stops[(unsigned char)c->p[at]])
        at++;
    if (at == c->len && !c->ended)
        return STEP_MORE;
    *out = (struct lb_str){c->p + start, at - start};
    c->at = at;
    return STEP_DONE;
}

/* --- Rows --- */

/* Takes the end of the line at the cursor. */
static enum step take_line_end(struct cursor *c)
{
    if (c->at == c->len)
        return c->ended ? STEP_DONE : STEP_MORE;
    if (c->p[c->at] == '\r') {
        if (c->at + 1 == c->len && !c->ended)
            return STEP_MORE;
        c->at += c->at + 1 < c->len && c->p[c->at + 1] == '\n';
    }
    c->at++;
    c->lines++;
    return STEP_DONE;
}

static enum step take_cells(struct lb_import_rows *rows, struct cursor *c,
                            struct lb_import_row *row)
{
    for (;;) {
        struct lb_str cell;
        enum step step = take_cell(rows, c, row, &cell);
        if (step != STEP_DONE)
            return step;
        cell = lb_import_trim(cell);
        if (row->count == LB_IMPORT_CELLS_MAX && cell.len)
            return STEP_FULL;
        row->empty = row->empty && cell.len == 0;
        if (row->count < LB_IMPORT_CELLS_MAX)
            rows->cells[row->count++] = cell;
        if (c->at == c->len)
            return c->ended ? STEP_DONE : STEP_MORE;
        if (is_line_end(c->p[c->at]))
            return STEP_DONE;
        c->at++; /* a delimiter */
    }
}

static struct lb_import_row new_row(const struct lb_import_rows *rows)
{
    return (struct lb_import_row){.line = rows->line, .cells = rows->cells, .empty = true};
}

static bool equals(struct lb_str text, const char *word)
{
    return text.len == strlen(word) && strncasecmp(text.ptr, word, text.len) == 0;
}

static void note_version(struct lb_import_rows *rows, struct lb_str line)
{
    if (equals(line, "BEGIN:VCARD"))
        rows->blanks_stay = false;
    else if (equals(line, "VERSION:2.1"))
        rows->blanks_stay = true;
}

/* What is before the cursor is done with. */
static void pass(struct lb_import_rows *rows, const struct cursor *c)
{
    rows->text.start += c->at;
    rows->offset += c->at;
    rows->line += c->lines;
}

/* Reads the row at the start of the window. */
static enum step take_row(struct lb_import_rows *rows, struct lb_import_row *row)
{
    struct lb_str rest = lb_import_text_rest(&rows->text);
    /* What is seen of the window does not depend on how much there is by chance. */
    struct cursor c = {.p = rest.ptr, .len = rest.len, .ended = rows->text.ended};
    if (c.len > SEEN_MAX) {
        c.len = SEEN_MAX;
        c.ended = false;
    }
    *row = new_row(rows);
    rows->scratch_len = 0;
    rows->quoted_lines = rows->offset < rows->large_until ? 1 : LB_IMPORT_QUOTED_LINES;
    enum step step = take_cells(rows, &c, row);
    rows->reached = c.at;
    row->whole = (struct lb_str){c.p, c.at};
    if (step == STEP_DONE)
        step = take_line_end(&c);
    if (step != STEP_DONE)
        return step;
    if (row->whole.len > LB_IMPORT_ROW_MAX)
        return STEP_LONG;
    row->last = c.at == row->whole.len;
    bool ctrl_z = row->count == 1 && row->cells[0].len == 1 && row->cells[0].ptr[0] == CTRL_Z;
    if (ctrl_z && c.at == c.len && !c.ended)
        return STEP_MORE;
    row->empty = row->empty || (ctrl_z && c.at == c.len);
    pass(rows, &c);
    if (rows->dialect.folded)
        note_version(rows, row->cells[0]);
    return STEP_DONE;
}

/* Takes the rest of a line, with what is folded to it. STEP_MORE: as much of it as is there. */
static enum step take_rest(const struct lb_import_rows *rows, struct cursor *c)
{
    for (;;) {
        size_t next = 0;
        while (c->at < c->len && !is_line_end(c->p[c->at]))
            c->at++;
        if (rows->dialect.folded && find_fold(c, &next) == STEP_MORE)
            return STEP_MORE;
        if (!next)
            return take_line_end(c);
        c->at = next;
        c->lines++;
    }
}

/* Passes over the rest of a line. */
static lb_err skip_line(struct lb_import_rows *rows)
{
    struct lb_import_text *text = &rows->text;
    for (;;) {
        struct lb_str rest = lb_import_text_rest(text);
        struct cursor c = {.p = rest.ptr, .len = rest.len, .ended = text->ended};
        enum step step = take_rest(rows, &c);
        pass(rows, &c);
        if (step == STEP_DONE)
            return LB_OK;
        lb_err err = lb_import_text_more(text);
        if (err)
            return err;
    }
}

/* A row that is too large: one cell with its beginning. */
static lb_err take_large(struct lb_import_rows *rows, const char *fault, struct lb_import_row *row)
{
    struct lb_str start = lb_utf8_cut(lb_import_text_rest(&rows->text), LARGE_SHOWN);
    size_t len = 0;
    while (len < start.len && !is_line_end(start.ptr[len]))
        len++;
    memcpy(rows->scratch, start.ptr, len);
    *row = new_row(rows);
    row->fault = fault;
    row->too_wide = fault == TOO_MANY;
    row->count = 1;
    row->empty = false;
    if (rows->large_until < rows->offset + rows->reached)
        rows->large_until = rows->offset + rows->reached;
    rows->cells[0] = row->whole = (struct lb_str){rows->scratch, len};
    return skip_line(rows);
}

static bool reserve_scratch(struct lb_import_rows *rows)
{
    size_t needed = lb_import_text_rest(&rows->text).len + 1;
    if (rows->scratch_capacity >= needed)
        return true;
    char *larger = realloc(rows->scratch, needed);
    if (!larger)
        return false;
    rows->scratch = larger;
    rows->scratch_capacity = needed;
    return true;
}

lb_err lb_import_rows_next(struct lb_import_rows *rows, struct lb_import_row *out, bool *out_any)
{
    for (;;) {
        size_t len = lb_import_text_rest(&rows->text).len;
        *out_any = len > 0 || !rows->text.ended;
        if (len == 0 && rows->text.ended)
            return LB_OK;
        if (!reserve_scratch(rows))
            return LB_ERR_OVERLOADED;
        enum step step = take_row(rows, out);
        if (step == STEP_DONE)
            return LB_OK;
        if (step == STEP_FULL)
            return take_large(rows, TOO_MANY, out);
        if (step == STEP_LONG || len >= SEEN_MAX)
            return take_large(rows, TOO_LONG, out);
        lb_err err = lb_import_text_more(&rows->text);
        if (err)
            return err;
    }
}

lb_err lb_import_rows_open(struct lb_import_rows *rows, const struct lb_import_source *source,
                           struct lb_import_form form, struct lb_import_dialect dialect)
{
    *rows = (struct lb_import_rows){.dialect = dialect, .line = 1};
    rows->stops['\r'] = rows->stops['\n'] = true;
    if (dialect.delimiter)
        rows->stops[(unsigned char)dialect.delimiter] = true;
    return lb_import_text_open(&rows->text, source, form);
}

void lb_import_rows_close(struct lb_import_rows *rows)
{
    lb_import_text_close(&rows->text);
    free(rows->scratch);
    rows->scratch = NULL;
}
