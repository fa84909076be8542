/* Answers of imports that list rows: who of a file is blocked, and which rows are not taken. */
#include "api/blocklist/file_import.h"
#include "api/blocklist/verdict.h"
#include "api/csv_answer.h"

#include "domain/outreach/exclusion.h"
#include "http/negotiate.h"

#define COLUMNS_MAX 20 /* that are named */

bool lb_import_lists_rows(const struct lb_call *call)
{
    return call->upload->action == LB_UPLOAD_CHECK ||
           (call->dry_run && lb_negotiate_type(lb_request_header(call->req, "Accept"), "text/csv"));
}

bool lb_import_list_begin(struct lb_call *call)
{
    bool checks = call->upload->action == LB_UPLOAD_CHECK;
    return lb_csv_answer_begin(call, checks && call->upload->typed
                                         ? "line,value,type,name,blocked,scope,matched,reason"
                                     : checks ? "line,value,publicIdentifier,blocked,scope,reason"
                                              : "line,value,reason");
}

/* "2:publicIdentifier,5:email", as the parameter `columns` has it. */
static void put_columns(const struct lb_import *import, bool taken, const char *header,
                        struct lb_reply *reply)
{
    struct lb_buf list = {0};
    size_t count = 0;
    for (size_t i = 0; count < COLUMNS_MAX && i < lb_import_column_count(import); i++) {
        struct lb_import_column column = lb_import_column(import, i);
        if (column.type && column.taken == taken)
            lb_buf_printf(&list, "%s%zu:%s", count++ ? "," : "", column.number,
                          lb_import_type_word(column.type));
    }
    lb_buf_append(&list, "", 1);
    if (count && !list.failed)
        lb_reply_header(reply, header, list.ptr);
    lb_buf_fini(&list);
}

void lb_import_list_columns(const struct lb_file_import *import)
{
    struct lb_reply *reply = &import->call->req->reply;
    const struct lb_upload *upload = import->upload;
    const struct lb_import_findings *findings = lb_import_findings(import->import);
    if (!findings->table || findings->types_by_row)
        return;
    put_columns(import->import, true, "X-Checked-Columns", reply);
    if (!upload->columns.len && !upload->type) /* who names them knows what is left out */
        put_columns(import->import, false, "X-Unchecked-Columns", reply);
}

lb_err lb_import_list_bad(struct lb_file_import *import, const struct lb_import_item *item)
{
    char digits[LB_U64_DIGITS];
    struct lb_str line = lb_str_of_u64(item->line, digits);
    struct lb_str none = {0};
    if (import->upload->action == LB_UPLOAD_CHECK && import->upload->typed) {
        const struct lb_str cells[] = {line, item->value, none, none,
                                       none, none,        none, item->reason};
        return lb_csv_answer_add(import->call->csv_answer, cells, sizeof cells / sizeof *cells);
    }
    if (import->upload->action == LB_UPLOAD_CHECK) {
        const struct lb_str cells[] = {line, item->value, none, none, none, item->reason};
        return lb_csv_answer_add(import->call->csv_answer, cells, sizeof cells / sizeof *cells);
    }
    const struct lb_str cells[] = {line, item->value, item->reason};
    return lb_csv_answer_add(import->call->csv_answer, cells, sizeof cells / sizeof *cells);
}

/* Who is asked for may be stored in the form that the name had before. */
static struct lb_verdict check(const struct lb_call *call, const struct lb_import_item *item,
                               struct lb_identifier *before, struct lb_str *out_name)
{
    const struct lb_blocklist *blocklist = call->app->blocklist;
    *out_name = (struct lb_str){item->name->text, item->name->len};
    struct lb_str by;
    struct lb_verdict verdict =
        lb_blocklist_check_person(blocklist, call->workspace, call->list, *out_name, &by);
    if (verdict.scope != LB_SCOPE_NONE || item->name->plain ||
        !lb_identifier_before(item->value, item->name, before))
        return verdict;
    struct lb_str name = {before->text, before->len};
    verdict = lb_blocklist_check(blocklist, call->list, name);
    if (verdict.scope != LB_SCOPE_NONE)
        *out_name = name;
    return verdict;
}

/* Why a person is blocked; it lives until the next read. One who was freed meanwhile has none. */
static lb_err read_reason(const struct lb_file_import *import, struct lb_verdict verdict,
                          struct lb_str *out)
{
    const struct lb_call *call = import->call;
    struct lb_told told = {0};
    int64_t at;
    *out = (struct lb_str){0};
    if (lb_verdict_at(call, verdict, &at))
        return LB_OK;
    lb_err err = lb_verdict_read(call, import->reader, verdict, &told);
    *out = told.reason;
    return err == LB_ERR_NOT_FOUND ? LB_OK : err;
}

lb_err lb_import_list_person(struct lb_file_import *import, const struct lb_import_item *item)
{
    const struct lb_call *call = import->call;
    char digits[LB_U64_DIGITS];
    struct lb_identifier before;
    struct lb_str name, reason = {0};
    lb_err err = LB_OK;
    lb_rcu_online();
    struct lb_verdict verdict = check(call, item, &before, &name);
    bool blocked = verdict.scope != LB_SCOPE_NONE;
    if (blocked)
        err = read_reason(import, verdict, &reason);
    lb_rcu_offline();
    lb_workspace_count_checks(call->workspace, 1, blocked);
    const struct lb_str scope = blocked ? lb_str(lb_scope_name(verdict.scope)) : (struct lb_str){0};
    const struct lb_str cells[] = {lb_str_of_u64(item->line, digits),          item->value, name,
                                   blocked ? LB_STR("true") : LB_STR("false"), scope,       reason};
    return err ? err : lb_csv_answer_add(call->csv_answer, cells, sizeof cells / sizeof *cells);
}

