/* UTF-8 (RFC 3629): the lengths of sequences, and of strings in code points. Stateless. */
#ifndef LB_BASE_UTF8_H
#define LB_BASE_UTF8_H

#include "base/str.h"

/* The bytes of the sequence that starts at `p` (p < end), 1 to 4; 0 when it is invalid: it does not
 * begin with a lead byte, is cut off, overlong, a surrogate or above U+10FFFF. */
static inline size_t lb_utf8_length(const unsigned char *p, const unsigned char *end)
{
    size_t room = (size_t)(end - p);
    unsigned lead = p[0];
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4 || room < 2)
        return 0;
    if (lead < 0xe0)
        return (p[1] & 0xc0) == 0x80 ? 2 : 0;
    unsigned low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
    unsigned high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
    if (p[1] < low || p[1] > high || room < 3 || (p[2] & 0xc0) != 0x80)
        return 0;
    if (lead < 0xf0)
        return 3;
    return room >= 4 && (p[3] & 0xc0) == 0x80 ? 4 : 0;
}

/* Is the sequence of `length` bytes at `p` a control character: U+0000 to U+001F, U+007F to U+009F?
 * Terminals obey those above ASCII, too. */
static inline bool lb_utf8_is_control(const unsigned char *p, size_t length)
{
    return (length == 1 && (p[0] < 0x20 || p[0] == 0x7f)) ||
           (length == 2 && p[0] == 0xc2 && p[1] < 0xa0);
}

/* The same as lb_utf8_length, but 0 for control characters, too. */
size_t lb_utf8_printable_length(const unsigned char *p, const unsigned char *end);

bool lb_utf8_is_valid(struct lb_str text);

/* Code points of a valid string. */
size_t lb_utf8_count(struct lb_str text);

/* The start of a string: at most so many characters, and nothing from a NUL on. What is not UTF-8
 * counts as one character for each byte. */
struct lb_str lb_utf8_first(struct lb_str text, size_t max_characters);

/* The start of a valid string: at most `max_bytes`, without a part of a character at its end. */
struct lb_str lb_utf8_cut(struct lb_str text, size_t max_bytes);

#endif
