#include "import/survey.h"

#include "base/array.h"
#include "base/utf8.h"

#include <sodium.h>

/* In fewer rows a name that stands twice says nothing. */
#define SENDERS_ROWS 4

static void set_label(struct lb_import_label *label, uint64_t line, struct lb_str cell)
{
    cell = lb_utf8_cut(cell, sizeof label->text - 1);
    if (cell.len)
        memcpy(label->text, cell.ptr, cell.len);
    label->text[cell.len] = '\0';
    label->line = line;
}

static lb_err thin_all(struct lb_import_survey *survey)
{
    lb_distinct_raise(&survey->distinct);
    for (size_t i = 0; i < survey->count; i++)
        if (!lb_distinct_thin(&survey->distinct, &survey->columns[i].people))
            return LB_ERR_OVERLOADED;
    return LB_OK;
}

static lb_err note_person(struct lb_import_survey *survey, struct lb_import_facts *column,
                          const struct lb_identifier *name, enum lb_import_name_kind kind)
{
    column->kinds[kind]++;
    switch (lb_distinct_add(&survey->distinct, &column->people,
                            (struct lb_str){name->text, name->len})) {
    case LB_DISTINCT_THIN:
        return thin_all(survey);
    case LB_DISTINCT_NO_MEMORY:
        return LB_ERR_OVERLOADED;
    default:
        return LB_OK;
    }
}

static lb_err note_addresses(struct lb_import_survey *survey, struct lb_import_facts *column,
                             struct lb_str cell, uint64_t line)
{
    struct lb_str address;
    struct lb_identifier name;
    enum lb_import_name_kind kind;
    bool any = false;
    while (lb_import_next_address(&cell, &address)) {
        if (!column->address_line)
            column->address_line = line;
        if (lb_import_person(address, &name, &kind) != NULL)
            continue;
        lb_err err = note_person(survey, column, &name, kind);
        if (err)
            return err;
        any = true;
    }
    column->people_rows += any;
    if (any && !survey->person_line)
        survey->person_line = line;
    return LB_OK;
}

/* A single word that is no heading: an address, a number, a date. */
static bool is_value(struct lb_str cell)
{
    bool digit = cell.len && cell.ptr[0] >= '0' && cell.ptr[0] <= '9';
    return cell.len && !memchr(cell.ptr, ' ', cell.len) &&
           (digit || lb_import_guess(cell) != LB_TYPE_NONE);
}

static bool has_values(const struct lb_import_row *row)
{
    for (size_t i = 0; i < row->count; i++)
        if (is_value(row->cells[i]))
            return true;
    return false;
}

/* Is the name left out, as in https://www.linkedin.com/in/... and /in/<your name>? */
static bool has_no_name(struct lb_str address)
{
    while (address.len && strchr("./", address.ptr[address.len - 1]))
        address.len--;
    return address.len > 3 && memcmp(address.ptr + address.len - 3, "/in", 3) == 0;
}

/* The heading in "Your LinkedIn profile (e.g. https://...)", in the first row of a table, whose
 * other cells are no values; else the cell as it is. */
static struct lb_str without_example(struct lb_import_survey *survey, size_t column,
                                     struct lb_str cell, uint64_t line)
{
    struct lb_str rest = cell, address;
    if (!lb_import_next_address(&rest, &address) || !lb_import_is_linkedin(address))
        return cell;
    struct lb_str before = {cell.ptr, (size_t)(address.ptr - cell.ptr)};
    while (before.len && strchr(" ([<:", before.ptr[before.len - 1]))
        before.len--;
    bool heading = lb_import_is_known_heading(before) || lb_import_is_question(before);
    if (!heading || !(lb_import_says_example(before) || has_no_name(address)))
        return cell;
    if (!survey->example.line) {
        set_label(&survey->example, line, address);
        survey->example_column = column;
    }
    return before;
}

static struct lb_str first_word(struct lb_str text)
{
    size_t len = 0;
    while (len < text.len && !strchr(" :", text.ptr[len]))
        len++;
    return (struct lb_str){text.ptr, len};
}

/* A row behind the first one: does the next cell of the column with the example go on as it did? */
static void look_for_repetition(struct lb_import_survey *survey, const struct lb_import_row *row)
{
    size_t column = survey->example_column;
    if (!survey->example.line || column >= row->count || survey->columns[column].filled != 1)
        return;
    struct lb_str word = first_word(row->cells[column]);
    survey->repeated |=
        word.len > 0 &&
        lb_str_equal(word, first_word(lb_str(survey->columns[column].kept[0].text)));
}

static bool is_heading(const struct lb_import_survey *survey, struct lb_str cell)
{
    return lb_import_is_known_heading(cell) || (survey->typed && lb_import_type_of_heading(cell));
}

/* May the row be one of headings? Below a row with a person, a single cell with the word of a
 * heading
 * ("profile removed") does not make it one; two do. */
static bool may_be_headings(const struct lb_import_survey *survey, const struct lb_import_row *row)
{
    size_t headings = 0;
    if (survey->rows > LB_IMPORT_HEADING_ROWS)
        return false;
    if (!survey->person_line || survey->typed)
        return true;
    for (size_t i = 0; i < row->count && headings < 2; i++) {
        struct lb_str cell = row->cells[i], address;
        headings += is_heading(survey, cell) && !lb_import_next_address(&cell, &address);
    }
    return headings > 1;
}

