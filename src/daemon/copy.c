#include "daemon/copy.h"

#include "base/log.h"
#include "daemon/parts.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static const char prefix[] = "sqlite:";

struct end {
    struct lb_config config;
    struct lb_folder folder;
    struct lb_store *store;
};

/* NULL: it is in PostgreSQL. */
static const char *folder_of(const char *database)
{
    if (strncmp(database, prefix, sizeof prefix - 1) == 0)
        return database + sizeof prefix - 1;
    return lb_config_is_postgres(database) ? NULL : database;
}

static bool is_same(const char *from, const char *to)
{
    struct stat a;
    struct stat b;
    const char *one = folder_of(from);
    const char *other = folder_of(to);
    if (!one && !other)
        return strcmp(from, to) == 0;
    return one && other && stat(one, &a) == 0 && stat(other, &b) == 0 && a.st_dev == b.st_dev &&
           a.st_ino == b.st_ino;
}

/* Nothing is made where one should be that is only read. */
static lb_err check_there(const char *folder, struct lb_reason *reason)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/leadblock.db", folder) >= (int)sizeof path)
        return lb_fail(reason, LB_ERR_NOT_FOUND, "the path of the data folder is too long");
    if (access(path, F_OK) == 0)
        return LB_OK;
    return lb_fail(reason, LB_ERR_NOT_FOUND,
                   "there is no leadblock.db in the folder %s: %s. A DATABASE is a data folder or"
                   " postgresql://USER@HOST/NAME",
                   folder, strerror(errno));
}

static lb_err open_folder(struct end *end, const char *folder, struct lb_reason *reason)
{
    lb_err err = lb_folder_open(folder, &end->folder, reason);
    if (err != LB_ERR_ALREADY_EXISTS)
        return err;
    return lb_fail(reason, LB_ERR_CONFLICT,
                   "a leadblock holds the data folder %s; stop it (systemctl stop leadblock) and"
                   " try again",
                   folder);
}

static lb_err open_end(struct end *end, const char *database, bool reading,
                       struct lb_reason *reason)
{
    const char *folder = folder_of(database);
    *end = (struct end){.folder = {.fd = -1, .lock_fd = -1, .control_fd = -1}};
    if (!lb_config_init(&end->config))
        return lb_fail(reason, LB_ERR_INTERNAL, "out of memory");
    lb_err err = folder && reading ? check_there(folder, reason) : LB_OK;
    if (!err && folder)
        err = open_folder(end, folder, reason);
    if (!folder)
        end->config.database = database;
    return err ? err : lb_daemon_open_store(&end->config, &end->folder, NULL, &end->store, reason);
}

static void close_end(struct end *end)
{
    if (end->store)
        end->store->ops->close(end->store);
    lb_folder_close(&end->folder);
    lb_config_fini(&end->config);
}

lb_err lb_daemon_copy(const char *from, const char *to, struct lb_copy_settings *settings,
                      struct lb_copy_report *report, struct lb_reason *reason)
{
    struct end source;
    struct end target;
    *report = (struct lb_copy_report){0};
    if (sodium_init() < 0)
        return lb_fail(reason, LB_ERR_INTERNAL, "no entropy");
    if (is_same(from, to))
        return lb_fail(reason, LB_ERR_CONFLICT, "source and target are the same");
    signal(SIGPIPE, SIG_IGN);
    lb_log_set_level(LB_LOG_ERROR);
    lb_err err = open_end(&source, from, true, reason);
    if (!err) {
        err = open_end(&target, to, settings->only_compare, reason);
        settings->from = source.store;
        settings->to = target.store;
        if (!err)
            err = lb_copy_run(settings, report, reason);
        close_end(&target);
    }
    close_end(&source);
    return err;
}
