/* Files of people that are blocked, or unblocked, or checked: POST .../blocked-leads/import. */
#include "api/blocklist/file_import.h"
#include "api/handlers.h"
#include "api/ids.h"

#include "base/utf8.h"

#define CHECKS_MAX 10000 /* in a turn */

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
    if (import->upload->action == LB_UPLOAD_CHECK) {
        import->err = lb_import_list_person(import, item);
        import->flushed |= ++import->checked >= CHECKS_MAX;
        return;
    }
    struct lb_str reason = lb_utf8_first(item->reason, LB_REASON_CHARACTERS_MAX);
    if (reason.len < item->reason.len && item->first && import->people.blocks)
        lb_import_notes_warning(&import->notes, item->line,
                                LB_STR("the reason is longer than 500 characters; the rest was "
                                       "left out"));
    if (!reason.len)
        reason = import->upload->reason;
    import->err = lb_people_add(&import->people, stored_name(import, item, &before), reason,
                                &import->flushed, &import->reason);
}

static lb_err begin(struct lb_file_import *import)
{
    if (!import->dry_run && import->upload->action != LB_UPLOAD_CHECK)
        lb_imports_begin(&import->people.run, import->call->workspace);
    return lb_people_init(&import->people);
}

/* What the list of imports says of it. */
static lb_err judged(struct lb_file_import *import)
{
    const struct lb_import_findings *findings = lb_import_findings(import->import);
    struct lb_import_row *row = &import->people.run.row;
    lb_str_copy(import->upload->import_id, row->id, sizeof row->id);
    row->list = import->call->list;
    row->unblocks = !import->people.blocks;
    row->actor = import->people.standing.actor.no;
    row->bytes = import->upload->spool.size;
    row->column = findings->column;
    lb_str_copy(lb_utf8_cut(findings->name, sizeof row->column_name - 1), row->column_name,
                sizeof row->column_name);
    return LB_OK;
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

/* Does it change anything? */
static bool records(const struct lb_file_import *import)
{
    return !import->dry_run && import->upload->action != LB_UPLOAD_CHECK;
}

static lb_err count(struct lb_file_import *import)
{
    if (import->counted)
        return LB_OK;
    import->counted = true;
    return lb_people_count(&import->people, &import->counts);
}

/* Its reason is of no use when the import broke off for another. */
static lb_err end_import(struct lb_file_import *import, bool finished)
{
    struct lb_reason reason = {0};
    lb_err err = lb_people_end(&import->people, &import->counts, lb_import_counts(import->import),
                               finished, &reason);
    if (err && finished)
        import->reason = reason;
    return err;
}

static lb_err finish(struct lb_file_import *import)
{
    lb_err err = lb_people_flush(&import->people, &import->reason);
    if (!err)
        err = count(import);
    if (!err && records(import))
        err = end_import(import, true);
    return err ? err : check_room(import);
}

/* What was recorded stays, and the list says how far it came. */
static void broke_off(struct lb_file_import *import)
{
    if (records(import) && import->people.run.begun && !count(import))
        end_import(import, false);
}

static void fini(struct lb_file_import *import)
{
    if (import->people.run.row.run)
        lb_imports_end(import->call->workspace);
    lb_people_fini(&import->people);
}

static bool has_recorded(const struct lb_file_import *import)
{
    return import->people.found != 0;
}

/* --- Its answer --- */

static void put_message(struct lb_buf *body, const struct lb_file_import *import)
{
    const struct lb_people *people = &import->people;
    const struct lb_people_counts *counts = &import->counts;
    lb_buf_printf(body, "%llu lead%s %s%s", (unsigned long long)counts->done,
                  counts->done == 1 ? "" : "s", people->dry_run ? "would be " : "",
                  people->blocks ? "blocked" : "unblocked");
    lb_import_put_amount(body, counts->rest, people->blocks ? "already blocked" : "not blocked");
    lb_import_put_amount(body, counts->duplicates, "repeated");
}

static void put_people(struct lb_buf *body, struct lb_file_import *import)
{
    const struct lb_people_counts *counts = &import->counts;
    bool blocks = import->people.blocks;
    if (import->err) /* it broke off */
        count(import);
    lb_buf_printf(body, ",\"%s\":%llu,\"%s\":%llu,\"duplicates\":%llu",
                  blocks ? "blocked" : "unblocked", (unsigned long long)counts->done,
                  blocks ? "already" : "notBlocked", (unsigned long long)counts->rest,
                  (unsigned long long)counts->duplicates);
}

/* Of several changes none is the import. */
static void put_change(struct lb_buf *body, struct lb_file_import *import)
{
    struct lb_people *people = &import->people;
    if (people->dry_run || people->changes > 1)
        return;
    people->step.change.id = people->change_id;
    lb_changes_put_id(import->call, &people->step.change);
}

/* An import that changes something has an id, to be undone by. False when the reply is set. */
static bool draw_id(struct lb_call *call)
{
    struct lb_upload *upload = call->upload;
    if (upload->import_id.ptr || call->dry_run || upload->action == LB_UPLOAD_CHECK)
        return true;
    char *id = lb_call_alloc(call, LB_ID_SIZE);
    if (!id)
        return false;
    lb_id_make(id, LB_ID_SIZE, LB_IMPORT_PREFIX);
    upload->import_id = lb_str(id);
    return true;
}

enum lb_progress lb_blocked_leads_import(struct lb_call *call)
{
    static const struct lb_import_purpose purpose = {.has_reasons = true,
                                                     .options = {.is_stored = is_stored},
                                                     .begin = begin,
                                                     .judged = judged,
                                                     .take = take_person,
                                                     .finish = finish,
                                                     .broke_off = broke_off,
                                                     .fini = fini,
                                                     .has_recorded = has_recorded,
                                                     .put_message = put_message,
                                                     .put_people = put_people,
                                                     .put_more = put_change};
    struct lb_file_import *import = lb_call_alloc(call, sizeof *import);
    if (!import)
        return LB_DONE;
    import->people.call = call;
    import->people.blocks = call->upload->action == LB_UPLOAD_BLOCK;
    import->people.dry_run = call->dry_run;
    import->adds = import->people.blocks;
    if (!draw_id(call))
        return LB_DONE;
    return lb_file_import_begin(call, import, &purpose);
}
