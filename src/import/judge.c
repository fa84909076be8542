#include "import/judge.h"

#include "import/file.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static __attribute__((format(printf, 3, 4))) void add_note(struct lb_import *import, uint64_t line,
                                                           const char *format, ...)
{
    va_list arguments;
    if (import->note_count == LB_IMPORT_NOTES_MAX)
        return;
    struct lb_import_note *note = &import->notes[import->note_count++];
    note->line = line;
    va_start(arguments, format);
    vsnprintf(note->text, sizeof note->text, format, arguments);
    va_end(arguments);
}

static void note_status(struct lb_import *import, uint64_t line, size_t index, const char *name)
{
    add_note(import, line,
             "column %zu%s%s%s looks like a status; the rows were taken whatever it says",
             index + 1, *name ? " (" : "", name, *name ? ")" : "");
}

/* What a person should know about columns that were not taken. */
static void note_column(struct lb_import *import, size_t index)
{
    const struct lb_import_facts *facts = &import->survey.columns[index];
    const struct lb_import_facts *taken = &import->survey.columns[import->choice.column];
    uint64_t line = import->choice.heading_line;
    const struct lb_import_label *label = lb_import_label_at(facts, line);
    const char *name = label ? label->text : "";
    enum lb_import_heading heading = lb_import_heading(lb_str(name));
    if (heading == LB_HEADING_STATUS || facts->statuses * 2 > facts->looked_at)
        note_status(import, line, index, name);
    if (facts->people_rows && heading != LB_HEADING_OTHER && heading != LB_HEADING_REASON &&
        lb_import_name_kind_of(facts) <= lb_import_name_kind_of(taken))
        add_note(import, line,
                 "column %zu%s%s%s has addresses of profiles, too; they were not taken", index + 1,
                 *name ? " (" : "", name, *name ? ")" : "");
}

/* A list that begins with names and goes on with addresses. */
static void note_lost_names(struct lb_import *import)
{
    const struct lb_import_facts *facts = &import->survey.columns[0];
    struct lb_identifier name;
    for (size_t i = 0; i < LB_IMPORT_KEPT && facts->kept[i].line; i++) {
        const struct lb_import_label *line = &facts->kept[i];
        if (line->line <= import->choice.heading_line &&
            !lb_import_is_heading(lb_str(line->text)) &&
            lb_identifier_normalise(lb_str(line->text), &name) == NULL)
            add_note(import, line->line,
                     "\"%s\" is above the first address, and was taken as a heading; in a text "
                     "with addresses, names alone do not count",
                     line->text);
    }
}

/* The only column with people, though its heading says that they are owners or the like. */
static void note_others_taken(struct lb_import *import)
{
    const struct lb_import_choice *choice = &import->choice;
    const char *name = choice->name ? choice->name->text : "";
    if (choice->table && !import->options.column.len &&
        lb_import_heading(lb_str(name)) == LB_HEADING_OTHER)
        add_note(import, choice->heading_line,
                 "column %zu (%s) was taken, as no other column has profiles: are they the people, "
                 "and not their owners, companies or the like?",
                 choice->column + 1, name);
}

/* An address in a heading is no one's of the rows. */
static void note_example(struct lb_import *import)
{
    const struct lb_import_label *example = &import->survey.example;
    if (example->line && example->line <= import->findings.heading_line)
        add_note(import, example->line,
                 "%s is in a heading, and was left out as an example; if it is a person's, send it "
                 "by itself",
                 example->text);
}

/* A column was asked for whose heading says that its words are no names of LinkedIn's. */
static void note_other_names(struct lb_import *import)
{
    const struct lb_import_choice *choice = &import->choice;
    if (import->options.column.len && choice->takes == LB_TAKES_NAMES && choice->name &&
        lb_import_means_other_names(lb_str(choice->name->text)))
        add_note(import, choice->heading_line,
                 "column %zu (%s) was asked for, and what is in it was taken for names of "
                 "LinkedIn's: by its heading it has others",
                 choice->column + 1, choice->name->text);
}

static void take_notes(struct lb_import *import)
{
    note_example(import);
    note_other_names(import);
    note_others_taken(import);
    if (!import->choice.table && import->choice.takes == LB_TAKES_ADDRESSES)
        note_lost_names(import);
    for (size_t i = 0; import->choice.table && i < import->survey.count; i++)
        if (i != import->choice.column)
            note_column(import, i);
}

/* Addresses below a heading that says that they are of others, such as an owner. */
static void note_other_people(struct lb_import *import, size_t index, const char *name)
{
    const struct lb_import_facts *facts = &import->survey.columns[index];
    bool emails = facts->guesses[LB_TYPE_EMAIL] * 2 > facts->filled;
    if (emails || facts->people_rows * 2 > facts->filled)
        add_note(import, import->typing.heading_line,
                 "column %zu (%s) was left out: by its heading its addresses are not those of the "
                 "rows' people; if they are, give columns=%zu:%s",
                 index + 1, name, index + 1,
                 lb_import_type_word(emails ? LB_TYPE_EMAIL : LB_TYPE_PERSON));
}

