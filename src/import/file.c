#include "import/file.h"

#include "base/utf8.h"

#include <stdlib.h>

#define LOOK_BYTES 65536 /* at the start, in which a NUL tells that it is no text */

#define SAVE_AS "; save it as CSV (UTF-8) and send that file"

struct signature {
    struct lb_str bytes;
    const char *reason;
};

static const struct signature SIGNATURES[] = {
    {LB_STR("PK\3\4"), "is a workbook or an archive (Excel, Numbers, LibreOffice, zip)" SAVE_AS},
    {LB_STR("PK\5\6"), "is an empty archive (zip)" SAVE_AS},
    {LB_STR("\xd0\xcf\x11\xe0"), "is a workbook or document of an old Office program" SAVE_AS},
    {LB_STR("%PDF"), "is a PDF; copy its text and send that, or send the list that it was made of"},
    {LB_STR("{\\rtf"), "is a document of a word processor (RTF); save it as plain text"},
    {LB_STR("\x1f\x8b"), "is compressed (gzip); unpack it and send what is in it"},
    {LB_STR("7z\xbc\xaf"), "is compressed (7z); unpack it and send what is in it"},
    {LB_STR("Rar!"), "is compressed (rar); unpack it and send what is in it"},
    {LB_STR("\x89PNG"), "is a picture; send the names or addresses as text"},
    {LB_STR("\xff\xd8\xff"), "is a picture; send the names or addresses as text"},
    {LB_STR("GIF8"), "is a picture; send the names or addresses as text"},
};

static const char UTF_16_WITHOUT_MARK[] =
    "holds NUL bytes, so it is no text in an encoding that can be told: a program's own file, or "
    "UTF-16 without byte order mark" SAVE_AS;
static const char BINARY[] = "is no text: it holds many control characters" SAVE_AS;
static const char UTF_32[] = "is text in UTF-32" SAVE_AS;
static const char NOTHING[] = "there is nothing in the file";

static bool starts(struct lb_str text, struct lb_str with)
{
    return text.len >= with.len && memcmp(text.ptr, with.ptr, with.len) == 0;
}

static bool is_control(unsigned char byte)
{
    return byte < 0x20 && !(byte >= '\t' && byte <= '\r') && byte != 0x1a && byte != 0x1b;
}

/* Why the bytes are no text; NULL when they may be. */
static const char *why_binary(struct lb_str look)
{
    size_t controls = 0;
    for (size_t i = 0; i < sizeof SIGNATURES / sizeof *SIGNATURES; i++)
        if (starts(look, SIGNATURES[i].bytes))
            return SIGNATURES[i].reason;
    if (memchr(look.ptr, '\0', look.len))
        return UTF_16_WITHOUT_MARK;
    for (size_t i = 0; i < look.len; i++)
        controls += is_control((unsigned char)look.ptr[i]);
    return controls > 8 && controls * 50 > look.len ? BINARY : NULL;
}

/* The bytes at the start that are valid; what may be a character that is cut off is not. `*valid`
 * becomes false when what follows cannot be one. */
static size_t valid_length(struct lb_str bytes, bool last, bool *valid)
{
    const unsigned char *p = (const unsigned char *)bytes.ptr;
    const unsigned char *end = p + bytes.len;
    while (p < end) {
        uint64_t word;
        if (end - p >= (ptrdiff_t)sizeof word) {
            memcpy(&word, p, sizeof word);
            if (!(word & 0x8080808080808080u)) {
                p += sizeof word;
                continue;
            }
        }
        size_t length = lb_utf8_length(p, end);
        if (!length) {
            *valid = !last && end - p < 4;
            break;
        }
        p += length;
    }
    return (size_t)(p - (const unsigned char *)bytes.ptr);
}

/* Is all of the source valid UTF-8? `buffer` has LOOK_BYTES. */
static lb_err judge_utf8(const struct lb_import_source *source, char *buffer, bool *out_valid)
{
    uint64_t offset = 0;
    size_t len = LOOK_BYTES;
    *out_valid = true;
    while (*out_valid && len == LOOK_BYTES) {
        lb_err err = lb_import_source_fill(source, offset, buffer, LOOK_BYTES, &len);
        if (err)
            return err;
        offset += valid_length((struct lb_str){buffer, len}, len < LOOK_BYTES, out_valid);
    }
    return LB_OK;
}

static lb_err judge_unmarked(const struct lb_import_source *source, char *buffer, size_t len,
                             struct lb_import_form *out, struct lb_reason *reason)
{
    bool marked = starts((struct lb_str){buffer, len}, LB_STR("\xef\xbb\xbf"));
    const char *binary = why_binary((struct lb_str){buffer, len});
    bool valid;
    if (binary)
        return lb_fail(reason, LB_ERR_UNSUPPORTED_FILE, "the file %s", binary);
    lb_err err = judge_utf8(source, buffer, &valid);
    out->encoding = valid || marked ? LB_IMPORT_UTF_8 : LB_IMPORT_WINDOWS_1252;
    out->repair = marked && !valid;
    return err;
}

lb_err lb_import_file_judge(const struct lb_import_source *source, struct lb_import_form *out,
                            struct lb_reason *reason)
{
    char *buffer = malloc(LOOK_BYTES);
    size_t len;
    *out = (struct lb_import_form){0};
    if (!buffer)
        return lb_fail(reason, LB_ERR_OVERLOADED, "out of memory");
    lb_err err = lb_import_source_fill(source, 0, buffer, LOOK_BYTES, &len);
    struct lb_str look = {buffer, len};
    if (err) {
        lb_fail(reason, err, "the file cannot be read");
    } else if (len == 0) {
        err = lb_fail(reason, LB_ERR_EMPTY_FILE, "%s", NOTHING);
    } else if (starts(look, LB_STR("\xff\xfe\0\0")) || starts(look, LB_STR("\0\0\xfe\xff"))) {
        err = lb_fail(reason, LB_ERR_UNSUPPORTED_FILE, "the file %s", UTF_32);
    } else if (starts(look, LB_STR("\xff\xfe")) || starts(look, LB_STR("\xfe\xff"))) {
        out->encoding = LB_IMPORT_UTF_16;
        out->big_endian = buffer[0] == '\xfe';
    } else {
        err = judge_unmarked(source, buffer, len, out, reason);
    }
    free(buffer);
    return err;
}

const char *lb_import_encoding_name(enum lb_import_encoding encoding)
{
    static const char *const names[] = {"utf-8", "utf-16", "windows-1252"};
    return names[encoding];
}
