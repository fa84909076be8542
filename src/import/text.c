#include "import/text.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define PIECE_BYTES 65536
#define PIECE_MIN   4 /* a character of UTF-8, or of UTF-16 */
#define GROWTH_MAX  3 /* bytes of UTF-8 that a byte of another encoding can become */

static const char MARK[] = "\xef\xbb\xbf";        /* U+FEFF */
static const char REPLACEMENT[] = "\xef\xbf\xbd"; /* U+FFFD */

static ssize_t read_file(void *context, uint64_t offset, void *out, size_t size)
{
    ssize_t n;
    do
        n = pread((int)(intptr_t)context, out, size, (off_t)offset);
    while (n < 0 && errno == EINTR);
    return n;
}

struct lb_import_source lb_import_source_of_file(int fd)
{
    return (struct lb_import_source){.context = (void *)(intptr_t)fd, .read = read_file};
}

lb_err lb_import_source_fill(const struct lb_import_source *source, uint64_t offset, char *out,
                             size_t size, size_t *out_len)
{
    *out_len = 0;
    while (*out_len < size) {
        ssize_t n =
            source->read(source->context, offset + *out_len, out + *out_len, size - *out_len);
        if (n < 0)
            return LB_ERR_STORAGE_UNAVAILABLE;
        if (n == 0)
            break;
        *out_len += (size_t)n;
    }
    return LB_OK;
}

static size_t piece_bytes(const struct lb_import_text *text)
{
    size_t piece = text->source.piece_bytes ? text->source.piece_bytes : PIECE_BYTES;
    return piece < PIECE_MIN ? PIECE_MIN : piece;
}

/* Room for `extra` bytes after the window, whose text moves to the front. */
static bool make_room(struct lb_import_text *text, size_t extra)
{
    size_t len = text->end - text->start;
    if (text->start && len)
        memmove(text->window, text->window + text->start, len);
    text->start = 0;
    text->end = len;
    if (text->capacity - len >= extra)
        return true;
    char *larger = realloc(text->window, len + extra);
    if (!larger)
        return false;
    text->window = larger;
    text->capacity = len + extra;
    return true;
}

static lb_err more_plain(struct lb_import_text *text, size_t size)
{
    size_t len;
    if (!make_room(text, size))
        return LB_ERR_OVERLOADED;
    lb_err err =
        lb_import_source_fill(&text->source, text->offset, text->window + text->end, size, &len);
    text->offset += len;
    text->end += len;
    text->ended = len < size;
    return err;
}

/* Takes bytes that mean nothing, of which at most one character is left. */
static void replace(struct lb_import_text *text, char **in, size_t *left)
{
    size_t unit = *left < text->unit ? *left : text->unit;
    memcpy(text->window + text->end, REPLACEMENT, sizeof REPLACEMENT - 1);
    text->end += sizeof REPLACEMENT - 1;
    *in += unit;
    *left -= unit;
}

static void convert(struct lb_import_text *text)
{
    char *in = text->raw;
    size_t left = text->raw_len;
    while (left) {
        char *out = text->window + text->end;
        size_t room = text->capacity - text->end;
        size_t done = iconv(text->converter, &in, &left, &out, &room);
        text->end = (size_t)(out - text->window);
        if (done != (size_t)-1 || (errno == EINVAL && !text->source_ended))
            break;
        replace(text, &in, &left);
    }
    memmove(text->raw, in, left);
    text->raw_len = left;
    text->ended = text->source_ended && left == 0;
}

static lb_err more_converted(struct lb_import_text *text, size_t size)
{
    size_t len;
    size_t room = size + PIECE_MIN - text->raw_len;
    if (!make_room(text, (size + PIECE_MIN + 1) * GROWTH_MAX))
        return LB_ERR_OVERLOADED;
    lb_err err =
        lb_import_source_fill(&text->source, text->offset, text->raw + text->raw_len, room, &len);
    if (err)
        return err;
    text->offset += len;
    text->raw_len += len;
    text->source_ended = len < room;
    convert(text);
    return LB_OK;
}

lb_err lb_import_text_more(struct lb_import_text *text)
{
    size_t size = piece_bytes(text);
    size_t kept = text->end - text->start;
    /* A long row would be looked at too often. */
    size_t wanted = size < kept && !text->source.piece_bytes ? kept : size;
    lb_err err = LB_OK;
    if (text->ended)
        return LB_OK;
    if (!text->converting)
        return more_plain(text, wanted);
    do
        err = more_converted(text, size);
    while (!err && !text->ended && wanted > size && text->end - text->start < kept + wanted);
    return err;
}

/* Some programs write a byte order mark before one that is there already. */
static lb_err skip_marks(struct lb_import_text *text)
{
    size_t len = sizeof MARK - 1;
    for (;;) {
        while (text->end - text->start < len && !text->ended) {
            lb_err err = lb_import_text_more(text);
            if (err)
                return err;
        }
        if (text->end - text->start < len || memcmp(text->window + text->start, MARK, len) != 0)
            return LB_OK;
        text->start += len;
    }
}

lb_err lb_import_text_open(struct lb_import_text *text, const struct lb_import_source *source,
                           struct lb_import_form form)
{
    *text = (struct lb_import_text){.source = *source, .unit = 1};
    text->converting = form.encoding != LB_IMPORT_UTF_8 || form.repair;
    if (text->converting) {
        const char *from = form.encoding == LB_IMPORT_WINDOWS_1252 ? "CP1252" : "UTF-8";
        if (form.encoding == LB_IMPORT_UTF_16) {
            from = form.big_endian ? "UTF-16BE" : "UTF-16LE";
            text->unit = 2;
        }
        text->converter = iconv_open("UTF-8", from);
        if (text->converter == (iconv_t)-1) {
            text->converting = false;
            return LB_ERR_INTERNAL;
        }
        text->raw = malloc(piece_bytes(text) + PIECE_MIN);
        if (!text->raw)
            return LB_ERR_OVERLOADED;
    }
    return skip_marks(text);
}

void lb_import_text_close(struct lb_import_text *text)
{
    if (text->converting)
        iconv_close(text->converter);
    free(text->raw);
    free(text->window);
    *text = (struct lb_import_text){0};
}
