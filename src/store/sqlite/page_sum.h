/* What a page of a checked database has in its reserved bytes, its last ones: the checksum, and
 * then what balances the log's, or in the first page of the database file the database's id.
 * Threads: stateless. */
#ifndef LB_STORE_SQLITE_PAGE_SUM_H
#define LB_STORE_SQLITE_PAGE_SUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LB_PAGE_BYTES_MIN   512
#define LB_PAGE_BYTES_MAX   65536
#define LB_PAGE_RESERVED    16 /* bytes */
#define LB_PAGE_RESERVED_AT 20 /* in the header of the database file */
#define LB_PAGE_ID_BYTES    8

/* Puts the checksum in. `number` counts from 1. */
void lb_page_seal(uint8_t *page, size_t bytes, uint32_t number);
bool lb_page_has_checksum(const uint8_t *page, size_t bytes, uint32_t number);

/* Does page 1 of a database have its checksum, if byte 20 of the header said that it has one? */
bool lb_page_is_first(const uint8_t *page, size_t bytes);

/* Of the first page of a database file, or of its end: the id; 0: it has none. */
uint64_t lb_page_id(const uint8_t *page, size_t bytes);
void lb_page_set_id(uint8_t *page, size_t bytes, uint64_t id);

#endif
