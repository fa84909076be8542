#include "import/judge.h"

#include "base/utf8.h"

#include <stdio.h>

struct reading {
    struct lb_import *import;
    void *context;
    bool (*each)(void *context, const struct lb_import_item *item);
    bool going;
};

static void give(struct reading *reading, const struct lb_import_item *item)
{
    if (item->kind == LB_IMPORT_WARNING)
        reading->import->counts.warnings++;
    if (reading->each && !reading->each(reading->context, item))
        reading->going = false;
}

static void warn(struct reading *reading, uint64_t line, struct lb_str value, const char *text)
{
    struct lb_import_item item = {
        .kind = LB_IMPORT_WARNING, .line = line, .value = value, .reason = lb_str(text)};
    give(reading, &item);
}

static bool is_ascii(struct lb_str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] & 0x80)
            return false;
    return true;
}

/* What has no mark and is no UTF-8 is read as Windows-1252, which it may not be. */
static void doubt_letters(struct reading *reading, const struct lb_import_item *item,
                          struct lb_str name)
{
    struct lb_import *import = reading->import;
    char text[256];
    if (import->doubted || import->form.encoding != LB_IMPORT_WINDOWS_1252 || is_ascii(item->value))
        return;
    import->doubted = true;
    snprintf(text, sizeof text,
             "the file is no UTF-8, and was read as Windows-1252 (Western Europe): if \"%.*s\" is "
             "not as it should be, save the file as UTF-8 and send it again",
             (int)lb_utf8_cut(name, 80).len, name.ptr);
    warn(reading, item->line, item->value, text);
}

/* Is the last cell of a row one that counts? */
static bool ends_with_name(const struct lb_import *import, const struct lb_import_row *row)
{
    if (!import->options.typed)
        return import->choice.column + 1 == row->count;
    return row->count <= import->typing.count && import->typing.columns[row->count - 1].taken;
}

/* Of a table that was cut off the last address may be, too, and is another person's then. */
static void doubt_end(struct reading *reading, const struct lb_import_row *row, struct lb_str value)
{
    const struct lb_import_shape *shape = &reading->import->shape;
    bool short_of_cells = row->count < shape->width || row->unclosed;
    if (shape->table && row->last && short_of_cells && value.len &&
        ends_with_name(reading->import, row))
        warn(reading, row->line, value,
             "the file ends within this row: if it was cut off, the name may be, too");
}

static void give_people(struct reading *reading, const struct lb_import_row *row,
                        struct lb_import_verdict *verdict)
{
    struct lb_identifier name;
    struct lb_import_item item = {.kind = LB_IMPORT_PERSON,
                                  .line = row->line,
                                  .name = &name,
                                  .first = true,
                                  .cells = row->cells,
                                  .cell_count = row->count};
    item.reason = lb_import_take_reason(&reading->import->choice, row);
    for (; lb_import_take_next(verdict, &name, &item.value); item.first = false) {
        reading->import->counts.found++;
        give(reading, &item);
        doubt_letters(reading, &item, (struct lb_str){name.text, name.len});
    }
}

static void count_row(struct lb_import_counts *counts, enum lb_import_kind kind)
{
    counts->rows++;
    counts->headings += kind == LB_IMPORT_HEADING;
    counts->people += kind == LB_IMPORT_PERSON;
    counts->bad += kind == LB_IMPORT_BAD;
    counts->blank += kind == LB_IMPORT_BLANK;
}

static const char UNCLOSED[] = "a quotation mark is never closed; the row was read as if it were a "
                               "character like any other";

static void give_row(struct reading *reading, const struct lb_import_row *row)
{
    struct lb_import *import = reading->import;
    struct lb_import_verdict verdict;
    lb_import_take(&import->choice, &import->options, row, &verdict);
    count_row(&import->counts, verdict.kind);
    if (row->unclosed)
        warn(reading, row->line, verdict.value, UNCLOSED);
    if (verdict.kind == LB_IMPORT_PERSON) {
        if (verdict.reason[0])
            warn(reading, row->line, verdict.value, verdict.reason);
        doubt_end(reading, row, verdict.value);
        give_people(reading, row, &verdict);
        return;
    }
    struct lb_import_item item = {.kind = verdict.kind,
                                  .line = row->line,
                                  .value = verdict.value,
                                  .reason = lb_str(verdict.reason),
                                  .cells = row->cells,
                                  .cell_count = row->count};
    give(reading, &item);
}

