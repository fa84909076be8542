/* Reads a file that was sent, in turns of an importer's thread.
 *
 * The body is spooled (api/upload.h). An importer then reads it: once to judge what it is, once
 * more for its faults when the request is strict, and then its rows, whose people go to the writer
 * batch by batch. After each batch the importer's thread goes on with another workspace's file. */
#include "api/blocklist/file_import.h"

#include "api/country.h"

/* --- Rows --- */

static void take_bad(struct lb_file_import *import, const struct lb_import_item *item)
{
    lb_import_notes_error(&import->notes, item);
    if (import->call->csv_answer && !import->surveying && !import->err)
        import->err = lb_import_list_bad(import, item);
}

/* A turn ends with the row that filled a batch, or that could not be recorded. */
static bool take_item(void *context, const struct lb_import_item *item)
{
    struct lb_file_import *import = context;
    if (item->kind == LB_IMPORT_BAD || item->kind == LB_IMPORT_BLANK)
        take_bad(import, item);
    else if (item->kind == LB_IMPORT_WARNING)
        lb_import_notes_warning(&import->notes, item->line, item->reason);
    else if (item->kind == LB_IMPORT_PERSON && !import->surveying && !import->err)
        import->purpose->take(import, item);
    return !import->flushed && !import->err;
}

/* --- The file --- */

/* What src/import says about a file is no sentence yet. */
static void say(struct lb_file_import *import, const struct lb_reason *reason)
{
    char first = reason->text[0];
    if (first >= 'a' && first <= 'z')
        first = (char)(first - 'a' + 'A');
    if (first)
        lb_fail(&import->reason, import->err, "%c%s.", first, reason->text + 1);
}

static lb_err judge(struct lb_file_import *import)
{
    struct lb_import_source source = lb_upload_source(import->upload);
    struct lb_import_options options = import->purpose->options;
    options.column = import->upload->column;
    options.reason_column = import->upload->reason_column;
    options.adds = import->adds;
    options.checks = import->upload->action == LB_UPLOAD_CHECK;
    options.columns = import->upload->columns;
    options.type = import->upload->type;
    options.country = lb_country_meant(import->call, import->upload->country);
    options.force = import->upload->force;
    options.context = import;
    struct lb_reason reason = {0};
    import->err = lb_import_judge(&source, &options, &import->import, &reason);
    if (import->err)
        say(import, &reason);
    return import->err;
}

static void read_rows(struct lb_file_import *import, bool *out_done)
{
    struct lb_reason reason = {0};
    lb_err err = lb_import_read(import->import, import, take_item, out_done, &reason);
    if (!err || import->err)
        return;
    import->err = err;
    say(import, &reason);
}

/* A strict request records nothing when any row is bad. */
static void survey(struct lb_file_import *import)
{
    bool done;
    import->surveying = true;
    read_rows(import, &done);
    import->surveying = false;
    if (import->err)
        return;
    if (import->notes.error_count) {
        import->err = LB_ERR_INVALID_IDENTIFIER;
        return;
    }
    lb_import_notes_clear(&import->notes);
    lb_import_rewind(import->import);
}

static lb_err begin(struct lb_file_import *import)
{
    const struct lb_import_purpose *purpose = import->purpose;
    import->err = purpose->begin(import);
    if (!import->err)
        import->err = lb_upload_finish(import->upload);
    if (!import->err && !judge(import) && import->upload->strict)
        survey(import);
    if (!import->err && purpose->judged)
        import->err = purpose->judged(import);
    return import->err;
}

/* --- Turns --- */

static void end(struct lb_file_import *import)
{
    struct lb_call *call = import->call;
    lb_import_reply(import);
    lb_import_free(import->import);
    lb_import_notes_fini(&import->notes);
    import->purpose->fini(import);
    lb_upload_release(call); /* before the answer: the client may send its next file after it */
    lb_request_complete(call->req);
}

static void finish(struct lb_file_import *import)
{
    import->err = import->purpose->finish(import);
    import->done = true;
}

static enum lb_turn take_turn(struct lb_call *call, struct lb_store_reader *reader)
{
    struct lb_file_import *import = call->state;
    bool read = false;
    lb_rcu_offline();
    import->flushed = false;
    import->reader = reader;
    import->checked = 0;
    if (import->import || !begin(import))
        read_rows(import, &read);
    if (!import->err && read)
        finish(import);
    if (import->err && import->import && import->purpose->broke_off)
        import->purpose->broke_off(import);
    lb_rcu_online();
    if (!import->err && !import->done)
        return LB_TURN_MORE;
    end(import);
    return LB_TURN_LAST;
}

static void cancel(struct lb_call *call)
{
    struct lb_file_import *import = call->state;
    import->err = LB_ERR_STORAGE_UNAVAILABLE;
    end(import);
}

enum lb_progress lb_file_import_begin(struct lb_call *call, struct lb_file_import *import,
                                      const struct lb_import_purpose *purpose)
{
    if (lb_import_lists_rows(call) && !lb_import_list_begin(call))
        return LB_DONE;
    import->call = call;
    import->purpose = purpose;
    import->upload = call->upload;
    import->dry_run = call->dry_run;
    call->state = import;
    return lb_call_import(call, take_turn, cancel);
}
