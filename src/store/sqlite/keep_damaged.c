#include "store/sqlite/keep_damaged.h"

#include "store/sqlite/disk.h"
#include "store/sqlite/vfs_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PATH_SIZE  4300
#define COPIES_MAX 5 /* of one name, so that a service that is started again and again ends */
#define COPY_BYTES (64 << 10) /* the unix VFS reads less than 128 KiB at a time */

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

static bool copy_bytes(sqlite3_file *from, int to)
{
    char *room = malloc(COPY_BYTES);
    sqlite3_int64 size = 0;
    sqlite3_int64 at = 0;
    ssize_t part = room && from->pMethods->xFileSize(from, &size) == SQLITE_OK ? 1 : -1;
    errno = room ? EIO : ENOMEM;
    for (; part > 0 && at < size; at += part) {
        int wanted = size - at < COPY_BYTES ? (int)(size - at) : COPY_BYTES;
        bool got = from->pMethods->xRead(from, room, wanted, at) == SQLITE_OK;
        part = got ? write(to, room, (size_t)wanted) : -1;
    }
    free(room);
    return part > 0 && fsync(to) == 0;
}

/* Read through SQLite's layer: were the database opened and closed here by itself, the process
 * would lose the locks of the connections that have it open. A file that is absent is part of the
 * damage. */
static bool copy_file(sqlite3_vfs *vfs, const char *path, const char *suffix, const char *to)
{
    struct lb_vfs_file from;
    int flags = SQLITE_OPEN_READONLY | SQLITE_OPEN_MAIN_DB;
    errno = EIO;
    if (lb_vfs_file_open(vfs, path, suffix, flags, &from) != SQLITE_OK)
        return false;
    if (!from.file)
        return true;
    int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool done = out >= 0 && copy_bytes(from.file, out);
    if (out >= 0)
        close(out);
    lb_vfs_file_close(&from);
    return done;
}

static bool copy_all(sqlite3_vfs *vfs, const char *folder, const char *path)
{
    char to[PATH_SIZE];
    for (size_t i = 0; i < FILES; i++) {
        name_copy(folder, path, i, to);
        if (!copy_file(vfs, path, suffixes[i], to))
            return false;
    }
    return lb_disk_sync(folder);
}

/* Another damage may have the same name, so what exists is not taken for this copy. False: there
 * are as many as may be. */
static bool find_folder(const char *path, const char *name, char out_kept[LB_KEPT_NAME_SIZE],
                        char out[PATH_SIZE])
{
    for (unsigned number = 1; number <= COPIES_MAX; number++) {
        int length = snprintf(out_kept, LB_KEPT_NAME_SIZE, "%.60s", name);
        if (number > 1)
            snprintf(out_kept + length, LB_KEPT_NAME_SIZE - (size_t)length, "-%u", number);
        snprintf(out, PATH_SIZE, "%.4100s.damaged-%s", path, out_kept);
        if (access(out, F_OK) != 0)
            return true;
    }
    return false;
}

lb_err lb_keep_damaged(sqlite3_vfs *vfs, const char *path, const char *name,
                       char out_kept[LB_KEPT_NAME_SIZE], struct lb_reason *reason)
{
    char folder[PATH_SIZE], part[PATH_SIZE];
    if (!find_folder(path, name, out_kept, folder))
        return lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE,
                       "cannot copy the damaged files: there are %d copies already, the last in "
                       "%s; move them out of the data folder",
                       COPIES_MAX, folder);
    snprintf(part, sizeof part, "%.4200s.part", folder);
    remove_copies(part, path); /* of an attempt that was interrupted */
    if (mkdir(part, 0700) == 0 && copy_all(vfs, part, path) && rename(part, folder) == 0 &&
        lb_disk_sync_folder_of(folder))
        return LB_OK;
    lb_fail(reason, LB_ERR_STORAGE_UNAVAILABLE, "cannot copy the damaged files into %s: %s", folder,
            strerror(errno));
    remove_copies(part, path);
    return LB_ERR_STORAGE_UNAVAILABLE;
}
