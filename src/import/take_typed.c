#include "import/take_typed.h"

#include "base/clock.h"
#include "base/csv.h"
#include "base/utf8.h"
#include "import/mail.h"

#include <stdio.h>

/* A row on its way. */
struct taking {
    const struct lb_import_typing *typing;
    const struct lb_import_options *options;
    const struct lb_import_row *row;
    bool table;
    void *context;
    void (*each)(void *context, struct lb_import_item *item);
    struct lb_import_item item;
    struct lb_typed_name name;
    size_t good;
    bool no_memory;
    struct lb_str bad; /* the first that is no name */
    bool meant;        /* one that is no name, and could be meant as one */
    char why[300];
};

/* --- One name --- */

static bool is_stored(void *context, const struct lb_typed_name *name)
{
    const struct taking *taking = context;
    const struct lb_import_options *options = taking->options;
    char room[LB_KEY_SIZE];
    return options->is_stored_key &&
           options->is_stored_key(options->context,
                                  lb_key_make(name->type, lb_typed_name_str(name), room));
}

/* The name of a block that is to be found or freed: a person may be stored in the form that it had
 * before. */
static const char *read_stored(struct taking *taking, enum lb_name_type given, struct lb_str text,
                               const struct lb_name_rules *rules)
{
    struct lb_typed_name *name = &taking->name, before;
    const char *reason = lb_typed_name_stored(given, text, rules, taking, is_stored, name);
    bool other = given == LB_NAME_LINKEDIN && lb_typed_name_person_before(text, &before) &&
                 (reason || !is_stored(taking, name)) && is_stored(taking, &before);
    if (!other)
        return reason;
    *name = before;
    return NULL;
}

/* NULL, or why it is not taken. */
static const char *read_name(struct taking *taking, enum lb_import_type type, struct lb_str text)
{
    const struct lb_import_options *options = taking->options;
    struct lb_name_rules rules = {.country = options->country, .adds = options->adds};
    struct lb_typed_name *name = &taking->name;
    enum lb_name_type given = lb_import_type_of_name(type);
    const char *reason = options->adds ? lb_typed_name_normalise(given, text, &rules, name)
                                       : read_stored(taking, given, text, &rules);
    taking->no_memory |= reason == lb_name_no_memory;
    if (reason)
        return reason;
    /* What is forced for a whole file is not meant for its empty fields. */
    bool forced = name->forceable && options->force && name->type != LB_NAME_COMPANY;
    bool asks = options->adds || options->checks;
    bool doubtful = name->doubt && asks && !forced && !is_stored(taking, name);
    return doubtful ? name->doubt : NULL;
}

/* A column of websites has profiles and companies' pages, too: is the cell one of them? */
static bool read_page(struct taking *taking, struct lb_str text)
{
    enum lb_import_type type = lb_import_guess(text);
    const char *comma = text.len ? memchr(text.ptr, ',', text.len) : NULL;
    bool several = comma && memchr(comma, '.', text.len - (size_t)(comma - text.ptr));
    for (size_t i = 0; i < text.len; i++)
        several |= strchr(";|\t\n ", text.ptr[i]) != NULL;
    return !several && !taking->options->type &&
           (type == LB_TYPE_PERSON || type == LB_TYPE_COMPANY) && !read_name(taking, type, text);
}

/* The same, as what it is. */
static const char *read_as_it_is(struct taking *taking, enum lb_import_type type,
                                 struct lb_str text)
{
    return type == LB_TYPE_DOMAIN && read_page(taking, text) ? NULL : read_name(taking, type, text);
}

static void refuse(struct taking *taking, struct lb_str text, const char *reason)
{
    taking->meant |= taking->name.refused == LB_NAME_MEANT;
    if (taking->bad.ptr)
        return;
    taking->bad = text;
    snprintf(taking->why, sizeof taking->why, "%s", reason);
}

/* What was not read as a name of any type: it may be one. */
static void refuse_words(struct taking *taking, struct lb_str text, const char *reason)
{
    taking->name.refused = LB_NAME_MEANT;
    refuse(taking, text, reason);
}

static void give(struct taking *taking, struct lb_str text)
{
    taking->item.value = lb_utf8_cut(text, LB_IMPORT_VALUE_MAX);
    taking->item.typed = &taking->name;
    taking->item.first = taking->good++ == 0;
    taking->each(taking->context, &taking->item);
}

