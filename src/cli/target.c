#include "cli/target.h"

#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool complain(const struct lb_target *target)
{
    lb_cli_error("%s: %s", target->name, strerror(errno));
    return false;
}

static bool is_replaced_by_name(const char *path)
{
    struct stat status;
    return stat(path, &status) != 0 || S_ISREG(status.st_mode);
}

/* The mode that a file has by itself. */
static mode_t mode_of_files(void)
{
    mode_t mask = umask(0);
    umask(mask);
    return 0666 & ~mask;
}

/* Makes the file under a name beside its own. */
static FILE *open_temporary(struct lb_target *target)
{
    int len = snprintf(target->temporary, sizeof target->temporary, "%s.part-XXXXXX", target->path);
    bool fits = len > 0 && (size_t)len < sizeof target->temporary;
    errno = ENAMETOOLONG;
    int fd = fits ? mkostemp(target->temporary, O_CLOEXEC) : -1;
    FILE *file = fd < 0 ? NULL : fdopen(fd, "w");
    if (fd < 0)
        target->temporary[0] = '\0';
    else if (!file)
        close(fd); // cppcheck-suppress doubleFree ; fdopen has not taken it
    else if (fchmod(fd, mode_of_files()) != 0)
        errno = 0; /* some file systems have no modes */
    return file;
}

bool lb_target_open(struct lb_target *target, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    *target = (struct lb_target){.name = standard ? "standard output" : path};
    if (standard) {
        target->file = stdout;
    } else if (!is_replaced_by_name(path)) {
        target->file = fopen(path, "we");
    } else {
        /* A symbolic link stays one. */
        char *real = realpath(path, NULL);
        bool fits = lb_str_copy(lb_str(real ? real : path), target->path, sizeof target->path);
        free(real);
        errno = ENAMETOOLONG;
        target->file = fits ? open_temporary(target) : NULL;
    }
    return target->file || complain(target);
}

bool lb_target_write(struct lb_target *target, struct lb_str bytes)
{
    return fwrite(bytes.ptr, 1, bytes.len, target->file) == bytes.len || complain(target);
}

bool lb_target_restart(struct lb_target *target)
{
    return target->path[0] && fflush(target->file) == 0 && fseeko(target->file, 0, SEEK_SET) == 0 &&
           ftruncate(fileno(target->file), 0) == 0;
}

bool lb_target_finish(struct lb_target *target)
{
    if (fflush(target->file) != 0)
        return complain(target);
    if (!target->path[0])
        return true;
    if (fsync(fileno(target->file)) != 0 || rename(target->temporary, target->path) != 0)
        return complain(target);
    target->temporary[0] = '\0';
    return true;
}

void lb_target_close(struct lb_target *target)
{
    if (target->file && target->file != stdout)
        fclose(target->file);
    if (target->temporary[0])
        unlink(target->temporary);
    target->file = NULL;
}
