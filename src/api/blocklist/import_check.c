/* Answers of imports that list rows: who of a file is blocked, and which rows are not taken. */
#include "api/blocklist/file_import.h"
#include "api/blocklist/verdict.h"
#include "api/csv_answer.h"

#include "http/negotiate.h"

bool lb_import_lists_rows(const struct lb_call *call)
{
    return call->upload->action == LB_UPLOAD_CHECK ||
           (call->dry_run && lb_negotiate_type(lb_request_header(call->req, "Accept"), "text/csv"));
}

bool lb_import_list_begin(struct lb_call *call)
{
    return lb_csv_answer_begin(call, call->upload->action == LB_UPLOAD_CHECK
                                         ? "line,value,publicIdentifier,blocked,scope,reason"
                                         : "line,value,reason");
}

lb_err lb_import_list_bad(struct lb_file_import *import, const struct lb_import_item *item)
{
    char digits[LB_U64_DIGITS];
    struct lb_str line = lb_str_of_u64(item->line, digits);
    struct lb_str none = {0};
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
