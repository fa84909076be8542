#include "import/take.h"

#include "base/csv.h"
#include "base/utf8.h"
#include "import/mail.h"

#include <stdio.h>
#include <xxhash.h>

/* Names of one string that are remembered: people write fewer in a line. */
#define NAMES_MAX 64

static const char SEVERAL[] = "holds more than one address; put each in a row of its own";
static const char TOO_MANY_CELLS[] =
    "the row has more cells than the others; put a cell that holds a delimiter in quotation marks";
static const char OPEN[] = "the line ends with a hyphen: if the address goes on in the next line, "
                           "send it once more in one";
const char lb_import_shortened[] =
    "the address ends with an ellipsis: if a program has shortened it, it is another person's; "
    "send all of it";
static const char MIXED[] = "holds words of a heading; put the heading in a line of its own";

/* What was found in a string. */
struct finds {
    size_t people;
    uint64_t names[NAMES_MAX]; /* hashes of whom the first addresses name */
    bool open;                 /* the text ends with an address that ends with a hyphen */
    bool shortened;            /* an address ends with an ellipsis */
    struct lb_str fault;       /* the first address of LinkedIn's that names no person */
    char why[256];
};

static void set_reason(struct lb_import_verdict *out, enum lb_import_kind kind, const char *reason)
{
    out->kind = kind;
    snprintf(out->reason, sizeof out->reason, "%s", reason);
}

/* Parts of a line that separators divide; empty ones are skipped. */
static bool next_part(struct lb_str *rest, struct lb_str *out)
{
    do {
        size_t len = 0;
        if (!rest->len)
            return false;
        while (len < rest->len && !memchr(",;\t", rest->ptr[len], 3))
            len++;
        *out = lb_import_unquote(lb_import_trim((struct lb_str){rest->ptr, len}));
        len += len < rest->len;
        *rest = (struct lb_str){rest->ptr + len, rest->len - len};
    } while (!out->len);
    return true;
}

/* --- Addresses --- */

static uint64_t hash_name(const struct lb_identifier *name)
{
    return XXH3_64bits(name->text, name->len);
}

static bool is_found(const struct finds *finds, const struct lb_identifier *name)
{
    uint64_t hash = hash_name(name);
    for (size_t i = 0; i < finds->people && i < NAMES_MAX; i++)
        if (finds->names[i] == hash)
            return true;
    return false;
}

bool lb_import_is_shortened(struct lb_str address)
{
    static const struct lb_str MARKS[] = {LB_STR("..."), LB_STR("\xe2\x80\xa6")};
    for (size_t i = 0; i < sizeof MARKS / sizeof *MARKS; i++)
        if (address.len > MARKS[i].len &&
            lb_str_equal(lb_str_skip(address, address.len - MARKS[i].len), MARKS[i]))
            return true;
    return false;
}

static void find_people(struct lb_str text, struct finds *out)
{
    struct lb_str address;
    struct lb_identifier name;
    enum lb_import_name_kind kind;
    *out = (struct finds){0};
    while (lb_import_next_address(&text, &address)) {
        const char *why = lb_import_person(address, &name, &kind);
        if (!why && out->people < NAMES_MAX)
            out->names[out->people] = hash_name(&name);
        out->people += why == NULL;
        out->open = !why && !text.len && name.text[name.len - 1] == '-';
        out->shortened |= !why && lb_import_is_shortened(address);
        if (!why || out->fault.len || !lb_import_is_linkedin(address))
            continue;
        out->fault = address;
        snprintf(out->why, sizeof out->why, "%s", why);
    }
}

/* Says which names of a list are left out because an address, of another person, stands in the same
 * line. */
static void tell_names_left(struct lb_str line, const struct finds *finds,
                            struct lb_import_verdict *out)
{
    struct lb_identifier name;
    struct lb_str part, first = {0};
    size_t count = 0;
    while (next_part(&line, &part)) {
        if (!lb_import_looks_like_name(part, &name) || is_found(finds, &name))
            continue;
        if (count++ == 0)
            first = lb_utf8_cut(part, 80);
    }
    if (count)
        snprintf(out->reason, sizeof out->reason,
                 "left out %.*s%s: where there are profile addresses, names without one are not "
                 "taken; send them by themselves",
                 (int)first.len, first.ptr, count > 1 ? " and others" : "");
}

/* After what was left out, if anything was. */
static void add_doubt(const char *doubt, struct lb_import_verdict *out)
{
    size_t len = strlen(out->reason);
    snprintf(out->reason + len, sizeof out->reason - len, "%s%s", len ? "; " : "", doubt);
}

/* "in/ann" and "urn:li:..." name a person, too, when there is nothing else. */
static bool is_address_without_site(struct lb_str cell)
{
    struct lb_identifier name;
    return lb_identifier_normalise(cell, &name) == NULL && !name.bare;
}