static bool is_of_linkedin(const struct lb_typed_name *name)
{
    return name->type == LB_NAME_LINKEDIN || name->type == LB_NAME_MEMBER_ID;
}

static void give_typed(void *context, struct lb_import_item *item)
{
    struct reading *reading = context;
    reading->import->counts.found++;
    give(reading, item);
    doubt_letters(reading, item, lb_typed_name_str(item->typed));
    if (is_of_linkedin(item->typed) && lb_import_is_shortened(item->value))
        warn(reading, item->line, item->value, lb_import_shortened);
}

/* The same for names of every type; a row's names come before what is said of it. */
static lb_err give_typed_row(struct reading *reading, const struct lb_import_row *row)
{
    struct lb_import *import = reading->import;
    struct lb_import_typed_verdict verdict;
    if (row->unclosed)
        warn(reading, row->line, lb_utf8_cut(row->whole, LB_IMPORT_VALUE_MAX), UNCLOSED);
    lb_err err = lb_import_take_typed(&import->typing, &import->options, row, import->shape.table,
                                      reading, give_typed, &verdict);
    if (err)
        return err;
    count_row(&import->counts, verdict.kind);
    if (verdict.kind == LB_IMPORT_PERSON) {
        if (verdict.reason[0])
            warn(reading, row->line, verdict.value, verdict.reason);
        doubt_end(reading, row, lb_utf8_cut(row->cells[row->count - 1], LB_IMPORT_VALUE_MAX));
        return LB_OK;
    }
    struct lb_import_item item = {.kind = verdict.kind,
                                  .line = row->line,
                                  .value = verdict.value,
                                  .reason = lb_str(verdict.reason),
                                  .cells = row->cells,
                                  .cell_count = row->count};
    give(reading, &item);
    return LB_OK;
}

static lb_err begin(struct reading *reading)
{
    struct lb_import *import = reading->import;
    if (import->reading || import->done)
        return LB_OK;
    import->reading = true;
    for (size_t i = 0; i < import->note_count; i++)
        warn(reading, import->notes[i].line, LB_STR(""), import->notes[i].text);
    return lb_import_rows_open(&import->rows, &import->source, import->form, import->shape.dialect);
}

static void finish(struct lb_import *import)
{
    struct lb_import_counts *counts = &import->counts;
    import->done = true;
    import->reading = false;
    lb_import_rows_close(&import->rows);
    if (counts->rows == counts->headings)
        counts->rows = counts->headings = 0;
}

lb_err lb_import_read(struct lb_import *import, void *context,
                      bool (*each)(void *context, const struct lb_import_item *item),
                      bool *out_done, struct lb_reason *reason)
{
    struct reading reading = {.import = import, .context = context, .each = each, .going = true};
    struct lb_import_row row;
    bool any = true;
    lb_err err = begin(&reading);
    while (!err && reading.going && !import->done) {
        err = lb_import_rows_next(&import->rows, &row, &any);
        if (!err && !any)
            finish(import);
        else if (!err && !row.empty && import->options.typed)
            err = give_typed_row(&reading, &row);
        else if (!err && !row.empty)
            give_row(&reading, &row);
    }
    *out_done = import->done;
    if (err)
        return lb_fail(reason, err,
                       err == LB_ERR_OVERLOADED ? "out of memory" : "the file cannot be read");
    return LB_OK;
}

const struct lb_import_counts *lb_import_counts(const struct lb_import *import)
{
    return &import->counts;
}

void lb_import_rewind(struct lb_import *import)
{
    if (import->reading)
        lb_import_rows_close(&import->rows);
    import->reading = import->done = import->doubted = false;
    import->counts = (struct lb_import_counts){0};
}
