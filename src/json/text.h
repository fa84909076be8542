/* What the scan and the encoder share about the inside of JSON strings: runs of plain bytes.
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
    const unsigned char *begin = p;
    for (;; p += 8) {
        if (end - p < 8) {
            if (p == begin || p == end)
                break;
            p = end - 8; /* once more over bytes that are plain */
        }
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

#endif
