/* The write-ahead log's file, as SQLite documents it: a header, then frames, each with a header and
 * one page. A frame counts when it has the salts of the file's header and the checksum over
 * everything before it; those after the last frame that commits are not part of the database.
 * Source: https://www.sqlite.org/fileformat2.html#walformat
 * Threads: stateless. */
#ifndef LB_STORE_SQLITE_WAL_FORMAT_H
#define LB_STORE_SQLITE_WAL_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LB_WAL_HEADER_BYTES       32
#define LB_WAL_FRAME_HEADER_BYTES 24
#define LB_WAL_SALTS_BYTES        8
#define LB_WAL_SUM_BYTES          8

/* A running checksum. */
struct lb_wal_sum {
    uint32_t s0, s1;
};

struct lb_wal_header {
    bool big_endian; /* how words are read for checksums */
    uint32_t page_bytes;
    uint8_t salts[LB_WAL_SALTS_BYTES];
    struct lb_wal_sum sum;
};

struct lb_wal_frame {
    uint32_t page;         /* its number, from 1 */
    uint32_t commit_pages; /* size of the database after the commit; 0: the frame does not commit */
    uint8_t salts[LB_WAL_SALTS_BYTES];
    uint8_t sum_bytes[LB_WAL_SUM_BYTES]; /* as in the file */
    struct lb_wal_sum sum;
};

uint32_t lb_wal_u32(const uint8_t *bytes);

/* False: no header of a log, or a damaged one. */
bool lb_wal_read_header(const uint8_t bytes[LB_WAL_HEADER_BYTES], struct lb_wal_header *out);
void lb_wal_read_frame(const uint8_t bytes[LB_WAL_FRAME_HEADER_BYTES], struct lb_wal_frame *out);

/* Goes on with `sum` over `size` bytes, a multiple of 8. */
struct lb_wal_sum lb_wal_sum(struct lb_wal_sum sum, bool big_endian, const uint8_t *bytes,
                             size_t size);

/* Where the frame begins, counted from 1. */
static inline int64_t lb_wal_offset(uint32_t frame, uint32_t page_bytes)
{
    return LB_WAL_HEADER_BYTES +
           (int64_t)(frame - 1) * (LB_WAL_FRAME_HEADER_BYTES + (int64_t)page_bytes);
}

/* The frame that has this byte, and the byte's place in it; 0 for the header. */
static inline uint32_t lb_wal_frame_at(int64_t offset, uint32_t page_bytes, uint32_t *out_inside)
{
    int64_t frame_bytes = LB_WAL_FRAME_HEADER_BYTES + (int64_t)page_bytes;
    if (offset < LB_WAL_HEADER_BYTES)
        return 0;
    *out_inside = (uint32_t)((offset - LB_WAL_HEADER_BYTES) % frame_bytes);
    return (uint32_t)((offset - LB_WAL_HEADER_BYTES) / frame_bytes + 1);
}

/* `now` are the last 16 bytes of a page whose frame has the checksum `sum`. Other bytes are to take
 * their place: `wanted` holds the first 8, and the last 8 are chosen here such that the checksum
 * stays what it is. It is a running sum of words that can be computed backwards, so any 8 bytes can
 * be made up for by the 8 after them. */
void lb_wal_balance(struct lb_wal_sum sum, bool big_endian, const uint8_t now[16],
                    uint8_t wanted[16]);
/* The same for a page that differs from what the sum is of in other places, too. */
void lb_wal_balance_page(struct lb_wal_sum sum, bool big_endian, const uint8_t *now,
                         uint8_t *wanted, size_t size);

#endif
