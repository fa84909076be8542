#include "store/sqlite/disk.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COPY_BYTES (256 << 10)

bool lb_disk_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && fsync(fd) == 0;
    if (fd >= 0)
        close(fd);
    return done;
}

bool lb_disk_sync_folder_of(const char *path)
{
    char *folder = strdup(path);
    char *slash = folder ? strrchr(folder, '/') : NULL;
    if (slash)
        slash[slash == folder] = '\0';
    bool done = folder && lb_disk_sync(slash ? folder : ".");
    free(folder);
    return done;
}

static bool write_all(int fd, const char *bytes, ssize_t size)
{
    ssize_t written = 1;
    for (; size > 0 && written > 0; size -= written, bytes += written)
        written = write(fd, bytes, (size_t)size);
    return size == 0;
}

static bool copy_bytes(int from, int to)
{
    char *room = malloc(COPY_BYTES);
    ssize_t size = -1;
    while (room && (size = read(from, room, COPY_BYTES)) > 0)
        if (!write_all(to, room, size))
            break;
    free(room);
    return size == 0 && fsync(to) == 0;
}

bool lb_disk_copy(const char *from, const char *to)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in >= 0 ? open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600) : -1;
    bool done = out >= 0 && copy_bytes(in, out);
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return done;
}