/* A cell near the top, where headings are, and above the first address. Is it a heading? */
static bool note_top(const struct lb_import_survey *survey, struct lb_import_facts *column,
                     struct lb_str cell, uint64_t line, bool headings)
{
    column->looked_at++;
    column->statuses += lb_import_is_status(cell);
    if (!headings || !is_heading(survey, cell))
        return false;
    if (!column->first_known.line)
        set_label(&column->first_known, line, cell);
    set_label(&column->last_known, line, cell);
    return true;
}

/* Of a list that was exported. */
#define EXPORTED (1u << LB_DETAIL_TYPE | 1u << LB_DETAIL_VALUE)

static void note_type(struct lb_import_survey *survey, struct lb_import_facts *column,
                      struct lb_str cell, uint64_t line)
{
    enum lb_import_type guess = lb_import_guess(cell);
    column->guesses[guess]++;
    if (guess && !survey->value_line)
        survey->value_line = line;
    if (!survey->typed_line && survey->rows <= LB_IMPORT_HEADING_ROWS &&
        (lb_import_type_of_heading(cell) != LB_TYPE_NONE ||
         lb_import_heading(cell) == LB_HEADING_IDENTIFIER ||
         lb_import_heading(cell) == LB_HEADING_LINKEDIN))
        survey->typed_line = line;
}

/* `*headings` becomes one more when the cell is a heading, which may be where they `may_be`. */
static lb_err note_cell(struct lb_import_survey *survey, size_t index, struct lb_str cell,
                        uint64_t line, bool may_be, size_t *headings)
{
    struct lb_import_facts *column = &survey->columns[index];
    if (column->filled < LB_IMPORT_KEPT)
        set_label(&column->kept[column->filled], line, cell);
    column->filled++;
    if (survey->guesses)
        note_type(survey, column, cell, line);
    lb_err err = note_addresses(survey, column, cell, line);
    if (!err && survey->rows <= LB_IMPORT_HEADING_ROWS && !column->address_line)
        *headings += note_top(survey, column, cell, line, may_be);
    return err;
}

/* `examples`: the first row may have some in its headings. */
static lb_err note_row(struct lb_import_survey *survey, const struct lb_import_row *row,
                       bool examples)
{
    if (!lb_array_reserve(survey->columns, survey->capacity, row->count))
        return LB_ERR_OVERLOADED;
    if (row->count > survey->count)
        survey->count = row->count;
    size_t headings = 0;
    unsigned details = 0;
    survey->rows++;
    bool may_be = may_be_headings(survey, row);
    bool first = examples && survey->rows == 1 && !has_values(row);
    if (examples)
        look_for_repetition(survey, row);
    for (size_t i = 0; i < row->count; i++) {
        struct lb_str cell = row->cells[i];
        if (!cell.len)
            continue;
        if (first)
            cell = without_example(survey, i, cell, row->line);
        lb_err err = note_cell(survey, i, cell, row->line, may_be, &headings);
        if (err)
            return err;
        if (survey->guesses && survey->rows <= LB_IMPORT_HEADING_ROWS)
            details |= 1u << lb_import_detail_of_heading(cell);
    }
    if (!survey->typed_line && (details & EXPORTED) == EXPORTED)
        survey->typed_line = row->line;
    if (headings > 1 && !survey->heading_line)
        survey->heading_line = row->line;
    return LB_OK;
}

static lb_err take_rows(const struct lb_import_source *source, struct lb_import_form form,
                        const struct lb_import_shape *shape,
                        const struct lb_import_options *options, bool examples,
                        struct lb_import_rows *rows, struct lb_import_survey *out)
{
    struct lb_import_row row;
    bool any = true;
    *out = (struct lb_import_survey){.typed = options->typed,
                                     .guesses = options->typed || options->checks};
    randombytes_buf(&out->distinct.seed, sizeof out->distinct.seed);
    lb_err err = lb_import_rows_open(rows, source, form, shape->dialect);
    while (!err && !out->repeated) {
        err = lb_import_rows_next(rows, &row, &any);
        if (err || !any)
            break;
        if (!row.empty && !row.fault && !(shape->sep_line && row.line == 1))
            err = note_row(out, &row, examples);
    }
    lb_import_rows_close(rows);
    return err;
}

lb_err lb_import_survey_take(const struct lb_import_source *source, struct lb_import_form form,
                             const struct lb_import_shape *shape,
                             const struct lb_import_options *options, struct lb_import_rows *rows,
                             struct lb_import_survey *out)
{
    lb_err err = take_rows(source, form, shape, options, shape->table, rows, out);
    if (err || !out->repeated)
        return err;
    lb_import_survey_fini(out);
    return take_rows(source, form, shape, options, false, rows, out);
}

bool lb_import_is_of_senders(const struct lb_import_survey *survey,
                             const struct lb_import_facts *facts, uint64_t most)
{
    uint64_t people = lb_distinct_count(&survey->distinct, &facts->people);
    return facts->people_rows >= SENDERS_ROWS && people * 2 <= facts->people_rows &&
           people * 2 <= most;
}

void lb_import_survey_fini(struct lb_import_survey *survey)
{
    for (size_t i = 0; i < survey->count; i++)
        lb_distinct_set_fini(&survey->columns[i].people);
    free(survey->columns);
    *survey = (struct lb_import_survey){0};
}
