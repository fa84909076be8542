#include "daemon/copy.h"

#include "base/log.h"
#include "daemon/database.h"

#include <signal.h>
#include <sodium.h>
#include <sys/stat.h>

static bool is_same(const char *from, const char *to)
{
    struct stat a;
    struct stat b;
    const char *one = lb_database_folder(from);
    const char *other = lb_database_folder(to);
    if (!one && !other)
        return strcmp(from, to) == 0;
    return one && other && stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

lb_err lb_daemon_copy(const char *from, const char *to, struct lb_copy_settings *settings,
                      struct lb_copy_report *report, struct lb_reason *reason)
{
    struct lb_database source;
    struct lb_database target;
    *report = (struct lb_copy_report){0};
    if (sodium_init() < 0)
        return lb_fail(reason, LB_ERR_INTERNAL, "no entropy");
    if (is_same(from, to))
        return lb_fail(reason, LB_ERR_CONFLICT, "source and target are the same");
    signal(SIGPIPE, SIG_IGN);
    lb_log_set_level(LB_LOG_ERROR);
    lb_err err = lb_database_open(&source, from, LB_DATABASE_READ, reason);
    if (!err) {
        enum lb_database_use use = settings->only_compare ? LB_DATABASE_READ : LB_DATABASE_WRITE;
        err = lb_database_open(&target, to, use, reason);
        settings->from = source.store;
        settings->to = target.store;
        if (!err)
            err = lb_copy_run(settings, report, reason);
        lb_database_close(&target);
    }
    lb_database_close(&source);
    return err;
}
