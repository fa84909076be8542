/* Between the cells of a page of a table or index lies room that has no meaning, and that SQLite
 * leaves as it was: parts of rows that were moved to other pages when the page was split, also with
 * PRAGMA secure_delete, which overwrites only what is deleted. So that nothing of an erased name is
 * left there, the room is zero in each page that is written. Source:
 * https://www.sqlite.org/fileformat2.html (1.6, b-tree pages). Threads: stateless. */
#ifndef LB_STORE_SQLITE_PAGE_GAPS_H
#define LB_STORE_SQLITE_PAGE_GAPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Makes it zero; `number` of the page counts from 1, `usable` are its bytes without the reserved
 * ones. False: it was, or the page is none of these. */
bool lb_page_clear_gap(uint8_t *page, size_t usable, uint32_t number);

#endif