/* --- Names of every type --- */

/* One name on its way: what blocks it, and the key of that. */
struct asking {
    const struct lb_blocklist *blocklist;
    struct lb_list list;
    struct lb_verdict verdict;
    char by[LB_KEY_SIZE];
    struct lb_str key; /* in `by` */
};

static void note(struct asking *asking, struct lb_verdict verdict, struct lb_str key)
{
    if (verdict.scope <= asking->verdict.scope || key.len > sizeof asking->by)
        return;
    asking->verdict = verdict;
    memcpy(asking->by, key.ptr, key.len);
    asking->key = (struct lb_str){asking->by, key.len};
}

/* The greatest scope wins, and of one the name before the domains over it. */
static lb_err ask(void *context, struct lb_str key)
{
    struct asking *asking = context;
    note(asking, lb_blocklist_check(asking->blocklist, asking->list, key), key);
    return LB_OK;
}

/* By its name, another one of the person, or the one that it had before. */
static void ask_person(struct asking *asking, const struct lb_call *call,
                       const struct lb_import_item *item)
{
    struct lb_identifier today, before;
    struct lb_str by;
    struct lb_verdict verdict = lb_blocklist_check_person(
        asking->blocklist, call->workspace, asking->list, lb_typed_name_str(item->typed), &by);
    note(asking, verdict, by);
    bool good = !lb_identifier_normalise(item->value, &today);
    if (verdict.scope == LB_SCOPE_NONE && !(good && today.plain) &&
        lb_identifier_before(item->value, good ? &today : NULL, &before))
        ask(asking, (struct lb_str){before.text, before.len});
}

/* As a lead would be excluded that has this name alone: by it, or by a domain over it. */
static lb_err ask_typed(struct asking *asking, const struct lb_typed_name *name)
{
    struct lb_lead_row lead = {0};
    struct lb_str form = lb_typed_name_str(name);
    char room[LB_KEY_SIZE];
    switch (name->type) {
    case LB_NAME_EMAIL:
        lead.fields[LB_LEAD_EMAIL] = form;
        break;
    case LB_NAME_DOMAIN:
        lead.fields[LB_LEAD_WEBSITE] = form;
        break;
    default: /* there is nothing over these */
        return ask(asking, lb_key_make(name->type, form, room));
    }
    return lb_exclusion_each_typed(&lead, asking, ask);
}

/* A block that moved from one name to another meanwhile is found. */
static lb_err ask_all(struct asking *asking, const struct lb_call *call,
                      const struct lb_import_item *item)
{
    lb_err err = LB_OK;
    uint64_t before;
    do {
        before = lb_blocklist_removals(asking->blocklist);
        if (item->typed->type <= LB_NAME_MEMBER_ID)
            ask_person(asking, call, item);
        else
            err = ask_typed(asking, item->typed);
    } while (!err && asking->verdict.scope == LB_SCOPE_NONE &&
             lb_blocklist_removals(asking->blocklist) != before);
    return err;
}

/* A company's page is its address, as in other files. */
static struct lb_str shown(enum lb_name_type type, struct lb_str name, struct lb_buf *room)
{
    if (type != LB_NAME_COMPANY_PAGE)
        return name;
    room->len = 0;
    lb_buf_append_lit(room, "https://www.linkedin.com/company/");
    lb_buf_append_str(room, name);
    return lb_buf_str(room);
}

lb_err lb_import_list_typed(struct lb_file_import *import, const struct lb_import_item *item)
{
    const struct lb_call *call = import->call;
    struct asking asking = {.blocklist = call->app->blocklist, .list = call->list};
    const struct lb_typed_name *name = item->typed;
    char digits[LB_U64_DIGITS], own[LB_KEY_SIZE];
    struct lb_str reason = {0}, none = {0}, scope = {0};
    struct lb_buf page = {0};
    lb_rcu_online();
    lb_err err = ask_all(&asking, call, item);
    bool blocked = asking.verdict.scope != LB_SCOPE_NONE;
    if (!err && blocked)
        err = read_reason(import, asking.verdict, &reason);
    lb_rcu_offline();
    lb_workspace_count_checks(call->workspace, 1, blocked);
    if (blocked)
        scope = lb_str(lb_scope_name(asking.verdict.scope));
    bool by_another =
        blocked && !lb_str_equal(asking.key, lb_key_make(name->type, lb_typed_name_str(name), own));
    const struct lb_str cells[] = {lb_str_of_u64(item->line, digits),
                                   item->value,
                                   lb_str(lb_name_type_word(name->type)),
                                   shown(name->type, lb_typed_name_str(name), &page),
                                   blocked ? LB_STR("true") : LB_STR("false"),
                                   scope,
                                   by_another ? lb_key_value(asking.key) : none,
                                   reason};
    if (!err && page.failed)
        err = LB_ERR_OVERLOADED;
    if (!err)
        err = lb_csv_answer_add(call->csv_answer, cells, sizeof cells / sizeof *cells);
    lb_buf_fini(&page);
    return err;
}