static void take_one(struct taking *taking, enum lb_import_type type, struct lb_str text)
{
    const char *reason = read_as_it_is(taking, type, text);
    if (reason)
        refuse(taking, text, reason);
    else
        give(taking, text);
}

/* --- One cell --- */

static bool is_word_of_mail(struct taking *taking, struct lb_str cell)
{
    struct lb_identifier name;
    return lb_identifier_normalise(cell, &name) == NULL && lb_import_is_word_of_mail(cell, &name) &&
           (read_name(taking, LB_TYPE_PERSON, cell) || !is_stored(taking, &taking->name));
}

/* Addresses of profiles, wherever they stand. */
static void take_people(struct taking *taking, struct lb_str cell, bool bare)
{
    struct lb_str rest = cell, address;
    size_t found = 0;
    for (; lb_import_next_address(&rest, &address); found++)
        take_one(taking, LB_TYPE_PERSON, address);
    if (found)
        return;
    if (taking->typing->mail && is_word_of_mail(taking, cell))
        refuse_words(taking, cell, lb_import_word_of_mail);
    else if (bare || lb_import_guess(cell) == LB_TYPE_PERSON)
        take_one(taking, LB_TYPE_PERSON, cell);
    else
        refuse_words(taking, cell, "no profile address in this cell");
}

/* What may stand between several in a cell; companies have commas in their names. */
static const char *separators_of(enum lb_import_type type)
{
    return type == LB_TYPE_EMAIL    ? ",;|\t\n "
           : type == LB_TYPE_DOMAIN ? ",;|\t\n "
           : type == LB_TYPE_PHONE  ? ",;|\t\n"
                                    : "\n";
}

static bool next_part(const char *separators, struct lb_str *rest, struct lb_str *out)
{
    do {
        size_t len = 0;
        if (!rest->len)
            return false;
        while (len < rest->len && !strchr(separators, rest->ptr[len]))
            len++;
        *out = lb_import_trim((struct lb_str){rest->ptr, len});
        *rest = lb_str_skip(*rest, len + (len < rest->len));
    } while (!out->len);
    return true;
}

/* One name, or several. */
static void take_names(struct taking *taking, enum lb_import_type type, struct lb_str cell)
{
    const char *separators = separators_of(type);
    struct lb_str rest = cell, part;
    const char *reason = read_as_it_is(taking, type, cell);
    if (!reason) {
        give(taking, cell);
        return;
    }
    if (!next_part(separators, &rest, &part) || part.len == cell.len) {
        refuse(taking, cell, reason);
        return;
    }
    do
        take_one(taking, type, part);
    while (next_part(separators, &rest, &part));
}

static void take_cell(struct taking *taking, enum lb_import_type type, struct lb_str cell,
                      bool bare)
{
    cell = lb_csv_unguard(cell);
    if (type == LB_TYPE_PERSON)
        take_people(taking, cell, bare);
    else
        take_names(taking, type, cell);
}

/* A line of a text whose type is not known. */
static void take_line(struct taking *taking, struct lb_str line)
{
    static const char WORDS[] = "may be a LinkedIn name, a company or something else; say which: "
                                "type=publicIdentifier, type=company or type=phone";
    struct lb_str rest = line, part;
    enum lb_import_type type = lb_import_guess(line);
    if (type && type != LB_TYPE_EMAIL) {
        take_cell(taking, type, line, true);
        return;
    }
    if (type && !read_name(taking, type, line)) {
        give(taking, line);
        return;
    }
    while (next_part(",;\t", &rest, &part)) {
        type = lb_import_guess(part);
        if (type)
            take_cell(taking, type, part, true);
        else
            refuse_words(taking, part, WORDS);
    }
}

/* --- One row --- */

static struct lb_str cell_of(const struct lb_import_row *row, size_t from_1)
{
    return from_1 && from_1 <= row->count ? row->cells[from_1 - 1] : (struct lb_str){0};
}

