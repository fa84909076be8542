#include "cli/source.h"

#include "cli/cli.h"

#include <errno.h>
#include <sys/stat.h>

#define BLOCK_BYTES 65536

static bool complain(const struct lb_source *source)
{
    lb_cli_error("%s: %s", source->name, strerror(errno));
    return false;
}

/* Copies all of `from` into a file that can be read again; NULL after a message. */
static FILE *keep(struct lb_source *source, FILE *from)
{
    char block[BLOCK_BYTES];
    size_t got;
    bool kept;
    FILE *to = tmpfile();
    if (!to) {
        lb_cli_error("%s: cannot make a temporary file: %s", source->name, strerror(errno));
        return NULL;
    }
    do {
        got = fread(block, 1, sizeof block, from);
        kept = fwrite(block, 1, got, to) == got;
    } while (kept && got == sizeof block);
    if (kept && !ferror(from) && fflush(to) == 0)
        return to;
    complain(source);
    fclose(to);
    return NULL;
}

static bool measure(struct lb_source *source)
{
    struct stat status;
    if (fstat(fileno(source->file), &status) != 0)
        return complain(source);
    errno = EISDIR;
    source->size = (uint64_t)status.st_size;
    return !S_ISDIR(status.st_mode) || complain(source);
}

bool lb_source_open(struct lb_source *source, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    struct stat status;
    *source = (struct lb_source){.name = standard ? "standard input" : path};
    FILE *file = standard ? stdin : fopen(path, "re");
    if (!file)
        return complain(source);
    bool stays = !standard && fstat(fileno(file), &status) == 0 &&
                 (S_ISREG(status.st_mode) || S_ISDIR(status.st_mode));
    source->file = stays ? file : keep(source, file);
    if (!stays && !standard)
        fclose(file);
    return source->file && measure(source);
}

void lb_source_close(struct lb_source *source)
{
    if (source->file)
        fclose(source->file);
    source->file = NULL;
}