/* A column with names that is not taken, though the request does not say which are. */
static void note_left_out(struct lb_import *import, size_t index, const char *name)
{
    const struct lb_import_typing *typing = &import->typing;
    enum lb_import_type type = typing->columns[index].type;
    if (typing->columns[index].of_senders)
        add_note(import, typing->heading_line,
                 "column %zu was left out: it names few people again and again, as one of senders "
                 "does. To take it, too, name all columns, such as columns=1:%s,2:%s",
                 index + 1, lb_import_type_word(type), lb_import_type_word(type));
    else if (type)
        add_note(import, typing->heading_line,
                 "column %zu (%s) was left out: %s name the columns, such as columns=%zu:%s",
                 index + 1, name,
                 typing->people ? "in a list of people it says where they work. To take it, too,"
                                : "beside people, companies are unblocked only when asked for;",
                 index + 1, lb_import_type_word(type));
    else if (lb_import_heading(lb_str(name)) == LB_HEADING_IDENTIFIER)
        add_note(import, typing->heading_line,
                 "column %zu (%s) was left out: it does not say that its names are LinkedIn's; if "
                 "they are, give columns=%zu:publicIdentifier",
                 index + 1, name, index + 1);
    else
        note_other_people(import, index, name);
}

/* Columns that may surprise by being left out, or by not being looked at. */
static void take_typed_notes(struct lb_import *import)
{
    const struct lb_import_typing *typing = &import->typing;
    note_example(import);
    bool chosen = typing->types || import->options.columns.len || import->options.type;
    for (size_t i = 0; i < typing->count; i++) {
        const struct lb_import_typed_column *column = &typing->columns[i];
        const struct lb_import_facts *facts = &import->survey.columns[i];
        const char *name = column->name ? column->name->text : "";
        bool status = lb_import_heading(lb_str(name)) == LB_HEADING_STATUS ||
                      facts->statuses * 2 > facts->looked_at;
        if (status && !column->taken)
            note_status(import, typing->heading_line, i, name);
        else if (!column->taken && !chosen)
            note_left_out(import, i, name);
    }
}

static lb_err choose_types(struct lb_import *import, struct lb_reason *reason)
{
    const struct lb_import_typing *typing = &import->typing;
    lb_err err = lb_import_types_choose(&import->survey, import->shape.table, &import->options,
                                        &import->typing, reason);
    if (import->shape.sep_line && !typing->heading_line)
        import->typing.heading_line = 1;
    import->findings = (struct lb_import_findings){
        .encoding = import->form.encoding,
        .table = import->shape.table,
        .delimiter = import->shape.dialect.delimiter,
        .name = LB_STR(""),
        .reason_column = typing->reasons,
        .reason_name = typing->reasons_name ? lb_str(typing->reasons_name->text) : LB_STR(""),
        .heading_line = typing->heading_line,
        .types_by_row = typing->types > 0};
    if (!err && import->shape.table)
        take_typed_notes(import);
    return err;
}

static void set_findings(struct lb_import *import)
{
    const struct lb_import_choice *choice = &import->choice;
    struct lb_import_findings *out = &import->findings;
    *out =
        (struct lb_import_findings){.encoding = import->form.encoding,
                                    .table = choice->table,
                                    .delimiter = import->shape.dialect.delimiter,
                                    .column = choice->table ? choice->column + 1 : 0,
                                    .name = choice->name ? lb_str(choice->name->text) : LB_STR(""),
                                    .reason_column = choice->has_reasons ? choice->reasons + 1 : 0,
                                    .reason_name = choice->has_reasons && choice->reasons_name
                                                       ? lb_str(choice->reasons_name->text)
                                                       : LB_STR(""),
                                    .heading_line = choice->heading_line};
}

/* Rows of addresses alone, side by side, are a list that was typed in lines, not a table in which
 * one column counts. */
static bool is_list_of_addresses(const struct lb_import *import)
{
    const struct lb_import_survey *survey = &import->survey;
    size_t columns = 0;
    uint64_t most = 0;
    if (!import->shape.table || import->shape.sep_line || import->options.column.len ||
        import->options.typed)
        return false;
    for (size_t i = 0; i < survey->count; i++) {
        const struct lb_import_facts *facts = &survey->columns[i];
        uint64_t people = lb_distinct_count(&survey->distinct, &facts->people);
        if (facts->people_rows != facts->filled)
            return false;
        most = people > most ? people : most;
        columns += facts->filled > 0;
    }
    for (size_t i = 0; i < survey->count; i++)
        if (lb_import_is_of_senders(survey, &survey->columns[i], most))
            return false;
    return columns > 1;
}

static lb_err survey(struct lb_import *import)
{
    lb_err err = lb_import_survey_take(&import->source, import->form, &import->shape,
                                       &import->options, &import->rows, &import->survey);
    if (err || !is_list_of_addresses(import))
        return err;
    import->shape = (struct lb_import_shape){.any = true};
    lb_import_survey_fini(&import->survey);
    return lb_import_survey_take(&import->source, import->form, &import->shape, &import->options,
                                 &import->rows, &import->survey);
}

