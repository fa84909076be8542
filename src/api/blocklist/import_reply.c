/* The answers of imports, and what they list. */
#include "api/blocklist/file_import.h"

#include "api/csv_answer.h"
#include "json/encode.h"

#define SHOWN_MAX 100 /* of errors, and of warnings */

/* --- Notes --- */

static void put_line(struct lb_buf *out, uint64_t line)
{
    lb_buf_append_str(out, out->len ? LB_STR(",{\"line\":") : LB_STR("{\"line\":"));
    lb_buf_append_u64(out, line);
}

static void put_reason(struct lb_buf *out, struct lb_str reason)
{
    lb_buf_append_lit(out, ",\"reason\":");
    lb_json_put_string(out, reason);
    lb_buf_append_lit(out, "}");
}

void lb_import_notes_error(struct lb_import_notes *notes, const struct lb_import_item *item)
{
    if (notes->error_count++ >= SHOWN_MAX)
        return;
    put_line(&notes->errors, item->line);
    lb_buf_append_lit(&notes->errors, ",\"value\":");
    lb_json_put_string(&notes->errors, item->value);
    put_reason(&notes->errors, item->reason);
}

void lb_import_notes_warning(struct lb_import_notes *notes, uint64_t line, struct lb_str reason)
{
    if (notes->warning_count++ >= SHOWN_MAX)
        return;
    put_line(&notes->warnings, line);
    put_reason(&notes->warnings, reason);
}

void lb_import_notes_clear(struct lb_import_notes *notes)
{
    lb_import_notes_fini(notes);
    *notes = (struct lb_import_notes){0};
}

void lb_import_notes_fini(struct lb_import_notes *notes)
{
    lb_buf_fini(&notes->errors);
    lb_buf_fini(&notes->warnings);
}

static void put_array(struct lb_buf *body, const char *name, const struct lb_buf *items)
{
    lb_buf_printf(body, ",\"%s\":[", name);
    lb_buf_append_str(body, lb_buf_str(items));
    lb_buf_append_lit(body, "]");
    body->failed |= items->failed;
}

/* --- Columns --- */

static void put_column(struct lb_buf *body, size_t number, struct lb_str name)
{
    if (!number) { /* running text has no columns */
        lb_buf_append_lit(body, "null");
        return;
    }
    lb_buf_printf(body, "{\"number\":%zu,\"name\":", number);
    lb_json_put_string_or_null(body, name.len ? name : (struct lb_str){0});
    lb_buf_append_lit(body, "}");
}

static void put_type(struct lb_buf *body, const struct lb_import_column *column)
{
    if (column->type)
        lb_buf_printf(body, ",\"type\":\"%s\"", lb_import_type_word(column->type));
}

/* All columns with a few values of each, to choose from. */
static void put_columns(struct lb_buf *body, const struct lb_import *import)
{
    lb_buf_append_lit(body, ",\"columns\":[");
    for (size_t i = 0; i < lb_import_column_count(import); i++) {
        struct lb_import_column column = lb_import_column(import, i);
        if (i)
            lb_buf_append_lit(body, ",");
        put_column(body, column.number, column.name);
        body->len -= !body->failed; /* reopen the object */
        put_type(body, &column);
        lb_buf_append_lit(body, ",\"sample\":[");
        for (size_t j = 0; j < column.sample_count; j++) {
            if (j)
                lb_buf_append_lit(body, ",");
            lb_json_put_string(body, column.samples[j]);
        }
        lb_buf_append_lit(body, "]}");
    }
    lb_buf_append_lit(body, "]");
}

void lb_import_put_taken(struct lb_buf *body, const struct lb_import *import)
{
    bool any = false;
    bool table = lb_import_findings(import)->table;
    lb_buf_append_lit(body, ",\"taken\":[");
    for (size_t i = 0; table && i < lb_import_column_count(import); i++) {
        struct lb_import_column column = lb_import_column(import, i);
        if (!column.taken)
            continue;
        lb_buf_append_str(body, any ? LB_STR(",") : LB_STR(""));
        put_column(body, column.number, column.name);
        body->len -= !body->failed; /* reopen the object */
        lb_buf_append_lit(body, ",\"type\":");
        lb_json_put_string_or_null(body, column.type ? lb_str(lb_import_type_word(column.type))
                                                     : (struct lb_str){0});
        lb_buf_append_lit(body, "}");
        any = true;
    }
    lb_buf_append_lit(body, "]");
}

static void put_findings(struct lb_buf *body, const struct lb_file_import *import)
{
    const struct lb_import_findings *findings = lb_import_findings(import->import);
    lb_buf_append_lit(body, ",\"column\":");
    put_column(body, findings->column, findings->name);
    if (import->purpose->has_reasons) {
        lb_buf_append_lit(body, ",\"reasonColumn\":");
        put_column(body, findings->reason_column, findings->reason_name);
    }
    lb_buf_printf(
        body, ",\"encoding\":\"%s\",\"delimiter\":", lb_import_encoding_name(findings->encoding));
    lb_json_put_string_or_null(body, findings->table ? (struct lb_str){&findings->delimiter, 1}
                                                     : (struct lb_str){0});
}

/* --- Answers --- */

