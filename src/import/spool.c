#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* O_TMPFILE, mkostemp */
#endif
#include "import/spool.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define SPARE_BYTES ((uint64_t)64 << 20) /* of the disk, which are left to the database */
#define SMALL_BYTES ((uint64_t)4 << 20)  /* of a file that is closed where its owner is */

/* Not every file system knows files without a name. */
static int open_named(const char *folder)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/import-XXXXXX", folder);
    int fd = len < (int)sizeof path ? mkostemp(path, O_CLOEXEC) : -1;
    if (fd >= 0)
        unlink(path);
    return fd;
}

static bool open_file(struct lb_spool *spool)
{
    spool->fd = open(spool->all->folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (spool->fd < 0)
        spool->fd = open_named(spool->all->folder);
    spool->open = spool->fd >= 0;
    return spool->open;
}

static bool disk_has_room(const struct lb_spool *spool, size_t bytes)
{
    struct statvfs disk;
    return fstatvfs(spool->fd, &disk) != 0 ||
           (uint64_t)disk.f_bavail * disk.f_frsize >= bytes + SPARE_BYTES;
}

static lb_err write_all(struct lb_spool *spool, struct lb_str bytes)
{
    while (bytes.len) {
        ssize_t n = pwrite(spool->fd, bytes.ptr, bytes.len, (off_t)spool->size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return errno == ENOSPC || errno == EDQUOT || errno == EFBIG
                       ? LB_ERR_STORAGE_FULL
                       : LB_ERR_STORAGE_UNAVAILABLE;
        spool->size += (uint64_t)n;
        bytes.ptr += n;
        bytes.len -= (size_t)n;
    }
    return LB_OK;
}

lb_err lb_spool_append(struct lb_spool *spool, struct lb_str bytes)
{
    struct lb_spools *all = spool->all;
    uint64_t before = spool->size;
    if (!spool->open && !open_file(spool))
        return errno == ENOSPC ? LB_ERR_STORAGE_FULL : LB_ERR_STORAGE_UNAVAILABLE;
    if (!disk_has_room(spool, bytes.len))
        return LB_ERR_STORAGE_FULL;
    if (!lb_quota_take(&all->taken, bytes.len, all->max_bytes))
        return LB_ERR_OVERLOADED;
    lb_err err = write_all(spool, bytes);
    lb_quota_give(&all->taken, bytes.len - (spool->size - before));
    return err;
}

ssize_t lb_spool_read(const struct lb_spool *spool, uint64_t offset, void *out, size_t size)
{
    ssize_t n;
    if (!spool->open)
        return 0;
    do
        n = pread(spool->fd, out, size, (off_t)offset);
    while (n < 0 && errno == EINTR);
    return n;
}

static void *close_file(void *fd)
{
    close((int)(intptr_t)fd);
    return NULL;
}

/* On a thread of its own: the file system gives a gigabyte back in a tenth of a second or more, and
 * the owner may be an I/O thread. Without one, it is closed here. */
static void close_large(int fd)
{
    sigset_t all, before;
    pthread_attr_t attributes;
    pthread_t thread;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are the main thread's */
    int failed = pthread_create(&thread, &attributes, close_file, (void *)(intptr_t)fd);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attributes);
    if (failed)
        close(fd);
}

void lb_spool_close(struct lb_spool *spool)
{
    if (!spool->open)
        return;
    if (spool->size > SMALL_BYTES)
        close_large(spool->fd);
    else
        close(spool->fd);
    lb_quota_give(&spool->all->taken, spool->size);
    spool->open = false;
    spool->size = 0;
}