static void take_addresses(const struct lb_import_choice *choice,
                           const struct lb_import_options *options, struct lb_str cell,
                           struct lb_import_verdict *out)
{
    struct finds finds;
    find_people(cell, &finds);
    out->rest = cell;
    out->way = LB_WAY_ADDRESSES;
    if (finds.people > 1 && options->one_per_row) {
        set_reason(out, LB_IMPORT_BAD, SEVERAL);
    } else if (finds.people && finds.fault.len) {
        struct lb_str shown = lb_utf8_cut(finds.fault, 80);
        out->kind = LB_IMPORT_PERSON;
        snprintf(out->reason, sizeof out->reason, "left out %.*s, which %s", (int)shown.len,
                 shown.ptr, finds.why);
    } else if (finds.people) {
        out->kind = LB_IMPORT_PERSON;
        if (!choice->table)
            tell_names_left(cell, &finds, out);
        if (finds.shortened || (!choice->table && finds.open))
            add_doubt(finds.shortened ? lb_import_shortened : OPEN, out);
    } else if (is_address_without_site(cell)) {
        out->kind = LB_IMPORT_PERSON;
        out->way = LB_WAY_WHOLE;
    } else if (finds.fault.len) {
        set_reason(out, LB_IMPORT_BAD, finds.why);
    } else {
        set_reason(out, LB_IMPORT_BAD,
                   choice->table ? "no profile address in this cell"
                                 : "no profile address in this line");
    }
}

/* --- Names --- */

/* Who is to be found may be stored under earlier rules for names. */
static bool was_stored(const struct lb_import_options *options, struct lb_str text)
{
    struct lb_identifier before;
    return !options->adds && options->is_stored && lb_identifier_before(text, NULL, &before) &&
           options->is_stored(options->context, &before);
}

/* NULL, or why the string is no name of a person. In `name` or static. */
static const char *judge_name(const struct lb_import_options *options, struct lb_str text,
                              struct lb_identifier *name)
{
    const char *reason = lb_identifier_normalise(text, name);
    if (reason)
        return was_stored(options, text) ? NULL : reason;
    reason = lb_identifier_doubt(name, options->adds);
    if (reason && options->is_stored && options->is_stored(options->context, name))
        return NULL;
    return reason;
}

static void take_name(const struct lb_import_options *options, struct lb_str cell,
                      struct lb_import_verdict *out)
{
    struct lb_identifier name;
    out->rest = lb_csv_unguard(cell);
    out->way = LB_WAY_WHOLE;
    const char *reason = judge_name(options, out->rest, &name);
    if (reason)
        set_reason(out, LB_IMPORT_BAD, reason);
    else
        out->kind = LB_IMPORT_PERSON;
}

/* A line of a mail without addresses: is one of its parts no name there? Who is stored is one. */
static bool has_word_of_mail(const struct lb_import_options *options, struct lb_str line)
{
    struct lb_identifier name;
    struct lb_str part;
    while (next_part(&line, &part))
        if (lb_identifier_normalise(part, &name) == NULL &&
            lb_import_is_word_of_mail(part, &name) &&
            !(options->is_stored && options->is_stored(options->context, &name)))
            return true;
    return false;
}

/* A line of a list: all of it names people, or it is bad as a whole. */
static void take_names(const struct lb_import_options *options, struct lb_str line,
                       struct lb_import_verdict *out)
{
    struct lb_identifier name;
    struct lb_str rest = line, part;
    size_t parts = 0;
    take_name(options, lb_import_unquote(line), out);
    if (out->kind == LB_IMPORT_PERSON)
        return;
    const char *reason = NULL;
    while (!reason && next_part(&rest, &part)) {
        reason = judge_name(options, part, &name);
        parts++;
    }
    if (reason && parts == 1 && !rest.len)
        return; /* a single name: the reason stands */
    if (reason || !parts) {
        set_reason(out, LB_IMPORT_BAD, reason ? reason : "holds no name");
        return;
    }
    out->kind = LB_IMPORT_PERSON;
    out->rest = line;
    out->way = LB_WAY_PARTS;
}

/* --- Rows --- */

/* Where else in the row a person is, from 1; 0: nowhere. */
static size_t find_elsewhere(const struct lb_import_choice *choice, const struct lb_import_row *row)
{
    for (size_t i = 0; i < row->count; i++) {
        struct finds finds;
        if (i == choice->column)
            continue;
        find_people(row->cells[i], &finds);
        if (finds.people)
            return i + 1;
    }
    return 0;
}

