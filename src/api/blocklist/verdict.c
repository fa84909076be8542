#include "api/blocklist/verdict.h"

#include "domain/blocklist/entry.h"
#include "json/encode.h"

/* The list's own operators see all of it. */
static bool is_hidden(const struct lb_call *call, struct lb_verdict verdict)
{
    return verdict.scope == LB_SCOPE_INSTALLATION && call->list.workspace != LB_INSTALLATION_NO;
}

bool lb_verdict_is_read(const struct lb_call *call, struct lb_verdict verdict)
{
    return verdict.scope != LB_SCOPE_NONE && !is_hidden(call, verdict);
}

bool lb_verdict_at(const struct lb_call *call, struct lb_verdict verdict, int64_t *out_at)
{
    if (!is_hidden(call, verdict))
        return lb_blocklist_recorded_at(call->workspace, verdict.entry, out_at);
    *out_at = lb_blocklist_installation_at(call->app->blocklist, verdict.entry);
    return true;
}

lb_err lb_verdict_read(const struct lb_call *call, struct lb_store_reader *reader,
                       struct lb_verdict verdict, struct lb_told *out)
{
    const struct lb_app *app = call->app;
    struct lb_entry entry;
    *out = (struct lb_told){0};
    if (is_hidden(call, verdict))
        out->at = lb_blocklist_installation_at(app->blocklist, verdict.entry);
    if (!lb_verdict_is_read(call, verdict))
        return LB_OK;
    uint32_t workspace =
        verdict.scope == LB_SCOPE_INSTALLATION ? LB_INSTALLATION_NO : call->list.workspace;
    lb_err err = lb_blocklist_entry(app->store, reader, workspace, verdict.entry, &entry);
    if (err == LB_ERR_NOT_FOUND && entry.erased) /* just now */
        err = LB_OK;
    if (!err)
        *out = (struct lb_told){entry.reason, entry.at};
    return err;
}

void lb_verdict_put_scope(struct lb_buf *body, struct lb_verdict verdict)
{
    const char *name = lb_scope_name(verdict.scope);
    lb_json_put_string_or_null(body, name ? lb_str(name) : (struct lb_str){0});
}
