#include "api/upload.h"

#include "api/country.h"
#include "api/query.h"
#include "api/routes.h"
#include "base/clock.h"
#include "base/utf8.h"
#include "domain/blocklist/change.h"

#include <errno.h>

#define HELD_BYTES ((size_t)64 << 10) /* are written at once */

#define IMPORT_ID_MAX 64

/* --- The query --- */

bool lb_upload_asks(struct lb_call *call, const char *name, const char *value)
{
    struct lb_str given;
    return !lb_request_query(call->req, name, &given, NULL) && given.ptr &&
           lb_str_equal(given, lb_str(value));
}

static bool refuse(struct lb_call *call, const char *message)
{
    lb_reply_error(&call->req->reply, LB_ERR_INVALID_PARAMETER, "%s", message);
    return false;
}

static bool read_action(struct lb_call *call, struct lb_upload *upload)
{
    static const struct lb_str names[] = {LB_STR("block"), LB_STR("unblock"), LB_STR("check")};
    struct lb_str text;
    if (!lb_query_text(call, "action", &text))
        return false;
    if (!text.ptr)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!lb_str_equal(text, names[i]))
            continue;
        upload->action = (enum lb_upload_action)i;
        return true;
    }
    return refuse(call, "The parameter 'action' must be block, unblock or check.");
}

static bool read_strict(struct lb_call *call, struct lb_upload *upload)
{
    struct lb_str text;
    if (!lb_query_text(call, "strict", &text))
        return false;
    upload->strict = text.ptr && lb_str_equal(text, LB_STR("true"));
    return !text.ptr || upload->strict || lb_str_equal(text, LB_STR("false")) ||
           refuse(call, "The parameter 'strict' must be true or false.");
}

static bool is_import_id(struct lb_str id)
{
    bool good = id.len >= 1 && id.len <= IMPORT_ID_MAX;
    for (size_t i = 0; good && i < id.len; i++) {
        char c = id.ptr[i];
        good = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               c == '-' || c == '_';
    }
    return good;
}

static bool read_reason(struct lb_call *call, struct lb_upload *upload)
{
    struct lb_str *reason = &upload->reason;
    if (!lb_query_text(call, "reason", reason))
        return false;
    if (!reason->len)
        reason->ptr = NULL;
    if (!lb_utf8_is_valid(*reason))
        return refuse(call, "The parameter 'reason' must be UTF-8.");
    return lb_utf8_count(*reason) <= LB_REASON_CHARACTERS_MAX ||
           refuse(call, "The parameter 'reason' must have 500 characters at most.");
}

static bool read_kind(struct lb_call *call, struct lb_upload *upload)
{
    struct lb_str kind, end;
    if (!lb_query_text(call, "kind", &kind) || !lb_query_text(call, "expiresAt", &end))
        return false;
    if (kind.len && !lb_block_kind_parse(kind, &upload->kind))
        return refuse(call, "The parameter 'kind' must be " LB_BLOCK_KINDS ".");
    if (end.len && !lb_time_parse(end, &upload->end))
        return refuse(call, "The parameter 'expiresAt' must be a date or a time in UTC, such as "
                            "2027-01-31T00:00:00Z.");
    return !upload->end || upload->end > lb_clock_wall_ms() ||
           refuse(call, "The parameter 'expiresAt' is in the past.");
}

/* Parameters that only some of the files have: a wrong one would be without effect. */
static bool refuse_others(struct lb_call *call, const char *const *names, const char *message)
{
    for (; *names; names++) {
        struct lb_str given;
        if (!lb_query_text(call, *names, &given))
            return false;
        if (given.ptr)
            return refuse(call, message);
    }
    return true;
}

/* The installation's list takes files of LinkedIn names alone, too: these parameters are theirs. */
static bool is_typed(const struct lb_call *call, const struct lb_upload *upload)
{
    uint32_t flags = call->req->route->flags;
    bool people =
        upload->column.ptr || upload->reason_column.ptr || upload->action == LB_UPLOAD_CHECK;
    return (flags & LB_ROUTE_TYPED) && !((flags & LB_ROUTE_INSTALLATION) && people);
}