void lb_import_put_amount(struct lb_buf *body, uint64_t count, const char *what)
{
    if (count)
        lb_buf_printf(body, ", %llu %s", (unsigned long long)count, what);
}

static void put_message(struct lb_buf *body, const struct lb_file_import *import)
{
    const struct lb_import_counts *rows = lb_import_counts(import->import);
    lb_buf_append_lit(body, "{\"success\":true,\"message\":\"");
    import->purpose->put_message(body, import);
    lb_import_put_amount(body, rows->bad, rows->bad == 1 ? "row bad" : "rows bad");
    lb_import_put_amount(body, rows->blank, rows->blank == 1 ? "row blank" : "rows blank");
    lb_buf_append_lit(body, "\"");
}

static void put_rows(struct lb_buf *body, const struct lb_file_import *import)
{
    const struct lb_import_counts *rows = lb_import_counts(import->import);
    lb_buf_printf(body,
                  ",\"rows\":%llu,\"headings\":%llu,\"people\":%llu,\"bad\":%llu,\"blank\":%llu",
                  (unsigned long long)rows->rows, (unsigned long long)rows->headings,
                  (unsigned long long)rows->people, (unsigned long long)rows->bad,
                  (unsigned long long)rows->blank);
}

static void put_id(struct lb_buf *body, const struct lb_file_import *import)
{
    lb_buf_append_lit(body, ",\"importId\":");
    lb_json_put_string_or_null(body, import->upload->import_id);
}

static void reply_done(struct lb_file_import *import)
{
    struct lb_buf *body = lb_reply_json(&import->call->req->reply, 200);
    put_message(body, import);
    import->purpose->put_people(body, import);
    put_rows(body, import);
    put_id(body, import);
    put_findings(body, import);
    put_array(body, "errors", &import->notes.errors);
    put_array(body, "warnings", &import->notes.warnings);
    lb_buf_printf(body, ",\"warningCount\":%llu", (unsigned long long)import->notes.warning_count);
    if (import->dry_run) {
        lb_buf_append_lit(body, ",\"dryRun\":true");
        put_columns(body, import->import);
    }
    import->purpose->put_more(body, import);
    lb_buf_append_lit(body, "}");
}

/* The body of the error that was set, open for more members. */
static struct lb_buf *reopen(struct lb_file_import *import)
{
    struct lb_buf *body = &import->call->req->reply.body;
    body->len -= !body->failed;
    return body;
}

static void reply_strict(struct lb_file_import *import)
{
    uint64_t count = import->notes.error_count;
    lb_reply_error(&import->call->req->reply, LB_ERR_INVALID_IDENTIFIER,
                   "%llu row%s bad or blank (see \"errors\"); nothing was recorded.",
                   (unsigned long long)count, count == 1 ? " is" : "s are");
    struct lb_buf *body = reopen(import);
    put_rows(body, import);
    put_array(body, "errors", &import->notes.errors);
    lb_buf_printf(body, ",\"errorCount\":%llu}", (unsigned long long)count);
}

static void reply_column_unknown(struct lb_file_import *import)
{
    lb_call_refuse(import->call, LB_ERR_COLUMN_UNKNOWN, &import->reason);
    struct lb_buf *body = reopen(import);
    put_columns(body, import->import);
    lb_buf_append_lit(body, "}");
}

static const char *why(const struct lb_file_import *import)
{
    if (import->reason.text[0])
        return import->reason.text;
    switch (import->err) {
    case LB_ERR_STORAGE_FULL:
        return "The server's disk is full.";
    case LB_ERR_OVERLOADED:
    case LB_ERR_WORKSPACE_OVERLOADED:
        return "The server is busy.";
    default:
        return "The storage is not available.";
    }
}

/* What was recorded stays. */
static void reply_broken_off(struct lb_file_import *import)
{
    lb_reply_error(&import->call->req->reply, import->err,
                   "%s The import broke off: what was recorded before that stays. Send the same "
                   "file again to go on.",
                   why(import));
    struct lb_buf *body = reopen(import);
    put_id(body, import);
    import->purpose->put_people(body, import);
    lb_buf_append_lit(body, "}");
}

static void reply_error(struct lb_file_import *import)
{
    if (import->err == LB_ERR_STORAGE_UNAVAILABLE && atomic_load(&import->call->app->hurrying))
        lb_fail(&import->reason, import->err, "The server is stopping.");
    if (import->err == LB_ERR_COLUMN_UNKNOWN)
        reply_column_unknown(import);
    else if (import->err == LB_ERR_INVALID_IDENTIFIER)
        reply_strict(import);
    else if (import->purpose->has_recorded(import) && !import->dry_run)
        reply_broken_off(import);
    else
        lb_call_refuse(import->call, import->err, &import->reason);
}

void lb_import_reply(struct lb_file_import *import)
{
    struct lb_call *call = import->call;
    if (!import->err && call->csv_answer)
        import->err = lb_csv_answer_reply(call);
    if (!import->err && import->upload->action == LB_UPLOAD_CHECK)
        lb_import_list_columns(import);
    if (!import->err && !call->csv_answer)
        reply_done(import);
    if (!import->err)
        return;
    lb_csv_answer_release(call);
    reply_error(import);
}
