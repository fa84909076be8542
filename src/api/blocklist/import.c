/* Files of people that are blocked, or unblocked, or checked: POST .../blocked-leads/import. And
 * files of names of every type: POST .../blocklist/import. */
#include "api/blocklist/file_import.h"
#include "api/handlers.h"
#include "api/ids.h"

#include "base/utf8.h"

#define CHECKS_MAX 10000 /* in a turn */

/* Is the name in the list, or in a check in one that counts? */
static bool is_stored_key(void *context, struct lb_str name)
{
    const struct lb_file_import *import = context;
    const struct lb_blocklist *blocklist = import->call->app->blocklist;
    struct lb_list list = import->call->list;
    lb_rcu_online();
    bool stored = import->upload->action == LB_UPLOAD_CHECK
                      ? lb_blocklist_check(blocklist, list, name).scope != LB_SCOPE_NONE
                      : lb_blocklist_find(blocklist, list, name) != 0;
    lb_rcu_offline();
    return stored;
}

static bool is_stored(void *context, const struct lb_identifier *name)
{
    return is_stored_key(context, (struct lb_str){name->text, name->len});
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

/* What the row says goes before what the request says of all. */
static void add_person(struct lb_file_import *import, const struct lb_import_item *item,
                       struct lb_str key)
{
    const struct lb_upload *upload = import->upload;
    struct lb_people_item person = {.key = key,
                                    .reason = lb_utf8_first(item->reason, LB_REASON_CHARACTERS_MAX),
                                    .kind = item->block_kind ? item->block_kind : upload->kind,
                                    .end = item->end ? item->end : upload->end};
    if (person.reason.len < item->reason.len && item->first && import->people.blocks)
        lb_import_notes_warning(&import->notes, item->line,
                                LB_STR("the reason is longer than 500 characters; the rest was "
                                       "left out"));
    if (!person.reason.len)
        person.reason = upload->reason;
    import->err = lb_people_add(&import->people, &person, &import->flushed, &import->reason);
}

/* A name was checked, and its line written. */
static void take_check(struct lb_file_import *import, lb_err err)
{
    import->err = err;
    import->flushed |= ++import->checked >= CHECKS_MAX;
}

static void take_person(struct lb_file_import *import, const struct lb_import_item *item)
{
    struct lb_identifier before;
    if (import->upload->action == LB_UPLOAD_CHECK) {
        take_check(import, lb_import_list_person(import, item));
        return;
    }
    const struct lb_identifier *name = stored_name(import, item, &before);
    add_person(import, item, (struct lb_str){name->text, name->len});
}

static void take_typed(struct lb_file_import *import, const struct lb_import_item *item)
{
    char room[LB_KEY_SIZE];
    if (import->upload->action == LB_UPLOAD_CHECK) {
        take_check(import, lb_import_list_typed(import, item));
        return;
    }
    import->names[item->typed->type]++;
    add_person(import, item, lb_key_make(item->typed->type, lb_typed_name_str(item->typed), room));
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
    struct lb_blocklist_import_row *row = &import->people.run.row;
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
    const char *noun = import->purpose->options.typed ? counts->done == 1 ? "entry" : "entries"
                       : counts->done == 1            ? "lead"
                                                      : "leads";
    lb_buf_printf(body, "%llu %s %s%s", (unsigned long long)counts->done, noun,
                  people->dry_run ? "would be " : "", people->blocks ? "blocked" : "unblocked");
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

/* How many names of each type were found. */
static void put_types(struct lb_buf *body, struct lb_file_import *import)
{
    bool any = false;
    put_change(body, import);
    lb_import_put_taken(body, import->import);
    lb_buf_append_lit(body, ",\"found\":{");
    for (int i = 0; i < LB_IMPORT_TYPES; i++) {
        enum lb_name_type type = lb_import_type_of_name((enum lb_import_type)i);
        uint64_t count = import->names[type];
        if (i == LB_TYPE_PERSON)
            count += import->names[LB_NAME_MEMBER_ID];
        if (i == LB_TYPE_COMPANY)
            count += import->names[LB_NAME_COMPANY_PAGE];
        if (i == LB_TYPE_NONE || !count)
            continue;
        lb_buf_printf(body, "%s\"%s\":%llu", any ? "," : "",
                      lb_import_type_word((enum lb_import_type)i), (unsigned long long)count);
        any = true;
    }
    lb_buf_append_lit(body, "}");
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

static enum lb_progress import_with(struct lb_call *call, const struct lb_import_purpose *purpose)
{
    struct lb_file_import *import = lb_call_alloc(call, sizeof *import);
    if (!import)
        return LB_DONE;
    import->people.call = call;
    import->people.blocks = call->upload->action == LB_UPLOAD_BLOCK;
    import->people.dry_run = call->dry_run;
    import->adds = import->people.blocks;
    if (!draw_id(call))
        return LB_DONE;
    return lb_file_import_begin(call, import, purpose);
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
    return import_with(call, &purpose);
}

enum lb_progress lb_entries_import(struct lb_call *call)
{
    static const struct lb_import_purpose purpose = {
        .has_reasons = true,
        .options = {.typed = true, .is_stored_key = is_stored_key},
        .begin = begin,
        .judged = judged,
        .take = take_typed,
        .finish = finish,
        .broke_off = broke_off,
        .fini = fini,
        .has_recorded = has_recorded,
        .put_message = put_message,
        .put_people = put_people,
        .put_more = put_types};
    return call->upload->typed ? import_with(call, &purpose) : lb_blocked_leads_import(call);
}