static bool read_typed(struct lb_call *call, struct lb_upload *upload)
{
    static const char *const of_typed[] = {"columns", "type", "defaultCountry", "force", NULL};
    static const char *const of_others[] = {"column", "reasonColumn", NULL};
    struct lb_str type, force;
    upload->typed = is_typed(call, upload);
    if (!upload->typed)
        return refuse_others(call, of_typed,
                             call->req->route->flags & LB_ROUTE_TYPED
                                 ? "'column', 'reasonColumn' and 'action=check' are for files of "
                                   "LinkedIn names alone; 'columns', 'type', 'defaultCountry' and "
                                   "'force' are for names of every type. Send one kind of them."
                                 : "The parameters 'columns', 'type', 'defaultCountry' and "
                                   "'force' are for imports into /blocklist, of names of every "
                                   "type.");
    if (!refuse_others(call, of_others,
                       "Several columns may be taken here: name them in 'columns', such as "
                       "columns=2:domain,5:email. Reasons are found by their heading."))
        return false;
    if (!lb_query_text(call, "columns", &upload->columns) || !lb_query_text(call, "type", &type) ||
        !lb_country_read_query(call, &upload->country) || !lb_query_text(call, "force", &force))
        return false;
    upload->force = force.ptr && lb_str_equal(force, LB_STR("true"));
    if (type.len && !lb_import_type_parse(type, &upload->type))
        return refuse(call, "The parameter 'type' must be publicIdentifier, memberId, email, "
                            "phone, domain or company.");
    return !force.ptr || !force.len || upload->force || lb_str_equal(force, LB_STR("false")) ||
           refuse(call, "The parameter 'force' must be true or false.");
}

static bool read_query(struct lb_call *call, struct lb_upload *upload)
{
    static const char *const of_blocklists[] = {"action", "reason",    "reasonColumn",
                                                "kind",   "expiresAt", NULL};
    if ((call->req->route->flags & LB_ROUTE_LEADS) &&
        !refuse_others(call, of_blocklists,
                       "The parameters 'action', 'reason', 'reasonColumn', 'kind' and 'expiresAt' "
                       "are for imports into blocklists."))
        return false;
    if (!read_action(call, upload) || !read_strict(call, upload) || !read_reason(call, upload) ||
        !read_kind(call, upload) || !lb_query_text(call, "column", &upload->column) ||
        !lb_query_text(call, "reasonColumn", &upload->reason_column) ||
        !lb_query_text(call, "importId", &upload->import_id) || !read_typed(call, upload))
        return false;
    return !upload->import_id.ptr || is_import_id(upload->import_id) ||
           refuse(call, "The parameter 'importId' must have 1 to 64 of A-Z, a-z, 0-9, - and _.");
}

/* --- The body --- */

static lb_err write_held(struct lb_upload *upload)
{
    lb_err err = upload->held.failed ? LB_ERR_OVERLOADED
                                     : lb_spool_append(&upload->spool, lb_buf_str(&upload->held));
    upload->held.len = 0;
    return err;
}

static enum lb_turn spool_piece(struct lb_call *call, struct lb_store_reader *reader)
{
    lb_err err = write_held(call->upload);
    if (err) {
        lb_call_refuse(call, err, NULL);
        lb_upload_release(call);
    }
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

static enum lb_taken take(struct lb_request *req, struct lb_str piece)
{
    struct lb_call *call = lb_call_of(req);
    struct lb_upload *upload = call->upload;
    if (req->reply.status) /* the piece before it could not be written */
        return LB_TAKE_REFUSED;
    if (upload->held.len >= HELD_BYTES)
        return lb_call_read(call, spool_piece) == LB_PENDING ? LB_TAKE_LATER : LB_TAKE_REFUSED;
    lb_buf_append_str(&upload->held, piece);
    return LB_TAKEN;
}

lb_err lb_upload_finish(struct lb_upload *upload)
{
    lb_err err = write_held(upload);
    lb_buf_fini(&upload->held);
    upload->held = (struct lb_buf){0};
    return err;
}

static ssize_t read_spool(void *context, uint64_t offset, void *out, size_t size)
{
    const struct lb_upload *upload = context;
    if (!atomic_load_explicit(&upload->app->hurrying, memory_order_relaxed))
        return lb_spool_read(&upload->spool, offset, out, size);
    errno = EINTR;
    return -1;
}

struct lb_import_source lb_upload_source(struct lb_upload *upload)
{
    return (struct lb_import_source){.context = upload, .read = read_spool};
}

/* --- Its life --- */

bool lb_upload_begin(struct lb_call *call)
{
    struct lb_upload *upload = lb_call_alloc(call, sizeof *upload);
    if (!upload)
        return false;
    upload->app = call->app;
    upload->spool.all = &call->app->spools;
    if (!read_query(call, upload))
        return false;
    if (!lb_quota_take(&call->workspace->importing, 1, 1)) {
        lb_reply_error(&call->req->reply, LB_ERR_WORKSPACE_OVERLOADED,
                       "This workspace is importing another file; nothing was recorded. Send this "
                       "one when that is done.");
        return false;
    }
    upload->listed = true;
    call->upload = upload;
    call->req->take = take;
    call->req->body_max = call->app->config->max_import_bytes;
    return true;
}

void lb_upload_release(struct lb_call *call)
{
    struct lb_upload *upload = call->upload;
    if (!upload)
        return;
    lb_buf_fini(&upload->held);
    upload->held = (struct lb_buf){0};
    lb_spool_close(&upload->spool);
    if (upload->listed)
        lb_quota_give(&call->workspace->importing, 1);
    upload->listed = false;
}
