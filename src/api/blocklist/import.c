/* Files of people that are blocked, or unblocked: POST .../blocked-leads/import.
 *
 * The body is spooled (api/upload.h). An importer then reads it: once to judge what it is, once
 * more for its faults when the request is strict, and then its rows, whose people go to the writer
 * batch by batch. After each batch the importer's thread goes on with another workspace's file. */
#include "api/blocklist/file_import.h"
#include "api/handlers.h"

#include "base/utf8.h"

#define CHECKS_MAX 10000 /* in a turn */

/* --- Rows --- */

/* The rule for reasons; `*out_cut`: it was longer. */
static struct lb_str fit_reason(struct lb_str reason, bool *out_cut)
{
    *out_cut = false;
    if (!reason.len)
        return reason;
    const unsigned char *p = (const unsigned char *)reason.ptr;
    const unsigned char *end = p + reason.len;
    size_t len = 0;
    for (size_t n = 0; n < LB_REASON_CHARACTERS_MAX && p + len < end && p[len]; n++) {
        size_t length = lb_utf8_length(p + len, end);
        len += length ? length : 1;
    }
    *out_cut = len < reason.len;
    return (struct lb_str){reason.ptr, len};
}

/* Is the name in the list, or in a check in one that counts? */
static bool is_stored(void *context, const struct lb_identifier *identifier)
{
    const struct lb_file_import *import = context;
    const struct lb_blocklist *blocklist = import->call->app->blocklist;
    struct lb_list list = import->call->list;
    struct lb_str name = {identifier->text, identifier->len};
    lb_rcu_online();
    bool stored = import->upload->action == LB_UPLOAD_CHECK
                      ? lb_blocklist_check(blocklist, list, name).scope != LB_SCOPE_NONE
                      : lb_blocklist_find(blocklist, list, name) != 0;
    lb_rcu_offline();
    return stored;
}

/* The name of a block that is to be taken back: it may be stored in the form that it had before. */
static const struct lb_identifier *stored_name(struct lb_file_import *import,
                                               const struct lb_import_item *item,
                                               struct lb_identifier *before)
{
    bool other = !import->people.blocks && !item->name->plain && !is_stored(import, item->name) &&
                 lb_identifier_before(item->value, item->name, before) && is_stored(import, before);
    return other ? before : item->name;
}

static void take_person(struct lb_file_import *import, const struct lb_import_item *item)
{
    struct lb_identifier before;
    bool cut;
    if (import->upload->action == LB_UPLOAD_CHECK) {
        import->err = lb_import_list_person(import, item);
        import->flushed |= ++import->checked >= CHECKS_MAX;
        return;
    }
    struct lb_str reason = fit_reason(item->reason, &cut);
    if (cut && item->first && import->people.blocks)
        lb_import_notes_warning(&import->notes, item->line,
                                LB_STR("the reason is longer than 500 characters; the rest was "
                                       "left out"));
    if (!reason.len)
        reason = import->upload->reason;
    import->err = lb_people_add(&import->people, stored_name(import, item, &before), reason,
                                &import->flushed, &import->reason);
}

static void take_bad(struct lb_file_import *import, const struct lb_import_item *item)
{
    lb_import_notes_error(&import->notes, item);
    if (import->call->report && !import->surveying && !import->err)
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
        take_person(import, item);
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
    struct lb_import_options options = {.column = import->upload->column,
                                        .reason_column = import->upload->reason_column,
                                        .adds = import->people.blocks,
                                        .is_stored = is_stored,
                                        .context = import};
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
    import->err = lb_people_init(&import->people);
    if (!import->err)
        import->err = lb_upload_finish(import->upload);
    if (!import->err && !judge(import) && import->upload->strict)
        survey(import);
    return import->err;
}

/* A try says what the block would. */
static lb_err check_room(struct lb_file_import *import)
{
    const struct lb_call *call = import->call;
    uint64_t entries = atomic_load_explicit(&call->workspace->entries, memory_order_relaxed);
    if (!import->people.dry_run || !import->people.blocks)
        return LB_OK;
    return lb_blocklist_check_room(call->app->blocklist, entries, import->counts.done,
                                   &import->reason);
}

static void finish(struct lb_file_import *import)
{
    import->err = lb_people_flush(&import->people, &import->reason);
    if (!import->err)
        import->err = lb_people_count(&import->people, &import->counts);
    if (!import->err)
        import->err = check_room(import);
    import->done = true;
}

/* --- Turns --- */

static void end(struct lb_file_import *import)
{
    struct lb_call *call = import->call;
    lb_import_reply(import);
    lb_import_free(import->import);
    lb_import_notes_fini(&import->notes);
    lb_people_fini(&import->people);
    lb_upload_release(call); /* before the answer: the client may send its next file after it */
    lb_request_complete(call->req);
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

enum lb_progress lb_blocked_leads_import(struct lb_call *call)
{
    struct lb_file_import *import = lb_call_alloc(call, sizeof *import);
    if (!import || (lb_import_lists_rows(call) && !lb_import_list_begin(call)))
        return LB_DONE;
    import->call = call;
    import->upload = call->upload;
    import->people.call = call;
    import->people.blocks = call->upload->action == LB_UPLOAD_BLOCK;
    import->people.dry_run = call->dry_run;
    call->state = import;
    return lb_call_import(call, take_turn, cancel);
}