static void tell_elsewhere(const struct lb_import_choice *choice, const struct lb_import_row *row,
                           struct lb_import_verdict *out)
{
    size_t column = choice->table ? find_elsewhere(choice, row) : 0;
    size_t len = strlen(out->reason);
    if (column)
        snprintf(out->reason + len, sizeof out->reason - len,
                 "; column %zu has one, which was not taken", column);
}

static void take_blank(const struct lb_import_choice *choice, const struct lb_import_row *row,
                       struct lb_import_verdict *out)
{
    size_t first = 0;
    while (first + 1 < row->count && !row->cells[first].len)
        first++;
    out->kind = LB_IMPORT_BLANK;
    out->value = row->cells[first];
    if (choice->name)
        snprintf(out->reason, sizeof out->reason, "nothing in column %zu (%s)", choice->column + 1,
                 choice->name->text);
    else
        snprintf(out->reason, sizeof out->reason, "nothing in column %zu", choice->column + 1);
}

/* Names may stand in a wrong column when the row has cells too many. */
static bool is_too_wide(const struct lb_import_choice *choice, const struct lb_import_row *row)
{
    size_t filled = row->count;
    while (filled && !row->cells[filled - 1].len)
        filled--;
    return choice->table && choice->takes == LB_TAKES_NAMES && filled > choice->width;
}

static void take_cell(const struct lb_import_choice *choice,
                      const struct lb_import_options *options, struct lb_str cell,
                      struct lb_import_verdict *out)
{
    if (choice->takes != LB_TAKES_NAMES)
        take_addresses(choice, options, cell, out);
    else if (choice->table)
        take_name(options, cell, out);
    else
        take_names(options, cell, out);
    if (choice->mail && out->kind == LB_IMPORT_PERSON && has_word_of_mail(options, cell))
        set_reason(out, LB_IMPORT_BAD, lb_import_word_of_mail);
    struct lb_str any = cell, address;
    if (out->kind == LB_IMPORT_BAD && choice->takes == LB_TAKES_BOTH &&
        !lb_import_next_address(&any, &address)) {
        out->reason[0] = '\0';
        take_name(options, cell, out);
    }
}

void lb_import_take(const struct lb_import_choice *choice, const struct lb_import_options *options,
                    const struct lb_import_row *row, struct lb_import_verdict *out)
{
    struct lb_str cell = {0};
    if (choice->column < row->count)
        cell = row->cells[choice->column];
    out->value = cell;
    out->reason[0] = '\0';
    if (row->fault) { /* first of all: its name could not be read, also where headings are */
        set_reason(out, LB_IMPORT_BAD, row->fault);
        out->value = row->whole;
    } else if (row->line <= choice->heading_line) {
        out->kind = LB_IMPORT_HEADING;
        out->value = row->whole;
    } else if (row->line == choice->mixed_line) {
        set_reason(out, LB_IMPORT_BAD, MIXED);
    } else if (is_too_wide(choice, row)) {
        set_reason(out, LB_IMPORT_BAD, TOO_MANY_CELLS);
    } else if (!cell.len) {
        take_blank(choice, row, out);
        tell_elsewhere(choice, row, out);
    } else {
        take_cell(choice, options, cell, out);
        if (out->kind == LB_IMPORT_BAD)
            tell_elsewhere(choice, row, out);
    }
    if (out->kind == LB_IMPORT_PERSON && out->way != LB_WAY_ADDRESSES)
        out->reason[0] = '\0';
    out->value = lb_utf8_cut(out->value, LB_IMPORT_VALUE_MAX);
}

/* The name of what has been judged to be one. */
static bool read_name(struct lb_str text, struct lb_identifier *out)
{
    if (!text.len)
        return false;
    if (lb_identifier_normalise(text, out) == NULL)
        return true;
    bool found = lb_identifier_before(text, NULL, out);
    out->bare = out->plain = false;
    return found;
}

bool lb_import_take_next(struct lb_import_verdict *verdict, struct lb_identifier *out,
                         struct lb_str *out_value)
{
    enum lb_import_name_kind kind;
    if (verdict->way == LB_WAY_WHOLE) {
        *out_value = verdict->rest;
        verdict->rest.len = 0;
        return read_name(*out_value, out);
    }
    if (verdict->way == LB_WAY_PARTS)
        return next_part(&verdict->rest, out_value) && read_name(*out_value, out);
    while (lb_import_next_address(&verdict->rest, out_value))
        if (lb_import_person(*out_value, out, &kind) == NULL)
            return true;
    return false;
}

struct lb_str lb_import_take_reason(const struct lb_import_choice *choice,
                                    const struct lb_import_row *row)
{
    if (!choice->has_reasons || choice->reasons >= row->count)
        return (struct lb_str){NULL, 0};
    return lb_csv_unguard(row->cells[choice->reasons]);
}
