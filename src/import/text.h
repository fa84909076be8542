/* The source as UTF-8, in a window that moves over it: what was not taken yet is in one piece.
 * Threads: one. */
#ifndef LB_IMPORT_TEXT_H
#define LB_IMPORT_TEXT_H

#include "import/import.h"

#include <iconv.h>

/* How the bytes of the source are to be read. */
struct lb_import_form {
    enum lb_import_encoding encoding;
    bool big_endian; /* UTF-16 */
    bool repair;     /* UTF-8 by its byte order mark, though not all of it is valid */
};

struct lb_import_text {
    struct lb_import_source source;
    uint64_t offset; /* of the byte to be read next */
    char *window;    /* bytes start..end are text */
    size_t start;
    size_t end;
    size_t capacity;
    bool ended;        /* the window holds the last byte */
    bool converting;   /* not valid UTF-8 as it is */
    bool source_ended; /* while converting */
    size_t unit;       /* bytes that are left out when they mean nothing */
    iconv_t converter;
    char *raw; /* bytes that are still to be converted */
    size_t raw_len;
};

/* The first character is in the window afterwards, and byte order marks at the start are gone.
 * Whatever it returns, `text` is to be closed. */
lb_err lb_import_text_open(struct lb_import_text *text, const struct lb_import_source *source,
                           struct lb_import_form form);
void lb_import_text_close(struct lb_import_text *text);

/* Adds to the window, or sets `ended`. What is in the window may move. */
lb_err lb_import_text_more(struct lb_import_text *text);

/* Bytes of characters that mean nothing (U+FFFD takes their place) are never seen here: all of the
 * window is valid UTF-8, but for a character that may be cut off at its end. */
static inline struct lb_str lb_import_text_rest(const struct lb_import_text *text)
{
    return (struct lb_str){text->window + text->start, text->end - text->start};
}

/* Reads until `size` bytes are there or the source ends. */
lb_err lb_import_source_fill(const struct lb_import_source *source, uint64_t offset, char *out,
                             size_t size, size_t *out_len);

#endif
