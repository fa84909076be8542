#include "support/imports.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static ssize_t read_bytes(void *context, uint64_t offset, void *out, size_t size)
{
    struct import_bytes *source = context;
    if (source->fail_after && --source->fail_after == 0) {
        errno = EIO;
        return -1;
    }
    if (offset >= source->bytes.len)
        return 0;
    size_t left = source->bytes.len - (size_t)offset;
    size_t n = size < left ? size : left;
    if (source->piece && n > source->piece)
        n = source->piece;
    memcpy(out, source->bytes.ptr + offset, n);
    return (ssize_t)n;
}

struct lb_import_source import_source(struct import_bytes *bytes)
{
    return (struct lb_import_source){
        .context = bytes, .read = read_bytes, .piece_bytes = bytes->piece};
}

/* What is seen while the items come. */
struct watch {
    struct import_result *result;
    struct lb_import_counts counts;
    uint64_t last_line; /* of a row */
};

static bool has_name(const struct lb_buf *names, const char *name, size_t len)
{
    for (size_t at = 0; at < names->len;) {
        const char *end = memchr(names->ptr + at, '\n', names->len - at);
        size_t n = (size_t)(end - (names->ptr + at));
        if (n == len && memcmp(names->ptr + at, name, len) == 0)
            return true;
        at += n + 1;
    }
    return false;
}

static struct lb_str name_of(const struct lb_import_item *item)
{
    return item->typed ? lb_typed_name_str(item->typed)
                       : (struct lb_str){item->name->text, item->name->len};
}

static void watch_person(struct watch *watch, const struct lb_import_item *item)
{
    struct import_result *result = watch->result;
    struct lb_identifier again;
    struct lb_str name = name_of(item);
    if (!item->typed && (lb_identifier_normalise(name, &again) != NULL || again.len != name.len ||
                         memcmp(again.text, name.ptr, name.len) != 0))
        result->fault = "a name that is not canonical";
    watch->counts.found++;
    if (result->name_count < 100 && !has_name(&result->names, name.ptr, name.len)) {
        lb_buf_append_str(&result->names, name);
        lb_buf_append_lit(&result->names, "\n");
    }
    result->name_count++;
}

static void watch_row(struct watch *watch, const struct lb_import_item *item)
{
    if (item->line <= watch->last_line)
        watch->result->fault = "a row that is in two counts";
    watch->last_line = item->line;
    watch->counts.rows++;
    watch->counts.people += item->kind == LB_IMPORT_PERSON;
    watch->counts.bad += item->kind == LB_IMPORT_BAD;
    watch->counts.blank += item->kind == LB_IMPORT_BLANK;
    watch->counts.headings += item->kind == LB_IMPORT_HEADING;
    if ((item->kind == LB_IMPORT_BAD || item->kind == LB_IMPORT_BLANK) && item->reason.len == 0)
        watch->result->fault = "a row that was not taken, without a reason";
}

static bool watch_item(void *context, const struct lb_import_item *item)
{
    static const char *const kinds[] = {"person", "bad", "blank", "heading", "warning"};
    struct watch *watch = context;
    if (item->kind == LB_IMPORT_PERSON)
        watch_person(watch, item);
    if (item->kind == LB_IMPORT_WARNING)
        watch->counts.warnings++;
    else if (item->kind != LB_IMPORT_PERSON || item->first)
        watch_row(watch, item);
    else if (item->line != watch->last_line)
        watch->result->fault = "a further person of another row";
    lb_buf_printf(&watch->result->log, "%s %llu: ", kinds[item->kind],
                  (unsigned long long)item->line);
    lb_buf_append_str(&watch->result->log, item->value);
    if (item->kind == LB_IMPORT_PERSON)
        lb_buf_printf(&watch->result->log, " = %s", name_of(item).ptr);
    lb_buf_append_lit(&watch->result->log, " (");
    lb_buf_append_str(&watch->result->log, item->reason);
    lb_buf_append_lit(&watch->result->log, ")\n");
    return true;
}

void import_run(const struct lb_import_source *source, const struct lb_import_options *options,
                struct import_result *out)
{
    struct lb_import_options adding = {.adds = true};
    struct watch watch = {.result = out};
    bool done = false;
    *out = (struct import_result){0};
    out->err = lb_import_judge(source, options ? options : &adding, &out->import, &out->reason);
    if (out->err)
        return;
    out->err = lb_import_read(out->import, &watch, watch_item, &done, &out->reason);
    out->counts = *lb_import_counts(out->import);
    if (out->err)
        return;
    if (!done)
        out->fault = "not read to its end";
    if (watch.counts.rows == watch.counts.headings)
        watch.counts.rows = watch.counts.headings = 0;
    if (memcmp(&watch.counts, &out->counts, sizeof watch.counts) != 0)
        out->fault = "counts that are not those of the rows";
    const struct lb_import_counts *counts = &out->counts;
    if (counts->rows != counts->headings + counts->people + counts->bad + counts->blank)
        out->fault = "counts that do not add up";
    if (counts->found < counts->people)
        out->fault = "rows of people without people";
}

void import_result_fini(struct import_result *result)
{
    lb_import_free(result->import);
    lb_buf_fini(&result->names);
    lb_buf_fini(&result->log);
}
