#include "store/sqlite/keep_damaged.h"

#include "store/sqlite/disk.h"
#include "store/sqlite/vfs_file.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE 4300

static const char *const suffixes[] = {"", LB_LOG_SUFFIX, LB_MARK_SUFFIX};
#define FILES (sizeof suffixes / sizeof *suffixes)

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static void name_copy(const char *folder, const char *path, size_t which, char out[PATH_SIZE])
{
    snprintf(out, PATH_SIZE, "%.4200s/%.40s%s", folder, base_name(path), suffixes[which]);
}

static void remove_copies(const char *folder, const char *path)
{
    char copy[PATH_SIZE];
    for (size_t i = 0; i < FILES; i++) {
        name_copy(folder, path, i, copy);
        unlink(copy);
    }
    rmdir(folder);
}

/* A file that is absent is part of the damage. */
static bool copy_all(const char *folder, const char *path)
{
    char from[PATH_SIZE], to[PATH_SIZE];
    for (size_t i = 0; i < FILES; i++) {
        snprintf(from, sizeof from, "%.4200s%s", path, suffixes[i]);
        name_copy(folder, path, i, to);
        if (!lb_disk_copy(from, to) && errno != ENOENT)
            return false;
    }
    return lb_disk_sync(folder);
}

lb_err lb_keep_damaged(const char *path, const char *name, struct lb_reason *reason)
{
    char folder[PATH_SIZE], part[PATH_SIZE];
    snprintf(folder, sizeof folder, "%.4100s.damaged-%.60s", path, name);
    snprintf(part, sizeof part, "%.4200s.part", folder);
    if (access(folder, F_OK) == 0)
        return LB_OK;
    remove_copies(part, path); /* of an attempt that was interrupted */
    if (mkdir(part, 0700) == 0 && copy_all(part, path) && rename(part, folder) == 0 &&
        lb_disk_sync_folder_of(folder))
        return LB_OK;
    lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot copy the damaged files into %s: %s", folder,
            strerror(errno));
    remove_copies(part, path);
    return LB_ERR_STORAGE_UNAVAILABLE;
}
