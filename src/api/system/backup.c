#include "api/system/backup.h"

#include "api/call.h"
#include "api/handlers.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/rcu.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

static enum lb_turn run_backup(struct lb_call *call, struct lb_store_reader *reader)
{
    const char *path = call->state;
    uint64_t bytes = 0;
    struct lb_reason reason = {0};
    lb_rcu_offline(); /* it may take minutes */
    lb_err err = call->app->store->ops->backup(reader, path, &bytes, &reason);
    lb_rcu_online();
    if (err) {
        lb_call_refuse(call, err, &reason);
    } else {
        lb_call_reply_done(call, 200, "Copied to %s", path);
        struct lb_buf *body = &call->req->reply.body;
        body->len--; /* reopen the object */
        lb_buf_printf(body, ",\"bytes\":%llu}", (unsigned long long)bytes);
    }
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

/* The absolute path in the body; NULL: the reply is set. */
static char *take_path(struct lb_call *call)
{
    if (!lb_call_parse_body(call, LB_JSON_OBJECT))
        return NULL;
    struct lb_str path = lb_json_string(lb_json_member(call->body, "path"));
    char *copy = path.len ? lb_request_alloc(call->req, path.len + 1) : NULL;
    if (!copy || path.ptr[0] != '/' || memchr(path.ptr, 0, path.len)) {
        lb_reply_error(&call->req->reply, LB_ERR_INVALID_BODY,
                       "\"path\" must be an absolute path.");
        return NULL;
    }
    memcpy(copy, path.ptr, path.len);
    copy[path.len] = '\0';
    return copy;
}

enum lb_progress lb_admin_backup(struct lb_call *call)
{
    char *path = take_path(call);
    if (!path)
        return LB_DONE;
    call->state = path;
    return lb_call_read(call, run_backup);
}

/* Under another name until it is whole. */
static bool write_mark(const char *folder, const char *line, size_t len)
{
    char path[PATH_MAX];
    char part[PATH_MAX];
    snprintf(path, sizeof path, "%s/" LB_BACKUP_MARK, folder);
    snprintf(part, sizeof part, "%s/" LB_BACKUP_MARK ".part", folder);
    int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool written = fd >= 0 && write(fd, line, len) == (ssize_t)len;
    if (fd >= 0)
        close(fd);
    return written && rename(part, path) == 0;
}

static enum lb_turn run_checked(struct lb_call *call, struct lb_store_reader *reader)
{
    struct lb_app *app = call->app;
    int64_t now = lb_clock_wall_ms();
    char line[PATH_MAX + LB_TIME_TEXT_SIZE + 2];
    size_t len = lb_time_format(now, line);
    snprintf(line + len, sizeof line - len, " %s\n", (const char *)call->state);
    atomic_store(&app->last_backup_ms, now);
    if (!write_mark(app->config->data, line, strlen(line)))
        lb_log(LB_LOG_WARN, "backup", "cannot write %s/" LB_BACKUP_MARK ": %s", app->config->data,
               strerror(errno));
    lb_call_reply_done(call, 200, "Noted");
    lb_request_complete(call->req);
    return LB_TURN_LAST;
}

enum lb_progress lb_admin_backup_checked(struct lb_call *call)
{
    char *path = take_path(call);
    if (!path)
        return LB_DONE;
    call->state = path;
    return lb_call_read(call, run_checked);
}

bool lb_backup_read_mark(const char *folder, int64_t *out_ms)
{
    char path[PATH_MAX];
    char text[LB_TIME_TEXT_SIZE] = "";
    snprintf(path, sizeof path, "%s/" LB_BACKUP_MARK, folder);
    FILE *file = fopen(path, "re");
    bool found = file && fscanf(file, "%31s", text) == 1 && lb_time_parse(lb_str(text), out_ms);
    if (file)
        fclose(file);
    return found;
}
