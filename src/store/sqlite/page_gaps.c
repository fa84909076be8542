#include "store/sqlite/page_gaps.h"

#include <string.h>

#define FILE_HEADER_BYTES 100

/* Other pages begin with the number of the next one, so these are none of them, in a file of less
 * than 2^25 pages (128 GiB); the cells are looked at all the same. */
enum { INDEX_INTERIOR = 2, TABLE_INTERIOR = 5, INDEX_LEAF = 10, TABLE_LEAF = 13 };

static size_t u16(const uint8_t *bytes)
{
    return (size_t)bytes[0] << 8 | bytes[1];
}

/* Where the pointers to the cells begin; 0: the page has none. */
static size_t pointers_of(const uint8_t *page, size_t header)
{
    switch (page[header]) {
    case INDEX_LEAF:
    case TABLE_LEAF:
        return header + 8;
    case INDEX_INTERIOR:
    case TABLE_INTERIOR:
        return header + 12;
    default:
        return 0;
    }
}

static bool is_zero(const uint8_t *bytes, size_t len)
{
    return len == 0 || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

/* Are all cells where they can be? */
static bool is_tree_page(const uint8_t *page, size_t usable, size_t pointers, size_t cells,
                         size_t content)
{
    if (pointers + 2 * cells > content || content > usable)
        return false;
    for (size_t i = 0; i < cells; i++) {
        size_t at = u16(page + pointers + 2 * i);
        if (at < content || at + 4 > usable)
            return false;
    }
    return true;
}

bool lb_page_clear_gap(uint8_t *page, size_t usable, uint32_t number)
{
    size_t header = number == 1 ? FILE_HEADER_BYTES : 0;
    size_t pointers = pointers_of(page, header);
    if (!pointers)
        return false;
    size_t cells = u16(page + header + 3);
    size_t content = u16(page + header + 5);
    content = content ? content : 65536;
    size_t gap = pointers + 2 * cells;
    if (gap >= content || !is_tree_page(page, usable, pointers, cells, content) ||
        is_zero(page + gap, content - gap))
        return false;
    memset(page + gap, 0, content - gap);
    return true;
}
