#include "store/sqlite/vfs_file.h"

#include <stdlib.h>
#include <string.h>

/* SQLite's file names end in more than one NUL. */
static char *name_of(const char *path, const char *suffix)
{
    size_t path_len = strlen(path), suffix_len = strlen(suffix);
    char *name = calloc(1, path_len + suffix_len + 4);
    if (name) {
        memcpy(name, path, path_len);
        memcpy(name + path_len, suffix, suffix_len);
    }
    return name;
}

int lb_vfs_file_exists(sqlite3_vfs *vfs, const char *path, const char *suffix, int *out)
{
    char *name = name_of(path, suffix);
    int code = name ? vfs->xAccess(vfs, name, SQLITE_ACCESS_EXISTS, out) : SQLITE_NOMEM;
    free(name);
    return code;
}

int lb_vfs_file_open(sqlite3_vfs *vfs, const char *path, const char *suffix, int flags,
                     struct lb_vfs_file *out)
{
    int exists = 1;
    int code = SQLITE_OK;
    *out = (struct lb_vfs_file){0};
    if (!(flags & SQLITE_OPEN_CREATE))
        code = lb_vfs_file_exists(vfs, path, suffix, &exists);
    if (code != SQLITE_OK || !exists)
        return code;
    out->name = name_of(path, suffix);
    out->file = calloc(1, (size_t)vfs->szOsFile);
    if (!out->name || !out->file)
        code = SQLITE_NOMEM;
    else
        code = vfs->xOpen(vfs, out->name, out->file, flags, NULL);
    if (code != SQLITE_OK)
        lb_vfs_file_close(out);
    return code;
}

void lb_vfs_file_close(struct lb_vfs_file *file)
{
    if (file->file && file->file->pMethods)
        file->file->pMethods->xClose(file->file);
    free(file->file);
    free(file->name);
    *file = (struct lb_vfs_file){0};
}
