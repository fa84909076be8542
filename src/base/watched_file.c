#include "base/watched_file.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define FAILURES_MAX 5

lb_err lb_watched_file_begin(struct lb_watched_file *file, const char *path)
{
    struct lb_reason reason;
    lb_watched_file_end(file);
    file->path = strdup(path);
    if (!file->path)
        return LB_ERR_INTERNAL;
    lb_watched_file_check(file, &reason);
    return LB_OK;
}

void lb_watched_file_end(struct lb_watched_file *file)
{
    free(file->path);
    *file = (struct lb_watched_file){0};
}

static void see(struct lb_watched_file *file, const struct stat *info)
{
    file->seen = true;
    file->device = info->st_dev;
    file->inode = info->st_ino;
}

static bool is_same(const struct lb_watched_file *file, const struct stat *info)
{
    return info->st_dev == file->device && info->st_ino == file->inode && info->st_nlink > 0;
}

lb_err lb_watched_file_check(struct lb_watched_file *file, struct lb_reason *reason)
{
    struct stat info;
    if (!file->path)
        return LB_OK;
    bool found = stat(file->path, &info) == 0;
    bool absent = !found && (errno == ENOENT || errno == ENOTDIR);
    if (!found && !absent)
        return ++file->failures < FAILURES_MAX
                   ? LB_OK
                   : lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot look at %s: %s",
                             file->path, strerror(errno));
    file->failures = 0;
    if (found && !file->seen)
        see(file, &info);
    if (!file->seen || (found && is_same(file, &info)))
        return LB_OK;
    return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                   "%s was removed or replaced under the running server", file->path);
}
