/* Files of people that are blocked, or unblocked, or checked: POST .../blocked-leads/import. */
#include "api/blocklist/file_import.h"
#include "api/handlers.h"

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
    return lb_people_init(&import->people);
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

static lb_err finish(struct lb_file_import *import)
{
    lb_err err = lb_people_flush(&import->people, &import->reason);
    if (!err)
        err = lb_people_count(&import->people, &import->counts);
    return err ? err : check_room(import);
}

static void fini(struct lb_file_import *import)
{
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
        lb_people_count(&import->people, &import->counts);
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
    people->change.id = people->change_id;
    lb_changes_put_id(import->call, &people->change);
}

enum lb_progress lb_blocked_leads_import(struct lb_call *call)
{
    static const struct lb_import_purpose purpose = {.has_reasons = true,
                                                     .options = {.is_stored = is_stored},
                                                     .begin = begin,
                                                     .take = take_person,
                                                     .finish = finish,
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
    return lb_file_import_begin(call, import, &purpose);
}