/* What a check of LinkedIn names alone leaves out: the columns that one of every type takes. */
static lb_err find_left_out(struct lb_import *import, struct lb_reason *reason)
{
    const struct lb_import_options options = {.typed = true, .checks = true};
    struct lb_reason none;
    if (!import->options.checks || !import->choice.table)
        return LB_OK;
    lb_err err = lb_import_types_choose(&import->survey, true, &options, &import->typing, &none);
    return err == LB_ERR_OVERLOADED ? lb_fail(reason, err, "out of memory") : LB_OK;
}

static lb_err judge(struct lb_import *import, struct lb_reason *reason)
{
    const struct lb_import_source *source = &import->source;
    lb_err err = lb_import_file_judge(source, &import->form, reason);
    if (err)
        return err;
    err = lb_import_table_judge(source, import->form, import->options.column, &import->rows,
                                &import->shape);
    if (!err && import->shape.too_wide)
        return lb_fail(reason, LB_ERR_UNSUPPORTED_FILE,
                       "the file is a table of more than %d columns; export it again with the "
                       "columns that matter alone",
                       LB_IMPORT_CELLS_MAX);
    if (!err && !import->shape.any)
        return lb_fail(reason, LB_ERR_EMPTY_FILE, "there is nothing in the file");
    if (!err)
        err = survey(import);
    if (err)
        return lb_fail(reason, err,
                       err == LB_ERR_OVERLOADED ? "out of memory" : "the file cannot be read");
    if (import->options.typed)
        return choose_types(import, reason);
    err = lb_import_choose(&import->survey, &import->shape, &import->options, &import->choice,
                           reason);
    set_findings(import);
    if (err)
        return err;
    take_notes(import);
    return find_left_out(import, reason);
}

lb_err lb_import_judge(const struct lb_import_source *source,
                       const struct lb_import_options *options, struct lb_import **out,
                       struct lb_reason *reason)
{
    struct lb_import *import = calloc(1, sizeof *import);
    *out = NULL;
    if (!import)
        return lb_fail(reason, LB_ERR_OVERLOADED, "out of memory");
    import->source = *source;
    import->options = *options;
    lb_err err = judge(import, reason);
    import->refused = err == LB_ERR_COLUMN_UNKNOWN;
    if (err && err != LB_ERR_COLUMN_UNKNOWN)
        lb_import_free(import);
    else
        *out = import;
    return err;
}

void lb_import_free(struct lb_import *import)
{
    if (!import)
        return;
    if (import->reading)
        lb_import_rows_close(&import->rows);
    lb_import_survey_fini(&import->survey);
    lb_import_typing_fini(&import->typing);
    free(import);
}

const struct lb_import_findings *lb_import_findings(const struct lb_import *import)
{
    return &import->findings;
}

size_t lb_import_column_count(const struct lb_import *import)
{
    return import->survey.count;
}

struct lb_import_column lb_import_column(const struct lb_import *import, size_t index)
{
    const struct lb_import_facts *facts = &import->survey.columns[index];
    const struct lb_import_label *label = lb_import_label_of(&import->survey, facts);
    struct lb_import_column column = {.number = index + 1, .name = LB_STR("")};
    if (import->options.typed && index < import->typing.count) {
        const struct lb_import_typed_column *typed = &import->typing.columns[index];
        label = typed->name;
        column.type = typed->type;
        column.taken = typed->taken;
    } else if (index < import->typing.count) {
        bool chosen = index == import->choice.column;
        column.type = chosen                                ? LB_TYPE_PERSON
                      : import->typing.columns[index].taken ? import->typing.columns[index].type
                                                            : LB_TYPE_NONE;
        column.taken = chosen;
    } else if (!label && facts->kept[0].line && facts->filled > 1 && !facts->address_line)
        label = &facts->kept[0];
    if (label)
        column.name = lb_str(label->text);
    if (import->refused && !column.type && facts->people_rows * 2 > facts->filled)
        column.type = LB_TYPE_PERSON; /* which may be chosen */
    for (size_t i = 0; i < LB_IMPORT_KEPT && facts->kept[i].line; i++)
        if ((!label || facts->kept[i].line > label->line) &&
            column.sample_count < LB_IMPORT_SAMPLES)
            column.samples[column.sample_count++] = lb_str(facts->kept[i].text);
    return column;
}

struct lb_str lb_import_heading_of(const struct lb_import *import, size_t index)
{
    const struct lb_import_facts *facts = &import->survey.columns[index];
    const struct lb_import_label *label = lb_import_label_at(facts, import->findings.heading_line);
    return label ? lb_str(label->text) : LB_STR("");
}

size_t lb_import_held_bytes(const struct lb_import *import)
{
    return sizeof *import + import->survey.capacity * sizeof *import->survey.columns +
           import->survey.distinct.bytes + import->rows.text.capacity +
           import->rows.scratch_capacity;
}