/* Reason, kind and end. NULL, or what is wrong. */
static const char *read_details(struct taking *taking)
{
    const struct lb_import_typing *typing = taking->typing;
    struct lb_str kind = cell_of(taking->row, typing->kinds);
    struct lb_str end = lb_csv_unguard(cell_of(taking->row, typing->ends));
    taking->item.reason = lb_csv_unguard(cell_of(taking->row, typing->reasons));
    if (kind.len && !lb_block_kind_parse(kind, &taking->item.block_kind))
        return "the kind must be " LB_BLOCK_KINDS;
    if (end.len && !lb_time_parse(end, &taking->item.end))
        return "the end must be a date or a time in UTC, such as 2027-01-31";
    return taking->item.end && taking->item.end <= lb_clock_wall_ms() ? "its end is in the past"
                                                                      : NULL;
}

/* A row of an export: it says itself what it is. */
static bool take_exported(struct taking *taking)
{
    struct lb_str type = cell_of(taking->row, taking->typing->types);
    struct lb_str value = cell_of(taking->row, taking->typing->values);
    enum lb_import_type parsed;
    if (!value.len)
        return false;
    if (!lb_import_type_parse(type, &parsed))
        refuse_words(
            taking, type,
            "is no type; give publicIdentifier, memberId, email, phone, domain or company");
    else
        take_cell(taking, parsed, value, true);
    return true;
}

/* False when there is nothing in any cell that counts. */
static bool take_cells(struct taking *taking)
{
    const struct lb_import_typing *typing = taking->typing;
    bool any = false;
    if (typing->types)
        return take_exported(taking);
    for (size_t i = 0; i < typing->count && i < taking->row->count; i++) {
        const struct lb_import_typed_column *column = &typing->columns[i];
        if (!column->taken || !taking->row->cells[i].len)
            continue;
        any = true;
        if (column->type)
            take_cell(taking, column->type, taking->row->cells[i], column->bare);
        else
            take_line(taking, taking->row->cells[i]);
    }
    return any;
}

static void set(struct lb_import_typed_verdict *out, enum lb_import_kind kind, struct lb_str value,
                const char *reason)
{
    out->kind = kind;
    out->value = lb_utf8_cut(value, LB_IMPORT_VALUE_MAX);
    snprintf(out->reason, sizeof out->reason, "%s", reason);
}

static void conclude(const struct taking *taking, bool any, struct lb_import_typed_verdict *out)
{
    const struct lb_import_row *row = taking->row;
    size_t first = 0;
    while (first + 1 < row->count && !row->cells[first].len)
        first++;
    if (!any) {
        set(out, LB_IMPORT_BLANK, row->cells[first], "nothing in the columns that are taken");
        return;
    }
    /* Of a row that cannot be read as a whole no check may say that it is not blocked. */
    bool good = taking->good && !(taking->options->checks && taking->meant);
    set(out, good ? LB_IMPORT_PERSON : LB_IMPORT_BAD, taking->bad,
        taking->bad.ptr ? taking->why : "");
    struct lb_str shown = lb_utf8_cut(taking->bad, 80);
    if (good && taking->bad.ptr)
        snprintf(out->reason, sizeof out->reason, "left out \"%.*s\": %s", (int)shown.len,
                 shown.ptr, taking->why);
}

lb_err lb_import_take_typed(const struct lb_import_typing *typing,
                            const struct lb_import_options *options,
                            const struct lb_import_row *row, bool table, void *context,
                            void (*each)(void *context, struct lb_import_item *item),
                            struct lb_import_typed_verdict *out)
{
    struct taking taking = {.typing = typing,
                            .options = options,
                            .row = row,
                            .table = table,
                            .context = context,
                            .each = each,
                            .item = {.kind = LB_IMPORT_PERSON,
                                     .line = row->line,
                                     .cells = row->cells,
                                     .cell_count = row->count}};
    const char *wrong = NULL;
    if (row->fault) /* also where headings are */
        set(out, LB_IMPORT_BAD, row->whole, row->fault);
    else if (row->line <= typing->heading_line)
        set(out, LB_IMPORT_HEADING, row->whole, "");
    else if (!options->checks && (wrong = read_details(&taking)) != NULL)
        set(out, LB_IMPORT_BAD, row->whole, wrong);
    else
        conclude(&taking, take_cells(&taking), out);
    return taking.no_memory ? LB_ERR_OVERLOADED : LB_OK;
}
