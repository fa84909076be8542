/* What the scan and the encoder share about the inside of JSON strings: runs of plain bytes, and
 * UTF-8 sequences (RFC 3629), which the command line also looks for in what programs print.
 * Threads: stateless. */
#ifndef LB_JSON_TEXT_H
#define LB_JSON_TEXT_H

#include <endian.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* The first byte in [p, end) that is not plain: a quote, a backslash, a control or not ASCII; `end`
 * when all are plain. */
static inline const unsigned char *lb_json_skip_plain(const unsigned char *p,
                                                      const unsigned char *end)
{
    const uint64_t ones = 0x0101010101010101u, highs = 0x8080808080808080u;
    for (; end - p >= 8; p += 8) {
        uint64_t word;
        memcpy(&word, p, 8);
        word = le64toh(word);
        uint64_t quote = word ^ (ones * '"'), backslash = word ^ (ones * '\\');
        /* A borrow can only mark bytes after a true hit, and only the first is looked at. */
        uint64_t hits =
            (((quote - ones) | (backslash - ones) | (word - ones * 0x20)) & ~word) | word;
        hits &= highs;
        if (hits)
            return p + __builtin_ctzll(hits) / 8;
    }
    while (p < end && *p >= 0x20 && *p < 0x80 && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* The length of the UTF-8 sequence of more than one byte that starts at `p` (p < end); 0 when there
 * is none: not a lead byte, cut off, overlong, a surrogate, above U+10FFFF. */
static inline size_t lb_json_utf8_length(const unsigned char *p, const unsigned char *end)
{
    size_t room = (size_t)(end - p);
    unsigned lead = p[0];
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

#endif
