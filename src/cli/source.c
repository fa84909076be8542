#include "cli/source.h"

#include "cli/cli.h"

#include <errno.h>
#include <sys/stat.h>

#define BLOCK_BYTES    65536
#define SOURCE_MAX     ((uint64_t)1 << 30) /* bytes that are kept of standard input */
#define BYTE_ORDER     "\xef\xbb\xbf"
#define BYTE_ORDER_LEN 3

/* What files begin with that are not lists of people. */
static const struct {
    const char *bytes;
    size_t len;
    const char *is;
} binaries[] = {
    {"PK\x03\x04", 4, "a workbook or another packed file; save the sheet as \"CSV UTF-8\""},
    {"\xd0\xcf\x11\xe0", 4, "an old Excel or Office file; save the sheet as \"CSV UTF-8\""},
    {"%PDF", 4, "a PDF; copy the names into a text file, one a line"},
    {"{\\rtf", 5, "a rich text document; save it as plain text"},
    {"BEGIN:VCARD", 11, "a contact card; save the contacts as \"CSV UTF-8\""},
    {"\x1f\x8b", 2, "compressed; unpack it first"},
    {"\xff\xfe", 2, "UTF-16 (\"Unicode text\"); save it as \"CSV UTF-8\""},
    {"\xfe\xff", 2, "UTF-16 (\"Unicode text\"); save it as \"CSV UTF-8\""},
};

static bool complain(const struct lb_source *source)
{
    lb_cli_error("%s: %s", source->name, strerror(errno));
    return false;
}

static FILE *keep(struct lb_source *source, FILE *from)
{
    char block[BLOCK_BYTES];
    uint64_t kept = 0;
    size_t got;
    FILE *to = tmpfile();
    if (!to) {
        lb_cli_error("%s: cannot make a temporary file: %s", source->name, strerror(errno));
        return NULL;
    }
    while ((got = fread(block, 1, sizeof block, from)) > 0) {
        kept += got;
        if (kept > SOURCE_MAX || fwrite(block, 1, got, to) != got) {
            lb_cli_error("%s: %s; send it in parts", source->name,
                         kept > SOURCE_MAX ? "more than 1 GiB" : strerror(errno));
            fclose(to);
            return NULL;
        }
    }
    if (ferror(from) || fflush(to) != 0) {
        complain(source);
        fclose(to);
        return NULL;
    }
    return to;
}

static bool is_text(struct lb_source *source)
{
    char head[64] = "";
    size_t len = fread(head, 1, sizeof head, source->file);
    if (ferror(source->file))
        return complain(source);
    for (size_t i = 0; i < sizeof binaries / sizeof *binaries; i++) {
        if (len < binaries[i].len || memcmp(head, binaries[i].bytes, binaries[i].len) != 0)
            continue;
        lb_cli_error("%s is %s. Nothing was sent.", source->name, binaries[i].is);
        return false;
    }
    size_t start = 0; /* some programs write the mark twice */
    while (len - start >= BYTE_ORDER_LEN && memcmp(head + start, BYTE_ORDER, BYTE_ORDER_LEN) == 0)
        start += BYTE_ORDER_LEN;
    source->start = (long)start;
    return true;
}

bool lb_source_open(struct lb_source *source, const char *path)
{
    bool standard = strcmp(path, "-") == 0;
    struct stat status;
    *source = (struct lb_source){.name = standard ? "standard input" : path};
    FILE *file = standard ? stdin : fopen(path, "re");
    if (!file)
        return complain(source);
    bool regular = !standard && fstat(fileno(file), &status) == 0 && !S_ISFIFO(status.st_mode);
    source->file = regular ? file : keep(source, file);
    if (!regular && !standard)
        fclose(file);
    return source->file && (fseek(source->file, 0, SEEK_SET) == 0 || complain(source)) &&
           is_text(source);
}

void lb_source_close(struct lb_source *source)
{
    if (source->file)
        fclose(source->file);
    source->file = NULL;
}

bool lb_source_feed(struct lb_source *source, struct lb_csv *csv, size_t limit)
{
    char block[BLOCK_BYTES];
    size_t fed = 0;
    size_t got = 0;
    bool going = true;
    clearerr(source->file);
    if (fseek(source->file, source->start, SEEK_SET) != 0)
        return complain(source);
    while (going && (!limit || fed < limit) &&
           (got = fread(block, 1, sizeof block, source->file)) > 0) {
        fed += got;
        going = lb_csv_feed(csv, block, got);
    }
    if (ferror(source->file))
        return complain(source);
    if (going && feof(source->file))
        lb_csv_finish(csv);
    return true;
}

void lb_source_first_line(struct lb_source *source, char *line, size_t size)
{
    clearerr(source->file);
    line[0] = '\0';
    if (fseek(source->file, source->start, SEEK_SET) != 0)
        return;
    size_t len = fread(line, 1, size - 1, source->file);
    line[len] = '\0';
    line[strcspn(line, "\r\n")] = '\0';
}
